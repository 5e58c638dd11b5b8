//! Other programs, started in three ways: watched, asked for their output, or probed. An error always carries
//! the line a person would type to see it again.

use crate::Result;
use std::io::Write;
use std::process::{Command, Stdio};

/// Runs a program whose output goes to the terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| format!("{}: {error}", line(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{}: {status}", line(command)).into()) }
}

/// Runs a program and gives what it wrote to its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    filter(command, "")
}

/// Runs a program on a text and gives what it wrote to its standard output. The text is to be short enough for
/// the program to read it whole before it writes much.
pub(crate) fn filter(command: &mut Command, input: &str) -> Result<String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{}: {error}", line(command)))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input closes it early; its status says whether that was an error.
        let _ = stdin.write_all(input.as_bytes());
    }
    let done = child.wait_with_output()?;
    if !done.status.success() {
        return Err(format!("{}: {}", line(command), done.status).into());
    }
    Ok(String::from_utf8(done.stdout)?)
}

/// Whether a program is there and ends well; its output is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The command as one would type it in a shell.
pub(crate) fn line(command: &Command) -> String {
    let mut words = Vec::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            words.push(format!("{}={}", name.display(), quoted(&value.to_string_lossy())));
        }
    }
    words.push(quoted(&command.get_program().to_string_lossy()));
    words.extend(command.get_args().map(|argument| quoted(&argument.to_string_lossy())));
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("cargo");
        command.args(["doc", "--flag=it's"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(line(&command), r"RUSTDOCFLAGS='-D warnings' cargo doc '--flag=it'\''s'");
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error_with_its_name() {
        let error = output(&mut Command::new("no-such-program-7f3a")).unwrap_err().to_string();
        assert!(error.starts_with("no-such-program-7f3a: "), "{error}");
        assert!(!succeeds(&mut Command::new("no-such-program-7f3a")));
    }

    #[test]
    fn a_filter_sees_its_input() {
        assert_eq!(filter(&mut Command::new("cat"), "as it was").unwrap(), "as it was");
    }
}
