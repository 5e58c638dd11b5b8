//! What is called most: strings under keys, straight to the engine. Nothing is looked up, and nothing allocated beyond
//! what the value itself needs.

use crate::boundary::{Call, Failure, Outcome};
use crate::js::{Js, Kind};
use crate::opened::{Opened, run_alone};
use crate::reply::{self, Bulks, SHARED_LEN_MIN};
use crate::words::{Word, Words};
use larder::Protocol;
use larder_commands::Reply;
use larder_core::value::string::{IntText, Str};
use std::time::Duration;

/// Copies the string of a key into the room for replies, and makes of it what is wanted.
#[inline]
fn read(call: &Call<'_, Opened>, make: impl FnOnce(&[u8]) -> Outcome) -> Outcome {
    let (home, mut word) = (&call.this.home, Word::new());
    let key = word.read(home, call.env, call.wanted(0, "the key")?, 0)?;
    let mut value = home.value.take();
    value.clear();
    let found = call.this.live()?.db.strings().with(key, |bytes| value.extend_from_slice(bytes));
    let made = match found {
        Ok(Some(())) => make(&value),
        Ok(None) => call.env.null(),
        Err(error) => Err(error.into()),
    };
    home.keep_value(value);
    made
}

/// `get(key)`: a string, or null. A long one shows JavaScript the engine's own bytes: see [`Env::shared_string`].
pub(crate) fn get(call: &Call<'_, Opened>) -> Outcome {
    let (env, home, mut word) = (call.env, &call.this.home, Word::new());
    let key = word.read(home, env, call.wanted(0, "the key")?, 0)?;
    let mut value = home.value.take();
    value.clear();
    let found = call.this.live()?.db.strings().with_held(key, |held| match held {
        Str::Shared(bytes) if bytes.len() >= SHARED_LEN_MIN => Some(bytes.clone()),
        held => {
            value.extend_from_slice(held.as_bytes(&mut IntText::new()));
            None
        }
    });
    let made = match found {
        Ok(Some(Some(bytes))) => env.shared_string(bytes),
        Ok(Some(None)) => env.string(&value),
        Ok(None) => env.null(),
        Err(error) => Err(error.into()),
    };
    home.keep_value(value);
    made
}

/// `getBuffer(key)`: a `Buffer`, or null.
pub(crate) fn get_buffer(call: &Call<'_, Opened>) -> Outcome {
    read(call, |bytes| call.env.buffer(bytes))
}

/// `getInto(key, buffer)`: copies as many bytes as there is room for, and gives how many the value has; -1 where there
/// is none.
pub(crate) fn get_into(call: &Call<'_, Opened>) -> Outcome {
    let (env, mut word) = (call.env, Word::new());
    let key = word.read(&call.this.home, env, call.wanted(0, "the key")?, 0)?;
    let buffer = call.wanted(1, "the buffer")?;
    if env.kind(buffer)? != Kind::Object {
        return Err(Failure::argument("argument 2 is no Buffer"));
    }
    let live = call.this.live()?;
    let found = env.with_bytes(buffer, |into, room| {
        live.db.strings().with(key, |bytes| {
            // SAFETY: the buffer has so many bytes, and nothing can free them before the call returns. Those of the
            // value lie elsewhere.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), into, bytes.len().min(room)) };
            bytes.len()
        })
    })?;
    let Some(found) = found else { return Err(Failure::argument("argument 2 is no Buffer")) };
    env.double(found?.map_or(-1.0, |len| len as f64))
}

/// `set(key, value)`, `set(key, value, ttlMs)`, or with the words of SET. True if it was written, false if a condition
/// did not hold; with the word GET, what was there before.
pub(crate) fn set(call: &Call<'_, Opened>) -> Outcome {
    let (env, home) = (call.env, &call.this.home);
    let (mut word, mut other) = (Word::new(), Word::new());
    let key = word.read(home, env, call.wanted(0, "the key")?, 0)?;
    let value = other.read(home, env, call.wanted(1, "the value")?, 1)?;
    let Some(third) = call.given(2)? else {
        call.this.live()?.db.strings().set(key, value)?;
        return env.boolean(true);
    };
    if env.kind(third)? == Kind::Number && call.args().len() == 3 {
        let ms = env.number(third)?;
        // More than an engine can wait for anyway.
        if !(ms >= 1.0 && ms <= (1_u64 << 53) as f64) {
            return Err(Failure::argument("a time to live is a number of milliseconds from 1 on"));
        }
        let time = Duration::from_millis(ms as u64);
        call.this.live()?.db.strings().set_for(key, value, time)?;
        return env.boolean(true);
    }
    set_with_words(call)
}

