use super::*;
use crate::pipeline::clock::Clock;
use crate::pipeline::journal::{self, Committed, Options};
use axum::http::{Method, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::mpsc::{Receiver, sync_channel};
use tower::ServiceExt;

const PING: &str = r#"{"type":"request.observed","data":{"project":"p","duration_ms":1}}"#;

/// A journal of its own, with the way in before it.
struct Intake {
    state: IngestState,
    committed: Option<Receiver<Committed>>,
    shown: Option<watch::Sender<Seq>>,
    _dir: tempfile::TempDir,
}

impl Intake {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { dir: dir.path().to_owned(), max_bytes: None };
        let (sender, committed) = sync_channel(1000);
        let started = journal::start(options, Clock::default(), sender).unwrap();
        let (shown, applied) = watch::channel(0);
        let meters = Arc::new(Meters::default());
        let state = IngestState {
            appender: started.appender,
            judged: applied.clone(),
            applied,
            meters,
            standing: Arc::new(|_| true),
        };
        Self { state, committed: Some(committed), shown: Some(shown), _dir: dir }
    }

    /// Lets a fold stand in that shows what is committed at once.
    fn folding(mut self) -> Self {
        let (committed, shown) = (self.committed.take().unwrap(), self.shown.take().unwrap());
        std::thread::spawn(move || {
            for batch in committed {
                let last = batch.envelopes.last().unwrap().stamp.seq;
                shown.send_replace(last);
            }
        });
        self
    }

    async fn send(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
        let mut request = Request::builder().method(Method::POST).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(axum::body::Body::from(body.into())).unwrap();
        let router = axum::Router::new()
            .route("/api/v1/events", post(events))
            .route("/api/v1/import/junit", post(import_junit))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .layer(axum::Extension(Caller::nobody(None)))
            .with_state(self.state.clone());
        let response = router.oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap() }
    }

    async fn json(&self, body: impl Into<Vec<u8>>) -> Answer {
        self.send("/api/v1/events", &[("content-type", "application/json")], body).await
    }

    fn counts(&self) -> [u64; 4] {
        let m = &self.state.meters;
        [&m.accepted, &m.duplicates, &m.rejected, &m.turned_away].map(|n| n.load(Ordering::Relaxed))
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    /// Checks the status, and that errors are problem documents.
    #[track_caller]
    fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        let kind = if status == 200 { "application/json" } else { "application/problem+json" };
        assert_eq!(self.headers[header::CONTENT_TYPE], kind);
        if status != 200 {
            assert_eq!(self.body["status"], status);
            assert!(self.body["type"].is_string() && self.body["title"].is_string());
        }
        self
    }
}

#[tokio::test]
async fn accepts_counts_and_knows_what_it_has_seen() {
    let intake = Intake::new();
    let event = r#"{"type":"request.observed","id":"1","source":"s","data":{"project":"p","duration_ms":1}}"#;
    let answer = intake.json(format!("[{event},{event},{PING}]")).await;
    answer.is(200);
    assert_eq!(answer.body["accepted"], 2);
    assert_eq!(answer.body["duplicates"], 1);
    assert_eq!(answer.body["rejected"], json!([]));
    let cursor = answer.body["cursor"].clone();
    assert!(
        cursor["epoch"].as_str().is_some_and(|e| !e.is_empty()) && cursor["seq"].as_u64() > Some(0)
    );

    let again = intake.json(event).await;
    again.is(200);
    assert_eq!((&again.body["accepted"], &again.body["duplicates"]), (&json!(0), &json!(1)));
    assert_eq!(again.body["cursor"], cursor);
    assert_eq!(intake.counts(), [2, 2, 0, 0]);
    assert!(intake.state.meters.events_per_s() > 0.0);
}

#[tokio::test]
async fn answers_as_the_contract_has_it() {
    let intake = Intake::new();
    let bad = r#"{"type":"validation.completed","data":{"project":"p","status":"great"}}"#;
    let mixed = intake.json(format!("[{PING},{bad}]")).await;
    mixed.is(200);
    let redact = |answer: Answer| {
        let mut body = answer.body;
        if let Some(cursor) = body.get_mut("cursor") {
            *cursor = json!("[cursor]");
        }
        body
    };
    insta::assert_json_snapshot!("some_rejected", redact(mixed));
    let none = intake.json(bad).await;
    none.is(422);
    insta::assert_json_snapshot!("one_rejected", redact(none));
    let none = intake.json(format!("[{bad},{{}}]")).await;
    none.is(422);
    insta::assert_json_snapshot!("all_rejected", redact(none));
    let empty = intake.json("[]").await;
    empty.is(200);
    assert_eq!(intake.counts(), [1, 0, 4, 0]);
}

