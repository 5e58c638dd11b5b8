//! Floating-point numbers as C's `%.*g` writes them.

use std::io::Write;

/// Any decimal of so many digits is told from all others by the floating-point number that is nearest to it.
const DIGITS_KEPT: usize = 15;
/// A fraction of so few digits is looked for first.
const DECIMALS_FEW: u32 = 6;

/// Appends a finite number with so many significant digits, in whichever form is the shorter one.
pub(crate) fn write_g(out: &mut Vec<u8>, n: f64, precision: usize) {
    let precision = precision.max(1);
    if !write_short(out, n, precision) {
        write_rounded(out, n, precision);
    }
}

/// Appends a number that is a decimal of few digits, as most are that people write: whatever it is rounded to that has
/// room for these digits is the same decimal. Says whether it is one.
#[expect(clippy::float_cmp, reason = "whether it is that decimal is the question")]
fn write_short(out: &mut Vec<u8>, n: f64, precision: usize) -> bool {
    let magnitude = n.abs();
    let most = 10_f64.powi(precision as i32);
    if precision > DIGITS_KEPT || magnitude != 0.0 && !(1e-4..most).contains(&magnitude) {
        return false;
    }
    for decimals in 0..=DECIMALS_FEW {
        let unit = 10_f64.powi(decimals as i32);
        let digits = (magnitude * unit).round();
        if digits >= most {
            return false;
        }
        if digits / unit == magnitude {
            if n.is_sign_negative() {
                out.push(b'-');
            }
            let (digits, unit) = (digits as u64, 10_u64.pow(decimals));
            out.extend_from_slice(itoa::Buffer::new().format(digits / unit).as_bytes());
            if decimals > 0 {
                // A one before the fraction keeps its zeros.
                out.extend_from_slice(itoa::Buffer::new().format(unit + digits % unit).as_bytes());
                let point = out.len() - decimals as usize - 1;
                out[point] = b'.';
            }
            return true;
        }
    }
    false
}

fn write_rounded(out: &mut Vec<u8>, n: f64, precision: usize) {
    // Rust rounds to the nearest, as C does: mantissa and exponent come from there.
    let scientific = format!("{:.*e}", precision - 1, n);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= precision as i32 {
        out.extend_from_slice(trimmed(mantissa).as_bytes());
        let sign = if exponent < 0 { '-' } else { '+' };
        // Writing to memory cannot fail.
        let _ = write!(out, "e{sign}{:02}", exponent.unsigned_abs());
        return;
    }
    let decimals = (precision as i32 - 1 - exponent).max(0) as usize;
    out.extend_from_slice(trimmed(&format!("{n:.decimals$}")).as_bytes());
}

/// Appends any number as Lua's `tostring` writes it, which is C's `%.14g`.
pub fn write_number(out: &mut Vec<u8>, n: f64) {
    match n {
        n if n.is_finite() => write_g(out, n, 14),
        n if n.is_nan() => out.extend_from_slice(if n.is_sign_negative() { b"-nan" } else { b"nan" }),
        n => out.extend_from_slice(if n > 0.0 { b"inf" } else { b"-inf" }),
    }
}

/// Without zeros at the end of a fraction.
fn trimmed(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

/// Reads the longest number that a text begins with, as C's `strtod` does, and says how long it is.
pub(crate) fn read_prefix(text: &[u8]) -> Option<(f64, usize)> {
    let signed = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let negative = text.first() == Some(&b'-');
    let digits = &text[signed..];
    let (magnitude, len) = read_magnitude(digits)?;
    Some((if negative { -magnitude } else { magnitude }, signed + len))
}

fn read_magnitude(text: &[u8]) -> Option<(f64, usize)> {
    let begins = |word: &[u8]| text.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    if begins(b"infinity") {
        return Some((f64::INFINITY, 8));
    }
    if begins(b"inf") {
        return Some((f64::INFINITY, 3));
    }
    if begins(b"nan") {
        return Some((f64::NAN, 3));
    }
    if begins(b"0x")
        && let Some(read) = read_hex(&text[2..])
    {
        return Some((read.0, read.1 + 2));
    }
    let count = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = count(0);
    let mut len = whole;
    if text.get(len) == Some(&b'.') {
        let fraction = count(len + 1);
        if whole + fraction > 0 {
            len += 1 + fraction;
        }
    }
    if len == 0 {
        return None;
    }
    if matches!(text.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(len + 1), Some(b'-' | b'+')));
        let digits = if len + 1 + sign <= text.len() { count(len + 1 + sign) } else { 0 };
        if digits > 0 {
            len += 1 + sign + digits;
        }
    }
    let number = std::str::from_utf8(&text[..len]).ok()?.parse().ok()?;
    Some((number, len))
}

