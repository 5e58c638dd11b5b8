//! `SORT`, `SORT_RO`: the elements of a list, a set or a sorted set in order: by themselves, or by other keys that
//! their names lead to.
//!
//! Without such patterns only the key itself is locked. A pattern can lead anywhere, so with one everything is: the
//! order is then that of one moment, as with Redis.

use crate::cx::Haste;
use crate::prelude::*;
use crate::spec::acl;
use larder_core::value::hash::Hash;
use larder_core::value::list::List;
use larder_core::value::set::Set;
use larder_core::value::string::{IntText, Str};
use larder_core::value::zset::Zset;
use larder_core::value::{Kind, Object};
use larder_core::{Entry, Slice, View};
use smallvec::SmallVec;
use std::cmp::Ordering;
use std::ops::Range;

const BY: Arg = Arg { key_spec: 1, ..Arg::pattern("pattern").token("BY").optional() };
const LIMIT: Arg =
    Arg::block("offset_count", &[Arg::int("offset"), Arg::int("count")]).token("LIMIT").optional();
const GET: Arg = Arg { key_spec: 1, ..Arg::pattern("pattern").token("GET").optional().multiple_token() };
const ORDER: Arg = Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional();
const ALPHA: Arg = Arg::word("sorting", "ALPHA").optional();

const ANY: Command = Command {
    group: Group::Keys,
    complexity: "O(N+M*log(M)) for N elements of which M are answered",
    arity: -2,
    acl: acl::SET | acl::SORTEDSET | acl::LIST | acl::DANGEROUS,
    acl_without: acl::KEYSPACE,
    reach: Reach::Dynamic(reach),
    ..Command::DEFAULT
};

pub(crate) static SORT: Command = Command {
    name: "sort",
    summary: "Sorts a list, a set or a sorted set, by its elements or by what they lead to; stores it if you like.",
    since: "1.0.0",
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, RO | ACCESS), KeySpec::unknown(RO | ACCESS), KeySpec::unknown(OW | UPDATE)],
    more_keys: Some(stored_key),
    args: &[
        Arg::key("key"),
        BY,
        LIMIT,
        GET,
        ORDER,
        ALPHA,
        Arg::key_of("destination", 2).token("STORE").optional(),
    ],
    examples: &[
        "SORT nothing",
        "RPUSH numbers 3 1 2 10 -5",
        "SORT numbers",
        "SORT numbers DESC LIMIT 0 2",
        "SORT numbers ALPHA",
        "SORT numbers BY nosort LIMIT 1 2",
        "RPUSH users ann bob",
        "MSET age:ann 41 age:bob 39 name:ann Ann name:bob Bob",
        "SORT users",
        "SORT users BY age:* GET name:* GET # GET nothing:*",
        "HSET user:ann score 7",
        "SORT users BY user:*->score DESC STORE sorted",
        "LRANGE sorted 0 -1",
        "SET text x",
        "SORT text",
    ],
    run: |cx, args, out| {
        let plan = Plan::read(args, true)?.allowed(cx, args)?;
        run(cx, args, out, plan)
    },
    ..ANY
};

pub(crate) static SORT_RO: Command = Command {
    name: "sort_ro",
    summary: "Sorts a list, a set or a sorted set, by its elements or by what they lead to.",
    since: "7.0.0",
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS), KeySpec::unknown(RO | ACCESS)],
    args: &[Arg::key("key"), BY, LIMIT, GET, ORDER, ALPHA],
    examples: &["SADD letters b a c", "SORT_RO letters ALPHA", "SORT_RO letters", "SORT_RO letters STORE x"],
    run: |cx, args, out| {
        let plan = Plan::read(args, false)?.allowed(cx, args)?;
        run(cx, args, out, plan)
    },
    ..ANY
};

/// What is asked for.
struct Plan<'a> {
    by: Option<&'a [u8]>,
    /// `BY` a pattern that names no element: the order stays as it is.
    unsorted: bool,
    gets: SmallVec<[&'a [u8]; 4]>,
    offset: i64,
    count: i64,
    descending: bool,
    alpha: bool,
    store: Option<&'a [u8]>,
}

