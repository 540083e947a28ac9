//! Exact decimals: what was sent is what is kept, digit by digit.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

/// Most digits, leading and trailing zeros aside. All numbers of so many digits fit an `i128`.
const MAX_DIGITS: usize = 38;

/// Most digits after the point.
const MAX_SCALE: i64 = 38;

/// A decimal number of at most 38 digits, kept exactly: `mantissa × 10^-scale`, in lowest terms,
/// so that equal numbers are equal values whatever their spelling (`1.50`, `15e-1`).
///
/// JSON carries it as a number with all its digits and reads it from a number or a string;
/// binary formats carry it as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Decimal {
    mantissa: i128,
    scale: u8,
}

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };

    /// One.
    pub const ONE: Self = Self { mantissa: 1, scale: 0 };

    /// The digits as one integer, and how many of them stand after the point.
    pub const fn parts(self) -> (i128, u8) {
        (self.mantissa, self.scale)
    }

    /// Below zero.
    pub const fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// Exactly zero.
    pub const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// The nearest binary number, for charts.
    pub fn to_f64(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }
}

/// The text is not a decimal that can be kept exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseDecimalError {
    /// Not a decimal number at all.
    Syntax,
    /// More digits than are kept.
    Digits,
}

impl fmt::Display for ParseDecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "expected a decimal number such as 12.5 or \"12.5\"",
            Self::Digits => "has more digits than can be kept exactly (38)",
        })
    }
}

impl std::error::Error for ParseDecimalError {}

impl FromStr for Decimal {
    type Err = ParseDecimalError;

    /// Reads an optional sign, digits with an optional point, and an optional exponent.
    fn from_str(text: &str) -> Result<Self, ParseDecimalError> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, read_exponent(exponent)?),
            None => (text, 0),
        };
        let (negative, number) = match number.as_bytes() {
            [b'-', ..] => (true, number.get(1..).unwrap_or_default()),
            [b'+', ..] => (false, number.get(1..).unwrap_or_default()),
            _ => (false, number),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = || whole.bytes().chain(fraction.bytes());
        if digits().next().is_none() || !digits().all(|c| c.is_ascii_digit()) {
            return Err(ParseDecimalError::Syntax);
        }
        let trailing = digits().rev().take_while(|c| *c == b'0').count();
        let kept = (whole.len() + fraction.len()) - trailing;
        if kept == 0 {
            return Ok(Self::ZERO);
        }
        let significant = kept - digits().take_while(|c| *c == b'0').count();
        // How many of the kept digits stand after the point; negative where zeros must follow.
        let scale = fraction.len() as i64 - trailing as i64 - exponent;
        let zeros = usize::try_from(-scale).unwrap_or(0);
        if significant.saturating_add(zeros) > MAX_DIGITS || scale > MAX_SCALE {
            return Err(ParseDecimalError::Digits);
        }
        let magnitude = digits()
            .take(kept)
            .chain(std::iter::repeat_n(b'0', zeros))
            .fold(0_i128, |n, c| n * 10 + i128::from(c - b'0'));
        let mantissa = if negative { -magnitude } else { magnitude };
        Ok(Self { mantissa, scale: u8::try_from(scale.max(0)).unwrap_or(0) })
    }
}

fn read_exponent(text: &str) -> Result<i64, ParseDecimalError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return Err(ParseDecimalError::Syntax);
    }
    // Held within bounds rather than refused: whatever it says, zero is still zero.
    let size = digits.parse::<i64>().unwrap_or(i64::MAX).min(1_000_000);
    Ok(if text.starts_with('-') { -size } else { size })
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let digits = format!("{:0>width$}", self.mantissa.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let point = if scale > 0 { "." } else { "" };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |d: &Self| d.mantissa.signum();
        sign(self).cmp(&sign(other)).then_with(|| {
            let magnitudes = magnitude(self).cmp(&magnitude(other));
            if self.is_negative() { magnitudes.reverse() } else { magnitudes }
        })
    }
}

