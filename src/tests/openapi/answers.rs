//! Answers of a board on which something has happened are what the document says.

use super::{operations, schema};
use crate::harness::Server;
use bellwether::server::openapi;
use serde_json::{Map, Value, json};

/// Operations that are not asked here, and why.
const NOT_ASKED: &[(&str, &str)] = &[
    ("openapi", "it is the document itself"),
    ("commands", "who asks is handed the command, which is then no more"),
];

async fn filled() -> Server {
    let server = Server::start().await;
    server.send(json!([
        { "type": "project.registered", "source": "ci", "data": { "project": "payments-api", "name": "Payments", "owner": "team-pay", "tags": ["core"] } },
        { "type": "validation.completed", "source": "ci", "data": {
            "project": "payments-api", "status": "failed", "duration_ms": 8400,
            "checks": { "total": 120, "passed": 119, "failed": 1, "skipped": 0 },
            "errors": [{ "type": "AssertionError", "message": "expected 3, got 2", "file": "test_fees.py", "line": 41 }] } },
        { "type": "request.observed", "source": "ci", "data": { "project": "payments-api", "duration_ms": 12.5 } },
        { "type": "agent.online", "source": "queue", "data": { "agent": "builder-1", "name": "Builder 1", "capabilities": ["rust"] } },
        { "type": "task.queued", "source": "queue", "data": { "task": "t-1", "description": "Send the invoices", "queue": "mail", "priority": 1 } },
        { "type": "task.assigned", "source": "queue", "data": { "task": "t-1", "agent": "builder-1" } },
        { "type": "task.completed", "source": "queue", "data": { "task": "t-1", "agent": "builder-1", "duration_ms": 4200, "tokens_used": 1800, "cost_usd": 0.02, "result": { "sent": 12 } } },
        { "type": "task.queued", "source": "queue", "data": { "task": "t-2", "queue": "mail" } },
        { "type": "task.dead_lettered", "source": "queue", "data": { "task": "t-2", "error": "mail server refused", "retry_count": 3 } },
        { "type": "task.queued", "source": "queue", "data": { "task": "t-3", "queue": "mail" } },
        { "type": "cash.moved", "source": "desk", "data": { "amount": 10000 } },
        { "type": "trade.executed", "source": "desk", "data": { "symbol": "ACME", "side": "buy", "quantity": "10", "price": "12.50", "fees": 0.1, "strategy": "trend" } },
        { "type": "trade.executed", "source": "desk", "data": { "symbol": "ACME", "side": "sell", "quantity": 4, "price": 13 } },
        { "type": "price.updated", "source": "desk", "data": { "symbol": "ACME", "price": 12.75 } },
        { "type": "metric.observed", "source": "probe", "data": { "name": "queue_depth", "value": 17, "labels": { "queue": "mail" } } },
        { "type": "host.sampled", "source": "probe", "data": { "host": "db-1", "cpu": { "usage_percent": 12, "cores": 8 }, "memory": { "total_mb": 16000, "used_mb": 8000, "percent": 50 }, "load": [0.5, 0.4, 0.3] } },
        { "type": "alert.raised", "source": "nagios", "data": { "alert": "disk-db-1", "title": "Disk full", "severity": "critical", "source": "db-1" } },
    ]))
    .await;
    let made = [
        ("/api/v1/tasks/retry", json!({ "ids": ["t-2"] })),
        (
            "/api/v1/alert-rules",
            json!({ "id": "mail-waits", "name": "Mail waits", "severity": "warning", "on": { "metric": "queue_depth", "op": ">", "threshold": 100 } }),
        ),
        (
            "/api/v1/silences",
            json!({ "match": { "source": "nas" }, "for_s": 3600, "comment": "moving it" }),
        ),
        (
            "/api/v1/maintenance",
            json!({ "id": "backups", "name": "Backups", "match": { "source": "nas" }, "schedule": { "days": ["sat"], "at": "22:00", "duration_s": 7200 } }),
        ),
        (
            "/api/v1/channels",
            json!({ "id": "on-call", "name": "On call", "kind": "webhook", "url": "https://example.com/hook", "enabled": false }),
        ),
        ("/api/v1/me/pins", json!({ "title": "Mail", "metric": "queue_depth", "window": "6h" })),
    ];
    for (path, body) in made {
        let answer = server.json("POST", path, body).await;
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.json());
    }
    server.until("/api/v1/alerts?state=firing", |alerts| alerts[0]["id"].is_string()).await;
    server
}

