//! Scores as text: what is read as a floating-point number, and how one is written.
//!
//! Written is the shortest text that reads back as the same number, as Redis does since 7.2: whole numbers up to
//! 2^62 in full, others as plain decimals while that stays short, the rest with an exponent (`1e+20`, `1.5e-7`).
//! Read is what C's `strtod` accepts in whole, hexadecimal and infinities included, but no surrounding space, no
//! `nan`, and nothing that is too large or too small for a double.

use std::io::Write;

/// Beyond this, whole numbers are no longer written in full.
const WHOLE_MAX: f64 = (1_u64 << 62) as f64;

/// Room for the text of a score.
#[derive(Debug)]
pub struct ScoreText {
    bytes: [u8; 48],
}

impl ScoreText {
    /// Fresh room.
    pub fn new() -> ScoreText {
        ScoreText { bytes: [0; 48] }
    }

    /// Writes a score and gives its text.
    pub fn write(&mut self, score: f64) -> &[u8] {
        let mut rest = &mut self.bytes[..];
        // The longest text (sign, 17 digits, 7 zeros) is half as long as the room; nothing can fail.
        let _ = if score.is_nan() {
            rest.write_all(b"nan")
        } else if score.is_infinite() {
            rest.write_all(if score > 0.0 { b"inf" } else { b"-inf" })
        } else if score == 0.0 {
            rest.write_all(if score.is_sign_negative() { b"-0" } else { b"0" })
        } else if score.abs() <= WHOLE_MAX && score.fract() == 0.0 {
            write!(rest, "{}", score as i64)
        } else {
            write_decimal(&mut rest, score)
        };
        let free = rest.len();
        let len = self.bytes.len() - free;
        &self.bytes[..len]
    }
}

impl Default for ScoreText {
    fn default() -> Self {
        ScoreText::new()
    }
}

fn write_zeros(out: &mut impl Write, count: i32) -> std::io::Result<()> {
    (0..count).try_for_each(|_| out.write_all(b"0"))
}

fn write_decimal(out: &mut impl Write, score: f64) -> std::io::Result<()> {
    let mut room = [0; 40];
    let mut rest = &mut room[..];
    write!(rest, "{:e}", score.abs())?;
    let free = rest.len();
    let text = &room[..room.len() - free];
    // The shortest digits, as "d.ddde-x".
    let e = text.iter().position(|byte| *byte == b'e').unwrap_or(text.len());
    let exponent: i32 = std::str::from_utf8(&text[e + 1..]).ok().and_then(|x| x.parse().ok()).unwrap_or(0);
    let mut digits = [0; 20];
    let mut len = 0;
    for digit in text[..e].iter().filter(|byte| byte.is_ascii_digit()) {
        digits[len] = *digit;
        len += 1;
    }
    let digits = &digits[..len];
    if score < 0.0 {
        out.write_all(b"-")?;
    }
    // The number is `digits` times ten to this power.
    let power = exponent - (len as i32 - 1);
    if power >= 0 && exponent < len as i32 + 7 {
        out.write_all(digits)?;
        write_zeros(out, power)
    } else if power < 0 && (power > -7 || exponent.abs() < 4) {
        if exponent < 0 {
            out.write_all(b"0.")?;
            write_zeros(out, -exponent - 1)?;
            out.write_all(digits)
        } else {
            let (whole, fraction) = digits.split_at(exponent as usize + 1);
            out.write_all(whole)?;
            out.write_all(b".")?;
            out.write_all(fraction)
        }
    } else {
        out.write_all(&digits[..1])?;
        if len > 1 {
            out.write_all(b".")?;
            out.write_all(&digits[1..])?;
        }
        write!(out, "e{exponent:+}")
    }
}

/// Reads a score. `None` for what is not a number, for `nan`, and for what a double cannot hold.
pub fn parse_score(text: &[u8]) -> Option<f64> {
    read(text).filter(|(_, in_range)| *in_range).map(|(score, _)| score)
}

fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    }
}

/// Reads a number as `strtod` does. A number out of range becomes an infinity or zero, and `false`.
fn read(text: &[u8]) -> Option<(f64, bool)> {
    let (negative, digits) = split_sign(text);
    let first = *digits.first()?;
    let (magnitude, in_range) = if let Some(whole) = read_whole(digits) {
        (whole, true)
    } else if digits.eq_ignore_ascii_case(b"inf") || digits.eq_ignore_ascii_case(b"infinity") {
        (f64::INFINITY, true)
    } else if let [b'0', b'x' | b'X', hex @ ..] = digits {
        read_hex(hex)?
    } else if first.is_ascii_digit() || first == b'.' {
        let number: f64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
        let mantissa = digits.split(|byte| matches!(byte, b'e' | b'E')).next().unwrap_or(digits);
        let zero = !mantissa.iter().any(|byte| matches!(byte, b'1'..=b'9'));
        (number, number.is_finite() && (number != 0.0 || zero))
    } else {
        return None;
    };
    Some((if negative { -magnitude } else { magnitude }, in_range))
}

