//! `DEBUG DIGEST` and `DEBUG DIGEST-VALUE`: forty digits that stand for a data set or for a value.
//!
//! They are computed as Redis 7.0 does it, so the data of a Redis and of a Larder can be compared without moving them.
//! What has an order is mixed in that order; what has none (keys, members, fields) is combined by exclusive or of the
//! parts' own digests. How a value is kept plays no part.

use crate::prelude::*;
use larder_core::Entry;
use larder_core::value::stream::StreamId;
use larder_core::value::string::{IntText, Str};
use larder_core::value::{Kind, Object};
use sha1_smol::Sha1;
use std::fmt::Write;

/// A digest in the making.
#[derive(Default)]
struct Sum([u8; 20]);

impl Sum {
    /// Adds what has no place in an order: added twice, it is gone again.
    fn add(&mut self, bytes: &[u8]) {
        for (to, from) in self.0.iter_mut().zip(Sha1::from(bytes).digest().bytes()) {
            *to ^= from;
        }
    }

    /// Adds what comes next in an order.
    fn mix(&mut self, bytes: &[u8]) {
        self.add(bytes);
        self.0 = Sha1::from(self.0).digest().bytes();
    }

    fn mix_text(&mut self, text: Str<'_>) {
        self.mix(text.as_bytes(&mut IntText::new()));
    }

    fn mix_number(&mut self, number: u32) {
        self.mix(&number.to_be_bytes());
    }

    fn digits(&self) -> String {
        self.0.iter().fold(String::new(), |mut digits, byte| {
            // Writing to a string cannot fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        })
    }
}

/// `DEBUG DIGEST`.
pub(super) fn of_everything(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let mut all = Sum::default();
    for db in DbIndex::all() {
        if cx.view.len(db)? == 0 {
            continue;
        }
        all.mix_number(db.get() as u32);
        let now_ms = cx.view.now_ms();
        cx.view.for_each(db, |entry| {
            if entry.deadline().is_some_and(|deadline| deadline.is_due(now_ms)) {
                return;
            }
            let mut sum = Sum::default();
            sum.mix(entry.key());
            mix_value(&mut sum, &entry);
            all.add(&sum.0);
        })?;
    }
    out.status(&all.digits());
    Ok(Done)
}

/// `DEBUG DIGEST-VALUE`.
pub(super) fn of_values(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let mut sums = Vec::with_capacity(args.from(2).len());
    for bytes in args.from(2) {
        let key = cx.key(bytes);
        let mut sum = Sum::default();
        if let Some(entry) = cx.view.peek(&key)? {
            mix_value(&mut sum, &entry);
        }
        sums.push(sum);
    }
    out.array(sums.len());
    sums.iter().for_each(|sum| out.status(&sum.digits()));
    Ok(Done)
}

/// A type by the number Redis has for it.
fn number_of(kind: Kind) -> u32 {
    match kind {
        Kind::List => 1,
        Kind::Set => 2,
        Kind::Zset => 3,
        Kind::Hash => 4,
        Kind::Stream => 6,
        _ => 0,
    }
}

fn mix_value(sum: &mut Sum, entry: &Entry<'_>) {
    sum.mix_number(number_of(entry.kind()));
    if let Ok(text) = entry.string() {
        sum.mix_text(text);
    } else if let Some(object) = entry.object() {
        mix_object(sum, object);
    }
    if entry.deadline().is_some() {
        sum.add(b"!!expire!!");
    }
}

fn mix_object(sum: &mut Sum, object: &Object) {
    match object {
        Object::List(list) => list.iter().for_each(|element| sum.mix(element)),
        Object::Set(set) => set.each(|member| {
            sum.add(member.as_bytes(&mut IntText::new()));
            true
        }),
        Object::Zset(zset) => {
            for (member, score) in zset {
                let mut pair = Sum::default();
                pair.mix(member);
                pair.mix(seventeen_digits(score).as_bytes());
                sum.add(&pair.0);
            }
        }
        Object::Hash(hash) => hash.each(|field, value| {
            let mut pair = Sum::default();
            pair.mix(field);
            pair.mix_text(value);
            sum.add(&pair.0);
            true
        }),
        Object::Stream(stream) => {
            for entry in stream.log().range(StreamId::MIN, StreamId::MAX) {
                sum.mix(format!("{}.{}", entry.id.ms, entry.id.seq).as_bytes());
                for (field, value) in entry.fields() {
                    sum.mix_text(field);
                    sum.mix_text(value);
                }
            }
        }
        _ => {}
    }
}

/// A score as C's `%.17g` writes it.
fn seventeen_digits(score: f64) -> String {
    if score.is_infinite() {
        return if score > 0.0 { "inf" } else { "-inf" }.into();
    }
    let scientific = format!("{score:.16e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |text: &str| {
        let zeros = if text.contains('.') { "0" } else { "" };
        text.trim_end_matches(|c| zeros.contains(c)).trim_end_matches('.').to_string()
    };
    if (-4..17).contains(&exponent) {
        trimmed(&format!("{score:.*}", (16 - exponent) as usize))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trimmed(digits), exponent.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::House;

    #[test]
    fn scores_are_written_as_c_writes_them() {
        for (score, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.10000000000000001"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (1e-4, "0.0001"),
            (1e-5, "1.0000000000000001e-05"),
            (1.5e300, "1.5000000000000001e+300"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(seventeen_digits(score), text);
        }
    }

    #[test]
    fn the_way_to_a_data_set_makes_no_difference() {
        let house = House::new();
        house.instance.settings().preset("enable-debug-command", "yes").expect("it is a setting");
        let mut guest = house.guest();
        let empty = guest.says("DEBUG DIGEST");
        assert_eq!(empty, "0".repeat(40));
        for line in ["SADD s 1 2 x", "ZADD z 1 a 0.1 b", "HSET h f 1 g 2", "RPUSH l a b", "XADD x 1-1 f v"] {
            guest.says(line);
        }
        let filled = guest.says("DEBUG DIGEST");
        guest.says("FLUSHALL");
        for line in ["XADD x 1-1 f v", "RPUSH l b", "LPUSH l a", "HSET h g 2 f 1", "ZADD z 0.1 b 1 a"] {
            guest.says(line);
        }
        assert_ne!(guest.says("DEBUG DIGEST"), filled);
        guest.says("SADD s x 2 1");
        assert_eq!(guest.says("DEBUG DIGEST"), filled);
        guest.says("EXPIRE s 100");
        assert_ne!(guest.says("DEBUG DIGEST"), filled);
        guest.says("PERSIST s");
        guest.says("LSET l 0 b");
        guest.says("LSET l 1 a");
        assert_ne!(guest.says("DEBUG DIGEST"), filled, "a list has an order");
    }
}
