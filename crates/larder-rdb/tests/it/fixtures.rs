//! Payloads that Redis wrote, and what is in them.

use crate::shown::shown;
use crate::{dumped, engine, restored};
use larder_core::ValueLimits;
use larder_core::value::Object;
use larder_core::value::stream::Consumer;
use larder_rdb::Value;

/// A payload of the file.
pub(crate) struct Fixture {
    pub(crate) name: &'static str,
    pub(crate) payload: Vec<u8>,
    pub(crate) shown: &'static str,
}

/// All of them.
pub(crate) fn fixtures() -> Vec<Fixture> {
    let lines: Vec<&str> = include_str!("../payloads.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let fixture = |lines: &[&'static str; 3]| {
        let [name, hex, shown] = *lines;
        let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
        assert!(rest.is_empty(), "{name}");
        let byte = |pair: &[u8; 2]| {
            let pair = std::str::from_utf8(pair).expect("digits");
            u8::from_str_radix(pair, 16).expect("digits")
        };
        Fixture { name, payload: pairs.iter().map(byte).collect(), shown }
    };
    let (fixtures, rest) = lines.as_chunks::<3>();
    assert!(rest.is_empty(), "three lines each");
    fixtures.iter().map(fixture).collect()
}

#[test]
fn every_payload_means_what_it_meant() {
    let fixtures = fixtures();
    assert!(fixtures.len() > 30);
    for limits in [ValueLimits::default(), small()] {
        let engine = engine(limits);
        for Fixture { name, payload, shown: expected } in &fixtures {
            let value = restored(&engine, payload).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(&shown(&value), expected, "{name}");
            // And what we make of it means the same.
            let again = dumped(&engine, value);
            let value = restored(&engine, &again).unwrap_or_else(|error| panic!("{name}, again: {error}"));
            assert_eq!(&shown(&value), expected, "{name}, again");
        }
    }
}

/// Limits at which everything changes its form.
fn small() -> ValueLimits {
    ValueLimits {
        list_max_listpack_size: 2,
        hash_max_listpack_entries: 1,
        set_max_intset_entries: 1,
        set_max_listpack_entries: 1,
        zset_max_listpack_entries: 1,
        stream_node_max_entries: 2,
        ..ValueLimits::default()
    }
}

#[test]
fn every_kind_of_payload_is_among_them() {
    let kinds: std::collections::BTreeSet<u8> = fixtures().iter().map(|fixture| fixture.payload[0]).collect();
    let expected = (0..=5).chain(9..=25);
    assert!(kinds.iter().copied().eq(expected), "{kinds:?}");
}

#[test]
fn a_consumer_that_never_got_anything_is_known_as_such_since_7_2() {
    let engine = engine(ValueLimits::default());
    let activity = |name: &str| {
        let fixtures = fixtures();
        let fixture = fixtures.iter().find(|fixture| fixture.name == name).expect("it is in the file");
        let Ok(Value::Object(Object::Stream(stream))) = restored(&engine, &fixture.payload) else {
            panic!("it is a stream")
        };
        let of = |consumer: &Consumer| consumer.active_ms.map(|ms| ms - consumer.seen_ms);
        stream
            .groups()
            .flat_map(|(_, group)| group.consumers().map(of).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    assert_eq!(activity("stream, groups (7.2)"), [Some(0), Some(0), None]);
    assert_eq!(activity("stream, groups"), [Some(0); 3]);
}
