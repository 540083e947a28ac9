//! What can be asked of the past of metrics.

use super::History;
use super::cache::{Answer, Query};
use super::queries::mixed_up;
use crate::domain::alerts::rule::{Aggregation, Labels, Op};
use crate::domain::metrics::history::{self as metrics, Series};
use crate::domain::range::{RESOLUTIONS, Range};
use crate::domain::sketch::Sketch;
use crate::wire::{ApiError, Timestamp};
use rusqlite::Connection;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Most steps of a series that a chart of a sliding window is made from.
const MAX_STEPS: i64 = 20_000;
/// Most sketches that are merged for one: a fraction of a second.
const MAX_MERGES: i64 = 60_000;

/// Most series of an answer.
pub const MAX_SERIES: usize = 200;
/// Most points of an answer.
const MAX_POINTS: i64 = 200_000;
/// Most steps that are read for one: some seconds.
const MAX_READ: i64 = 3_000_000;

/// Which series of a metric, and how.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MetricQuery {
    /// Its name.
    pub name: Arc<str>,
    /// Labels that a series must have; it may have more.
    pub labels: Labels,
    /// How the values of a step become one.
    pub aggregation: Aggregation,
    /// Labels whose series are kept apart, while all others are merged; every series apart if none.
    pub by: Option<Vec<Arc<str>>>,
    /// Over which range.
    pub range: Range,
    /// Whether its step was asked for. If not, it is made longer where it would take too long.
    pub step_given: bool,
}

/// A series over a range, or several of them merged.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricPoints {
    /// Its labels; of merged ones those that tell them from others.
    pub labels: Labels,
    /// Its unit, if that was told.
    pub unit: Option<Arc<str>>,
    /// A point for every step in which it had a value, oldest first, at the start of the step.
    pub points: Vec<(Timestamp, f64)>,
}

/// The answer, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricFound {
    /// Every series that matches, by its labels, and the range with the step they are in.
    Series(Range, Vec<MetricPoints>),
    /// There would be as many series as this, which is too many.
    Apart(usize),
    /// Reading as many series as this in such short steps would take too long; and the shortest step
    /// that would do, in milliseconds, if there is one.
    TooFine(usize, Option<i64>),
}

/// A series as a rule sees it: at any moment the aggregate over the window that ends then.
#[derive(Debug, Clone, PartialEq)]
pub struct Windowed {
    /// Name of the metric.
    pub name: Arc<str>,
    /// All labels of the series.
    pub labels: Labels,
    /// How the values of the window become one.
    pub aggregation: Aggregation,
    /// Length of the window, in milliseconds.
    pub window_ms: i64,
    /// What it is held against says which values of a point's time are told: the greatest or the
    /// least of them.
    pub op: Op,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// Most points.
    pub points: i64,
}

impl History {
    /// Series of a metric over a range.
    ///
    /// # Errors
    /// 503 when the tables cannot be read, or not in time.
    pub async fn metric(&self, query: MetricQuery) -> Result<Arc<MetricFound>, ApiError> {
        let asked = query.clone();
        let read = move |db: &Connection| Ok(Answer::Metric(Arc::new(found(db, &asked)?)));
        match self.ask(Query::Metric(query), read).await? {
            Answer::Metric(found) => Ok(found),
            _ => Err(mixed_up()),
        }
    }

    /// What a rule saw of a series, as of `now`: a point for every so often, and none where the
    /// window held nothing that makes one.
    ///
    /// # Errors
    /// 503 when the tables cannot be read, or not in time.
    pub async fn windowed(
        &self,
        asked: Windowed,
        now: Timestamp,
    ) -> Result<Vec<(Timestamp, Option<f64>)>, ApiError> {
        self.read(move |db: &Connection| {
            let all = metrics::series(db, &asked.name, &asked.labels)?;
            match all.iter().find(|series| series.labels == asked.labels) {
                Some(series) => windowed(db, series, &asked, now),
                None => Ok(Vec::new()),
            }
        })
        .await
    }
}

pub(super) fn found(db: &Connection, asked: &MetricQuery) -> rusqlite::Result<MetricFound> {
    let MetricQuery { name, labels, aggregation, by, range, step_given } = asked;
    let all_in_one = labels.is_empty() && by.as_ref().is_some_and(Vec::is_empty);
    let total = if all_in_one { metrics::total(db, name)? } else { None };
    let all = match total {
        Some(total) => vec![total],
        None => metrics::series(db, name, labels)?,
    };
    let matched = all.len();
    let mut groups: BTreeMap<Labels, Vec<Series>> = BTreeMap::new();
    for series in all {
        let kept = match by {
            None => series.labels.clone(),
            Some(by) => {
                let told =
                    |label: &Arc<str>| Some((label.clone(), series.labels.get(label)?.clone()));
                by.iter().filter_map(told).collect()
            }
        };
        groups.entry(kept).or_default().push(series);
    }
    if groups.len() > MAX_SERIES {
        return Ok(MetricFound::Apart(groups.len()));
    }
    let range = match planned(range, *step_given, matched, groups.len()) {
        Ok(range) => range,
        Err(step_ms) => return Ok(MetricFound::TooFine(matched, step_ms)),
    };
    let mut out = Vec::with_capacity(groups.len());
    for (labels, group) in groups {
        let unit = group.iter().find_map(|series| series.unit.clone());
        let mut steps: BTreeMap<Timestamp, Sketch> = BTreeMap::new();
        for series in &group {
            for (at, sketch) in metrics::steps(db, series, &range)? {
                steps.entry(at).or_default().merge(&sketch);
            }
        }
        let value = |(at, sketch): (Timestamp, Sketch)| Some((at, of(&sketch, *aggregation)?));
        out.push(MetricPoints {
            labels,
            unit,
            points: steps.into_iter().filter_map(value).collect(),
        });
    }
    Ok(MetricFound::Series(range, out))
}

