//! Streams beside a small model of them.

use super::*;
use crate::options::ValueLimits;
use proptest::prelude::*;

type Pairs = Vec<Vec<u8>>;
type Model = BTreeMap<StreamId, Pairs>;

fn limits(entries: usize, bytes: usize) -> ValueLimits {
    ValueLimits { stream_node_max_entries: entries, stream_node_max_bytes: bytes, ..ValueLimits::default() }
}

/// Entries whose names are mostly the same, with numbers and texts of all lengths.
fn pairs(n: u16) -> Pairs {
    let count = [1, 1, 1, 2, 3, 0][usize::from(n) % 6];
    (0..count)
        .flat_map(|field| {
            let name = if n.is_multiple_of(11) { format!("odd{n}") } else { format!("name{field}") };
            let value = match n % 7 {
                0 => "x".repeat(usize::from(n % 400)),
                1 => String::new(),
                2 => format!("0{n}"),
                _ => (i64::from(n) << (n % 48)).to_string(),
            };
            [name.into_bytes(), value.into_bytes()]
        })
        .collect()
}

fn shown(entry: &Entry<'_>) -> (StreamId, Pairs) {
    let fields = entry.fields();
    let len = fields.len();
    let pairs: Pairs = fields.flat_map(|(name, value)| [name.to_vec(), value.to_vec()]).collect();
    assert_eq!(pairs.len(), 2 * len);
    (entry.id, pairs)
}

fn add(stream: &mut Stream, limits: &ValueLimits, id: StreamId, pairs: &Pairs) -> Result<(), Refused> {
    let words: Vec<&[u8]> = pairs.iter().map(|word| &word[..]).collect();
    stream.log_mut().append(limits, id, &words)
}

fn agree(log: &Log, model: &Model) {
    assert_eq!(log.len(), model.len());
    let expected = model.iter().map(|(id, pairs)| (*id, pairs.clone()));
    let all =
        |log: &Log| log.range(StreamId::MIN, StreamId::MAX).map(|entry| shown(&entry)).collect::<Vec<_>>();
    assert_eq!(all(log), expected.collect::<Vec<_>>());
    let copy = log.clone();
    assert_eq!(all(log), all(&copy));
    assert!(copy.used_bytes() <= log.used_bytes());
    assert_eq!(log.first_id(), model.keys().next().copied().unwrap_or_default());
    assert_eq!(log.last().map(|entry| entry.id), model.keys().next_back().copied());
}

