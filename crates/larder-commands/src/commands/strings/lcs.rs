//! `LCS`: what two strings have in common, in order.

use crate::prelude::*;

pub(crate) static LCS: Command = Command {
    name: "lcs",
    summary: "Finds the longest text that is left of two strings when bytes are struck out.",
    since: "7.0.0",
    group: Group::Strings,
    complexity: "O(N*M): the lengths of the strings",
    arity: -3,
    flags: READONLY,
    keys: &[KeySpec::range(1, 1, 1, RO | ACCESS)],
    args: &[
        Arg::key("key1"),
        Arg::key("key2"),
        Arg::word("len", "LEN").optional(),
        Arg::word("idx", "IDX").optional(),
        Arg::int("len").token("MINMATCHLEN").optional(),
        Arg::word("withmatchlen", "WITHMATCHLEN").optional(),
    ],
    examples: &[
        "MSET a ohmytext b mynewtext",
        "LCS a b",
        "LCS a b LEN",
        "LCS a b IDX",
        "LCS a b IDX MINMATCHLEN 4",
        "LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN",
        "LCS a b IDX LEN",
        "LCS a b NOSUCH",
        "LCS a none",
        "LCS a none IDX",
        "LCS a b MINMATCHLEN x",
        "LPUSH l x",
        "LCS a l",
    ],
    run,
    ..Command::DEFAULT
};

/// Bytes of the table of lengths: more is refused rather than allocated.
const TABLE_MAX: usize = 512 * 1024 * 1024;

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let (mut len_only, mut indices, mut with_len, mut least) = (false, false, false, 0);
    let strings = [cx.key(args.at(1)), cx.key(args.at(2))].map(|key| match cx.view.string(&key) {
        Ok(value) => Ok(value.map_or_else(Vec::new, |value| value.to_vec())),
        Err(_) => Err(Error::general("The specified keys must contain string values")),
    });
    let [a, b] = strings;
    let (a, b) = (a?, b?);
    let mut options = args.options(3);
    while let Some(option) = options.next() {
        match option {
            option if is(option, "LEN") => len_only = true,
            option if is(option, "IDX") => indices = true,
            option if is(option, "WITHMATCHLEN") => with_len = true,
            option if is(option, "MINMATCHLEN") => least = options.int()?.max(0) as usize,
            _ => return Err(Error::SYNTAX),
        }
    }
    if len_only && indices {
        return Err(Error::general("If you want both the length and indexes, please just use IDX."));
    }
    let cells = (a.len() + 1).checked_mul(b.len() + 1).and_then(|cells| cells.checked_mul(size_of::<u32>()));
    if cells.is_none_or(|bytes| bytes > TABLE_MAX) {
        return Err(Error::general(
            "Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
        ));
    }
    let table = Lengths::of(&a, &b);
    let (common, matches) = table.walk(&a, &b);
    if len_only {
        out.count(common.len());
    } else if indices {
        let matches: Vec<_> = matches.into_iter().filter(|(_, _, len)| *len >= least).collect();
        out.map(2);
        out.bulk(b"matches");
        out.array(matches.len());
        for (in_a, in_b, len) in matches {
            out.array(if with_len { 3 } else { 2 });
            for start in [in_a, in_b] {
                out.array(2);
                out.count(start);
                out.count(start + len - 1);
            }
            if with_len {
                out.count(len);
            }
        }
        out.bulk(b"len");
        out.count(common.len());
    } else {
        out.bulk(&common);
    }
    Ok(Done)
}

/// The length of the longest common text of each pair of beginnings.
struct Lengths {
    cells: Vec<u32>,
    width: usize,
}

impl Lengths {
    fn of(a: &[u8], b: &[u8]) -> Lengths {
        let width = b.len() + 1;
        let mut cells = vec![0_u32; (a.len() + 1) * width];
        for (i, from_a) in a.iter().enumerate() {
            for (j, from_b) in b.iter().enumerate() {
                cells[(i + 1) * width + j + 1] = if from_a == from_b {
                    cells[i * width + j] + 1
                } else {
                    cells[i * width + j + 1].max(cells[(i + 1) * width + j])
                };
            }
        }
        Lengths { cells, width }
    }

    fn at(&self, i: usize, j: usize) -> u32 {
        self.cells[i * self.width + j]
    }

    /// The common text, and where it stands: start in each string and length, the last first.
    fn walk(&self, a: &[u8], b: &[u8]) -> (Vec<u8>, Vec<(usize, usize, usize)>) {
        let (mut i, mut j) = (a.len(), b.len());
        let mut common = Vec::new();
        let mut matches: Vec<(usize, usize, usize)> = Vec::new();
        while i > 0 && j > 0 {
            if a[i - 1] == b[j - 1] {
                (i, j) = (i - 1, j - 1);
                common.push(a[i]);
                match matches.last_mut() {
                    Some((in_a, in_b, len)) if *in_a == i + 1 && *in_b == j + 1 => {
                        (*in_a, *in_b) = (i, j);
                        *len += 1;
                    }
                    _ => matches.push((i, j, 1)),
                }
            } else if self.at(i - 1, j) > self.at(i, j - 1) {
                i -= 1;
            } else {
                j -= 1;
            }
        }
        common.reverse();
        (common, matches)
    }
}
