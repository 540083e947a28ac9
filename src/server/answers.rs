//! Answers that are kept: a read is made once, and again only when something it is made of has
//! changed.
//!
//! The key of an answer is what was asked, what the caller may do, and where the parts it is made
//! of last changed. So a write that matters moves the key, a write that does not matter leaves it,
//! and nobody is answered with what was made for somebody who may do more. Who may ask at all is
//! checked before, for every request. What an answer says of its own age is written anew each time:
//! nothing of it has changed until then.
//!
//! Answers that are made of history are kept only if history has come as far as what is shown, and
//! its version is part of their key: some of it changes later than the events that it is made of.
//! Where the time of day is part of the question (the last hour), it is part of the key, too.

use super::App;
use super::access::Caller;
use super::peer::Peer;
use super::server_fns::is_json;
use crate::domain::access::Permissions;
use crate::pipeline::cache_meter::CacheMeter;
use crate::pipeline::changed::Part;
use crate::pipeline::publish::Published;
use crate::wire::Seq;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::response::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of answers that are kept.
const MAX_BYTES: u64 = 32 << 20;
/// Longest answer that is kept.
const MAX_ANSWER: usize = 4 << 20;
/// How long an answer is kept that nobody asks for.
const IDLE: Duration = Duration::from_secs(300);

/// How the time of day is part of what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    /// Not at all.
    No,
    /// The answer is made of history, over steps of ten seconds at least.
    Steps,
    /// Something in it begins, ends or is used by the second.
    Seconds,
}

impl Time {
    /// The part of the key; -1 where it has none.
    const fn key(self, now_ms: i64) -> i64 {
        match self {
            Self::No => -1,
            Self::Steps => now_ms / 10_000,
            Self::Seconds => now_ms / 1_000,
        }
    }
}

use Part::{Access, Alerts, Metrics, Projects, Settings, System, Trading, Work};
use Time::{No, Seconds, Steps};

/// What each read is made of.
const READS: &[(&str, &[Part], Time)] = &[
    ("/dashboard/projects", &[Projects], No),
    ("/dashboard/projects/{project}", &[Projects], Steps),
    ("/dashboard/projects/{project}/runs", &[Projects], Steps),
    ("/dashboard/metrics", &Part::ALL, Steps),
    ("/api/v1/pings", &[Projects], No),
    ("/api/v1/tasks", &[Work, Settings], Steps),
    ("/api/v1/tasks/dead-letter", &[Work, Settings], Steps),
    ("/api/v1/tasks/{id}", &[Work, Settings], Steps),
    ("/api/v1/agents", &[Work, Settings], No),
    ("/api/v1/agents/{id}", &[Work, Settings], Steps),
    ("/api/v1/jobs", &[Work], Seconds),
    ("/api/v1/jobs/{id}", &[Work], Seconds),
    ("/api/v1/commands/{id}", &[Work], Seconds),
    ("/api/v1/alerts", &[Alerts], Steps),
    (FEED, &[Alerts], Steps),
    ("/api/v1/alerts/{id}", &Part::ALL, Steps),
    ("/api/v1/alert-rules", &[Alerts], Seconds),
    ("/api/v1/alert-rules/{id}", &[Alerts], Seconds),
    ("/api/v1/silences", &[Alerts], Seconds),
    ("/api/v1/maintenance", &[Alerts], Seconds),
    ("/api/v1/channels", &[Alerts], Seconds),
    ("/api/v1/channels/{id}", &[Alerts], Seconds),
    ("/api/v1/notifications", &[Alerts], Seconds),
    ("/api/v1/settings", &[Settings], No),
    ("/api/v1/users", &[Access], Seconds),
    ("/api/v1/users/{username}", &[Access], Seconds),
    ("/api/v1/roles", &[Access], No),
    ("/api/v1/roles/{name}", &[Access], No),
    ("/api/v1/tokens", &[Access], Seconds),
    ("/api/v1/tokens/{id}", &[Access], Seconds),
    ("/api/v1/audit", &[Access], Steps),
    // What the board knows by itself is told as of now, so it is made of everything.
    ("/api/v1/metrics", &Part::ALL, Seconds),
    ("/api/v1/metrics/{name}", &[Metrics], Steps),
    ("/api/v1/metrics/{name}/range", &[Metrics], Steps),
    ("/api/v1/metrics/{name}/latest", &Part::ALL, Seconds),
    ("/api/v1/portfolio", &[Trading, Settings], Steps),
    ("/api/v1/trades", &[Trading], Steps),
    // The same for pages.
    ("/api/ui/project", &[Projects], Steps),
    ("/api/ui/rates", &Part::ALL, Steps),
    ("/api/ui/pings", &[Projects], No),
    ("/api/ui/host", &[System], Steps),
    ("/api/ui/agent", &[Work, Settings], Steps),
    ("/api/ui/task", &[Work, Settings], Steps),
    ("/api/ui/queue", &[Work], Steps),
    ("/api/ui/users", &[Access], Seconds),
    ("/api/ui/roles", &[Access], No),
    ("/api/ui/role_names", &[Access], No),
    ("/api/ui/tokens", &[Access], Seconds),
    ("/api/ui/audit", &[Access], Steps),
    ("/api/ui/alert", &Part::ALL, Steps),
    ("/api/ui/alert_history", &[Alerts], Steps),
    ("/api/ui/maintenance", &[Alerts], Seconds),
    ("/api/ui/alert_rules", &[Alerts], Seconds),
    ("/api/ui/alert_rule", &[Alerts], Seconds),
    ("/api/ui/channels", &[Alerts], Seconds),
    ("/api/ui/notifications", &[Alerts], Seconds),
    ("/api/ui/portfolio", &[Trading, Settings], Steps),
    ("/api/ui/equity", &[Trading, Settings], Steps),
    ("/api/ui/trades", &[Trading], Steps),
    ("/api/ui/metric_names", &[Projects, Work, Trading, Metrics, Alerts, System], Seconds),
    ("/api/ui/metric", &[Metrics], Steps),
];

