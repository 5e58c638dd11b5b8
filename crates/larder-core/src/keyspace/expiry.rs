//! A hierarchical timer wheel (Varghese and Lauck, SOSP 1987) of eight bytes an item: which keys of one table die when.
//!
//! Eight levels of 64 slots with a tick of one millisecond. Each level keeps one bit a slot, so the next deadline is
//! found without walking, and a timer can sleep until then. An item is the low half of a key's hash and the low half
//! of its deadline: enough to find the bucket again, where the record itself knows the exact deadline. Items are not
//! removed when a key is deleted or its deadline moves: the wheel finds out when the item's time comes. The owner
//! rebuilds the wheel when such leftovers outnumber the living, which bounds its size.

const BITS: u32 = 6;
const SLOTS: u64 = 1 << BITS;
const LEVELS: usize = 8;
/// Farther deadlines are looked at again after this long, because an item keeps only 32 bits of its deadline.
const HORIZON_MS: u64 = 1 << 31;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Item {
    hash: u32,
    due: u32,
}

#[derive(Debug)]
struct Level {
    occupied: u64,
    slots: [Vec<Item>; SLOTS as usize],
}

/// The wheel.
#[derive(Debug)]
pub(crate) struct Wheel {
    elapsed: u64,
    levels: [Option<Box<Level>>; LEVELS],
    len: usize,
}

impl Wheel {
    /// An empty wheel that stands at `now_ms`.
    pub(crate) fn new(now_ms: u64) -> Wheel {
        Wheel { elapsed: now_ms, levels: Default::default(), len: 0 }
    }

    /// How many items there are, leftovers included.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of the heap the wheel has.
    pub(crate) fn own_bytes(&self) -> usize {
        let level = |level: &Level| {
            size_of::<Level>() + level.slots.iter().map(Vec::capacity).sum::<usize>() * size_of::<Item>()
        };
        size_of::<Wheel>() + self.levels.iter().flatten().map(|l| level(l)).sum::<usize>()
    }

    /// Much the same without counting: what the memory limit goes by.
    pub(crate) fn roughly_bytes(&self) -> usize {
        let levels = self.levels.iter().flatten().count() * size_of::<Level>();
        size_of::<Wheel>() + levels + self.len * size_of::<Item>() * 3 / 2
    }

    /// The items at these places, of all of them in some order: `places` are below [`Wheel::len`] and sorted.
    pub(crate) fn sample(&self, places: &[usize], mut take: impl FnMut(u32)) {
        let mut places = places.iter().copied().peekable();
        let mut passed = 0;
        for slot in self.levels.iter().flatten().flat_map(|level| &level.slots) {
            while let Some(place) = places.peek()
                && let Some(item) = slot.get(place - passed)
            {
                take(item.hash);
                places.next();
            }
            passed += slot.len();
        }
    }

    /// Adds an item. A moment that has passed counts as the next millisecond.
    pub(crate) fn insert(&mut self, hash: u32, due_ms: u64) {
        let due = due_ms.clamp(self.elapsed + 1, self.elapsed + HORIZON_MS);
        self.place(Item { hash, due: due as u32 }, due);
        self.len += 1;
    }

    fn place(&mut self, item: Item, due: u64) {
        let differing = ((self.elapsed ^ due) | (SLOTS - 1)).ilog2();
        let level = ((differing / BITS) as usize).min(LEVELS - 1);
        let slot = ((due >> (BITS * level as u32)) % SLOTS) as usize;
        let level = self.levels[level].get_or_insert_with(|| {
            Box::new(Level { occupied: 0, slots: std::array::from_fn(|_| Vec::new()) })
        });
        level.occupied |= 1 << slot;
        level.slots[slot].push(item);
    }

    /// The earliest slot that holds something: level, slot, and when it starts.
    fn next_slot(&self) -> Option<(usize, usize, u64)> {
        let starts = self.levels.iter().enumerate().filter_map(|(i, level)| {
            let occupied = level.as_ref()?.occupied;
            if occupied == 0 {
                return None;
            }
            let slot = occupied.trailing_zeros();
            let shift = BITS * i as u32;
            let rotation = self.elapsed & !((1 << (shift + BITS)) - 1);
            Some((i, slot as usize, rotation + (u64::from(slot) << shift)))
        });
        starts.min_by_key(|(_, _, at)| *at)
    }

