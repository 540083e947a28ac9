//! The journal for other programs: `GET /api/v1/events`, an event a line, resumable.

use super::App;
use super::access::Caller;
use super::params::{self, given, settle};
use super::problem;
use crate::domain::access::Permissions;
use crate::domain::{Envelope, Event, Permission};
use crate::pipeline::journal::{JournalError, Reader};
use crate::wire::{ApiError, ErrorKind, FieldError, Seq, Timestamp};
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// How many may read at the same time; each has the journal open.
const MAX_READERS: usize = 32;
/// Records that are read at a time, in bytes on disk; one at least.
const PART: usize = 256 << 10;
/// Parts of an answer that are read ahead of whoever takes it.
const AHEAD: usize = 1;
/// An empty line says that nothing has come, and finds out whether anybody is still there.
const IDLE: Duration = Duration::from_secs(15);
/// How often it is asked whether whoever follows may still do so.
const STANDING: Duration = Duration::from_secs(1);
/// How long somebody may take none of it.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a read waits for events that are durable to be readable, which they are at once.
const RETRY: Duration = Duration::from_millis(50);

/// Those who read the journal.
pub struct Tails {
    dir: PathBuf,
    turns: Arc<Semaphore>,
}

impl Tails {
    /// Over the journal of this data directory.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir, turns: Arc::new(Semaphore::new(MAX_READERS)) }
    }
}

/// What may be asked of the journal.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TailParams {
    from: Option<String>,
    epoch: Option<String>,
    follow: Option<String>,
    limit: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    source: Option<String>,
}

/// What is asked of it.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    /// Position after which it begins; none from the oldest event that is kept.
    from: Option<Seq>,
    follow: bool,
    limit: u64,
    /// A type, or what types begin with before a `*`.
    kind: Option<String>,
    source: Option<String>,
}

impl TailParams {
    fn read(&self) -> Result<Asked, ApiError> {
        let mut errors = Vec::new();
        let mut number = |name: &str, text: &Option<String>, least: u64| {
            let text = given(text)?;
            let number = text.parse().ok().filter(|n| *n >= least && *n <= i64::MAX as u64);
            if number.is_none() {
                let detail = format!("must be a whole number, {least} or more");
                errors.push(FieldError::new(format!("/{name}"), detail));
            }
            number
        };
        let from = number("from", &self.from, 0);
        let limit = number("limit", &self.limit, 1).unwrap_or(u64::MAX);
        let follow = params::word(
            "follow",
            &self.follow,
            |text| match text {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => None,
            },
            ["true", "false"].into_iter(),
            &mut errors,
        );
        let text = |text: &Option<String>| given(text).map(str::to_owned);
        // Nobody has seen anything at 0, so nothing can be missing after it.
        let from = from.filter(|from| *from > 0);
        let follow = follow.unwrap_or(false);
        settle(
            Asked { from, follow, limit, kind: text(&self.kind), source: text(&self.source) },
            errors,
        )
    }
}

/// An event as a CloudEvent with its place in the journal; what was read can be sent to another board.
#[derive(Serialize)]
struct Line<'a> {
    seq: Seq,
    at: Timestamp,
    specversion: &'static str,
    #[serde(rename = "type")]
    kind: &'a str,
    source: &'a str,
    id: &'a str,
    time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    data: Box<RawValue>,
}

