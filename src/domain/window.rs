//! Sliding windows that cost O(1) an event: buckets of fixed steps, summed when somebody looks.
//!
//! Steps are aligned to the epoch, so that every ring of the same step turns at the same moment
//! and one tick of the clock serves them all. A window begins at the start of the step that
//! contains `now − window`: it is never shorter than asked for, and longer by less than a step.

mod recent;
mod rhythm;
pub use recent::Recent;
pub use rhythm::Rhythm;

use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

/// A second, in milliseconds.
pub const SECOND: i64 = 1_000;
/// A minute, in milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// An hour, in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// A day, in milliseconds.
pub const DAY: i64 = 24 * HOUR;

/// What a step of a window holds. Merging must not depend on order.
pub trait Bucket: Default {
    /// Takes in what `other` holds.
    fn merge(&mut self, other: &Self);
}

impl Bucket for u64 {
    fn merge(&mut self, other: &Self) {
        *self = self.saturating_add(*other);
    }
}

/// A shared bucket is copied when it is next written to, so that a snapshot of an entity shares
/// its large buckets (sketches) with the entity.
impl<B: Bucket + Clone> Bucket for Arc<B> {
    fn merge(&mut self, other: &Self) {
        Arc::make_mut(self).merge(other);
    }
}

/// Sparse buckets of `STEP` milliseconds, at most the newest `CAP` steps of them. A window of
/// n steps needs `CAP` = n + 1, since it touches that many.
///
/// Invariants: indices strictly ascend, and none is `CAP` or more below the last. So the content
/// depends on which times were added, not on the order they came in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ring<B, const STEP: i64, const CAP: i64> {
    buckets: VecDeque<(i64, B)>,
}

impl<B, const STEP: i64, const CAP: i64> Default for Ring<B, STEP, CAP> {
    fn default() -> Self {
        Self { buckets: VecDeque::new() }
    }
}

const fn index(at: Timestamp, step: i64) -> i64 {
    at.ms().div_euclid(step)
}

impl<B: Bucket, const STEP: i64, const CAP: i64> Ring<B, STEP, CAP> {
    /// The bucket of `at`, made if need be; `None` if that step has already left the ring.
    pub fn at(&mut self, at: Timestamp) -> Option<&mut B> {
        self.at_or(at, |_, _| {})
    }

    /// As [`Self::at`], and hands on each bucket that leaves the ring, with the start of its step.
    pub fn at_or(&mut self, at: Timestamp, mut left: impl FnMut(Timestamp, B)) -> Option<&mut B> {
        let wanted = index(at, STEP);
        match self.buckets.back().map(|&(newest, _)| newest) {
            Some(newest) if wanted <= newest.saturating_sub(CAP) => None,
            Some(newest) if wanted < newest => self.late(wanted),
            Some(newest) if wanted == newest => self.buckets.back_mut().map(|(_, b)| b),
            _ => {
                while let Some((i, bucket)) =
                    self.buckets.pop_front_if(|(i, _)| *i <= wanted.saturating_sub(CAP))
                {
                    left(Timestamp::from_ms(i * STEP), bucket);
                }
                self.buckets.push_back((wanted, B::default()));
                self.buckets.back_mut().map(|(_, b)| b)
            }
        }
    }

    /// The bucket of a step before the newest: at most log2(`CAP`) comparisons away.
    fn late(&mut self, wanted: i64) -> Option<&mut B> {
        let place = self.buckets.partition_point(|&(i, _)| i < wanted);
        if self.buckets.get(place).is_none_or(|&(i, _)| i != wanted) {
            self.buckets.insert(place, (wanted, B::default()));
        }
        self.buckets.get_mut(place).map(|(_, b)| b)
    }

