//! `POST /api/v1/alert-rules/test`: when a rule would have fired.

use super::ids;
use crate::domain::alerts::rule::{AlertRule, On, RuleSpec};
use crate::domain::alerts::state::metric_subject;
use crate::domain::alerts::{BackTest, BackTestRequest, Measured, Stretch};
use crate::domain::metrics::state::SeriesKey;
use crate::pipeline::back_test::{self, Budget, Found, Plan};
use crate::pipeline::history::Windowed;
use crate::pipeline::publish::Published;
use crate::server::body::JsonBody;
use crate::server::{App, read};
use crate::wire::{ApiError, ErrorKind, Timestamp};
use axum::Json;
use axum::extract::State;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Longest past that is looked at, in days.
const MAX_DAYS: f64 = 90.0;
/// Shortest, in days: a minute.
const MIN_DAYS: f64 = 1.0 / 1_440.0;
const DAY_MS: f64 = 86_400_000.0;
/// How much of it is looked at, and how many stretches are told.
const BUDGET: Budget =
    Budget { events: 3_000_000, time: Duration::from_secs(12), stretches: 1_000 };
/// How long a test waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// Points of what was measured.
const POINTS: i64 = 600;
/// What a rule is called that nobody has saved yet.
const UNSAVED: &str = "back-test";

/// Who tests what. One test at a time: it takes a core, and much of the disk.
#[derive(Debug)]
pub struct BackTests {
    dir: PathBuf,
    turn: Arc<Semaphore>,
}

impl BackTests {
    /// Tests over the journal of this data directory.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir, turn: Arc::new(Semaphore::new(1)) }
    }
}

/// Ends a test when nobody waits for it any more.
#[derive(Debug, Default)]
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// When the rule would have fired over the last days of the journal.
///
/// # Errors
/// 422 at the member that cannot be, 503 when too many are tested at once.
pub async fn back_test(app: &App, request: BackTestRequest) -> Result<BackTest, ApiError> {
    let BackTestRequest { rule, days } = request;
    if !(MIN_DAYS..=MAX_DAYS).contains(&days) {
        let detail = format!("must be a number of days from a minute's part of one to {MAX_DAYS}");
        return Err(ApiError::invalid("/days", detail));
    }
    let id = rule.id.clone().unwrap_or_else(|| UNSAVED.into());
    // What it is to be called, and whether it is looked at, is not what is asked.
    let name = if rule.name.is_empty() { UNSAVED.to_owned() } else { rule.name.clone() };
    let rule = RuleSpec { name, enabled: true, ..rule }.check(&id).map_err(ids::at)?;
    let shown = app.hub.published();
    let to = read::now(app, &shown);
    let from = to.plus(-(days * DAY_MS) as i64);
    let plan = Plan { rule: rule.clone(), rules: shown.state.alerts.rules.clone(), from, to };
    let found = replay(app, plan).await?;
    let measured = match &rule.on {
        On::Metric(_) => measured(app, &shown, &rule, &found).await?,
        _ => None,
    };
    let Found { fired, flaps, from, to, events, cut } = found;
    Ok(BackTest { fired, flaps, from, to, events, cut, measured })
}

async fn replay(app: &App, plan: Plan) -> Result<Found, ApiError> {
    let busy = || ApiError::unavailable("another rule is being tested", 5);
    let turn = timeout(PATIENCE, app.back_tests.turn.clone().acquire_owned()).await;
    let turn = turn.ok().and_then(Result::ok).ok_or_else(busy)?;
    let waiting = Waiting::default();
    let (gone, shutdown) = (waiting.0.clone(), app.shutdown.clone());
    let dir = app.back_tests.dir.clone();
    let test = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let stopped = || gone.load(Ordering::Acquire) || shutdown.is_cancelled();
        back_test::run(&dir, plan, BUDGET, stopped)
    });
    match test.await {
        Ok(Ok(_)) if app.shutdown.is_cancelled() => {
            Err(ApiError::unavailable("the server is stopping", 5))
        }
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => {
            tracing::error!(%error, "a rule cannot be tested");
            Err(ApiError::unavailable("the journal cannot be read now", 5))
        }
        Err(_) => Err(ApiError::new(ErrorKind::Internal, "the test of the rule failed")),
    }
}

