//! Sorted sets: distinct members, each with a score, in the order of score and then of the member's bytes.
//!
//! A small one is a single run of bytes in that order. A large one keeps each member once, in a table by hash that also
//! has the score, and beside it the order: a counted tree of scores and four-byte handles. Everything by rank, by score
//! or by member is first turned into a range of ranks, in O(log n); what is done with a range is then the same for all
//! three. So counting is subtracting, and skipping an offset costs nothing.
//!
//! A score is never NaN and never minus zero: both are stored as zero.

use super::member_table::MemberTable;
use super::score::{LexBound, ScoreBound};
use super::score_list::{ScoreList, Spots};
use super::score_tree::{Pairs, ScoreTree, Way};
use super::{Collection, Kind, Object};
use crate::keyspace::{KeyHasher, Tools};
use crate::options::ValueLimits;
use crate::rng::Rng;
use std::collections::HashSet;
use std::ops::Range;

/// Whether one member with its score stands before another.
#[inline]
pub(crate) fn precedes(a: (f64, &[u8]), b: (f64, &[u8])) -> bool {
    a.0 < b.0 || (a.0 == b.0 && a.1 < b.1)
}

/// A sorted set.
#[derive(Clone, Debug)]
pub struct Zset {
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Small(ScoreList),
    Large(Box<Large>),
}

#[derive(Clone, Debug)]
struct Large {
    members: MemberTable,
    order: ScoreTree,
    /// Where the member that the next removal moves was seen in the order.
    ahead: Option<(u32, Way)>,
}

/// What an insertion did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// The member is new.
    Added,
    /// The member has another score now.
    Updated,
    /// The member had this score already.
    Same,
}

impl Large {
    fn new(hasher: &KeyHasher) -> Large {
        Large { members: MemberTable::new(hasher), order: ScoreTree::new(), ahead: None }
    }

    fn rank_of(&self, score: f64, member: &[u8]) -> usize {
        let members = &self.members;
        self.order.rank_where(|s, handle| s < score || (s == score && members.name(handle) < member))
    }

    /// Adds a member that is not there.
    fn add(&mut self, member: &[u8], score: f64) {
        let handle = self.members.insert(member, score);
        self.add_to_order(handle, score);
    }

    fn add_to_order(&mut self, handle: u32, score: f64) {
        let members = &self.members;
        let member = members.name(handle);
        self.order
            .insert(|s, other| s < score || (s == score && members.name(other) < member), (score, handle));
    }

    fn insert(&mut self, member: &[u8], score: f64) -> Inserted {
        let Some(handle) = self.members.find(member) else {
            self.add(member, score);
            return Inserted::Added;
        };
        let old = self.members.score(handle);
        if old == score {
            return Inserted::Same;
        }
        let members = &self.members;
        let before =
            |score: f64| move |s: f64, other: u32| s < score || (s == score && members.name(other) < member);
        if !self.order.rescore(before(old), before(score), score) {
            self.order.remove(self.order.rank_where(before(old)));
            self.order.insert(before(score), (score, handle));
        }
        self.members.set_score(handle, score);
        Inserted::Updated
    }

    fn remove_rank(&mut self, rank: usize) {
        let (_, handle) = self.order.remove(rank);
        let last = (self.members.len() - 1) as u32;
        // The last member is about to move into the place of the removed one.
        let seen = self.ahead.take().filter(|(moves, _)| *moves == last);
        let replaced = seen.is_some_and(|(_, way)| self.order.replace_handle_on(&way, last, handle));
        if handle != last && !replaced {
            let members = &self.members;
            let (score, member) = (members.score(last), members.name(last));
            let before = |s, other| s < score || (s == score && members.name(other) < member);
            self.order.replace_handle(before, last, handle);
        }
        self.members.remove(handle);
        if rank == 0 || rank == self.order.len() {
            self.prefetch_removal(rank == 0);
        }
    }