    /// When the wheel must be looked at next: the next deadline, or a moment before it. `None` when it is empty.
    pub(crate) fn next_due_ms(&self) -> Option<u64> {
        self.next_slot().map(|(_, _, at)| at)
    }

    /// Takes items that are due at `now_ms`, moving the wheel forward, and stops after `most` of them. Those of one
    /// slot come in no order.
    pub(crate) fn take_due(&mut self, now_ms: u64, most: usize, mut take: impl FnMut(u32)) {
        // Moving an item to a finer level is some ten times cheaper than expiring a key: it counts as a quarter.
        let mut left = most * 4;
        while let Some((level, slot, at)) = self.next_slot() {
            if at > now_ms {
                break;
            }
            if left == 0 {
                return;
            }
            self.elapsed = self.elapsed.max(at);
            // What it still holds goes to finer levels, so nothing comes into this slot meanwhile.
            while left > 0
                && let Some(item) = self.pop(level, slot)
            {
                let due = self
                    .elapsed
                    .saturating_add_signed(i64::from(item.due.wrapping_sub(self.elapsed as u32) as i32));
                if due <= now_ms {
                    self.len -= 1;
                    left = left.saturating_sub(4);
                    take(item.hash);
                } else {
                    left -= 1;
                    self.place(item, due);
                }
            }
        }
        self.elapsed = self.elapsed.max(now_ms);
    }

    fn pop(&mut self, level: usize, slot: usize) -> Option<Item> {
        let level = self.levels[level].as_mut()?;
        let items = &mut level.slots[slot];
        let item = items.pop();
        if items.is_empty() {
            *items = Vec::new();
            level.occupied &= !(1 << slot);
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn items_come_at_their_time_and_never_before(
            start in prop_oneof![Just(1_577_836_800_000_u64), (1_u64 << 42) - 70..(1 << 42), 0..100_u64],
            items in prop::collection::vec(
                (prop_oneof![0..200_u64, 0..100_000_u64, 0..3_000_000_000_u64], 0..2_000_u64),
                1..200,
            ),
        ) {
            let mut wheel = Wheel::new(start);
            let mut now = start;
            let mut waiting = Vec::new();
            for (i, (after, step)) in items.iter().enumerate() {
                // Farther than the horizon, an item comes early, to be looked at again.
                let due = (now + after).clamp(now + 1, now + HORIZON_MS);
                wheel.insert(i as u32, now + after);
                waiting.push((i as u32, due));
                now += step;
                let mut taken = Vec::new();
                wheel.take_due(now, usize::MAX / 8, |item| taken.push(item));
                for item in taken {
                    let at = waiting.iter().position(|(id, _)| *id == item).expect("an item once");
                    let (_, due) = waiting.swap_remove(at);
                    prop_assert!(due <= now, "early by {}", due - now);
                }
                prop_assert!(waiting.iter().all(|(_, due)| *due > now), "late");
                prop_assert!(wheel.next_due_ms().is_none_or(|next| next > now));
                prop_assert_eq!(wheel.len(), waiting.len());
            }
        }
    }

    #[test]
    fn a_step_is_bounded_and_loses_nothing() {
        let mut wheel = Wheel::new(1_000);
        for i in 0..10_000 {
            wheel.insert(i, 5_000 + u64::from(i % 3));
        }
        let (mut all, mut steps) = (0, 0);
        while wheel.next_due_ms().is_some_and(|next| next <= 6_000) {
            let mut taken = 0;
            wheel.take_due(6_000, 32, |_| taken += 1);
            assert!(taken <= 32);
            (all, steps) = (all + taken, steps + 1);
        }
        assert_eq!((all, wheel.len()), (10_000, 0));
        assert!(steps < 500, "{steps} steps");
    }

    #[test]
    fn the_next_moment_is_never_after_the_next_deadline() {
        let mut wheel = Wheel::new(0);
        wheel.insert(1, 100_000);
        wheel.insert(2, 90_000);
        let mut wakes = 0;
        let mut taken = Vec::new();
        while let Some(next) = wheel.next_due_ms() {
            assert!(next <= 100_000);
            wheel.take_due(next, 32, |item| taken.push((next, item)));
            wakes += 1;
        }
        assert_eq!(taken, [(90_000, 2), (100_000, 1)]);
        assert!(wakes <= 8, "{wakes} wakes for two deadlines");
    }
}
