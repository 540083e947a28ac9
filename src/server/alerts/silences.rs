//! Silences over HTTP.

use crate::domain::alerts::{SilenceItem, SilenceSpec};
use crate::server::App;
use crate::server::access::Caller;
use crate::wire::ApiError;

/// Keeps alerts that match quiet for a while.
///
/// # Errors
/// 422 at the member that cannot be.
pub async fn create(
    _app: &App,
    _caller: &Caller,
    _spec: SilenceSpec,
) -> Result<SilenceItem, ApiError> {
    Err(ApiError::unavailable("not there yet", 1))
}

/// Ends a silence before its time.
///
/// # Errors
/// 404.
pub async fn end(_app: &App, _caller: &Caller, _id: &str) -> Result<(), ApiError> {
    Err(ApiError::unavailable("not there yet", 1))
}
