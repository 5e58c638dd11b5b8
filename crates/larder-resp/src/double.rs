//! Doubles as text, the way Redis writes them since 7.2.
//!
//! Clients parse these texts back, and users compare them by eye, so they are part of the interface: the shortest
//! digits that read back as the same double, without an exponent where a person would not use one. (Redis up to 7.0
//! printed seventeen digits, `0.10000000000000001`; both texts denote the same double.) The digits come from the
//! standard library; only the layout is ours.

use std::fmt::Write as _;

/// Whole numbers up to this size are written as integers: half of the range of `i64`, as Redis has it.
const WHOLE_MAX: f64 = (i64::MAX / 2) as f64;
/// Sign, 17 digits, point, `e`, sign and three digits, rounded up.
const SCIENTIFIC_LEN_MAX: usize = 32;

/// Appends `number` to `out`.
///
/// | number | text |
/// |---|---|
/// | whole, up to 2^62 | `3`, `-0`, `1000000000000000000` |
/// | up to 7 more places than digits | `12345678901234568000000` |
/// | at most 6 decimals, or between 0.0001 and 9999 | `0.1`, `3.141592653589793` |
/// | other | `1e+20`, `1e-7`, `1.5e-300` |
/// | not finite | `inf`, `-inf`, `nan` |
pub fn format_double(number: f64, out: &mut Vec<u8>) {
    if number.is_nan() {
        out.extend_from_slice(b"nan");
    } else if number.is_infinite() {
        out.extend_from_slice(if number > 0.0 { b"inf" } else { b"-inf" });
    } else if number == 0.0 {
        out.extend_from_slice(if number.is_sign_negative() { b"-0" } else { b"0" });
    } else if number.abs() <= WHOLE_MAX && number.fract() == 0.0 {
        out.extend_from_slice(itoa::Buffer::new().format(number as i64).as_bytes());
    } else {
        let shortest = Shortest::of(number);
        if number < 0.0 {
            out.push(b'-');
        }
        shortest.lay_out(out);
    }
}

/// The shortest decimal that reads back as the same double: `digits × 10^exponent`, without sign.
struct Shortest {
    digits: [u8; SCIENTIFIC_LEN_MAX],
    len: usize,
    /// Power of ten of the last digit.
    exponent: i32,
}

impl Shortest {
    fn of(number: f64) -> Self {
        let mut text = Text { bytes: [0; SCIENTIFIC_LEN_MAX], len: 0 };
        // Cannot fail: the longest such text is 22 bytes.
        let _ = write!(text, "{:e}", number.abs());
        let mut digits = [0; SCIENTIFIC_LEN_MAX];
        let mut len = 0;
        let mut bytes = text.bytes[..text.len].iter();
        for &byte in bytes.by_ref() {
            match byte {
                b'e' => break,
                b'.' => {}
                digit => {
                    digits[len] = digit;
                    len += 1;
                }
            }
        }
        let (mut power, mut negative) = (0, false);
        for &byte in bytes {
            match byte {
                b'-' => negative = true,
                digit => power = power * 10 + i32::from(digit - b'0'),
            }
        }
        let power = if negative { -power } else { power };
        Self { digits, len, exponent: power + 1 - len as i32 }
    }

    fn lay_out(&self, out: &mut Vec<u8>) {
        let digits = &self.digits[..self.len];
        let len = self.len as i32;
        // Power of ten of the first digit.
        let power = self.exponent + len - 1;
        if self.exponent >= 0 && power < len + 7 {
            out.extend_from_slice(digits);
            out.resize(out.len() + self.exponent as usize, b'0');
        } else if self.exponent < 0 && (self.exponent > -7 || power.abs() < 4) {
            let whole = len + self.exponent;
            if whole > 0 {
                let (before, after) = digits.split_at(whole as usize);
                out.extend_from_slice(before);
                out.push(b'.');
                out.extend_from_slice(after);
            } else {
                out.extend_from_slice(b"0.");
                out.resize(out.len() + whole.unsigned_abs() as usize, b'0');
                out.extend_from_slice(digits);
            }
        } else {
            out.push(digits[0]);
            if len > 1 {
                out.push(b'.');
                out.extend_from_slice(&digits[1..]);
            }
            out.extend_from_slice(if power < 0 { b"e-" } else { b"e+" });
            out.extend_from_slice(itoa::Buffer::new().format(power.unsigned_abs()).as_bytes());
        }
    }
}

/// A `fmt::Write` on the stack.
struct Text {
    bytes: [u8; SCIENTIFIC_LEN_MAX],
    len: usize,
}

impl std::fmt::Write for Text {
    fn write_str(&mut self, piece: &str) -> std::fmt::Result {
        let end = self.len + piece.len();
        self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?.copy_from_slice(piece.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::format_double;

    fn text(number: f64) -> String {
        let mut out = Vec::new();
        format_double(number, &mut out);
        String::from_utf8(out).expect("ascii")
    }

    #[test]
    fn texts_of_redis_7_2() {
        let table: &[(f64, &str)] = &[
            (3.0, "3"),
            (-0.0, "-0"),
            (0.0, "0"),
            (0.1, "0.1"),
            (0.3, "0.3"),
            (0.1 + 0.2, "0.30000000000000004"),
            (-1.5, "-1.5"),
            (1e-4, "0.0001"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (0.000_123_4, "1.234e-4"),
            (0.001_234_56, "0.00123456"),
            (-4.5e-9, "-4.5e-9"),
            (123_456.789, "123456.789"),
            (1_234_567.123_456_7, "1.2345671234567e+6"),
            (13.361_389_338_970_184, "13.361389338970184"),
            (1e15, "1000000000000000"),
            (123_456_789_012_345_680.0, "123456789012345680"),
            (4_611_686_018_427_387_904.0, "4611686018427387904"),
            (-4_611_686_018_427_387_904.0, "-4611686018427387904"),
            // 2^63 is beyond the whole numbers and takes the shortest digits, then zeros.
            (9_223_372_036_854_775_808.0, "9223372036854776000"),
            (1e18, "1000000000000000000"),
            (5e18, "5e+18"),
            (1e20, "1e+20"),
            (1.234_567_890_123_456_8e22, "12345678901234568000000"),
            (1e100, "1e+100"),
            (1.5e300, "1.5e+300"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ];
        for &(number, expected) in table {
            assert_eq!(text(number), expected, "{number:e}");
        }
    }
}