impl<'a> Plan<'a> {
    fn read(args: Args<'a>, writes: bool) -> Result<Plan<'a>> {
        let mut plan = Plan {
            by: None,
            unsorted: false,
            gets: SmallVec::new(),
            offset: 0,
            count: -1,
            descending: false,
            alpha: false,
            store: None,
        };
        let mut options = args.options(2);
        while let Some(option) = options.next() {
            match () {
                () if is(option, "ASC") => plan.descending = false,
                () if is(option, "DESC") => plan.descending = true,
                () if is(option, "ALPHA") => plan.alpha = true,
                () if is(option, "LIMIT") => {
                    let [offset, count] = options.take_words(2).unwrap_or_default() else {
                        return Err(Error::SYNTAX);
                    };
                    plan.offset = parse_int(offset).ok_or(Error::NOT_INTEGER)?;
                    plan.count = parse_int(count).ok_or(Error::NOT_INTEGER)?;
                }
                () if is(option, "STORE") && writes => plan.store = Some(options.value()?),
                () if is(option, "BY") => {
                    let pattern = options.value()?;
                    plan.by = Some(pattern);
                    plan.unsorted |= !pattern.contains(&b'*');
                }
                () if is(option, "GET") => plan.gets.push(options.value()?),
                () => return Err(Error::SYNTAX),
            }
        }
        Ok(plan)
    }

    /// Patterns name keys that nobody can tell before, so they are for those who may read every key.
    fn allowed(self, cx: &Cx<'_>, args: Args<'_>) -> Result<Plan<'a>> {
        let by = self.by.is_some() && !self.unsorted;
        if by {
            cx.instance.cluster.forbid("BY option of SORT denied in Cluster mode.")?;
        }
        if !self.gets.is_empty() {
            cx.instance.cluster.forbid("GET option of SORT denied in Cluster mode.")?;
        }
        if (by || !self.gets.is_empty()) && !cx.session.user.may_read_anything(cx.entry, args.0) {
            let option = if by { "BY" } else { "GET" };
            return Err(Error::general(format_args!(
                "{option} option of SORT denied due to insufficient ACL permissions."
            )));
        }
        Ok(self)
    }

    /// Whether so few elements are asked for that they are read at once, however many there are.
    fn asks_for_few(&self) -> bool {
        self.unsorted && usize::try_from(self.count).is_ok_and(|count| count <= Haste::PARTS_MAX)
    }

    /// Which of so many elements, in the order in which they are kept, have to be read: where that order stays, those
    /// that are asked for. From the end is the same range counted from there.
    fn range_to_read(&self, len: usize) -> Range<usize> {
        let range = self.range(len);
        match (self.unsorted, self.descending) {
            (false, _) => 0..len,
            (true, false) => range,
            (true, true) => len - range.end..len - range.start,
        }
    }

    /// Which of so many elements are asked for.
    fn range(&self, len: usize) -> Range<usize> {
        let within = |n: i64| usize::try_from(n).unwrap_or(0).min(len);
        let start = within(self.offset);
        let end = if self.count < 0 { len } else { start.saturating_add(within(self.count)).min(len) };
        start..end
    }

    /// Those of sorted elements that are asked for.
    fn of_range<T>(&self, mut elements: Vec<T>) -> Vec<T> {
        let range = self.range(elements.len());
        elements.truncate(range.end);
        elements.drain(..range.start);
        elements
    }

    fn order(&self, ordering: Ordering) -> Ordering {
        if self.descending { ordering.reverse() } else { ordering }
    }

    fn by_weight(&self, mut weighed: Vec<(Weight, Vec<u8>)>) -> Vec<Vec<u8>> {
        weighed.sort_by(|(a, a_element), (b, b_element)| {
            self.order(match (a, b) {
                (Weight::Number(a), Weight::Number(b)) => {
                    a.partial_cmp(b).unwrap_or(Ordering::Equal).then_with(|| a_element.cmp(b_element))
                }
                (Weight::Text(a), Weight::Text(b)) => a.cmp(b),
                (Weight::Number(_), Weight::Text(_)) | (Weight::Text(_), Weight::Number(_)) => {
                    Ordering::Equal
                }
            })
        });
        self.of_range(weighed).into_iter().map(|(_, element)| element).collect()
    }
}

fn reach(words: &[&[u8]]) -> Reach {
    match Plan::read(Args(words), true) {
        Ok(plan) if plan.by.is_some_and(|_| !plan.unsorted) => Reach::Everything,
        Ok(plan) if plan.gets.iter().any(|pattern| *pattern != b"#") => Reach::Everything,
        _ => Reach::Keys,
    }
}

