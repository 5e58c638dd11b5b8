//! `math.random` and `math.randomseed`: the linear congruential generator that POSIX calls `lrand48`, since scripts
//! that set a seed expect the numbers that Redis gives for it.

use crate::arguments::{Given, Result};
use crate::raw::{Slot, Stack};
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

/// Adds both functions to a table, over one generator.
pub(crate) fn add_functions(stack: &mut Stack<'_>, table: Slot, seed: i64) -> Result<()> {
    let numbers = Rc::new(Cell::new(Random::seeded(seed)));
    let seeded = numbers.clone();
    stack.set_function(table, "random", move |args, stack| {
        let mut state = numbers.get();
        let fraction = state.fraction();
        numbers.set(state);
        let given = Given::new(args, "random");
        let (low, high) = match args.len() {
            0 => {
                stack.push_number(fraction)?;
                return Ok(1);
            }
            1 => (1.0, given.number(stack, 0)?),
            2 => (given.number(stack, 0)?, given.number(stack, 1)?),
            _ => return Err(stack.fail("wrong number of arguments")),
        };
        let (low, high) = (low.trunc(), high.trunc());
        if low > high {
            return Err(given.bad(stack, args.len(), "interval is empty"));
        }
        stack.push_number((fraction * (high - low + 1.0)).floor() + low)?;
        Ok(1)
    })?;
    stack.set_function(table, "randomseed", move |args, stack| {
        seeded.set(Random::seeded(Given::new(args, "randomseed").integer(stack, 0)?));
        Ok(0)
    })
}

#[cfg(test)]
mod tests {
    use super::Random;
    use crate::raw::Lua;

    #[test]
    fn a_seed_gives_the_numbers_that_redis_gives() {
        let mut random = Random::seeded(5);
        assert_eq!(format!("{:.14}", random.fraction()), "0.52483957937213");
        let lua = Lua::new();
        let table = lua.with(|stack| {
            let table = stack.push_table(0, 2)?;
            super::add_functions(stack, table, 1)?;
            lua.keep(table)
        });
        let text = "local m = ... m.randomseed(5) return table.concat({m.random() < 0.53 and 'a' or 'b', m.random(10), \
                    m.random(10, 20), tostring(pcall(m.random, 0)), tostring(pcall(m.random, 3, 1)), \
                    tostring(pcall(m.random, 1, 2, 3))}, ' ')";
        let function = lua.load(text.as_bytes(), "=text").expect("compiles");
        let [answer] = lua.call(&function, |stack| stack.push_kept(&table.clone()?).map(drop)).expect("runs");
        let answer = lua.with(|stack| {
            let answer = stack.push_kept(&answer)?;
            Ok(stack.read().description(answer))
        });
        assert_eq!(answer.expect("shown"), "a 3 18 false false false");
    }
}