    /// Begins to fetch what the next removals from the beginning or the end will touch. Who takes one from there takes
    /// more, and each would wait for half a dozen lines one after the other: the member, its place in the index, and
    /// both and the leaf of the one that moves into the gap.
    fn prefetch_removal(&mut self, first: bool) {
        let Some(last) = self.order.len().checked_sub(1) else { return };
        let members = &self.members;
        let (near, then) = if first { (0, 1) } else { (last, last.saturating_sub(1)) };
        let mut pairs = self.order.range(near.min(then)..near.max(then) + 1);
        let mut next = || if first { pairs.next() } else { pairs.next_back() };
        if let Some((_, handle)) = next() {
            members.prefetch_place(handle);
        }
        if let Some((_, handle)) = next() {
            members.prefetch(handle);
        }
        let moves = last as u32;
        members.prefetch_place(moves);
        members.prefetch(moves.saturating_sub(2));
        let (score, member) = (members.score(moves), members.name(moves));
        let before = |s, handle| s < score || (s == score && members.name(handle) < member);
        self.ahead = Some((moves, self.order.way_to(before)));
    }

    fn remove_ranks(&mut self, ranks: Range<usize>) {
        let len = self.order.len();
        if ranks.len() < len / 3 {
            // From the end, so that the places before stay where they are.
            return ranks.rev().for_each(|rank| self.remove_rank(rank));
        }
        // To build anew what stays costs a quarter as much for each as to remove, and leaves no sparse nodes.
        let (mut members, mut order) = (self.members.another(), ScoreTree::new());
        for (score, handle) in self.order.range(0..ranks.start).chain(self.order.range(ranks.end..len)) {
            let handle = members.insert(self.members.name(handle), score);
            order.insert(|_, _| true, (score, handle));
        }
        *self = Large { members, order, ahead: None };
    }
}

impl Zset {
    /// An empty one.
    pub fn new() -> Zset {
        Zset { form: Form::Small(ScoreList::default()) }
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Small(list) => list.len(),
            Form::Large(large) => large.members.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of the form, as Redis has it.
    pub fn encoding(&self) -> &'static str {
        match self.form {
            Form::Small(_) => "listpack",
            Form::Large(_) => "skiplist",
        }
    }

    /// Bytes on the heap. O(1).
    pub fn used_bytes(&self) -> usize {
        match &self.form {
            Form::Small(list) => list.used_bytes(),
            Form::Large(large) => size_of::<Large>() + large.members.used_bytes() + large.order.used_bytes(),
        }
    }

    /// Fetches what finding these members will touch into the cache.
    pub(crate) fn prefetch(&self, members: &[&[u8]]) {
        if let Form::Large(large) = &self.form {
            large.members.prefetch_members(members);
        }
    }

