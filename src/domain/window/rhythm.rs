//! How often something usually comes.

use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Gaps shorter than this are one arrival: several reports of the same run, not a rhythm.
const BURST_MS: i64 = 1_000;

/// Learns the usual interval of arrivals: the median of the last `N` gaps, which a single long
/// pause (a night, an outage) does not move.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Rhythm<const N: usize> {
    #[serde(default)]
    last: Option<Timestamp>,
    #[serde(default)]
    gaps: VecDeque<i64>,
}

impl<const N: usize> Rhythm<N> {
    /// Something came. Arrivals older than the newest say nothing about the rhythm.
    pub fn observe(&mut self, at: Timestamp) {
        let Some(last) = self.last else {
            self.last = Some(at);
            return;
        };
        let gap = at.since(last);
        if gap >= BURST_MS {
            if self.gaps.len() == N {
                self.gaps.pop_front();
            }
            self.gaps.push_back(gap);
            self.last = Some(at);
        }
    }

    /// Whether as many gaps are known as are looked at.
    pub fn is_full(&self) -> bool {
        self.gaps.len() >= N
    }

    /// The usual interval in milliseconds; `None` before the third arrival.
    pub fn usual(&self) -> Option<i64> {
        if self.gaps.len() < 2 {
            return None;
        }
        let mut sorted: Vec<i64> = self.gaps.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get((sorted.len() - 1) / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(times: &[i64], expect: Option<i64>) {
        let mut rhythm = Rhythm::<4>::default();
        for &t in times {
            rhythm.observe(Timestamp::from_ms(t));
        }
        assert_eq!(rhythm.usual(), expect);
    }

    #[test]
    fn is_the_median_of_the_last_gaps() {
        check(&[], None);
        check(&[0, 10_000], None);
        check(&[0, 10_000, 20_000], Some(10_000));
        check(&[0, 10_000, 20_000, 900_000, 910_000], Some(10_000));
        check(&[0, 10_000, 20_000, 50_000, 80_000, 110_000], Some(30_000));
    }

    #[test]
    fn bursts_and_late_arrivals_are_no_rhythm() {
        check(&[0, 100, 200, 300], None);
        check(&[0, 100, 60_000, 60_050, 120_000], Some(60_000));
        check(&[0, 60_000, 30_000, 120_000], Some(60_000));
    }
}
