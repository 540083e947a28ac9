//! Whether the server is alive, whether it is ready, and its counters for Prometheus.

use super::App;
use super::alerts::channels;
use crate::wire::ApiError;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};
use serde_json::json;

/// Media type of the OpenMetrics text format, for those who ask for it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Media type of the Prometheus text format, for all others.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Events that may be durable but not yet shown before the server calls itself not ready.
const READY_LAG: u64 = 100_000;

/// A gauge for each channel.
type PerChannel = Family<[(&'static str, String); 1], Gauge>;

/// `GET /healthz`: the process answers.
pub async fn healthz() -> Json<serde_json::Value> {
    Json(json!({"status": "ok"}))
}

/// `GET /readyz`: the journal takes events and the state has caught up with it.
pub async fn readyz(State(app): State<App>) -> Response {
    let writable = app.journal.writable();
    let seq = app.journal.head();
    let applied = app.hub.published().seq;
    let lag = seq.saturating_sub(applied);
    if !writable {
        return ApiError::unavailable("the journal cannot be written", 1).into_response();
    }
    if lag > READY_LAG {
        let detail = format!("{lag} events are durable but not yet shown");
        return ApiError::unavailable(detail, 1).into_response();
    }
    Json(json!({"status": "ready", "journal": {"writable": true, "seq": seq}, "applied_seq": applied}))
        .into_response()
}

/// `GET /metrics`: counters and gauges of the server itself, in the Prometheus text format, or as
/// OpenMetrics if `Accept` names that.
pub async fn metrics(State(app): State<App>, headers: HeaderMap) -> Response {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = encode(&mut text, &registry(&app));
    let accepted = headers.get_all(header::ACCEPT).iter();
    let open = accepted.filter_map(|v| v.to_str().ok()).any(|v| v.contains("openmetrics-text"));
    let (kind, text) = if open { (OPEN_METRICS, text) } else { (PROMETHEUS, prometheus(&text)) };
    let mut response = ([(header::CONTENT_TYPE, kind)], text).into_response();
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// OpenMetrics as the older Prometheus format has it: a counter's family is named as its samples
/// are, there are no units, and nothing marks the end.
fn prometheus(open: &str) -> String {
    let counter = |name: &str| open.contains(&format!("# TYPE {name} counter\n"));
    let mut out = String::with_capacity(open.len());
    for line in open.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some(word @ ("HELP" | "TYPE")), Some(name), Some(rest)) => {
                let total = if counter(name) { "_total" } else { "" };
                out.push_str(&format!("# {word} {name}{total} {rest}\n"));
            }
            (Some("#"), ..) => {}
            _ => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

/// Reads the figures of the system page once more, under their Prometheus names.
fn registry(app: &App) -> Registry {
    let inside = app.gauges.internals();
    let (ingest, journal, hub, cache) = (inside.ingest, inside.journal, inside.hub, inside.cache);
    let mut all = Registry::with_prefix("bellwether");
    let counters = [
        ("events_accepted", "Events made durable", ingest.accepted),
        ("events_duplicate", "Events seen before", ingest.duplicates),
        ("events_rejected", "Events refused as invalid", ingest.rejected),
        ("events_turned_away", "Events refused for want of room", ingest.turned_away),
        ("journal_commits", "Group commits of the journal", journal.commits),
        ("hub_flushes", "Flushes of the state to the feed", hub.flushes),
        ("hub_frames_sent", "Messages written to sockets", hub.frames_sent),
        ("hub_resyncs", "Snapshots sent to clients that fell behind", hub.resyncs),
        ("hub_slow_closed", "Clients closed because they took nothing", hub.slow_closed),
        ("cache_hits", "Reads answered from a cache", cache.hits),
        ("cache_misses", "Reads whose answer had to be made", cache.misses),
        ("cache_evictions", "Answers dropped from caches", cache.evictions),
    ];
    for (name, help, value) in counters {
        all.register(name, help, ConstCounter::new(value));
    }
    let gauges = [
        ("ingest_queued_events", "Events waiting for the journal", ingest.queued as f64),
        ("journal_seq", "Last durable position", journal.seq as f64),
        ("journal_lag_events", "Durable events not yet shown", journal.lag_events as f64),
        ("journal_writable", "1 while the journal takes events", f64::from(journal.writable)),
        (
            "history_lag_events",
            "Shown events not yet in history",
            journal.history_lag_events as f64,
        ),
        ("websocket_connections", "Open sockets", hub.clients as f64),
        ("cache_entries", "Answers held", cache.entries as f64),
    ];
    for (name, help, value) in gauges {
        all.register(name, help, ConstGauge::new(value));
    }
    register_channels(&mut all, app);
    let size = ConstGauge::new(journal.size_bytes as f64);
    all.register_with_unit("journal_size", "Size of the journal", Unit::Bytes, size);
    for (name, value) in [("p50", journal.commit_p50_ms), ("p99", journal.commit_p99_ms)] {
        let help = "Time of a recent group commit, fsync included";
        let name = format!("journal_commit_{name}");
        all.register_with_unit(name, help, Unit::Seconds, ConstGauge::new(value / 1000.0));
    }
    all
}

/// What waits in each channel and what was given up there, so that somebody may miss a channel that
/// is broken: it cannot tell of that itself.
fn register_channels(all: &mut Registry, app: &App) {
    let shown = app.hub.published();
    let alerts = &shown.state.alerts;
    // A family without figures is none.
    if alerts.channels.is_empty() {
        return;
    }
    let (waiting, dead) = (PerChannel::default(), PerChannel::default());
    let counts = channels::counts(alerts);
    for id in alerts.channels.keys() {
        let (waits, given_up) = counts.get(&**id).copied().unwrap_or_default();
        let labels = [("channel", id.to_string())];
        waiting.get_or_create(&labels).set(waits.into());
        dead.get_or_create(&labels).set(given_up.into());
    }
    all.register("notifications_waiting", "Notifications that wait in a channel", waiting);
    all.register("notifications_dead", "Notifications of a channel that were given up", dead);
}
