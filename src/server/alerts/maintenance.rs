//! Maintenance windows over HTTP.

use super::ids;
use crate::domain::alerts::state::State;
use crate::domain::alerts::{
    Event as AlertEvent, Maintenance, MaintenanceItem, MaintenanceSpec, Removed,
};
use crate::domain::{Event, check};
use crate::pipeline::alerts::maintenance::{self, Opening};
use crate::server::App;
use crate::server::access::{self, Act, Caller};
use crate::wire::{ApiError, ErrorKind, Timestamp};

/// Most windows there may be.
const MAX: usize = 200;

/// Every window, by id.
pub fn list(app: &App) -> Vec<MaintenanceItem> {
    let shown = app.hub.published();
    let (state, now) = (&shown.state.alerts, app.clock.now().max(shown.as_of));
    state.maintenance.values().map(|window| item(state, window, now)).collect()
}

fn item(state: &State, window: &Maintenance, now: Timestamp) -> MaintenanceItem {
    let opening = maintenance::opening(&window.schedule, now).filter(|_| window.enabled);
    let next = match opening {
        Some(Opening { from, .. }) if from > now => Some(from),
        Some(Opening { to, .. }) => maintenance::opening(&window.schedule, to).map(|it| it.from),
        None => None,
    };
    MaintenanceItem {
        id: window.id.clone(),
        name: window.name.clone(),
        matcher: window.matcher.clone(),
        schedule: window.schedule.clone(),
        enabled: window.enabled,
        open_until: maintenance::open_until(state, &window.id),
        next,
    }
}

/// Saves a window: a new one if no id is given, otherwise that one.
///
/// # Errors
/// 404 for an id that is not there, 422 at the member that cannot be.
pub async fn save(
    app: &App,
    caller: &Caller,
    id: Option<&str>,
    spec: MaintenanceSpec,
) -> Result<MaintenanceItem, ApiError> {
    let _turn = app.access.turns.of("maintenance").await;
    let shown = app.hub.published();
    let state = &shown.state.alerts;
    let MaintenanceSpec { id: said, name, matcher, schedule, enabled } = spec;
    check::name("name", &name).map_err(ids::at)?;
    matcher.check("match").map_err(ids::at)?;
    maintenance::check(&schedule)
        .map_err(|wrong| ApiError::invalid(format!("/schedule{}", wrong.pointer), wrong.detail))?;
    let (id, action) = match id {
        Some(id) => {
            let known = state.maintenance.get(id).ok_or_else(|| unknown(id))?;
            (known.id.clone(), "maintenance.change")
        }
        None if state.maintenance.len() >= MAX => {
            let detail = format!("there are {MAX} windows, which is as many as there may be");
            return Err(ApiError::new(ErrorKind::Conflict, detail));
        }
        None => {
            let taken = |id: &str| state.maintenance.contains_key(id);
            (ids::new(said.as_deref(), &name, taken)?, "maintenance.create")
        }
    };
    let act = Act::by(caller, action).on(id.clone());
    let actor = caller.name.clone();
    let window = Maintenance { id: id.clone(), name, matcher, schedule, enabled, actor };
    let event = Event::Alerts(AlertEvent::MaintenanceSaved(window));
    let shown = access::record(app, act, vec![event]).await?;
    let state = &shown.state.alerts;
    let window = state.maintenance.get(&id).ok_or_else(|| unknown(&id))?;
    Ok(item(state, window, app.clock.now().max(shown.as_of)))
}

/// Removes a window; if it is open, it closes.
///
/// # Errors
/// 404.
pub async fn remove(app: &App, caller: &Caller, id: &str) -> Result<(), ApiError> {
    let shown = app.hub.published();
    let id = shown.state.alerts.maintenance.get(id).ok_or_else(|| unknown(id))?.id.clone();
    let act = Act::by(caller, "maintenance.remove").on(id.clone());
    let removed = Removed { id, actor: caller.name.clone() };
    let event = Event::Alerts(AlertEvent::MaintenanceRemoved(removed));
    access::record(app, act, vec![event]).await.map(drop)
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(format!("there is no maintenance window {id}"))
}
