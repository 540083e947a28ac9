//! Which lines of the audit log.

use crate::domain::access::{AuditFilter, Outcome};
use crate::server::params::{MAX_LIMIT, given, limit, moment, position, settle, word};
use crate::wire::{ApiError, Seq};
use serde::Deserialize;
use std::sync::Arc;

/// Which lines of the audit log.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AuditParams {
    /// Who.
    pub actor: Option<String>,
    /// What; `user` means everything about users.
    pub action: Option<String>,
    /// Whom or what it was done to.
    pub target: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// `done` or `denied`.
    pub outcome: Option<String>,
    /// From then on, RFC 3339 or epoch milliseconds.
    #[serde(alias = "from")]
    pub start_time: Option<String>,
    /// Until before then, likewise.
    #[serde(alias = "to")]
    pub end_time: Option<String>,
    /// Lines a page, 1 to 500, default 50.
    pub limit: Option<String>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// The same, understood.
#[derive(Debug, PartialEq)]
pub struct AuditQuery {
    pub filter: AuditFilter,
    pub limit: usize,
    pub before: Option<Seq>,
}

impl AuditParams {
    /// # Errors
    /// 422 naming every parameter that cannot be.
    pub fn read(&self) -> Result<AuditQuery, ApiError> {
        let mut errors = Vec::new();
        let name = |text: &Option<String>| given(text).map(Arc::from);
        let outcomes = [Outcome::Done, Outcome::Denied].iter().map(|one| one.name());
        let outcome = word("outcome", &self.outcome, Outcome::named, outcomes, &mut errors);
        let filter = AuditFilter {
            actor: name(&self.actor),
            action: name(&self.action),
            target: name(&self.target),
            address: name(&self.address),
            outcome,
            from: moment("start_time", &self.start_time, &mut errors),
            to: moment("end_time", &self.end_time, &mut errors),
        };
        let limit = limit(&self.limit, MAX_LIMIT, &mut errors);
        let before = position(&self.after, |text| text.parse().ok(), &mut errors);
        settle(AuditQuery { filter, limit, before }, errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::params::DEFAULT_LIMIT;
    use crate::wire::Timestamp;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_log_is_asked_for_by_who_what_and_when() {
        let params = AuditParams {
            actor: some("ann"),
            action: some("user"),
            outcome: some("denied"),
            start_time: some("1970-01-01T00:00:01Z"),
            limit: some("500"),
            after: some("7"),
            ..AuditParams::default()
        };
        let query = params.read().unwrap();
        assert_eq!(query.filter.from, Some(Timestamp::from_ms(1_000)));
        assert_eq!(query.filter.outcome, Some(Outcome::Denied));
        assert_eq!((query.limit, query.before), (MAX_LIMIT, Some(7)));
        assert_eq!(AuditParams::default().read().unwrap().limit, DEFAULT_LIMIT);
    }

    #[test]
    fn each_that_cannot_be_is_named() {
        let params = AuditParams {
            outcome: some("well"),
            start_time: some("yesterday"),
            limit: some("0"),
            after: some("x"),
            ..AuditParams::default()
        };
        let errors = params.read().unwrap_err().errors;
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/outcome", "/start_time", "/limit", "/after"]);
    }
}
