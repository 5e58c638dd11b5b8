//! One sorted set of a million members, through the typed interface.

use crate::tell_time;
use larder_load::Random;
use std::hint::black_box;

const MEMBERS: u64 = 1_000_000;
const OPERATIONS: u64 = 200_000;

fn member(n: u64) -> [u8; 15] {
    let mut member = *b"member:00000000";
    let mut rest = n;
    for digit in member[7..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    member
}

pub(crate) fn run(round: u64) {
    let db = larder::Larder::new().db();
    let zsets = db.zsets();
    let mut random = Random::new(round);
    // In random order of scores, as a board of players grows.
    tell_time("insert", "larder", MEMBERS, || {
        for n in 0..MEMBERS {
            zsets.add("board", member(n), random.unit() * 1e6).expect("added");
        }
    });
    tell_time("update", "larder", OPERATIONS, || {
        for _ in 0..OPERATIONS {
            zsets.add("board", member(random.below(MEMBERS)), random.unit() * 1e6).expect("added");
        }
    });
    tell_time("rank", "larder", OPERATIONS, || {
        for _ in 0..OPERATIONS {
            black_box(zsets.rank("board", member(random.below(MEMBERS))).expect("a rank"));
        }
    });
    tell_time("range of 10", "larder", OPERATIONS, || {
        for _ in 0..OPERATIONS {
            let first = random.below(MEMBERS - 10) as usize;
            black_box(zsets.range("board", first..first + 10).expect("a range"));
        }
    });
}
