//! `LPOS`: where an element stands.

use crate::prelude::*;
use larder_core::value::list::List;

pub(crate) static LPOS: Command = Command {
    name: "lpos",
    summary: "Returns the indices where an element stands.",
    since: "6.0.6",
    group: Group::Lists,
    complexity: "O(N) in the elements looked at",
    arity: -3,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[
        Arg::key("key"),
        Arg::string("element"),
        Arg::int("rank").token("RANK").optional(),
        Arg::int("num-matches").token("COUNT").optional(),
        Arg::int("len").token("MAXLEN").optional(),
    ],
    examples: &[
        "RPUSH list a b c a b a",
        "LPOS list a",
        "LPOS list a RANK 2",
        "LPOS list a RANK -1",
        "LPOS list a COUNT 0",
        "LPOS list a COUNT 2 RANK -1",
        "LPOS list b COUNT 0 MAXLEN 3",
        "LPOS list x",
        "LPOS list x COUNT 1",
        "LPOS list a RANK 0",
        "LPOS list a COUNT -1",
        "LPOS list a MAXLEN -1",
        "LPOS list a NOSUCH 1",
        "LPOS list a RANK",
        "LPOS none a",
        "LPOS none a COUNT 1",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let (mut rank, mut count, mut len_max) = (1, None, 0);
    let mut options = args.options(3);
    while let Some(option) = options.next() {
        let not_negative = |word: &[u8], text: &'static str| {
            parse_int(word).and_then(|n| usize::try_from(n).ok()).ok_or(Error::new(text))
        };
        match option {
            option if is(option, "RANK") => {
                rank = options.int()?;
                if rank == 0 {
                    return Err(Error::new(
                        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use \
                         negative to start from the end of the list",
                    ));
                }
                if rank == i64::MIN {
                    return Err(Error::NOT_NEGATABLE);
                }
            }
            option if is(option, "COUNT") => {
                count = Some(not_negative(options.value()?, "ERR COUNT can't be negative")?);
            }
            option if is(option, "MAXLEN") => {
                len_max = not_negative(options.value()?, "ERR MAXLEN can't be negative")?;
            }
            _ => return Err(Error::SYNTAX),
        }
    }
    if cx.forbids_all(&args.from(1)[..1])? {
        return Ok(Outcome::Elsewhere);
    }
    let key = cx.key(args.at(1));
    let list = cx.view.collection::<List>(&key)?;
    let found =
        list.map(|list| list.positions(args.at(2), rank, count.unwrap_or(1), len_max)).unwrap_or_default();
    if count.is_some() {
        out.array(found.len());
        found.iter().for_each(|index| out.count(*index));
    } else {
        match found.first() {
            Some(index) => out.count(*index),
            None => out.null(),
        }
    }
    Ok(Done)
}