    /// The score of a member. O(1).
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match &self.form {
            Form::Small(list) => list.find(member).map(|(_, spot)| spot.score()),
            Form::Large(large) => large.members.find(member).map(|handle| large.members.score(handle)),
        }
    }

    /// Gives a member this score, and adds it if it is new. O(log n).
    pub fn insert(&mut self, tools: &Tools<'_>, member: &[u8], score: f64) -> Inserted {
        // Adding zero turns minus zero into zero.
        let score = if score.is_nan() { 0.0 } else { score + 0.0 };
        let list = match &mut self.form {
            Form::Large(large) => return large.insert(member, score),
            Form::Small(list) => list,
        };
        if let Some((rank, spot)) = list.find(member) {
            if spot.score() == score {
                return Inserted::Same;
            }
            list.remove_range(rank..rank + 1, |_, _| {});
            list.insert(score, member);
            return Inserted::Updated;
        }
        if fits(&tools.limits, list.len() + 1, member.len()) {
            list.insert(score, member);
        } else {
            self.grow(tools.hasher).add(member, score);
        }
        Inserted::Added
    }

    /// Becomes large.
    fn grow(&mut self, hasher: &KeyHasher) -> &mut Large {
        if let Form::Small(list) = &self.form {
            let mut large = Box::new(Large::new(hasher));
            for (member, score) in list.range(0..list.len()) {
                large.add(member, score);
            }
            self.form = Form::Large(large);
        }
        match &mut self.form {
            Form::Large(large) => large,
            Form::Small(_) => unreachable!("it became large above"),
        }
    }

    /// A sorted set of what a table has, small again if it can be. For results, which are collected first and sorted at
    /// the end.
    pub(crate) fn from_table(members: MemberTable, limits: &ValueLimits) -> Zset {
        let mut handles: Vec<u32> = (0..members.len() as u32).collect();
        let longest = handles.iter().map(|handle| members.name(*handle).len()).max().unwrap_or(0);
        let small = fits(limits, handles.len(), longest);
        handles.sort_unstable_by(|a, b| {
            let by_score = members.score(*a).total_cmp(&members.score(*b));
            by_score.then_with(|| members.name(*a).cmp(members.name(*b)))
        });
        if small {
            let mut list = ScoreList::default();
            for handle in handles {
                list.insert(members.score(handle), members.name(handle));
            }
            return Zset { form: Form::Small(list) };
        }
        let mut order = ScoreTree::new();
        for handle in handles {
            order.insert(|_, _| true, (members.score(handle), handle));
        }
        Zset { form: Form::Large(Box::new(Large { members, order, ahead: None })) }
    }

    /// Removes a member and gives its score. O(log n).
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        match &mut self.form {
            Form::Small(list) => {
                let (rank, spot) = list.find(member)?;
                let score = spot.score();
                list.remove_range(rank..rank + 1, |_, _| {});
                Some(score)
            }
            Form::Large(large) => {
                let score = large.members.score(large.members.find(member)?);
                large.remove_rank(large.rank_of(score, member));
                Some(score)
            }
        }
    }

    /// How many members stand before this one, or with `reverse` after it, and its score. O(log n).
    pub fn rank(&self, member: &[u8], reverse: bool) -> Option<(usize, f64)> {
        let (rank, score) = match &self.form {
            Form::Small(list) => list.find(member).map(|(rank, spot)| (rank, spot.score()))?,
            Form::Large(large) => {
                let score = large.members.score(large.members.find(member)?);
                (large.rank_of(score, member), score)
            }
        };
        Some((if reverse { self.len() - 1 - rank } else { rank }, score))
    }

    /// The member at a rank. O(log n).
    pub fn get(&self, rank: usize) -> Option<(&[u8], f64)> {
        if rank >= self.len() {
            return None;
        }
        match &self.form {
            Form::Small(list) => list.range(rank..rank + 1).next(),
            Form::Large(large) => {
                let (score, handle) = large.order.get(rank);
                Some((large.members.name(handle), score))
            }
        }
    }

    fn rank_where(&self, before: impl Fn(f64, &[u8]) -> bool) -> usize {
        match &self.form {
            Form::Small(list) => list.rank_where(before),
            Form::Large(large) => {
                large.order.rank_where(|score, handle| before(score, large.members.name(handle)))
            }
        }
    }

    /// The same for what only asks for the score, and so need not fetch members.
    fn rank_where_score(&self, before: impl Fn(f64) -> bool) -> usize {
        match &self.form {
            Form::Small(list) => list.rank_where(|score, _| before(score)),
            Form::Large(large) => large.order.rank_where(|score, _| before(score)),
        }
    }

    /// The ranks of the members with scores between two bounds; how many there are is the length of that. O(log n).
    pub fn ranks_by_score(&self, min: ScoreBound, max: ScoreBound) -> Range<usize> {
        let start = self.rank_where_score(|score| min.is_above(score));
        let end = self.rank_where_score(|score| max.reaches(score));
        start..end.max(start)
    }

    /// The ranks of the members between two bounds, in a set whose scores are all the same. O(log n).
    pub fn ranks_by_lex(&self, min: LexBound<'_>, max: LexBound<'_>) -> Range<usize> {
        let start = self.rank_where(|_, member| min.is_above(member));
        let end = self.rank_where(|_, member| max.reaches(member));
        start..end.max(start)
    }

    /// The members of a range of ranks, in order, or with `rev()` from its end. O(log n) to begin, then O(1) each.
    pub fn range(&self, ranks: Range<usize>) -> Members<'_> {
        Members(match &self.form {
            Form::Small(list) => MembersOf::Small(list.range(ranks)),
            Form::Large(large) => MembersOf::Large(large.order.range(ranks), &large.members),
        })
    }

    /// All members, in order.
    pub fn iter(&self) -> Members<'_> {
        self.range(0..self.len())
    }

    /// Removes a range of ranks, shows each member first, and says how many there were. O(log n) each, and never more
    /// than building the rest anew.
    pub fn remove_range(&mut self, ranks: Range<usize>, mut visit: impl FnMut(&[u8], f64)) -> usize {
        let end = ranks.end.min(self.len());
        let ranks = ranks.start.min(end)..end;
        let removed = ranks.len();
        match &mut self.form {
            Form::Small(list) => list.remove_range(ranks, visit),
            Form::Large(large) => {
                for (score, handle) in large.order.range(ranks.clone()) {
                    visit(large.members.name(handle), score);
                }
                large.remove_ranks(ranks);
            }
        }
        removed
    }

    /// Takes the first member. O(log n).
    pub fn pop_min(&mut self) -> Option<(Vec<u8>, f64)> {
        self.pop(0)
    }

    /// Takes the last member. O(log n).
    pub fn pop_max(&mut self) -> Option<(Vec<u8>, f64)> {
        self.pop(self.len().checked_sub(1)?)
    }

    fn pop(&mut self, rank: usize) -> Option<(Vec<u8>, f64)> {
        let mut popped = None;
        self.remove_range(rank..rank + 1, |member, score| popped = Some((member.to_vec(), score)));
        popped
    }

    /// A member chosen at random, each as likely as any other. O(1).
    pub fn sample(&self, rng: &mut Rng) -> Option<(&[u8], f64)> {
        (!self.is_empty()).then(|| self.any(rng.below(self.len())))
    }

    /// The member at some place below `len`; which is at which place means nothing.
    fn any(&self, place: usize) -> (&[u8], f64) {
        match &self.form {
            Form::Small(list) => list.range(place..place + 1).next().unwrap_or((&[], 0.0)),
            Form::Large(large) => {
                let handle = place as u32;
                (large.members.name(handle), large.members.score(handle))
            }
        }
    }

    /// Visits `count` different members chosen at random, or all if there are not that many. O(count).
    pub fn sample_distinct(&self, rng: &mut Rng, count: usize, mut visit: impl FnMut(&[u8], f64)) {
        if count >= self.len() {
            return self.iter().for_each(|(member, score)| visit(member, score));
        }
        // Floyd's way (Bentley, Floyd, CACM 30/9, 1987): one random number per member, whatever the share.
        let mut chosen = HashSet::with_capacity(count);
        for top in self.len() - count..self.len() {
            let place = rng.below(top + 1);
            let place = if chosen.insert(place) {
                place
            } else {
                chosen.insert(top);
                top
            };
            let (member, score) = self.any(place);
            visit(member, score);
        }
    }

    /// Visits some members and gives the cursor to go on with: 0 to begin, and 0 when done. A small set is visited
    /// whole. A member that stays from the first call to the last is visited at least once.
    pub fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(&[u8], f64)) -> u64 {
        match &self.form {
            Form::Small(list) => {
                list.range(0..list.len()).for_each(|(member, score)| visit(member, score));
                0
            }
            Form::Large(large) => large.members.scan(cursor, count, visit),
        }
    }
}

