//! `POST /api/v1/import/alertmanager`, as Alertmanager sends it.

use crate::harness::{Answer, Server};
use serde_json::{Value, json};

fn webhook(alerts: &Value) -> Value {
    json!({
        "version": "4", "groupKey": "{}:{alertname=\"DiskFull\"}", "truncatedAlerts": 0,
        "status": "firing", "receiver": "board", "groupLabels": {"alertname": "DiskFull"},
        "commonLabels": {"alertname": "DiskFull"}, "commonAnnotations": {},
        "externalURL": "http://am.example:9093", "alerts": alerts,
    })
}

fn alert(host: &str, status: &str) -> Value {
    json!({
        "status": status, "fingerprint": format!("fp-{host}"),
        "labels": {"alertname": "DiskFull", "severity": "page", "host": host},
        "annotations": {"summary": "Disk is full", "description": "Only 1 % is left."},
        "startsAt": "2026-01-02T03:04:05.678901234Z",
        "endsAt": if status == "firing" { "0001-01-01T00:00:00Z" } else { "2026-01-02T04:00:00Z" },
        "generatorURL": "http://prometheus/graph",
    })
}

async fn post(server: &Server, query: &str, body: &Value) -> Answer {
    server.json("POST", &format!("/api/v1/import/alertmanager{query}"), body.clone()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_raises_and_clears_alerts() {
    let server = Server::start().await;
    let both = webhook(&json!([alert("a", "firing"), alert("b", "firing")]));
    let answer = post(&server, "?wait=applied", &both).await;
    let json = answer.json();
    assert_eq!(answer.status, 200, "{json}");
    assert_eq!(
        (&json["accepted"], &json["duplicates"], &json["applied"]),
        (&json!(2), &json!(0), &json!(true))
    );
    assert_eq!(
        (&json["raised"], &json["cleared"], &json["source"]),
        (&json!(2), &json!(0), &json!("am.example:9093"))
    );
    assert!(json["cursor"]["seq"].is_u64());
    let two = |all: &Value| all.as_array().unwrap().len() == 2;
    let all = server.until("/api/v1/alerts?state=firing&source=am.example:9093", two).await;
    let one =
        all.as_array().unwrap().iter().find(|it| it["subject"] == "alert/am.example:9093/fp-a");
    let one = one.unwrap_or_else(|| panic!("{all}"));
    assert_eq!((&one["title"], &one["severity"]), (&json!("DiskFull"), &json!("critical")));
    assert!(one["tags"].as_array().unwrap().contains(&json!("host=a")), "{one}");

    let again = post(&server, "", &both).await.json();
    assert_eq!((&again["accepted"], &again["duplicates"]), (&json!(0), &json!(2)));
    let over = webhook(&json!([alert("a", "resolved"), alert("b", "firing")]));
    let over = post(&server, "?wait=applied", &over).await.json();
    assert_eq!(
        (&over["accepted"], &over["raised"], &over["cleared"]),
        (&json!(1), &json!(1), &json!(1))
    );
    let left = |all: &Value| all.as_array().unwrap().len() == 1;
    let left = server.until("/api/v1/alerts?state=firing", left).await;
    assert_eq!(left[0]["subject"], "alert/am.example:9093/fp-b");
    let empty = post(&server, "?source=mine", &webhook(&json!([]))).await.json();
    assert_eq!((&empty["accepted"], &empty["source"]), (&json!(0), &json!("mine")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_webhook_is_refused() {
    let server = Server::start().await;
    for (query, body, status, pointer) in [
        ("?wait=soon", webhook(&json!([])), 422, "/wait"),
        ("?source=%07", webhook(&json!([])), 422, "/source"),
        ("", json!({"version": "3", "alerts": []}), 422, "/version"),
        ("", json!({"version": "4"}), 422, "/alerts"),
        ("", webhook(&json!([{"status": "lost", "labels": {"a": "b"}}])), 422, "/alerts/0/status"),
    ] {
        let answer = post(&server, query, &body).await;
        let json = answer.json();
        assert_eq!(
            (answer.status, &json["errors"][0]["pointer"]),
            (status, &json!(pointer)),
            "{json}"
        );
    }
    let raw = |kind: &'static str, body: &'static str| {
        let headers = [("content-type", kind)];
        let server = &server;
        async move { server.request("POST", "/api/v1/import/alertmanager", &headers, body).await.status }
    };
    assert_eq!(raw("application/json", "{").await, 400);
    assert_eq!(raw("multipart/form-data; boundary=x", "{}").await, 415);
    let mixed = webhook(&json!([alert("a", "firing"), 7]));
    let mixed = post(&server, "", &mixed).await.json();
    assert_eq!((&mixed["accepted"], &mixed["rejected"][0]["index"]), (&json!(1), &json!(1)));
}