/// `GET /api/v1/events?from=&follow=`: events after the position `from`, oldest first, each a line of
/// JSON with its `seq`. Whoever comes back with the last `seq` they saw misses nothing.
///
/// # Errors
/// 422 naming every parameter that cannot be; 409 if `epoch` is another journal's, or events after
/// `from` are no longer kept; 503 if too many read at the same time.
pub async fn tail(
    State(app): State<App>,
    caller: Caller,
    params: Result<Query<TailParams>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(params) = params.map_err(problem::malformed)?;
    let asked = params.read()?;
    let epoch = app.hub.published().cursor.epoch.to_string();
    if given(&params.epoch).is_some_and(|known| known != epoch) {
        let detail = format!("positions of that epoch mean nothing here: this journal is {epoch}");
        return Err(ApiError::new(ErrorKind::Conflict, detail));
    }
    let turn = app.tails.turns.clone().try_acquire_owned();
    let turn = turn.map_err(|_| ApiError::unavailable("too many read the journal already", 5))?;
    let dir = app.tails.dir.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let reader = Reader::open(&dir)?;
        let span = reader.span()?;
        Ok::<_, JournalError>((reader, span))
    });
    let (reader, span) = opened.await.map_err(|_| unreadable())?.map_err(|error| {
        tracing::error!(%error, "the journal cannot be read");
        unreadable()
    })?;
    if let (Some(from), Some((first, _))) = (asked.from, span)
        && from.saturating_add(1) < first
    {
        let detail = format!(
            "events up to {} are no longer kept; leave `from` out to begin with the oldest there is",
            first.saturating_sub(1)
        );
        return Err(ApiError::new(ErrorKind::Conflict, detail));
    }
    let (out, mut parts) = mpsc::channel::<Bytes>(AHEAD);
    let reading = Reading { app: app.clone(), caller, asked, reader, out, _turn: turn };
    app.sockets.spawn(reading.run());
    let parts = futures::stream::poll_fn(move |context| {
        parts.poll_recv(context).map(|part| part.map(Ok::<_, std::convert::Infallible>))
    });
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    let mut response = (kind, Body::from_stream(parts)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(epoch) = HeaderValue::from_str(&epoch) {
        headers.insert("bellwether-epoch", epoch);
    }
    Ok(response)
}

fn unreadable() -> ApiError {
    ApiError::new(ErrorKind::Internal, "the journal cannot be read")
}

/// One who reads.
struct Reading {
    app: App,
    caller: Caller,
    asked: Asked,
    reader: Reader,
    out: mpsc::Sender<Bytes>,
    _turn: OwnedSemaphorePermit,
}

impl Reading {
    /// Hands on what there is and, if asked to, what comes, until nobody takes it.
    async fn run(self) {
        let mut head = self.app.ingest.applied.clone();
        let mut at = self.asked.from.unwrap_or(0);
        // Without following it ends where the journal did when it was asked.
        let end = self.app.journal.head();
        let mut left = self.asked.limit;
        let mut reader = self.reader;
        let mut quiet = Duration::ZERO;
        while left > 0 && (self.asked.follow || at < end) {
            // Whoever is let in no more reads no further, however much there is.
            let over = self.out.is_closed() || self.app.shutdown.is_cancelled();
            if over || !(self.app.ingest.standing)(&self.caller) {
                return;
            }
            let read = tokio::task::spawn_blocking(move || {
                let events = reader.read_some(at, PART);
                // Retention may have come past a slow reader.
                let first = reader.span().ok().flatten().map_or(0, |(first, _)| first);
                (events, first, reader)
            });
            let Ok((events, first, back)) = read.await else { return };
            reader = back;
            let events = match events {
                Ok(events) => events,
                Err(error) => return tracing::error!(%error, "a tail of the journal ends early"),
            };
            if at > 0 && at.saturating_add(1) < first {
                // Broken off: whoever comes back is told that events are missing.
                return tracing::warn!(at, first, "a tail fell behind what is kept, and ends");
            }
            if let Some(last) = events.last() {
                at = last.stamp.seq;
                let part = lines(&events, &self.asked, self.caller.permissions, &mut left);
                if !part.is_empty() {
                    quiet = Duration::ZERO;
                    if !hand_on(&self.out, part).await {
                        return;
                    }
                }
                continue;
            }
            if !self.asked.follow {
                // Positions need not be dense: the head may be one that no event has.
                return;
            }
            tokio::select! {
                () = self.app.shutdown.cancelled() => return,
                () = self.out.closed() => return,
                moved = async { head.wait_for(|seq| *seq > at).await.is_ok() } => {
                    if !moved {
                        return;
                    }
                    // What is shown is durable, but not yet to be seen by a reader that has just looked.
                    tokio::time::sleep(RETRY).await;
                }
                () = tokio::time::sleep(STANDING) => {
                    quiet += STANDING;
                    if quiet >= IDLE {
                        quiet = Duration::ZERO;
                        if !hand_on(&self.out, b"\n".to_vec()).await {
                            return;
                        }
                    }
                }
            }
        }
    }
}

