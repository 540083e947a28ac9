//! The metrics that rules watch, over as long as each rule looks back.
//!
//! A rule's windows begin when it is saved: what came before is not in them.

use super::super::rule::{Aggregation, AlertRule, Labels, On, OnMetric};
use crate::domain::sketch::Sketch;
use crate::wire::Timestamp;
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;

/// A rule, and the series as a subject: `metric/name{label=value,…}`.
pub type WindowKey = (Arc<str>, Arc<str>);

/// Windows of every rule that watches a metric.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Windows {
    /// By rule and series.
    #[serde(default)]
    pub by_key: OrdMap<WindowKey, Arc<Window>>,
    /// What each rule watches, by the metric's name.
    #[serde(default)]
    watching: OrdMap<Arc<str>, Vec<(Arc<str>, Kept)>>,
    /// Observations of series that found no place.
    #[serde(default)]
    pub overflow: u64,
}

/// What a rule needs of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    labels: Labels,
    step_ms: i64,
    span_ms: i64,
    sketched: bool,
}

/// A series, over as long as a rule looks back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Labels of the series.
    pub labels: Labels,
    /// Its unit, if that was told.
    pub unit: Option<Arc<str>>,
    /// Who last sent it.
    pub source: Arc<str>,
    /// Time of its newest value.
    pub last_at: Timestamp,
    /// Since when it is watched.
    pub since: Timestamp,
    step_ms: i64,
    span_ms: i64,
    sketched: bool,
    /// Oldest first, by step.
    buckets: VecDeque<(i64, Bucket)>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Bucket {
    count: u64,
    /// It stands still at the greatest and the least that a double can hold.
    sum: f64,
    min: f64,
    max: f64,
    sketch: Option<Arc<Sketch>>,
}

/// Something that was measured.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// Name of the metric.
    pub name: &'a Arc<str>,
    /// Labels of the series.
    pub labels: &'a Labels,
    /// Its unit.
    pub unit: Option<&'a Arc<str>>,
    /// The value.
    pub value: f64,
    /// When.
    pub time: Timestamp,
    /// When that was received.
    pub at: Timestamp,
    /// Who says so.
    pub source: &'a Arc<str>,
}

/// Steps of a window: it is longer than asked for by less than one of them.
const STEPS: f64 = 40.0;
/// Steps of each window where the past is kept to compare with.
const STEPS_OF_PAST: f64 = 8.0;
const MIN_STEP_MS: f64 = 250.0;

/// The series as a subject.
pub fn subject(name: &str, labels: &Labels) -> Arc<str> {
    let mut subject = format!("metric/{name}");
    for (i, (label, value)) in labels.iter().enumerate() {
        let _ = write!(subject, "{}{label}={value}", if i == 0 { '{' } else { ',' });
    }
    if !labels.is_empty() {
        subject.push('}');
    }
    subject.into()
}

impl Windows {
    /// Series that are watched for one rule.
    pub const MAX_OF_RULE: usize = 200;
    /// Series that are watched for all of them.
    const MAX: usize = 5_000;

    /// Watches what a rule says from now on; nothing if there is no such rule any more.
    pub(super) fn watch(&mut self, id: &Arc<str>, rule: Option<&AlertRule>) {
        let wanted = rule.filter(|rule| rule.enabled).and_then(|rule| match &rule.on {
            On::Metric(on) => Some((on.metric.clone(), Kept::of(on))),
            _ => None,
        });
        let had = self.watching.iter().find_map(|(name, rules)| {
            let (_, kept) = rules.iter().find(|(rule, _)| rule == id)?;
            Some((name.clone(), kept.clone()))
        });
        if had == wanted {
            return;
        }
        let (from, to) = ((id.clone(), Arc::from("")), (id.clone(), Arc::from("\u{10ffff}")));
        let gone: Vec<_> = self.by_key.range(from..=to).map(|(key, _)| key.clone()).collect();
        for key in gone {
            self.by_key.remove(&key);
        }
        if let Some((name, _)) = had
            && let Some(rules) = self.watching.get_mut(&name)
        {
            rules.retain(|(rule, _)| rule != id);
            if rules.is_empty() {
                self.watching.remove(&name);
            }
        }
        if let Some((name, kept)) = wanted {
            self.watching.entry(name).or_default().push((id.clone(), kept));
        }
    }