/// The path with the names of what there is.
async fn real(server: &Server, path: &str) -> String {
    let first = |list: &'static str, member: &'static str| async move {
        let told = server.get(list).await.json();
        let items = if told.is_array() { &told } else { &told["items"] };
        items[0][member].as_str().unwrap_or("nobody").to_owned()
    };
    let id = match path {
        "/dashboard/projects/{project}" | "/dashboard/projects/{project}/runs" => {
            "payments-api".to_owned()
        }
        "/api/v1/tasks/{id}" => "t-1".to_owned(),
        "/api/v1/agents/{id}" => "builder-1".to_owned(),
        "/api/v1/jobs/{id}" => first("/api/v1/jobs", "id").await,
        "/api/v1/alerts/{id}" => first("/api/v1/alerts?state=firing", "id").await,
        "/api/v1/alert-rules/{id}" => "mail-waits".to_owned(),
        "/api/v1/channels/{id}" => first("/api/v1/channels", "id").await,
        "/api/v1/tokens/{id}" => first("/api/v1/tokens", "id").await,
        "/api/v1/users/{username}" => "root".to_owned(),
        "/api/v1/roles/{name}" => "viewer".to_owned(),
        "/api/v1/commands/{id}" => {
            let command = server.post("/api/v1/tasks/t-3/retry").await.json();
            command["id"].as_str().unwrap_or("nobody").to_owned()
        }
        "/badge/{file}" => "payments-api.json".to_owned(),
        _ if path.starts_with("/api/v1/metrics/{") => "queue_depth".to_owned(),
        _ => return path.to_owned(),
    };
    let begin = path.find('{').unwrap();
    let end = path.find('}').unwrap();
    format!("{}{id}{}", &path[..begin], &path[end + 1..])
}

/// One of a list is example enough; a few of its numbers or words.
fn short(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.truncate(if items.first().is_some_and(Value::is_object) { 1 } else { 3 });
            items.iter_mut().for_each(short);
        }
        Value::Object(members) => members.values_mut().for_each(short),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_what_the_document_says() {
    let server = filled().await;
    let document = openapi::document();
    let mut examples = Map::new();
    let mut wrong = Vec::new();
    let told = server.get("/api/openapi.json").await;
    assert_eq!(&told.json(), document);
    let again = server
        .request("GET", "/api/openapi.json", &[("if-none-match", told.header("etag").unwrap())], "")
        .await;
    assert_eq!(again.status, 304);
    for (method, path, told) in operations(document) {
        let id = told["operationId"].as_str().unwrap();
        let answer = &told["responses"]["200"]["content"]["application/json"];
        let not_asked =
            NOT_ASKED.iter().any(|(other, _)| *other == id) || path.starts_with("/api/ui/");
        if method != "GET" || answer.is_null() || not_asked {
            continue;
        }
        let asked = real(&server, &path).await;
        let got = server.get(&asked).await;
        if asked.contains("nobody") {
            assert_eq!(got.status, 404, "{asked}");
            continue;
        }
        // An open board has neither users nor sessions to tell of.
        if path.starts_with("/api/v1/me/sessions") || path.starts_with("/api/v1/users/") {
            let problem = &document["components"]["schemas"]["Problem"];
            assert!(
                schema::faults(document, problem, &got.json(), "").is_empty() || got.status == 200
            );
            continue;
        }
        assert_eq!(got.status, 200, "{asked}: {}", String::from_utf8_lossy(&got.body));
        let mut said = got.json();
        for fault in schema::faults(document, &answer["schema"], &said, "") {
            wrong.push(format!("{asked} {fault}"));
        }
        short(&mut said);
        examples.insert(id.to_owned(), said);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(examples.len() > 30, "{}", examples.len());
    // `BELLWETHER_EXAMPLES=write` takes what was just answered as the document's examples.
    if std::env::var("BELLWETHER_EXAMPLES").is_ok_and(|what| what == "write") {
        let place = concat!(env!("CARGO_MANIFEST_DIR"), "/src/server/openapi/examples.json");
        std::fs::write(place, serde_json::to_string_pretty(&examples).unwrap() + "\n").unwrap();
    }
}
