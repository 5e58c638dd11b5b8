//! What a server without data takes of the machine.

use crate::server::LARDER;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A field of what the system tells of a process.
fn field(process: &str, file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(format!("/proc/{process}/{file}")).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(value.trim().to_owned())
}

#[test]
fn a_server_has_huge_pages_once_there_is_something_to_keep() {
    if field("self", "status", "THP_enabled").as_deref() != Some("1") {
        eprintln!("somebody has decided about huge pages here: nothing tried");
        return;
    }
    let socket = std::env::temp_dir().join(format!("larder-footprint-{}.sock", std::process::id()));
    let mut command = Command::new(LARDER);
    command.args(["serve", "--port", "0", "--unixsocket"]).arg(&socket);
    let mut serving = Serving(command.stdout(Stdio::piped()).spawn().expect("the server starts"));
    let process = serving.0.id().to_string();
    let lines = BufReader::new(serving.0.stdout.take().expect("piped")).lines();
    let ready = |line: std::io::Result<String>| line.expect("text").contains("Ready to accept connections");
    assert!(lines.into_iter().any(ready));
    assert_eq!(field(&process, "status", "THP_enabled").as_deref(), Some("0"));
    // None was touched before it was decided that there are none.
    assert_eq!(field(&process, "smaps_rollup", "AnonHugePages").as_deref(), Some("0 kB"));
    let mut client = UnixStream::connect(&socket).expect("the server listens");
    let value = vec![b'x'; 5 << 20];
    let header = format!("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n${}\r\n", value.len());
    client.write_all(&[header.as_bytes(), &value, b"\r\n"].concat()).expect("it is sent");
    let mut answer = [0; 5];
    client.read_exact(&mut answer).expect("it is answered");
    assert_eq!(&answer, b"+OK\r\n");
    assert_eq!(field(&process, "status", "THP_enabled").as_deref(), Some("1"));
    let _ = std::fs::remove_file(&socket);
}
