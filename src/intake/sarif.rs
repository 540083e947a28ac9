//! SARIF 2.1.0, as linters and scanners write it, into one `validation.completed`.
//!
//! - `status` is `error` if an invocation says that it did not succeed; else `failed` if there is a
//!   result of level `error` or `warning`; else `passed`. Without any run it is `skipped`.
//! - A result's level is its own, else that of its rule's configuration, else `warning`; one that is
//!   no failure (`kind` is not `fail`) has none (sections 3.27.9 and 3.27.10).
//! - Results that are suppressed, or gone since the baseline (`absent`), or whose `kind` is
//!   `notApplicable`, count as skipped checks; `note`s and what is no failure as passed ones.
//! - Each failing result is an error: its type is the rule, with its message, file and line. Equal
//!   ones are counted together, errors before warnings.
//! - `duration_ms` is the time that the invocations took. The event's time is when the last of them
//!   ended; its id is a hash of project and content, so that the same log is a duplicate. A log that
//!   names neither a time nor a commit is a run of its own each time: a linter that finds the same
//!   today as yesterday writes the same bytes.
//! - Branch and commit are those of the log's version control where the caller names none.

mod levels;
mod log;

use super::Incoming;
use super::junit::{Context, Groups, Problem, stable_id};
use super::measured::fresh;
use crate::domain::projects::{self, Checks, Validated, ValidationStatus};
use crate::domain::{Event, vocabulary};
use crate::wire::{ApiError, ErrorKind, Timestamp};
use levels::{Level, Rules};
use log::{Kind, Log, Result as Found, Run};

/// Longest branch or commit that a log may name, in bytes.
const MAX_NAME: usize = 1_024;

/// Reads a log.
///
/// # Errors
/// 400 if it is not JSON; 422 if it is JSON of another kind, at the place where it is.
pub fn decode(body: &[u8], context: Context) -> Result<Incoming, ApiError> {
    let log = read(body)?;
    let id = stable_id("sarif", body, &context);
    let mut read = Read::default();
    log.runs.iter().flatten().for_each(|run| read.run(run));
    let none = log.runs.iter().all(Vec::is_empty);
    let (began, ended) = (read.began, read.ended);
    let (branch, commit) = (read.branch.take(), read.commit.take());
    let commit = context.commit.or(commit);
    let told_apart = began.or(ended).is_some() || commit.is_some();
    let took = began.zip(ended).map(|(began, ended)| ended.since(began) as f64);
    let validated = Validated {
        project: context.project,
        status: match read {
            _ if none => ValidationStatus::Skipped,
            Read { broken: true, .. } => ValidationStatus::Error,
            Read { checks: Checks { failed: 1.., .. }, .. } => ValidationStatus::Failed,
            _ => ValidationStatus::Passed,
        },
        duration_ms: took.filter(|ms| *ms <= crate::domain::check::MAX_DURATION_MS),
        checks: Some(read.checks),
        errors: read.errors(),
        branch: context.branch.or(branch),
        commit,
        url: context.url,
    };
    Ok(Incoming {
        time: ended,
        source: context.source,
        id: if told_apart { id } else { fresh() },
        id_given: told_apart,
        subject: None,
        event: Event::Projects(projects::Event::Validated(validated)),
    })
}

fn read(body: &[u8]) -> Result<Log, ApiError> {
    let not_json =
        |why: String| ApiError::new(ErrorKind::Malformed, format!("the body is not JSON: {why}"));
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let text = std::str::from_utf8(body).map_err(|error| not_json(error.to_string()))?;
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|e| not_json(e.to_string()))?;
    if !text.trim_ascii_start().starts_with('{') {
        return Err(ApiError::invalid("", "expected a SARIF log, which is an object"));
    }
    let log: Log =
        vocabulary::read(text).map_err(|error| ApiError::invalid(error.pointer, error.detail))?;
    if log.version != "2.1.0" {
        let detail = format!("SARIF {} is not read here; write 2.1.0", clip(&log.version, 20));
        return Err(ApiError::invalid("/version", detail));
    }
    Ok(log)
}

/// What was read of all runs.
#[derive(Default)]
struct Read {
    checks: Checks,
    broken: bool,
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
    branch: Option<String>,
    commit: Option<String>,
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
    /// Why tools did not succeed.
    breaks: Vec<Problem>,
}

/// Most failing results of which more than the number is kept.
const MAX_PROBLEMS: usize = 20_000;

impl Read {
    fn run(&mut self, run: &Run) {
        for invocation in run.invocations.iter().flatten() {
            let moment = |text: &Option<String>| text.as_deref()?.parse::<Timestamp>().ok();
            if let Some(at) = moment(&invocation.start_time_utc) {
                self.began = Some(self.began.map_or(at, |began| began.min(at)));
            }
            self.ended = self.ended.max(moment(&invocation.end_time_utc));
            if invocation.execution_successful == Some(false) {
                self.broken = true;
                self.breaks.push(Problem {
                    kind: run.tool.driver.name.clone(),
                    message: invocation.words().unwrap_or("the tool did not succeed").to_owned(),
                    file: None,
                    line: None,
                });
            }
        }
        let bounded =
            |text: &Option<String>| text.as_deref().map(|text| clip(text, MAX_NAME).to_owned());
        for details in run.version_control_provenance.iter().flatten() {
            self.branch = self.branch.take().or_else(|| bounded(&details.branch));
            self.commit = self.commit.take().or_else(|| bounded(&details.revision_id));
        }
        let rules = Rules::of(run);
        for found in run.results.iter().flatten() {
            self.result(found, &rules);
        }
    }

    fn result(&mut self, found: &Found, rules: &Rules<'_>) {
        let checks = &mut self.checks;
        checks.total = checks.total.saturating_add(1);
        if found.is_suppressed() || found.is_gone() || found.kind == Some(Kind::NotApplicable) {
            checks.skipped = checks.skipped.saturating_add(1);
            return;
        }
        let into = match rules.level(found) {
            Level::Error => &mut self.errors,
            Level::Warning => &mut self.warnings,
            Level::Note | Level::None => {
                checks.passed = checks.passed.saturating_add(1);
                return;
            }
        };
        checks.failed = checks.failed.saturating_add(1);
        if into.len() < MAX_PROBLEMS {
            let (file, line) = found.place();
            into.push(Problem {
                kind: rules.name(found).to_owned(),
                message: rules.message(found).to_owned(),
                file: file.map(str::to_owned),
                line,
            });
        }
    }

    fn errors(self) -> Vec<projects::RunError> {
        let mut groups = Groups::default();
        let all = self.breaks.into_iter().chain(self.errors).chain(self.warnings);
        all.for_each(|problem| groups.add(problem));
        groups.into_errors()
    }
}

fn clip(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

#[cfg(test)]
mod tests;
