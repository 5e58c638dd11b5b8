//! A HyperLogLog as Redis keeps it in a string, byte for byte: `GET`, `SET` and `DUMP` carry it from server to server.
//!
//! Sixteen bytes of header (magic, encoding, the cached count), then 16,384 registers of six bits: either all of them
//! (dense), or runs of equal ones (sparse). What a string holds is looked at before it is believed: anybody can set
//! one.

use crate::error::{Error, Result};

const MAGIC: &[u8; 4] = b"HYLL";
const HEADER: usize = 16;
pub(super) const REGISTERS: usize = 1 << 14;
const DENSE_LEN: usize = HEADER + REGISTERS * 6 / 8;
/// The highest rank that a hash of 64 bits can have when 14 of them choose the register.
const RANK_MAX: usize = 64 - 14;
/// The bit of the cached count that says that it is out of date.
const STALE: u8 = 0x80;

/// The largest value and the longest run of a sparse value, and the longest short run of zeros.
const SPARSE_VALUE_MAX: u8 = 32;
const SPARSE_RUN_MAX: usize = 4;
const ZERO_RUN_MAX: usize = 64;

fn corrupted() -> Error {
    Error::new("INVALIDOBJ Corrupted HLL object detected")
}

fn not_a_sketch() -> Error {
    Error::new("WRONGTYPE Key is not a valid HyperLogLog string value.")
}

/// An empty sketch: one run of zeros.
pub(super) fn empty() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + 2);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[1, 0, 0, 0]);
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&[0x7f, 0xff]);
    bytes
}

/// Whether bytes can be a sketch at all. What its runs say is found out when they are read.
pub(super) fn check(bytes: &[u8]) -> Result<()> {
    let fits = match bytes.get(4) {
        Some(0) => bytes.len() == DENSE_LEN,
        Some(1) => bytes.len() >= HEADER,
        _ => false,
    };
    if fits && bytes.starts_with(MAGIC) { Ok(()) } else { Err(not_a_sketch()) }
}

pub(super) fn is_dense(bytes: &[u8]) -> bool {
    bytes.get(4) == Some(&0)
}

/// A run of equal registers in the sparse form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    value: u8,
    len: usize,
    /// Bytes of the run itself.
    size: usize,
}

/// Reads the run at a place.
fn run_at(bytes: &[u8], at: usize) -> Option<Run> {
    let first = *bytes.get(at)?;
    Some(match first >> 6 {
        0 => Run { value: 0, len: usize::from(first & 0x3f) + 1, size: 1 },
        1 => {
            let second = usize::from(*bytes.get(at + 1)?);
            Run { value: 0, len: (usize::from(first & 0x3f) << 8 | second) + 1, size: 2 }
        }
        _ => Run { value: (first >> 2 & 0x1f) + 1, len: usize::from(first & 3) + 1, size: 1 },
    })
}

fn put_zeros(out: &mut Vec<u8>, len: usize) {
    if len > ZERO_RUN_MAX {
        let len = len - 1;
        out.extend_from_slice(&[0x40 | (len >> 8) as u8, len as u8]);
    } else if len > 0 {
        out.push((len - 1) as u8);
    }
}

fn value_run(value: u8, len: usize) -> u8 {
    0x80 | (value - 1) << 2 | (len - 1) as u8
}

/// The runs of a sparse sketch, which together are all registers.
fn runs(bytes: &[u8]) -> Result<Vec<Run>> {
    let (mut runs, mut at, mut total) = (Vec::new(), HEADER, 0);
    while at < bytes.len() {
        let run = run_at(bytes, at).ok_or_else(corrupted)?;
        at += run.size;
        total += run.len;
        if total > REGISTERS {
            return Err(corrupted());
        }
        runs.push(run);
    }
    if total == REGISTERS { Ok(runs) } else { Err(corrupted()) }
}

fn dense_get(bytes: &[u8], register: usize) -> u8 {
    let (at, shift) = (HEADER + register * 6 / 8, register * 6 % 8);
    let low = u16::from(bytes.get(at).copied().unwrap_or(0));
    let high = u16::from(bytes.get(at + 1).copied().unwrap_or(0));
    ((high << 8 | low) >> shift) as u8 & 0x3f
}

fn dense_set(bytes: &mut [u8], register: usize, value: u8) {
    let (at, shift) = (HEADER + register * 6 / 8, register * 6 % 8);
    let window = u16::from(value) << shift;
    let mask = 0x3f_u16 << shift;
    for (byte, place) in bytes.iter_mut().skip(at).take(2).zip([0, 8]) {
        *byte = *byte & !((mask >> place) as u8) | (window >> place) as u8;
    }
}