    /// Takes in what was measured.
    pub fn observe(&mut self, seen: &Observation<'_>) {
        let Some(rules) = self.watching.get(seen.name).cloned() else { return };
        let mut series = None;
        for (rule, kept) in &rules {
            let wanted = |(label, value)| seen.labels.get(label) == Some(value);
            if !kept.labels.iter().all(wanted) {
                continue;
            }
            let series = series.get_or_insert_with(|| subject(seen.name, seen.labels)).clone();
            let key = (rule.clone(), series);
            if !self.by_key.contains_key(&key) {
                let (from, to) =
                    ((rule.clone(), Arc::from("")), (rule.clone(), Arc::from("\u{10ffff}")));
                let full = self.by_key.len() >= Self::MAX
                    || self.by_key.range(from..=to).count() >= Self::MAX_OF_RULE;
                if full && !self.make_room(rule, seen.at) {
                    self.overflow = self.overflow.saturating_add(1);
                    continue;
                }
            }
            let window = self.by_key.entry(key).or_insert_with(|| Arc::new(Window::of(kept, seen)));
            Arc::make_mut(window).add(seen);
        }
    }

    /// Lets go of the series of a rule that has been silent for longest, if that is so long that its
    /// window holds nothing any more.
    fn make_room(&mut self, rule: &Arc<str>, now: Timestamp) -> bool {
        let silent = self.of_rule(rule).min_by_key(|(_, window)| window.last_at);
        let over = silent.filter(|(_, window)| window.last_at.plus(window.span_ms) < now);
        let Some(subject) = over.map(|(subject, _)| subject.clone()) else { return false };
        self.by_key.remove(&(rule.clone(), subject)).is_some()
    }

    /// The windows of a rule, by subject.
    pub fn of_rule<'a>(
        &'a self,
        rule: &Arc<str>,
    ) -> impl Iterator<Item = (&'a Arc<str>, &'a Arc<Window>)> + use<'a> {
        let (from, to) = ((rule.clone(), Arc::from("")), (rule.clone(), Arc::from("\u{10ffff}")));
        self.by_key.range(from..=to).map(|((_, subject), window)| (subject, window))
    }
}

impl Kept {
    fn of(on: &OnMetric) -> Self {
        // All the windows in between are kept as well, so each is kept more coarsely.
        let steps = if on.past_s.is_some() { STEPS_OF_PAST } else { STEPS };
        let step_ms = (on.window_s * 1_000.0 / steps).max(MIN_STEP_MS) as i64;
        let span_ms = ((on.window_s + on.past_s.unwrap_or_default()) * 1_000.0) as i64;
        Self {
            labels: on.labels.clone(),
            step_ms,
            span_ms,
            sketched: on.aggregation.quantile().is_some(),
        }
    }
}

impl Window {
    fn of(kept: &Kept, seen: &Observation<'_>) -> Self {
        Self {
            labels: seen.labels.clone(),
            unit: None,
            source: seen.source.clone(),
            last_at: seen.time,
            since: seen.at,
            step_ms: kept.step_ms,
            span_ms: kept.span_ms,
            sketched: kept.sketched,
            buckets: VecDeque::new(),
        }
    }

