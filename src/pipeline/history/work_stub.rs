//! Stub until history of work lands.
use super::History;
use crate::domain::range::Range;
use crate::domain::work::*;
use crate::wire::{ApiError, Timestamp};
use std::sync::Arc;
#[allow(missing_docs)]
pub struct Found {
    pub items: Vec<TaskItem>,
    pub total: usize,
    pub more: bool,
}
#[allow(missing_docs)]
pub struct Known {
    pub item: TaskItem,
    pub result: Option<serde_json::Value>,
    pub history: Vec<TaskStep>,
}
#[allow(missing_docs)]
impl History {
    pub async fn tasks(
        &self,
        _: &TaskFilter,
        _: usize,
        _: Option<(Timestamp, Arc<str>)>,
    ) -> Result<Arc<Found>, ApiError> {
        Ok(Arc::new(Found { items: Vec::new(), total: 0, more: false }))
    }
    pub async fn task(&self, _: &str) -> Result<Arc<Option<Known>>, ApiError> {
        Ok(Arc::new(None))
    }
    pub async fn queue(&self, _: Option<Arc<str>>, _: Range) -> Result<Vec<QueuePoint>, ApiError> {
        Ok(Vec::new())
    }
}
