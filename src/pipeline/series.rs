//! What the board itself knows, as metrics: so that it has a past, a chart and rules of its own like
//! whatever producers measure.
//!
//! A task looks at what is shown and appends what is due to the journal: a series when it is first
//! known, then when it has changed, and now and then in any case, so that a silence is not taken for
//! a value. All that it goes by is in the state. It says nothing of domains of which nothing is
//! known, so that a board that nobody uses does not fill its journal. What finds no place is said now
//! and then as well, so that it is counted and silent series make room.

use super::clock::Clock;
use super::hub::Hub;
use super::journal::{Appender, Draft};
use super::publish::Published;
use crate::domain::Event;
use crate::domain::metrics::state::{SeriesKey, State as Metrics};
use crate::domain::metrics::{Event as MetricEvent, Observed, Sampled};
use crate::domain::trading::{DEFAULT_CURRENCY, Ratios};
use crate::domain::window::{MINUTE, SECOND};
use crate::domain::{Permission, Permissions};
use crate::wire::Timestamp;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Least time between two values of a series that has changed, in milliseconds.
const CHANGED_EVERY: i64 = 10 * SECOND;
/// Time between two values of one that has not, in milliseconds; of hosts also if it has, since
/// their figures never stand still.
const SAME_EVERY: i64 = MINUTE;
/// Least time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long it waits when the journal takes nothing.
const RETRY: Duration = Duration::from_secs(5);

/// Series of hosts: their names begin so.
const OF_HOSTS: &str = "host_";

/// Asks for the ratios of the portfolio; none if they are not known.
pub type AskRatios = Arc<dyn Fn() -> BoxFuture<'static, Option<Ratios>> + Send + Sync>;

fn observed(name: &str, unit: &str, label: Option<(&str, &Arc<str>)>, value: f64) -> Observed {
    let labels = label.map(|(label, of)| (Arc::from(label), of.clone()));
    Observed {
        name: name.into(),
        value,
        unit: Some(unit.into()),
        labels: labels.into_iter().collect::<BTreeMap<_, _>>(),
    }
}

/// What it takes to see a metric besides `view_metrics`: what seeing elsewhere what it is made of
/// does. It goes by the name alone, whoever sends it; names that the board does not use take nothing.
pub fn needs(name: &str) -> Permissions {
    let needed = match name {
        "portfolio_value"
        | "portfolio_cash"
        | "portfolio_positions_value"
        | "portfolio_realized_pnl"
        | "portfolio_unrealized_pnl"
        | "sharpe_ratio"
        | "sortino_ratio"
        | "max_drawdown"
        | "volatility" => Permission::ViewPortfolio,
        "tasks_queued" | "tasks_dead_letter" | "queue_depth" | "agents_online" => {
            Permission::ViewAgents
        }
        "health_score" | "projects_critical" | "projects_warning" | "validation_success_rate" => {
            Permission::ViewProjects
        }
        "alerts_active" => Permission::ViewAlerts,
        "host_cpu_percent" | "host_memory_percent" | "host_disk_percent" => Permission::ViewSystem,
        _ => return Permissions::NONE,
    };
    needed.into()
}

