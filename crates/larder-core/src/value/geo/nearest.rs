//! The first few of many, in order.
//!
//! Places at the same distance have an order only by accident, but which accident matters: with a count it decides who
//! is in the reply. Redis sorts all with a merge sort, which leaves equals as they were, and the first few with the
//! quicksort of Bentley and McIlroy ("Engineering a Sort Function", Software: Practice and Experience
//! 23/11, 1993), whose parts beyond the few stay unsorted. The same two are here, for the same accidents.

use std::cmp::Ordering;

/// Shorter runs are sorted by insertion.
const RUN_LEN_MIN: usize = 7;
/// Longer runs choose their pivot from nine.
const RUN_LEN_LONG: usize = 40;

/// Brings the first `count` items by their keys to the front, in order.
pub(super) fn sort<T>(items: &mut [T], count: usize, key: impl Fn(&T) -> f64) {
    let order = |a: &T, b: &T| key(a).total_cmp(&key(b));
    if count >= items.len() {
        return items.sort_by(order);
    }
    let depth_max = 4 * items.len().ilog2().max(1);
    sort_first(items, count, &order, depth_max);
}

/// `depth_max` bounds the work that an order made on purpose can cause.
fn sort_first<T>(items: &mut [T], count: usize, order: &impl Fn(&T, &T) -> Ordering, depth_max: u32) {
    let (mut rest, mut count, mut depth_max) = (items, count, depth_max);
    while rest.len() >= RUN_LEN_MIN {
        if depth_max == 0 {
            return rest.sort_by(order);
        }
        depth_max -= 1;
        let (below, above) = partition(rest, order);
        if below > 1 && count > 0 {
            sort_first(&mut rest[..below], count, order, depth_max);
        }
        let begin = rest.len() - above;
        if above <= 1 || begin >= count {
            return;
        }
        rest = &mut rest[begin..];
        count -= begin;
    }
    for end in 1..rest.len() {
        let mut at = end;
        while at > 0 && order(&rest[at - 1], &rest[at]).is_gt() {
            rest.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// Parts items into those below a pivot, those equal to it, those above. Gives how many are below and above.
fn partition<T>(items: &mut [T], order: &impl Fn(&T, &T) -> Ordering) -> (usize, usize) {
    let len = items.len();
    let pivot = pivot(items, order);
    items.swap(0, pivot);
    // Equals gather at both ends: before `equal`, and after `equal_end`. What lies between `low` and `high` is unseen.
    let (mut equal, mut low, mut high, mut equal_end) = (1, 1, len - 1, len - 1);
    loop {
        while low <= high {
            match order(&items[low], &items[0]) {
                Ordering::Greater => break,
                Ordering::Equal => {
                    items.swap(equal, low);
                    equal += 1;
                }
                Ordering::Less => {}
            }
            low += 1;
        }
        while low <= high {
            match order(&items[high], &items[0]) {
                Ordering::Less => break,
                Ordering::Equal => {
                    items.swap(high, equal_end);
                    equal_end -= 1;
                }
                Ordering::Greater => {}
            }
            high -= 1;
        }
        if low > high {
            break;
        }
        items.swap(low, high);
        low += 1;
        high -= 1;
    }
    let (below, above) = (low - equal, equal_end - high);
    exchange(items, 0, low, equal.min(below));
    exchange(items, low, len, above.min(len - 1 - equal_end));
    (below, above)
}

/// Exchanges so many items from `start` on with as many before `end`.
fn exchange<T>(items: &mut [T], start: usize, end: usize, count: usize) {
    for n in 0..count {
        items.swap(start + n, end - count + n);
    }
}

/// The middle one of three, or of three middle ones of three.
fn pivot<T>(items: &[T], order: &impl Fn(&T, &T) -> Ordering) -> usize {
    let middle = |a: usize, b: usize, c: usize| {
        let less = |a: usize, b: usize| order(&items[a], &items[b]).is_lt();
        if less(a, b) {
            if less(b, c) {
                b
            } else if less(a, c) {
                c
            } else {
                a
            }
        } else if less(c, b) {
            b
        } else if less(a, c) {
            a
        } else {
            c
        }
    };
    let (len, mid) = (items.len(), items.len() / 2);
    match len {
        0..=RUN_LEN_MIN => mid,
        len if len <= RUN_LEN_LONG => middle(0, mid, len - 1),
        _ => {
            let eighth = len / 8;
            let first = middle(0, eighth, 2 * eighth);
            let second = middle(mid - eighth, mid, mid + eighth);
            let third = middle(len - 1 - 2 * eighth, len - 1 - eighth, len - 1);
            middle(first, second, third)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::sort;
    use crate::Rng;

    #[test]
    fn the_first_are_those_of_a_whole_sort_and_none_is_lost() {
        for seed in 0..2_000 {
            let mut rng = Rng::seeded(seed);
            let (len, kinds) = (rng.below(300), 1 + rng.below(50));
            let mut items: Vec<(f64, usize)> = (0..len).map(|n| (rng.below(kinds) as f64, n)).collect();
            let mut whole = items.clone();
            sort(&mut whole, len, |item| item.0);
            assert!(whole.is_sorted(), "equals stay as they were; seed {seed}");
            let count = rng.below(len + 1);
            sort(&mut items, count, |item| item.0);
            let keys = |items: &[(f64, usize)]| items[..count].iter().map(|item| item.0).collect::<Vec<_>>();
            assert_eq!(keys(&items), keys(&whole), "seed {seed}: {count} of {len}");
            items.sort_by_key(|item| item.1);
            assert!(items.iter().map(|item| item.1).eq(0..len), "seed {seed}");
        }
    }

    /// Each step of a quicksort compares all: without a bound an order made on purpose would take the square.
    #[test]
    fn an_order_made_on_purpose_costs_no_more_than_a_sort() {
        use std::cell::{Cell, RefCell};
        // M. D. McIlroy, "A Killer Adversary for Quicksort", 1999: keys are decided as late as can be, and against it.
        const LEN: usize = 20_000;
        const GAS: f64 = LEN as f64;
        let keys = RefCell::new(vec![GAS; LEN]);
        let (solid, candidate, calls) = (Cell::new(0.0), Cell::new(0), Cell::new(0_u64));
        let mut items: Vec<usize> = (0..LEN).collect();
        let order = |a: &usize, b: &usize| {
            calls.set(calls.get() + 1);
            let mut keys = keys.borrow_mut();
            if keys[*a] >= GAS && keys[*b] >= GAS {
                keys[if *a == candidate.get() { *a } else { *b }] = solid.get();
                solid.set(solid.get() + 1.0);
            }
            if keys[*a] >= GAS {
                candidate.set(*a);
            } else if keys[*b] >= GAS {
                candidate.set(*b);
            }
            keys[*a].total_cmp(&keys[*b])
        };
        super::sort_first(&mut items, LEN - 1, &order, 60);
        assert!(calls.get() < 4_000_000, "{}", calls.get());
    }
}
