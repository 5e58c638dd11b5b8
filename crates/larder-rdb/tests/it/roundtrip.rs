//! Values of every kind, of all sizes, in every form: what is written is read.

use crate::shown::shown;
use crate::{PRESENT, dumped, engine, restored};
use larder_core::value::Object;
use larder_core::value::hash::Hash;
use larder_core::value::list::List;
use larder_core::value::set::Set;
use larder_core::value::stream::{Group, Pending, References, Stream, StreamId};
use larder_core::value::zset::Zset;
use larder_core::{Deadline, Tools, ValueLimits};
use larder_rdb::Value;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn repeatable() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, cases: 60, ..ProptestConfig::default() };
    match config.rng_seed {
        RngSeed::Random => ProptestConfig { rng_seed: RngSeed::Fixed(0x1a_4de4), ..config },
        RngSeed::Fixed(_) => config,
    }
}

/// Numbers of every width, and texts that are short, long, repetitive or anything.
fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (any::<i64>(), 0..64_u32).prop_map(|(n, shift)| (n >> shift).to_string().into_bytes()),
        4 => "[a-d]{0,3}".prop_map(String::into_bytes),
        2 => ("[a-z]{1,9}", 1..60_usize).prop_map(|(word, times)| word.repeat(times).into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..300),
        1 => (any::<u8>(), prop_oneof![4_090..4_100_usize, 16_370..16_390_usize]).prop_map(|(b, n)| vec![b; n]),
        1 => Just(b"007".to_vec()),
    ]
}

fn texts() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop_oneof![3 => prop::collection::vec(text(), 1..20), 1 => prop::collection::vec(text(), 100..200)]
}

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-9..9_i32).prop_map(f64::from),
        any::<f64>().prop_filter("scores are numbers", |score| !score.is_nan()),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
    ]
}

fn limits() -> impl Strategy<Value = ValueLimits> {
    prop_oneof![
        Just(ValueLimits::default()),
        Just(ValueLimits {
            list_max_listpack_size: 3,
            hash_max_listpack_entries: 2,
            set_max_intset_entries: 2,
            set_max_listpack_entries: 2,
            zset_max_listpack_entries: 2,
            stream_node_max_entries: 3,
            ..ValueLimits::default()
        }),
    ]
}

/// Writes a value and reads it; it must be the same, in the same form.
fn round(limits: ValueLimits, make: impl FnOnce(&Tools<'_>) -> Value<'static>) {
    let engine = engine(limits);
    let value = make(&engine.view_none(None).tools());
    let expected = shown(&value);
    let form = |value: &Value<'_>| match value {
        Value::Object(object) => object.encoding(),
        Value::Text(_) | Value::Gone => "",
    };
    let expected_form = form(&value);
    let payload = dumped(&engine, value);
    let value = restored(&engine, &payload).unwrap_or_else(|error| panic!("{error}: {expected}"));
    assert_eq!(shown(&value), expected);
    assert_eq!(form(&value), expected_form);
}

