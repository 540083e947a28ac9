//! Webhooks as GitHub (and what speaks like it) sends them, into one `validation.completed` each.
//!
//! A repository is a project, by its full name (`octo-org/shop`); every check of it is a run of that
//! project. What counts is what has ended: `check_run`, `check_suite` and `workflow_run` that are
//! `completed`, and a commit `status` that is not `pending`. Other events are of no interest.
//!
//! - `success` is passed; `failure`, `timed_out` and `startup_failure` are failed;
//!   `action_required` is error, for somebody has to act; `neutral`, `skipped`, `cancelled` and
//!   `stale` are skipped: of the commit they say nothing. Of a status, `error` is error.
//! - A failure has one error: its type is the check's name, its message what the check says.
//! - GitHub tells of the same run up to three times: of its checks, of their suite, and of the
//!   workflow. Which suite an event belongs to is handed on, so that one telling of it is counted.
//! - The id is a hash of what is signed, so that what is delivered again is a duplicate, by whomever
//!   and under whatever number.

use super::{Incoming, measured};
use crate::domain::projects::ValidationStatus::{self, Error, Failed, Passed, Skipped};
use crate::domain::projects::{Event as ProjectEvent, ProjectId, RunError, Validated};
use crate::domain::{Event, vocabulary};
use crate::wire::{ApiError, ErrorKind, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Who hooks of GitHub are from.
pub const SOURCE: &str = "github";
/// Longest text that is kept, in bytes.
const MAX_TEXT: usize = 1_000;
/// Longest name of a check, in bytes.
const MAX_NAME: usize = 200;

/// What a webhook says.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// Nothing of interest; why.
    Nothing(&'static str),
    /// A run has ended.
    Run(Box<Ended>),
}

/// A run that has ended.
#[derive(Debug, PartialEq)]
pub struct Ended {
    /// The event that it becomes.
    pub incoming: Incoming,
    /// The suite of checks that it belongs to, if it does.
    pub suite: Option<u64>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

#[derive(Deserialize)]
struct Suite {
    id: u64,
    head_branch: Option<String>,
}

#[derive(Deserialize)]
struct Output {
    title: Option<String>,
    summary: Option<String>,
}

#[derive(Deserialize)]
struct CheckRun {
    name: String,
    head_sha: Option<String>,
    conclusion: Option<String>,
    started_at: Option<String>,
    completed_at: Option<String>,
    html_url: Option<String>,
    check_suite: Option<Suite>,
    output: Option<Output>,
}

#[derive(Deserialize)]
struct OfCheckRun {
    action: String,
    check_run: CheckRun,
    repository: Repository,
}

#[derive(Deserialize)]
struct App {
    name: Option<String>,
}

#[derive(Deserialize)]
struct CheckSuite {
    id: u64,
    head_branch: Option<String>,
    head_sha: Option<String>,
    conclusion: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    app: Option<App>,
}

#[derive(Deserialize)]
struct OfCheckSuite {
    action: String,
    check_suite: CheckSuite,
    repository: Repository,
}

#[derive(Deserialize)]
struct WorkflowRun {
    name: Option<String>,
    head_branch: Option<String>,
    head_sha: Option<String>,
    conclusion: Option<String>,
    run_started_at: Option<String>,
    updated_at: Option<String>,
    html_url: Option<String>,
    check_suite_id: Option<u64>,
}

#[derive(Deserialize)]
struct OfWorkflowRun {
    action: String,
    workflow_run: WorkflowRun,
    repository: Repository,
}

#[derive(Deserialize)]
struct Branch {
    name: String,
}

#[derive(Deserialize)]
struct OfStatus {
    sha: Option<String>,
    state: String,
    context: Option<String>,
    description: Option<String>,
    target_url: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    #[serde(default)]
    branches: Vec<Branch>,
    repository: Repository,
}

/// Where the text of a conclusion stands, and the events that have ended.
const COMPLETED: &str = "completed";
const NOT_ENDED: &str = "it has not ended yet";
const NO_CONCLUSION: &str = "it has come to no conclusion";

/// Reads a webhook: `kind` is its `X-GitHub-Event`.
///
/// # Errors
/// 400 if it is not JSON, 422 at the member that is not as GitHub sends it.
pub fn decode(kind: &str, body: &[u8]) -> Result<Heard, ApiError> {
    let said = match kind {
        "check_run" => {
            let it: OfCheckRun = read(body)?;
            if it.action != COMPLETED {
                return Ok(Heard::Nothing(NOT_ENDED));
            }
            let CheckRun { name, head_sha, conclusion, check_suite, output, .. } = it.check_run;
            let Some(conclusion) = conclusion.as_deref() else {
                return Ok(Heard::Nothing(NO_CONCLUSION));
            };
            let words = output.and_then(|it| it.title.or(it.summary));
            let (suite, branch) = check_suite.map(|it| (it.id, it.head_branch)).unzip();
            Said {
                project: it.repository,
                status: concluded("/check_run/conclusion", conclusion)?,
                how: Some(conclusion.to_owned()),
                name,
                words,
                began: it.check_run.started_at,
                ended: it.check_run.completed_at,
                branch: branch.flatten(),
                commit: head_sha,
                url: it.check_run.html_url,
                suite,
            }
        }
        "check_suite" => {
            let it: OfCheckSuite = read(body)?;
            if it.action != COMPLETED {
                return Ok(Heard::Nothing(NOT_ENDED));
            }
            let CheckSuite { id, head_branch, head_sha, conclusion, app, .. } = it.check_suite;
            let Some(conclusion) = conclusion.as_deref() else {
                return Ok(Heard::Nothing(NO_CONCLUSION));
            };
            Said {
                project: it.repository,
                status: concluded("/check_suite/conclusion", conclusion)?,
                how: Some(conclusion.to_owned()),
                name: app.and_then(|app| app.name).unwrap_or_else(|| "check suite".to_owned()),
                words: None,
                began: it.check_suite.created_at,
                ended: it.check_suite.updated_at,
                branch: head_branch,
                commit: head_sha,
                url: None,
                suite: Some(id),
            }
        }
        "workflow_run" => {
            let it: OfWorkflowRun = read(body)?;
            if it.action != COMPLETED {
                return Ok(Heard::Nothing(NOT_ENDED));
            }
            let WorkflowRun { name, head_branch, head_sha, conclusion, .. } = it.workflow_run;
            let Some(conclusion) = conclusion.as_deref() else {
                return Ok(Heard::Nothing(NO_CONCLUSION));
            };
            Said {
                project: it.repository,
                status: concluded("/workflow_run/conclusion", conclusion)?,
                how: Some(conclusion.to_owned()),
                name: name.unwrap_or_else(|| "workflow".to_owned()),
                words: None,
                began: it.workflow_run.run_started_at,
                ended: it.workflow_run.updated_at,
                branch: head_branch,
                commit: head_sha,
                url: it.workflow_run.html_url,
                suite: it.workflow_run.check_suite_id,
            }
        }
        "status" => {
            let it: OfStatus = read(body)?;
            let status = match it.state.as_str() {
                "pending" => return Ok(Heard::Nothing(NOT_ENDED)),
                "success" => Passed,
                "failure" => Failed,
                "error" => Error,
                _ => {
                    let detail = "must be success, failure, error or pending";
                    return Err(ApiError::invalid("/state", detail));
                }
            };
            Said {
                project: it.repository,
                status,
                how: Some(it.state),
                name: it.context.unwrap_or_else(|| "status".to_owned()),
                words: it.description,
                began: None,
                ended: it.updated_at.or(it.created_at),
                branch: it.branches.into_iter().next().map(|branch| branch.name),
                commit: it.sha,
                url: it.target_url,
                suite: None,
            }
        }
        _ => return Ok(Heard::Nothing("no run has ended with it")),
    };
    said.heard(id(kind, body))
}

/// The same for the same event. Its headers are not signed, so they do not tell events apart.
fn id(kind: &str, body: &[u8]) -> Arc<str> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_bytes()).update(&[0]).update(body);
    measured::hash(hasher, SOURCE)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let not_json =
        |why: String| ApiError::new(ErrorKind::Malformed, format!("the body is not JSON: {why}"));
    let text = std::str::from_utf8(body).map_err(|error| not_json(error.to_string()))?;
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|e| not_json(e.to_string()))?;
    vocabulary::read(text).map_err(|error| ApiError::invalid(error.pointer, error.detail))
}

