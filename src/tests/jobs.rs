//! Jobs: many tasks tried again, carefully.

use crate::harness::Server;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const RETRY: &str = "/api/v1/tasks/retry";

fn dead(task: &str) -> Value {
    json!({"type": "task.dead_lettered", "source": "pool", "data": {"task": task, "error": "broke"}})
}

fn completed(task: &str) -> Value {
    json!({"type": "task.completed", "source": "pool", "data": {"task": task}})
}

/// A server with so many dead letters, `t000` the oldest.
async fn with_dead(count: usize) -> Server {
    let server = Server::start().await;
    let events: Vec<_> = (0..count).map(|i| dead(&format!("t{i:03}"))).collect();
    server.send(json!(events)).await;
    server
}

async fn open(server: &Server) -> Vec<Value> {
    let answer = server.get("/api/v1/commands?source=pool&wait=0").await.json();
    answer["commands"].as_array().unwrap().clone()
}

fn tasks(commands: &[Value]) -> Vec<String> {
    commands.iter().map(|command| command["task_id"].as_str().unwrap().to_owned()).collect()
}

/// Waits until the owner is told of so many commands.
async fn told(server: &Server, count: usize) -> Vec<Value> {
    let list = |value: &Value| value["commands"].as_array().map_or(0, Vec::len) == count;
    let value = server.until("/api/v1/commands?source=pool&wait=0", list).await;
    value["commands"].as_array().unwrap().clone()
}

/// The owner does as asked, and what came of each task is `outcome`.
async fn obey(server: &Server, commands: &[Value], outcome: fn(&str) -> Value) {
    for command in commands {
        let path = format!("/api/v1/commands/{}/ack", command["id"].as_str().unwrap());
        let answer = server.json("POST", &path, json!({"status": "done"})).await;
        assert_eq!(answer.status, 200);
    }
    let events: Vec<_> = tasks(commands).iter().map(|task| outcome(task)).collect();
    server.send(json!(events)).await;
}

