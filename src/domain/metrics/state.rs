//! The fold: the last value of every series, how many series each name has, and pinned charts.
//!
//! Every combination of labels is a series of its own, so a producer that puts everything it knows
//! into labels would fill the memory of everyone. There are at most so many series of a name, and of
//! all names together; when there is no room, series that have long been silent make some, and
//! what still finds none is counted. The board's own series have a place whatever others send.

pub mod pins;
mod room;
pub use room::{Limits, Refused};

use super::{OWN, Observed};
use crate::wire::{Stamp, Timestamp};
use imbl::OrdMap;
use pins::Boards;
use room::Named;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A metric's name and labels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeriesKey {
    /// Name of the metric.
    pub name: Arc<str>,
    /// What tells it from others of the name.
    pub labels: BTreeMap<Arc<str>, Arc<str>>,
}

impl SeriesKey {
    /// Where the series of a name begin.
    pub fn first(name: &str) -> Self {
        Self { name: name.into(), labels: BTreeMap::new() }
    }

    /// Whether it has all of these labels.
    pub fn has(&self, labels: &BTreeMap<Arc<str>, Arc<str>>) -> bool {
        labels.iter().all(|(label, value)| self.labels.get(label) == Some(value))
    }
}

/// Every series.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// By name and labels.
    #[serde(default)]
    pub series: OrdMap<SeriesKey, Arc<Series>>,
    /// How many of them each name has.
    #[serde(default)]
    names: OrdMap<Arc<str>, Named>,
    /// When series of all names last made room.
    #[serde(default)]
    swept_at: Timestamp,
    /// Values of series that found no place.
    #[serde(default)]
    pub overflow: u64,
    /// The same by name, of the first 1,000 names.
    #[serde(default)]
    pub refused: OrdMap<Arc<str>, Refused>,
    /// Those for which all names together have too many series.
    #[serde(default)]
    pub refused_in_all: Refused,
    /// Charts on people's own boards.
    #[serde(default)]
    pub boards: Boards,
    /// How many series there may be.
    #[serde(skip)]
    limits: Limits,
}

/// A series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Its newest value.
    pub value: f64,
    /// Time of that.
    pub at: Timestamp,
    /// When it was received.
    pub heard_at: Timestamp,
    /// What the value counts, if that was told.
    pub unit: Option<Arc<str>>,
    /// Who sent it.
    pub source: Arc<str>,
}

impl Series {
    /// Whether it is the board itself that knows it.
    pub fn is_own(&self) -> bool {
        *self.source == *OWN
    }
}

/// Whose room has changed: a metric's, by its name, or that of all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Touched(pub Option<Arc<str>>);

/// What a value changed besides its own series.
#[derive(Debug, Default)]
pub struct Changes {
    /// Whose room has changed.
    pub touched: Vec<Touched>,
    /// Series that made room, and are forgotten.
    pub gone: Vec<SeriesKey>,
    /// When series of a name last made room; of all names, if it is none.
    pub swept: Vec<(Option<Arc<str>>, Timestamp)>,
}

impl State {
    /// How many series are kept of all names together.
    pub const MAX: usize = Limits::ALL.in_all;
    /// How many series are kept of one name.
    pub const MAX_PER_NAME: usize = Limits::ALL.of_name;

    /// The same with other limits than usual.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// How many series there may be.
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Every series of this name, by labels.
    pub fn keyed(&self, name: &str) -> impl Iterator<Item = (&SeriesKey, &Arc<Series>)> {
        let first = SeriesKey::first(name);
        self.series.range(first.clone()..).take_while(move |(key, _)| key.name == first.name)
    }

    /// Every series of this name.
    pub fn of_name(&self, name: &str) -> impl Iterator<Item = &Arc<Series>> {
        self.keyed(name).map(|(_, series)| series)
    }

    /// Every name, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(|name| &**name)
    }

    /// How many series a name has.
    pub fn count(&self, name: &str) -> usize {
        self.names.get(name).map_or(0, |named| named.series)
    }

    /// Takes in a value; one older than the newest says only that the series is there. Returns
    /// whether its series has a place.
    pub fn fold(&mut self, stamp: &Stamp, observed: &Observed, changes: &mut Changes) -> bool {
        let key = SeriesKey { name: observed.name.clone(), labels: observed.labels.clone() };
        if let Some(series) = self.series.get_mut(&key) {
            let series = Arc::make_mut(series);
            series.heard_at = stamp.at;
            if stamp.time >= series.at {
                series.value = observed.value;
                series.at = stamp.time;
                series.unit = observed.unit.clone().or_else(|| series.unit.take());
                series.source = stamp.source.clone();
            }
            return true;
        }
        let own = *stamp.source == *OWN;
        if !self.make_room(&key.name, own, stamp.at, changes) {
            return false;
        }
        let series = Series {
            value: observed.value,
            at: stamp.time,
            heard_at: stamp.at,
            unit: observed.unit.clone(),
            source: stamp.source.clone(),
        };
        self.insert(key, series);
        true
    }

    /// Gives a series a place.
    fn insert(&mut self, key: SeriesKey, series: Series) {
        self.names.entry(key.name.clone()).or_default().series += 1;
        self.series.insert(key, Arc::new(series));
    }
}

#[cfg(test)]
mod tests;
