//! Silences over HTTP.

use super::commands::{Quiet, said};
use super::ids;
use crate::domain::Event;
use crate::domain::alerts::{Event as AlertEvent, Silence, SilenceEnded, SilenceItem, SilenceSpec};
use crate::server::App;
use crate::server::access::{self, Act, Caller};
use crate::wire::{ApiError, ErrorKind};
use std::sync::Arc;

/// Most silences at a time: every alert is held against each.
const MAX: usize = 500;

/// Keeps alerts that match quiet for a while.
///
/// # Errors
/// 409 if there are too many already, 422 at the member that cannot be.
pub async fn create(
    app: &App,
    caller: &Caller,
    spec: SilenceSpec,
) -> Result<SilenceItem, ApiError> {
    let SilenceSpec { matcher, until, for_s, comment } = spec;
    matcher.check("match").map_err(ids::at)?;
    if matcher.is_empty() {
        return Err(ApiError::invalid("/match", "must name at least one label"));
    }
    let comment = said(comment.as_deref())?.unwrap_or_default();
    let shown = app.hub.published();
    if shown.state.alerts.silences.len() >= MAX {
        let detail = format!("there are {MAX} silences, which is as many as there may be");
        return Err(ApiError::new(ErrorKind::Conflict, detail));
    }
    let quiet = Quiet { until, for_s, comment: None };
    let until = quiet.end(app.clock.now().max(shown.as_of))?;
    let id: Arc<str> = uuid::Uuid::now_v7().to_string().into();
    let silence = Silence {
        silence: id.clone(),
        alert: None,
        matcher,
        until,
        comment,
        actor: caller.name.clone(),
        maintenance: None,
        since: shown.as_of,
    };
    let act = Act::by(caller, "silence.create").on(id.clone()).because(format!("until {until}"));
    let event = Event::Alerts(AlertEvent::Silenced(silence));
    let shown = access::record(app, act, vec![event]).await?;
    let silence = shown.state.alerts.silences.get(&id);
    silence.map(|silence| silence.item()).ok_or_else(|| unknown(&id))
}

/// Ends a silence before its time.
///
/// # Errors
/// 404.
pub async fn end(app: &App, caller: &Caller, id: &str) -> Result<(), ApiError> {
    let shown = app.hub.published();
    let silence = shown.state.alerts.silences.get(id).ok_or_else(|| unknown(id))?;
    let silence = silence.silence.clone();
    let act = Act::by(caller, "silence.end").on(silence.clone());
    let ended = SilenceEnded { silence, actor: caller.name.clone() };
    let event = Event::Alerts(AlertEvent::SilenceEnded(ended));
    access::record(app, act, vec![event]).await.map(drop)
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(format!("there is no silence {id}"))
}