/// The one that says where the board is found, which is where whoever asks has found it.
const FEED: &str = "/api/v1/alerts.atom";

/// Every read whose answers are kept.
pub fn kept() -> impl Iterator<Item = &'static str> {
    READS.iter().map(|(path, ..)| *path)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    /// Path and query.
    asked: Box<str>,
    may: Permissions,
    seq: Seq,
    /// The version of what it reads of history; 0 if that is nothing.
    past: u64,
    time: i64,
}

/// An answer.
#[derive(Debug, Clone)]
struct Kept {
    headers: HeaderMap,
    body: Bytes,
    /// Where what it says of its age ends; 0 if it says nothing of it.
    age: usize,
}

/// The answers.
#[derive(Clone)]
pub struct Answers {
    kept: moka::sync::Cache<Arc<Key>, Kept>,
    meter: Arc<CacheMeter>,
}

impl Answers {
    /// None yet; `meter` counts how they are used.
    pub fn new(meter: Arc<CacheMeter>) -> Self {
        let counted = meter.clone();
        let kept = moka::sync::Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|key: &Arc<Key>, kept: &Kept| {
                u32::try_from(512 + key.asked.len() + kept.body.len()).unwrap_or(u32::MAX)
            })
            .time_to_idle(IDLE)
            .eviction_listener(move |_, _, _| counted.evicted())
            .build();
        Self { kept, meter }
    }
}

/// Answers with what is kept, or keeps what is answered.
pub async fn answered(
    State(app): State<App>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let read = read(&app, &request);
    let key = match read {
        Some(read) => key(&app, &caller, read).await,
        None => None,
    };
    let Some((key, shown)) = key else { return next.run(request).await };
    let answers = &app.answers;
    if let Some(kept) = answers.kept.get(&key) {
        answers.meter.count(true);
        return kept.answer(&shown);
    }
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    answers.meter.count(false);
    let (parts, body) = response.into_parts();
    match to_bytes(body, usize::MAX).await {
        Ok(body) if body.len() <= MAX_ANSWER => {
            let age = Age::of(&body).filter(|_| is_json(&parts.headers)).map_or(0, |age| age.end);
            let kept = Kept { headers: parts.headers.clone(), body: body.clone(), age };
            answers.kept.insert(Arc::new(key), kept);
            answers.kept.run_pending_tasks();
            answers.meter.holds(answers.kept.entry_count());
            Response::from_parts(parts, Body::from(body))
        }
        Ok(body) => Response::from_parts(parts, Body::from(body)),
        Err(_) => broken(parts),
    }
}

