//! `HGETDEL`: values of fields, which are removed.

use super::fields::{self, FIELDS};
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::hash::Hash;

pub(crate) static HGETDEL: Command = Command {
    name: "hgetdel",
    summary: "Returns the values of fields and removes the fields.",
    since: "8.0.0",
    group: Group::Hashes,
    complexity: "O(N) in the number of fields",
    arity: -5,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | DELETE)],
    args: &[Arg::key("key"), FIELDS],
    examples: &[
        "HSET user name Ada code 1234",
        "HGETDEL user FIELDS 2 code none",
        "HGETALL user",
        "HGETDEL user FIELDS 1 name",
        "EXISTS user",
        "HGETDEL none FIELDS 2 a b",
        "HGETDEL user FIELDS 0 a",
        "HGETDEL user FIELDS 2 a",
        "HGETDEL user ALL 1 a",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let fields = fields::read(args, 2, "Number of fields must be a positive integer")?;
    let found = cx.view.edit::<Hash, _>(&cx.key(args.at(1)), Missing::Skip, |edit| {
        let mut removed = 0;
        out.array(fields.len());
        for field in fields {
            out.string_or_null(edit.get(field));
            removed += usize::from(edit.remove(field));
        }
        if removed > 0 {
            edit.report("hdel");
        }
    })?;
    if found.is_none() {
        out.array(fields.len());
        fields.iter().for_each(|_| out.null());
    }
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn what_is_returned_is_gone() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("HSET h a 1 b 2 c 3");
        guest.says("HPEXPIRE h 10 FIELDS 1 c");
        assert_eq!(guest.says("HGETDEL h FIELDS 3 a a x"), "[\"1\" nil nil]");
        house.advance_ms(10);
        assert_eq!(guest.says("HGETDEL h FIELDS 2 b c"), "[\"2\" nil]");
        assert_eq!(guest.says("EXISTS h"), "(0)");
        guest.says("SET s x");
        for (line, answer) in [
            ("HGETDEL s FIELDS 1 a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
            ("HGETDEL h FIELDS x a", "-ERR Number of fields must be a positive integer"),
            ("HGETDEL h FIELDS 1 a b", "-ERR The `numfields` parameter must match the number of arguments"),
            ("HGETDEL h a b c", "-ERR Mandatory argument FIELDS is missing or not at the right position"),
        ] {
            assert_eq!(guest.says(line), answer, "{line}");
        }
    }
}