/// The range in steps that so many series, merged into so many, are read in soon enough: those that
/// are asked for, or longer ones if none are.
///
/// # Errors
/// The shortest step that would do, in milliseconds, if there is one.
pub(super) fn planned(
    range: &Range,
    step_given: bool,
    series: usize,
    groups: usize,
) -> Result<Range, Option<i64>> {
    let (points, reads) = (MAX_POINTS / (groups as i64).max(1), MAX_READ / (series as i64).max(1));
    if range.len() <= points && range.reads() <= reads {
        return Ok(*range);
    }
    if step_given {
        return Err(range.fitting(1, points, reads));
    }
    range.fitting(range.step_ms, points, reads).map(|step| range.in_steps(step)).ok_or(None)
}

/// The aggregate of what a step or a window holds; none if nothing is known that makes one. It is
/// finite: a sum beyond what a double can hold is told as the greatest or the least of them.
fn of(sketch: &Sketch, how: Aggregation) -> Option<f64> {
    match how {
        Aggregation::Count => Some(sketch.count() as f64),
        Aggregation::Sum => Some(sketch.sum()),
        Aggregation::Avg => sketch.mean(),
        Aggregation::Min => sketch.min(),
        Aggregation::Max => sketch.max(),
        Aggregation::P50 | Aggregation::P95 | Aggregation::P99 => sketch.quantile(how.quantile()?),
    }
}

fn windowed(
    db: &Connection,
    series: &Series,
    asked: &Windowed,
    now: Timestamp,
) -> rusqlite::Result<Vec<(Timestamp, Option<f64>)>> {
    let Windowed { aggregation, window_ms, op, to, points, .. } = *asked;
    let from = asked.from.plus(-window_ms);
    let span = to.since(from).max(1);
    let fits =
        |step_ms: i64, keep_ms: i64| now.since(from) <= keep_ms && span / step_ms <= MAX_STEPS;
    let kept = RESOLUTIONS.iter().find(|kept| fits(kept.step_ms, kept.keep_ms));
    let step_ms = kept.or(RESOLUTIONS.last()).map_or(1, |kept| kept.step_ms);
    let range = Range {
        from: from.floor(step_ms),
        to: to.floor(step_ms).plus(step_ms),
        step_ms,
        window_ms: span,
    };
    let mut steps = metrics::steps(db, series, &range)?.into_iter().peekable();
    let width = (window_ms / step_ms).max(1);
    // A quantile is looked at less often where that would take long.
    let stride = match aggregation.quantile() {
        Some(_) => (span / step_ms * width / MAX_MERGES + 1) * step_ms,
        None => step_ms,
    };
    let column = (to.since(asked.from) / points.max(1) + 1).max(stride);
    let least = matches!(op, Op::Less | Op::AtMost);
    let mut held: VecDeque<(Timestamp, Sketch)> = VecDeque::new();
    let mut out: Vec<(Timestamp, Option<f64>)> = Vec::new();
    let mut end = asked.from.floor(step_ms).plus(step_ms);
    while end < range.to.plus(step_ms) {
        while let Some(step) = steps.next_if(|(at, _)| *at < end) {
            held.push_back(step);
        }
        while held.front().is_some_and(|(at, _)| *at < end.plus(-width * step_ms)) {
            held.pop_front();
        }
        let value = merged(&held, aggregation);
        let at = end.min(to.max(asked.from));
        match out.last_mut().filter(|(first, _)| at.since(*first) < column) {
            None => out.push((at, value)),
            Some((_, had)) => *had = further(*had, value, least),
        }
        end = end.plus(stride);
    }
    Ok(out)
}

/// The value of the two that is nearer to firing.
fn further(had: Option<f64>, value: Option<f64>, least: bool) -> Option<f64> {
    match (had, value) {
        (Some(had), Some(value)) => Some(if least { had.min(value) } else { had.max(value) }),
        (had, value) => had.or(value),
    }
}

fn merged(held: &VecDeque<(Timestamp, Sketch)>, how: Aggregation) -> Option<f64> {
    let all = || held.iter().map(|(_, sketch)| sketch);
    let quick = match how {
        Aggregation::Count => Some(all().map(|it| it.count() as f64).sum()),
        Aggregation::Min => return all().filter_map(Sketch::min).reduce(f64::min),
        Aggregation::Max => return all().filter_map(Sketch::max).reduce(f64::max),
        Aggregation::Sum | Aggregation::Avg => {
            let count = all().map(Sketch::count).sum::<u64>();
            if how == Aggregation::Avg && count == 0 {
                return None;
            }
            let sum = all().map(Sketch::exact_sum).sum::<Option<f64>>();
            sum.map(|sum| if how == Aggregation::Avg { sum / count as f64 } else { sum })
        }
        Aggregation::P50 | Aggregation::P95 | Aggregation::P99 => None,
    };
    quick.filter(|value| value.is_finite()).or_else(|| {
        let mut sketch = Sketch::default();
        all().for_each(|it| sketch.merge(it));
        of(&sketch, how)
    })
}
