//! The way in over HTTP: read, decompress, decode, append, answer.
//!
//! An answer of 200 means the events are on disk. Nothing is dropped silently: what is invalid is
//! named in the answer, and when there is no room the sender is told when to come back.

mod answer;
mod body;
mod message;
mod otlp;
mod remote_write;
mod trades;

pub use super::meters::Meters;
pub use message::Posted;
pub use otlp::{otlp_logs, otlp_metrics, otlp_traces};
pub use remote_write::remote_write;
pub use trades::import_trades;

use super::journal::{AppendError, Appender, Draft, Receipt};
use crate::domain::Event;
use crate::domain::projects::{Event as ProjectEvent, ProjectId};
use crate::intake::{Decoded, Incoming, alertmanager, cloudevents, junit, sarif};
use crate::server::access::Caller;
use crate::server::access::caller::unauthenticated;
use crate::wire::{ApiError, Cursor, ErrorKind, Seq};
use answer::{Accepted, Imported, Noticed};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use body::Body;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;

/// Longest wait for the state to show what was accepted.
const APPLY_WITHIN: Duration = Duration::from_secs(10);

/// Longest wait for what follows for alerts.
const JUDGE_WITHIN: Duration = Duration::from_secs(2);

/// What the handlers share. Cheap to clone.
#[derive(Clone)]
pub struct IngestState {
    /// The way into the journal.
    pub appender: Appender,
    /// Position of the last event that the published state shows.
    pub applied: watch::Receiver<Seq>,
    /// Position up to which it is known what follows for alerts.
    pub judged: watch::Receiver<Seq>,
    /// What became of events.
    pub meters: Arc<Meters>,
    /// Whether whoever sends something is still let in once all of it has come.
    pub standing: Standing,
}

/// Whether somebody is still who they were when they asked.
pub type Standing = Arc<dyn Fn(&Caller) -> bool + Send + Sync>;

/// What may follow the question mark of every way in.
#[derive(Debug, Default, Deserialize)]
struct WaitParams {
    wait: Option<String>,
}

/// What may follow the question mark of an import.
#[derive(Debug, Default, Deserialize)]
struct ImportParams {
    project: Option<String>,
    branch: Option<String>,
    commit: Option<String>,
    url: Option<String>,
    #[serde(flatten)]
    wait: WaitParams,
}

/// `POST /api/v1/events`
pub async fn events(
    State(state): State<IngestState>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let wait = params::<WaitParams>(&request)?.applied()?;
    let (headers, body) = take(request).await?;
    state.still(&caller)?;
    let (decoded, drafts) = body
        .decode(move |bytes| {
            let mut decoded = cloudevents::decode(&headers, bytes, &caller.name)?;
            let drafts: Vec<_> =
                std::mem::take(&mut decoded.events).into_iter().map(draft).collect();
            Ok((decoded, drafts))
        })
        .await
        .inspect_err(|error| state.refuse(usize::from(error.status != 415)))?;
    state.refuse(decoded.refused);
    if drafts.is_empty() && decoded.refused > 0 {
        return Ok(answer::none_valid(&decoded, ""));
    }
    let accepted = state.append(drafts, wait, decoded).await?;
    Ok(axum::Json(accepted).into_response())
}

/// `POST /api/v1/import/junit?project=P`
pub async fn import_junit(
    State(state): State<IngestState>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    state.import(&caller, request, junit::decode).await
}

/// `POST /api/v1/import/sarif?project=P`
pub async fn import_sarif(
    State(state): State<IngestState>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    state.import(&caller, request, sarif::decode).await
}

/// What may follow the question mark of an import of alerts.
#[derive(Debug, Default, Deserialize)]
struct AlertsParams {
    source: Option<String>,
    #[serde(flatten)]
    wait: WaitParams,
}

