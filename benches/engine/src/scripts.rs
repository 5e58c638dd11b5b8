//! Paths through scripts: what `EVALSHA` costs around the commands that a script calls, and these commands' way through
//! the machine. The scripts are those that the comparison with Redis runs.

use crate::Path;
use crate::engine::larder;
use crate::wire::Client;

/// Calls of a script in one run: so many that it makes little difference whether the machine collects its garbage once
/// more or less in that time.
const COUNT: u64 = 2_048;

pub(crate) const PATHS: &[Path] = &[
    Path { name: "script-empty", count: COUNT, prepare: || call("return 1", &["key"]) },
    Path { name: "script-limiter", count: COUNT, prepare: || call(LIMITER, &["limit", "100", "60000"]) },
    // Its own key is made up in the script: such a script locks each key when it reaches for it.
    Path { name: "script-job", count: COUNT, prepare: || call(JOB, &["queue", "mail", DATA]) },
];

const LIMITER: &str = include_str!("../../../xtask/src/compare/scripts/fixed_window.lua");
const JOB: &str = include_str!("../../../xtask/src/compare/scripts/job.lua");
const DATA: &str = r#"{"to":"a@example.org","parts":[1,2.5,"x"],"nested":{"ok":true,"none":null}}"#;

/// Calls a script with a key and arguments.
fn call(script: &'static str, words: &'static [&'static str]) -> Box<dyn FnMut()> {
    let mut client = Client::new(larder().instance());
    client.execute(&["SCRIPT", "LOAD", script]);
    let reply = String::from_utf8_lossy(client.reply()).into_owned();
    let digest = reply.lines().nth(1).unwrap_or_default().to_owned();
    let run = move || {
        let line = [&["EVALSHA", &*digest, "1"], words].concat();
        (0..COUNT).for_each(|_| client.execute(&line));
    };
    Box::new(run)
}