/// The key that STORE names; of several, the last.
fn stored_key(words: &[&[u8]], found: &mut Vec<(usize, u32)>) {
    let mut at = 2;
    let mut stored = None;
    while let Some(word) = words.get(at) {
        at += match () {
            () if is(word, "LIMIT") => 3,
            () if is(word, "BY") || is(word, "GET") => 2,
            () if is(word, "STORE") => {
                stored = Some(at + 1).filter(|at| *at < words.len());
                2
            }
            () => 1,
        };
    }
    found.extend(stored.map(|at| (at, OW | UPDATE)));
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, mut plan: Plan<'_>) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    match cx.way_through(&args.from(1)[..1])? {
        // What leads to other keys keeps its locks.
        Way::InSlices if !plan.asks_for_few() && !cx.view.holds_all() => {
            return in_slices(cx, args, out, &plan);
        }
        Way::AtOnce | Way::InSlices => {}
        Way::Elsewhere => return Ok(Outcome::Elsewhere),
    }
    let mut elements = load(cx, &key, &mut plan)?;
    if !plan.unsorted {
        elements = if plan.by.is_some() { sorted_by(cx, elements, &plan)? } else { sorted(elements, &plan)? };
    }
    if let Some(destination) = plan.store {
        return store(cx, out, destination, &elements, &plan);
    }
    out.array(elements.len() * plan.gets.len().max(1));
    for element in &elements {
        if plan.gets.is_empty() {
            out.bulk(element);
        }
        for pattern in &plan.gets {
            look_up(cx, pattern, element, |value| out.string_or_null(value))?;
        }
    }
    Ok(Done)
}

/// Elements that were read in slices.
#[derive(Debug, Default)]
struct Loaded {
    elements: Vec<Vec<u8>>,
    /// Where a set is gone on with.
    cursor: u64,
    /// They are a set's: all of them, in no order.
    is_set: bool,
}

impl Loaded {
    /// Adds some more elements of a value. Says whether that was all.
    fn go_on(&mut self, entry: &Entry<'_>, plan: &Plan<'_>) -> Result<bool> {
        let mut slice = Slice::default();
        let done = self.elements.len();
        // What a slice has room for, of what is to be read.
        let part = |len: usize, slice: &Slice| {
            let range = plan.range_to_read(len);
            let start = range.start + done;
            (start..(start + slice.left()).min(range.end), range.end)
        };
        let mut add = |element: Vec<u8>, slice: &mut Slice| {
            slice.add(element.len());
            self.elements.push(element);
        };
        match entry.kind() {
            Kind::List => {
                let list: &List = entry.collection()?;
                let (part, end) = part(list.len(), &slice);
                let is_all = part.end == end;
                list.range(part).for_each(|element| add(element.to_vec(), &mut slice));
                Ok(is_all)
            }
            Kind::Zset => {
                let zset: &Zset = entry.collection()?;
                let (part, end) = part(zset.len(), &slice);
                let is_all = part.end == end;
                zset.range(part).for_each(|(member, _)| add(member.to_vec(), &mut slice));
                Ok(is_all)
            }
            Kind::Set => {
                let set: &Set = entry.collection()?;
                self.is_set = true;
                self.cursor = set.scan(self.cursor, slice.left(), |member| add(member.to_vec(), &mut slice));
                Ok(self.cursor == 0)
            }
            _ => Err(Error::WRONG_TYPE),
        }
    }

    /// Puts them in order, for which no lock is needed. Gives those that are asked for.
    fn in_order(mut self, plan: &Plan<'_>) -> Result<Vec<Vec<u8>>> {
        match (plan.unsorted, self.is_set) {
            (false, _) => sorted(self.elements, plan),
            (true, true) => {
                if plan.store.is_some() {
                    self.elements.sort_by(|a, b| plan.order(a.cmp(b)));
                }
                Ok(plan.of_range(self.elements))
            }
            (true, false) => {
                if plan.descending {
                    self.elements.reverse();
                }
                Ok(self.elements)
            }
        }
    }
}

/// Sorts what is many by itself: it is read in slices, and put in order with no lock held.
fn in_slices(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, plan: &Plan<'_>) -> Result<Outcome> {
    let (key, times) = (cx.key(args.at(1)), plan.gets.len().max(1));
    cx.view.get(&key)?;
    let read = |view: &mut View<'_>, loaded: &mut Loaded| {
        view.peek(&key)?.map_or(Ok(true), |entry| loaded.go_on(&entry, plan))
    };
    let Some(destination) = plan.store else {
        let elements = cx.read_in_slices(args, &[key], read)?.in_order(plan)?;
        out.array(elements.len() * times);
        elements.iter().flat_map(|element| std::iter::repeat_n(element, times)).for_each(|e| out.bulk(e));
        return Ok(Done);
    };
    let limits = cx.view.tools().limits;
    let list = cx.view.in_slices_then(&[key], read, |loaded: Loaded| {
        let mut list = List::new();
        for element in loaded.in_order(plan)? {
            (0..times).for_each(|_| list.push_back(&limits, &element));
        }
        Ok::<_, Error>(list)
    })?;
    put(cx, out, destination, list)
}

