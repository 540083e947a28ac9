//! Agents and tasks over REST.

use crate::harness::Server;
use serde_json::{Value, json};

fn event(kind: &str, data: Value) -> Value {
    json!({"type": kind, "source": "pool", "data": data})
}

/// Three agents, and a task in every state.
async fn filled() -> Server {
    let server = Server::start().await;
    server.send(json!([
        event("agent.online", json!({"agent": "a1", "name": "First", "capabilities": ["build"]})),
        event("agent.online", json!({"agent": "a2"})),
        event("agent.offline", json!({"agent": "a3"})),
        event("task.queued", json!({
            "task": "queued", "description": "Wait", "queue": "build", "priority": 1,
            "submitted_by": "me",
        })),
        event("task.queued", json!({"task": "urgent", "priority": 0})),
        event("task.assigned", json!({"task": "assigned", "agent": "a2"})),
        event("task.started", json!({"task": "working", "agent": "a1"})),
        event("task.completed", json!({
            "task": "done", "agent": "a1", "duration_ms": 1500, "tokens_used": 9, "result": {"ok": 1},
        })),
        event("task.failed", json!({"task": "failed", "error": "code 7", "will_retry": false})),
        event("task.failed", json!({"task": "dead", "error": "code 8", "attempt": 3})),
        event("task.dead_lettered", json!({"task": "dead", "error": "code 8", "retry_count": 2})),
        event("task.cancelled", json!({"task": "cancelled", "reason": "not wanted"})),
    ]))
    .await;
    server
}

