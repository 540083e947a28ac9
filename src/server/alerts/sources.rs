//! Sources of events, which are missed when they go quiet.

use crate::domain::Event;
use crate::domain::alerts::{Event as AlertEvent, Removed};
use crate::server::App;
use crate::server::access::{self, Act, Caller};
use crate::wire::ApiError;

/// Forgets a source: it is missed no more, until something of it comes again.
///
/// # Errors
/// 404 for a source that is not known.
pub async fn forget(app: &App, caller: &Caller, name: &str) -> Result<(), ApiError> {
    let shown = app.hub.published();
    let Some((id, _)) = shown.state.alerts.sources.by_name.get_key_value(name) else {
        return Err(ApiError::not_found(format!("no source {name} is known")));
    };
    let act = Act::by(caller, "source.forget").on(id.clone());
    let forgotten = Removed { id: id.clone(), actor: caller.name.clone() };
    let event = Event::Alerts(AlertEvent::SourceForgotten(forgotten));
    access::record(app, act, vec![event]).await.map(drop)
}
