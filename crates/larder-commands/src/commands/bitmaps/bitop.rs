//! `BITOP`: strings combined bit by bit.

use crate::prelude::*;
use larder_core::View;
use larder_core::value::Object;
use larder_core::value::string::{IntText, Str};
use std::sync::Arc;

pub(crate) static BITOP: Command = Command {
    name: "bitop",
    summary: "Combines strings bit by bit and stores the result; shorter ones go on with zeros.",
    since: "2.6.0",
    group: Group::Bitmaps,
    complexity: "O(N) in the bytes of all strings",
    arity: -4,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(2, OW | UPDATE), KeySpec::range(3, -1, 1, RO | ACCESS)],
    args: &[Arg::string("operation"), Arg::key("destkey"), Arg::key_of("key", 1).multiple()],
    examples: &[
        "SET a foobar",
        "SET b abc",
        "BITOP AND d a b",
        "GET d",
        "BITOP OR d a b none",
        "GET d",
        "BITOP XOR d a b",
        "GET d",
        "BITOP NOT d a",
        "GET d",
        "BITOP NOT d a b",
        "BITOP NAND d a",
        "OBJECT ENCODING d",
        "SET t x EX 100",
        "BITOP OR t a",
        "TTL t",
        "BITOP AND d none",
        "EXISTS d",
        "LPUSH l x",
        "BITOP OR d a l",
    ],
    run,
    ..Command::DEFAULT
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    And,
    Or,
    Xor,
    Not,
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let operation = match args.at(1) {
        word if is(word, "AND") => Operation::And,
        word if is(word, "OR") => Operation::Or,
        word if is(word, "XOR") => Operation::Xor,
        word if is(word, "NOT") => Operation::Not,
        _ => return Err(Error::SYNTAX),
    };
    if operation == Operation::Not && args.len() != 4 {
        return Err(Error::general("BITOP NOT must be called with a single source key."));
    }
    let way = cx.way_through(args.from(3))?;
    if way == Way::Elsewhere {
        return Ok(Outcome::Elsewhere);
    }
    let keys: Vec<Key<'_>> = args.from(3).iter().map(|word| cx.key(word)).collect();
    let result = if way == Way::AtOnce {
        let mut result = None;
        for key in &keys {
            let mut text = IntText::new();
            let value = cx.view.string(key)?;
            combine(&mut result, value.as_ref().map_or(&[], |value| value.as_bytes(&mut text)), operation);
        }
        result
    } else {
        for key in &keys {
            cx.view.string(key)?;
        }
        // Long ones are kept, and combined with the locks let go.
        let hold = |view: &mut View<'_>, held: &mut Vec<Arc<Vec<u8>>>| {
            for key in &keys {
                held.push(match view.peek(key)?.map(|entry| entry.string()).transpose()? {
                    Some(Str::Shared(bytes)) => bytes.clone(),
                    value => Arc::new(value.map_or_else(Vec::new, |value| value.to_vec())),
                });
            }
            Ok(true)
        };
        cx.view.in_slices_then(&keys, hold, |held| {
            let mut result = None;
            held.iter().for_each(|bytes| combine(&mut result, bytes, operation));
            Ok::<_, Error>(result)
        })?
    };
    let result = result.unwrap_or_default();
    let len = result.len();
    let key = cx.key(args.at(2));
    if result.is_empty() {
        if cx.view.remove(&key)? {
            cx.view.report(&key, "del", Class::GENERIC)?;
        }
    } else {
        cx.view.put_object(&key, Object::Bytes(Arc::new(result)), Expiry::Never)?;
        cx.view.report(&key, "set", Class::STRING)?;
    }
    out.count(len);
    Ok(Done)
}

/// Combines the next string with what those before it have come to.
fn combine(result: &mut Option<Vec<u8>>, bytes: &[u8], operation: Operation) {
    let Some(result) = result else {
        let mut first = bytes.to_vec();
        if operation == Operation::Not {
            first.iter_mut().for_each(|byte| *byte = !*byte);
        }
        *result = Some(first);
        return;
    };
    if result.len() < bytes.len() {
        result.resize(bytes.len(), 0);
    }
    let (both, rest) = result.split_at_mut(bytes.len());
    let pairs = both.iter_mut().zip(bytes);
    match operation {
        Operation::And => {
            pairs.for_each(|(to, from)| *to &= from);
            rest.fill(0);
        }
        Operation::Or => pairs.for_each(|(to, from)| *to |= from),
        Operation::Xor => pairs.for_each(|(to, from)| *to ^= from),
        Operation::Not => {}
    }
}