/// The values of all registers.
pub(super) fn registers(bytes: &[u8]) -> Result<Vec<u8>> {
    if is_dense(bytes) {
        return Ok((0..REGISTERS).map(|register| dense_get(bytes, register)).collect());
    }
    let runs = runs(bytes)?;
    Ok(runs.iter().flat_map(|run| std::iter::repeat_n(run.value, run.len)).collect())
}

/// Turns a sparse sketch into a dense one. Its cached count stays.
pub(super) fn to_dense(bytes: &mut Vec<u8>) -> Result<()> {
    if is_dense(bytes) {
        return Ok(());
    }
    let registers = registers(bytes)?;
    bytes.truncate(HEADER);
    bytes[4] = 0;
    bytes.resize(DENSE_LEN, 0);
    for (register, value) in registers.into_iter().enumerate().filter(|(_, value)| *value > 0) {
        dense_set(bytes, register, value);
    }
    Ok(())
}

/// Where a member goes: its register, and the rank that it brings.
pub(super) fn place(member: &[u8]) -> (usize, u8) {
    let hash = murmur(member);
    let rank = (hash >> 14 | 1 << RANK_MAX).trailing_zeros() + 1;
    (hash as usize & (REGISTERS - 1), rank as u8)
}

/// Raises a register to a value, if it is lower. Says whether it was. A sparse sketch that would become longer than
/// `sparse_max`, or cannot say the value, becomes dense.
pub(super) fn raise(bytes: &mut Vec<u8>, register: usize, value: u8, sparse_max: usize) -> Result<bool> {
    if is_dense(bytes) {
        if dense_get(bytes, register) >= value {
            return Ok(false);
        }
        dense_set(bytes, register, value);
        return Ok(true);
    }
    if value > SPARSE_VALUE_MAX {
        to_dense(bytes)?;
        return raise(bytes, register, value, sparse_max);
    }
    // Find the run that the register is in, and the one before it.
    let (mut at, mut first, mut before) = (HEADER, 0, None);
    let run = loop {
        let run = run_at(bytes, at).ok_or_else(corrupted)?;
        if register < first + run.len {
            break run;
        }
        before = Some(at);
        at += run.size;
        first += run.len;
    };
    if run.value >= value {
        return Ok(false);
    }
    if run.len == 1 {
        bytes[at] = value_run(value, 1);
    } else {
        let mut parts = Vec::with_capacity(5);
        let (left, right) = (register - first, first + run.len - 1 - register);
        let put = |parts: &mut Vec<u8>, len: usize| match run.value {
            0 => put_zeros(parts, len),
            _ if len == 0 => {}
            same => parts.push(value_run(same, len)),
        };
        put(&mut parts, left);
        parts.push(value_run(value, 1));
        put(&mut parts, right);
        if parts.len() > run.size && bytes.len() + parts.len() - run.size > sparse_max {
            to_dense(bytes)?;
            return raise(bytes, register, value, sparse_max);
        }
        bytes.splice(at..at + run.size, parts);
    }
    join_runs(bytes, before.unwrap_or(HEADER));
    Ok(true)
}

/// Joins runs of one value that have come to lie side by side, among the few that a change can have touched.
fn join_runs(bytes: &mut Vec<u8>, from: usize) {
    let mut at = from;
    for _ in 0..5 {
        let Some(run) = run_at(bytes, at) else { return };
        if run.value > 0
            && let Some(next) = run_at(bytes, at + 1).filter(|next| next.value == run.value)
            && run.len + next.len <= SPARSE_RUN_MAX
        {
            bytes[at + 1] = value_run(run.value, run.len + next.len);
            bytes.remove(at);
            continue;
        }
        at += run.size;
    }
}

/// The cached count, if it is good.
pub(super) fn cached(bytes: &[u8]) -> Option<u64> {
    let cache: [u8; 8] = bytes.get(8..HEADER)?.try_into().ok()?;
    (cache[7] & STALE == 0).then(|| u64::from_le_bytes(cache))
}

/// Says that the cached count is out of date.
pub(super) fn forget_count(bytes: &mut [u8]) {
    if let Some(last) = bytes.get_mut(HEADER - 1) {
        *last |= STALE;
    }
}

/// Keeps a count.
pub(super) fn keep_count(bytes: &mut [u8], count: u64) {
    if let Some(cache) = bytes.get_mut(8..HEADER) {
        cache.copy_from_slice(&count.to_le_bytes());
    }
}