/// All that the board knows by itself as of what is shown, but for ratios of the portfolio, which
/// take history. What is not known is not among it.
pub fn now(shown: &Published) -> Vec<Observed> {
    let mut all = Vec::new();
    let mut add = |name, unit, value: f64| all.push(observed(name, unit, None, value));
    let summary = &shown.summary.value;
    let trading = &shown.state.trading;
    if !trading.cash.is_empty() {
        let (currency, cursor) = (DEFAULT_CURRENCY.into(), shown.cursor.clone());
        let books = shown.valuation.figures(trading, &currency, shown.as_of, cursor);
        for (name, figure) in [
            ("portfolio_value", &books.total_value),
            ("portfolio_cash", &books.cash),
            ("portfolio_positions_value", &books.positions_value),
            ("portfolio_realized_pnl", &books.realized_pnl),
            ("portfolio_unrealized_pnl", &books.unrealized_pnl),
        ] {
            add(name, DEFAULT_CURRENCY, figure.to_f64());
        }
    }
    let work = &shown.state.work;
    if !work.queues.is_empty() {
        add("tasks_queued", "count", summary.tasks.queued as f64);
        add("tasks_dead_letter", "count", summary.tasks.dead_letter as f64);
    }
    if summary.agents.total > 0 {
        add("agents_online", "count", summary.agents.online as f64);
    }
    if let Some(score) = summary.health.score {
        add("health_score", "points", f64::from(score));
    }
    if summary.projects.total > 0 {
        add("projects_critical", "count", summary.projects.critical as f64);
        add("projects_warning", "count", summary.projects.warning as f64);
    }
    if let Some(rate) = summary.validations.totals.success_rate {
        add("validation_success_rate", "ratio", rate);
    }
    let told = shown.state.metrics.series.contains_key(&SeriesKey::first("alerts_active"));
    if told || !shown.alerts.is_empty() {
        add("alerts_active", "count", shown.alert_numbers.active as f64);
    }
    if shown.state.events > 0 {
        add("events_per_second", "1/s", summary.events_per_s);
    }
    for (queue, held) in &work.queues {
        all.push(observed("queue_depth", "count", Some(("queue", queue)), held.depth() as f64));
    }
    let hosts = shown.state.system.hosts.iter().filter(|(_, it)| it.deadline() >= shown.as_of);
    for (name, host) in hosts {
        let figures = [
            ("host_cpu_percent", host.cpu.map(|it| it.usage_percent)),
            ("host_memory_percent", host.memory.map(|it| it.percent)),
            ("host_disk_percent", host.disk.map(|it| it.percent)),
        ];
        for (metric, figure) in figures {
            let label = Some(("host", name));
            all.extend(figure.map(|value| observed(metric, "percent", label, value)));
        }
    }
    all.retain(|it| it.value.is_finite());
    all
}

/// The ratios that are known.
fn of_ratios(ratios: &Ratios) -> impl Iterator<Item = Observed> + use<> {
    let all = [
        ("sharpe_ratio", ratios.sharpe_ratio),
        ("sortino_ratio", ratios.sortino_ratio),
        ("max_drawdown", ratios.max_drawdown),
        ("volatility", ratios.volatility),
    ];
    let known = |(name, value): (&str, Option<f64>)| Some(observed(name, "ratio", None, value?));
    all.into_iter().filter_map(known).filter(|it| it.value.is_finite())
}

/// What is due at `now` of all that is known, and when the next of it is.
fn due(
    state: &Metrics,
    known: Vec<Observed>,
    now: Timestamp,
) -> (Vec<Observed>, Option<Timestamp>) {
    let (mut values, mut next): (Vec<Observed>, Option<Timestamp>) = (Vec::new(), None);
    for it in known {
        let key = SeriesKey { name: it.name.clone(), labels: it.labels.clone() };
        let at = match state.series.get(&key) {
            // There would be no place for it.
            None if state.is_full(&it.name) => match state.refused.get(&it.name) {
                Some(refused) => refused.at.plus(SAME_EVERY),
                None if state.counts_refused(&it.name) => now,
                None => continue,
            },
            None => now,
            // What others send under the same name is theirs.
            Some(series) if !series.is_own() => continue,
            Some(series) => {
                let changed = series.value != it.value && !it.name.starts_with(OF_HOSTS);
                series.at.plus(if changed { CHANGED_EVERY } else { SAME_EVERY })
            }
        };
        if at <= now && values.len() < Sampled::MAX {
            values.push(it);
        } else {
            next = Some(next.map_or(at, |next| next.min(at)));
        }
    }
    (values, next)
}

