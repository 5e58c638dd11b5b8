//! Nonsense with a right checksum: anybody can write one. Whatever it is, it is refused, or it is a value that is as
//! sound as any other.

use crate::fixtures::fixtures;
use crate::shown::shown;
use crate::{dumped, engine, restored};
use larder_core::{Rng, ValueLimits};
use larder_rdb::{Error, Value, seal};

/// Version and checksum.
const SEAL: usize = 10;

fn seed() -> u64 {
    std::env::var("LARDER_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

/// Changes a body here and there.
fn mutate(body: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    const TELLING: [u8; 14] = [0, 1, 2, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xc0, 0xc3, 0xf0, 0xfe, 0xff, 0xf4];
    for _ in 0..=rng.below(3) {
        let at = rng.below(body.len().max(1));
        let Some(byte) = body.get_mut(at) else { return };
        match rng.below(7) {
            0 => *byte ^= 1 << rng.below(8),
            1 => *byte = TELLING[rng.below(TELLING.len())],
            2 => *byte = byte.wrapping_add(1),
            3 => body.insert(at, TELLING[rng.below(TELLING.len())]),
            4 => {
                body.remove(at);
            }
            5 => body.truncate(at),
            _ => {
                let from = rng.below(other.len().max(1));
                let len = rng.below(8).min(other.len() - from).min(body.len() - at);
                body[at..at + len].copy_from_slice(&other[from..from + len]);
            }
        }
    }
}

#[test]
fn nonsense_is_refused_or_a_sound_value() {
    const CASES: usize = 20_000;
    let seed = seed();
    let mut rng = Rng::seeded(seed);
    let engine = engine(ValueLimits::default());
    let bodies: Vec<Vec<u8>> = fixtures()
        .into_iter()
        .map(|fixture| fixture.payload[..fixture.payload.len() - SEAL].to_vec())
        .collect();
    let mut sound = 0;
    for case in 0..CASES {
        let mut body = bodies[case % bodies.len()].clone();
        mutate(&mut body, &bodies[rng.below(bodies.len())], &mut rng);
        let payload = seal(body, 10);
        let why = || format!("LARDER_SEED={seed}, case {case}: {payload:02x?}");
        match restored(&engine, &payload) {
            Err(error) => assert_eq!(error, Error::Damaged, "{}", why()),
            Ok(Value::Gone) => {}
            Ok(value) => {
                sound += 1;
                let before = shown(&value);
                let again = dumped(&engine, value);
                let value = restored(&engine, &again);
                assert_eq!(value.map(|value| shown(&value)).as_ref(), Ok(&before), "{}", why());
            }
        }
    }
    // Texts change without harm; what is made of texts is damaged.
    assert!((CASES / 20..CASES / 2).contains(&sound), "{sound}");
}

/// What no sequence of commands could have made.
#[test]
fn values_that_cannot_be_are_refused() {
    let engine = engine(ValueLimits::default());
    let refused = |what: &str, body: &[u8]| {
        let payload = seal(body.to_vec(), 10);
        assert_eq!(restored(&engine, &payload).err(), Some(Error::Damaged), "{what}");
    };
    refused("nothing", b"");
    refused("an unknown kind", b"\x1a\x01a");
    refused("a module's value", b"\x07\x01\x00");
    refused("something after the value", b"\x00\x01aa");
    for kind in [1, 2, 3, 4, 5, 14, 18] {
        refused("an empty collection", &[kind, 0]);
    }
    for kind in [16, 17, 20] {
        refused("an empty listpack", &[&[kind, 7][..], b"\x07\x00\x00\x00\x00\x00\xff"].concat());
    }
    refused("an empty intset", b"\x0b\x08\x02\x00\x00\x00\x00\x00\x00\x00");
    refused("a list of nothing but empty listpacks", b"\x12\x01\x02\x07\x07\x00\x00\x00\x00\x00\xff");
    refused("a node that is no node", b"\x12\x01\x03\x01a");
    refused("a member twice", b"\x02\x02\x01a\x01a");
    refused("a member twice, once as a number", b"\x02\x02\xc0\x05\x015");
    refused("a field twice", b"\x04\x02\x01a\x01b\x01a\x01c");
    refused("a member with two scores", b"\x05\x02\x01a\0\0\0\0\0\0\0\0\x01a\0\0\0\0\0\0\0\0");
    refused("a score that is no number", b"\x05\x01\x01a\0\0\0\0\0\0\xf8\x7f");
    refused("the same as text", b"\x03\x01\x01a\xfd");
    refused("a score that is a word", b"\x11\x0c\x0c\x00\x00\x00\x02\x00\x81a\x02\x81b\x02\xff");
    refused("a field without value", b"\x10\x0a\x0a\x00\x00\x00\x01\x00\x81f\x02\xff");
    let late = [&[0x18][..], &[0xff; 8], b"\x01\x01\x01a\x01b"].concat();
    refused("a field that dies later than anything", &late);
    refused("a hash without fields that could have died", b"\x18\0\0\0\0\0\0\0\0\0");
    refused(
        "a field that dies before time began",
        b"\x17\x10\x10\0\0\0\x03\0\x81f\x02\x81v\x02\xdf\xff\x02\xff",
    );
    refused("more than there is", b"\x01\x81\xff\xff\xff\xff\xff\xff\xff\xff\x01a");
    refused("more text than there is", b"\x00\x81\x7f\xff\xff\xff\xff\xff\xff\xffa");
    refused("a text that unpacks to more than it could", b"\x00\xc3\x03\x80\x1f\xff\xff\xff\x00a\x00");
}

/// A stream of one entry, 1-1, with a group of one consumer, to whom it is pending; changed in one place each.
#[test]
fn streams_that_cannot_be_are_refused() {
    const ENTRY: &[u8] =
        b"\x1d\x1d\x00\x00\x00\x0a\x00\x01\x01\x00\x01\x01\x01\x81f\x02\x00\x01\x02\x01\x00\x01\x00\x01\
        \x81v\x02\x04\x01\xff";
    const ID: &[u8] = b"\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01";
    const TIME: &[u8] = b"\x00\x00\x00\x00\x01\x00\x00\x00";
    let engine = engine(ValueLimits::default());
    let says = |parts: &[&[u8]]| {
        let payload = seal([b"\x13", &*parts.concat()].concat(), 10);
        restored(&engine, &payload).map(|value| shown(&value))
    };
    let node: &[&[u8]] = &[b"\x01\x10", ID, ENTRY];
    let counts: &[&[u8]] = &[b"\x01\x01\x01\x01\x01\x00\x00\x01"];
    let group: &[&[u8]] =
        &[b"\x01\x01g\x01\x01\x01", b"\x01", ID, TIME, b"\x01", b"\x01\x01c", TIME, b"\x01", ID];
    let sound = says(&[node, counts, group].concat()).expect("it is sound");
    assert!(
        sound.contains("1-1 \"f\"=\"v\" last 1-1 deleted 0-0 added 1 group \"g\" 1-1 read 1 1-1 \"c\""),
        "{sound}"
    );
    let refused =
        |what: &str, parts: &[&[&[u8]]]| assert_eq!(says(&parts.concat()), Err(Error::Damaged), "{what}");
    refused("an entry twice", &[&[b"\x02\x10", ID, ENTRY, b"\x10", ID, ENTRY], counts, group]);
    refused("an id that is short", &[&[b"\x01\x01", b"a", ENTRY], counts, group]);
    refused("the id of no entry", &[&[b"\x01\x10", &[0; 16], ENTRY], counts, group]);
    refused("entries that are not there", &[node, &[b"\x02\x01\x01\x01\x01\x00\x00\x02"], group]);
    refused("a last id below an entry's", &[node, &[b"\x01\x01\x00\x01\x01\x00\x00\x01"], group]);
    refused("a deleted id above the last", &[node, &[b"\x01\x01\x01\x01\x01\x02\x00\x01"], group]);
    refused("fewer added than there are", &[node, &[b"\x01\x01\x01\x01\x01\x00\x00\x00"], group]);
    let with = |at: usize, other: &'static [u8]| {
        let mut group = group.to_vec();
        group[at] = other;
        group
    };
    refused("pending with nobody", &[node, counts, &with(5, b"\x00")[..6]]);
    refused("pending with a consumer alone", &[node, counts, &[group[0], b"\x00"], &group[5..]]);
    refused(
        "pending twice in a group",
        &[node, counts, &[group[0], b"\x02", ID, TIME, b"\x01"], &group[2..]],
    );
    refused("pending twice with a consumer", &[node, counts, &with(7, b"\x02"), &[ID]]);
    let two = with(5, b"\x02\x01c");
    refused("pending with two consumers", &[node, counts, &two, &[b"\x01d", TIME, b"\x01", ID]]);
    refused("a consumer twice", &[node, counts, &two, &[b"\x01c", TIME, b"\x00"]]);
    let groups = with(0, b"\x02\x01g\x01\x01\x01");
    refused("a group twice", &[node, counts, &groups, &[b"\x01g\x01\x01\x01\x00\x00"]]);
    assert!(says(&[node, counts, &groups, &[b"\x01h\x01\x01\x01\x00\x00"]].concat()).is_ok());
}
