//! Sums of decimal fractions as Redis computes them: in the 80-bit format of x87, and written with up to 17 decimals.
//! In 64 bits 0.1 + 0.2 would not be 0.3, and users would see it.

use rustc_apfloat::ieee::{Double, X87DoubleExtended};
use rustc_apfloat::{Float, FloatConvert};
use std::fmt::Write;

/// An 80-bit number.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct LongDouble(X87DoubleExtended);

/// Where the mantissa's last bit stands for one.
const EXPONENT_BIAS: i32 = 16_383 + 63;
const DECIMALS: u32 = 17;
/// From this length on, text is no number to Redis.
const TEXT_LEN_MAX: usize = 5 * 1024;

/// How a number is written, without its sign. The parser of the library is more lenient than C's: `1e+` is a number to
/// it.
#[derive(Clone, Copy, Debug)]
struct Form {
    hex: bool,
    exponent: bool,
    /// Whether every digit before the exponent is 0.
    zero: bool,
}

impl Form {
    fn of(text: &str) -> Option<Form> {
        let (hex, text) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mark = if hex { ['p', 'P'] } else { ['e', 'E'] };
        let (mantissa, exponent) = match text.split_once(mark) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (text, None),
        };
        let is_digit = |c: u8| if hex { c.is_ascii_hexdigit() } else { c.is_ascii_digit() };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = whole.bytes().chain(fraction.bytes());
        if whole.len() + fraction.len() == 0 || !digits.clone().all(is_digit) {
            return None;
        }
        if let Some(exponent) = exponent {
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            if exponent.is_empty() || !exponent.bytes().all(|c| c.is_ascii_digit()) {
                return None;
            }
        }
        Some(Form { hex, exponent: exponent.is_some(), zero: digits.all(|c| c == b'0') })
    }
}

impl LongDouble {
    pub(crate) const ZERO: LongDouble = LongDouble(X87DoubleExtended::ZERO);

    /// The largest number that is not infinite.
    pub(crate) fn largest() -> LongDouble {
        LongDouble(X87DoubleExtended::largest())
    }

    /// Reads a number as `strtold` does, but neither spaces around it nor `nan`, and no number that is too large, or so
    /// small that only zero is left of it.
    pub(crate) fn parse(text: &[u8]) -> Option<LongDouble> {
        let text = std::str::from_utf8(text).ok().filter(|text| text.len() < TEXT_LEN_MAX)?;
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let number = if digits.eq_ignore_ascii_case("inf") || digits.eq_ignore_ascii_case("infinity") {
            X87DoubleExtended::INFINITY
        } else {
            let form = Form::of(digits)?;
            let parsed = match form {
                Form { hex: true, exponent: false, .. } => format!("{digits}p0").parse::<X87DoubleExtended>(),
                _ => digits.parse::<X87DoubleExtended>(),
            };
            parsed.ok().filter(|number| number.is_finite() && number.is_zero() == form.zero)?
        };
        Some(LongDouble(if text.starts_with('-') { -number } else { number }))
    }

    /// Whether it is a number and not infinite.
    pub(crate) fn is_finite(self) -> bool {
        self.0.is_finite()
    }

    pub(crate) fn negated(self) -> LongDouble {
        LongDouble(-self.0)
    }

    /// The nearest number that is not infinite.
    pub(crate) fn clamped(self) -> LongDouble {
        if self.is_finite() { self } else { LongDouble(X87DoubleExtended::largest().copy_sign(self.0)) }
    }

    /// The number times a thousand, as the nearest one of 64 bits, which may be infinite.
    pub(crate) fn in_thousandths(self) -> f64 {
        let product = (self.0 * X87DoubleExtended::from_u128(1_000).value).value;
        let nearest: Double = product.convert(&mut false).value;
        f64::from_bits(nearest.to_bits() as u64)
    }

    /// A sum, which may be infinite.
    pub(crate) fn sum(self, other: LongDouble) -> LongDouble {
        LongDouble((self.0 + other.0).value)
    }

    /// A sum; `None` where it is no finite number.
    pub(crate) fn plus(self, other: LongDouble) -> Option<LongDouble> {
        let sum = (self.0 + other.0).value;
        sum.is_finite().then_some(LongDouble(sum))
    }

