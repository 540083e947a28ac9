//! What can be asked of the past of alerts.

use super::History;
use crate::domain::alerts::AlertItem;
use crate::domain::alerts::history::{self as alerts, AlertFilter, Known, Place};
use crate::wire::ApiError;
use rusqlite::Connection;
use std::sync::Arc;

impl History {
    /// Alerts that match, newest first, at most `limit` of them after `after`, and whether there
    /// are more. Not kept: an alert changes far more often than anybody asks twice.
    ///
    /// # Errors
    /// 503 when the table cannot be read.
    pub async fn alerts(
        &self,
        filter: AlertFilter,
        limit: usize,
        after: Option<Place>,
    ) -> Result<(Vec<AlertItem>, bool), ApiError> {
        let read = move |db: &Connection| alerts::list(db, &filter, limit + 1, after.as_ref());
        let mut items = self.read(read).await?;
        let more = items.len() > limit;
        items.truncate(limit);
        Ok((items, more))
    }

    /// One alert with what happened to it; `None` for one that is not known.
    ///
    /// # Errors
    /// 503 when the tables cannot be read.
    pub async fn alert(&self, id: Arc<str>) -> Result<Option<Known>, ApiError> {
        self.read(move |db: &Connection| alerts::find(db, &id)).await
    }
}