/// Whether it was taken in time.
async fn hand_on(out: &mpsc::Sender<Bytes>, part: Vec<u8>) -> bool {
    matches!(tokio::time::timeout(PATIENCE, out.send(part.into())).await, Ok(Ok(())))
}

fn lines(events: &[Envelope], asked: &Asked, may: Permissions, left: &mut u64) -> Vec<u8> {
    let mut out = Vec::new();
    for Envelope { stamp, event } in events {
        let kind = event.kind();
        let wanted = asked.source.as_deref().is_none_or(|source| source == &*stamp.source)
            && asked.kind.as_deref().is_none_or(|wanted| match wanted.strip_suffix('*') {
                Some(begin) => kind.starts_with(begin),
                None => kind == wanted,
            });
        if *left == 0 {
            break;
        }
        if !wanted || !told(event, may) {
            continue;
        }
        let Some(data) = event.encode().ok().and_then(|data| RawValue::from_string(data).ok())
        else {
            continue;
        };
        let line = Line {
            seq: stamp.seq,
            at: stamp.at,
            specversion: "1.0",
            kind,
            source: &stamp.source,
            id: &stamp.id,
            time: stamp.time,
            subject: stamp.subject.as_deref(),
            data,
        };
        if serde_json::to_writer(&mut out, &line).is_ok() {
            out.push(b'\n');
            *left -= 1;
        }
    }
    out
}

/// Whether an event is told to somebody who may do this, besides what the route needs. What the
/// server keeps for itself is not: hashes of passwords and tokens, sealed secrets, the clock.
fn told(event: &Event, may: Permissions) -> bool {
    let needed = match event {
        Event::Access(_) | Event::Settings(_) => return false,
        Event::System(_) => Permission::ViewSystem,
        Event::Projects(_) => Permission::ViewProjects,
        Event::Work(_) => Permission::ViewAgents,
        Event::Trading(_) => Permission::ViewTrades,
        Event::Metrics(_) => Permission::ViewMetrics,
        Event::Alerts(_) => Permission::ViewAlerts,
    };
    let known = match event {
        Event::Alerts(_) => ["alert.", "silence.", "maintenance."].as_slice(),
        Event::System(_) => &["host."],
        Event::Projects(_) => &["project.", "validation.", "request.", "job.started"],
        Event::Metrics(_) => &["metric."],
        _ => &[""],
    };
    may.covers(Permissions::of(&[needed])) && known.iter().any(|k| event.kind().starts_with(k))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Topic;

    #[test]
    fn nothing_that_holds_a_secret_is_told_to_anybody() {
        let all = Permissions::of(Permission::ALL);
        assert!(all.covers(Topic::Events.needs()));
        let told_of =
            |kind: &str, data: &str| told(&Event::decode(kind, data).unwrap().unwrap(), all);
        assert!(told_of("validation.completed", r#"{"project":"p","status":"passed"}"#));
        assert!(told_of("host.sampled", r#"{"host":"h"}"#));
        assert!(!told_of("clock.ticked", "{}"));
        assert!(!told_of("token.revoked", r#"{"token":"t"}"#));
    }

    #[track_caller]
    fn check(params: TailParams, pointer: &str) {
        let error = params.read().unwrap_err();
        assert_eq!(error.errors[0].pointer, pointer);
    }

    #[test]
    fn what_cannot_be_asked_is_named() {
        let text = |text: &str| Some(text.to_owned());
        check(TailParams { from: text("-1"), ..Default::default() }, "/from");
        check(TailParams { limit: text("0"), ..Default::default() }, "/limit");
        check(TailParams { follow: text("maybe"), ..Default::default() }, "/follow");
    }
}
