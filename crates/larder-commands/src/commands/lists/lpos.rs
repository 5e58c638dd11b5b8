//! `LPOS`: where an element stands.

use crate::prelude::*;
use larder_core::Slice;
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

/// What has been found so far of an element that is looked for in slices.
#[derive(Default)]
struct Looked {
    /// Elements looked at.
    done: usize,
    /// Those among them that match.
    matches: u64,
    /// Where those stand that are asked for.
    found: Vec<usize>,
}

impl Looked {
    /// Looks at some more elements. Says whether that was all.
    fn go_on(&mut self, list: &List, element: &[u8], rank: i64, count: usize, len_max: usize) -> bool {
        let len = list.len();
        let (first, end) = (self.done, len.min(len_max));
        let mut slice = Slice::default();
        let mut look = |at: usize, other: &[u8]| {
            self.done += 1;
            slice.add(other.len());
            if other == element {
                self.matches += 1;
                if self.matches >= rank.unsigned_abs() {
                    self.found.push(at);
                }
            }
            slice.left() > 0 && self.found.len() < count
        };
        if rank < 0 {
            let mut at = len - first;
            let _ = list.range(len - end..len - first).rev().all(|other| {
                at -= 1;
                look(at, other)
            });
        } else {
            let mut at = first..;
            let _ = list.range(first..end).all(|other| look(at.next().unwrap_or(len), other));
        }
        self.done >= end || self.found.len() >= count
    }
}

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
    let key = cx.key(args.at(1));
    let found = match cx.way_through(&args.from(1)[..1])? {
        Way::AtOnce => {
            let list = cx.view.collection::<List>(&key)?;
            list.map(|list| list.positions(args.at(2), rank, count.unwrap_or(1), len_max)).unwrap_or_default()
        }
        Way::Elsewhere => return Ok(Outcome::Elsewhere),
        Way::InSlices => {
            cx.view.collection::<List>(&key)?;
            let most = |n: usize| if n == 0 { usize::MAX } else { n };
            let (count, len_max) = (most(count.unwrap_or(1)), most(len_max));
            let looked = cx.read_in_slices(args, &[key], |view, looked: &mut Looked| {
                let Some(entry) = view.peek(&key)? else { return Ok(true) };
                Ok(looked.go_on(entry.collection()?, args.at(2), rank, count, len_max))
            })?;
            looked.found
        }
    };
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