fn store(
    cx: &mut Cx<'_>,
    out: &mut dyn Reply,
    destination: &[u8],
    elements: &[Vec<u8>],
    plan: &Plan<'_>,
) -> Result<Outcome> {
    let limits = cx.view.tools().limits;
    let mut list = List::new();
    for element in elements {
        if plan.gets.is_empty() {
            list.push_back(&limits, element);
        }
        for pattern in &plan.gets {
            // What is missing is stored as an empty string.
            look_up(cx, pattern, element, |value| {
                let mut text = IntText::new();
                list.push_back(&limits, value.map_or(b"", |value| value.as_bytes(&mut text)));
            })?;
        }
    }
    put(cx, out, destination, list)
}

fn put(cx: &mut Cx<'_>, out: &mut dyn Reply, destination: &[u8], list: List) -> Result<Outcome> {
    let key = cx.key(destination);
    let len = list.len();
    if len > 0 {
        cx.view.put_object(&key, Object::List(list), Expiry::Never)?;
        cx.view.report(&key, "sortstore", Class::LIST)?;
    } else if cx.view.remove(&key)? {
        cx.view.report(&key, "del", Class::GENERIC)?;
    }
    out.count(len);
    Ok(Done)
}

/// The elements of the key: those that are asked for where the order stays, else all.
fn load(cx: &mut Cx<'_>, key: &Key<'_>, plan: &mut Plan<'_>) -> Result<Vec<Vec<u8>>> {
    let Some(entry) = cx.view.get(key)? else { return Ok(Vec::new()) };
    let mut elements: Vec<Vec<u8>> = match entry.kind() {
        Kind::List => {
            let list: &List = entry.collection()?;
            list.range(plan.range_to_read(list.len())).map(<[u8]>::to_vec).collect()
        }
        Kind::Zset => {
            let zset: &Zset = entry.collection()?;
            zset.range(plan.range_to_read(zset.len())).map(|(member, _)| member.to_vec()).collect()
        }
        Kind::Set => {
            let set: &Set = entry.collection()?;
            if plan.unsorted && (plan.store.is_some() || cx.caller == Caller::Script) {
                // What is stored must not depend on the order in which a set happens to be kept.
                (plan.unsorted, plan.alpha, plan.by) = (false, true, None);
            }
            let mut members = Vec::with_capacity(set.len());
            set.each(|member| {
                members.push(member.to_vec());
                true
            });
            if plan.unsorted {
                let range = plan.range(members.len());
                members.truncate(range.end);
                members.drain(..range.start);
            }
            return Ok(members);
        }
        _ => return Err(Error::WRONG_TYPE),
    };
    if plan.unsorted && plan.descending {
        elements.reverse();
    }
    Ok(elements)
}

/// What an element is sorted by, if not by its own bytes.
enum Weight {
    Number(f64),
    /// Missing ones come first.
    Text(Option<Vec<u8>>),
}

/// Elements in the order of their own bytes or numbers, and of these those that are asked for.
fn sorted(mut elements: Vec<Vec<u8>>, plan: &Plan<'_>) -> Result<Vec<Vec<u8>>> {
    if plan.alpha {
        elements.sort_by(|a, b| plan.order(a.cmp(b)));
        return Ok(plan.of_range(elements));
    }
    let weigh = |element: Vec<u8>| Ok((weigh(Str::Bytes(&element), plan).ok_or_else(no_number)?, element));
    let weighed: Result<Vec<_>> = elements.into_iter().map(weigh).collect();
    Ok(plan.by_weight(weighed?))
}

/// The same in the order of what they lead to.
fn sorted_by(cx: &mut Cx<'_>, elements: Vec<Vec<u8>>, plan: &Plan<'_>) -> Result<Vec<Vec<u8>>> {
    let mut weighed = Vec::with_capacity(elements.len());
    for element in elements {
        let mut weight = None;
        look_up(cx, plan.by.unwrap_or(b"#"), &element, |value| {
            weight = value.map_or(Some(missing(plan)), |value| weigh(value, plan));
        })?;
        weighed.push((weight.ok_or_else(no_number)?, element));
    }
    Ok(plan.by_weight(weighed))
}

fn no_number() -> Error {
    Error::general("One or more scores can't be converted into double")
}