fn trim_model(model: &mut Model, keep: Keep) -> u64 {
    let before = model.len();
    match keep {
        Keep::Newest(count) => {
            while model.len() as u64 > count {
                model.pop_first();
            }
        }
        Keep::From(id) => model.retain(|other, _| *other >= id),
    }
    (before - model.len()) as u64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn a_log_behaves_as_an_ordered_map(
        entries in prop::sample::select(vec![1, 2, 5, 20, 0]),
        bytes in prop::sample::select(vec![60, 300, 4_096, 0]),
        steps in prop::collection::vec((0..16_u8, any::<u16>(), any::<prop::sample::Index>()), 1..300),
    ) {
        let limits = limits(entries, bytes);
        let (mut stream, mut model) = (Stream::new(), Model::new());
        let (mut last, mut added, mut max_deleted) = (StreamId::MIN, 0, StreamId::MIN);
        for (step, n, which) in steps {
            let some = if model.is_empty() { last } else { *model.keys().nth(which.index(model.len())).unwrap() };
            match step {
                0..=8 => {
                    let id = match n % 5 {
                        0 => StreamId::new(last.ms + u64::from(n), u64::from(n % 3)),
                        1 => StreamId::new(last.ms + 1 + (u64::from(n) << 30), u64::from(n) << 40),
                        _ => last.next().unwrap(),
                    };
                    let expected = if id > last { Ok(()) } else { Err(Refused::NotAbove) };
                    let pairs = pairs(n);
                    prop_assert_eq!(add(&mut stream, &limits, id, &pairs), expected);
                    if expected.is_ok() {
                        model.insert(id, pairs);
                        (last, added) = (id, added + 1);
                    }
                }
                9..=12 => {
                    let id = if n % 4 == 0 { some.next().unwrap() } else { some };
                    let removed = model.remove(&id).is_some();
                    prop_assert_eq!(stream.log_mut().delete(id), removed);
                    if removed { max_deleted = max_deleted.max(id); }
                }
                13 => {
                    let keep = match n % 2 {
                        0 => Keep::Newest(which.index(model.len() + 2) as u64),
                        _ => Keep::From(some),
                    };
                    let exact = Trim { keep, roughly: false, limit: None };
                    prop_assert_eq!(stream.log_mut().trim(&exact, None), trim_model(&mut model, keep));
                }
                14 => {
                    let keep = match n % 2 {
                        0 => Keep::Newest(which.index(model.len() + 2) as u64),
                        _ => Keep::From(some),
                    };
                    let limit = (n % 3 == 0).then_some(u64::from(n % 20));
                    let mut exact = model.clone();
                    let most = trim_model(&mut exact, keep);
                    let mut gone = Vec::new();
                    let trim = Trim { keep, roughly: true, limit };
                    let trimmed = stream.log_mut().trim(&trim, Some(&mut |id| gone.push(id)));
                    prop_assert!(trimmed <= limit.unwrap_or(most).min(most));
                    prop_assert_eq!(gone.len() as u64, trimmed);
                    for id in gone {
                        prop_assert_eq!(model.pop_first().map(|(id, _)| id), Some(id));
                    }
                    if limit.is_none() && entries > 0 {
                        prop_assert!(most - trimmed < entries as u64, "{most} {trimmed}");
                    }
                }
                _ => {
                    let to = StreamId::new(some.ms.saturating_add(u64::from(n)), u64::from(n));
                    let expected: Vec<_> = if some <= to {
                        model.range(some..=to).map(|(id, pairs)| (*id, pairs.clone())).collect()
                    } else {
                        Vec::new()
                    };
                    let log = stream.log();
                    prop_assert!(log.range(some, to).map(|entry| shown(&entry)).eq(expected.iter().cloned()));
                    prop_assert!(log.range_back(some, to).map(|entry| shown(&entry)).eq(expected.into_iter().rev()));
                    prop_assert_eq!(log.get(to).is_some(), model.contains_key(&to));
                }
            }
            agree(stream.log(), &model);
            prop_assert_eq!(stream.log().last_id(), last);
            prop_assert_eq!(stream.log().entries_added(), added);
            prop_assert_eq!(stream.log().max_deleted_id(), max_deleted);
        }
    }

    /// With references to be acknowledged exactly what no group needs may go; with references to be deleted none is
    /// left.
    #[test]
    fn references_are_kept_deleted_or_waited_for(
        delivered in 0..40_u64,
        done in prop::collection::btree_set(0..40_u64, 0..30),
        count in 0..40_u64,
        roughly in any::<bool>(),
        references in prop::sample::select(vec![References::Keep, References::Delete, References::Acknowledged]),
    ) {
        let mut stream = Stream::new();
        let id = |n| StreamId::new(n + 1, 0);
        for n in 0..40 {
            add(&mut stream, &limits(7, 0), id(n), &pairs(3)).unwrap();
        }
        stream.add_group(b"g", Group::new(StreamId::MIN, None));
        stream.add_group(b"all", Group::new(StreamId::MAX, None));
        stream.edit_group(b"g", |log, group| {
            let (consumer, _) = group.find_or_create(b"c", 0);
            for n in 0..delivered {
                group.advance(log, id(n));
                group.assign(id(n), Pending { consumer, delivered_ms: 0, deliveries: 1 });
            }
            done.iter().for_each(|n| { group.acknowledge(id(*n)); });
        });
        let needed = |n: u64| n >= delivered || !done.contains(&n);
        let trim = Trim { keep: Keep::Newest(count), roughly, limit: None };
        let trimmed = stream.trim(&trim, references);
        let left: Vec<u64> = stream.log().range(StreamId::MIN, StreamId::MAX).map(|entry| entry.id.ms - 1).collect();
        prop_assert_eq!(left.len() as u64, 40 - trimmed);
        let pending: Vec<u64> = stream.group(b"g").unwrap().pending().keys().map(|id| id.ms - 1).collect();
        match references {
            References::Acknowledged => {
                prop_assert!((0..40).all(|n| left.contains(&n) || !needed(n)));
                if !roughly {
                    let mut most = 40 - count;
                    let expected: Vec<u64> = (0..40)
                        .filter(|n| {
                            let goes = most > 0 && !needed(*n);
                            most -= u64::from(goes);
                            !goes
                        })
                        .collect();
                    prop_assert_eq!(&left, &expected);
                }
            }
            _ if !roughly => prop_assert_eq!(left.len() as u64, count),
            _ => prop_assert!(left.len() as u64 >= count && left.len() as u64 <= count + 6),
        }
        if references == References::Delete {
            prop_assert!(pending.iter().all(|n| left.contains(n)));
        } else {
            prop_assert_eq!(pending, (0..delivered).filter(|n| needed(*n)).collect::<Vec<_>>());
        }
    }
}