impl<'z> IntoIterator for &'z Zset {
    type Item = (&'z [u8], f64);
    type IntoIter = Members<'z>;

    fn into_iter(self) -> Members<'z> {
        self.iter()
    }
}

impl Default for Zset {
    fn default() -> Self {
        Zset::new()
    }
}

/// Whether so many members, the longest of them this long, stay in the small form.
fn fits(limits: &ValueLimits, members: usize, longest: usize) -> bool {
    members <= limits.zset_max_listpack_entries && longest <= limits.zset_max_listpack_value
}

/// Members with scores, in order.
#[derive(Clone, Debug)]
pub struct Members<'z>(MembersOf<'z>);

#[derive(Clone, Debug)]
enum MembersOf<'z> {
    Small(Spots<'z>),
    Large(Pairs<'z>, &'z MemberTable),
}

impl<'z> Iterator for Members<'z> {
    type Item = (&'z [u8], f64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            MembersOf::Small(spots) => spots.next(),
            MembersOf::Large(pairs, members) => {
                let pair = pairs.next_showing(|soon| members.prefetch(soon));
                pair.map(|(score, handle)| (members.name(handle), score))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            MembersOf::Small(spots) => spots.size_hint(),
            MembersOf::Large(pairs, _) => pairs.size_hint(),
        }
    }
}