    /// Buckets with the start of their step, from the step that contains `from` up to and with
    /// the one that contains `to`, oldest first.
    pub fn range(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = (Timestamp, &B)> {
        let start = self.buckets.partition_point(|&(i, _)| i < index(from, STEP));
        let last = index(to, STEP);
        self.buckets
            .range(start..)
            .take_while(move |(i, _)| *i <= last)
            .map(|(i, b)| (Timestamp::from_ms(i * STEP), b))
    }

    /// All buckets of the last `window` milliseconds together.
    pub fn sum(&self, now: Timestamp, window: i64) -> B {
        merged(self.range(now.plus(-window), now))
    }

    /// All buckets of the window of the same length before it; the two share no bucket.
    pub fn sum_before(&self, now: Timestamp, window: i64) -> B {
        let end = now.plus(-window).floor(STEP).plus(-1);
        merged(self.range(now.plus(-2 * window), end))
    }

    /// One value for each of the last `steps` steps, the running one last; `None` where nothing
    /// was added.
    pub fn series(
        &self,
        now: Timestamp,
        steps: i64,
    ) -> impl Iterator<Item = (Timestamp, Option<&B>)> {
        let newest = index(now, STEP);
        let mut have = self.range(now.plus(-STEP * (steps - 1)), now).peekable();
        (newest - steps + 1..=newest).map(move |i| {
            let at = Timestamp::from_ms(i * STEP);
            (at, have.next_if(|&(t, _)| t == at).map(|(_, b)| b))
        })
    }

    /// When the oldest bucket that counts in the window leaves it: the first moment at which
    /// [`Self::sum`] is different though nothing was added.
    pub fn expires(&self, now: Timestamp, window: i64) -> Option<Timestamp> {
        self.range(now.plus(-window), now).next().map(|(at, _)| at.plus(STEP + window))
    }

    /// Start of the newest step in which something was added.
    pub fn newest(&self) -> Option<Timestamp> {
        self.buckets.back().map(|&(i, _)| Timestamp::from_ms(i * STEP))
    }
}

fn merged<'a, B: Bucket + 'a>(buckets: impl Iterator<Item = (Timestamp, &'a B)>) -> B {
    buckets.fold(B::default(), |mut all, (_, b)| {
        all.merge(b);
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Minutes = Ring<u64, MINUTE, 61>;

    fn ring(times: &[i64]) -> Minutes {
        let mut ring = Minutes::default();
        for &t in times {
            if let Some(b) = ring.at(Timestamp::from_ms(t)) {
                *b += 1;
            }
        }
        ring
    }

    #[track_caller]
    fn check(times: &[i64], now: i64, expect: u64) {
        assert_eq!(ring(times).sum(Timestamp::from_ms(now), HOUR), expect);
    }

    #[test]
    fn a_window_begins_at_the_start_of_its_step() {
        check(&[0], HOUR, 1);
        check(&[0], HOUR + MINUTE - 1, 1);
        check(&[0], HOUR + MINUTE, 0);
        check(&[59_999, 60_000], HOUR + MINUTE, 1);
    }

    #[test]
    fn what_has_left_the_ring_does_not_come_back() {
        check(&[2 * HOUR, 0], 2 * HOUR, 1);
        assert!(ring(&[2 * HOUR]).at(Timestamp::from_ms(0)).is_none());
    }

    #[test]
    fn a_series_is_dense_and_ends_with_the_running_step() {
        let ring = ring(&[0, 2 * MINUTE, 2 * MINUTE + 1]);
        let seen: Vec<_> = ring
            .series(Timestamp::from_ms(3 * MINUTE + 5), 4)
            .map(|(at, n)| (at.ms() / MINUTE, n.copied()))
            .collect();
        assert_eq!(seen, [(0, Some(1)), (1, None), (2, Some(2)), (3, None)]);
    }

    proptest! {
        #[test]
        fn equals_a_brute_force_count(
            times in prop::collection::vec(0_i64..5 * HOUR, 0..60), after in 0_i64..2 * HOUR,
            minutes in 0_i64..=60,
        ) {
            let newest = times.iter().copied().max().unwrap_or(0);
            let now = newest + after;
            let window = minutes * MINUTE;
            let start = (now - window).div_euclid(MINUTE) * MINUTE;
            let oracle = times.iter().filter(|&&t| t >= start).count() as u64;
            prop_assert_eq!(ring(&times).sum(Timestamp::from_ms(now), window), oracle);
            if minutes <= 30 {
                let earlier = (now - 2 * window).div_euclid(MINUTE) * MINUTE;
                let oracle = times.iter().filter(|&&t| t < start && t >= earlier).count() as u64;
                prop_assert_eq!(ring(&times).sum_before(Timestamp::from_ms(now), window), oracle);
            }
        }

        #[test]
        fn order_does_not_matter(
            times in prop::collection::vec(0_i64..3 * HOUR, 0..60).prop_shuffle(),
        ) {
            let mut sorted = times.clone();
            sorted.sort_unstable();
            prop_assert_eq!(ring(&times), ring(&sorted));
        }

        #[test]
        fn nothing_changes_before_it_expires(
            times in prop::collection::vec(0_i64..HOUR, 1..20), after in 0_i64..2 * HOUR,
        ) {
            let ring = ring(&times);
            let now = Timestamp::from_ms(times.iter().copied().max().unwrap_or(0) + after);
            let sum = |at| ring.sum(at, HOUR);
            match ring.expires(now, HOUR) {
                Some(at) => {
                    prop_assert_eq!(sum(at.plus(-1)), sum(now));
                    prop_assert!(sum(at) < sum(now));
                }
                None => prop_assert_eq!(sum(now), 0),
            }
        }
    }
}