#[test]
fn entries_take_little_room_and_give_it_back() {
    let limits = ValueLimits::default();
    let mut stream = Stream::new();
    let mut id = StreamId::new(1_700_000_000_000, 0);
    for n in 0..100_000_u64 {
        id = StreamId::new(id.ms + n % 3, id.seq + 1);
        let value = (20_000 + n % 1_000).to_string();
        stream.log_mut().append(&limits, id, &[b"sensor", b"7", b"value", value.as_bytes()]).unwrap();
    }
    let per_entry = stream.used_bytes() as f64 / 100_000.0;
    assert!(per_entry < 12.5, "{per_entry}");
    // Deleting all but every tenth gives most of it back.
    let ids: Vec<StreamId> = stream.log().range(StreamId::MIN, StreamId::MAX).map(|entry| entry.id).collect();
    for (at, id) in ids.iter().enumerate() {
        assert!(at % 10 == 0 || stream.log_mut().delete(*id));
    }
    let left = stream.used_bytes() as f64 / (100_000.0 * per_entry);
    assert!(left < 0.35, "{left}");
    // A log that is kept short by a trim for each entry stays small.
    for n in 0..100_000_u64 {
        id = id.next().unwrap();
        stream.log_mut().append(&limits, id, &[b"sensor", b"7", b"value", &n.to_le_bytes()]).unwrap();
        stream.trim(&Trim { keep: Keep::Newest(10), roughly: false, limit: None }, References::Keep);
    }
    assert_eq!((stream.log().len(), stream.log().nodes() <= 2), (10, true));
    assert!(stream.used_bytes() < 6_000, "{}", stream.used_bytes());
    assert!(Stream::new().used_bytes() < 200);
}

#[test]
fn the_largest_ids_are_ids() {
    let mut stream = Stream::new();
    let limits = ValueLimits::default();
    let almost = StreamId::MAX.previous().unwrap();
    for id in
        [StreamId::new(0, 1), StreamId::new(0, u64::MAX), StreamId::new(u64::MAX, 0), almost, StreamId::MAX]
    {
        add(&mut stream, &limits, id, &pairs(4)).unwrap();
    }
    assert_eq!(add(&mut stream, &limits, StreamId::MAX, &pairs(4)), Err(Refused::NotAbove));
    let ids: Vec<StreamId> = stream.log().range_back(almost, StreamId::MAX).map(|entry| entry.id).collect();
    assert_eq!(ids, [StreamId::MAX, almost]);
    assert!(stream.log_mut().delete(almost) && stream.log_mut().delete(StreamId::MAX));
    assert_eq!(stream.log().last().map(|entry| entry.id), Some(StreamId::new(u64::MAX, 0)));
}

/// Nodes end where those of a real Redis do, as `XTRIM … ~` shows. The figures are those of a Redis 7.0.15 for the same
/// entries: nodes, and what goes when 300, 200, 77 and 1 are to stay.
#[test]
fn nodes_end_where_those_of_redis_do() {
    type Shape = fn(u64) -> Vec<String>;
    let shapes: &[(Shape, usize, [u64; 4])] = &[
        (|_| vec!["f".into(), "y".repeat(50)], 6, [68, 68, 136, 68]),
        (|_| vec!["f".into(), "y".repeat(63)], 8, [55, 110, 110, 110]),
        (|_| vec!["f".into(), "y".repeat(64)], 8, [54, 108, 108, 108]),
        (|_| vec!["f".into(), "y".repeat(126)], 14, [87, 87, 145, 58]),
        (|_| vec!["f".into(), "y".repeat(4096)], 400, [100, 100, 123, 76]),
        (
            |n| {
                let numbers = [n as i64, n as i64 * -70_000, n as i64 * 1_000_000_000_000];
                ["n", "minus", "far"]
                    .into_iter()
                    .zip(numbers)
                    .flat_map(|(name, n)| [name.to_string(), n.to_string()])
                    .collect()
            },
            4,
            [100, 100, 100, 0],
        ),
        (
            |n| {
                let name = if n.is_multiple_of(3) { "b" } else { "a" };
                vec![name.into(), "v".repeat(n as usize % 90), "c".into(), n.to_string()]
            },
            6,
            [76, 74, 122, 71],
        ),
    ];
    for (number, (shape, nodes, trimmed)) in shapes.iter().enumerate() {
        let mut stream = Stream::default();
        for n in 1..=400 {
            let pairs = shape(n).into_iter().map(String::into_bytes).collect();
            add(&mut stream, &ValueLimits::default(), StreamId::new(n, 1), &pairs).unwrap();
        }
        let before = stream.log().nodes();
        let went = [300, 200, 77, 1].map(|count| {
            let trim = Trim { keep: Keep::Newest(count), roughly: true, limit: None };
            stream.trim(&trim, References::Keep)
        });
        assert_eq!((before, went), (*nodes, *trimmed), "shape {number}");
    }
}
