//! What one GET costs a Rust program: nanoseconds, on a million keys of 16 bytes with values of 32, chosen at random.
//! `cargo xtask compare doors` runs it beside the same in C and JavaScript and over sockets. Another number of keys may
//! be given: `one_get 64` asks for hot ones.

use larder::Larder;
use std::time::Instant;

const CALLS: u32 = 2_000_000;

fn main() -> Result<(), larder::Error> {
    let count = std::env::args().nth(1).map_or(1_000_000, |count| count.parse().expect("a number of keys"));
    let larder = Larder::new();
    let db = larder.db();
    let keys: Vec<String> = (0_u64..count).map(|n| format!("key:{n:012}")).collect();
    for key in &keys {
        db.strings().set(key, [b'v'; 32])?;
    }
    let mut bytes = Vec::with_capacity(64);
    let (mut at, mut found) = (0_u64, 0_u32);
    let began = Instant::now();
    for _ in 0..CALLS {
        at = (at * 48_261 + 11) % count;
        found += u32::from(db.strings().get_into(&keys[at as usize], &mut bytes)?);
    }
    let took = began.elapsed();
    assert_eq!(found, CALLS);
    println!("{:.1}", took.as_secs_f64() * 1e9 / f64::from(CALLS));
    Ok(())
}
