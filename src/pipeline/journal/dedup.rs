//! Which events are there already: a bounded window of the newest ids.

use crate::wire::Timestamp;
use std::collections::{HashSet, VecDeque};

const DAY_MS: i64 = 86_400_000;

/// How many ids are remembered.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Newest ids that are remembered whatever their age.
    pub at_least: usize,
    /// Ids younger than this are remembered too, …
    pub for_ms: i64,
    /// … but never more than these.
    pub at_most: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { at_least: 1_000_000, for_ms: DAY_MS, at_most: 4_000_000 }
    }
}

/// The newest ids, by the hash of source and id.
#[derive(Debug, Default)]
pub struct Window {
    bounds: Bounds,
    known: HashSet<u128>,
    /// Oldest first: when a batch came, and its ids.
    batches: VecDeque<(Timestamp, Vec<u128>)>,
}

impl Window {
    /// Whether an id has been seen.
    pub fn contains(&self, key: u128) -> bool {
        self.known.contains(&key)
    }

    /// Remembers the ids of a batch that is durable now, and forgets what is too old.
    pub fn remember(&mut self, at: Timestamp, keys: Vec<u128>) {
        if !keys.is_empty() {
            self.known.extend(&keys);
            self.batches.push_back((at, keys));
        }
        while let Some((oldest, keys)) = self.batches.front() {
            let left = self.known.len().saturating_sub(keys.len());
            let old = at.since(*oldest) >= self.bounds.for_ms && left >= self.bounds.at_least;
            if !old && self.known.len() <= self.bounds.at_most {
                break;
            }
            for key in self.batches.pop_front().map(|(_, keys)| keys).unwrap_or_default() {
                self.known.remove(&key);
            }
        }
    }

    /// How many ids are remembered.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// The bounds.
    pub const fn bounds(&self) -> Bounds {
        self.bounds
    }
}

/// Ids as they stand beside a record: 16 bytes each, little endian.
pub fn to_bytes(keys: &[u128]) -> Vec<u8> {
    keys.iter().flat_map(|key| key.to_le_bytes()).collect()
}

/// The ids that [`to_bytes`] wrote.
pub fn from_bytes(bytes: &[u8]) -> Vec<u128> {
    let (whole, _) = bytes.as_chunks::<16>();
    whole.iter().map(|key| u128::from_le_bytes(*key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_ids_are_forgotten_but_never_the_newest() {
        let bounds = Bounds { at_least: 3, for_ms: 100, at_most: 6 };
        let mut window = Window { bounds, ..Window::default() };
        for i in 0..4_u128 {
            window.remember(Timestamp::from_ms(i as i64), vec![i]);
        }
        assert_eq!(window.len(), 4, "all are young");
        window.remember(Timestamp::from_ms(1_000), vec![4]);
        assert_eq!(window.len(), 3, "the newest three are kept however old");
        assert!(!window.contains(1) && window.contains(2));
        for i in 10..20 {
            window.remember(Timestamp::from_ms(1_000), vec![i]);
        }
        assert_eq!(window.len(), 6, "and never more than the most");
        assert_eq!(from_bytes(&to_bytes(&[1, u128::MAX])), [1, u128::MAX]);
    }
}