impl DoubleEndedIterator for Members<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            MembersOf::Small(spots) => spots.next_back(),
            MembersOf::Large(pairs, members) => {
                let pair = pairs.next_back_showing(|soon| members.prefetch(soon));
                pair.map(|(score, handle)| (members.name(handle), score))
            }
        }
    }
}

impl ExactSizeIterator for Members<'_> {}

impl Collection for Zset {
    const KIND: Kind = Kind::Zset;

    fn empty(_: &KeyHasher) -> Zset {
        Zset::new()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn into_object(self) -> Object {
        Object::Zset(self)
    }

    fn of(object: &Object) -> Option<&Zset> {
        match object {
            Object::Zset(zset) => Some(zset),
            _ => None,
        }
    }

    fn of_mut(object: &mut Object) -> Option<&mut Zset> {
        match object {
            Object::Zset(zset) => Some(zset),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use crate::value::combine::{Aggregate, Input, difference, intersection, intersection_len, union};
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    type Model = BTreeMap<Vec<u8>, f64>;

    fn with_tools<R>(entries: usize, work: impl FnOnce(&mut Tools<'_>) -> R) -> R {
        let limits = ValueLimits {
            zset_max_listpack_entries: entries,
            zset_max_listpack_value: 20,
            ..ValueLimits::default()
        };
        work(&mut Tools { hasher: &KeyHasher::repeatable(5), limits, rng: Rng::seeded(5) })
    }

    fn sorted(model: &Model) -> Vec<(&[u8], f64)> {
        let mut sorted: Vec<_> = model.iter().map(|(member, score)| (&member[..], *score)).collect();
        sorted.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(b.0)));
        sorted
    }

    /// Scores that meet each other, among them all forms a small set has for them.
    fn score(n: u8) -> f64 {
        match n {
            0 => f64::NEG_INFINITY,
            1 => f64::INFINITY,
            2 => 0.0,
            3 => -1e300,
            4 => i64::MIN as f64,
            5..=20 => f64::from(n) / 7.0,
            21..=40 => -f64::from(n) * 1_000_003.0,
            41..=50 => 2_f64.powi(i32::from(n) + 12),
            n => f64::from(n % 8) * 100.0 - 300.0,
        }
    }

    fn member(n: u16) -> Vec<u8> {
        let mut member = n.to_string().into_bytes();
        if n % 64 == 7 {
            member.resize(if n % 128 == 7 { 19 } else { 300 }, b'x');
        }
        member
    }

    fn build(tools: &Tools<'_>, model: &Model) -> Zset {
        let mut zset = Zset::new();
        for (member, score) in model {
            assert_eq!(zset.insert(tools, member, *score), Inserted::Added);
        }
        zset
    }

    fn agree(zset: &Zset, model: &Model) {
        let sorted = sorted(model);
        assert_eq!(zset.iter().collect::<Vec<_>>(), sorted);
        assert!(zset.iter().rev().eq(sorted.iter().rev().copied()));
        for (rank, (member, score)) in sorted.iter().enumerate() {
            assert_eq!(zset.score(member), Some(*score));
            assert_eq!(zset.get(rank), Some((*member, *score)));
            assert_eq!(zset.rank(member, false), Some((rank, *score)));
            assert_eq!(zset.rank(member, true), Some((sorted.len() - 1 - rank, *score)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn behaves_as_a_map_and_a_sorted_vector(
            entries in prop::sample::select(vec![0, 3, 40, 100_000]),
            steps in prop::collection::vec((0..20_u8, 0..600_u16, any::<u8>()), 1..2_500),
        ) {
            with_tools(entries, |tools| {
                let (mut zset, mut model) = (Zset::new(), Model::new());
                for (step, n, s) in steps {
                    let (member, score) = (member(n), score(s));
                    match step {
                        0..=3 => assert_eq!(zset.remove(&member), model.remove(&member)),
                        4 => {
                            let sorted = sorted(&model);
                            let expected = if s % 2 == 0 { sorted.first() } else { sorted.last() };
                            let expected = expected.map(|(member, score)| (member.to_vec(), *score));
                            let popped = if s % 2 == 0 { zset.pop_min() } else { zset.pop_max() };
                            assert_eq!(popped, expected);
                            if let Some((member, _)) = expected {
                                model.remove(&member);
                            }
                        }
                        5 => {
                            let (start, len) = (usize::from(n), usize::from(s) / 16);
                            let doomed = sorted(&model).into_iter().skip(start).take(len);
                            let doomed: Vec<_> = doomed.map(|(member, score)| (member.to_vec(), score)).collect();
                            let mut shown = Vec::new();
                            let removed = zset.remove_range(start..start + len, |member, score| {
                                shown.push((member.to_vec(), score));
                            });
                            assert_eq!((removed, &shown), (doomed.len(), &doomed));
                            for (member, _) in doomed {
                                model.remove(&member);
                            }
                        }
                        _ => {
                            let expected = match model.insert(member.clone(), score) {
                                None => Inserted::Added,
                                Some(old) if old == score => Inserted::Same,
                                Some(_) => Inserted::Updated,
                            };
                            assert_eq!(zset.insert(tools, &member, score), expected);
                        }
                    }
                    assert_eq!(zset.len(), model.len());
                }
                agree(&zset, &model);
                if entries == 0 && !model.is_empty() {
                    assert_eq!(zset.encoding(), "skiplist");
                }
            });
        }

        #[test]
        fn bounds_are_ranges_of_ranks(
            entries in prop::sample::select(vec![0, 1_000]),
            members in prop::collection::btree_map(0..300_u16, any::<u8>(), 0..250),
            a in any::<u8>(), b in any::<u8>(), excl in any::<(bool, bool)>(), m in 0..300_u16, n in 0..300_u16,
        ) {
            with_tools(entries, |tools| {
                let model: Model = members.iter().map(|(m, s)| (member(*m), score(*s))).collect();
                let zset = build(tools, &model);
                let bound = |excl, score| if excl { ScoreBound::Excl(score) } else { ScoreBound::Incl(score) };
                let (min, max) = (score(a), score(b));
                let ranks = zset.ranks_by_score(bound(excl.0, min), bound(excl.1, max));
                let expected: Vec<_> = sorted(&model).into_iter()
                    .filter(|(_, s)| if excl.0 { *s > min } else { *s >= min })
                    .filter(|(_, s)| if excl.1 { *s < max } else { *s <= max })
                    .collect();
                assert_eq!(zset.range(ranks.clone()).collect::<Vec<_>>(), expected);
                assert_eq!(ranks.len(), expected.len());

                let model: Model = members.keys().map(|m| (member(*m), 1.0)).collect();
                let zset = build(tools, &model);
                let (min, max) = (member(m), member(n));
                let bound = |excl, member| if excl { LexBound::Excl(member) } else { LexBound::Incl(member) };
                let ranks = zset.ranks_by_lex(bound(excl.0, &min), bound(excl.1, &max));
                let expected: Vec<_> = sorted(&model).into_iter()
                    .filter(|(m, _)| if excl.0 { **m > min[..] } else { **m >= min[..] })
                    .filter(|(m, _)| if excl.1 { **m < max[..] } else { **m <= max[..] })
                    .collect();
                assert_eq!(zset.range(ranks).collect::<Vec<_>>(), expected);
                assert_eq!(zset.ranks_by_lex(LexBound::Min, LexBound::Max), 0..model.len());
                assert!(zset.ranks_by_lex(LexBound::Max, LexBound::Min).is_empty());
            });
        }

        #[test]
        fn sets_combine(
            entries in prop::sample::select(vec![0, 1_000]),
            aggregate in prop::sample::select(vec![Aggregate::Sum, Aggregate::Min, Aggregate::Max]),
            sets in prop::collection::vec((prop::collection::btree_map(0..60_u16, any::<u8>(), 0..50), -2..3_i8), 1..4),
            limit in 0..30_usize,
        ) {
            with_tools(entries, |tools| {
                let models: Vec<Model> =
                    sets.iter().map(|(set, _)| set.iter().map(|(m, s)| (member(*m), score(*s))).collect()).collect();
                let zsets: Vec<Zset> = models.iter().map(|model| build(tools, model)).collect();
                let inputs: Vec<Input<'_>> = zsets.iter().zip(&sets)
                    .map(|(zset, (_, weight))| Input { source: Some(zset), weight: f64::from(*weight) }).collect();
                let weights = sets.iter().map(|(_, weight)| f64::from(*weight));
                let mut by_size: Vec<_> = models.iter().zip(weights).collect();
                by_size.sort_by_key(|(model, _)| model.len());
                let number = |n: f64| if n.is_nan() { 0.0 } else { n };
                let mut expected = Model::new();
                for (model, weight) in &by_size {
                    for (member, score) in *model {
                        let score = number(score * weight);
                        expected.entry(member.clone()).and_modify(|total| *total = match aggregate {
                            Aggregate::Sum => number(*total + score),
                            Aggregate::Min => total.min(score),
                            Aggregate::Max => total.max(score),
                        }).or_insert(score);
                    }
                }
                for score in expected.values_mut() {
                    *score += 0.0;
                }
                agree(&union(tools, &inputs, aggregate), &expected);
                expected.retain(|member, _| models.iter().all(|model| model.contains_key(member)));
                let both = intersection(tools, &inputs, aggregate);
                // Infinity times zero is not a number: it makes a sum zero in an intersection, adds nothing in a union.
                let weightless = sets.iter().any(|(_, weight)| *weight == 0);
                if weightless {
                    assert_eq!(both.len(), expected.len());
                    assert!(expected.keys().all(|member| both.score(member).is_some()));
                } else {
                    agree(&both, &expected);
                }
                let count = if limit == 0 { expected.len() } else { expected.len().min(limit) };
                assert_eq!(intersection_len(&inputs, limit), count);
                let mut rest = models[0].clone();
                rest.retain(|member, _| !models[1..].iter().any(|model| model.contains_key(member)));
                agree(&difference(tools, &inputs), &rest);
                let missing = [inputs[0], Input::new(None)];
                assert!(intersection(tools, &missing, aggregate).is_empty());
                assert_eq!(difference(tools, &missing).len(), models[0].len());
            });
        }

        #[test]
        fn samples_are_members_and_scans_see_all(
            entries in prop::sample::select(vec![0, 1_000]), len in 1..400_u16, count in 0..500_usize,
        ) {
            with_tools(entries, |tools| {
                let model: Model = (0..len).map(|n| (member(n), f64::from(n))).collect();
                let zset = build(tools, &model);
                let mut seen = Model::new();
                zset.sample_distinct(&mut tools.rng, count, |member, score| {
                    assert!(seen.insert(member.to_vec(), score).is_none());
                });
                assert_eq!(seen.len(), count.min(model.len()));
                assert!(seen.iter().all(|(member, score)| model.get(member) == Some(score)));
                let (one, score) = zset.sample(&mut tools.rng).expect("it is not empty");
                assert_eq!(model.get(one), Some(&score));
                let (mut seen, mut cursor) = (Model::new(), 0);
                loop {
                    cursor = zset.scan(cursor, 7, |member, score| { seen.insert(member.to_vec(), score); });
                    if cursor == 0 { break; }
                }
                assert_eq!(seen, model);
            });
        }
    }

    #[test]
    fn what_is_seen_ahead_of_a_pop_may_change_before_it() {
        with_tools(0, |tools| {
            let (mut zset, mut model) = (Zset::new(), BTreeSet::new());
            let added = 6_000_u16;
            for n in 0..added {
                let score = tools.rng.below(500);
                zset.insert(tools, &member(n), score as f64);
                model.insert((score, member(n)));
            }
            let mut next = added;
            while let (Some(first), Some(last)) = (model.first().cloned(), model.last().cloned()) {
                let len = model.len();
                // Often the one that moves at the next removal.
                let (other, old) = zset.any(if len % 2 == 0 { len - 1 } else { tools.rng.below(len) });
                let other = (old as usize, other.to_vec());
                match tools.rng.below(8) {
                    0 => {
                        assert_eq!(zset.remove(&other.1), Some(other.0 as f64));
                        model.remove(&other);
                    }
                    1 => {
                        let new = (tools.rng.below(500), other.1.clone());
                        zset.insert(tools, &new.1, new.0 as f64);
                        model.remove(&other);
                        model.insert(new);
                    }
                    2 => {
                        zset.insert(tools, &member(next), 250.0);
                        model.insert((250, member(next)));
                        next += 1;
                    }
                    3..=5 => {
                        assert_eq!(zset.pop_min(), Some((first.1.clone(), first.0 as f64)));
                        model.remove(&first);
                    }
                    _ => {
                        assert_eq!(zset.pop_max(), Some((last.1.clone(), last.0 as f64)));
                        model.remove(&last);
                    }
                }
                if len.is_multiple_of(500) {
                    let scores = model.iter().map(|(score, member)| (member.clone(), *score as f64));
                    agree(&zset, &scores.collect());
                }
            }
            assert!(zset.is_empty());
        });
    }

    #[test]
    fn it_grows_where_redis_does_and_stays_grown() {
        with_tools(3, |tools| {
            let mut zset = Zset::new();
            for member in [b"a", b"b", b"c"] {
                zset.insert(tools, member, 1.0);
                assert_eq!(zset.encoding(), "listpack");
            }
            zset.insert(tools, b"d", 1.0);
            assert_eq!(zset.encoding(), "skiplist");
            zset.remove(b"d");
            assert_eq!(zset.encoding(), "skiplist");
            let mut zset = Zset::new();
            zset.insert(tools, &[b'x'; 20], 1.0);
            assert_eq!(zset.encoding(), "listpack");
            zset.insert(tools, &[b'x'; 21], 1.0);
            assert_eq!(zset.encoding(), "skiplist");
        });
    }

    #[test]
    fn what_is_no_number_or_minus_zero_is_zero() {
        for entries in [0, 10] {
            with_tools(entries, |tools| {
                let mut zset = Zset::new();
                zset.insert(tools, b"nan", f64::NAN);
                zset.insert(tools, b"minus", -0.0);
                for (_, score) in &zset {
                    assert_eq!(score.to_bits(), 0);
                }
                assert_eq!(zset.insert(tools, b"minus", 0.0), Inserted::Same);
                assert_eq!(zset.rank(b"nan", false), Some((1, 0.0)));
            });
        }
    }

    #[test]
    fn infinities_of_both_signs_add_up_to_zero() {
        with_tools(10, |tools| {
            let up = build(tools, &Model::from([(b"m".to_vec(), f64::INFINITY)]));
            let down = build(tools, &Model::from([(b"m".to_vec(), f64::NEG_INFINITY)]));
            let inputs = [Input::new(Some(&up)), Input::new(Some(&down))];
            for zset in [union(tools, &inputs, Aggregate::Sum), intersection(tools, &inputs, Aggregate::Sum)]
            {
                assert_eq!(zset.score(b"m"), Some(0.0));
            }
            assert_eq!(union(tools, &inputs, Aggregate::Max).score(b"m"), Some(f64::INFINITY));
        });
    }

    #[test]
    fn members_are_small() {
        with_tools(128, |tools| {
            let mut zset = Zset::new();
            for n in 0..10_u32 {
                zset.insert(tools, format!("member:{n:05}").as_bytes(), f64::from(n * 100));
            }
            assert!(size_of::<Zset>() + zset.used_bytes() <= 210, "{}", zset.used_bytes());
            for n in 0..60_000_u32 {
                let score = f64::from(n.wrapping_mul(2_654_435_761));
                zset.insert(tools, format!("member:{n:05}").as_bytes(), score);
            }
            let per_member = zset.used_bytes() as f64 / zset.len() as f64;
            assert!(per_member < 66.0, "{per_member}");
        });
    }
}
