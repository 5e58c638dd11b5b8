//! `HRANDFIELD`: some fields.

use crate::choose::{Choice, Chosen, choose_in_slices, distinct, on_copy, random_count, repeated};
use crate::prelude::*;
use larder_core::value::hash::Hash;
use larder_core::value::string::{IntText, Str};
use larder_core::{Rng, Slice};

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
    let haste = cx.haste();
    let Some(hash) = cx.view.collection::<Hash>(&key)? else {
        out.array(0);
        return Ok(Done);
    };
    let most = if count < 0 { repeated(count.unsigned_abs())? } else { hash.len().min(count as usize) };
    let (choice, shape) = (Choice::of(count, hash.len()), Shape::of(out, with_values));
    match choice.way(haste, count, hash.len()) {
        Way::AtOnce => some_of(hash, choice, most, &mut rng, shape, out),
        Way::Elsewhere => return cx.leave(&key),
        Way::InSlices if choice == Choice::AmongAll => {
            on_copy::<Hash>(cx, args, &key, |copy| match copy {
                Some(hash) => some_of(hash, choice, most, &mut rng, shape, out),
                None => out.array(0),
            })?;
        }
        Way::InSlices => {
            let chosen = choose_in_slices(cx, args, &key, (choice, most), Hash::len, |hash, rng, add| {
                if let Some((field, value)) = hash.sample(rng) {
                    add(field, value.as_bytes(&mut IntText::new()));
                }
            })?;
            shape.begin(out, chosen.len());
            chosen.iter().for_each(|(field, value)| shape.one(out, field, Str::Bytes(value)));
        }
    }
    Ok(Done)
}

/// How fields are written: with their values or without, which RESP3 has in pairs.
#[derive(Clone, Copy)]
struct Shape {
    with_values: bool,
    nested: bool,
}

impl Shape {
    fn of(out: &dyn Reply, with_values: bool) -> Shape {
        Shape { with_values, nested: with_values && out.protocol() == Protocol::Resp3 }
    }

    fn begin(self, out: &mut dyn Reply, count: usize) {
        out.array(if self.with_values && !self.nested { count * 2 } else { count });
    }

    fn one(self, out: &mut dyn Reply, field: &[u8], value: Str<'_>) {
        if self.nested {
            out.array(2);
        }
        out.bulk(field);
        if self.with_values {
            out.string(value);
        }
    }
}

/// Answers with so many fields, chosen at random.
fn some_of(hash: &Hash, choice: Choice, count: usize, rng: &mut Rng, shape: Shape, out: &mut dyn Reply) {
    if choice == Choice::Repeated {
        shape.begin(out, count);
        for _ in 0..count {
            if let Some((field, value)) = hash.sample(rng) {
                shape.one(out, field, value);
            }
        }
        return;
    }
    if choice == Choice::Few {
        let (mut chosen, mut slice) = (Chosen::default(), Slice::default());
        while chosen.len() < count {
            let Some((field, value)) = hash.sample(rng) else { break };
            chosen.add(choice, field, value.as_bytes(&mut IntText::new()), &mut slice);
        }
        shape.begin(out, chosen.len());
        return chosen.iter().for_each(|(field, value)| shape.one(out, field, Str::Bytes(value)));
    }
    let mut fields = Vec::with_capacity(hash.len());
    hash.each(|field, value| {
        fields.push((field, value));
        true
    });
    let chosen = distinct(&mut fields, count, rng);
    shape.begin(out, chosen.len());
    chosen.iter().for_each(|(field, value)| shape.one(out, field, *value));
}