    fn add(&mut self, seen: &Observation<'_>) {
        if seen.time >= self.last_at {
            self.last_at = seen.time;
            self.source = seen.source.clone();
            self.unit = seen.unit.cloned().or_else(|| self.unit.take());
        }
        let step = seen.time.ms().div_euclid(self.step_ms);
        let oldest = self.last_at.plus(-self.span_ms).ms().div_euclid(self.step_ms);
        if step < oldest {
            return;
        }
        while self.buckets.front().is_some_and(|(at, _)| *at < oldest) {
            self.buckets.pop_front();
        }
        let place = self.buckets.partition_point(|(at, _)| *at < step);
        if self.buckets.get(place).is_none_or(|(at, _)| *at != step) {
            self.buckets.insert(place, (step, Bucket::default()));
        }
        if let Some((_, bucket)) = self.buckets.get_mut(place) {
            bucket.add(seen.value, self.sketched);
        }
    }

    /// The aggregate over the window of `window_ms` that ends at `at`; none if nothing is known
    /// that makes one.
    pub fn aggregate(&self, how: Aggregation, window_ms: i64, at: Timestamp) -> Option<f64> {
        let from = at.plus(-window_ms).ms().div_euclid(self.step_ms);
        let to = at.ms().div_euclid(self.step_ms);
        let mut all = Bucket::default();
        for (_, bucket) in self.buckets.iter().filter(|(step, _)| (from..=to).contains(step)) {
            all.merge(bucket);
        }
        all.value(how)
    }

    /// When the oldest value that counts at `at` leaves the window.
    pub fn next_change(&self, window_ms: i64, at: Timestamp) -> Option<Timestamp> {
        let from = at.plus(-window_ms).ms().div_euclid(self.step_ms);
        let (oldest, _) = self.buckets.iter().find(|(step, _)| *step >= from)?;
        Some(Timestamp::from_ms((oldest + 1) * self.step_ms + window_ms))
    }
}

/// A sum of two that are finite, as far as a double can hold it.
const fn held(sum: f64) -> f64 {
    sum.clamp(f64::MIN, f64::MAX)
}

impl Bucket {
    fn add(&mut self, value: f64, sketched: bool) {
        if self.count == 0 {
            (self.min, self.max) = (value, value);
        }
        self.count += 1;
        self.sum = held(self.sum + value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        if sketched {
            Arc::make_mut(self.sketch.get_or_insert_default()).add(value);
        }
    }

    fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            self.clone_from(other);
            return;
        }
        self.count += other.count;
        self.sum = held(self.sum + other.sum);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        if let Some(sketch) = &other.sketch {
            Arc::make_mut(self.sketch.get_or_insert_default()).merge(sketch);
        }
    }

    fn value(&self, how: Aggregation) -> Option<f64> {
        match how {
            Aggregation::Count => Some(self.count as f64),
            Aggregation::Sum => Some(self.sum),
            _ if self.count == 0 => None,
            // Where the sum stands still, it is at least within the values there are.
            Aggregation::Avg => Some((self.sum / self.count as f64).clamp(self.min, self.max)),
            Aggregation::Min => Some(self.min),
            Aggregation::Max => Some(self.max),
            Aggregation::P50 | Aggregation::P95 | Aggregation::P99 => {
                self.sketch.as_ref()?.quantile(how.quantile()?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum and the mean of these values, whether they came together or apart.
    #[track_caller]
    fn check(values: &[f64], sum: f64, mean: f64) {
        let (mut whole, mut merged) = (Bucket::default(), Bucket::default());
        for &value in values {
            let mut one = Bucket::default();
            one.add(value, false);
            merged.merge(&one);
            whole.add(value, false);
        }
        for bucket in [whole, merged] {
            let told = [Aggregation::Sum, Aggregation::Avg].map(|how| bucket.value(how));
            assert_eq!(told, [Some(sum), Some(mean)], "{values:?}");
        }
    }

    #[test]
    fn sums_and_means_stay_finite() {
        check(&[1.0, 2.0], 3.0, 1.5);
        check(&[1.5e308, 1.7e308], f64::MAX, 1.5e308);
        check(&[-1.5e308, -1.7e308], f64::MIN, -1.5e308);
    }
}