/// What happens to a stream.
#[derive(Clone, Debug)]
enum Step {
    Append { ms: u64, seq: u64, pairs: Vec<Vec<u8>> },
    Delete(usize),
    Group(u8, u64),
    Assign { group: u8, consumer: u8, at: usize, ms: i64, deliveries: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let usual = (text(), text()).prop_map(|(a, b)| vec![b"name".to_vec(), a, b"other".to_vec(), b]);
    let odd = prop::collection::vec((text(), text()), 1..4)
        .prop_map(|pairs| pairs.into_iter().flat_map(|(name, value)| [name, value]).collect());
    let pairs = prop_oneof![4 => usual, 1 => odd];
    prop_oneof![
        6 => (0..3_u64, 0..1_000_u64, pairs).prop_map(|(ms, seq, pairs)| Step::Append { ms, seq, pairs }),
        1 => any::<usize>().prop_map(Step::Delete),
        1 => (0..3_u8, any::<u64>()).prop_map(|(name, last)| Step::Group(name, last)),
        2 => (0..3_u8, 0..4_u8, any::<usize>(), 0..i64::from(u32::MAX), any::<u64>()).prop_map(
            |(group, consumer, at, ms, deliveries)| Step::Assign { group, consumer, at, ms, deliveries }
        ),
    ]
}

fn stream(limits: &ValueLimits, steps: &[Step]) -> Stream {
    let mut stream = Stream::new();
    let mut ids = vec![StreamId::new(1, 1)];
    for step in steps {
        match step {
            Step::Append { ms, seq, pairs } => {
                let last = stream.log().last_id();
                let seq = if *ms == 0 { last.seq + seq + 1 } else { *seq };
                let id = StreamId::new(last.ms + ms, seq);
                let pairs: Vec<&[u8]> = pairs.iter().map(|text| &**text).collect();
                stream.log_mut().append(limits, id, &pairs).expect("it is above the last");
                ids.push(id);
            }
            Step::Delete(at) => {
                stream.delete(ids[at % ids.len()], References::Keep);
            }
            Step::Group(name, last) => {
                let read = i64::try_from(*last).ok();
                stream.add_group(&[*name], Group::new(StreamId::new(*last, 1), read));
            }
            Step::Assign { group, consumer, at, ms, deliveries } => {
                stream.edit_group(&[*group], |_, group| {
                    let (consumer, _) = group.find_or_create(&[*consumer], *ms);
                    let pending = Pending { consumer, delivered_ms: *ms, deliveries: *deliveries };
                    group.assign(ids[at % ids.len()], pending);
                });
            }
        }
    }
    stream
}

proptest! {
    #![proptest_config(repeatable())]

    #[test]
    fn strings(text in text()) {
        round(ValueLimits::default(), |_| Value::Text(text.into()));
    }

    #[test]
    fn lists(limits in limits(), texts in texts()) {
        round(limits, |tools| {
            let mut list = List::new();
            texts.iter().for_each(|text| list.push_back(&tools.limits, text));
            Value::Object(Object::List(list))
        });
    }

    #[test]
    fn sets(limits in limits(), texts in texts(), numbers in prop::collection::vec(any::<i64>(), 0..20)) {
        round(limits, |tools| {
            let mut set = Set::new();
            numbers.iter().for_each(|number| { set.insert(tools, number.to_string().as_bytes()); });
            // Numbers only, now and then.
            if numbers.len() % 3 != 1 {
                texts.iter().for_each(|text| { set.insert(tools, text); });
            }
            Value::Object(Object::Set(set))
        });
    }

    #[test]
    fn sorted_sets(limits in limits(), texts in texts(), scores in prop::collection::vec(score(), 1..50)) {
        round(limits, |tools| {
            let mut zset = Zset::new();
            for (text, score) in texts.iter().zip(scores.iter().cycle()) {
                zset.insert(tools, text, *score);
            }
            Value::Object(Object::Zset(zset))
        });
    }

    #[test]
    fn hashes(
        limits in limits(), fields in texts(), values in texts(),
        deadlines in prop::collection::vec(prop::option::weighted(0.3, 1..1_u64 << 40), 0..9),
    ) {
        round(limits, |tools| {
            let mut hash = Hash::new();
            for (field, value) in fields.iter().zip(values.iter().cycle()) {
                hash.set(tools, field, value);
            }
            for (field, dies) in fields.iter().zip(deadlines.iter().cycle()) {
                let deadline = dies.map(|dies| Deadline::at_ms(PRESENT.engine_ms as u64 + dies));
                hash.set_deadline(tools, field, deadline);
            }
            Value::Object(Object::Hash(hash))
        });
    }

    #[test]
    fn streams(limits in limits(), steps in prop::collection::vec(step(), 0..150)) {
        round(limits, |tools| Value::Object(Object::Stream(stream(&tools.limits, &steps))));
    }
}
