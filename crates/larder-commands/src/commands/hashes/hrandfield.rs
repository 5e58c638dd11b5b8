//! `HRANDFIELD`: some fields.

use crate::choose::{distinct, random_count, repeated};
use crate::prelude::*;
use larder_core::value::hash::Hash;

pub(crate) static HRANDFIELD: Command = Command {
    name: "hrandfield",
    summary: "Returns some fields, with their values if you like.",
    since: "6.2.0",
    group: Group::Hashes,
    complexity: "O(N) in the number of fields returned",
    arity: -2,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[
        Arg::key("key"),
        Arg::block("options", &[Arg::int("count"), Arg::word("withvalues", "WITHVALUES").optional()])
            .optional(),
    ],
    tips: &["nondeterministic_output"],
    examples: &[
        "HRANDFIELD none",
        "HRANDFIELD none 3",
        "HSET user name Ada",
        "HRANDFIELD user",
        "HRANDFIELD user 5 WITHVALUES",
        "HRANDFIELD user -2 WITHVALUES",
        "HRANDFIELD user 0",
        "HRANDFIELD user x",
        "HRANDFIELD user 1 NOSUCH",
        "HRANDFIELD user -9223372036854775808",
        "HRANDFIELD user -9223372036854775807 WITHVALUES",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let mut rng = cx.view.tools().rng;
    if args.len() == 2 {
        let field = cx.view.collection::<Hash>(&key)?.and_then(|hash| hash.sample(&mut rng));
        out.bulk_or_null(field.map(|(field, _)| field));
        return Ok(Done);
    }
    let count = random_count(args.at(2))?;
    let with_values = match *args.from(3) {
        [] => false,
        [word] if is(word, "WITHVALUES") => true,
        _ => return Err(Error::SYNTAX),
    };
    if with_values && count.unsigned_abs() > i64::MAX as u64 / 2 {
        return Err(Error::OUT_OF_RANGE);
    }
    let most = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if cx.haste().forbids(most) && (count < 0 || cx.forbids_all(&args.from(1)[..1])?) {
        return Ok(Outcome::Elsewhere);
    }
    let Some(hash) = cx.view.collection::<Hash>(&key)? else {
        out.array(0);
        return Ok(Done);
    };
    let nested = with_values && out.protocol() == Protocol::Resp3;
    let write = |out: &mut dyn Reply, field: &[u8], value| {
        if nested {
            out.array(2);
        }
        out.bulk(field);
        if with_values {
            out.string(value);
        }
    };
    let per = if with_values && !nested { 2 } else { 1 };
    if count < 0 {
        let count = repeated(count.unsigned_abs())?;
        out.array(count * per);
        for _ in 0..count {
            if let Some((field, value)) = hash.sample(&mut rng) {
                write(out, field, value);
            }
        }
        return Ok(Done);
    }
    let mut fields = Vec::with_capacity(hash.len());
    hash.each(|field, value| {
        fields.push((field, value));
        true
    });
    let chosen = distinct(&mut fields, count as usize, &mut rng);
    out.array(chosen.len() * per);
    chosen.iter().for_each(|(field, value)| write(out, field, *value));
    Ok(Done)
}