    /// The number with 17 decimals, without zeros at the end.
    pub(crate) fn text(self) -> String {
        let bits = self.0.to_bits();
        let mantissa = bits as u64;
        let exponent = ((bits >> 64) & 0x7fff) as i32 - EXPONENT_BIAS;
        let shift = exponent.unsigned_abs();
        let text = if exponent >= 0 { whole(mantissa, shift) } else { fraction(mantissa, shift) };
        let negative = bits >> 79 & 1 == 1 && text != "0";
        if negative { format!("-{text}") } else { text }
    }
}

/// `mantissa` times two to the `shift`, in decimal.
fn whole(mantissa: u64, shift: u32) -> String {
    const BASE: u64 = 1_000_000_000;
    // Digits to the base of a thousand millions, the last first.
    let mut digits = vec![mantissa % BASE, mantissa / BASE % BASE, mantissa / BASE / BASE];
    let mut left = shift;
    while left > 0 {
        let step = left.min(30);
        let mut carry = 0;
        for digit in &mut digits {
            let wide = (*digit << step) + carry;
            *digit = wide % BASE;
            carry = wide / BASE;
        }
        while carry > 0 {
            digits.push(carry % BASE);
            carry /= BASE;
        }
        left -= step;
    }
    let mut text = String::new();
    for digit in digits.iter().rev() {
        let _ = write!(text, "{digit:09}");
    }
    let text = text.trim_start_matches('0');
    if text.is_empty() { "0".into() } else { text.into() }
}

/// `mantissa` divided by two to the `shift`, rounded to 17 decimals.
fn fraction(mantissa: u64, shift: u32) -> String {
    let one = 10_u128.pow(DECIMALS);
    // Less than 2^64 times 2^57.
    let scaled = u128::from(mantissa) * one;
    let rounded = if shift >= 127 {
        0
    } else {
        let (quotient, rest, half) = (scaled >> shift, scaled & ((1 << shift) - 1), 1_u128 << (shift - 1));
        quotient + u128::from(rest > half || (rest == half && quotient % 2 == 1))
    };
    let text = format!("{}.{:017}", rounded / one, rounded % one);
    text.trim_end_matches('0').trim_end_matches('.').into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(a: &str, b: &str) -> Option<String> {
        LongDouble::parse(a.as_bytes())?.plus(LongDouble::parse(b.as_bytes())?).map(LongDouble::text)
    }

    #[test]
    fn sums_are_those_of_redis() {
        for (a, b, expected) in [
            ("0.1", "0.2", "0.3"),
            ("3.0", "1.000000000000000005", "4.00000000000000001"),
            ("5", "0x10", "21"),
            ("10.50", "0.1", "10.6"),
            ("5.0e3", "200", "5200"),
            ("0", "-0.0001", "-0.0001"),
            ("1", "-1", "0"),
            ("-1.5", "0", "-1.5"),
            ("1e18", "0.5", "1000000000000000000.5"),
            ("1e20", "0", "100000000000000000000"),
            ("123456789012345678", "0.25", "123456789012345678.25"),
            ("1e-30", "0", "0"),
        ] {
            assert_eq!(sum(a, b).as_deref(), Some(expected), "{a} + {b}");
        }
        // The nearest number of 80 bits.
        assert_eq!(sum("1e40", "0").as_deref(), Some("9999999999999999999783686092270256259072"));
        assert_eq!(sum("inf", "1"), None);
        assert_eq!(sum("3.6e-4951", "0").as_deref(), Some("0"));
        assert_eq!(sum(&format!("{}1", "0".repeat(5_000)), "0").as_deref(), Some("1"));
        for text in [
            "", " 1", "1 ", "nan", "x", "1x", "--1", "0x", "0xg", "1e", "1e+", "0x1p", ".", ".e1", "1e5000",
            "1e-5000", "1e-4951", "0x.p1", "1.2.3", "1e1.5",
        ] {
            assert!(LongDouble::parse(text.as_bytes()).is_none(), "{text}");
        }
    }
}
