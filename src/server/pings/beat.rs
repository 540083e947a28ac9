//! What a job tells: that it has begun, and how it has ended.
//!
//! Whoever has the address may report. The end of a run becomes a `validation.completed`, as
//! anything else that is validated sends it: so history, scores and alerts need to know nothing of
//! pings.

use super::{lasted, of_token};
use crate::domain::Event;
use crate::domain::projects::{
    Event as ProjectEvent, JobStarted, RunError, Validated, ValidationStatus,
};
use crate::pipeline::journal::Draft;
use crate::server::App;
use crate::wire::{ApiError, ErrorKind};
use axum::body::to_bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Longest body that is read, in bytes.
const MAX_BODY: usize = 1 << 20;
/// What is kept of it, in bytes: its end, where programs say why they give up.
const MAX_SAID: usize = 500;

/// What a job tells.
enum Told {
    Started,
    /// Nothing if it went well, otherwise in which way it did not.
    Ended(Option<String>),
}

type Token = Result<Path<String>, PathRejection>;
type Exit = Result<Path<(String, String)>, PathRejection>;

/// `GET|POST /ping/{token}`: a run went well.
pub async fn passed(app: State<App>, token: Token, request: Request) -> Result<Response, ApiError> {
    take(app, named(token)?, Told::Ended(None), request).await
}

/// `GET|POST /ping/{token}/start`: a run has begun.
pub async fn started(
    app: State<App>,
    token: Token,
    request: Request,
) -> Result<Response, ApiError> {
    take(app, named(token)?, Told::Started, request).await
}

/// `GET|POST /ping/{token}/fail`: a run failed.
pub async fn failed(app: State<App>, token: Token, request: Request) -> Result<Response, ApiError> {
    take(app, named(token)?, Told::Ended(Some("failure".to_owned())), request).await
}

/// `GET|POST /ping/{token}/{exit_code}`: a run ended with this status, 0 if it went well.
pub async fn exited(app: State<App>, path: Exit, request: Request) -> Result<Response, ApiError> {
    let Path((token, code)) = path.map_err(|_| unknown())?;
    // Whether there is such a ping comes first.
    of_token(&app.hub.published(), &token)?;
    let digits = code.bytes().all(|byte| byte.is_ascii_digit());
    let code = code.parse::<u8>().ok().filter(|_| digits);
    let code = code.ok_or_else(|| {
        ApiError::invalid("/exit_code", "must be an exit status from 0 to 255, `start` or `fail`")
    })?;
    let how = (code != 0).then(|| format!("exit {code}"));
    take(app, token, Told::Ended(how), request).await
}

/// What is wrong with the address is not told with the address in it: that is the secret.
fn named(token: Token) -> Result<String, ApiError> {
    token.map(|Path(token)| token).map_err(|_| unknown())
}

fn unknown() -> ApiError {
    ApiError::not_found("no ping has this address")
}

async fn take(
    State(app): State<App>,
    token: String,
    told: Told,
    request: Request,
) -> Result<Response, ApiError> {
    of_token(&app.hub.published(), &token)?;
    // What only looks whether there is such an address (HEAD is answered as GET is) tells nothing.
    if *request.method() == Method::HEAD {
        return Ok(taken());
    }
    let body = to_bytes(request.into_body(), MAX_BODY).await.map_err(|_| {
        let detail = "the body of a ping may have at most 1 MiB; send the end of the output";
        ApiError::new(ErrorKind::TooLarge, detail)
    })?;
    // While the body came, the ping may have been removed.
    let (project, job) = of_token(&app.hub.published(), &token)?;
    let project = project.id.clone();
    let event = match told {
        Told::Started => ProjectEvent::JobStarted(JobStarted { project }),
        Told::Ended(how) => ProjectEvent::Validated(Validated {
            project,
            status: match how {
                None => ValidationStatus::Passed,
                Some(_) => ValidationStatus::Failed,
            },
            duration_ms: lasted(job.started_at, app.clock.now()),
            checks: None,
            errors: how.map(|how| error(how, &body)).into_iter().collect(),
            branch: None,
            commit: None,
            url: None,
        }),
    };
    let receipt = app.ingest.report(Draft::own(Event::Projects(event))).await?;
    // So the end of a run finds its beginning, and what is read next shows it.
    app.ingest.shows(receipt.cursor.seq).await;
    Ok(taken())
}

fn taken() -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (headers, "OK").into_response()
}

fn error(how: String, body: &[u8]) -> RunError {
    let message = said(body);
    RunError { kind: Arc::from(how), message, file: None, line: None, count: 1 }
}

/// The end of what a job has written.
fn said(body: &[u8]) -> String {
    let tail = body.get(body.len().saturating_sub(MAX_SAID)..).unwrap_or(body);
    // It may have been cut within a character.
    let cut = tail.len() < body.len();
    let begin = tail.iter().take(4).take_while(|byte| cut && **byte & 0xC0 == 0x80).count();
    let text = String::from_utf8_lossy(tail.get(begin..).unwrap_or_default());
    let plain = text.replace("\r\n", "\n");
    plain
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(body: &[u8], expect: &str) {
        assert_eq!(said(body), expect);
    }

    #[test]
    fn the_end_of_an_output_is_kept_as_plain_text() {
        check(b"", "");
        check(b"  disk full\r\n", "disk full");
        check(b"\x1b[31mred\x1b[0m\x00", "[31mred[0m");
        check(b"\xffbad", "\u{fffd}bad");
        let long = "é".repeat(MAX_SAID);
        check(long.as_bytes(), &"é".repeat(MAX_SAID / 2));
        check(format!("x{long}y").as_bytes(), &format!("{}y", "é".repeat((MAX_SAID - 1) / 2)));
    }

    proptest! {
        #[test]
        fn any_output_is_bounded(body in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            prop_assert!(said(&body).len() <= 3 * MAX_SAID);
        }
    }
}
