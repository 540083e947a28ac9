//! What the server itself has to say: commands, answers to them, settings. It goes through the
//! journal as all else does, and is answered once the board shows it.

use super::App;
use crate::domain::Event;
use crate::pipeline::journal::Draft;
use crate::pipeline::publish::Published;
use crate::wire::ApiError;
use std::sync::Arc;

/// Who makes a request. Whoever reaches the port is let in while there are no users, so nobody has
/// a name.
pub fn actor() -> Arc<str> {
    "anonymous".into()
}

/// Appends events of the server's own, and returns what is shown once they are in it.
///
/// # Errors
/// 429 or 503: none of them was kept. 503 also if they were, but are not shown in time.
pub async fn record(app: &App, events: Vec<Event>) -> Result<Arc<Published>, ApiError> {
    let drafts = events.into_iter().map(Draft::own).collect();
    let cursor = app.ingest.keep(drafts).await?;
    if app.ingest.shows(cursor.seq).await {
        Ok(app.hub.published())
    } else {
        Err(ApiError::unavailable("it is kept, but not shown yet; read it again", 1))
    }
}
