//! `SPOP`, `SRANDMEMBER`: some members.

use crate::choose::{distinct, random_count, repeated};
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::set::Set;
use larder_core::value::string::Str;

pub(crate) static SPOP: Command = Command {
    name: "spop",
    summary: "Removes some members of a set, and returns them.",
    since: "1.0.0",
    group: Group::Sets,
    complexity: "O(N) in the number of members removed",
    arity: -2,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | DELETE)],
    args: &[Arg::key("key"), Arg::int("count").optional().since("3.2.0")],
    tips: &["nondeterministic_output"],
    examples: &[
        "SPOP none",
        "SPOP none 2",
        "SADD s a",
        "SPOP s",
        "EXISTS s",
        "SADD s a",
        "SPOP s 0",
        "SPOP s -1",
        "SPOP s x",
        "SPOP s 1 2",
        "SPOP s 5",
    ],
    history: &[("3.2.0", "Takes a count.")],
    run: spop,
    ..Command::DEFAULT
};

pub(crate) static SRANDMEMBER: Command = Command {
    name: "srandmember",
    summary: "Returns some members of a set.",
    since: "1.0.0",
    group: Group::Sets,
    complexity: "O(N) in the number of members returned",
    arity: -2,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key"), Arg::int("count").optional().since("2.6.0")],
    tips: &["nondeterministic_output"],
    examples: &[
        "SRANDMEMBER none",
        "SRANDMEMBER none 2",
        "SADD s a",
        "SRANDMEMBER s",
        "SRANDMEMBER s 5",
        "SRANDMEMBER s -3",
        "SRANDMEMBER s 0",
        "SRANDMEMBER s x",
        "SRANDMEMBER s -9223372036854775808",
        "SRANDMEMBER s 1 2",
    ],
    history: &[("2.6.0", "Takes a count.")],
    run: srandmember,
    ..Command::DEFAULT
};

fn spop(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let count = match *args.from(2) {
        [] => None,
        [count] => {
            let count = parse_int(count).and_then(|n| usize::try_from(n).ok()).ok_or(Error::NOT_POSITIVE)?;
            Some(count)
        }
        _ => return Err(Error::SYNTAX),
    };
    if count.is_some() && cx.forbids_all(&args.from(1)[..1])? {
        return Ok(Outcome::Elsewhere);
    }
    let popped = cx.view.edit::<Set, _>(&key, Missing::Skip, |edit| {
        let popped = take(edit.collection, count.unwrap_or(1), &mut edit.tools.rng);
        if !popped.is_empty() {
            edit.report("spop");
        }
        popped
    })?;
    let popped = popped.unwrap_or_default();
    if count.is_none() {
        out.bulk_or_null(popped.first().map(Vec::as_slice));
    } else {
        out.set(popped.len());
        popped.iter().for_each(|member| out.bulk(member));
    }
    Ok(Done)
}

/// Removes `count` members chosen at random.
fn take(set: &mut Set, count: usize, rng: &mut larder_core::Rng) -> Vec<Vec<u8>> {
    /// Few of many are chosen one by one; many are chosen among all.
    const FEW: usize = 16;
    let mut taken: Vec<Vec<u8>> = Vec::new();
    if count <= FEW && count < set.len() {
        for _ in 0..count {
            let Some(member) = set.sample(rng).map(|member| member.to_vec()) else { break };
            set.remove(&member);
            taken.push(member);
        }
        return taken;
    }
    let mut all = Vec::with_capacity(set.len());
    set.each(|member| {
        all.push(member.to_vec());
        true
    });
    taken.extend_from_slice(distinct(&mut all, count, rng));
    for member in &taken {
        set.remove(member);
    }
    taken
}

fn srandmember(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let mut rng = cx.view.tools().rng;
    let count = match *args.from(2) {
        [] => {
            let member = cx.view.collection::<Set>(&key)?.and_then(|set| set.sample(&mut rng));
            out.string_or_null(member);
            return Ok(Done);
        }
        [count] => random_count(count)?,
        _ => return Err(Error::SYNTAX),
    };
    if cx.forbids_all(&args.from(1)[..1])? {
        return Ok(Outcome::Elsewhere);
    }
    let Some(set) = cx.view.collection::<Set>(&key)? else {
        out.array(0);
        return Ok(Done);
    };
    if count < 0 {
        let count = repeated(count.unsigned_abs())?;
        out.array(count);
        for _ in 0..count {
            out.string_or_null(set.sample(&mut rng));
        }
        return Ok(Done);
    }
    let mut members: Vec<Str<'_>> = Vec::with_capacity(set.len());
    set.each(|member| {
        members.push(member);
        true
    });
    let chosen = distinct(&mut members, count as usize, &mut rng);
    out.array(chosen.len());
    chosen.iter().for_each(|member| out.string(*member));
    Ok(Done)
}
