//! What has lately been done with, so that a late word about it does not bring it back.

use crate::wire::Timestamp;
use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};

/// The last `MAX` keys that ended, and when each did, by its own time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(
    serialize = "K: Serialize + Ord + Clone",
    deserialize = "K: Deserialize<'de> + Ord + Clone"
))]
pub struct Recent<K: Ord + Clone, const MAX: usize> {
    #[serde(default = "OrdMap::new")]
    ended: OrdMap<K, Timestamp>,
    /// The keys of `ended`, each once, in the order they came.
    #[serde(default = "Vector::new")]
    order: Vector<K>,
}

impl<K: Ord + Clone, const MAX: usize> Default for Recent<K, MAX> {
    fn default() -> Self {
        Self { ended: OrdMap::new(), order: Vector::new() }
    }
}

impl<K: Ord + Clone, const MAX: usize> Recent<K, MAX> {
    /// `key` ended at `at`, if it did not end later.
    pub fn end(&mut self, key: &K, at: Timestamp) {
        if let Some(ended) = self.ended.get_mut(key) {
            *ended = at.max(*ended);
            return;
        }
        if self.order.len() >= MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ended.remove(&oldest);
        }
        self.ended.insert(key.clone(), at);
        self.order.push_back(key.clone());
    }

    /// Whether what happened to `key` at `at` lies before its end.
    pub fn outlived(&self, key: &K, at: Timestamp) -> bool {
        self.ended.get(key).is_some_and(|&ended| at <= ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(recent: &Recent<u8, 2>, key: u8, ms: i64, expect: bool) {
        assert_eq!(recent.outlived(&key, Timestamp::from_ms(ms)), expect);
    }

    #[test]
    fn the_latest_end_counts_and_the_oldest_key_is_forgotten() {
        let mut recent = Recent::<u8, 2>::default();
        for (key, ms) in [(1, 10), (1, 5), (2, 20)] {
            recent.end(&key, Timestamp::from_ms(ms));
        }
        check(&recent, 1, 10, true);
        check(&recent, 1, 11, false);
        check(&recent, 3, 0, false);
        recent.end(&3, Timestamp::from_ms(30));
        check(&recent, 1, 10, false);
        check(&recent, 2, 20, true);
        check(&recent, 3, 30, true);
    }
}
