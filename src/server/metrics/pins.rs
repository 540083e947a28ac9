//! Charts that people pin to their own boards.

use super::params;
use crate::domain::metrics::{
    ChartSpec, Event as MetricEvent, MAX_LABELS, MAX_PINS, Pin, Pinned, Pins, Unpinned,
    board_of_token,
};
use crate::domain::range::{Range, RangeParams};
use crate::domain::{DataError, Event, check};
use crate::server::access::{self, Act, Caller, Credential};
use crate::server::page::{Page, PageParams};
use crate::server::{App, read};
use crate::wire::{ApiError, ErrorKind, FieldError};
use std::sync::Arc;

/// Longest title, in bytes.
const MAX_TITLE: usize = 200;
/// Length of time of a chart that names none.
const WINDOW: &str = "24h";

/// Whose board it is: a user's, a token's, or that of everybody on a board that is open.
fn owner(caller: &Caller) -> Arc<str> {
    match &caller.credential {
        Credential::Token(id) => board_of_token(id).into(),
        _ => caller.name.clone(),
    }
}

/// The caller's own board.
pub fn all(app: &App, caller: &Caller) -> Pins {
    let shown = app.hub.published();
    let items = shown.state.metrics.boards.of(&owner(caller)).map(|pin| Pin::clone(pin)).collect();
    Pins { as_of: shown.as_of, items, next: None }
}

/// A page of it.
///
/// # Errors
/// 422 at the parameter that cannot be.
pub fn list(app: &App, caller: &Caller, params: &PageParams) -> Result<Pins, ApiError> {
    let Pins { as_of, items, .. } = all(app, caller);
    let Page { items, next } = params.of(items, |pin| (pin.at, pin.id.clone()))?;
    Ok(Pins { as_of, items, next })
}

/// A chart that can be shown, with what was left out filled in.
fn checked(app: &App, mut chart: ChartSpec) -> Result<ChartSpec, ApiError> {
    let mut errors = Vec::new();
    let mut note = |checked: Result<(), DataError>| {
        errors.extend(checked.err().map(|wrong| FieldError::new(wrong.pointer, wrong.detail)));
    };
    note(check::text("title", &chart.title, MAX_TITLE));
    note(check::name("metric", &chart.metric));
    if chart.labels.len() > MAX_LABELS {
        note(Err(DataError::at("/labels", format!("must hold at most {MAX_LABELS} labels"))));
    }
    for (label, value) in &chart.labels {
        let field = format!("labels/{}", check::escape(label));
        note(check::name(&field, label).and_then(|()| check::text(&field, value, check::MAX_NAME)));
    }
    let how = params::aggregation(&Some(chart.aggregation), &mut errors);
    chart.aggregation = how.name().to_owned();
    chart.by = params::by(&chart.by, &mut errors).map(|labels| labels.join(","));
    if chart.window.is_empty() {
        chart.window = WINDOW.to_owned();
    }
    let shown = app.hub.published();
    let range = Range::parse(&RangeParams::last(&chart.window), WINDOW, read::now(app, &shown));
    errors.extend(range.err().into_iter().flat_map(|error| error.errors));
    if errors.is_empty() {
        return Ok(chart);
    }
    Err(ApiError { errors, ..ApiError::new(ErrorKind::Invalid, "the chart cannot be") })
}

/// Puts a chart on the caller's own board.
///
/// # Errors
/// 422 naming every member of the chart that cannot be, or if the board is full.
pub async fn pin(app: &App, caller: &Caller, chart: ChartSpec) -> Result<Pin, ApiError> {
    let chart = checked(app, chart)?;
    let user = owner(caller);
    let _turn = app.access.turns.of(&format!("pins/{user}")).await;
    if !app.hub.published().state.metrics.boards.has_room(&user) {
        let detail = format!("a board holds at most {MAX_PINS} charts; take one off first");
        return Err(ApiError::new(ErrorKind::Invalid, detail));
    }
    let id: Arc<str> = uuid::Uuid::now_v7().to_string().into();
    let act = Act::by(caller, "chart.pin").on(id.clone()).because(chart.metric.clone());
    let pinned = Pinned { id: id.clone(), user: user.clone(), chart };
    let event = Event::Metrics(MetricEvent::Pinned(pinned));
    let shown = access::record(app, act, vec![event]).await?;
    let pin = shown.state.metrics.boards.of(&user).find(|pin| pin.id == id).cloned();
    pin.map(Arc::unwrap_or_clone).ok_or_else(|| unknown(&id))
}

/// Takes a chart off the caller's own board.
///
/// # Errors
/// 404 for a chart that is not on it.
pub async fn unpin(app: &App, caller: &Caller, id: &str) -> Result<(), ApiError> {
    let user = owner(caller);
    let shown = app.hub.published();
    let pin = shown.state.metrics.boards.of(&user).find(|pin| *pin.id == *id);
    let id = pin.ok_or_else(|| unknown(id))?.id.clone();
    let act = Act::by(caller, "chart.unpin").on(id.clone());
    let event = Event::Metrics(MetricEvent::Unpinned(Unpinned { id, user }));
    access::record(app, act, vec![event]).await.map(drop)
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(format!("no chart {id} is on your board"))
}