fn concluded(pointer: &str, conclusion: &str) -> Result<ValidationStatus, ApiError> {
    Ok(match conclusion {
        "success" => Passed,
        "failure" | "timed_out" | "startup_failure" => Failed,
        "action_required" => Error,
        "neutral" | "skipped" | "cancelled" | "stale" => Skipped,
        _ => return Err(ApiError::invalid(pointer, "is no conclusion that is known here")),
    })
}

/// What all of them say.
struct Said {
    project: Repository,
    status: ValidationStatus,
    how: Option<String>,
    name: String,
    words: Option<String>,
    began: Option<String>,
    ended: Option<String>,
    branch: Option<String>,
    commit: Option<String>,
    url: Option<String>,
    suite: Option<u64>,
}

impl Said {
    fn heard(self, id: Arc<str>) -> Result<Heard, ApiError> {
        let project = ProjectId::try_from(self.project.full_name)
            .map_err(|why| ApiError::invalid("/repository/full_name", why))?;
        let moment = |text: Option<String>| text.and_then(|text| text.parse::<Timestamp>().ok());
        let (began, ended) = (moment(self.began), moment(self.ended));
        let duration_ms = began.zip(ended).map(|(began, ended)| ended.since(began) as f64);
        let errors = match self.status {
            Passed | Skipped => Vec::new(),
            Failed | Error => {
                let words = self.words.filter(|words| !words.trim().is_empty());
                let message = words.or(self.how).unwrap_or_default();
                vec![RunError {
                    kind: Arc::from(clip(&self.name, MAX_NAME)),
                    message: clip(&message, MAX_TEXT).to_owned(),
                    file: None,
                    line: None,
                    count: 1,
                }]
            }
        };
        let bounded = |text: Option<String>| text.map(|text| clip(&text, MAX_TEXT).to_owned());
        let run = Validated {
            project,
            status: self.status,
            duration_ms: duration_ms.filter(|ms| *ms <= crate::domain::check::MAX_DURATION_MS),
            checks: None,
            errors,
            branch: bounded(self.branch),
            commit: bounded(self.commit),
            url: bounded(self.url),
        };
        let incoming = Incoming {
            time: ended,
            source: SOURCE.into(),
            id,
            id_given: true,
            subject: None,
            event: Event::Projects(ProjectEvent::Validated(run)),
        };
        Ok(Heard::Run(Box::new(Ended { incoming, suite: self.suite })))
    }
}

fn clip(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

#[cfg(test)]
mod tests;
