//! What people do with several alerts at once: one change, one line of the audit log.

use super::commands::{Quiet, of_alert, said};
use crate::domain::Event;
use crate::domain::alerts::{Acknowledged, AlertItem, Event as AlertEvent, Silence};
use crate::pipeline::publish::Published;
use crate::server::App;
use crate::server::access::{self, Act, Caller};
use crate::wire::{ApiError, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most alerts of one request.
const MAX: usize = 500;
/// Ids that the audit log names; of the others it says how many there are.
const NAMED: usize = 20;

/// Alerts to say that one looks after.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenRequest {
    /// Which, at most 500.
    pub ids: Vec<Arc<str>>,
    /// What is said of them.
    #[serde(default)]
    pub comment: Option<String>,
}

/// Alerts to keep quiet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietRequest {
    /// Which, at most 500.
    pub ids: Vec<Arc<str>>,
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

/// What became of several alerts.
#[derive(Debug, Serialize)]
pub struct Several {
    success: bool,
    alerts: Vec<Arc<AlertItem>>,
    /// Those that are not there, or that it cannot be done to any more.
    not_found: Vec<Arc<str>>,
}

/// Says that the caller looks after all of these.
///
/// # Errors
/// 404 if none of them fires that nobody has seen, 422 for too many or a comment that cannot be.
pub async fn acknowledge(
    app: &App,
    caller: &Caller,
    request: SeenRequest,
) -> Result<Several, ApiError> {
    let comment = said(request.comment.as_deref())?;
    let _turn = app.access.turns.of("alerts").await;
    let shown = app.hub.published();
    let unseen = |item: &AlertItem| item.fired_at.is_some() && !item.acknowledged;
    let (alerts, not_found) = chosen(&shown, request.ids, unseen)?;
    if alerts.is_empty() {
        return Err(ApiError::not_found("none of these fires that nobody has acknowledged"));
    }
    let act = Act::by(caller, "alert.acknowledge").on(naming(&alerts));
    let act = match &comment {
        Some(comment) => act.because(comment.as_str()),
        None => act,
    };
    let actor = caller.name.clone();
    let event = AlertEvent::Acknowledged(Acknowledged { alerts: alerts.clone(), actor, comment });
    let shown = access::record(app, act, vec![Event::Alerts(event)]).await?;
    Ok(Several::now(&shown, &alerts, not_found))
}

/// Keeps all of these quiet.
///
/// # Errors
/// 404 if none of them is open, 422 for too many or an end that cannot be.
pub async fn silence(
    app: &App,
    caller: &Caller,
    request: QuietRequest,
) -> Result<Several, ApiError> {
    let QuietRequest { ids, until, for_s, comment } = request;
    let shown = app.hub.published();
    let quiet = Quiet { until, for_s, comment };
    let until = quiet.end(app.clock.now().max(shown.as_of))?;
    let comment = said(quiet.comment.as_deref())?.unwrap_or_default();
    let (alerts, not_found) = chosen(&shown, ids, |_| true)?;
    if alerts.is_empty() {
        return Err(ApiError::not_found("none of these is open"));
    }
    let event = |alert: &Arc<str>| {
        Event::Alerts(AlertEvent::Silenced(Silence {
            silence: of_alert(alert),
            alert: Some(alert.clone()),
            matcher: Default::default(),
            until,
            comment: comment.clone(),
            actor: caller.name.clone(),
            maintenance: None,
            since: shown.as_of,
        }))
    };
    let act = Act::by(caller, "alert.silence").on(naming(&alerts));
    let act = act.because(format!("until {until} {comment}"));
    let shown = access::record(app, act, alerts.iter().map(event).collect()).await?;
    Ok(Several::now(&shown, &alerts, not_found))
}

/// Those of `ids` that are open and that it can be done to, and the others.
#[allow(clippy::type_complexity, reason = "these and those")]
fn chosen(
    shown: &Published,
    ids: Vec<Arc<str>>,
    can: impl Fn(&AlertItem) -> bool,
) -> Result<(Vec<Arc<str>>, Vec<Arc<str>>), ApiError> {
    if ids.is_empty() || ids.len() > MAX {
        return Err(ApiError::invalid("/ids", format!("must name 1 to {MAX} alerts")));
    }
    let ids: BTreeSet<Arc<str>> = ids.into_iter().collect();
    Ok(ids.into_iter().partition(|id| shown.alerts.get(id).is_some_and(|item| can(item))))
}

fn naming(alerts: &[Arc<str>]) -> String {
    let named: Vec<&str> = alerts.iter().take(NAMED).map(|id| &**id).collect();
    match alerts.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

impl Several {
    fn now(shown: &Published, alerts: &[Arc<str>], not_found: Vec<Arc<str>>) -> Self {
        let alerts = alerts.iter().filter_map(|id| shown.alerts.get(id).cloned()).collect();
        Self { success: true, alerts, not_found }
    }
}
