//! `POST /api/v1/events` over HTTP: what is taken, what is refused, and where.

use crate::harness::Server;
use serde_json::{Value, json};
use std::io::Write;

const JSON: (&str, &str) = ("content-type", "application/json");
const LINES: (&str, &str) = ("content-type", "application/x-ndjson");

async fn post(server: &Server, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> (u16, Value) {
    let answer = server.request("POST", "/api/v1/events?wait=applied", headers, body).await;
    (answer.status, answer.json())
}

fn run(project: &str, id: &str) -> Value {
    json!({"type": "validation.completed", "source": "t", "id": id,
        "data": {"project": project, "status": "passed"}})
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_body_is_taken() {
    let server = Server::start().await;
    let one = run("a", "1").to_string();
    let two = json!([run("a", "2"), run("a", "3")]).to_string();
    let lines = format!("\u{feff}{}\r\n\r\n{}\n", run("a", "4"), run("a", "5"));
    let binary = [
        ("content-type", "application/json; charset=utf-8"),
        ("ce-type", "validation.completed"),
        ("ce-source", "t%C3%A9"),
        ("ce-id", "6"),
    ];
    let data = r#"{"project":"a","status":"passed"}"#;
    let kind = |kind: &'static str| [("content-type", kind)];
    for (headers, body, accepted) in [
        (&kind("application/cloudevents+json; charset=UTF-8")[..], &*one, 1),
        (&kind("application/cloudevents-batch+json"), &*two, 2),
        (&[JSON], &json!([run("b", "1b")]).to_string(), 1),
        (&kind("APPLICATION/JSON"), &run("b", "2b").to_string(), 1),
        (&[LINES], &*lines, 2),
        (&binary, data, 1),
        (&[JSON], "[]", 0),
    ] {
        let (status, answer) = post(&server, headers, body).await;
        assert_eq!((status, &answer["accepted"]), (200, &json!(accepted)), "{headers:?} {answer}");
        assert_eq!(answer["rejected"], json!([]));
        assert!(answer["cursor"]["epoch"].is_string() && answer["cursor"]["seq"].is_u64());
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(run("c", "1c").to_string().as_bytes()).unwrap();
    let zipped = gzip.finish().unwrap();
    assert_eq!(post(&server, &[JSON, ("content-encoding", "gzip")], zipped).await.0, 200);
    let zstd = zstd::bulk::compress(run("c", "2c").to_string().as_bytes(), 1).unwrap();
    assert_eq!(post(&server, &[JSON, ("content-encoding", "zstd")], zstd).await.0, 200);
    assert_eq!(post(&server, &[JSON, ("content-encoding", "br")], "x").await.0, 415);
}

/// One event that is not valid, alone and in a batch, and the place that is at fault.
async fn at(server: &Server, event: Value, pointer: &str) {
    let (status, problem) = post(server, &[JSON], event.to_string()).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{problem}");
    assert!(problem["errors"][0]["detail"].is_string());
    let batch = json!([run("ok", &event.to_string()), event]).to_string();
    let (status, answer) = post(server, &[JSON], batch).await;
    assert_eq!(status, 200, "{answer}");
    let rejected = answer["rejected"].as_array().unwrap();
    assert_eq!(rejected.len(), 1, "{answer}");
    assert_eq!((&rejected[0]["index"], &rejected[0]["pointer"]), (&json!(1), &json!(pointer)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_where_it_is() {
    let server = Server::start().await;
    let run = |data: Value| json!({"type": "validation.completed", "data": data});
    for (event, pointer) in [
        (json!({"type": "no.such", "data": {}}), "/type"),
        (json!({"type": "clock.ticked", "data": {}}), "/type"),
        (json!({"type": "metrics.sampled", "data": {"values": []}}), "/type"),
        (json!({"type": "chart.unpinned", "data": {"id": "p", "user": "u"}}), "/type"),
        (json!({"type": 5, "data": {}}), "/type"),
        (json!({"data": {"project": "p"}}), "/type"),
        (json!({"type": "validation.completed"}), "/data"),
        (run(json!([])), "/data"),
        (run(json!({"status": "passed"})), "/data/project"),
        (run(json!({"project": "p"})), "/data/status"),
        (run(json!({"project": "p", "status": "green"})), "/data/status"),
        (run(json!({"project": "", "status": "passed"})), "/data/project"),
        (run(json!({"project": "a\u{0}b", "status": "passed"})), "/data/project"),
        (run(json!({"project": 5, "status": "passed"})), "/data/project"),
        (run(json!({"project": "p", "status": "passed", "duration_ms": -1})), "/data/duration_ms"),
        (
            run(json!({"project": "p", "status": "passed", "checks": {"total": -1}})),
            "/data/checks/total",
        ),
        (
            run(json!({"project": "p", "status": "passed", "errors": [{}, {"line": "x"}]})),
            "/data/errors/1/line",
        ),
        (json!({"type": "task.queued", "data": {"task": "t", "priority": 4}}), "/data/priority"),
        (json!({"type": "validation.completed", "time": "soon", "data": {}}), "/time"),
        (json!({"type": "validation.completed", "id": "", "data": {}}), "/id"),
        (json!({"type": "validation.completed", "specversion": "0.3", "data": {}}), "/specversion"),
        (json!("text"), ""),
    ] {
        at(&server, event, pointer).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_or_is_too_much_is_refused_whole() {
    let server = Server::start().await;
    let big = |n: usize| json!({"type": "project.registered", "data": {"project": "p", "x": "y".repeat(n)}});
    let deep = format!(
        r#"{{"type":"validation.completed","data":{}{}}}"#,
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    for (headers, body, status) in [
        (&[JSON][..], String::new(), 400),
        (&[JSON], "{".to_owned(), 400),
        (&[JSON], format!("{} x", run("a", "1")), 400),
        (&[JSON], "[1,".to_owned(), 400),
        (&[LINES], "nothing\nhere".to_owned(), 400),
        (&[JSON], big(64 << 10).to_string(), 413),
        (&[JSON], json!([big(64 << 10)]).to_string(), 422),
        (&[JSON], "x".repeat((16 << 20) + 1), 413),
        (&[("content-type", "text/plain")], "{}".to_owned(), 415),
        (&[], "{}".to_owned(), 415),
    ] {
        let head: String = body.chars().take(40).collect();
        let (got, problem) = post(&server, headers, body).await;
        assert_eq!((got, &problem["status"]), (status, &json!(status)), "{head} {problem}");
    }
    let (status, _) = post(&server, &[JSON], deep).await;
    assert!([400, 413].contains(&status), "{status}");
    let (status, answer) =
        post(&server, &[JSON], json!([run("a", "1"), big(64 << 10)]).to_string()).await;
    assert_eq!((status, &answer["rejected"][0]["index"]), (200, &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_before_changes_nothing_even_after_a_restart() {
    let server = Server::start().await;
    let batch = json!([run("a", "1"), run("a", "1"), run("a", "2")]);
    let answer = server.send(batch).await;
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(2), &json!(1)));
    let server = server.restart().await;
    let again = server.send(run("a", "2")).await;
    assert_eq!((&again["accepted"], &again["duplicates"]), (&json!(0), &json!(1)));
    let summary = server.get("/dashboard/summary").await.json();
    assert_eq!(summary["validations"]["total"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_future_is_now_and_the_past_brings_nothing_back() {
    let server = Server::start().await;
    let at = |time: &str, status: &str| json!({"type": "validation.completed", "time": time, "data": {"project": "p", "status": status}});
    server.send(at("2999-01-01T00:00:00Z", "failed")).await;
    let row = server.get("/dashboard/projects/p").await.json();
    assert!(row["last_validation_at"].as_str().unwrap() < "2900", "{row}");
    server.send(at("2001-01-01T00:00:00+01:00", "passed")).await;
    let after = server.get("/dashboard/projects/p").await.json();
    assert_eq!(after["validation_status"], "failed");
    assert_eq!(after["last_validation_at"], row["last_validation_at"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_read_or_refused() {
    let server = Server::start().await;
    let import = async |query: &str, kind: &str, body: &str| {
        let path = format!("/api/v1/import/junit?{query}");
        let answer = server.request("POST", &path, &[("content-type", kind)], body).await;
        (answer.status, answer.json())
    };
    let report = r#"<testsuites><testsuite name="s"><testcase name="a"/><testcase name="b">
        <failure type="E" message="m"/></testcase><testcase name="c"><skipped/></testcase>
        <system-out>x</system-out></testsuite></testsuites>"#;
    let (status, answer) = import("project=p&wait=applied", "application/xml", report).await;
    assert_eq!(
        (status, &answer["accepted"], &answer["status"]),
        (200, &json!(1), &json!("failed"))
    );
    assert_eq!(answer["checks"], json!({"total": 3, "passed": 1, "failed": 1, "skipped": 1}));
    let row = server.get("/dashboard/projects/p").await.json();
    assert_eq!((&row["validation_status"], &row["error_count"]), (&json!("failed"), &json!(1)));
    assert_eq!(row["errors"][0]["type"], "E");
    let laughs = r#"<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><testsuite name="&b;"/>"#;
    for (body, expected) in [
        ("", 400),
        ("<testsuite>", 400),
        ("not xml", 400),
        (laughs, 400),
        ("<testsuite/><testsuite/>", 400),
        ("<html/>", 422),
    ] {
        let (status, problem) = import("project=p", "text/xml", body).await;
        assert_eq!((status, &problem["status"]), (expected, &json!(expected)), "{body}");
    }
    assert_eq!(import("", "text/xml", report).await.1["errors"][0]["pointer"], "/project");
    assert_eq!(import("project=", "text/xml", report).await.1["errors"][0]["pointer"], "/project");
    let form = "multipart/form-data; boundary=x";
    assert_eq!(import("project=p", form, report).await.0, 415);
}