fn ids(list: &Value, member: &str) -> Vec<String> {
    let items = list["items"].as_array().unwrap_or_else(|| panic!("{list}"));
    items.iter().map(|item| item[member].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_listed_and_found() {
    let server = filled().await;
    let list = server.get("/api/v1/agents").await.json();
    assert_eq!(ids(&list, "agent_id"), ["a1", "a2", "a3"]);
    assert_eq!((&list["total"], &list["next"]), (&json!(3), &Value::Null));
    assert_eq!(list["items"][0]["fsm_state"], "working");
    assert_eq!(list["items"][0]["current_task_id"], "working");
    for (query, expect) in [
        ("state=offline", vec!["a3"]),
        ("q=FIRST", vec!["a1"]),
        ("q=a&state=assigned", vec!["a2"]),
        ("q=nobody", vec![]),
    ] {
        let list = server.get(&format!("/api/v1/agents?{query}")).await.json();
        assert_eq!(ids(&list, "agent_id"), expect, "{query}");
    }
    let first = server.get("/api/v1/agents?limit=2").await.json();
    assert_eq!((ids(&first, "agent_id").len(), &first["total"]), (2, &json!(3)));
    let next = first["next"].as_str().unwrap();
    let rest = server.get(&format!("/api/v1/agents?limit=2&after={next}")).await.json();
    assert_eq!((ids(&rest, "agent_id"), &rest["next"]), (vec!["a3".to_owned()], &Value::Null));

    let one = server.get("/api/v1/agents/a1").await.json();
    assert_eq!((&one["name"], &one["capabilities"]), (&json!("First"), &json!(["build"])));
    assert!(one["as_of"].is_string() && one["cursor"]["epoch"].is_string());
    let unknown = server.get("/api/v1/agents/nobody").await;
    assert_eq!(
        (unknown.status, unknown.header("content-type")),
        (404, Some("application/problem+json"))
    );
    let bad = server.get("/api/v1/agents?state=asleep&limit=0&after=zz").await;
    let pointers: Vec<_> =
        bad.json()["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(
        (bad.status, pointers),
        (422, vec![json!("/state"), json!("/limit"), json!("/after")])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_listed_and_found() {
    let server = filled().await;
    let list = server.get("/api/v1/tasks").await.json();
    assert_eq!((ids(&list, "id").len(), &list["total"]), (8, &json!(8)));
    for (query, mut expect) in [
        ("status=queued", vec!["queued", "urgent"]),
        ("status=dead_letter", vec!["dead"]),
        ("status=completed", vec!["done"]),
        ("status=cancelled", vec!["cancelled"]),
        ("queue=build", vec!["queued"]),
        ("agent=a1", vec!["working", "done"]),
        ("q=CODE", vec!["failed", "dead"]),
        ("q=wait", vec!["queued"]),
        ("status=queued&q=nothing", vec![]),
    ] {
        let list = server.get(&format!("/api/v1/tasks?{query}")).await.json();
        let mut got = ids(&list, "id");
        got.sort();
        expect.sort_unstable();
        assert_eq!(got, expect, "{query}");
        assert_eq!(list["total"], json!(expect.len()), "{query}");
    }
    assert_eq!(ids(&server.get("/api/v1/tasks/dead-letter").await.json(), "id"), ["dead"]);
    assert_eq!(ids(&server.get("/api/v1/tasks/dead-letter?q=none").await.json(), "id").len(), 0);

    let mut seen = Vec::new();
    let mut path = "/api/v1/tasks?limit=3".to_owned();
    loop {
        let page = server.get(&path).await.json();
        seen.extend(ids(&page, "id"));
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/tasks?limit=3&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ids(&list, "id"), "pages make up the list");

    let bad = server.get("/api/v1/tasks?status=lost&limit=x&after=1").await;
    assert_eq!((bad.status, bad.json()["errors"].as_array().unwrap().len()), (422, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_has_its_history() {
    let server = filled().await;
    let task = server.get("/api/v1/tasks/dead").await.json();
    assert_eq!((&task["status"], &task["last_error"]), (&json!("dead_letter"), &json!("code 8")));
    assert_eq!((&task["retry_count"], &task["source"]), (&json!(2), &json!("pool")));
    let steps = task["history"].as_array().unwrap();
    let kinds: Vec<_> = steps.iter().map(|step| step["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["task.failed", "task.dead_lettered"]);
    let done = server.get("/api/v1/tasks/done").await.json();
    assert_eq!((&done["status"], &done["result"]), (&json!("completed"), &json!({"ok": 1})));
    let unknown = server.get("/api/v1/tasks/nothing").await;
    assert_eq!((unknown.status, &unknown.json()["status"]), (404, &json!(404)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_state_has_all_of_it() {
    let server = filled().await;
    let answer = server.get("/api/dashboard/state").await;
    let state = answer.json();
    assert!(
        state["uptime_ms"].is_u64() && state["timestamp"].as_i64().unwrap() > 1_600_000_000_000
    );
    assert_eq!(
        state["queue"],
        json!({
            "by_status": {"queued": 2, "assigned": 1, "working": 1, "completed": 1, "failed": 1},
            "by_priority": {"0": 1, "1": 1, "2": 0, "3": 0},
            "dead_letter": 1,
        })
    );
    let agents: Vec<_> =
        state["agents"].as_array().unwrap().iter().map(|a| &a["fsm_state"]).collect();
    assert_eq!(agents, ["working", "assigned", "offline"]);
    assert!(
        state["agents"][0]["connected_at"].is_i64()
            && state["agents"][0]["last_state_change"].is_i64()
    );
    assert_eq!(state["queued_tasks"][0]["id"], "urgent");
    let queued = &state["queued_tasks"][1];
    assert_eq!((&queued["description"], &queued["priority"]), (&json!("Wait"), &json!(1)));
    assert_eq!((&queued["submitted_by"], queued["created_at"].is_i64()), (&json!("me"), true));
    let dead = &state["dead_letter_tasks"][0];
    assert_eq!(
        (&dead["id"], &dead["last_error"], &dead["retry_count"]),
        (&json!("dead"), &json!("code 8"), &json!(2))
    );
    let done = &state["recent_completions"][0];
    assert_eq!((&done["task_id"], &done["agent_id"]), (&json!("done"), &json!("a1")));
    assert_eq!((&done["duration_ms"], &done["tokens_used"]), (&json!(1500.0), &json!(9)));
    let hour = &state["throughput"];
    assert_eq!((&hour["completed_last_hour"], &hour["failed_last_hour"]), (&json!(1), &json!(2)));
    assert_eq!(
        (&hour["avg_completion_ms"], &hour["total_tokens_hour"]),
        (&json!(1500.0), &json!(9))
    );
    let hourly = state["hourly"].as_array().unwrap();
    assert_eq!(
        (hourly.len(), &hourly[23]["completed"], &hourly[23]["tokens"]),
        (24, &json!(1), &json!(9))
    );
    assert_eq!(hourly[23]["hour"].as_i64().unwrap() % 3_600_000, 0);
    assert_eq!(state["health"]["status"], "critical", "two of three tasks failed");
    let conditions = state["health"]["conditions"].as_array().unwrap();
    assert_eq!(conditions.len(), state["health"]["findings"].as_array().unwrap().len());
    assert_eq!(state["active_alerts"].as_array().unwrap().len(), conditions.len());
    assert_eq!(state["active_alerts"][0]["rule_id"], "work.failure_rate");

    let tag = answer.header("etag").unwrap();
    let again = server.request("GET", "/api/dashboard/state", &[("if-none-match", tag)], "").await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    for encoding in ["br", "gzip"] {
        let packed = server.raw("/api/dashboard/state", encoding).await;
        assert_eq!(packed.header("content-encoding"), Some(encoding));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_dashboard_is_empty() {
    let server = Server::start().await;
    let state = server.get("/api/dashboard/state").await.json();
    assert_eq!(state["health"], json!({"status": "unknown", "conditions": [], "findings": []}));
    for list in
        ["agents", "queued_tasks", "dead_letter_tasks", "recent_completions", "active_alerts"]
    {
        assert_eq!(state[list], json!([]), "{list}");
    }
    assert_eq!(state["throughput"]["avg_completion_ms"], Value::Null);
    assert_eq!(server.get("/api/v1/tasks").await.json()["items"], json!([]));
    assert_eq!(server.get("/api/v1/agents").await.json()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_comes_in_its_order() {
    let server = Server::start().await;
    let queued = |task: &str, priority: u8, time: &str| {
        json!({
            "type": "task.queued", "time": format!("2026-01-01T00:00:0{time}Z"),
            "data": {"task": task, "priority": priority},
        })
    };
    let events = [
        queued("late", 1, "3"),
        queued("early", 1, "1"),
        queued("idle", 3, "0"),
        queued("now", 0, "9"),
    ];
    server.send(json!(events)).await;
    let state = server.get("/api/dashboard/state").await.json();
    let order: Vec<_> =
        state["queued_tasks"].as_array().unwrap().iter().map(|t| &t["id"]).collect();
    assert_eq!(order, ["now", "early", "late", "idle"]);
}
