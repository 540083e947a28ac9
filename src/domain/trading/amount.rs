//! Sums and products of decimals, without rounding.

use super::{Decimal, Exact};
use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, RoundingMode, Zero};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::num::NonZeroU64;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};
use std::str::FromStr;

/// A number of as many digits as it takes: what is added, subtracted and multiplied stays exact.
/// Equal numbers are written alike, so that equal states are equal bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Amount(BigDecimal);

/// Digits of a quotient: more than any figure here is told with.
const QUOTIENT: u64 = 30;

impl Amount {
    /// Exactly zero.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Below zero.
    pub fn is_negative(&self) -> bool {
        self.0.sign() == bigdecimal::num_bigint::Sign::Minus
    }

    /// Above zero.
    pub fn is_positive(&self) -> bool {
        self.0.sign() == bigdecimal::num_bigint::Sign::Plus
    }

    /// Without its sign.
    #[must_use]
    pub fn abs(&self) -> Self {
        Self(self.0.abs())
    }

    /// This divided by `by`, to 30 significant digits (ties to even); none if `by` is zero.
    pub fn over(&self, by: &Self) -> Option<Self> {
        if by.is_zero() {
            return None;
        }
        let digits = NonZeroU64::new(QUOTIENT)?;
        let quotient = (&self.0 / &by.0).with_precision_round(digits, RoundingMode::HalfEven);
        Some(Self(quotient.normalized()))
    }

    /// The same as a decimal of few digits, if it is one.
    pub fn to_decimal(&self) -> Option<Decimal> {
        self.to_string().parse().ok()
    }

    /// The nearest binary number.
    pub fn to_f64(&self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// As it is told.
    pub fn exact(&self) -> Exact {
        Exact::of(self.to_string())
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.normalized().to_plain_string())
    }
}

impl FromStr for Amount {
    type Err = bigdecimal::ParseBigDecimalError;

    /// Reads what it is written as.
    fn from_str(digits: &str) -> Result<Self, Self::Err> {
        digits.parse().map(Self)
    }
}

impl From<Decimal> for Amount {
    fn from(decimal: Decimal) -> Self {
        let (mantissa, scale) = decimal.parts();
        Self(BigDecimal::new(BigInt::from(mantissa), i64::from(scale)))
    }
}

impl From<Decimal> for Exact {
    fn from(decimal: Decimal) -> Self {
        Self::of(decimal.to_string())
    }
}

macro_rules! arithmetic {
    ($($trait:ident $method:ident),+) => {
        $(impl $trait for &Amount {
            type Output = Amount;

            fn $method(self, other: &Amount) -> Amount {
                Amount($trait::$method(&self.0, &other.0))
            }
        })+
    };
}

arithmetic!(Add add, Sub sub, Mul mul);

impl Neg for &Amount {
    type Output = Amount;

    fn neg(self) -> Amount {
        Amount(-&self.0)
    }
}

impl AddAssign<&Self> for Amount {
    fn add_assign(&mut self, other: &Self) {
        self.0 += &other.0;
    }
}

impl SubAssign<&Self> for Amount {
    fn sub_assign(&mut self, other: &Self) {
        self.0 -= &other.0;
    }
}

impl<'a> std::iter::Sum<&'a Self> for Amount {
    fn sum<I: Iterator<Item = &'a Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| &sum + one)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map(Self).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(text: &str) -> Amount {
        Amount::from(text.parse::<Decimal>().unwrap())
    }

    #[test]
    fn nothing_is_rounded() {
        let tiny = amount("0.00000000000000000000000000000000000001");
        let huge = amount("99999999999999999999999999999999999999");
        let sum = &huge + &tiny;
        assert_eq!(
            sum.to_string(),
            "99999999999999999999999999999999999999.00000000000000000000000000000000000001"
        );
        assert_eq!(&sum - &huge, tiny);
        assert_eq!(
            (&huge * &huge).to_string(),
            "9999999999999999999999999999999999999800000000000000000000000000000000000001"
        );
        assert_eq!((&tiny * &tiny).to_string(), format!("0.{}1", "0".repeat(75)));
    }

    #[test]
    fn quotients_are_rounded_once() {
        #[track_caller]
        fn check(a: &str, b: &str, expect: &str) {
            let quotient = amount(a).over(&amount(b));
            assert_eq!(quotient.map_or(String::new(), |q| q.to_string()), expect);
        }
        check("10", "4", "2.5");
        check("1", "3", "0.333333333333333333333333333333");
        check("-2", "3", "-0.666666666666666666666666666667");
        check("1", "0", "");
        check("0", "7", "0");
    }

    proptest! {
        #[test]
        fn equal_amounts_are_written_alike(n in -1_000_000_000_i64..1_000_000_000, e in -20_i64..=20, m in 1_i64..1_000) {
            let a = amount(&format!("{n}e{}", e.min(18)));
            let b = amount(&m.to_string());
            let back = &(&a + &b) - &b;
            prop_assert_eq!(&back, &a);
            prop_assert_eq!(rmp_serde::to_vec(&back).unwrap(), rmp_serde::to_vec(&a).unwrap());
            let read: Amount = rmp_serde::from_slice(&rmp_serde::to_vec(&a).unwrap()).unwrap();
            prop_assert_eq!(read, a);
        }
    }
}
