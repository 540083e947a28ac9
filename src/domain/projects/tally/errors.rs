//! Errors by type, a bounded number of them.

use super::{ErrorHours, MAX_KIND, MAX_MESSAGE, clip};
use crate::domain::projects::{ErrorCount, RunError, Trend};
use crate::domain::window::{Bucket, DAY, HOUR};
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where errors go whose type has found no place.
const OTHER: &str = "other";

/// Errors of one type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorType {
    kind: Arc<str>,
    #[serde(default)]
    hours: ErrorHours,
    #[serde(default)]
    message: String,
    #[serde(default)]
    last_at: Timestamp,
}

/// Errors by type, in the order of the types; beyond `MAX` of them in two days the rest is
/// counted under `other`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ErrorTypes<const MAX: usize> {
    types: Vec<Arc<ErrorType>>,
}

impl<const MAX: usize> ErrorTypes<MAX> {
    pub(super) fn add(&mut self, at: Timestamp, error: &RunError) {
        let kind = clip(&error.kind, MAX_KIND);
        let found = match self.find(kind) {
            Err(_) if self.types.len() >= MAX => {
                self.types.retain(|t| t.hours.newest().is_some_and(|n| at.since(n) < 49 * HOUR));
                // One place stays free for `other` itself.
                let kind = if self.types.len() + 1 < MAX { kind } else { OTHER };
                self.make(kind, error)
            }
            Err(_) if self.types.len() + 1 >= MAX => self.make(OTHER, error),
            Err(_) => self.make(kind, error),
            Ok(i) => i,
        };
        let Some(entry) = self.types.get_mut(found).map(Arc::make_mut) else { return };
        if let Some(n) = entry.hours.at(at) {
            n.merge(&u64::from(error.count));
        }
        if at >= entry.last_at || entry.message.is_empty() {
            entry.last_at = entry.last_at.max(at);
            let message = clip(&error.message, MAX_MESSAGE);
            if entry.message != message {
                entry.message.clear();
                entry.message.push_str(message);
            }
        }
    }

    fn find(&self, kind: &str) -> Result<usize, usize> {
        self.types.binary_search_by(|t| (*t.kind).cmp(kind))
    }

    /// Where `kind` stands, made if it is not there. `error` lends its name if it has the same.
    fn make(&mut self, kind: &str, error: &RunError) -> usize {
        self.find(kind).unwrap_or_else(|place| {
            let kind = if *error.kind == *kind { error.kind.clone() } else { kind.into() };
            let (hours, message) = Default::default();
            let last_at = Timestamp::from_ms(i64::MIN);
            self.types.insert(place, Arc::new(ErrorType { kind, hours, message, last_at }));
            place
        })
    }

    /// Each type of the last two days, the most frequent of the last 24 hours first.
    pub fn counts(&self, now: Timestamp) -> Vec<ErrorCount> {
        let mut counts: Vec<_> = self
            .types
            .iter()
            .filter_map(|t| {
                let (count, previous) = (t.hours.sum(now, DAY), t.hours.sum_before(now, DAY));
                (count + previous > 0).then(|| ErrorCount {
                    kind: t.kind.clone(),
                    count,
                    previous,
                    trend: trend(count, previous),
                    message: t.message.clone(),
                    last_at: t.last_at,
                })
            })
            .collect();
        counts.sort_by_key(|c| std::cmp::Reverse((c.count, c.previous)));
        counts
    }
}

/// Where a count is going: a tenth more or less than before is the same.
pub fn trend(now: u64, before: u64) -> Trend {
    let (now, before) = (now as f64, before as f64);
    if now > before * 1.1 {
        Trend::Rising
    } else if now < before * 0.9 {
        Trend::Falling
    } else {
        Trend::Flat
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: &str) -> RunError {
        RunError { kind: kind.into(), message: kind.repeat(2), file: None, line: None, count: 1 }
    }

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_ms(hour * HOUR)
    }

    #[track_caller]
    fn check(now: u64, before: u64, expect: Trend) {
        assert_eq!(trend(now, before), expect);
    }

    #[test]
    fn a_tenth_is_no_trend() {
        check(0, 0, Trend::Flat);
        check(1, 0, Trend::Rising);
        check(11, 10, Trend::Flat);
        check(12, 10, Trend::Rising);
        check(9, 10, Trend::Flat);
        check(8, 10, Trend::Falling);
        check(0, 1, Trend::Falling);
    }

    #[test]
    fn types_without_a_place_are_other_and_none_is_lost() {
        let mut types = ErrorTypes::<4>::default();
        for kind in ["a", "b", "c", "d", "e", "a"] {
            types.add(at(1), &error(kind));
        }
        let seen: Vec<_> =
            types.counts(at(2)).iter().map(|c| (c.kind.to_string(), c.count)).collect();
        assert_eq!(seen, [("a".into(), 2), ("other".into(), 2), ("b".into(), 1), ("c".into(), 1)]);
    }

    #[test]
    fn types_that_are_long_gone_make_room() {
        let mut types = ErrorTypes::<4>::default();
        for kind in ["a", "b", "c", "d"] {
            types.add(at(1), &error(kind));
        }
        types.add(at(60), &error("e"));
        let seen: Vec<_> = types.counts(at(60)).into_iter().map(|c| c.kind).collect();
        assert_eq!(seen, ["e".into()]);
    }

    #[test]
    fn the_newest_message_is_kept_by_its_own_time() {
        let mut types = ErrorTypes::<4>::default();
        types.add(at(3), &RunError { message: "new".into(), ..error("a") });
        types.add(at(2), &RunError { message: "old".into(), ..error("a") });
        let counts = types.counts(at(4));
        assert_eq!((counts[0].message.as_str(), counts[0].last_at), ("new", at(3)));
    }
}