/// What follows `0x`: hexadecimal digits with a fraction and a binary exponent.
fn read_hex(text: &[u8]) -> Option<(f64, usize)> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    let (mut n, mut at, mut digits) = (0.0, 0, 0);
    let mut scale: i32 = 0;
    while let Some(value) = digit(at) {
        n = n * 16.0 + f64::from(value);
        (at, digits) = (at + 1, digits + 1);
    }
    if text.get(at) == Some(&b'.') && (digits > 0 || digit(at + 1).is_some()) {
        at += 1;
        while let Some(value) = digit(at) {
            n = n * 16.0 + f64::from(value);
            scale = scale.saturating_sub(4);
            (at, digits) = (at + 1, digits + 1);
        }
    }
    if digits == 0 {
        return None;
    }
    if matches!(text.get(at), Some(b'p' | b'P')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'-' | b'+')));
        let rest = text.get(at + 1 + sign..).unwrap_or_default();
        let len = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if len > 0 {
            let exponent = std::str::from_utf8(&rest[..len]).ok()?.parse::<i32>().unwrap_or(i32::MAX / 2);
            let negative = text.get(at + 1) == Some(&b'-');
            scale = scale.saturating_add(if negative { -exponent } else { exponent });
            at += 1 + sign + len;
        }
    }
    Some((n * 2.0_f64.powi(scale), at))
}

#[cfg(test)]
mod tests {
    use super::{read_prefix, write_g, write_number, write_rounded};

    #[test]
    fn every_number_has_the_text_that_lua_gives_it() {
        for (n, expected) in [
            (-(2_f64.powi(53)), "-9.007199254741e+15"),
            (1e-5, "1e-05"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN.copysign(-1.0), "-nan"),
            (f64::NAN.copysign(1.0), "nan"),
        ] {
            let mut text = Vec::new();
            write_number(&mut text, n);
            assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }

    #[test]
    fn short_numbers_are_written_as_others_are() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for _ in 0..20_000 {
            let (digits, shift, precision) =
                (next() >> (next() % 60), next() % 12, (next() % 17) as usize + 1);
            let decimal = digits as f64 / 10_f64.powi(shift as i32);
            for n in [decimal, -decimal, decimal.next_up(), decimal * 3.0, decimal.round()] {
                let (mut short, mut rounded) = (Vec::new(), Vec::new());
                write_g(&mut short, n, precision);
                write_rounded(&mut rounded, n, precision);
                assert_eq!(
                    String::from_utf8_lossy(&short),
                    String::from_utf8_lossy(&rounded),
                    "{n:e} {precision}"
                );
            }
        }
    }

    #[test]
    fn numbers_read_as_c_writes_them() {
        for (n, precision, expected) in [
            (0.0, 14, "0"),
            (-0.0, 14, "-0"),
            (1.0, 14, "1"),
            (0.1, 14, "0.1"),
            (100_000.0, 14, "100000"),
            (1e14, 14, "1e+14"),
            (99_999_999_999_999.0, 14, "99999999999999"),
            (123_456_789_012_345.0, 14, "1.2345678901234e+14"),
            (0.0001, 14, "0.0001"),
            (0.00001, 14, "1e-05"),
            (1e300, 14, "1e+300"),
            (1.0 / 3.0, 14, "0.33333333333333"),
            (1.0 / 3.0, 3, "0.333"),
            (9.9999, 3, "10"),
            (0.1, 17, "0.10000000000000001"),
        ] {
            let mut out = Vec::new();
            write_g(&mut out, n, precision);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{n} {precision}");
        }
    }

    #[test]
    fn the_longest_number_is_read() {
        for (text, number, len) in [
            ("12x", 12.0, 2),
            ("-1.5e3,", -1500.0, 6),
            ("1e", 1.0, 1),
            ("1.", 1.0, 2),
            (".5", 0.5, 2),
            ("0x1F]", 31.0, 4),
            ("0x", 0.0, 1),
            ("0x.8p1", 1.0, 6),
            ("-inf", f64::NEG_INFINITY, 4),
            ("Infinityx", f64::INFINITY, 8),
            ("1e999", f64::INFINITY, 5),
        ] {
            assert_eq!(read_prefix(text.as_bytes()), Some((number, len)), "{text}");
        }
        for text in ["", "-", "+", ".", "x", "e5"] {
            assert_eq!(read_prefix(text.as_bytes()), None, "{text}");
        }
    }
}