/// `POST /api/v1/import/alertmanager?source=S`
pub async fn import_alertmanager(
    State(state): State<IngestState>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let AlertsParams { source, wait } = params(&request)?;
    let wait = wait.applied()?;
    let source: Option<Arc<str>> = source.filter(|source| !source.is_empty()).map(Arc::from);
    crate::domain::check::some_name("source", source.as_deref())
        .map_err(|error| ApiError::invalid(error.pointer, error.detail))?;
    let (headers, body) = take(request).await?;
    state.still(&caller)?;
    not_multipart(&headers)?;
    let mut webhook = body
        .decode(move |bytes| alertmanager::decode(bytes, source, &caller.name))
        .await
        .inspect_err(|_| state.refuse(1))?;
    let decoded = std::mem::take(&mut webhook.decoded);
    state.refuse(decoded.refused);
    if decoded.events.is_empty() && decoded.refused > 0 {
        return Ok(answer::none_valid(&decoded, "/alerts"));
    }
    let (events, decoded) = (decoded.events, Decoded { events: Vec::new(), ..decoded });
    let accepted = state.append(events.into_iter().map(draft).collect(), wait, decoded).await?;
    Ok(axum::Json(Noticed::new(accepted, webhook)).into_response())
}

fn params<T: DeserializeOwned>(request: &Request) -> Result<T, ApiError> {
    let read = Query::try_from_uri(request.uri());
    let Query(params) =
        read.map_err(|error| ApiError::new(ErrorKind::Malformed, error.body_text()))?;
    Ok(params)
}

async fn take(request: Request) -> Result<(HeaderMap, Body), ApiError> {
    let (parts, body) = request.into_parts();
    let body = Body::read(&parts.headers, body).await?;
    Ok((parts.headers, body))
}

/// Encodes the event for the journal, which is why it is done where the decoding is.
pub fn draft(incoming: Incoming) -> Draft {
    let Incoming { time, source, id, id_given, subject, event } = incoming;
    Draft::new(time, source, id, id_given, subject, event)
}

fn not_multipart(headers: &HeaderMap) -> Result<(), ApiError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    if kind.to_ascii_lowercase().starts_with("multipart/") {
        let detail = "send the report itself as the body (curl --data-binary @FILE)";
        return Err(ApiError::new(ErrorKind::UnsupportedMediaType, detail));
    }
    Ok(())
}

impl WaitParams {
    fn applied(&self) -> Result<bool, ApiError> {
        match self.wait.as_deref() {
            None | Some("") => Ok(false),
            Some("applied") => Ok(true),
            Some(_) => Err(ApiError::invalid("/wait", "the only thing to wait for is `applied`")),
        }
    }
}

impl ImportParams {
    fn context(self, source: Arc<str>) -> Result<junit::Context, ApiError> {
        let project = self.project.ok_or_else(|| {
            ApiError::invalid("/project", "say whose report it is: ?project=NAME")
        })?;
        let project: ProjectId =
            project.try_into().map_err(|error: &str| ApiError::invalid("/project", error))?;
        let bounded = |name: &str, value: Option<String>| {
            crate::domain::check::some_text(name, value.as_deref(), 1024)
                .map_err(|error| ApiError::invalid(error.pointer, error.detail))?;
            Ok::<_, ApiError>(value.filter(|text| !text.is_empty()))
        };
        Ok(junit::Context {
            project,
            branch: bounded("branch", self.branch)?,
            commit: bounded("commit", self.commit)?,
            url: bounded("url", self.url)?,
            source,
        })
    }
}

impl IngestState {
    /// Takes in a report that is one run.
    async fn import(
        &self,
        caller: &Caller,
        request: Request,
        read: fn(&[u8], junit::Context) -> Result<Incoming, ApiError>,
    ) -> Result<Response, ApiError> {
        let params: ImportParams = params(&request)?;
        let wait = params.wait.applied()?;
        let context = params.context(caller.name.clone())?;
        let (headers, body) = take(request).await?;
        self.still(caller)?;
        not_multipart(&headers)?;
        let incoming =
            body.decode(move |bytes| read(bytes, context)).await.inspect_err(|_| self.refuse(1))?;
        let Event::Projects(ProjectEvent::Validated(run)) = incoming.event.clone() else {
            return Err(ApiError::new(
                ErrorKind::Internal,
                "a report made an event of another kind",
            ));
        };
        let accepted = self.append(vec![draft(incoming)], wait, Decoded::default()).await?;
        Ok(axum::Json(Imported::new(accepted, &run)).into_response())
    }

