//! JUnit XML, as test runners really write it, into one `validation.completed`.
//!
//! There is no standard, only a family of dialects, so this reads what they share and distrusts
//! the rest: checks are counted from the test cases, not from the attributes that sum them up.
//!
//! - `status` is `error` if anything errored (a case, or a suite as such), else `failed` if
//!   anything failed, else `passed` if at least one case passed, else `skipped`.
//! - A case with several outcomes counts once, as its worst. One that passed on a retry
//!   (`flakyFailure`) passed; the retries of one that failed (`rerunFailure`) are not counted again.
//! - What the attributes count beyond what elements describe makes the status worse, never better.
//! - `checks.failed` holds failed and errored cases, since the contract has no fourth figure.
//! - `duration_ms` is the root's time, else that of its suites, else that of the cases.
//! - The event's time is the report's timestamp (the root's, else the earliest of a suite), taken
//!   as UTC where it names no offset; its id is a hash of project and content, so that the same
//!   report uploaded again is a duplicate.

mod details;
mod groups;
mod numbers;
mod report;

use super::{Incoming, xml_text};
use crate::domain::Event;
use crate::domain::projects::{self, Checks, ProjectId, Validated, ValidationStatus};
use crate::wire::ApiError;
pub(super) use groups::{Groups, Problem};
use report::Report;
use std::sync::Arc;

/// What the caller says about the run, since the report cannot.
#[derive(Debug, Clone, PartialEq)]
pub struct Context {
    /// Whose run it was.
    pub project: ProjectId,
    /// Branch it ran on.
    pub branch: Option<String>,
    /// Commit it ran on.
    pub commit: Option<String>,
    /// Page of the run.
    pub url: Option<String>,
    /// Who says so.
    pub source: Arc<str>,
}

/// Reads a report.
///
/// # Errors
/// 400 if it is not XML (with line and column), declares a document type or nests too deeply;
/// 422 if it is XML of another kind.
pub fn decode(body: &[u8], context: Context) -> Result<Incoming, ApiError> {
    let report = Report::read(&xml_text::decode(body))?;
    let id = stable_id("junit", body, &context);
    let validated = Validated {
        project: context.project,
        status: status(&report),
        duration_ms: report.duration_ms(),
        checks: Some(report.checks),
        errors: report.groups.into_errors(),
        branch: context.branch,
        commit: context.commit,
        url: context.url,
    };
    Ok(Incoming {
        time: report.timestamp,
        source: context.source,
        id,
        id_given: true,
        subject: None,
        event: Event::Projects(projects::Event::Validated(validated)),
    })
}

fn status(report: &Report) -> ValidationStatus {
    let Checks { passed, .. } = report.checks;
    match report {
        Report { errored: true, .. } => ValidationStatus::Error,
        Report { failed: true, .. } => ValidationStatus::Failed,
        _ if passed > 0 => ValidationStatus::Passed,
        _ => ValidationStatus::Skipped,
    }
}

/// The same report of the same project (and branch and commit) has the same id.
pub(super) fn stable_id(format: &str, body: &[u8], context: &Context) -> Arc<str> {
    let mut hasher = blake3::Hasher::new();
    let parts =
        [Some(context.project.as_str()), context.branch.as_deref(), context.commit.as_deref()];
    for part in parts.into_iter().flatten() {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    hasher.update(body);
    let hash = hasher.finalize().to_hex();
    format!("{format}-{}", hash.get(..32).unwrap_or_default()).into()
}

#[cfg(test)]
mod tests;
