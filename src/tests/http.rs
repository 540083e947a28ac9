//! What every answer has in common: problems, methods, headers, and what connections may cost.

use crate::harness::{PATIENCE, Server};
use bellwether::server::config::Tuning;
use bellwether::server::listen::Edge;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// One request that is not answered by what was asked for, and the status it is answered with.
async fn refused(server: &Server, method: &str, path: &str, status: u16) {
    let html = [("accept", "text/html")];
    for headers in [&html[..], &[]] {
        let answer = server.request(method, path, headers, "").await;
        let said = format!("{method} {path}: {answer:?}");
        assert_eq!(answer.status, status, "{said}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{said}");
        assert!(answer.header("content-security-policy").is_some(), "{said}");
        assert!(answer.header("date").is_some(), "{said}");
        if status == 405 {
            assert!(answer.header("allow").is_some(), "{said}");
        }
        if method == "HEAD" {
            continue;
        }
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{said}");
        let problem = answer.json();
        assert_eq!(problem["status"], status, "{said}");
        if [400, 422].contains(&status) {
            let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("{said}"));
            assert!(errors.iter().all(|it| it["pointer"].is_string()), "{said}");
            assert!(!errors.is_empty(), "{said}");
        }
        for member in ["type", "title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_refused_is_a_problem_and_never_a_redirect() {
    let server = Server::start().await;
    for (method, path, status) in [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/dashboard/projects/nobody", 404),
        ("GET", "/dashboard/projects/", 404),
        ("GET", "/dashboard/projects/%ff", 400),
        ("GET", "/dashboard/projects/p?window=1h&window=2h", 400),
        ("GET", "/dashboard/projects?status=fine", 422),
        ("GET", "/dashboard/projects?status=a&status=b", 400),
        ("GET", "/dashboard/projects?status[a]=b", 400),
        ("GET", "/dashboard/projects?after=what", 422),
        ("GET", "/dashboard/live", 400),
        ("DELETE", "/api/v1/events", 405),
        ("GET", "/api/v1/import/junit", 405),
        ("POST", "/api/v1/events", 415),
        ("POST", "/api/v1/events?wait=bogus", 422),
        ("POST", "/api/v1/events?wait=applied&wait=applied", 400),
        ("POST", "/api/v1/import/junit", 422),
        ("POST", "/dashboard/summary", 405),
        ("POST", "/dashboard/projects/p", 405),
        ("POST", "/dashboard/live", 405),
        ("PUT", "/metrics", 405),
        ("POST", "/healthz", 405),
        ("GET", "/api/ui/nothing", 404),
        ("POST", "/api/ui/nothing", 404),
        ("GET", "/api/ui/create_user", 405),
        ("GET", "/api/ui/import_trades", 405),
        ("POST", "/api/ui/me", 405),
    ] {
        refused(&server, method, path, status).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_cannot_be_read_is_at_fault_as_a_whole() {
    let server = Server::start().await;
    let (json, gzip) = (("content-type", "application/json"), ("content-encoding", "gzip"));
    for (path, headers, body) in [
        ("/api/v1/events", &[json][..], "{\"type\":"),
        ("/api/v1/events", &[json, gzip], "not gzip"),
        ("/api/v1/alert-rules", &[json], "{"),
        ("/api/v1/pings", &[json], "nothing"),
        ("/api/v1/tokens", &[json], ""),
        ("/api/v1/import/sarif?project=p", &[json], "{"),
        ("/api/v1/import/junit?project=p", &[("content-type", "text/xml")], "<testsuite"),
    ] {
        let answer = server.request("POST", path, headers, body).await;
        let told = answer.json();
        assert_eq!(answer.status, 400, "{path} {told}");
        let errors = told["errors"].as_array().unwrap_or_else(|| panic!("{path} {told}"));
        assert_eq!((errors.len(), &errors[0]["pointer"]), (1, &"".into()), "{path} {told}");
        if path == "/api/v1/alert-rules" {
            assert!(errors[0]["detail"].as_str().unwrap().contains("line 1 column 1"), "{told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_get_without_the_body() {
    let server = Server::start().await;
    let paths = [
        "/dashboard/summary",
        "/dashboard/projects",
        "/dashboard/projects?limit=1",
        "/api/v1/system",
        "/healthz",
        "/readyz",
        "/metrics",
    ];
    for path in paths {
        let answer = server.request("HEAD", path, &[], "").await;
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{path}");
        let get = server.get(path).await;
        assert_eq!(answer.header("content-type"), get.header("content-type"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_and_other_names_are_kept_out() {
    let server = Server::start().await;
    let foreign = [("origin", "http://evil.example")];
    let answer = server.request("POST", "/api/v1/events", &foreign, "").await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let answer = server.request("GET", "/healthz", &[("host", "evil.example")], "").await;
    assert_eq!(answer.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_readiness_and_figures() {
    let server = Server::start().await;
    assert_eq!(server.get("/healthz").await.json()["status"], "ok");
    let ready = server.get("/readyz").await.json();
    assert_eq!((&ready["status"], &ready["journal"]["writable"]), (&"ready".into(), &true.into()));

    let plain = server.get("/metrics").await;
    assert_eq!(plain.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = String::from_utf8(plain.body).unwrap();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["#", "HELP", name, ..] | ["#", "TYPE", name, "counter" | "gauge"] => {
                assert!(text.contains(&format!("\n{name} ")), "{line}");
            }
            [name, value] => {
                assert!(name.starts_with("bellwether_"), "{line}");
                value.parse::<f64>().unwrap();
            }
            _ => panic!("{line}"),
        }
    }
    assert!(text.contains("# TYPE bellwether_events_accepted_total counter\n"), "{text}");

    let asked = [("accept", "application/openmetrics-text; version=1.0.0, text/plain;q=0.5")];
    let open = server.request("GET", "/metrics", &asked, "").await;
    assert!(open.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    let text = String::from_utf8(open.body).unwrap();
    assert!(
        text.ends_with("# EOF\n") && text.contains("# TYPE bellwether_events_accepted counter")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_a_request_too_slowly_is_left_and_others_are_served() {
    let edge = Edge { head_within: Duration::from_millis(200), connections: 2, ..Edge::default() };
    let server = Server::tuned(Tuning { edge, ..Tuning::default() }).await;
    let mut slow = Vec::new();
    for _ in 0..4 {
        let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localh").await.unwrap();
        slow.push(stream);
    }
    assert_eq!(server.get("/healthz").await.status, 200);
    for mut stream in slow {
        let mut heard = Vec::new();
        let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut heard)).await;
        assert!(ended.is_ok(), "the server ends it");
    }
}
