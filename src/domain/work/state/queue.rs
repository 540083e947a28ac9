//! A queue: how much waits in it, for how long, and what comes of it.

use super::Outcomes;
use super::agent::Times;
use crate::domain::window::{HOUR, MINUTE, Ring};
use crate::domain::work::TaskStatus;
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether a depth has grown from check to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Growth {
    /// At the last check.
    pub depth: u64,
    /// Checks in a row in which it was more than at the one before.
    pub checks: u32,
    /// When the first of them was.
    pub since: Option<Timestamp>,
    /// The depth before it.
    pub from: u64,
}

impl Growth {
    /// A check at `at` finds `depth`.
    pub fn check(&mut self, at: Timestamp, depth: u64) {
        if depth > self.depth {
            if self.checks == 0 {
                (self.since, self.from) = (Some(at), self.depth);
            }
            self.checks = self.checks.saturating_add(1);
        } else {
            (self.checks, self.since) = (0, None);
        }
        self.depth = depth;
    }
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Queue {
    /// How many of its tasks there are in each status, in the order of [`TaskStatus::ALL`].
    #[serde(default)]
    pub counts: [u64; 7],
    /// Whether more and more wait.
    #[serde(default)]
    pub growth: Growth,
    /// What came of its tasks.
    #[serde(default)]
    pub hour: Ring<Outcomes, { 5 * MINUTE }, 13>,
    /// How long tasks waited before they were given to an agent.
    #[serde(default)]
    pub waits: Times,
    /// How long completed tasks took.
    #[serde(default)]
    pub runs: Times,
}

impl Queue {
    /// Tasks of a status.
    pub fn count(&self, status: TaskStatus) -> u64 {
        self.counts.get(status as usize).copied().unwrap_or_default()
    }

    /// Tasks that wait.
    pub fn depth(&self) -> u64 {
        self.count(TaskStatus::Queued)
    }

    /// The next moment at which what is counted over the last hour changes though nothing comes.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let counted = [
            self.hour.expires(now, HOUR),
            self.waits.expires(now, HOUR),
            self.runs.expires(now, HOUR),
        ];
        counted.into_iter().flatten().min()
    }

    /// Whether nothing is in it, and nothing came of it lately.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.counts.iter().all(|&n| n == 0)
            && self.hour.newest().is_none_or(|at| now.since(at) > 24 * HOUR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_counts_checks_in_a_row() {
        let mut growth = Growth::default();
        let seen: Vec<u32> = [1, 2, 2, 3, 4, 5, 1]
            .into_iter()
            .enumerate()
            .map(|(i, depth)| {
                growth.check(Timestamp::from_ms(i as i64), depth);
                growth.checks
            })
            .collect();
        assert_eq!(seen, [1, 2, 0, 1, 2, 3, 0]);
        assert_eq!((growth.depth, growth.since), (1, None));
    }
}
