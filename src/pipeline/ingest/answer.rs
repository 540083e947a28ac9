//! What senders are told.

use crate::domain::projects::{Checks, ProjectId, Validated, ValidationStatus};
use crate::intake::alertmanager::Webhook;
use crate::intake::{Decoded, Rejection};
use crate::pipeline::journal::Receipt;
use crate::wire::{ApiError, Cursor, ErrorKind};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;

/// Most entries of `errors` in a problem document; `rejected` has the others.
pub(super) const MAX_ERRORS: usize = 100;

/// The events are durable.
#[derive(Debug, Serialize)]
pub(super) struct Accepted {
    accepted: usize,
    duplicates: usize,
    rejected: Vec<Rejection>,
    /// Where there were more than are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_total: Option<usize>,
    cursor: Cursor,
    /// With `?wait=applied`: whether the state shows them already.
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<bool>,
}

impl Accepted {
    pub fn new(receipt: Receipt, decoded: Decoded, applied: Option<bool>) -> Self {
        Self {
            accepted: receipt.accepted,
            duplicates: receipt.duplicates,
            rejected_total: unlisted(&decoded),
            rejected: decoded.rejected,
            cursor: receipt.cursor,
            applied,
        }
    }
}

fn unlisted(decoded: &Decoded) -> Option<usize> {
    (decoded.refused > decoded.rejected.len()).then_some(decoded.refused)
}

/// A report is durable, and this is what was read from it.
#[derive(Debug, Serialize)]
pub(super) struct Imported {
    #[serde(flatten)]
    accepted: Accepted,
    project: ProjectId,
    status: ValidationStatus,
    checks: Option<Checks>,
    duration_ms: Option<f64>,
}

impl Imported {
    pub fn new(accepted: Accepted, run: &Validated) -> Self {
        Self {
            accepted,
            project: run.project.clone(),
            status: run.status,
            checks: run.checks,
            duration_ms: run.duration_ms,
        }
    }
}

/// Alerts of another system are durable, and this is what was read of them.
#[derive(Debug, Serialize)]
pub(super) struct Noticed {
    #[serde(flatten)]
    accepted: Accepted,
    source: Arc<str>,
    raised: usize,
    cleared: usize,
    /// Alerts that the sender itself left out.
    truncated: u64,
}

impl Noticed {
    pub fn new(accepted: Accepted, webhook: Webhook) -> Self {
        let Webhook { source, raised, cleared, truncated, .. } = webhook;
        Self { accepted, source, raised, cleared, truncated }
    }
}

#[derive(Serialize)]
struct NoneValid<'a> {
    #[serde(flatten)]
    problem: ApiError,
    accepted: usize,
    duplicates: usize,
    rejected: &'a [Rejection],
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_total: Option<usize>,
}

/// 422: not one event of the body was valid; `within` it is where they stand.
pub(super) fn none_valid(decoded: &Decoded, within: &str) -> Response {
    let mut problem = ApiError::new(ErrorKind::Invalid, none_valid_detail(decoded));
    for rejection in decoded.rejected.iter().take(MAX_ERRORS) {
        let Rejection { index, pointer, detail } = rejection;
        // Pointers here are into the body, those of `rejected` into the event.
        let pointer =
            if decoded.batch { format!("{within}/{index}{pointer}") } else { pointer.clone() };
        problem = problem.with_field(pointer, detail.clone());
    }
    let body = NoneValid {
        problem,
        accepted: 0,
        duplicates: 0,
        rejected: &decoded.rejected,
        rejected_total: unlisted(decoded),
    };
    let problem = [(header::CONTENT_TYPE, "application/problem+json")];
    (StatusCode::UNPROCESSABLE_ENTITY, problem, axum::Json(body)).into_response()
}

fn none_valid_detail(decoded: &Decoded) -> String {
    let first = decoded.rejected.first();
    let why = first.map_or(String::new(), |r| match r.pointer.as_str() {
        "" => r.detail.clone(),
        pointer => format!("{pointer}: {}", r.detail),
    });
    match decoded.refused {
        1 => format!("the event is not valid: {why}"),
        n => format!("none of the {n} events is valid; the first: {why}"),
    }
}
