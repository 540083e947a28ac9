//! A sketch as few bytes: LEB128 counts, bins as differences. Rollup rows and checkpoints hold it.

use super::{Bins, Sketch};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// First byte of every encoding; another layout gets another number.
const LAYOUT: u8 = 1;

impl Sketch {
    /// The sketch as bytes: `layout, zeros, positive bins, negative bins, sum, min, max`, where
    /// bins are `len, (zigzag difference, count)…` and the last three are little-endian doubles.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![LAYOUT];
        put(&mut out, self.zeros);
        for bins in [&self.positive, &self.negative] {
            put(&mut out, bins.iter().count() as u64);
            let mut before = 0_i64;
            for (bin, n) in bins.iter() {
                let step = i64::from(bin) - before;
                put(&mut out, ((step << 1) ^ (step >> 63)) as u64);
                put(&mut out, u64::from(n));
                before = i64::from(bin);
            }
        }
        for value in [self.sum, self.min, self.max] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        out
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` if it is anything else.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let input = &mut bytes;
        if take(input)? != LAYOUT {
            return None;
        }
        let zeros = get(input)?;
        let positive = bins(input)?;
        let negative = bins(input)?;
        let (sum, min, max) = (double(input)?, double(input)?, double(input)?);
        input.is_empty().then_some(Self { positive, negative, zeros, sum, min, max })
    }
}

fn bins(input: &mut &[u8]) -> Option<Bins> {
    let mut bins = Bins::default();
    let mut bin = 0_i64;
    for _ in 0..get(input)? {
        let step = get(input)?;
        bin = bin.checked_add((step >> 1) as i64 ^ -((step & 1) as i64))?;
        bins.add(i32::try_from(bin).ok()?, u32::try_from(get(input)?).ok()?);
    }
    Some(bins)
}

fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn get(input: &mut &[u8]) -> Option<u64> {
    let mut n = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = take(input)?;
        n |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(n);
        }
    }
    None
}

fn take(input: &mut &[u8]) -> Option<u8> {
    let (&first, rest) = input.split_first()?;
    *input = rest;
    Some(first)
}

fn double(input: &mut &[u8]) -> Option<f64> {
    let (first, rest) = input.split_first_chunk()?;
    *input = rest;
    Some(f64::from_le_bytes(*first))
}

impl Serialize for Sketch {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_bytes(&self.to_bytes())
    }
}

impl<'de> Deserialize<'de> for Sketch {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Raw;
        impl<'de> de::Visitor<'de> for Raw {
            type Value = Sketch;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("the bytes of a sketch")
            }
            fn visit_bytes<E: de::Error>(self, v: &[u8]) -> Result<Sketch, E> {
                Sketch::from_bytes(v).ok_or_else(|| E::custom("not a sketch"))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Sketch, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                self.visit_bytes(&bytes)
            }
        }
        d.deserialize_bytes(Raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_there_and_back(values in prop::collection::vec(-1e6..1e9_f64, 0..100)) {
            let mut sketch = Sketch::default();
            values.iter().for_each(|&v| sketch.add(v));
            prop_assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Some(sketch.clone()));
            let packed = rmp_serde::to_vec_named(&sketch).unwrap();
            prop_assert_eq!(rmp_serde::from_slice::<Sketch>(&packed).unwrap(), sketch.clone());
            let json = serde_json::to_string(&sketch).unwrap();
            prop_assert_eq!(serde_json::from_str::<Sketch>(&json).unwrap(), sketch);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Sketch::from_bytes(&bytes);
        }
    }
}
