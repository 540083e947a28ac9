//! Who is to be told of what: each channel once of each alert that needs somebody, when it needs
//! somebody, and together with others of the same cause.

use crate::domain::alerts::built_in;
use crate::domain::alerts::state::{Alert, OF_OTHERS, State};
use crate::domain::alerts::{AlertItem, AlertState, Channel, Queued, Told, Why};
use crate::domain::health::Severity;
use crate::wire::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Notifications that may wait in a channel before alerts are kept back, to be told of together
/// once it works again.
const MAX_WAITING: usize = 20;

/// How long what was covered waits once its cause is over, in milliseconds.
const SETTLE_MS: i64 = 60_000;

/// What is to be told now, and when to look again.
#[derive(Debug, Default)]
pub struct Tell {
    /// The notifications.
    pub queued: Vec<Queued>,
    /// When an alert has waited long enough for others of its cause.
    pub next: Option<Timestamp>,
}

/// What channels are to be told of alerts that fire. An alert waits `wait_ms` for others of its
/// cause.
pub fn firing(state: &State, now: Timestamp, wait_ms: i64) -> Tell {
    let mut tell = Tell::default();
    let channels: Vec<_> = state.channels.values().filter(|channel| channel.enabled).collect();
    if channels.is_empty() {
        return tell;
    }
    let waiting = waiting(state);
    let covers = covers(state);
    for channel in channels {
        if waiting.get(&channel.id).is_some_and(|n| *n >= MAX_WAITING) {
            continue;
        }
        let mut groups: BTreeMap<Arc<str>, Vec<(&Arc<Alert>, Why)>> = BTreeMap::new();
        for alert in state.open.values() {
            if let Some(why) = due(state, channel, alert) {
                groups.entry(group(alert)).or_default().push((alert, why));
            }
        }
        for (group, alerts) in groups {
            let ready = alerts.iter().map(|(alert, _)| ready(alert, wait_ms)).min().unwrap_or(now);
            if ready > now {
                tell.next = Some(tell.next.map_or(ready, |next| next.min(ready)));
                continue;
            }
            for page in alerts.chunks(Queued::MAX) {
                let told = page.iter().map(|(alert, why)| Told {
                    why: *why,
                    alert: alert.item(state, now),
                    covers: covers.get(&alert.id).copied().unwrap_or_default(),
                });
                tell.queued.push(queued(channel, group.clone(), told.collect()));
            }
        }
    }
    tell
}

/// What channels are to be told of alerts that are over.
pub fn resolved(state: &State, over: &[Arc<str>], now: Timestamp) -> Vec<Queued> {
    let mut groups: BTreeMap<(&Arc<str>, Arc<str>), Vec<Told>> = BTreeMap::new();
    for alert in over.iter().filter_map(|id| state.open.get(id)) {
        for channel in alert.told.keys() {
            let item = AlertItem {
                state: AlertState::Resolved,
                resolved_at: Some(now),
                ..alert.item(state, now)
            };
            let told = Told { why: Why::Resolved, alert: item, covers: 0 };
            groups.entry((channel, group(alert))).or_default().push(told);
        }
    }
    let mut all = Vec::new();
    for ((channel, group), told) in groups {
        let Some(channel) = state.channels.get(channel) else { continue };
        if channel.enabled && channel.send_resolved {
            let pages = told.chunks(Queued::MAX);
            all.extend(pages.map(|page| queued(channel, group.clone(), page.to_vec())));
        }
    }
    all
}

fn queued(channel: &Channel, group: Arc<str>, alerts: Vec<Told>) -> Queued {
    let notification = uuid::Uuid::now_v7().to_string().into();
    Queued { notification, channel: channel.id.clone(), group, alerts }
}

/// What alerts are told together.
fn group(alert: &Alert) -> Arc<str> {
    let key = &alert.key;
    let name = alert.what.labels.get("alertname");
    match (&*key.finding, name) {
        ("", _) => key.rule.clone(),
        // Alerts of other systems have only that in common that they are not ours.
        (OF_OTHERS, Some(name)) => name.clone(),
        _ => key.finding.clone(),
    }
}

/// When an alert has waited long enough for others of its cause. What was covered waits longer: it
/// mostly ends soon after its cause has.
fn ready(alert: &Alert, wait_ms: i64) -> Timestamp {
    let fired = alert.fired_at.unwrap_or_default().plus(wait_ms);
    alert.uncovered_at.map_or(fired, |at| fired.max(at.plus(SETTLE_MS)))
}

/// Why a channel is to be told of an alert, if it is.
fn due(state: &State, channel: &Channel, alert: &Alert) -> Option<Why> {
    // What is unknown, and what is about to end, is not news.
    let holds = alert.life.fired && alert.life.holds_since.is_some();
    // A cause is told of in the place of what it covers only to whom it is told at all.
    let cause = alert.covered_by.as_ref().and_then(|by| state.open.get(by));
    let covered =
        cause.is_some_and(|cause| channel.matcher.matches(cause.what.severity, &cause.what.labels));
    let quiet =
        alert.ack.is_some() || covered || is_note(alert) && !channel.matcher.is_of_severity();
    if !holds || quiet || !channel.matcher.matches(alert.what.severity, &alert.what.labels) {
        return None;
    }
    let why = match alert.told.get(&channel.id) {
        None => Why::Fired,
        Some(told) if *told < alert.what.severity => Why::Worsened,
        Some(_) => return None,
    };
    state.silenced_until(alert).is_none().then_some(why)
}

/// Whether another system only says something, which nobody has made a rule about: that is shown, and
/// told to channels that say how bad things must be for them.
fn is_note(alert: &Alert) -> bool {
    let key = &alert.key;
    *key.rule == *built_in::FINDINGS
        && *key.finding == *OF_OTHERS
        && alert.what.severity == Severity::Info
}

/// How many notifications wait in each channel.
fn waiting(state: &State) -> HashMap<Arc<str>, usize> {
    let mut waiting = HashMap::new();
    for notification in state.outbox.waiting.values() {
        *waiting.entry(notification.queued.channel.clone()).or_default() += 1;
    }
    waiting
}

/// How many alerts each alert covers.
fn covers(state: &State) -> HashMap<Arc<str>, u32> {
    let mut covers = HashMap::new();
    for by in state.open.values().filter_map(|alert| alert.covered_by.clone()) {
        *covers.entry(by).or_default() += 1;
    }
    covers
}
