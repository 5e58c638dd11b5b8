//! `math.random` and `math.randomseed`: the linear congruential generator that POSIX calls `lrand48`, since scripts
//! that set a seed expect the numbers that Redis gives for it.

use crate::arguments::{bad_argument, fail, number};
use mlua::{Function, Lua, MultiValue, Result};
use std::cell::Cell;
use std::rc::Rc;

/// The state: 48 bits.
#[derive(Clone, Copy, Debug)]
struct Random(u64);

const BITS: u64 = (1 << 48) - 1;

impl Random {
    /// Begins anew from the lower 32 bits of a seed.
    fn seeded(seed: i64) -> Random {
        Random(u64::from(seed as u32) << 16 | 0x330e)
    }

    /// The next number, at least 0 and below 1.
    fn fraction(&mut self) -> f64 {
        const MOST: u64 = i32::MAX as u64;
        self.0 = self.0.wrapping_mul(0x5_deec_e66d).wrapping_add(0xb) & BITS;
        ((self.0 >> 17) % MOST) as f64 / MOST as f64
    }
}

/// Both functions, over one generator.
pub(crate) fn functions(lua: &Lua, seed: i64) -> Result<(Function, Function)> {
    let numbers = Rc::new(Cell::new(Random::seeded(seed)));
    let seeded = numbers.clone();
    let random = lua.create_function(move |lua, args: MultiValue| {
        let mut state = numbers.get();
        let fraction = state.fraction();
        numbers.set(state);
        let (low, high) = match args.len() {
            0 => return Ok(fraction),
            1 => (1.0, number(lua, &args, 0, "random")?),
            2 => (number(lua, &args, 0, "random")?, number(lua, &args, 1, "random")?),
            _ => return Err(fail(lua, "wrong number of arguments")),
        };
        let (low, high) = (low.trunc(), high.trunc());
        if low > high {
            return Err(bad_argument(lua, args.len(), "random", "interval is empty"));
        }
        Ok((fraction * (high - low + 1.0)).floor() + low)
    })?;
    let randomseed = lua.create_function(move |lua, args: MultiValue| {
        seeded.set(Random::seeded(number(lua, &args, 0, "randomseed")? as i64));
        Ok(())
    })?;
    Ok((random, randomseed))
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn a_seed_gives_the_numbers_that_redis_gives() {
        let mut random = Random::seeded(5);
        assert_eq!(format!("{:.14}", random.fraction()), "0.52483957937213");
        let lua = mlua::Lua::new();
        let (random, randomseed) = super::functions(&lua, 1).expect("made");
        randomseed.call::<()>(5).expect("a number");
        let next = |args: &[f64]| random.call::<f64>(args.iter().copied().collect::<mlua::Variadic<f64>>());
        assert!(next(&[]).expect("a number") < 0.53);
        assert_eq!(next(&[10.0]).expect("a number") as i64, 3);
        assert_eq!(next(&[10.0, 20.0]).expect("a number") as i64, 18);
        assert!(next(&[0.0]).is_err() && next(&[3.0, 1.0]).is_err() && next(&[1.0, 2.0, 3.0]).is_err());
    }
}