fn missing(plan: &Plan<'_>) -> Weight {
    if plan.alpha { Weight::Text(None) } else { Weight::Number(0.0) }
}

fn weigh(value: Str<'_>, plan: &Plan<'_>) -> Option<Weight> {
    let mut text = IntText::new();
    match value {
        _ if plan.alpha => Some(Weight::Text(Some(value.as_bytes(&mut text).to_vec()))),
        Str::Int(n) => Some(Weight::Number(n as f64)),
        value => number(value.as_bytes(&mut text)).map(Weight::Number),
    }
}

/// A number as Redis reads it here: up to the first zero byte, nothing at all being zero; what is too large or too
/// small for the type is none.
fn number(text: &[u8]) -> Option<f64> {
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    if text.is_empty() {
        return Some(0.0);
    }
    let n = crate::args::parse_float(text)?;
    let mantissa = text.split(|byte| matches!(byte, b'e' | b'E' | b'p' | b'P')).next().unwrap_or_default();
    let vanished = n == 0.0 && mantissa.iter().any(|byte| matches!(byte, b'1'..=b'9'));
    (!vanished).then_some(n)
}

/// Looks up what a pattern leads to: `#` is the element itself; else the element takes the place of the star, and after
/// an arrow stands the field of a hash.
fn look_up(
    cx: &mut Cx<'_>,
    pattern: &[u8],
    element: &[u8],
    found: impl FnOnce(Option<Str<'_>>),
) -> Result<()> {
    if pattern == b"#" {
        found(Some(Str::Bytes(element)));
        return Ok(());
    }
    let Some(star) = pattern.iter().position(|byte| *byte == b'*') else {
        found(None);
        return Ok(());
    };
    let after = &pattern[star + 1..];
    let arrow = after.windows(2).position(|pair| pair == b"->").filter(|at| at + 2 < after.len());
    let (after, field) = arrow.map_or((after, None), |at| (&after[..at], Some(&after[at + 2..])));
    let bytes = [&pattern[..star], element, after].concat();
    let key = cx.key(&bytes);
    let entry = cx.view.get(&key)?;
    found(match (entry, field) {
        (Some(entry), None) => entry.string().ok(),
        (Some(entry), Some(field)) => entry.collection::<Hash>().ok().and_then(|hash| hash.get(field)),
        (None, _) => None,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::House;

    #[test]
    fn numbers_are_read_as_redis_reads_them() {
        for (text, n) in [
            ("", 0.0),
            ("1\0x", 1.0),
            ("-inf", f64::NEG_INFINITY),
            ("0x10", 16.0),
            ("0e5", 0.0),
            ("-2.5", -2.5),
        ] {
            assert_eq!(number(text.as_bytes()), Some(n), "{text:?}");
        }
        for text in [" ", "1 ", " 1", "nan", "1e400", "1e-400", "x", "1,5"] {
            assert_eq!(number(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn only_patterns_reach_beyond_the_keys() {
        let reach_of = |line: &str| {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            let mut found = Vec::new();
            stored_key(&words, &mut found);
            (matches!(reach(&words), Reach::Everything), found.first().map(|(at, _)| *at))
        };
        assert_eq!(reach_of("sort k"), (false, None));
        assert_eq!(reach_of("sort k by nosort get # store d"), (false, Some(7)));
        assert_eq!(reach_of("sort k by w_*"), (true, None));
        assert_eq!(reach_of("sort k get store store a store b"), (true, Some(7)));
        assert_eq!(reach_of("sort k limit store 1 store"), (false, None));
    }

    #[test]
    fn a_stored_order_serves_those_who_wait_and_loses_its_deadline() {
        let house = House::new();
        let (mut waiter, mut guest) = (house.guest(), house.guest());
        guest.says("RPUSH l 3 1 2");
        assert_eq!(waiter.says("BLPOP d 0"), "(waits)");
        assert_eq!(guest.says("SORT l STORE d"), "(3)");
        assert_eq!(waiter.hears(), "[\"d\" \"1\"]");
        guest.says("EXPIRE d 10");
        assert_eq!(guest.says("SORT l STORE d"), "(3)");
        assert_eq!(guest.says("TTL d"), "(-1)");
    }

    #[test]
    fn a_transaction_sorts_by_keys_it_did_not_name() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("RPUSH l a b");
        guest.says("MSET w_a 2 w_b 1");
        guest.says("MULTI");
        guest.says("SORT l BY w_* GET # GET w_*");
        assert_eq!(guest.says("EXEC"), "[[\"b\" \"1\" \"a\" \"2\"]]");
    }
}
