//! Every command inside a transaction, which holds the locks of its keys all the while: a command that took such a lock
//! once more would never answer.

use crate::harness::{Larder, shown};
use larder_commands::spec::flags;
use larder_resp::split_arguments;

/// These answer later or often, or end the connection or the server.
const LEFT_OUT: &[&str] = &[
    "auth",
    "client|kill",
    "client|pause",
    "client|reply",
    "hello",
    "monitor",
    "psubscribe",
    "punsubscribe",
    "shutdown",
    "ssubscribe",
    "subscribe",
    "sunsubscribe",
    "unsubscribe",
];

#[test]
fn every_command_answers_inside_a_transaction_that_holds_keys() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    let table = larder.server.instance().table();
    for entry in table.all() {
        for line in entry.command.examples {
            let words = split_arguments(line.as_bytes()).expect("balanced quotes");
            let words: Vec<&[u8]> = words.iter().map(|word| &**word).collect();
            let is_left_out = table.resolve(&words).is_some_and(|entry| {
                let at_once = flags::NO_QUEUE | flags::NO_MULTI;
                LEFT_OUT.contains(&&*entry.full_name) || entry.command.is(at_once)
            });
            if is_left_out {
                continue;
            }
            client.call("MULTI");
            client.call("SET held 1");
            let queued = shown(&client.call(line));
            client.call("APPEND held 2");
            let answer = client.call("EXEC");
            let expected = if queued == "QUEUED" { 3 } else { 0 };
            let answers = answer.items().map_or(0, <[_]>::len);
            assert!(answers == expected, "{line}: {queued}, then {}", shown(&answer));
            assert_eq!(client.says("SELECT 0"), "OK");
        }
        larder.flush();
    }
}
