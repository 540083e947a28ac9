//! Webhooks of others. They bring no token: what lets them in is that they are signed.

use super::App;
use super::access::caller::unauthenticated;
use super::problem;
use crate::domain::Event;
use crate::domain::access::Secret;
use crate::domain::projects::{Event as ProjectEvent, ProjectId, ValidationStatus};
use crate::intake::github::{self, Ended, Heard};
use crate::pipeline::ingest::draft;
use crate::pipeline::journal::Receipt;
use crate::wire::{ApiError, Cursor, ErrorKind};
use aws_lc_rs::hmac;
use axum::Json;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use serde::Serialize;
use std::sync::Arc;

/// Longest body of a webhook, in bytes. GitHub's own limit is larger, but no run needs it.
const MAX_BODY: usize = 8 << 20;
/// Suites of checks that are remembered, so that none is counted in two ways.
const MAX_SUITES: u64 = 10_000;

/// What hooks are signed with, and what they have told.
pub struct Hooks {
    github: Option<hmac::Key>,
    /// By which kind of event each suite of checks was counted first.
    counted: moka::sync::Cache<(ProjectId, u64), Arc<str>>,
}

impl Hooks {
    /// None have come yet.
    pub fn new(github: Option<&Secret>) -> Self {
        let key = |secret: &Secret| hmac::Key::new(hmac::HMAC_SHA256, secret.0.as_bytes());
        let counted = moka::sync::Cache::new(MAX_SUITES);
        Self { github: github.map(key), counted }
    }

    /// Whether a run is one that was not told of in another way: checks come before their suite and
    /// their workflow, and whichever kind is kept first is counted from then on. This is remembered
    /// while the server runs.
    fn counts(&self, kind: &str, project: &ProjectId, suite: Option<u64>) -> bool {
        let counted = suite.and_then(|suite| self.counted.get(&(project.clone(), suite)));
        counted.is_none_or(|first| *first == *kind)
    }

    /// A run was kept: from now on its suite is counted by events of this kind, if it is by none yet.
    fn kept(&self, kind: &str, project: &ProjectId, suite: Option<u64>) {
        if let Some(suite) = suite {
            drop(self.counted.get_with((project.clone(), suite), || kind.into()));
        }
    }
}

/// What became of a webhook.
#[derive(Debug, Serialize)]
pub struct Taken {
    accepted: usize,
    duplicates: usize,
    cursor: Cursor,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<ProjectId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<ValidationStatus>,
    /// Why nothing was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<&'static str>,
}

/// `POST /api/v1/hooks/github`: checks of repositories. `X-Hub-Signature-256` is the credential.
///
/// # Errors
/// 403 if no secret is configured, 401 if it is not signed with it, 400 and 422 for what is not as
/// GitHub sends it.
pub async fn github(State(app): State<App>, request: Request) -> Result<Json<Taken>, ApiError> {
    let Some(key) = &app.hooks.github else {
        let detail = "this board takes no webhooks yet: start it with --github-secret-file FILE or \
            BELLWETHER_GITHUB_SECRET, and give GitHub the same secret";
        return Err(ApiError::new(ErrorKind::Forbidden, detail));
    };
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let signature = signature(&headers)?;
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| {
        let detail = format!("a webhook may have at most {} MiB", MAX_BODY >> 20);
        ApiError::new(ErrorKind::TooLarge, detail)
    })?;
    hmac::verify(key, &body, &signature).map_err(|_| unsigned())?;
    let kind = text(&headers, "x-github-event")
        .ok_or_else(|| problem::malformed("X-GitHub-Event says which event it is".to_owned()))?;
    let body = payload(&headers, body)?;
    let heard = github::decode(kind, &body)?;
    let nothing = |ignored, project| Taken {
        accepted: 0,
        duplicates: 0,
        cursor: app.hub.published().cursor.clone(),
        project,
        status: None,
        ignored: Some(ignored),
    };
    let Ended { incoming, suite } = match heard {
        Heard::Nothing(why) => return Ok(Json(nothing(why, None))),
        Heard::Run(ended) => *ended,
    };
    let Event::Projects(ProjectEvent::Validated(run)) = &incoming.event else {
        return Err(ApiError::new(ErrorKind::Internal, "a webhook made an event of another kind"));
    };
    let (project, status) = (run.project.clone(), run.status);
    if !app.hooks.counts(kind, &project, suite) {
        let why = "its suite is counted by events of another kind";
        return Ok(Json(nothing(why, Some(project))));
    }
    let Receipt { accepted, duplicates, cursor } = app.ingest.report(draft(incoming)).await?;
    // Not before: of a run that the journal did not take, the suite or the workflow may still tell.
    app.hooks.kept(kind, &project, suite);
    app.ingest.shows(cursor.seq).await;
    let (project, status) = (Some(project), Some(status));
    Ok(Json(Taken { accepted, duplicates, cursor, project, status, ignored: None }))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().filter(|text| !text.is_empty())
}

