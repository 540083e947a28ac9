//! `/dashboard/summary`, `/dashboard/projects` and `/api/v1/system` over HTTP.

use crate::harness::{Answer, Server};
use serde_json::{Value, json};
use std::io::Read;

fn run(project: &str, status: &str) -> Value {
    json!({"type": "validation.completed", "data": {"project": project, "status": status}})
}

#[track_caller]
fn has(value: &Value, members: &[&str]) {
    for member in members {
        assert!(value.get(member).is_some(), "{member} in {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_summary_has_every_member() {
    let server = Server::start().await;
    let empty = server.get("/dashboard/summary").await.json();
    assert!(empty["as_of"].as_str().unwrap() > "2020", "dated before anything came: {empty}");
    assert_eq!(empty["health"]["status"], "unknown");
    assert_eq!(empty["validations"]["success_rate"], Value::Null);
    server
        .send(json!([
            {"type": "validation.completed", "data": {"project": "a", "status": "failed",
                "errors": [{"type": "E", "message": "m", "count": 3}]}},
            run("b", "passed"),
            run("b", "error"),
            run("b", "skipped"),
        ]))
        .await;
    let summary = server.get("/dashboard/summary").await.json();
    has(
        &summary,
        &["as_of", "cursor", "health", "projects", "validations", "errors", "agents", "tasks"],
    );
    has(&summary, &["alerts", "connections"]);
    has(&summary["cursor"], &["epoch", "seq"]);
    has(&summary["health"], &["status", "score", "findings"]);
    let finding = &summary["health"]["findings"][0];
    has(finding, &["rule", "severity", "subject", "message", "since"]);
    has(finding, &["points", "evidence", "resolve"]);
    has(&summary["projects"], &["total", "healthy", "warning", "critical", "unknown"]);
    has(&summary["alerts"], &["active", "acknowledged", "critical", "warning"]);
    let mut validations = summary["validations"].clone();
    validations.as_object_mut().unwrap().remove("trend");
    assert_eq!(
        validations,
        json!({"window_s": 86_400, "total": 4, "passed": 1, "failed": 1, "error": 1, "skipped": 1,
            "success_rate": 1.0 / 3.0, "failure_rate": 2.0 / 3.0})
    );
    assert_eq!(summary["errors"]["total"], 3);
    assert_eq!(summary["errors"]["by_type"][0], json!({"type": "E", "count": 3}));
    has(&summary["errors"], &["trend", "change"]);
    has(&summary["errors"]["trend"][0], &["at", "count"]);
    assert_eq!(summary["connections"], json!({"websocket": 0}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_has_every_member_and_a_page_has_more() {
    let server = Server::start().await;
    server
        .send(json!([
            {"type": "project.registered", "data": {"project": "a/b", "name": "A", "owner": "o",
                "tags": ["x"]}},
            run("a/b", "passed"),
        ]))
        .await;
    let list = server.get("/dashboard/projects").await.json();
    has(&list, &["as_of", "cursor", "total", "items", "next"]);
    let row = &list["items"][0];
    let members = [
        "project",
        "name",
        "owner",
        "tags",
        "status",
        "validation_status",
        "score",
        "score_parts",
        "last_validation_at",
        "success_rate",
        "error_count",
        "error_trend",
        "duration_ms",
        "updated_at",
        "stale",
    ];
    has(row, &members);
    has(&row["duration_ms"], &["p50", "p90", "p95", "p99"]);
    assert_eq!((&row["owner"], &row["tags"]), (&json!("o"), &json!(["x"])));
    let page = server.get("/dashboard/projects/a%2Fb").await.json();
    has(&page, &members);
    has(&page, &["runs", "errors", "trend"]);
    for member in members {
        assert_eq!(page[member], row[member], "{member}");
    }
}

async fn names(server: &Server, query: &str) -> String {
    let list = server.get(&format!("/dashboard/projects?{query}")).await.json();
    let items = list["items"].as_array().unwrap_or_else(|| panic!("{list}"));
    let names: Vec<_> = items.iter().map(|item| item["project"].as_str().unwrap()).collect();
    names.join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_and_sorted() {
    let server = Server::start().await;
    let failing = |project: &str, count: u32| {
        json!({"type": "validation.completed", "data": {"project": project, "status": "failed",
            "errors": [{"type": "E", "count": count}]}})
    };
    let tagged = json!({"type": "project.registered",
        "data": {"project": "new", "tags": ["core"], "owner": "Ann"}});
    server.send(json!([failing("one", 1), failing("two", 2), run("ok", "passed"), tagged])).await;
    for (query, expected) in [
        ("sort=name", "new ok one two"),
        ("sort=-name", "two one ok new"),
        ("sort=-errors", "two one new ok"),
        ("status=healthy", "ok"),
        ("status=unknown", "new"),
        ("tag=core", "new"),
        ("tag=cor", ""),
        ("q=ANN", "new"),
        ("q=o&sort=name", "ok one two"),
        ("sort=name&limit=2", "new ok"),
        ("status=&tag=&q=&sort=name&limit=&after=", "new ok one two"),
    ] {
        assert_eq!(names(&server, query).await, expected, "{query}");
    }
    let known: Vec<String> =
        names(&server, "sort=score").await.split(' ').map(Into::into).collect();
    assert_eq!(known.last().unwrap(), "new", "what has no score comes last");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_one_another_though_their_edge_goes() {
    let server = Server::start().await;
    let all: Vec<Value> = (0..7).map(|i| run(&format!("p{i}"), "passed")).collect();
    server.send(all.into()).await;
    for sort in ["status", "-name", "score", "-errors", "success", "-p95", "last_run"] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let query = format!("/dashboard/projects?sort={sort}&limit=3&after={after}");
            let page = server.get(&query).await.json();
            assert_eq!(page["total"], 7);
            for item in page["items"].as_array().unwrap() {
                seen.push(item["project"].as_str().unwrap().to_owned());
            }
            match page["next"].as_str() {
                Some(next) => after = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen.join(" "), names(&server, &format!("sort={sort}")).await, "{sort}");
    }
    let first = server.get("/dashboard/projects?sort=name&limit=3").await.json();
    let next = first["next"].as_str().unwrap();
    let gone = json!({"type": "project.registered", "data": {"project": "p2", "archived": true}});
    server.send(gone).await;
    let rest = names(&server, &format!("sort=name&limit=3&after={next}")).await;
    assert_eq!(rest, "p3 p4 p5", "the place is still a place");
    let other = server.get(&format!("/dashboard/projects?sort=score&after={next}")).await;
    assert_eq!(other.json()["errors"][0]["pointer"], "/after");
}

async fn get(server: &Server, path: &str, header: &str, value: &str) -> Answer {
    server.request("GET", path, &[(header, value)], "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_are_conditional_and_compressed() {
    let server = Server::start().await;
    server.send(run("a", "passed")).await;
    for path in [
        "/dashboard/summary",
        "/dashboard/projects",
        "/dashboard/projects?sort=name",
        "/dashboard/projects/a",
        "/api/v1/system",
    ] {
        let plain = server.get(path).await;
        let tag = plain.header("etag").unwrap_or_else(|| panic!("{path}")).to_owned();
        let strong = tag.trim_start_matches("W/");
        assert!(plain.header("vary").is_some_and(|v| v.contains("accept-encoding")), "{path}");
        if path != "/api/v1/system" && path != "/dashboard/summary" {
            for known in [&tag, strong, "*", &format!("\"other\", {tag}")] {
                let same = get(&server, path, "if-none-match", known).await;
                assert_eq!((same.status, same.body.len()), (304, 0), "{path} {known}");
                assert_eq!(same.header("etag"), Some(&*tag), "{path}");
            }
        }
        assert_eq!(get(&server, path, "if-none-match", "W/\"other\"").await.status, 200, "{path}");
        let zipped = server.raw(path, "gzip").await;
        assert_eq!(zipped.header("content-encoding"), Some("gzip"), "{path}");
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&*zipped.body).read_to_end(&mut text).unwrap();
        assert!(serde_json::from_slice::<Value>(&text).is_ok(), "{path}");
        let brotli = server.raw(path, "gzip, br").await;
        assert_eq!(brotli.header("content-encoding"), Some("br"), "{path}");
        let mut text = Vec::new();
        brotli::BrotliDecompress(&mut &*brotli.body, &mut text).unwrap();
        assert!(serde_json::from_slice::<Value>(&text).is_ok(), "{path}");
    }
    let tag = server.get("/dashboard/projects").await.header("etag").unwrap().to_owned();
    server.send(run("a", "failed")).await;
    assert_eq!(get(&server, "/dashboard/projects", "if-none-match", &tag).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_system_page_has_every_member() {
    let server = Server::start().await;
    let sample = json!({"type": "host.sampled", "data": {"host": "h",
        "cpu": {"usage_percent": 5.0, "cores": 4}}});
    server.send(sample).await;
    let system = server.get("/api/v1/system").await.json();
    has(&system, &["cpu", "memory", "disk", "process", "hosts", "internals"]);
    has(&system["process"], &["pid", "memory_mb", "threads", "uptime_seconds"]);
    has(&system["internals"], &["ingest", "journal", "hub", "cache"]);
    assert_eq!(system["hosts"][0]["cpu"], json!({"usage_percent": 5.0, "cores": 4}));
    // What a host does not say is not known.
    let sample =
        json!({"type": "host.sampled", "data": {"host": "h", "cpu": {"usage_percent": 6}}});
    server.send(sample).await;
    let system = server.get("/api/v1/system").await.json();
    assert_eq!(system["hosts"][0]["cpu"], json!({"usage_percent": 6.0, "cores": null}));
    assert_eq!(system["process"]["pid"], std::process::id());
}