/// Reads what most scores are: a whole number that a double holds exactly.
fn read_whole(digits: &[u8]) -> Option<f64> {
    if digits.len() > 15 {
        return None;
    }
    let step = |whole: u64, byte: &u8| byte.is_ascii_digit().then(|| whole * 10 + u64::from(byte - b'0'));
    digits.iter().try_fold(0, step).map(|whole| whole as f64)
}

/// Reads what follows `0x`: hexadecimal digits with at most one point, then perhaps `p` and a power of two.
fn read_hex(text: &[u8]) -> Option<(f64, bool)> {
    let (digits, power) = match text.iter().position(|byte| matches!(byte, b'p' | b'P')) {
        Some(at) => (&text[..at], read_power(&text[at + 1..])?),
        None => (text, 0),
    };
    let (mut mantissa, mut exponent) = (0_u64, 0_i64);
    let (mut any, mut point) = (false, false);
    for byte in digits {
        if *byte == b'.' && !point {
            point = true;
            continue;
        }
        let digit = u64::from(char::from(*byte).to_digit(16)?);
        any = true;
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | digit;
            exponent -= if point { 4 } else { 0 };
        } else {
            // Digits beyond 64 bits only matter for rounding: the last bit remembers whether any is not zero.
            mantissa |= u64::from(digit != 0);
            exponent += if point { 0 } else { 4 };
        }
    }
    if !any {
        return None;
    }
    let exponent = (exponent + power).clamp(-4_000, 4_000) as i32;
    // In steps, because neither factor may leave the range before the product does.
    let mut number = mantissa as f64;
    let mut left = exponent;
    while left != 0 && number != 0.0 && number.is_finite() {
        let step = left.clamp(-500, 500);
        number *= 2_f64.powi(step);
        left -= step;
    }
    Some((number, number.is_finite() && (number != 0.0 || mantissa == 0)))
}

fn read_power(text: &[u8]) -> Option<i64> {
    let (negative, digits) = split_sign(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let power = digits
        .iter()
        .fold(0_i64, |power, digit| (power * 10 + i64::from(digit - b'0')).min(1_000_000_000_000));
    Some(if negative { -power } else { power })
}

/// One end of a range of scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScoreBound {
    /// This score is within.
    Incl(f64),
    /// This score is just outside.
    Excl(f64),
}

impl ScoreBound {
    /// Reads `5`, `(5`, `-inf`, `+inf`.
    pub fn parse(text: &[u8]) -> Option<ScoreBound> {
        let bound = match text {
            [b'(', text @ ..] => ScoreBound::Excl(read(text)?.0),
            text => ScoreBound::Incl(read(text)?.0),
        };
        Some(bound)
    }

    /// Whether a score lies below a range that begins here.
    #[inline]
    pub(crate) fn is_above(self, score: f64) -> bool {
        match self {
            ScoreBound::Incl(bound) => score < bound,
            ScoreBound::Excl(bound) => score <= bound,
        }
    }

    /// Whether a score is not yet beyond a range that ends here.
    #[inline]
    pub(crate) fn reaches(self, score: f64) -> bool {
        match self {
            ScoreBound::Incl(bound) => score <= bound,
            ScoreBound::Excl(bound) => score < bound,
        }
    }
}

