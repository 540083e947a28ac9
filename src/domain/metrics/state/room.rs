//! How much room there is for series, and who makes some.

use super::{Changes, Series, SeriesKey, State, Touched};
use crate::domain::window::{DAY, HOUR};
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How long a series must have been silent to make room for another, in milliseconds.
const SILENT: i64 = 2 * DAY;
/// Least time between two looks for series that are silent, in milliseconds of journal time: a look
/// costs as much as there are series.
const SWEEP_EVERY: i64 = HOUR;
/// Names whose refused values are counted apart.
const MAX_REFUSED: usize = 1_000;

/// How many series there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of all names together; the board's own have a place all the same.
    pub in_all: usize,
    /// Of one name.
    pub of_name: usize,
}

impl Limits {
    /// The usual ones.
    pub const ALL: Self = Self { in_all: 50_000, of_name: 10_000 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::ALL
    }
}

/// What is known of a name.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Named {
    /// How many series it has.
    pub series: usize,
    /// When they last made room.
    pub swept_at: Timestamp,
}

/// Values that found no place.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Refused {
    /// How many there were.
    pub values: u64,
    /// When the first of them was received.
    pub since: Timestamp,
    /// When the last one was.
    pub at: Timestamp,
}

impl Refused {
    fn count(&mut self, at: Timestamp) {
        if self.values == 0 {
            self.since = at;
        }
        self.values = self.values.saturating_add(1);
        self.at = at;
    }
}

impl State {
    /// Whether a name has as many series as it may.
    pub fn is_full(&self, name: &str) -> bool {
        self.count(name) >= self.limits.of_name
    }

    /// Whether all names together have as many series as they may.
    pub fn is_full_in_all(&self) -> bool {
        self.series.len() >= self.limits.in_all
    }

    /// Sees to it that one more series of `name` has a place at `at`; returns whether it has.
    pub(super) fn make_room(
        &mut self,
        name: &Arc<str>,
        own: bool,
        at: Timestamp,
        changes: &mut Changes,
    ) -> bool {
        if self.is_full(name) {
            let swept = self.names.get(name).map_or(at, |named| named.swept_at);
            if at.since(swept) >= SWEEP_EVERY {
                self.sweep(Some(name), at, changes);
            }
        }
        let full = self.is_full(name);
        if full {
            self.refuse(name, at, changes);
            return false;
        }
        if own || !self.is_full_in_all() {
            return true;
        }
        if at.since(self.swept_at) >= SWEEP_EVERY {
            self.sweep(None, at, changes);
        }
        if self.is_full_in_all() {
            self.refused_in_all.count(at);
            changes.touched.push(Touched(None));
            self.refuse(name, at, changes);
            return false;
        }
        true
    }

    /// Whether values that are refused are counted under this name.
    pub fn counts_refused(&self, name: &str) -> bool {
        self.refused.contains_key(name) || self.refused.len() < MAX_REFUSED
    }

    fn refuse(&mut self, name: &Arc<str>, at: Timestamp, changes: &mut Changes) {
        self.overflow = self.overflow.saturating_add(1);
        if self.counts_refused(name) {
            self.refused.entry(name.clone()).or_default().count(at);
            changes.touched.push(Touched(Some(name.clone())));
        }
    }

    /// Forgets the silent series of a name, or of all of them.
    fn sweep(&mut self, name: Option<&Arc<str>>, at: Timestamp, changes: &mut Changes) {
        let silent = |series: &Series| at.since(series.heard_at) > SILENT;
        let gone: Vec<SeriesKey> = match name {
            Some(name) => {
                let all = self.keyed(name).filter(|(_, series)| silent(series));
                all.map(|(key, _)| key.clone()).collect()
            }
            None => {
                let all = self.series.iter().filter(|(_, series)| silent(series));
                all.map(|(key, _)| key.clone()).collect()
            }
        };
        changes.swept.push((name.cloned(), at));
        for key in &gone {
            self.series.remove(key);
            let left = self.names.get_mut(&key.name).map_or(0, |named| {
                named.series = named.series.saturating_sub(1);
                named.series
            });
            if left == 0 {
                // Should it come again, it begins anew.
                self.names.remove(&key.name);
                changes.swept.push((Some(key.name.clone()), Timestamp::default()));
            }
        }
        self.note_sweep(name, at);
        changes.gone.extend(gone);
        changes.touched.push(Touched(None));
        changes.touched.extend(self.refused.keys().map(|name| Touched(Some(name.clone()))));
    }

    /// Notes when series last made room: whoever takes up what was kept of a state says so.
    pub fn note_sweep(&mut self, name: Option<&Arc<str>>, at: Timestamp) {
        match name {
            None => self.swept_at = at,
            Some(name) => {
                if let Some(named) = self.names.get_mut(name) {
                    named.swept_at = at;
                }
            }
        }
    }

    /// Takes up a series that had a place, of which no more is kept than when it was last heard of.
    pub fn take_up(&mut self, key: SeriesKey, heard_at: Timestamp) {
        let (value, at, source) = (0.0, Timestamp::default(), "".into());
        self.insert(key, Series { value, at, heard_at, unit: None, source });
    }
}
