//! Maintenance windows over HTTP.

use crate::domain::alerts::{MaintenanceItem, MaintenanceSpec};
use crate::server::App;
use crate::server::access::Caller;
use crate::wire::ApiError;

/// Every window, by name.
pub fn list(_app: &App) -> Vec<MaintenanceItem> {
    Vec::new()
}

/// Saves a window: a new one if no id is given, otherwise that one.
///
/// # Errors
/// 404 for an id that is not there, 422 at the member that cannot be.
pub async fn save(
    _app: &App,
    _caller: &Caller,
    _id: Option<&str>,
    _spec: MaintenanceSpec,
) -> Result<MaintenanceItem, ApiError> {
    Err(ApiError::unavailable("not there yet", 1))
}

/// Removes a window.
///
/// # Errors
/// 404.
pub async fn remove(_app: &App, _caller: &Caller, _id: &str) -> Result<(), ApiError> {
    Err(ApiError::unavailable("not there yet", 1))
}
