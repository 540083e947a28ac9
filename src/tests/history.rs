//! Reads of the past over HTTP, by a server of their own.

use crate::harness::{Answer, Server};
use serde_json::{Value, json};

fn run(project: &str, status: &str) -> Value {
    json!({ "type": "validation.completed", "data": { "project": project, "status": status,
        "duration_ms": 100, "errors": [{ "type": "Broken", "message": "no", "count": 2 }] } })
}

async fn fed() -> Server {
    let server = Server::start().await;
    let mut events = vec![run("a", "passed"), run("a", "failed"), run("b", "passed")];
    events.extend((1..=100).map(
        |ms| json!({ "type": "request.observed", "data": { "project": "a", "duration_ms": ms } }),
    ));
    events.push(json!({ "type": "host.sampled", "data": { "host": "h",
        "cpu": { "usage_percent": 25.0, "cores": 4 }, "load": [1.0, 1.0, 1.0] } }));
    server.send(json!(events)).await;
    server
}

/// The pointers of a problem document.
#[track_caller]
fn wrong(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 422, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let pointer = |error: &Value| error["pointer"].as_str().unwrap().to_owned();
    answer.json()["errors"].as_array().unwrap().iter().map(pointer).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_over_the_window() {
    let server = fed().await;
    let all = server.get("/dashboard/metrics").await.json();
    assert_eq!((&all["window_s"], &all["validations"]["total"]), (&json!(3_600), &json!(3)));
    assert_eq!(all["validations"]["success_rate"], json!(2.0 / 3.0));
    let errors = &all["errors"]["by_type"][0];
    assert_eq!((&errors["type"], &errors["count"]), (&json!("Broken"), &json!(6)));
    let rate = errors["rate_per_hour"].as_f64().unwrap();
    assert!((5.9..=6.0).contains(&rate), "{rate}");
    let times = &all["response_time_ms"];
    assert_eq!(
        (&times["count"], &times["min"], &times["max"]),
        (&json!(100), &json!(1.0), &json!(100.0))
    );
    assert_eq!((&times["mean"], &times["relative_error"]), (&json!(50.5), &json!(0.01)));
    let p95 = times["p95"].as_f64().unwrap();
    assert!((p95 - 95.0).abs() <= 0.95, "{p95}");
    assert_eq!(all["health_trend"].as_array().unwrap().len(), 361);
    assert!(all["health_trend"][360]["score"].is_number());
    let throughput = all["throughput"]["events_per_s"].as_f64().unwrap();
    assert!((throughput * 3_600.0 - 104.0).abs() < 1.0, "{throughput}");
    let one = server.get("/dashboard/metrics?project=b&window=15m&step=1m").await.json();
    assert_eq!((&one["window_s"], &one["validations"]["total"]), (&json!(900), &json!(1)));
    assert_eq!(one["health_trend"].as_array().unwrap().len(), 16);
    let nothing = server.get("/dashboard/metrics?project=b&to=2020-01-01T00:00:00Z").await.json();
    assert_eq!(nothing["validations"]["success_rate"], Value::Null);
    assert_eq!(nothing["response_time_ms"]["p50"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_named() {
    let server = fed().await;
    let get = async |path: &str| server.get(path).await;
    assert_eq!(wrong(&get("/dashboard/metrics?window=soon&step=0s").await), ["/window", "/step"]);
    assert_eq!(wrong(&get("/dashboard/metrics?window=30d&step=10s").await), ["/step"]);
    assert_eq!(wrong(&get("/dashboard/projects/a?from=x").await), ["/from"]);
    assert_eq!(wrong(&get("/api/ui/rates?to=x").await), ["/to"]);
    assert_eq!(wrong(&get("/api/ui/host?host=h&window=1s").await), ["/window"]);
    assert_eq!(wrong(&get("/dashboard/projects/a/runs?limit=501").await), ["/limit"]);
    assert_eq!(wrong(&get("/dashboard/projects/a/runs?after=x").await), ["/after"]);
    for path in [
        "/dashboard/metrics?project=z",
        "/dashboard/projects/z",
        "/dashboard/projects/z/runs",
        "/api/ui/host?host=z",
    ] {
        assert_eq!(get(path).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_has_a_trend_and_runs_that_outlive_a_restart() {
    let server = fed().await;
    let page = server.get("/dashboard/projects/a?window=1h&step=5m").await.json();
    assert_eq!(page["range"]["step_ms"], json!(300_000));
    let trend = page["trend"].as_array().unwrap();
    assert_eq!(trend.len(), 13);
    assert_eq!((&trend[12]["success_rate"], &trend[12]["errors"]), (&json!(0.5), &json!(4)));
    assert_eq!((&trend[0]["success_rate"], &trend[0]["errors"]), (&Value::Null, &json!(0)));
    assert_eq!(trend[12]["score"], page["score"].as_f64().map_or(Value::Null, |s| json!(s)));
    let server = server.restart().await;
    let first = server.get("/dashboard/projects/a/runs?limit=1").await.json();
    assert_eq!(first["items"][0]["status"], json!("failed"));
    assert_eq!(first["items"][0]["errors"][0]["type"], json!("Broken"));
    let next = first["next"].as_str().unwrap();
    let second = server.get(&format!("/dashboard/projects/a/runs?after={next}")).await.json();
    assert_eq!((&second["items"][0]["status"], &second["next"]), (&json!("passed"), &Value::Null));
    let page = server.get("/dashboard/projects/a?window=1h&step=1h").await.json();
    assert_eq!(page["runs"].as_array().unwrap().len(), 2);
    let errors: u64 =
        page["trend"].as_array().unwrap().iter().map(|p| p["errors"].as_u64().unwrap()).sum();
    assert_eq!(errors, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_and_rates_have_series() {
    let server = fed().await;
    let host = server.get("/api/ui/host?host=h&window=15m").await.json();
    let point = host["points"].as_array().unwrap().iter().rfind(|p| !p["cpu"].is_null()).unwrap();
    assert_eq!(
        (&point["cpu"], &point["cpu_max"], &point["load1"]),
        (&json!(25.0), &json!(25.0), &json!(1.0))
    );
    assert_eq!((&point["memory"], &point["rx_bytes_per_s"]), (&Value::Null, &Value::Null));
    let rates = server.get("/api/ui/rates?window=1h").await.json();
    let sum = |name: &str| -> u64 {
        rates["points"].as_array().unwrap().iter().map(|p| p[name].as_u64().unwrap()).sum()
    };
    assert_eq!((sum("events"), sum("passed"), sum("failed"), sum("errors")), (104, 2, 1, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_has_a_series_that_outlives_a_restart() {
    let server = Server::start().await;
    let task = |kind: &str, id: u32, more: Value| {
        let mut data = json!({ "task": format!("t{id}") });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "type": kind, "data": data })
    };
    let queued = |id| task("task.queued", id, json!({ "queue": "q" }));
    server.send(json!([queued(1), queued(2), queued(3)])).await;
    let done = json!({ "duration_ms": 40, "tokens_used": 7, "cost_usd": 0.5 });
    server
        .send(json!([
            task("task.assigned", 1, json!({ "agent": "a" })),
            task("task.completed", 1, done),
            task("task.failed", 2, json!({ "error": "no" })),
        ]))
        .await;
    let server = server.restart().await;
    for path in ["/api/ui/queue?queue=q&window=1h", "/api/ui/queue?window=1h"] {
        let points = server.get(path).await.json()["points"].as_array().unwrap().clone();
        let sum = |name: &str| points.iter().map(|p| p[name].as_f64().unwrap()).sum::<f64>();
        let sums = ["completed", "failed", "tokens", "cost_usd"].map(sum);
        assert_eq!(sums, [1.0, 1.0, 7.0, 0.5], "{path}");
        assert_eq!(points.last().unwrap()["depth"], json!(1.0), "{path}");
        assert_eq!(points[0]["depth"], Value::Null, "{path}");
        let point = points.iter().find(|p| !p["run_p95_ms"].is_null()).unwrap();
        assert!(point["wait_p50_ms"].is_number(), "{point}");
    }
    let tasks = server.get("/api/v1/tasks?queue=q").await.json();
    assert_eq!((&tasks["total"], tasks["items"].as_array().unwrap().len()), (&json!(3), 3));
}