/// How many distinct members were added, about: the estimator of Otmar Ertl (arXiv 1702.01284), which needs no tables.
pub(super) fn estimate(registers: &[u8]) -> u64 {
    let mut histogram = [0_u32; 64];
    for value in registers {
        histogram[usize::from(value & 0x3f)] += 1;
    }
    let all = REGISTERS as f64;
    let count = |value: usize| f64::from(histogram[value]);
    let mut z = all * tau((all - count(RANK_MAX + 1)) / all);
    for value in (1..=RANK_MAX).rev() {
        z = (z + count(value)) * 0.5;
    }
    z += all * sigma(count(0) / all);
    (0.5 / std::f64::consts::LN_2 * all * all / z).round() as u64
}

fn sigma(mut x: f64) -> f64 {
    if x.to_bits() == 1.0_f64.to_bits() {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if before.to_bits() == z.to_bits() {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if before.to_bits() == z.to_bits() {
            return z / 3.0;
        }
    }
}

/// The sparse form as people read it.
pub(super) fn decoded(bytes: &[u8]) -> Result<String> {
    let mut texts = Vec::new();
    let mut at = HEADER;
    for run in runs(bytes)? {
        texts.push(match run {
            Run { value: 0, len, size: 1 } => format!("z:{len}"),
            Run { value: 0, len, .. } => format!("Z:{len}"),
            Run { value, len, .. } => format!("v:{value},{len}"),
        });
        at += run.size;
    }
    debug_assert_eq!(at, bytes.len());
    Ok(texts.join(" "))
}

/// `MurmurHash64A` by Austin Appleby, with the seed that all servers share.
fn murmur(bytes: &[u8]) -> u64 {
    const SEED: u64 = 0xadc8_3b19;
    const MULTIPLIER: u64 = 0xc6a4_a793_5bd1_e995;
    let mix = |word: u64| {
        let word = word.wrapping_mul(MULTIPLIER);
        (word ^ word >> 47).wrapping_mul(MULTIPLIER)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = SEED ^ (bytes.len() as u64).wrapping_mul(MULTIPLIER);
    for word in words {
        hash = (hash ^ mix(u64::from_le_bytes(*word))).wrapping_mul(MULTIPLIER);
    }
    if !rest.is_empty() {
        let last = rest.iter().rev().fold(0, |last, byte| last << 8 | u64::from(*byte));
        hash = (hash ^ last).wrapping_mul(MULTIPLIER);
    }
    hash = (hash ^ hash >> 47).wrapping_mul(MULTIPLIER);
    hash ^ hash >> 47
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Many members in both forms: the registers agree, and the estimate is near.
    #[test]
    fn sparse_and_dense_hold_the_same() {
        let (mut sparse, mut dense) = (empty(), empty());
        to_dense(&mut dense).expect("an empty sketch");
        for n in 0..5_000_u32 {
            let (register, rank) = place(format!("member:{n}").as_bytes());
            let raised = raise(&mut sparse, register, rank, usize::MAX);
            assert_eq!(raised, raise(&mut dense, register, rank, 0), "{n}");
            if n % 500 == 0 {
                assert_eq!(registers(&sparse), registers(&dense), "{n}");
            }
        }
        assert!(!is_dense(&sparse) && is_dense(&dense));
        let count = estimate(&registers(&sparse).expect("whole"));
        assert!((4_900..5_100).contains(&count), "{count}");
        assert_eq!(estimate(&[0; REGISTERS]), 0);
    }

    /// Whatever bytes follow the magic: an error at most.
    #[test]
    fn corrupted_sketches_are_errors() {
        let mut rng = larder_core::Rng::seeded(3);
        for _ in 0..20_000 {
            let mut bytes = empty();
            bytes.truncate(HEADER);
            bytes.extend((0..rng.below(12)).map(|_| rng.next_u64() as u8));
            check(&bytes).expect("the head is right");
            let whole = registers(&bytes);
            assert!(whole.as_ref().is_ok_and(|all| all.len() == REGISTERS) || whole == Err(corrupted()));
            let _ = raise(&mut bytes.clone(), rng.below(REGISTERS), 5, 3_000);
            let _ = (to_dense(&mut bytes.clone()), decoded(&bytes));
        }
        for bytes in [
            &b""[..],
            b"HYLL",
            b"HYLL\x00000000000000000",
            b"HYLL\x02aaaaaaaaaaaaaaaaa",
            b"XYLL\x01aaaaaaaaaaaaa",
        ] {
            assert_eq!(check(bytes), Err(not_a_sketch()));
        }
    }
}
