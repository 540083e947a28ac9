//! Channels over HTTP, and what still waits in them.

use crate::domain::alerts::{ChannelItem, ChannelSpec, ChannelTest, NotificationItem};
use crate::server::App;
use crate::server::access::Caller;
use crate::wire::ApiError;

/// Every channel, by name.
///
/// # Errors
/// 503 when their secrets cannot be read.
pub async fn list(_app: &App) -> Result<Vec<ChannelItem>, ApiError> {
    Err(ApiError::unavailable("not there yet", 1))
}

/// Saves a channel: a new one if no id is given, otherwise that one.
///
/// # Errors
/// 404 for an id that is not there, 422 at the member that cannot be.
pub async fn save(
    _app: &App,
    _caller: &Caller,
    _id: Option<&str>,
    _spec: ChannelSpec,
) -> Result<ChannelItem, ApiError> {
    Err(ApiError::unavailable("not there yet", 1))
}

/// Removes a channel, and what waits in it.
///
/// # Errors
/// 404.
pub async fn remove(_app: &App, _caller: &Caller, _id: &str) -> Result<(), ApiError> {
    Err(ApiError::unavailable("not there yet", 1))
}

/// Sends a test message.
///
/// # Errors
/// 404. What the channel says is in the answer.
pub async fn test(_app: &App, _caller: &Caller, _id: &str) -> Result<ChannelTest, ApiError> {
    Err(ApiError::unavailable("not there yet", 1))
}

/// What waits, and what was given up, newest first.
pub fn notifications(_app: &App) -> Vec<NotificationItem> {
    Vec::new()
}

/// Tries a dead letter again.
///
/// # Errors
/// 404.
pub async fn requeue(_app: &App, _caller: &Caller, _id: &str) -> Result<(), ApiError> {
    Err(ApiError::unavailable("not there yet", 1))
}