#[cold]
fn set_with_words(call: &Call<'_, Opened>) -> Outcome {
    let mut words = Words::new(&call.this.home);
    words.push_text("SET");
    for arg in call.args() {
        words.push(call.env, *arg)?;
    }
    let words = words.slices();
    let gives = words.iter().skip(3).any(|word| word.eq_ignore_ascii_case(b"GET"));
    let reply = run_alone(call, &words, Bulks::Strings)?;
    if gives {
        return Ok(reply);
    }
    call.env.boolean(call.env.kind(reply)? != Kind::Null)
}

/// `incr(key)`, `incr(key, by)`: the sum.
pub(crate) fn incr(call: &Call<'_, Opened>) -> Outcome {
    let (env, mut word) = (call.env, Word::new());
    let key = word.read(&call.this.home, env, call.wanted(0, "the key")?, 0)?;
    let by = match call.given(1)? {
        None => 1,
        Some(by) => {
            let n = env.number(by)?;
            if n.fract() != 0.0 || n.abs() >= (1_u64 << 53) as f64 {
                return Err(Failure::argument("what is added is a whole number below 2^53"));
            }
            n as i64
        }
    };
    let sum = call.this.live()?.db.strings().increment(key, by)?;
    env.int(sum)
}

/// The keys of a call: its arguments, or the one array that it is given.
fn keys<'h>(call: &'h Call<'_, Opened>) -> Result<Words<'h>, Failure> {
    let home = &call.this.home;
    let first: Js = call.wanted(0, "a key")?;
    let Some(len) = call.env.array_len(first)? else { return home.words(call, 0) };
    let mut words = Words::new(home);
    for at in 0..len {
        words.push(call.env, call.env.element(first, at)?)?;
    }
    Ok(words)
}

/// `mget(key, …)`, `mget([key, …])`: strings of one moment, null for each that is missing or no string.
pub(crate) fn mget(call: &Call<'_, Opened>) -> Outcome {
    read_many(call, Bulks::Strings)
}

/// `mgetBuffer(key, …)`: the same as `Buffer`s.
pub(crate) fn mget_buffer(call: &Call<'_, Opened>) -> Outcome {
    read_many(call, Bulks::Buffers)
}

fn read_many(call: &Call<'_, Opened>, bulks: Bulks) -> Outcome {
    let (env, home, words) = (call.env, &call.this.home, keys(call)?);
    let mut noted = home.note(Protocol::Resp3);
    {
        let live = call.this.live()?;
        let (engine, index) = (live.db.engine(), larder_core::DbIndex::default());
        let keys: Vec<_> = (0..words.len()).map(|at| engine.key(index, words.get(at))).collect();
        // Their cache misses overlap.
        engine.prefetch(&keys);
        let mut view = engine.view(&keys);
        noted.array(keys.len());
        for key in &keys {
            noted.string_or_null(view.string(key).unwrap_or(None));
        }
    }
    let made = reply::make(env, home, &noted, 0, bulks, Protocol::Resp3);
    home.give_back(noted);
    made
}

/// `del(key, …)`, `del([key, …])`: how many there were.
pub(crate) fn del(call: &Call<'_, Opened>) -> Outcome {
    let words = keys(call)?;
    if words.len() == 1 {
        let removed = call.this.live()?.db.keys().remove(words.get(0))?;
        return call.env.count(usize::from(removed));
    }
    let mut line = words.slices();
    line.insert(0, b"DEL");
    run_alone(call, &line, Bulks::Strings)
}