    /// A body may take minutes, in which a token can be revoked.
    fn still(&self, caller: &Caller) -> Result<(), ApiError> {
        if (self.standing)(caller) {
            return Ok(());
        }
        Err(unauthenticated("what let you in is good no more"))
    }

    fn refuse(&self, events: usize) {
        self.meters.rejected.fetch_add(events as u64, Ordering::Relaxed);
    }

    /// Appends, counts, and waits for the state if asked to.
    async fn append(
        &self,
        drafts: Vec<Draft>,
        wait: bool,
        decoded: Decoded,
    ) -> Result<Accepted, ApiError> {
        let receipt = self.take(drafts).await?;
        let applied = if wait { Some(self.follows(receipt.cursor.seq).await) } else { None };
        Ok(Accepted::new(receipt, decoded, applied))
    }

    /// Appends events of producers, and counts them.
    ///
    /// # Errors
    /// 429 or 503: none of them was kept.
    async fn take(&self, drafts: Vec<Draft>) -> Result<Receipt, ApiError> {
        let events = drafts.len() as u64;
        let receipt = self.appender.append(drafts).await.map_err(|error| {
            self.meters.turned_away.fetch_add(events, Ordering::Relaxed);
            turned_away(error)
        })?;
        self.meters.accept(receipt.accepted);
        self.meters.duplicates.fetch_add(receipt.duplicates as u64, Ordering::Relaxed);
        Ok(receipt)
    }

    /// Appends what somebody reported in a way of their own, and counts it.
    ///
    /// # Errors
    /// 429 or 503: it was not kept.
    pub async fn report(&self, draft: Draft) -> Result<Receipt, ApiError> {
        self.take(vec![draft]).await
    }

    /// Appends events of the server's own; returns the position of the last one.
    ///
    /// # Errors
    /// 429 or 503: none of them was kept.
    pub async fn keep(&self, drafts: Vec<Draft>) -> Result<Cursor, ApiError> {
        self.appender.append(drafts).await.map(|receipt| receipt.cursor).map_err(turned_away)
    }

    /// As [`Self::shows`], and waits a little until it shows what follows for alerts as well.
    async fn follows(&self, seq: Seq) -> bool {
        let shown = self.shows(seq).await;
        if shown {
            let mut judged = self.judged.clone();
            // It is shown either way: alerts may be behind when very many things happen at once.
            let _ = tokio::time::timeout(JUDGE_WITHIN, judged.wait_for(|at| *at >= seq)).await;
        }
        shown
    }

    /// Waits until the published state shows `seq`. Whether it does in time is told, not failed:
    /// the events are durable, and a sender that takes an error for a no would send them twice.
    pub async fn shows(&self, seq: Seq) -> bool {
        let mut applied = self.applied.clone();
        let reached = applied.wait_for(|at| *at >= seq);
        matches!(tokio::time::timeout(APPLY_WITHIN, reached).await, Ok(Ok(_)))
    }
}

fn turned_away(error: AppendError) -> ApiError {
    match error {
        AppendError::Full { retry_after_s } => ApiError {
            retry_after_s: Some(retry_after_s),
            ..ApiError::new(ErrorKind::TooMany, "more events are waiting than the server takes")
        },
        AppendError::Unwritable { detail, retry_after_s } => {
            ApiError::unavailable(format!("the journal cannot be written: {detail}"), retry_after_s)
        }
        AppendError::Closed => ApiError::unavailable("the server is stopping", 5),
    }
}

#[cfg(test)]
mod tests;
