//! The audit log: who did what, when, from where.

use super::params::{AuditParams, AuditQuery};
use crate::domain::access::{AuditItem, AuditPage};
use crate::server::export::{self, Format, cell};
use crate::server::{App, read};
use crate::wire::ApiError;
use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use std::fmt::Write as _;

/// A page of the log, newest first.
///
/// # Errors
/// 422 naming every parameter that cannot be; 503 if history takes too long.
pub async fn list(app: &App, params: &AuditParams) -> Result<AuditPage, ApiError> {
    find(app, params.read()?).await
}

async fn find(app: &App, query: AuditQuery) -> Result<AuditPage, ApiError> {
    let shown = app.hub.published();
    let as_of = read::settled(app, &shown).await;
    let AuditQuery { filter, limit, before, .. } = query;
    let (items, more) = app.history.audit(filter, limit, before).await?;
    let next = items.last().filter(|_| more).map(|last| last.seq.to_string());
    Ok(AuditPage { as_of, items, next })
}

/// The log as it was asked for: a page as JSON, or an export.
///
/// # Errors
/// As [`list`].
pub async fn answer(app: &App, params: &AuditParams) -> Result<Response, ApiError> {
    let query = params.read()?;
    let format = query.format;
    let page = find(app, query).await?;
    let text = match format {
        Format::Json => return Ok(Json(page).into_response()),
        Format::Ndjson => export::ndjson(&page.items),
        Format::Csv => csv(&page.items),
    };
    let mut response = export::file(format, "audit", text);
    if let Some(next) = page.next
        && let Ok(link) = HeaderValue::from_str(&following(params, &next))
    {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// Where the same goes on (RFC 8288).
fn following(params: &AuditParams, next: &str) -> String {
    let AuditParams { actor, action, target, address, outcome, start_time, end_time, .. } = params;
    let next = Some(next.to_owned());
    let all = [
        ("actor", actor),
        ("action", action),
        ("target", target),
        ("address", address),
        ("outcome", outcome),
        ("start_time", start_time),
        ("end_time", end_time),
        ("format", &params.format),
        ("limit", &params.limit),
        ("after", &next),
    ];
    let given = all.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    format!("</api/v1/audit?{query}>; rel=\"next\"")
}

fn csv(items: &[AuditItem]) -> String {
    let mut out = String::from("seq,at,actor,via,address,action,target,outcome,detail\r\n");
    for item in items {
        let AuditItem { seq, at, actor, via, address, action, target, outcome, detail } = item;
        let text = |text: &Option<std::sync::Arc<str>>| cell(text.as_deref().unwrap_or_default());
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "{seq},{at},{},{},{},{},{},{},{}\r\n",
            cell(actor),
            text(via),
            text(address),
            cell(action),
            text(target),
            outcome.name(),
            text(detail)
        );
    }
    out
}
