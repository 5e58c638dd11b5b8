//! `tonumber`: Lua's own reads a text by the general reader of decimals of the C library, and twice. Most texts that
//! scripts make numbers of are a few digits.

use crate::arguments::{Given, Result};
use crate::raw::{Args, Stack};

/// Whole numbers of so many digits are floating-point numbers without being rounded.
const DIGITS_MAX: usize = 15;

/// `tonumber`.
pub(crate) fn to_number(args: &Args<'_>, stack: &mut Stack<'_>) -> Result<usize> {
    let given = Given::as_called(args);
    let base = if given.is_missing(1) { 10 } else { given.integer(stack, 1)? as i32 };
    let number = if base == 10 {
        if args.is_empty() {
            return Err(given.bad(stack, 1, "value expected"));
        }
        args.text(0).and_then(few_digits).or_else(|| args.coerced(0))
    } else {
        let mut number = Vec::new();
        let text = given.string(stack, 0, &mut number)?;
        if !(2..=36).contains(&base) {
            return Err(given.bad(stack, 2, "base out of range"));
        }
        whole_of_base(text, base as u32)
    };
    match number {
        Some(n) => stack.push_number(n)?,
        None => stack.push_nil()?,
    }
    Ok(1)
}

/// The number of a text that is a few digits, perhaps behind a minus.
fn few_digits(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > DIGITS_MAX {
        return None;
    }
    let mut n = 0_u64;
    for digit in digits {
        let value = digit.wrapping_sub(b'0');
        if value > 9 {
            return None;
        }
        n = n * 10 + u64::from(value);
    }
    Some(if negative { -(n as f64) } else { n as f64 })
}

/// A whole number as C's `strtoul` reads it from all of a text: what is below zero is taken from 2^64, and what is too
/// large is the largest there is.
fn whole_of_base(text: &[u8], base: u32) -> Option<f64> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    // A text ends at its first zero.
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    let begin = text.iter().position(|byte| !is_space(byte)).unwrap_or(text.len());
    let (negative, digits) = match &text[begin..] {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    let value = |byte: &u8| char::from(*byte).to_digit(base);
    let digits = match digits {
        [b'0', b'x' | b'X', digits @ ..] if base == 16 && digits.first().and_then(value).is_some() => digits,
        digits => digits,
    };
    let len = digits.iter().position(|byte| value(byte).is_none()).unwrap_or(digits.len());
    if len == 0 || !digits[len..].iter().all(is_space) {
        return None;
    }
    let next = |n: u64, digit: u32| n.checked_mul(u64::from(base))?.checked_add(u64::from(digit));
    let n = digits[..len].iter().filter_map(value).try_fold(0, next);
    Some(n.map_or(u64::MAX, |n| if negative { n.wrapping_neg() } else { n }) as f64)
}

#[cfg(test)]
mod tests {
    use super::to_number;
    use crate::raw::Lua;

    /// Lua's own function is what this one is measured by.
    #[test]
    fn texts_are_the_numbers_that_lua_makes_of_them() {
        let check = r"
            local own, ours = tonumber, ...
            local pieces = {'0', '1', '9', '00', '-', '+', ' ', '.', 'e', '5', 'x', 'f', 'Z', '\0', '\t', '123456',
                '0x'}
            local bases = {2, 8, 10, 16, 36, 3, 10.9, '16'}
            local tried = {'', '999999999999999', '9999999999999999', '-0', '18446744073709551616', '-1',
                'ffffffffffffffffff'}
            for _, a in ipairs(pieces) do
                for _, b in ipairs(pieces) do
                    for _, c in ipairs(pieces) do tried[#tried + 1] = a .. b .. c end
                end
            end
            local function same(a, b) return a == b and (a ~= 0 or 1 / a == 1 / b) or a ~= a and b ~= b end
            for _, text in ipairs(tried) do
                if not same(own(text), ours(text)) then return 'tonumber ' .. text end
                for _, base in ipairs(bases) do
                    if not same(own(text, base), ours(text, base)) then return text .. ' to ' .. base end
                end
            end
            for _, value in ipairs({12, -0.5, true, {}, print}) do
                if not same(own(value), ours(value)) then return tostring(value) end
            end
            for _, wrong in ipairs({{}, {1, 1}, {1, 37}, {1, {}}, {{}, 2}, {nil, 2}, {'1', -5}}) do
                local own_ok, own_text = pcall(own, unpack(wrong))
                local ok, text = pcall(ours, unpack(wrong))
                if own_ok ~= ok or own_text ~= text then return tostring(own_text) .. ' / ' .. tostring(text) end
            end
            return 'all are the same'";
        let lua = Lua::new();
        let check = lua.load(check.as_bytes(), "=check").expect("compiles");
        let push = |stack: &mut crate::raw::Stack<'_>| stack.push_function(to_number);
        let [answer] = lua.call(&check, push).expect("runs");
        let answer = lua.with(|stack| {
            let answer = stack.push_kept(&answer)?;
            Ok(stack.read().description(answer))
        });
        assert_eq!(answer.expect("shown"), "all are the same");
    }
}