/// What was measured meanwhile, of the series that fired most often, or of the first.
async fn measured(
    app: &App,
    shown: &Published,
    rule: &AlertRule,
    found: &Found,
) -> Result<Option<Measured>, ApiError> {
    let On::Metric(on) = &rule.on else { return Ok(None) };
    let most = most_often(&found.fired);
    let first = SeriesKey { name: on.metric.clone(), labels: Default::default() };
    let all = shown.state.metrics.series.range(first..);
    let wanted = |key: &SeriesKey| match &most {
        Some(subject) => metric_subject(&key.name, &key.labels) == *subject,
        None => on.labels.iter().all(|(label, value)| key.labels.get(label) == Some(value)),
    };
    let mut named = all.take_while(|(key, _)| key.name == on.metric);
    let Some((key, series)) = named.find(|(key, _)| wanted(key)) else { return Ok(None) };
    let asked = Windowed {
        name: on.metric.clone(),
        labels: key.labels.clone(),
        aggregation: on.aggregation,
        window_ms: (on.window_s * 1_000.0) as i64,
        op: on.op,
        from: found.from,
        to: found.to,
        points: POINTS,
    };
    let now: Timestamp = read::now(app, shown);
    read::settled(app, shown).await;
    let points = app.history.windowed(asked, now).await?;
    let subject = metric_subject(&key.name, &key.labels);
    let series_name = subject.strip_prefix("metric/").unwrap_or(&subject);
    Ok(Some(Measured {
        name: format!("{} of {series_name}", on.aggregation.name()),
        unit: series.unit.as_deref().map(str::to_owned),
        threshold: on.past_s.is_none().then_some(on.threshold),
        points,
    }))
}

fn most_often(fired: &[Stretch]) -> Option<Arc<str>> {
    let mut counts: HashMap<&Arc<str>, usize> = HashMap::new();
    for stretch in fired {
        *counts.entry(&stretch.subject).or_default() += 1;
    }
    let most = counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(a.0)));
    most.map(|(subject, _)| subject.clone())
}

/// `POST /api/v1/alert-rules/test`: `{rule, days}`, or the rule's members beside `days`.
///
/// # Errors
/// As [`back_test`].
pub async fn test_rule(
    State(app): State<App>,
    JsonBody(mut body): JsonBody<serde_json::Map<String, serde_json::Value>>,
) -> Result<Json<BackTest>, ApiError> {
    let nested = body.contains_key("rule");
    let days = body.remove("days");
    let rule = match body.remove("rule") {
        Some(rule) if body.is_empty() => rule,
        Some(_) => {
            let name = body.keys().next().cloned().unwrap_or_default();
            return Err(ApiError::invalid(format!("/{name}"), "there is no such member"));
        }
        None => serde_json::Value::Object(body),
    };
    if !rule.is_object() {
        return Err(ApiError::invalid("/rule", "expected an object: a rule"));
    }
    let at = |error: crate::domain::DataError, within: &str| {
        ApiError::invalid(format!("{within}{}", error.pointer), error.detail)
    };
    let within = if nested { "/rule" } else { "" };
    let rule: RuleSpec =
        crate::domain::vocabulary::read(&rule.to_string()).map_err(|error| at(error, within))?;
    let mut request = BackTestRequest { rule, days: 7.0 };
    if let Some(days) = days.filter(|days| !days.is_null()) {
        let number = days.as_f64().ok_or_else(|| ApiError::invalid("/days", "must be a number"));
        request.days = number?;
    }
    let answer = back_test(&app, request).await;
    answer.map(Json).map_err(|error| if nested { below(error) } else { error })
}

/// The same with its places within `rule`, where it is the rule that cannot be.
fn below(mut error: ApiError) -> ApiError {
    for field in error.errors.iter_mut().filter(|field| field.pointer != "/days") {
        field.pointer = format!("/rule{}", field.pointer);
    }
    error
}