fn unsigned() -> ApiError {
    unauthenticated("X-Hub-Signature-256 is not that of this body with the configured secret")
}

/// The signature in bytes.
fn signature(headers: &HeaderMap) -> Result<Vec<u8>, ApiError> {
    let missing = || unauthenticated("sign it: X-Hub-Signature-256 is missing");
    let hex = text(headers, "x-hub-signature-256").ok_or_else(missing)?;
    let hex = hex.strip_prefix("sha256=").ok_or_else(unsigned)?;
    let digits: Option<Vec<u8>> = hex
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits.filter(|digits| digits.len() == 64).ok_or_else(unsigned)?;
    let (pairs, _) = digits.as_chunks::<2>();
    Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// The JSON, which GitHub sends as a form if it is told to.
fn payload(headers: &HeaderMap, body: Bytes) -> Result<Bytes, ApiError> {
    let kind = text(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    if !kind.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return Ok(body);
    }
    let mut fields = form_urlencoded::parse(&body);
    let payload = fields.find(|(name, _)| name == "payload");
    let payload = payload.map(|(_, text)| Bytes::from(text.into_owned()));
    payload.ok_or_else(|| problem::malformed("the form has no field `payload`".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_telling_of_a_suite_is_counted() {
        let hooks = Hooks::new(None);
        let project = |name: &str| ProjectId::try_from(name.to_owned()).unwrap();
        // What counts is kept, too.
        let counts = |kind: &str, name: &str, suite| {
            let counts = hooks.counts(kind, &project(name), suite);
            if counts {
                hooks.kept(kind, &project(name), suite);
            }
            counts
        };
        assert!(counts("check_run", "a/b", Some(1)) && counts("check_run", "a/b", Some(1)));
        assert!(!counts("check_suite", "a/b", Some(1)) && !counts("workflow_run", "a/b", Some(1)));
        assert!(counts("workflow_run", "a/b", Some(2)) && !counts("check_suite", "a/b", Some(2)));
        assert!(counts("check_suite", "a/c", Some(1)));
        assert!(counts("status", "a/b", None));
        // Of what was not kept, others may tell.
        assert!(hooks.counts("check_run", &project("a/d"), Some(1)));
        assert!(hooks.counts("check_suite", &project("a/d"), Some(1)));
    }

    #[track_caller]
    fn check(header: &str, expect: Option<u8>) {
        let mut headers = HeaderMap::new();
        headers.insert("x-hub-signature-256", header.parse().unwrap());
        let read = signature(&headers);
        assert_eq!(read.ok().and_then(|bytes| bytes.first().copied()), expect, "{header}");
    }

    #[test]
    fn signatures_are_hexadecimal() {
        check(&format!("sha256=Fe{}", "0".repeat(62)), Some(0xfe));
        check(&format!("sha1=Fe{}", "0".repeat(62)), None);
        check(&format!("sha256=Fe{}", "0".repeat(60)), None);
        check(&format!("sha256=xe{}", "0".repeat(62)), None);
        check("", None);
    }
}
