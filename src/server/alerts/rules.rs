//! Alert rules over HTTP.

use crate::domain::alerts::RuleItem;
use crate::domain::alerts::rule::RuleSpec;
use crate::pipeline::publish::Published;
use crate::server::App;
use crate::server::access::Caller;
use crate::wire::ApiError;

/// Every rule: those that are there from the start, and then all others by id.
pub fn list(_shown: &Published) -> Vec<RuleItem> {
    Vec::new()
}

/// One rule.
///
/// # Errors
/// 404.
pub fn get(_shown: &Published, id: &str) -> Result<RuleItem, ApiError> {
    Err(ApiError::not_found(format!("there is no alert rule {id}")))
}

/// Saves a rule: a new one if no id is given, otherwise that one.
///
/// # Errors
/// 404 for an id that is not there, 409 for a new one whose id is taken, 422 at the member that
/// cannot be.
pub async fn save(
    _app: &App,
    _caller: &Caller,
    _id: Option<&str>,
    _spec: RuleSpec,
) -> Result<RuleItem, ApiError> {
    Err(ApiError::unavailable("not there yet", 1))
}

/// Removes a rule; its alerts are over.
///
/// # Errors
/// 404, and 409 for one that is there from the start.
pub async fn remove(_app: &App, _caller: &Caller, _id: &str) -> Result<(), ApiError> {
    Err(ApiError::unavailable("not there yet", 1))
}
