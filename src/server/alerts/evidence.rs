//! What an alert is built on, over the time around it.

use crate::domain::alerts::rule::{AlertRule, On, OnMetric};
use crate::domain::alerts::state::metric_subject;
use crate::domain::alerts::{AlertItem, Measured};
use crate::domain::metrics::state::SeriesKey;
use crate::domain::projects::{ProjectId, TrendPoint};
use crate::domain::range::{Range, RangeParams};
use crate::domain::system::HostPoint;
use crate::domain::work::QueuePoint;
use crate::pipeline::history::Windowed;
use crate::pipeline::publish::Published;
use crate::server::{App, read};
use crate::wire::{ApiError, Timestamp};
use std::sync::Arc;

/// Most points that are told.
const POINTS: i64 = 300;
/// Least time that is told from before an alert began and after it was over, in milliseconds.
const MARGIN: i64 = 15 * 60_000;
/// Longest time that is told, in milliseconds: 30 days, the last of a longer alert.
const LONGEST: i64 = 30 * 86_400_000;
const TEN_SECONDS: i64 = 10_000;

type Points = Vec<(Timestamp, Option<f64>)>;

/// What was measured from some time before an alert began until it was over; none if it is built
/// on nothing that is measured over time.
///
/// # Errors
/// 503 when history cannot be read.
pub async fn of(
    app: &App,
    shown: &Published,
    alert: &AlertItem,
) -> Result<Option<Measured>, ApiError> {
    let rule = shown.state.alerts.rule(&alert.rule);
    let span = Span::of(alert, rule.as_deref(), read::now(app, shown));
    let threshold = alert.threshold;
    let measured = |(name, unit, points): (&str, &str, Points)| Measured {
        name: name.to_owned(),
        unit: Some(unit.to_owned()),
        threshold,
        points,
    };
    if let Some(rule) = &rule
        && let On::Metric(on) = &rule.on
    {
        return metric(app, shown, alert, on, &span).await;
    }
    let (Some(finding), Some((kind, name))) = (&alert.finding, alert.subject.split_once('/'))
    else {
        return Ok(None);
    };
    let Some(range) = span.range() else { return Ok(None) };
    let found = match kind {
        "host" => host(app, shown, finding, name, range).await?,
        "project" => project(app, finding, name, range).await?,
        "queue" => queue(app, finding, Some(name), range).await?,
        "work" => queue(app, finding, None, range).await?,
        _ => None,
    };
    let some = |found: &(&str, &str, Points)| found.2.iter().any(|(_, value)| value.is_some());
    Ok(found.filter(some).map(measured))
}

/// The time that is told.
struct Span {
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
}

impl Span {
    fn of(alert: &AlertItem, rule: Option<&AlertRule>, now: Timestamp) -> Self {
        let patience = rule.map_or(0.0, |rule| match &rule.on {
            On::Metric(on) => rule.for_s.max(on.window_s),
            _ => rule.for_s,
        });
        let margin = MARGIN.max((patience * 2_000.0) as i64);
        let to = alert.resolved_at.map_or(now, |at| at.plus(margin).min(now));
        let from = alert.created_at.plus(-margin).max(to.plus(-LONGEST));
        Self { from: from.min(to.plus(-60_000)), to, now }
    }

    /// The same in steps that history keeps.
    fn range(&self) -> Option<Range> {
        let step = self.to.since(self.from) / (POINTS - 1) / TEN_SECONDS * TEN_SECONDS;
        let step = step + TEN_SECONDS;
        let params = RangeParams {
            step: Some(format!("{}s", step / 1_000)),
            ..RangeParams::between(self.from, self.to)
        };
        Range::parse(&params, "1h", self.now).ok()
    }
}

