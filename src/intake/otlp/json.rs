//! What JSON writes in another way than serde expects: numbers as texts, ids in hexadecimal, bytes in
//! base64.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, de};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A number that may be written as text, as all of 64 bits are (and `NaN`, which JSON lacks).
struct Number<T>(T);

impl<'de, T: Told> Deserialize<'de> for Number<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Visitor(PhantomData)).map(Self)
    }
}

/// What [`Number`] can be.
trait Told: Sized {
    fn of_text(text: &str) -> Option<Self>;
    fn of_integer(number: i128) -> Option<Self>;
    fn of_float(number: f64) -> Option<Self>;
}

macro_rules! integers {
    ($($kind:ty),+) => {
        $(impl Told for $kind {
            fn of_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }
            fn of_integer(number: i128) -> Option<Self> {
                number.try_into().ok()
            }
            fn of_float(number: f64) -> Option<Self> {
                let whole = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
                whole.then_some(number as i128).and_then(Self::of_integer)
            }
        })+
    };
}
integers!(i32, u32, i64, u64);

impl Told for f64 {
    fn of_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn of_integer(number: i128) -> Option<Self> {
        Some(number as f64)
    }
    fn of_float(number: f64) -> Option<Self> {
        Some(number)
    }
}

struct Visitor<T>(PhantomData<T>);

impl<T: Told> de::Visitor<'_> for Visitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or one written as text")
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        T::of_integer(number.into()).ok_or_else(|| E::custom("the number is out of range"))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        T::of_integer(number.into()).ok_or_else(|| E::custom("the number is out of range"))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        T::of_float(number).ok_or_else(|| E::custom("the number is out of range"))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::of_text(text).ok_or_else(|| E::custom("the text is not a number"))
    }
}

/// Where numbers stand: alone, perhaps not at all, or several of them.
pub trait Numbers: Sized {
    #[doc(hidden)]
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error>;
}

macro_rules! alone {
    ($($kind:ty),+) => {
        $(impl Numbers for $kind {
            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let read = Option::<Number<Self>>::deserialize(from)?;
                Ok(read.map(|number| number.0).unwrap_or_default())
            }
        })+
    };
}
alone!(i32, u32, u64, f64);

impl<T: Told> Numbers for Option<T> {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Option::<Number<T>>::deserialize(from)?.map(|number| number.0))
    }
}

impl<T: Told> Numbers for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = Option::<Vec<Number<T>>>::deserialize(from)?.unwrap_or_default();
        Ok(read.into_iter().map(|number| number.0).collect())
    }
}

/// Reads numbers that may be texts.
pub fn number<'de, D: Deserializer<'de>, T: Numbers>(from: D) -> Result<T, D::Error> {
    T::read(from)
}

/// Reads an id: bytes in hexadecimal, of either case.
pub fn hex<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    let text = Option::<Cow<'de, str>>::deserialize(from)?.unwrap_or_default();
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    });
    pairs.collect::<Option<_>>().ok_or_else(|| D::Error::custom("the text is not hexadecimal"))
}

/// Reads bytes.
pub fn base64<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
    let text = Option::<Cow<'de, str>>::deserialize(from)?;
    let bytes = text.map(|text| BASE64_STANDARD.decode(text.as_bytes())).transpose();
    bytes.map_err(|_| D::Error::custom("the text is not base64"))
}
