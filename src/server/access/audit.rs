//! The audit log: who did what, when, from where.

use super::params::{AuditParams, AuditQuery};
use crate::domain::access::AuditPage;
use crate::server::{App, read};
use crate::wire::ApiError;

/// A page of the log, newest first.
///
/// # Errors
/// 422 naming every parameter that cannot be; 503 if history takes too long.
pub async fn list(app: &App, params: &AuditParams) -> Result<AuditPage, ApiError> {
    let AuditQuery { filter, limit, before } = params.read()?;
    let shown = app.hub.published();
    let as_of = read::settled(app, &shown).await;
    let (items, more) = app.history.audit(filter, limit, before).await?;
    let next = items.last().filter(|_| more).map(|last| last.seq.to_string());
    Ok(AuditPage { as_of, items, next })
}
