//! Charts that people pin to their own boards.

use crate::domain::metrics::{ChartSpec, Pin, Pins};
use crate::server::App;
use crate::server::access::Caller;
use crate::wire::ApiError;

/// The caller's own board.
pub fn list(app: &App, caller: &Caller) -> Pins {
    let _ = caller;
    Pins { as_of: app.hub.published().as_of, items: Vec::new() }
}

/// Puts a chart on the caller's own board.
///
/// # Errors
/// 422 naming every member of the chart that cannot be, or if the board is full.
pub async fn pin(app: &App, caller: &Caller, chart: ChartSpec) -> Result<Pin, ApiError> {
    let _ = (app, caller, chart);
    Err(ApiError::not_found("not yet"))
}

/// Takes a chart off the caller's own board.
///
/// # Errors
/// 404 for a chart that is not on it.
pub async fn unpin(app: &App, caller: &Caller, id: &str) -> Result<(), ApiError> {
    let _ = (app, caller, id);
    Err(ApiError::not_found("not yet"))
}
