//! Paths through the typed interface: hash, stripe, entry, value, deadlines, eviction.

use crate::Path;
use larder::{Db, Larder, Maintenance, ManualClock};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

const COUNT: u64 = 1_000;
/// Few enough to fit the caches, enough to fill every stripe.
const KEYS: u64 = 16_384;
const VALUE: [u8; 32] = [b'v'; 32];

pub(crate) const PATHS: &[Path] = &[
    path("key-hash", || {
        let engine = larder().instance().engine().clone();
        each(|n| n, move |_, key| _ = black_box(engine.key(larder::DbIndex::default(), key)))
    }),
    path("string-get", || {
        let db = filled();
        each(present, move |_, key| _ = black_box(db.strings().with(key, <[u8]>::len)))
    }),
    path("string-get-missing", || {
        let db = filled();
        each(absent, move |_, key| _ = black_box(db.strings().with(key, <[u8]>::len)))
    }),
    path("string-set", || {
        let db = filled();
        each(present, move |_, key| db.strings().set(key, VALUE).expect("set"))
    }),
    path("string-add-and-remove", || {
        let db = filled();
        each(absent, move |_, key| {
            db.strings().set(key, VALUE).expect("set");
            db.keys().remove(key).expect("removed");
        })
    }),
    path("string-set-for-an-hour", || {
        let db = filled();
        each(present, move |_, key| db.strings().set_for(key, VALUE, Duration::from_hours(1)).expect("set"))
    }),
    path("string-increment", || {
        let db = larder().db();
        each(|n| n % 100, move |_, key| _ = black_box(db.strings().increment(key, 1)))
    }),
    path("hash-set-and-get", || {
        let db = larder().db();
        each(
            |n| n % 20,
            move |_, field| {
                db.hashes().set("hash", field, VALUE).expect("set");
                black_box(db.hashes().get("hash", field).expect("got"));
            },
        )
    }),
    path("large-hash-set-and-get", || {
        let db = larder().db();
        each(
            |n| n,
            move |_, field| {
                db.hashes().set("hash", field, VALUE).expect("set");
                black_box(db.hashes().get("hash", field).expect("got"));
            },
        )
    }),
    path("list-push-and-pop", || {
        let db = larder().db();
        (0..500).for_each(|_| _ = db.lists().push_back("list", VALUE));
        each(
            |n| n,
            move |_, _| {
                db.lists().push_back("list", VALUE).expect("pushed");
                black_box(db.lists().pop_front("list").expect("popped"));
            },
        )
    }),
    path("set-add-and-remove", || {
        let db = larder().db();
        (0..2_000).for_each(|n| _ = db.sets().add("set", key(n)));
        each(absent, move |_, member| {
            db.sets().add("set", member).expect("added");
            db.sets().remove("set", member).expect("removed");
        })
    }),
    path("sorted-set-update-and-rank", || {
        let db = larder().db();
        (0..2_000).for_each(|n| _ = db.zsets().add("zset", key(n), n as f64));
        each(
            |n| n * 7 % 2_000,
            move |n, member| {
                db.zsets().add("zset", member, (n * 131 % 2_000) as f64).expect("added");
                black_box(db.zsets().rank("zset", member).expect("a rank"));
            },
        )
    }),
    path("stream-append-and-drop", || {
        let mut connection = larder().connect();
        each(
            |n| n,
            move |_, _| {
                black_box(
                    connection
                        .call(["XADD", "stream", "MAXLEN", "100", "*", "field", "value"])
                        .expect("added"),
                );
            },
        )
    }),
    path("expire", expire),
    path("evict", || {
        let larder = Larder::builder()
            .seed(1)
            .clock(Arc::new(ManualClock::new()))
            .maintenance(Maintenance::Manual)
            .memory_max_bytes(2 << 20)
            .build();
        let db = larder.db();
        (0..4 * KEYS).for_each(|n| db.strings().set(key(n), VALUE).expect("set"));
        let mut next = 4 * KEYS;
        each(
            |n| n,
            move |_, _| {
                next += 1;
                db.strings().set(key(next), VALUE).expect("set");
            },
        )
    }),
];

