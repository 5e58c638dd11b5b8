//! `SPOP`, `SRANDMEMBER`: some members.

use crate::choose::{Choice, Chosen, choose_in_slices, distinct, on_copy, random_count, repeated};
use crate::prelude::*;
use larder_core::value::Collection;
use larder_core::value::set::Set;
use larder_core::value::string::{IntText, Str};
use larder_core::{Missing, Rng, Slice};

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
    if let Some(count) = count
        && cx.haste().forbids_waiting()
    {
        let set = cx.view.peek(&key)?.and_then(|entry| entry.object()).and_then(Set::of);
        let len = set.map_or(0, Set::len);
        if cx.haste().forbids(if is_few(count, len) { count } else { len }) {
            return Ok(Outcome::Elsewhere);
        }
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

/// Whether so many are few of so many: they are chosen one by one, and many among all.
fn is_few(count: usize, len: usize) -> bool {
    count.saturating_mul(if count <= 16 { 2 } else { 5 }) <= len
}

/// Removes `count` members chosen at random.
fn take(set: &mut Set, count: usize, rng: &mut Rng) -> Vec<Vec<u8>> {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    if is_few(count, set.len()) {
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
    let haste = cx.haste();
    let Some(set) = cx.view.collection::<Set>(&key)? else {
        out.array(0);
        return Ok(Done);
    };
    let most = if count < 0 { repeated(count.unsigned_abs())? } else { set.len().min(count as usize) };
    let choice = Choice::of(count, set.len());
    match choice.way(haste, count, set.len()) {
        Way::AtOnce => some_of(set, choice, most, &mut rng, out),
        Way::Elsewhere => return cx.leave(&key),
        Way::InSlices if choice == Choice::AmongAll => {
            on_copy::<Set>(cx, args, &key, |copy| match copy {
                Some(set) => some_of(set, choice, most, &mut rng, out),
                None => out.array(0),
            })?;
        }
        Way::InSlices => {
            let chosen = choose_in_slices(cx, args, &key, (choice, most), Set::len, |set, rng, add| {
                if let Some(member) = set.sample(rng) {
                    add(member.as_bytes(&mut IntText::new()), &[]);
                }
            })?;
            out.array(chosen.len());
            chosen.iter().for_each(|(member, _)| out.bulk(member));
        }
    }
    Ok(Done)
}

/// Answers with so many members, chosen at random.
fn some_of(set: &Set, choice: Choice, count: usize, rng: &mut Rng, out: &mut dyn Reply) {
    if choice == Choice::Repeated {
        out.array(count);
        return (0..count).for_each(|_| out.string_or_null(set.sample(rng)));
    }
    if choice == Choice::Few {
        let (mut chosen, mut slice) = (Chosen::default(), Slice::default());
        while chosen.len() < count {
            let Some(member) = set.sample(rng) else { break };
            chosen.add(choice, member.as_bytes(&mut IntText::new()), &[], &mut slice);
        }
        out.array(chosen.len());
        return chosen.iter().for_each(|(member, _)| out.bulk(member));
    }
    let mut members: Vec<Str<'_>> = Vec::with_capacity(set.len());
    set.each(|member| {
        members.push(member);
        true
    });
    let chosen = distinct(&mut members, count, rng);
    out.array(chosen.len());
    chosen.iter().for_each(|member| out.string(*member));
}