/// One end of a range of members in the order of their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexBound<'a> {
    /// Before every member.
    Min,
    /// After every member.
    Max,
    /// This member is within.
    Incl(&'a [u8]),
    /// This member is just outside.
    Excl(&'a [u8]),
}

impl<'a> LexBound<'a> {
    /// Reads `-`, `+`, `[member`, `(member`.
    pub fn parse(text: &'a [u8]) -> Option<LexBound<'a>> {
        match text {
            b"-" => Some(LexBound::Min),
            b"+" => Some(LexBound::Max),
            [b'[', member @ ..] => Some(LexBound::Incl(member)),
            [b'(', member @ ..] => Some(LexBound::Excl(member)),
            _ => None,
        }
    }

    /// Whether a member lies below a range that begins here.
    #[inline]
    pub(crate) fn is_above(self, member: &[u8]) -> bool {
        match self {
            LexBound::Min => false,
            LexBound::Max => true,
            LexBound::Incl(bound) => member < bound,
            LexBound::Excl(bound) => member <= bound,
        }
    }

    /// Whether a member is not yet beyond a range that ends here.
    #[inline]
    pub(crate) fn reaches(self, member: &[u8]) -> bool {
        match self {
            LexBound::Min => false,
            LexBound::Max => true,
            LexBound::Incl(bound) => member <= bound,
            LexBound::Excl(bound) => member < bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn scores_are_written_as_redis_writes_them() {
        for (score, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-17.0, "-17"),
            (0.1, "0.1"),
            (3.25, "3.25"),
            (-0.5, "-0.5"),
            (0.300_000_000_000_000_04, "0.30000000000000004"),
            (1e17, "100000000000000000"),
            (4_611_686_018_427_387_904.0, "4611686018427387904"),
            (5e18, "5e+18"),
            (12_345_678_901_234_567_890.0, "12345678901234567000"),
            (1e20, "1e+20"),
            (-1.5e21, "-1.5e+21"),
            (1e-5, "0.00001"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (1.5e-7, "1.5e-7"),
            (1_699_999_999.123_456, "1699999999.123456"),
            (0.001_234_567_890_123_456, "0.001234567890123456"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(std::str::from_utf8(ScoreText::new().write(score)).unwrap(), text);
        }
    }

    #[test]
    fn scores_are_read_as_redis_reads_them() {
        for (text, score) in [
            ("5", 5.0),
            ("+5", 5.0),
            ("-5.25", -5.25),
            ("5.", 5.0),
            (".5", 0.5),
            ("1e3", 1000.0),
            ("1E+3", 1000.0),
            ("007", 7.0),
            ("inf", f64::INFINITY),
            ("+Inf", f64::INFINITY),
            ("-INFINITY", f64::NEG_INFINITY),
            ("0x10", 16.0),
            ("-0x1.8p1", -3.0),
            ("0x.8", 0.5),
            ("0X1P-1074", 5e-324),
            ("0x1000000000000080000000000001", f64::from_bits(((1_023 + 108) << 52) | 1)),
            ("0e400", 0.0),
            ("9007199254740993", 9_007_199_254_740_992.0),
        ] {
            assert_eq!(parse_score(text.as_bytes()), Some(score), "{text}");
        }
        for text in [
            "",
            "+",
            "-",
            ".",
            "e5",
            "1e",
            "1e+",
            " 5",
            "5 ",
            "1_0",
            "nan",
            "-nan",
            "1e400",
            "-1e-400",
            "0x",
            "0x.",
            "0xg",
            "0x1p",
            "0x1p99999",
            "0x1p-99999",
            "5\0",
            "++5",
            "+-5",
            "infinit",
            "1,5",
            "\u{663}",
        ] {
            assert_eq!(parse_score(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn bounds_are_read() {
        assert_eq!(ScoreBound::parse(b"(5"), Some(ScoreBound::Excl(5.0)));
        assert_eq!(ScoreBound::parse(b"-inf"), Some(ScoreBound::Incl(f64::NEG_INFINITY)));
        assert_eq!(ScoreBound::parse(b"(1e400"), Some(ScoreBound::Excl(f64::INFINITY)));
        for text in [&b""[..], b"(", b"[5", b"nan", b"(nan", b"((5"] {
            assert_eq!(ScoreBound::parse(text), None);
        }
        assert_eq!(LexBound::parse(b"["), Some(LexBound::Incl(b"")));
        assert_eq!(LexBound::parse(b"(ab"), Some(LexBound::Excl(b"ab")));
        assert_eq!(
            (LexBound::parse(b"-"), LexBound::parse(b"+")),
            (Some(LexBound::Min), Some(LexBound::Max))
        );
        for text in [&b""[..], b"a", b"--", b"+a"] {
            assert_eq!(LexBound::parse(text), None);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(bits in any::<u64>(), whole in any::<i64>(), scale in -12..12_i32) {
            for score in [f64::from_bits(bits), whole as f64, (whole as f64) * 10_f64.powi(scale)] {
                let mut room = ScoreText::new();
                let text = room.write(score);
                if score.is_nan() {
                    prop_assert_eq!(text, b"nan");
                } else {
                    prop_assert_eq!(parse_score(text), Some(score));
                    prop_assert!(text.len() <= 25);
                }
            }
        }
    }
}
