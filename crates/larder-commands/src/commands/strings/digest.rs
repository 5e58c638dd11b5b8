//! `DIGEST`: the digest of a string, by which `SET` and `DELEX` know it again.
//! Written after its page in the documentation of Redis 8.4.

use super::condition::digest;
use crate::prelude::*;
use larder_core::value::string::IntText;

pub(crate) static DIGEST: Command = Command {
    name: "digest",
    summary: "Returns the digest of the string of a key: XXH3 as 16 hexadecimal digits.",
    since: "8.4.0",
    group: Group::Strings,
    complexity: "O(N) in the length of the string",
    arity: 2,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key")],
    examples: &[
        "SET greeting \"Hello world\"",
        "DIGEST greeting",
        "DIGEST none",
        "LPUSH list x",
        "DIGEST list",
    ],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        match cx.view.string(&key)? {
            Some(value) => {
                let digest = digest(value.as_bytes(&mut IntText::new()));
                out.bulk(format!("{digest:016x}").as_bytes());
            }
            None => out.null(),
        }
        Ok(Done)
    },
    ..Command::DEFAULT
};