/// Says what the board knows until the server stops.
pub async fn run(
    appender: Appender,
    hub: Arc<Hub>,
    clock: Clock,
    ratios: AskRatios,
    shutdown: CancellationToken,
) {
    let work = async {
        let mut head = hub.watch();
        let mut asked: Option<(Timestamp, Vec<Observed>)> = None;
        loop {
            let shown = hub.published();
            head.borrow_and_update();
            let now = clock.now().max(shown.as_of);
            let mut known = self::now(&shown);
            if !shown.state.trading.cash.is_empty() {
                if asked.as_ref().is_none_or(|(at, _)| now.since(*at) >= SAME_EVERY) {
                    let found = ratios().await;
                    asked = Some((now, found.iter().flat_map(of_ratios).collect()));
                }
                known.extend(asked.iter().flat_map(|(_, all)| all.iter().cloned()));
            }
            let (values, next) = due(&shown.state.metrics, known, now);
            if !values.is_empty() {
                append(&appender, &hub, values).await;
            }
            sleep(LOOK_EVERY).await;
            tokio::select! {
                changed = head.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                () = clock.until(next) => {}
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = shutdown.cancelled() => {}
    }
}

/// Appends values and waits until they are shown. What the journal does not take is due still.
async fn append(appender: &Appender, hub: &Hub, values: Vec<Observed>) {
    let event = Event::Metrics(MetricEvent::Sampled(Sampled { values }));
    match appender.append(vec![Draft::own(event)]).await {
        Ok(receipt) => hub.shows(receipt.cursor.seq, "what the board knows").await,
        Err(error) => {
            tracing::debug!(?error, "what the board knows waits for the journal");
            sleep(RETRY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::metrics::OWN;
    use crate::domain::metrics::health::cardinality;
    use crate::domain::metrics::state::{Changes, Limits};
    use crate::wire::Stamp;

    /// A state in which a series had the value 1 at 0.
    fn had(source: &str, name: &str) -> Metrics {
        let at = Timestamp::from_ms(0);
        let (source, id) = (source.into(), "i".into());
        let stamp = Stamp { seq: 1, at, time: at, source, id, subject: None };
        let mut state = Metrics::default().within(Limits { in_all: 5, of_name: 1 });
        state.fold(&stamp, &observed(name, "count", None, 1.0), &mut Changes::default());
        state
    }

    /// Whether a value is due at `now`, and when it will be if it is not.
    #[track_caller]
    fn check(state: &Metrics, name: &str, value: f64, now: i64, expect: (bool, Option<i64>)) {
        let known = vec![observed(name, "count", None, value)];
        let (values, next) = due(state, known, Timestamp::from_ms(now));
        assert_eq!((!values.is_empty(), next.map(Timestamp::ms)), expect, "{name} {value} {now}");
    }

    #[test]
    fn what_is_new_is_due_at_once_and_the_rest_in_time() {
        let state = had(OWN, "m");
        check(&state, "n", 1.0, 0, (true, None));
        check(&state, "m", 2.0, 9_999, (false, Some(10_000)));
        check(&state, "m", 2.0, 10_000, (true, None));
        check(&state, "m", 1.0, 59_999, (false, Some(60_000)));
        check(&state, "m", 1.0, 60_000, (true, None));
        let host = had(OWN, "host_cpu_percent");
        check(&host, "host_cpu_percent", 2.0, 10_000, (false, Some(60_000)));
        check(&host, "host_cpu_percent", 2.0, 60_000, (true, None));
    }

    #[test]
    fn only_names_of_the_board_take_more_than_seeing_metrics() {
        let ratios = Ratios {
            sharpe_ratio: Some(1.0),
            sortino_ratio: Some(1.0),
            max_drawdown: Some(0.1),
            volatility: Some(0.1),
            ..Ratios::default()
        };
        let all: Vec<_> = of_ratios(&ratios).map(|it| needs(&it.name).names()).collect();
        assert_eq!(all, ["view_portfolio"; 4]);
        for name in ["events_per_second", "host_", "host_cpu_percent2", "tasks", "wait", ""] {
            assert_eq!(needs(name), Permissions::NONE, "{name}");
        }
    }

    #[test]
    fn what_others_send_is_not_said() {
        check(&had("somebody", "m"), "m", 2.0, 90_000, (false, None));
    }

    #[test]
    fn what_finds_no_place_is_said_once_a_minute_to_be_counted() {
        let mut state = had(OWN, "m");
        let mut excess = |now: i64| {
            let known = ["a", "b"].map(|q| observed("m", "count", Some(("q", &q.into())), 1.0));
            let (values, next) = due(&state, known.into(), Timestamp::from_ms(now));
            let (at, source, id) = (Timestamp::from_ms(now), OWN.into(), "i".into());
            let stamp = Stamp { seq: 1, at, time: at, source, id, subject: None };
            for value in &values {
                state.fold(&stamp, value, &mut Changes::default());
            }
            (values.len(), next.map(Timestamp::ms), state.overflow)
        };
        assert_eq!(excess(0), (2, None, 2));
        assert_eq!(excess(1_000), (0, Some(60_000), 2));
        assert_eq!(excess(60_000), (2, None, 4));
        let found = cardinality(&state, Some("m"), Timestamp::from_ms(60_000));
        assert_eq!(found.findings.first().map(|it| it.evidence.value), Some(Some(4.0)));
        // What has a place is not held up by it.
        let known = vec![observed("n", "count", None, 1.0)];
        assert_eq!(due(&state, known, Timestamp::from_ms(60_001)).0.len(), 1);
    }
}
