//! The fold: the last value of every series.

use super::Observed;
use crate::wire::{Stamp, Timestamp};
use imbl::OrdMap;
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

/// Every series.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// By name and labels.
    #[serde(default)]
    pub series: OrdMap<SeriesKey, Arc<Series>>,
    /// Values of series that found no place.
    #[serde(default)]
    pub overflow: u64,
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

impl State {
    /// Every series of this name.
    pub fn of_name(&self, name: &str) -> impl Iterator<Item = &Arc<Series>> {
        let first = SeriesKey { name: name.into(), labels: BTreeMap::new() };
        self.series
            .range(first.clone()..)
            .map_while(move |(key, series)| (key.name == first.name).then_some(series))
    }

    /// Every name, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut last = None;
        let names = self.series.keys().map(|key| &*key.name);
        names.filter(move |name| last.replace(*name) != Some(*name))
    }

    /// How many series are kept.
    pub const MAX: usize = 50_000;

    /// Takes in a value; one older than the newest says only that the series is there.
    pub fn fold(&mut self, stamp: &Stamp, observed: &Observed) {
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
            return;
        }
        if self.series.len() >= Self::MAX {
            self.overflow = self.overflow.saturating_add(1);
            return;
        }
        let series = Series {
            value: observed.value,
            at: stamp.time,
            heard_at: stamp.at,
            unit: observed.unit.clone(),
            source: stamp.source.clone(),
        };
        self.series.insert(key, Arc::new(series));
    }
}