async fn begin(server: &Server, request: Value) -> (String, Value) {
    let answer = server.json("POST", RETRY, request).await;
    let job = answer.json();
    assert_eq!(answer.status, 202, "{job}");
    (format!("/api/v1/jobs/{}", job["id"].as_str().unwrap()), job)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_would_be_and_does_nothing() {
    let server = with_dead(12).await;
    server.send(json!([{"type": "task.queued", "data": {"task": "queued"}}])).await;
    let all = server.json("POST", RETRY, json!({"filter": {}, "dry_run": true})).await;
    let preview = all.json();
    assert_eq!(
        (all.status, &preview["count"], &preview["dry_run"]),
        (200, &json!(12), &json!(true))
    );
    assert_eq!(preview["sample"].as_array().unwrap().len(), 10);
    assert_eq!(preview["sample"][0]["id"], "t000");
    let some = json!({"ids": ["t001", "queued", "nothing", "t001"], "dry_run": true});
    let preview = server.json("POST", RETRY, some).await.json();
    assert_eq!(
        (&preview["count"], &preview["skipped"]),
        (&json!(1), &json!(["queued", "nothing"]))
    );
    let none = json!({"filter": {"q": "nowhere"}, "dry_run": true});
    assert_eq!(server.json("POST", RETRY, none).await.json()["count"], 0);
    assert_eq!(server.get("/api/v1/jobs").await.json()["items"], json!([]));
    assert_eq!(open(&server).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_refused() {
    let server = with_dead(1).await;
    for (request, pointer) in [
        (json!({}), "/filter"),
        (json!({"filter": {}, "ids": ["t000"]}), "/ids"),
        (json!({"ids": []}), "/ids"),
        (json!({"ids": ["t000", ""]}), "/ids/1"),
        (json!({"filter": {}, "rate_per_s": 0}), "/rate_per_s"),
        (json!({"filter": {}, "rate_per_s": 1001}), "/rate_per_s"),
        (json!({"filter": {"status": "queued"}}), "/filter/status"),
        (json!({"filter": {"status": "lost"}}), "/filter/status"),
        (json!({"filter": {"state": "queued"}}), "/filter/state"),
        (json!({"filter": [null, null]}), "/filter"),
        (json!({"filter": {}, "canary": 1}), "/canary"),
    ] {
        let answer = server.json("POST", RETRY, request.clone()).await;
        let problem = answer.json();
        assert_eq!(answer.status, 422, "{request}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{request}: {problem}");
    }
    assert_eq!(server.post(RETRY).await.status, 415);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_task_is_asked_for_once() {
    let server = with_dead(30).await;
    let (path, job) = begin(&server, json!({"filter": {}, "rate_per_s": 1000})).await;
    assert_eq!((&job["status"], &job["total"]), (&json!("running"), &json!(30)));
    let commands = told(&server, 30).await;
    assert_eq!(tasks(&commands).into_iter().collect::<BTreeSet<_>>().len(), 30);
    assert_eq!(server.get(&path).await.json()["sent"], 30);
    // What gives up again is not tried twice.
    obey(&server, &commands[..10], dead).await;
    obey(&server, &commands[10..], completed).await;
    let done = server.until(&path, |job| job["status"] == "done").await;
    assert_eq!(
        (&done["done"], &done["completed"], &done["failed_again"]),
        (&json!(30), &json!(20), &json!(10))
    );
    assert_eq!(open(&server).await, Vec::<Value>::new());
    assert_eq!(server.get("/api/v1/jobs").await.json()["items"][0]["id"], job["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn named_tasks_are_asked_for_and_no_others() {
    let server = with_dead(5).await;
    let ids = json!({"ids": ["t003", "t001", "nothing"], "rate_per_s": 1000});
    let (path, job) = begin(&server, ids).await;
    assert_eq!(job["total"], 2);
    let commands = told(&server, 2).await;
    assert_eq!(tasks(&commands), ["t003", "t001"]);
    obey(&server, &commands, completed).await;
    let done = server.until(&path, |job| job["status"] == "done").await;
    assert_eq!(done["completed"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_about_nothing_is_done() {
    let server = Server::start().await;
    let (path, _) = begin(&server, json!({"filter": {}})).await;
    assert_eq!(server.until(&path, |job| job["status"] == "done").await["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_goes_before_the_rest() {
    let server = with_dead(10).await;
    let (path, job) =
        begin(&server, json!({"filter": {}, "rate_per_s": 1000, "canary": true})).await;
    assert_eq!(job["canary_stage"], 1);
    let first = told(&server, 1).await;
    assert_eq!(tasks(&first), ["t000"]);
    obey(&server, &first, completed).await;
    let five = told(&server, 5).await;
    assert_eq!(server.get(&path).await.json()["canary_stage"], 2);
    // Two of five fail again: not more than half.
    obey(&server, &five[..2], dead).await;
    obey(&server, &five[2..], completed).await;
    let rest = told(&server, 4).await;
    obey(&server, &rest, completed).await;
    let done = server.until(&path, |job| job["status"] == "done").await;
    assert_eq!((&done["sent"], &done["failed_again"]), (&json!(10), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_fails_stops_the_job() {
    let server = with_dead(10).await;
    let (path, _) = begin(&server, json!({"filter": {}, "rate_per_s": 1000, "canary": true})).await;
    let first = told(&server, 1).await;
    obey(&server, &first, dead).await;
    let stopped = server.until(&path, |job| job["status"] == "stopped").await;
    assert_eq!((&stopped["sent"], &stopped["failed_again"]), (&json!(1), &json!(1)));
    assert!(stopped["reason"].as_str().unwrap().contains("failed again"), "{stopped}");
    let resumed = server.post(&format!("{path}/resume")).await;
    assert_eq!(resumed.status, 409);
    assert_eq!(open(&server).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_can_be_paused_resumed_and_ended() {
    let server = with_dead(40).await;
    let (path, _) = begin(&server, json!({"filter": {}, "rate_per_s": 20})).await;
    server.until(&path, |job| job["sent"].as_u64() >= Some(2)).await;
    let paused = server.post(&format!("{path}/pause")).await;
    assert_eq!((paused.status, &paused.json()["status"]), (200, &json!("paused")));
    // What was on its way when it was paused still counts; after that, nothing is sent.
    let sent = server.get(&path).await.json()["sent"].as_u64().unwrap();
    assert!(sent < 40, "{sent}");
    let server = server.restart().await;
    server.send(json!([dead("later")])).await;
    let still = server.get(&path).await.json();
    assert_eq!(still["status"], "paused");
    let before = still["sent"].as_u64().unwrap();
    assert!(before <= sent + 1, "{before} after {sent}");
    assert_eq!(server.post(&format!("{path}/pause")).await.status, 200);
    assert_eq!(server.post(&format!("{path}/resume")).await.json()["status"], "running");
    server.until(&path, |job| job["sent"].as_u64() > Some(before)).await;
    let ended = server.post(&format!("{path}/cancel")).await.json();
    assert_eq!(ended["status"], "cancelled");
    assert_eq!(server.post(&format!("{path}/cancel")).await.status, 200, "as it is already");
    assert_eq!(server.post(&format!("{path}/resume")).await.status, 409);
    assert_eq!(server.post("/api/v1/jobs/nothing/pause").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_on_after_a_restart_and_asks_for_no_task_twice() {
    let server = with_dead(20).await;
    let (path, _) = begin(&server, json!({"filter": {}, "rate_per_s": 20})).await;
    server.until(&path, |job| job["sent"].as_u64() >= Some(3)).await;
    let server = server.restart().await;
    server.until(&path, |job| job["sent"].as_u64() >= Some(8)).await;
    let server = server.restart().await;
    let commands = told(&server, 20).await;
    assert_eq!(tasks(&commands).into_iter().collect::<BTreeSet<_>>().len(), 20);
    assert_eq!(server.get(&path).await.json()["sent"], 20);
    obey(&server, &commands, completed).await;
    assert_eq!(server.until(&path, |job| job["status"] == "done").await["completed"], 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_need_no_command_any_more_are_passed_over() {
    let server = with_dead(3).await;
    let (path, _) = begin(&server, json!({"filter": {}, "rate_per_s": 0.01})).await;
    told(&server, 1).await;
    assert_eq!(server.post(&format!("{path}/pause")).await.status, 200);
    server.send(json!([completed("t001"), completed("t002")])).await;
    assert_eq!(server.post(&format!("{path}/resume")).await.status, 200);
    obey(&server, &open(&server).await, completed).await;
    let done = server.until(&path, |job| job["status"] == "done").await;
    assert_eq!((&done["sent"], &done["skipped"]), (&json!(1), &json!(2)));
}