#[tokio::test]
async fn refuses_whole_bodies_as_problems() {
    let intake = Intake::new();
    let path = "/api/v1/events";
    intake.json("hello").await.is(400);
    intake.send(path, &[("content-type", "text/plain")], PING).await.is(415);
    let json = ("content-type", "application/json");
    intake.send(path, &[json, ("content-encoding", "br")], PING).await.is(415);
    intake.send(path, &[json, ("content-encoding", "gzip")], PING).await.is(400);
    intake.send(path, &[json, ("content-encoding", "zstd")], PING).await.is(400);
    intake.send("/api/v1/events?wait=forever", &[json], PING).await.is(422);
    intake.send("/api/v1/events?wait=a&wait=b", &[json], PING).await.is(400);
    let large = format!(r#"{{"type":"x","data":"{}"}}"#, "x".repeat(70_000));
    intake.json(large).await.is(413);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn compressed_bodies_are_read_within_bounds() {
    let intake = Intake::new();
    let ndjson = |encoding: &'static str| {
        [("content-type", "application/x-ndjson"), ("content-encoding", encoding)]
    };
    let path = "/api/v1/events";
    let lines = format!("{PING}\n").repeat(1000);
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let answer = intake.send(path, &ndjson("gzip"), gzip(lines.as_bytes())).await;
    assert_eq!(answer.is(200).body["accepted"], 1000);
    let two_members = [gzip(PING.as_bytes()), gzip(b"\n"), gzip(PING.as_bytes())].concat();
    let answer = intake.send(path, &ndjson("GZIP"), two_members).await;
    assert_eq!(answer.is(200).body["accepted"], 2);
    let answer = intake.send(path, &ndjson("zstd"), zstd(lines.as_bytes())).await;
    assert_eq!(answer.is(200).body["accepted"], 1000);
    intake.send(path, &ndjson("identity"), PING).await.is(200);

    let blank = vec![b'\n'; body::MAX_BODY];
    intake.send(path, &ndjson("gzip"), gzip(&blank)).await.is(200);
    let bomb = vec![b'\n'; body::MAX_BODY + 1];
    intake.send(path, &ndjson("gzip"), gzip(&bomb)).await.is(413);
    intake.send(path, &ndjson("zstd"), zstd(&bomb)).await.is(413);
    intake.send(path, &ndjson("identity"), bomb).await.is(413);
}

#[tokio::test]
async fn junk_is_not_answered_by_more_junk() {
    let intake = Intake::new();
    let kind = [("content-type", "application/x-ndjson")];
    let answer = intake.send("/api/v1/events", &kind, "1\n".repeat(50_000)).await;
    answer.is(422);
    assert_eq!(answer.body["rejected_total"], 50_000);
    assert_eq!(answer.body["rejected"].as_array().unwrap().len(), 10_000);
}

#[tokio::test]
async fn waits_until_the_state_shows_them() {
    let intake = Intake::new();
    let path = "/api/v1/events?wait=applied";
    let kind = [("content-type", "application/json")];
    let (committed, shown) = (intake.committed.as_ref().unwrap(), intake.shown.as_ref().unwrap());
    let waiting = intake.send(path, &kind, PING);
    tokio::pin!(waiting);
    let seq = loop {
        tokio::select! {
            answer = &mut waiting => panic!("answered before it was shown: {}", answer.body),
            () = tokio::task::yield_now() => {}
        }
        if let Ok(batch) = committed.try_recv() {
            break batch.envelopes[0].stamp.seq;
        }
    };
    let early = tokio::time::timeout(Duration::from_millis(50), &mut waiting).await;
    assert!(early.is_err(), "answered before it was shown");
    shown.send_replace(seq);
    let answer = waiting.await;
    assert_eq!(answer.is(200).body["applied"], true);
    assert_eq!(answer.body["cursor"]["seq"], seq);
}

#[tokio::test]
async fn a_report_becomes_one_run() {
    let intake = Intake::new().folding();
    let report: &[u8] = include_bytes!("../../tests/fixtures/junit/nextest.xml");
    let path = "/api/v1/import/junit?project=ledger&commit=abc&branch=main&wait=applied";
    let first = intake.send(path, &[("content-type", "application/xml")], report).await;
    first.is(200);
    assert_eq!((&first.body["accepted"], &first.body["status"]), (&json!(1), &json!("failed")));
    assert_eq!(first.body["checks"]["total"], 6);
    let again = intake.send(path, &[("content-encoding", "gzip")], gzip(report)).await;
    assert_eq!(again.is(200).body["duplicates"], 1);
    assert_eq!(intake.counts(), [1, 1, 0, 0]);
}

#[tokio::test]
async fn reports_that_cannot_be_are_refused() {
    let intake = Intake::new();
    let path = "/api/v1/import/junit";
    let missing = intake.send(path, &[], "<testsuite/>").await;
    assert_eq!(missing.is(422).body["errors"][0]["pointer"], "/project");
    intake.send("/api/v1/import/junit?project=", &[], "<testsuite/>").await.is(422);
    let path = "/api/v1/import/junit?project=p";
    intake.send(path, &[], "<testsuite>").await.is(400);
    intake.send(path, &[], "").await.is(400);
    intake.send(path, &[], "<html/>").await.is(422);
    intake.send(path, &[("content-type", "multipart/form-data; boundary=x")], "--x").await.is(415);
    let long = format!("{path}&branch={}", "x".repeat(1025));
    intake.send(&long, &[], "<testsuite/>").await.is(422);
}

#[test]
fn no_room_and_no_disk_say_when_to_come_back() {
    #[track_caller]
    fn check(error: AppendError, status: u16) {
        let response = turned_away(error).into_response();
        assert_eq!(response.status().as_u16(), status);
        assert!(response.headers().contains_key(header::RETRY_AFTER));
    }
    check(AppendError::Full { retry_after_s: 1 }, 429);
    check(AppendError::Unwritable { detail: "disk full".to_owned(), retry_after_s: 1 }, 503);
    check(AppendError::Closed, 503);
}

#[tokio::test]
async fn what_is_turned_away_is_counted() {
    let intake = Intake::new();
    intake.state.appender.close();
    intake.json(format!("[{PING},{PING}]")).await.is(503);
    assert_eq!(intake.counts(), [0, 0, 0, 2]);
}
