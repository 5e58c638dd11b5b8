//! The codec from outside: payloads of every Redis there was, values of every kind and size, and nonsense.
//!
//! Seeds are fixed so that a run is repeatable: `PROPTEST_RNG_SEED=n` and `LARDER_SEED=n` look elsewhere.

mod fixtures;
mod mutations;
mod roundtrip;
mod shown;

use larder_core::{DbIndex, Engine, Expiry, Maintenance, ManualClock, Options, ValueLimits};
use larder_rdb::{Present, Value};
use std::sync::Arc;

/// Unix time is ahead, so that a moment that is taken for one of the other clock shows.
const PRESENT: Present = Present { engine_ms: 1_000_000, unix_ms: 1_600_000_000_000 };

/// An engine without a thread of its own, at the present.
fn engine(values: ValueLimits) -> Engine {
    let clock = Arc::new(ManualClock::at_unix_ms(PRESENT.engine_ms as u64));
    let maintenance = Maintenance::Manual;
    Engine::with_options(Options { values, clock, maintenance, seed: Some(1), ..Options::default() })
}

/// The payload of a value.
fn dumped(engine: &Engine, value: Value<'_>) -> Vec<u8> {
    let key = engine.key(DbIndex::default(), b"k");
    let mut view = engine.view_one(&key, None);
    match value {
        Value::Text(text) => view.set(&key, &text, Expiry::Never),
        Value::Object(object) => view.put_object(&key, object, Expiry::Never),
        Value::Gone => panic!("there is nothing to dump"),
    }
    .expect("it has room");
    let entry = view.peek(&key).expect("it is in the view").expect("it is there");
    larder_rdb::dump(&entry, PRESENT).expect("it has a form")
}

/// The value of a payload.
fn restored<'p>(engine: &Engine, payload: &'p [u8]) -> larder_rdb::Result<Value<'p>> {
    larder_rdb::restore(payload, &engine.view_none(None).tools(), PRESENT)
}