/// Digits before the point with their number first, then those after it: text that sorts as the
/// magnitudes do, without widening the mantissas to a common scale (which could overflow).
fn magnitude(d: &Decimal) -> (usize, String) {
    let text = d.to_string();
    let text = text.trim_start_matches('-');
    (text.find('.').unwrap_or(text.len()), text.to_owned())
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if !s.is_human_readable() {
            return s.collect_str(self);
        }
        // A JSON number of any length; serialising an f64 would drop digits.
        match RawValue::from_string(self.to_string()) {
            Ok(raw) => raw.serialize(s),
            Err(error) => Err(serde::ser::Error::custom(error)),
        }
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = if d.is_human_readable() {
            let raw = Box::<RawValue>::deserialize(d)?;
            match raw.get().as_bytes() {
                [b'"', ..] => {
                    serde_json::from_str::<String>(raw.get()).map_err(de::Error::custom)?
                }
                _ => raw.get().to_owned(),
            }
        } else {
            String::deserialize(d)?
        };
        text.parse().map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for Decimal {
    fn schema() -> RefOr<Schema> {
        let text = "An exact decimal of up to 38 digits: a number, or the same in a text; both \
                    are read without loss.";
        let schema = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Number, Type::String]))
            .pattern(Some(r"^[+-]?[0-9]{1,20}(\.[0-9]{1,10})?$"))
            .description(Some(text));
        schema.into()
    }
}

impl utoipa::ToSchema for Decimal {
    fn name() -> std::borrow::Cow<'static, str> {
        std::borrow::Cow::Borrowed("Decimal")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `text` reads as a number that is written `as_text`, or is refused when that is empty.
    #[track_caller]
    fn check(text: &str, as_text: &str) {
        let read = text.parse::<Decimal>().map(|d| d.to_string());
        assert_eq!(read.as_deref().unwrap_or(""), as_text, "{text}: {read:?}");
    }

    #[test]
    fn keeps_every_digit() {
        check("0", "0");
        check("-0.00", "0");
        check("0e999999999999999999999", "0");
        check("12.50", "12.5");
        check("100", "100");
        check("0.1", "0.1");
        check("-0.05", "-0.05");
        check("+7", "7");
        check("1e3", "1000");
        check("1E+3", "1000");
        check("1.5e-7", "0.00000015");
        check("12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678");
        check("99999999999999999999999999999999999999", "99999999999999999999999999999999999999");
        check(
            "0.00000000000000000000000000000000000001",
            "0.00000000000000000000000000000000000001",
        );
    }

    #[test]
    fn refuses_what_it_cannot_keep() {
        for text in
            ["", "-", ".", "abc", "1,5", "1e", "1e+", "e5", "1.2.3", "NaN", "inf", "1 ", "--1"]
        {
            check(text, "");
            assert_eq!(text.parse::<Decimal>(), Err(ParseDecimalError::Syntax), "{text}");
        }
        for text in ["1e38", "1e-39", "123456789012345678901234567890123456789", "1e99999999999"] {
            assert_eq!(text.parse::<Decimal>(), Err(ParseDecimalError::Digits), "{text}");
        }
    }

    #[test]
    fn json_numbers_and_strings_are_the_same() {
        let digits = "0.1234567890123456789012345678901234567";
        let number: Decimal = serde_json::from_str(digits).unwrap();
        let text: Decimal = serde_json::from_str(&format!("\"{digits}\"")).unwrap();
        assert_eq!(number, text);
        assert_eq!(serde_json::to_string(&number).unwrap(), digits);
        let escaped: Decimal = serde_json::from_str(r#""\u0031.5""#).unwrap();
        assert_eq!(escaped.to_string(), "1.5");
        for other in ["null", "true", "[1]", "{}", "\"\"", "\" 1\""] {
            assert!(serde_json::from_str::<Decimal>(other).is_err(), "{other}");
        }
    }

    #[test]
    fn orders_by_value() {
        let mut sorted = ["-10", "-9.5", "-0.1", "0", "0.01", "0.1", "2", "10.5", "100"]
            .map(|t| t.parse::<Decimal>().unwrap());
        let expected = sorted;
        sorted.reverse();
        sorted.sort();
        assert_eq!(sorted, expected);
    }

    proptest! {
        #[test]
        fn survives_text_json_and_binary(mantissa in -(10_i128.pow(37))..10_i128.pow(37), e in -38_i64..=0) {
            let d: Decimal = format!("{mantissa}e{e}").parse().unwrap();
            prop_assert_eq!(d.to_string().parse::<Decimal>(), Ok(d));
            let json = serde_json::to_string(&d).unwrap();
            prop_assert_eq!(serde_json::from_str::<Decimal>(&json).unwrap(), d);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[-+0-9.eE]{0,60}") {
            let _ = text.parse::<Decimal>();
        }

        #[test]
        fn order_agrees_with_floats(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000) {
            let d = |n: i64| format!("{n}e-3").parse::<Decimal>().unwrap();
            prop_assert_eq!(d(a).cmp(&d(b)), a.cmp(&b));
        }
    }
}
