//! How long a project's runs take, and usually took.

use super::project::Hourly;
use crate::domain::sketch::Sketch;
use crate::domain::window::{Bucket, DAY, HOUR, Ring};
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Run times: the last day by the hour, and the week before it by the day. An hour that is over
/// a day old goes into its day, so that a run is counted once.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Durations {
    /// The hours of the last day.
    #[serde(default)]
    pub hours: Hourly,
    #[serde(default)]
    days: Ring<Arc<Sketch>, DAY, 9>,
}

impl Durations {
    pub(super) fn add(&mut self, at: Timestamp, ms: f64) {
        let Self { hours, days } = self;
        let over = |at, hour: Arc<Sketch>| {
            if let Some(day) = days.at(at) {
                Bucket::merge(day, &hour);
            }
        };
        if let Some(hour) = hours.at_or(at, over) {
            Arc::make_mut(hour).add(ms);
        } else if let Some(day) = self.days.at(at) {
            Arc::make_mut(day).add(ms);
        }
    }

    /// Run times of the last 24 hours.
    pub fn day(&self, now: Timestamp) -> Arc<Sketch> {
        self.hours.sum(now, DAY)
    }

    /// Run times of the seven days before that: the project's own baseline.
    pub fn baseline(&self, now: Timestamp) -> Arc<Sketch> {
        let (from, end) = (now.plus(-8 * DAY), now.plus(-DAY).floor(HOUR).plus(-1));
        let mut baseline = Arc::default();
        for (_, sketch) in self.days.range(from, end).chain(self.hours.range(from, end)) {
            Bucket::merge(&mut baseline, sketch);
        }
        baseline
    }

    /// The next moment at which any of it changes though nothing comes.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let hours = [self.hours.expires(now, DAY), self.hours.expires(now, 8 * DAY)];
        hours.into_iter().chain([self.days.expires(now, 8 * DAY)]).flatten().min()
    }
}
