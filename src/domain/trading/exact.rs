//! Exact decimals as they are told: digits, whatever their number.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// A decimal number in plain digits (`-1234.5`), as exact as it was computed. JSON carries it as a
/// number with all its digits, and reads it from a number or a string.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Exact(Arc<str>);

impl Exact {
    /// Takes over digits that are known to be a number.
    pub(super) fn of(digits: impl Into<Arc<str>>) -> Self {
        Self(digits.into())
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest binary number, for charts, orders and texts.
    pub fn to_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// Below zero.
    pub fn is_negative(&self) -> bool {
        self.0.starts_with('-')
    }

    /// Exactly zero.
    pub fn is_zero(&self) -> bool {
        !self.0.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
    }

    /// Orders by value, to the precision of a binary number.
    pub fn compare(&self, other: &Self) -> Ordering {
        self.to_f64().total_cmp(&other.to_f64())
    }
}

impl Default for Exact {
    fn default() -> Self {
        Self::of("0")
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if !s.is_human_readable() {
            return s.serialize_str(&self.0);
        }
        // A JSON number of any length; serialising an f64 would drop digits.
        match RawValue::from_string(self.0.to_string()) {
            Ok(raw) => raw.serialize(s),
            Err(error) => Err(serde::ser::Error::custom(error)),
        }
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = if d.is_human_readable() {
            let raw = Box::<RawValue>::deserialize(d)?;
            raw.get().trim_matches('"').to_owned()
        } else {
            String::deserialize(d)?
        };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Self(text.into())),
            _ => Err(de::Error::custom("expected a decimal number")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expect: &str) {
        let read = serde_json::from_str::<Exact>(json);
        assert_eq!(read.as_ref().map_or("", Exact::as_str), expect, "{json}");
        if let Ok(read) = read {
            assert_eq!(serde_json::to_string(&read).unwrap(), expect);
        }
    }

    #[test]
    fn digits_pass_unchanged() {
        check("0", "0");
        check("-12.50", "-12.50");
        check(r#""7.1""#, "7.1");
        check(
            "123456789012345678901234567890.000000000000000000000001",
            "123456789012345678901234567890.000000000000000000000001",
        );
        check("true", "");
        check(r#""ten""#, "");
        check("null", "");
    }

    #[test]
    fn signs_and_zeros_are_told_apart() {
        for (digits, negative, zero) in [
            ("0", false, true),
            ("0.00", false, true),
            ("-0.01", true, false),
            ("10", false, false),
        ] {
            let number = Exact::of(digits);
            assert_eq!((number.is_negative(), number.is_zero()), (negative, zero), "{digits}");
        }
        assert_eq!(Exact::of("9").compare(&Exact::of("10")), Ordering::Less);
    }
}
