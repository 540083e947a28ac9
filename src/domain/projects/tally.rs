//! Counts over sliding windows, of one project or of all of them together.

mod errors;
pub use errors::{ErrorTypes, trend};

use super::{RunError, Validated, ValidationStatus, WindowTotals};
use crate::domain::window::{Bucket, DAY, HOUR, MINUTE, Ring};
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Longest message that is kept, in bytes.
pub(super) const MAX_MESSAGE: usize = 500;
/// Longest error type that is kept, in bytes.
const MAX_KIND: usize = 200;

/// The start of `text`, at most `max` bytes of it, cut between characters.
pub(super) fn clip(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

/// The type of `error`, cut if it is very long.
pub(super) fn kind(error: &RunError) -> Arc<str> {
    if error.kind.len() <= MAX_KIND {
        error.kind.clone()
    } else {
        clip(&error.kind, MAX_KIND).into()
    }
}

/// Results of runs. Encoded as an array, since a state holds very many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "[u32; 4]", into = "[u32; 4]")]
pub struct Counts {
    /// Passed runs.
    pub passed: u32,
    /// Failed runs.
    pub failed: u32,
    /// Broken runs.
    pub error: u32,
    /// Skipped runs.
    pub skipped: u32,
}

impl From<[u32; 4]> for Counts {
    fn from([passed, failed, error, skipped]: [u32; 4]) -> Self {
        Self { passed, failed, error, skipped }
    }
}

impl From<Counts> for [u32; 4] {
    fn from(c: Counts) -> Self {
        [c.passed, c.failed, c.error, c.skipped]
    }
}

impl Bucket for Counts {
    fn merge(&mut self, other: &Self) {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
        self.error = self.error.saturating_add(other.error);
        self.skipped = self.skipped.saturating_add(other.skipped);
    }
}

impl Counts {
    fn count(&mut self, status: ValidationStatus) {
        let n = match status {
            ValidationStatus::Passed => &mut self.passed,
            ValidationStatus::Failed => &mut self.failed,
            ValidationStatus::Error => &mut self.error,
            ValidationStatus::Skipped => &mut self.skipped,
        };
        *n = n.saturating_add(1);
    }

    /// The same with rates; a skipped run counts in `total` but in no rate.
    pub fn over(self, window_ms: i64) -> WindowTotals {
        let [passed, failed, error, skipped] = <[u32; 4]>::from(self).map(u64::from);
        let ran = passed + failed + error;
        let rate = |n: u64| (ran > 0).then(|| n as f64 / ran as f64);
        WindowTotals {
            window_s: window_ms.unsigned_abs() / 1_000,
            total: ran + skipped,
            passed,
            failed,
            error,
            skipped,
            success_rate: rate(passed),
            failure_rate: rate(failed + error),
        }
    }
}

/// When the hour turns.
pub(super) const fn next_hour(now: Timestamp) -> Timestamp {
    now.floor(HOUR).plus(HOUR)
}

/// Errors an hour, over two days: a window and the one before it.
pub type ErrorHours = Ring<u64, HOUR, 49>;

/// Run results and errors over sliding windows, with at most `TYPES` types of errors.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tally<const TYPES: usize> {
    /// Runs a minute, over an hour.
    #[serde(default)]
    pub hour: Ring<Counts, MINUTE, 61>,
    /// Runs in five minutes, over a day.
    #[serde(default)]
    pub day: Ring<Counts, { 5 * MINUTE }, 289>,
    /// Runs an hour, over a week.
    #[serde(default)]
    pub week: Ring<Counts, HOUR, 169>,
    /// Errors of all types. They are counted in hours like those of each type, so that the
    /// types sum to the total.
    #[serde(default)]
    pub errors: ErrorHours,
    /// Errors by type.
    #[serde(default)]
    pub types: ErrorTypes<TYPES>,
}

impl<const TYPES: usize> Tally<TYPES> {
    /// Counts a run.
    pub fn add(&mut self, at: Timestamp, run: &Validated) {
        for counts in [self.hour.at(at), self.day.at(at), self.week.at(at)].into_iter().flatten() {
            counts.count(run.status);
        }
        for error in run.errors.iter().filter(|e| e.count > 0) {
            if let Some(errors) = self.errors.at(at) {
                errors.merge(&u64::from(error.count));
            }
            self.types.add(at, error);
        }
    }

    /// The next moment at which a window of this changes, or its errors by the hour, though
    /// nothing comes.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let errors = self.errors.range(now.plus(-2 * DAY), now).next();
        let expiries = [
            self.hour.expires(now, HOUR),
            self.day.expires(now, DAY),
            self.week.expires(now, 7 * DAY),
            errors.map(|_| next_hour(now)),
        ];
        expiries.into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, max: usize, expect: &str) {
        assert_eq!(clip(text, max), expect);
    }

    #[test]
    fn texts_are_cut_between_characters() {
        check("aé", 2, "a");
        check("aé", 3, "aé");
        check("", 3, "");
    }

    #[test]
    fn a_skipped_run_counts_in_no_rate() {
        let totals = Counts { passed: 1, failed: 1, error: 2, skipped: 4 }.over(HOUR);
        assert_eq!((totals.window_s, totals.total), (3_600, 8));
        assert_eq!((totals.success_rate, totals.failure_rate), (Some(0.25), Some(0.75)));
        assert_eq!(Counts { skipped: 4, ..Counts::default() }.over(HOUR).success_rate, None);
    }
}