async fn metric(
    app: &App,
    shown: &Published,
    alert: &AlertItem,
    on: &OnMetric,
    span: &Span,
) -> Result<Option<Measured>, ApiError> {
    let first = SeriesKey { name: on.metric.clone(), labels: Default::default() };
    let all = shown.state.metrics.series.range(first..);
    let mut named = all.take_while(|(key, _)| key.name == on.metric);
    let found = named.find(|(key, _)| metric_subject(&key.name, &key.labels) == alert.subject);
    let Some((key, series)) = found else { return Ok(None) };
    let asked = Windowed {
        name: on.metric.clone(),
        labels: key.labels.clone(),
        aggregation: on.aggregation,
        window_ms: (on.window_s * 1_000.0) as i64,
        op: on.op,
        from: span.from,
        to: span.to,
        points: POINTS,
    };
    let points = app.history.windowed(asked, span.now).await?;
    if points.iter().all(|(_, value)| value.is_none()) {
        return Ok(None);
    }
    Ok(Some(Measured {
        name: format!("{} of {}", on.aggregation.name(), on.metric),
        unit: alert.unit.clone().or_else(|| series.unit.as_deref().map(str::to_owned)),
        threshold: alert.threshold.or_else(|| on.past_s.is_none().then_some(on.threshold)),
        points,
    }))
}

/// What it is, its unit, and its course.
type Course = Option<(&'static str, &'static str, Points)>;

async fn host(
    app: &App,
    shown: &Published,
    finding: &str,
    name: &str,
    range: Range,
) -> Result<Course, ApiError> {
    let hosts = &shown.state.system.hosts;
    let cores = hosts.get(name).and_then(|host| host.cpu?.cores);
    let cores = cores.map(|cores| f64::from(cores.max(1)));
    type Of = fn(&HostPoint) -> Option<f64>;
    let (what, unit, of): (_, _, Of) = match finding {
        "system.cpu_high" => ("CPU", "percent", |it| it.cpu_max.or(it.cpu)),
        "system.memory_high" => ("Memory", "percent", |it| it.memory),
        "system.disk_high" => ("Disk", "percent", |it| it.disk),
        "system.load_high" => ("Load a core", "ratio", |it| it.load1),
        _ => return Ok(None),
    };
    let share = if finding == "system.load_high" { cores.unwrap_or(1.0) } else { 1.0 };
    let points = app.history.host(&Arc::from(name), range).await?;
    let point = |it: &HostPoint| (it.at, of(it).map(|value| value / share));
    Ok(Some((what, unit, points.iter().map(point).collect())))
}

async fn project(app: &App, finding: &str, name: &str, range: Range) -> Result<Course, ApiError> {
    let Ok(id) = ProjectId::try_from(name.to_owned()) else { return Ok(None) };
    type Of = fn(&TrendPoint) -> Option<f64>;
    let (what, unit, of): (_, _, Of) = match finding {
        "project.success_rate" | "project.validation_failed" => {
            ("Success rate", "ratio", |it| it.success_rate)
        }
        "project.duration_regressed" => ("p95 of run times", "ms", |it| it.p95_ms),
        "project.errors_rising" => ("Errors", "count", |it| Some(it.errors as f64)),
        _ => return Ok(None),
    };
    let points = app.history.project_trend(&id, range).await?;
    Ok(Some((what, unit, points.iter().map(|it| (it.at, of(it))).collect())))
}

async fn queue(
    app: &App,
    finding: &str,
    name: Option<&str>,
    range: Range,
) -> Result<Course, ApiError> {
    type Of = fn(&QueuePoint) -> Option<f64>;
    let (what, unit, of): (_, _, Of) = match finding {
        "work.queue_growing" | "work.no_agent" => ("Waiting tasks", "count", |it| it.depth),
        "work.queue_latency" => ("p95 of waits", "ms", |it| it.wait_p95_ms),
        "work.failure_rate" => ("Failed tries", "ratio", |it| {
            let ended = it.completed + it.failed;
            (ended > 0).then(|| it.failed as f64 / ended as f64)
        }),
        _ => return Ok(None),
    };
    let points = app.history.queue(name.map(Arc::from), range).await?;
    Ok(Some((what, unit, points.iter().map(|it| (it.at, of(it))).collect())))
}
