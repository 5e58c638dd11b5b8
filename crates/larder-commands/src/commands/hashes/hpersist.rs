//! `HPERSIST`: lets fields of a hash live on.

use super::fields::{self, FIELDS, NO_DEADLINE, NO_FIELD};
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::hash::Hash;

pub(crate) static HPERSIST: Command = Command {
    name: "hpersist",
    summary: "Lets fields of a hash live until they are removed.",
    since: "7.4.0",
    group: Group::Hashes,
    complexity: "O(N*log(M)) for N fields of which M have deadlines",
    arity: -5,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | UPDATE)],
    args: &[Arg::key("key"), FIELDS],
    examples: &[
        "HSET user name Ada code 1234",
        "HEXPIRE user 60 FIELDS 1 code",
        "HPERSIST user FIELDS 3 name code none",
        "HTTL user FIELDS 1 code",
        "HPERSIST none FIELDS 1 a",
        "HPERSIST user FIELDS 2 a",
    ],
    run,
    ..Command::DEFAULT
};

/// The field would have died.
const PERSISTS: i64 = 1;

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let fields = fields::read(args, 2, fields::WRONG_NUMBER)?;
    let answers = cx.view.edit::<Hash, _>(&cx.key(args.at(1)), Missing::Skip, |edit| {
        let persist = |field: &&[u8]| {
            if !edit.contains(field) {
                return NO_FIELD;
            }
            if edit.deadline(field).is_none() {
                return NO_DEADLINE;
            }
            edit.collection.set_deadline(&edit.tools, field, None);
            PERSISTS
        };
        let answers: Vec<i64> = fields.iter().map(persist).collect();
        if answers.contains(&PERSISTS) {
            edit.report("hpersist");
        }
        answers
    })?;
    fields::answer(out, fields, answers);
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn a_field_that_persists_does_not_die() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("HSET h a 1 b 2");
        guest.says("HPEXPIRE h 10 FIELDS 2 a b");
        assert_eq!(guest.says("HPERSIST h FIELDS 3 a a c"), "[(1) (-1) (-2)]");
        house.advance_ms(10);
        assert_eq!(guest.says("HGETALL h"), "{\"a\": \"1\"}");
        assert_eq!(guest.says("HPERSIST h FIELDS 1 b"), "[(-2)]");
        assert_eq!(guest.says("OBJECT ENCODING h"), "\"listpack\"");
    }
}