fn broken(mut parts: Parts) -> Response {
    parts.status = StatusCode::INTERNAL_SERVER_ERROR;
    Response::from_parts(parts, Body::empty())
}

/// A read whose answer may be kept.
struct Read {
    /// Path and query, after where the board is found if the answer says so.
    asked: Box<str>,
    parts: &'static [Part],
    time: Time,
}

fn read(app: &App, request: &Request) -> Option<Read> {
    if *request.method() != Method::GET {
        return None;
    }
    let path = request.extensions().get::<MatchedPath>()?.as_str();
    let (_, parts, time) = READS.iter().find(|(known, ..)| *known == path)?;
    let asked = request.uri().path_and_query().map_or(path, |asked| asked.as_str());
    let asked = match path {
        FEED => format!("{}{asked}", app.base(request.extensions().get::<Peer>())).into(),
        _ => asked.into(),
    };
    Some(Read { asked, parts, time: *time })
}

/// Its key, and what is shown; none while history has not come as far as that.
async fn key(app: &App, caller: &Caller, read: Read) -> Option<(Key, Arc<Published>)> {
    let Read { asked, parts, time } = read;
    let shown = app.hub.published();
    let seq = shown.changed.last(parts);
    let past = match time {
        Steps if app.history.caught_up(seq).await => app.history.version(parts),
        Steps => return None,
        No | Seconds => 0,
    };
    let time = time.key(app.clock.now().ms());
    Some((Key { asked, may: caller.permissions, seq, past, time }, shown))
}

impl Kept {
    fn answer(&self, shown: &Published) -> Response {
        let body = match Age::of(&self.body).filter(|age| age.end == self.age) {
            Some(age) => {
                let mut body = age.anew(shown).into_bytes();
                body.extend_from_slice(self.body.get(age.end..).unwrap_or_default());
                body.into()
            }
            None => self.body.clone(),
        };
        let mut response = Body::from(body).into_response();
        *response.headers_mut() = self.headers.clone();
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response
    }
}

/// What an answer says of its age: `{"as_of":"…"`, and `,"cursor":{…}` if that follows.
struct Age {
    cursor: bool,
    end: usize,
}

impl Age {
    fn of(body: &[u8]) -> Option<Self> {
        let begin = br#"{"as_of":""#;
        let rest = body.strip_prefix(begin)?;
        let end = begin.len() + rest.iter().position(|byte| *byte == b'"')? + 1;
        let after = body.get(end..)?;
        if !after.starts_with(br#","cursor":{"#) {
            return Some(Self { cursor: false, end });
        }
        let cursor = after.iter().position(|byte| *byte == b'}')? + 1;
        Some(Self { cursor: true, end: end + cursor })
    }

    /// The same of what is shown.
    fn anew(&self, shown: &Published) -> String {
        let as_of = format!(r#"{{"as_of":"{}""#, shown.as_of);
        if !self.cursor {
            return as_of;
        }
        match serde_json::to_string(&shown.cursor) {
            Ok(cursor) => format!(r#"{as_of},"cursor":{cursor}"#),
            Err(_) => as_of,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, age: Option<(&str, bool)>) {
        let found = Age::of(body.as_bytes());
        let got = found.map(|age| (&body[..age.end], age.cursor));
        assert_eq!(got, age, "{body}");
    }

    #[test]
    fn the_age_is_what_an_answer_begins_with() {
        check(r#"{"as_of":"now","total":0}"#, Some((r#"{"as_of":"now""#, false)));
        let with = r#"{"as_of":"now","cursor":{"epoch":"e","seq":1}"#;
        check(&format!("{with},\"total\":0}}"), Some((with, true)));
        check(r#"[{"as_of":"now"}]"#, None);
        check(r#"{"total":0,"as_of":"now"}"#, None);
        check("", None);
    }

    #[test]
    fn no_read_is_named_twice() {
        let mut all: Vec<_> = kept().collect();
        all.sort_unstable();
        let many = all.len();
        all.dedup();
        assert_eq!(all.len(), many);
    }

    #[test]
    fn time_is_part_of_the_key_where_it_is_asked_for() {
        assert_eq!(No.key(123_456), No.key(999_999));
        assert_eq!((Steps.key(19_999), Steps.key(20_000)), (1, 2));
        assert_eq!((Seconds.key(19_999), Seconds.key(20_000)), (19, 20));
    }
}
