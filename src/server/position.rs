//! Where a page of a list ended: `next` of one page and `after` of the following.
//!
//! It holds what the list is sorted by, not only which row was last: that row may have moved or
//! gone by the time the next page is asked for, and the place where it stood is still a place.

use crate::domain::projects::{ProjectId, ProjectItem, ProjectStatus, Sort};
use crate::wire::{ApiError, Timestamp};
use serde::{Deserialize, Serialize};

/// Longest text that is looked into.
const MAX_TEXT: usize = 4096;

/// What a row of the list of projects is sorted by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Position {
    project: ProjectId,
    name: String,
    status: ProjectStatus,
    score: Option<u32>,
    errors: u64,
    success: Option<f64>,
    p95: Option<f64>,
    last_run: Option<Timestamp>,
}

impl Position {
    /// Where `row` stands.
    pub fn of(row: &ProjectItem) -> Self {
        Self {
            project: row.project.clone(),
            name: row.name.clone(),
            status: row.status,
            score: row.score,
            errors: row.error_count,
            success: row.success_rate,
            p95: row.duration_ms.p95,
            last_run: row.last_validation_at,
        }
    }

    /// As a word that needs no escaping in an address.
    pub fn name(&self, sort: Sort) -> String {
        let json = serde_json::to_vec(&(sort.name(), self)).unwrap_or_default();
        hex(&json)
    }

    /// Reads what [`Position::name`] wrote for the same order.
    ///
    /// # Errors
    /// 422 at `/after`.
    pub fn parse(text: &str, sort: Sort) -> Result<Self, ApiError> {
        let unreadable = || ApiError::invalid("/after", "is not a `next` of this list");
        let json = unhex(text).ok_or_else(unreadable)?;
        let (order, position): (String, Self) =
            serde_json::from_slice(&json).map_err(|_| unreadable())?;
        if order != sort.name() {
            return Err(ApiError::invalid("/after", format!("belongs to the order `{order}`")));
        }
        Ok(position)
    }

    /// How many of `rows`, sorted, are not after it.
    pub fn passed(self, rows: &[&ProjectItem], sort: Sort) -> usize {
        let Some(any) = rows.first() else { return 0 };
        let mut last: ProjectItem = (*any).clone();
        let Self { project, name, status, score, errors, success, p95, last_run } = self;
        (last.project, last.name, last.status, last.score) = (project, name, status, score);
        (last.error_count, last.success_rate) = (errors, success);
        (last.duration_ms.p95, last.last_validation_at) = (p95, last_run);
        rows.partition_point(|row| sort.compare(row, &last).is_le())
    }
}

/// Bytes as hexadecimal digits, which need no escaping in an address.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that [`hex`] wrote; none if it did not write them, or there are too many.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    bytes.collect::<Option<Vec<u8>>>().filter(|_| rest.is_empty())
}
