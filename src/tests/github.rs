//! `POST /api/v1/hooks/github`, with payloads that GitHub really sent.

use crate::harness::{Answer, Server};
use aws_lc_rs::hmac;
use bellwether::domain::access::Secret;
use serde_json::{Value, json};

const KEY: &str = "It's a Secret to Everybody";
const CHECK: &[u8] = include_bytes!("fixtures/github/check_run.json");

fn signed(key: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let tag = hmac::sign(&key, body);
    let hex = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("sha256={hex}")
}

async fn hook(server: &Server, kind: &str, delivery: &str, body: &[u8]) -> Value {
    let answer = post(server, kind, delivery, &signed(KEY, body), body).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

async fn post(server: &Server, kind: &str, delivery: &str, signature: &str, body: &[u8]) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("x-github-event", kind),
        ("x-github-delivery", delivery),
        ("x-hub-signature-256", signature),
    ];
    server.request("POST", "/api/v1/hooks/github", &headers, body).await
}

#[test]
fn a_signature_is_what_github_says_it_is() {
    // The example of GitHub's documentation ("Validating webhook deliveries").
    let expect = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    assert_eq!(signed(KEY, b"Hello, World!"), expect);
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_of_a_repository_are_runs_of_a_project() {
    let server =
        Server::changed(|settings| settings.github_secret = Some(Secret(KEY.to_owned()))).await;
    let taken = hook(&server, "check_run", "d-1", CHECK).await;
    assert_eq!((&taken["accepted"], &taken["status"]), (&json!(1), &json!("failed")));
    assert_eq!(taken["project"], "Codertocat/Hello-World");
    let page = server.get("/dashboard/projects/Codertocat%2FHello-World").await.json();
    let run = &page["runs"][0];
    assert_eq!(
        (&run["status"], &run["at"]),
        (&json!("failed"), &json!("2019-05-15T15:21:12.000Z"))
    );
    assert_eq!(run["errors"][0]["type"], "Octocoders-linter");
    // Delivered again, be it under another number, which is not signed; and told of in another way.
    for delivery in ["d-1", "d-9"] {
        let again = hook(&server, "check_run", delivery, CHECK).await;
        assert_eq!((&again["accepted"], &again["duplicates"]), (&json!(0), &json!(1)));
    }
    let suite = include_bytes!("fixtures/github/check_suite.json");
    let suite = hook(&server, "check_suite", "d-2", suite).await;
    assert_eq!(suite["accepted"], 0, "{suite}");
    assert!(suite["ignored"].is_string() && suite["cursor"]["seq"].is_u64());
    let ping = hook(&server, "ping", "d-3", include_bytes!("fixtures/github/ping.json")).await;
    assert_eq!(ping["accepted"], 0);
    let status = include_bytes!("fixtures/github/status.json");
    assert_eq!(hook(&server, "status", "d-4", status).await["status"], "passed");

    let other = post(&server, "check_run", "d-5", &signed("another", CHECK), CHECK).await;
    assert_eq!(other.status, 401);
    assert!(other.header("www-authenticate").is_some());
    assert_eq!(post(&server, "check_run", "d-5", "", CHECK).await.status, 401);
    let torn = post(&server, "check_run", "d-5", &signed(KEY, b"{"), b"{").await;
    assert_eq!(torn.status, 400);
    let empty = post(&server, "check_run", "d-5", &signed(KEY, b"{}"), b"{}").await;
    assert_eq!((empty.status, &empty.json()["errors"][0]["pointer"]), (422, &json!("/action")));

    let without = Server::start().await;
    let refused = post(&without, "ping", "d", &signed(KEY, b"{}"), b"{}").await;
    assert_eq!(refused.status, 403);
    assert!(refused.json()["detail"].as_str().unwrap().contains("--github-secret-file"));
}