pub(crate) const WAYS: &[Path] = &[
    path("two-increments", || {
        let db = larder().db();
        each(
            |n| n % 100,
            move |_, key| {
                db.strings().increment(key, 1).expect("a sum");
                db.strings().increment("other", 1).expect("a sum");
            },
        )
    }),
    path("two-increments-in-a-transaction", || {
        let db = larder().db();
        each(
            |n| n % 100,
            move |_, key| {
                let both = db.transaction(|tx| {
                    tx.strings().increment(key, 1)?;
                    tx.strings().increment("other", 1)
                });
                both.expect("a sum");
            },
        )
    }),
    path("two-increments-in-multi-and-exec", || {
        let mut connection = larder().connect();
        each(
            |n| n % 100,
            move |_, key| {
                connection.call(["MULTI"]).expect("begun");
                connection.call([&b"INCR"[..], key]).expect("queued");
                connection.call(["INCR", "other"]).expect("queued");
                black_box(connection.call(["EXEC"]).expect("done"));
            },
        )
    }),
    path("transaction-of-a-get", || {
        let db = filled();
        each(present, move |_, key| _ = black_box(db.transaction(|tx| tx.strings().get(key)).expect("got")))
    }),
    path("get-by-call", || {
        let larder = larder();
        (0..KEYS).for_each(|n| larder.db().strings().set(key(n), VALUE).expect("set"));
        each(present, move |_, key| _ = black_box(larder.call([&b"GET"[..], key]).expect("got")))
    }),
    path("get-by-a-connection", || {
        let larder = larder();
        (0..KEYS).for_each(|n| larder.db().strings().set(key(n), VALUE).expect("set"));
        let mut connection = larder.connect();
        each(present, move |_, key| _ = black_box(connection.call([&b"GET"[..], key]).expect("got")))
    }),
];

const fn path(name: &'static str, prepare: fn() -> Box<dyn FnMut()>) -> Path {
    Path { name, count: COUNT, prepare }
}

/// A run of `COUNT` times something with the numbers from 0 and a key made of each, which are there before.
fn each(number: fn(u64) -> u64, mut work: impl FnMut(u64, &[u8; 16]) + 'static) -> Box<dyn FnMut()> {
    let keys: Vec<[u8; 16]> = (0..COUNT).map(|n| key(number(n))).collect();
    Box::new(move || (0..).zip(&keys).for_each(|(n, key)| work(n, key)))
}

/// A key of [`filled`], and one that is none.
fn present(n: u64) -> u64 {
    n * 7 % KEYS
}

fn absent(n: u64) -> u64 {
    KEYS + n
}

/// An engine that repeats itself.
pub(crate) fn larder() -> Larder {
    Larder::builder().seed(1).clock(Arc::new(ManualClock::new())).maintenance(Maintenance::Manual).build()
}

fn filled() -> Db {
    let db = larder().db();
    (0..KEYS).for_each(|n| db.strings().set(key(n), VALUE).expect("set"));
    db
}

/// A thousand keys set for a millisecond, and removed when it is over.
fn expire() -> Box<dyn FnMut()> {
    let clock = Arc::new(ManualClock::new());
    let larder = Larder::builder().seed(1).clock(clock.clone()).maintenance(Maintenance::Manual).build();
    let (db, engine) = (larder.db(), larder.instance().engine().clone());
    let keys: Vec<[u8; 16]> = (0..COUNT).map(key).collect();
    Box::new(move || {
        for key in &keys {
            db.strings().set_for(key, VALUE, Duration::from_millis(10)).expect("set");
        }
        clock.advance(Duration::from_millis(20));
        black_box(engine.tick());
    })
}

/// `key:` and twelve digits.
pub(crate) fn key(n: u64) -> [u8; 16] {
    let mut key = *b"key:000000000000";
    let mut rest = n;
    for digit in key[4..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    key
}
