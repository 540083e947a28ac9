//! What people do with alerts: they say that they look after them, and keep them quiet.

use crate::domain::Event;
use crate::domain::alerts::{
    Acknowledged, AlertItem, AlertState, Event as AlertEvent, Move, Moved, Silence,
};
use crate::pipeline::alerts;
use crate::pipeline::publish::Published;
use crate::server::App;
use crate::server::access::{self, Act, Caller};
use crate::wire::{ApiError, ErrorKind, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Longest comment, in bytes.
const MAX_COMMENT: usize = 1_000;
/// Longest silence, in seconds: a year.
const MAX_SILENCE_S: f64 = 366.0 * 86_400.0;

/// The alerts of a name that fire and that nobody has seen: the one of this id, or those of this
/// alert rule, or those built on findings of this rule.
pub fn unseen(shown: &Published, name: &str) -> Vec<Arc<AlertItem>> {
    let named = |item: &&Arc<AlertItem>| {
        *item.id == *name || *item.rule == *name || item.finding.as_deref() == Some(name)
    };
    let wanted = |item: &&Arc<AlertItem>| item.fired_at.is_some() && !item.acknowledged;
    match shown.alerts.get(name) {
        Some(item) => Some(item).filter(wanted).cloned().into_iter().collect(),
        None => shown.alerts.values().filter(named).filter(wanted).cloned().collect(),
    }
}

/// Says that the caller has seen the alerts of a name and looks after them: they make no noise
/// until they are over, become worse or fire anew. Returns them.
///
/// # Errors
/// 404 if none of them fires that nobody has seen; 422 for a comment that cannot be.
pub async fn acknowledge(
    app: &App,
    caller: &Caller,
    name: &str,
    comment: Option<&str>,
) -> Result<Vec<Arc<AlertItem>>, ApiError> {
    let comment = said(comment)?;
    // Of two at once, one is told that it is done already.
    let _turn = app.access.turns.of("alerts").await;
    let alerts: Vec<_> =
        unseen(&app.hub.published(), name).iter().map(|it| it.id.clone()).collect();
    if alerts.is_empty() {
        let detail = format!("no alert {name} fires that nobody has acknowledged");
        return Err(ApiError::not_found(detail));
    }
    let mut act = Act::by(caller, "alert.acknowledge").on(name);
    if let Some(comment) = &comment {
        act = act.because(comment.as_str());
    }
    let seen = Acknowledged { alerts: alerts.clone(), actor: caller.name.clone(), comment };
    let event = Event::Alerts(AlertEvent::Acknowledged(seen));
    let shown = access::record(app, act, vec![event]).await?;
    Ok(alerts.iter().filter_map(|id| shown.alerts.get(id).cloned()).collect())
}

/// How long an alert is to make no noise.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// Until when.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Or for how long, in seconds.
    #[serde(default)]
    pub for_s: Option<f64>,
    /// Why.
    #[serde(default)]
    pub comment: Option<String>,
}

impl Quiet {
    /// Until when that is.
    ///
    /// # Errors
    /// 422 unless exactly one of `until` and `for_s` is there and lies ahead.
    pub fn end(&self, now: Timestamp) -> Result<Timestamp, ApiError> {
        let until = match (self.until, self.for_s) {
            (Some(until), None) => until,
            (None, Some(s)) if s > 0.0 && s <= MAX_SILENCE_S => now.plus((s * 1_000.0) as i64),
            (None, Some(_)) => {
                let detail = format!("must be more than 0 and at most {MAX_SILENCE_S}");
                return Err(ApiError::invalid("/for_s", detail));
            }
            (Some(_), Some(_)) => {
                return Err(ApiError::invalid("/for_s", "say either until or for_s"));
            }
            (None, None) => return Err(ApiError::invalid("/until", "say until or for_s")),
        };
        if until <= now {
            return Err(ApiError::invalid("/until", "must lie ahead"));
        }
        if until.since(now) as f64 > MAX_SILENCE_S * 1_000.0 {
            return Err(ApiError::invalid("/until", "must be at most a year ahead"));
        }
        Ok(until)
    }
}

/// Keeps one alert quiet for a while; returns it.
///
/// # Errors
/// 404 for an alert that is not open, 422 for an end that cannot be.
pub async fn silence(
    app: &App,
    caller: &Caller,
    id: &str,
    quiet: &Quiet,
) -> Result<Arc<AlertItem>, ApiError> {
    let shown = app.hub.published();
    let until = quiet.end(app.clock.now().max(shown.as_of))?;
    let comment = said(quiet.comment.as_deref())?.unwrap_or_default();
    let gone = || ApiError::not_found(format!("no alert {id} is open"));
    let alert = shown.alerts.get(id).ok_or_else(gone)?.id.clone();
    let act = Act::by(caller, "alert.silence").on(id).because(format!("until {until} {comment}"));
    let silence = Silence {
        silence: of_alert(&alert),
        alert: Some(alert.clone()),
        matcher: Default::default(),
        until,
        comment,
        actor: caller.name.clone(),
        maintenance: None,
        since: shown.as_of,
    };
    let event = Event::Alerts(AlertEvent::Silenced(silence));
    let shown = access::record(app, act, vec![event]).await?;
    shown.alerts.get(&alert).cloned().ok_or_else(gone)
}

/// Ends an alert of which nobody knows whether its condition holds: what it is about is not coming
/// back. Should it come back, and the condition hold, that is another alert.
///
/// # Errors
/// 404 for an alert that is not open, 409 for one that is known.
pub async fn close(app: &App, caller: &Caller, id: &str) -> Result<(), ApiError> {
    let _turn = app.access.turns.of("alerts").await;
    let shown = app.hub.published();
    let open = shown.alerts.get(id);
    let alert = open.ok_or_else(|| ApiError::not_found(format!("no alert {id} is open")))?;
    if alert.state != AlertState::Unknown {
        let detail = "its condition is known: it ends by itself once that is gone";
        return Err(ApiError::new(ErrorKind::Conflict, detail));
    }
    let why = Some(format!("closed by {}", caller.name).into());
    let to = if alert.fired_at.is_some() { Move::Resolved } else { Move::Dropped };
    let moved = Moved { alert: alert.id.clone(), to, what: None, why };
    let now = app.clock.now().max(shown.as_of);
    let told = alerts::resolved(&shown.state.alerts, std::slice::from_ref(&alert.id), now);
    let told = told.into_iter().map(|queued| Event::Alerts(AlertEvent::Queued(queued)));
    let act = Act::by(caller, "alert.close").on(id);
    let events = std::iter::once(Event::Alerts(AlertEvent::Moved(moved))).chain(told).collect();
    access::record(app, act, events).await.map(drop)
}

/// Id of the silence of one alert: another one takes its place, be it shorter.
pub fn of_alert(alert: &str) -> Arc<str> {
    format!("alert-{alert}").into()
}

/// A comment as it is kept; none if it is empty.
///
/// # Errors
/// 422 if it is too long.
pub fn said(comment: Option<&str>) -> Result<Option<String>, ApiError> {
    match comment.map(str::trim) {
        Some(text) if text.len() > MAX_COMMENT => {
            let detail = format!("must be at most {MAX_COMMENT} bytes long");
            Err(ApiError::invalid("/comment", detail))
        }
        Some("") | None => Ok(None),
        Some(text) => Ok(Some(text.to_owned())),
    }
}
