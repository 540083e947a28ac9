//! `/ws/agent` and `/ws/dashboard`, over real sockets.

use crate::harness::{Server, Socket};
use bellwether::pipeline::hub::RingLimits;
use bellwether::server::config::Tuning;
use bellwether::server::socket::Patience;
use serde_json::{Value, json};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(200);

fn dead(task: &str) -> Value {
    json!({"type": "task.dead_lettered", "source": "pool", "data": {"task": task, "error": "broke"}})
}

async fn patient(patience: Patience) -> Server {
    Server::tuned(Tuning { patience, ..Tuning::default() }).await
}

async fn state_of(server: &Server, agent: &str, state: &str) -> Value {
    let path = format!("/api/v1/agents/{agent}");
    server.until(&path, |agent| agent["fsm_state"] == state).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_says_what_it_does_and_is_answered() {
    let server = Server::start().await;
    let mut socket = server.socket("/ws/agent").await;
    socket.say(json!({"type": "task.queued", "data": {"task": "t"}})).await;
    assert_eq!(socket.next().await["code"], "no_hello");
    socket.say(json!({"type": "hello", "agent": "a"})).await;
    assert_eq!(socket.next().await["code"], "malformed");
    let hello = json!({
        "type": "hello", "source": "pool", "agent": "a", "name": "Ann", "capabilities": ["build"],
    });
    socket.say(hello).await;
    let welcome = socket.next().await;
    assert_eq!(
        (&welcome["type"], &welcome["source"], &welcome["agent"]),
        (&json!("welcome"), &json!("pool"), &json!("a"))
    );
    let agent = state_of(&server, "a", "idle").await;
    assert_eq!((&agent["name"], &agent["source"]), (&json!("Ann"), &json!("pool")));

    socket.say(json!({"type": "task.queued", "id": "e1", "data": {"task": "t"}})).await;
    let accepted = socket.next().await;
    assert_eq!((&accepted["type"], &accepted["id"]), (&json!("accepted"), &json!("e1")));
    assert_eq!((&accepted["accepted"], &accepted["duplicates"]), (&json!(1), &json!(0)));
    assert!(accepted["cursor"]["seq"].is_u64());
    socket.say(json!({"type": "task.queued", "id": "e1", "data": {"task": "t"}})).await;
    assert_eq!(socket.next().await["duplicates"], 1, "an event may be sent again");
    socket
        .say(json!([
            {"type": "task.started", "data": {"task": "t", "agent": "a"}},
            {"type": "task.progress", "data": {"task": "t", "percent": 101}},
        ]))
        .await;
    let batch = socket.next().await;
    assert_eq!((&batch["accepted"], &batch["rejected"][0]["index"]), (&json!(1), &json!(1)));
    assert_eq!(batch["rejected"][0]["pointer"], "/data/percent");
    let task = server.until("/api/v1/tasks/t", |task| task["status"] == "working").await;
    assert_eq!((&task["source"], &task["agent"]), (&json!("pool"), &json!("a")));

    for (said, pointer) in [
        (json!({"type": "task.queued", "id": "e9", "data": {}}).to_string(), "/data/task"),
        (json!({"type": "task.lost", "data": {}}).to_string(), "/type"),
        (json!({"type": "command.requested", "data": {}}).to_string(), "/type"),
        ("nonsense".to_owned(), ""),
    ] {
        socket.say_text(said.clone()).await;
        let rejected = socket.next().await;
        assert_eq!(
            (&rejected["type"], &rejected["pointer"]),
            (&json!("rejected"), &json!(pointer)),
            "{said}"
        );
        assert!(rejected["detail"].is_string());
    }
    socket.say(json!({"type": "ping"})).await;
    assert_eq!(socket.next().await, json!({"type": "pong"}));
    socket.say(json!({"type": "ack", "id": "nothing", "status": "done"})).await;
    let error = socket.next().await;
    assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!("not_found")));
    socket.say(json!({"type": "hello", "source": "another"})).await;
    assert_eq!(socket.next().await["code"], "conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_say_who_it_is_is_sent_away() {
    let server = patient(Patience { hello: SHORT, ..Patience::default() }).await;
    let mut socket = server.socket("/ws/agent").await;
    assert_eq!(socket.closed().await, Some(1008));
    let mut named = server.socket("/ws/agent?source=pool").await;
    assert_eq!(named.next().await["source"], "pool");
    let upgrade = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let answer = server.request("GET", "/ws/agent?agent=a", &upgrade, "").await;
    assert_eq!((answer.status, &answer.json()["errors"][0]["pointer"]), (422, &json!("/source")));
    assert_eq!(server.get("/ws/agent?source=pool").await.status, 400);
    assert_eq!(server.get("/ws/dashboard").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_ends_it() {
    let server = Server::start().await;
    let mut large = server.socket("/ws/agent?source=s").await;
    large.say_text(" ".repeat((64 << 10) + 1)).await;
    assert_eq!(large.closed().await, Some(1009));
    for path in ["/ws/agent?source=s", "/ws/dashboard"] {
        let mut flood = server.socket(path).await;
        for _ in 0..5_000 {
            flood.say_text(r#"{"type":"ping"}"#.to_owned()).await;
        }
        assert_eq!(flood.closed().await, Some(1008), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_socket_makes_an_agent_offline_after_a_while() {
    let server = patient(Patience { grace: SHORT, ..Patience::default() }).await;
    let mut socket = server.socket("/ws/agent?source=pool&agent=a").await;
    socket.next_of("welcome").await;
    state_of(&server, "a", "idle").await;
    drop(socket);
    let agent = state_of(&server, "a", "offline").await;
    assert_eq!(agent["silent"], false);
    // It comes back.
    let mut socket = server.socket("/ws/agent?source=pool&agent=a").await;
    socket.next_of("welcome").await;
    state_of(&server, "a", "idle").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_comes_back_in_time_was_never_gone() {
    let grace = Duration::from_secs(2);
    let server = patient(Patience { grace, ..Patience::default() }).await;
    let mut live = server.live("topics=events").await;
    live.next_of("snapshot").await;
    let mut socket = server.socket("/ws/agent?source=pool&agent=back").await;
    socket.next_of("welcome").await;
    let mut other = server.socket("/ws/agent?source=pool&agent=gone").await;
    other.next_of("welcome").await;
    server
        .send(
            json!([{"type": "agent.state_changed", "data": {"agent": "back", "state": "working"}}]),
        )
        .await;
    drop(socket);
    let mut socket = server.socket("/ws/agent?source=pool&agent=back").await;
    socket.next_of("welcome").await;
    drop(other);
    // By the time the one is called offline, the other would have been.
    state_of(&server, "gone", "offline").await;
    let back = server.get("/api/v1/agents/back").await.json();
    assert_eq!(back["fsm_state"], "working", "and it is still at it");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_socket_speaks_for_its_agent_unless_that_said_when_it_would() {
    let server = Server::set(&[("work.agent_offline_after_s", 4.0)]).await;
    let mut quiet = server.socket("/ws/agent?source=pool&agent=quiet").await;
    quiet.next_of("welcome").await;
    let mut bound = server.socket("/ws/agent?source=pool").await;
    bound.next_of("welcome").await;
    bound.say(json!({"type": "hello", "agent": "bound", "interval_s": 2})).await;
    bound.next_of("welcome").await;
    server.send(json!([{"type": "agent.online", "data": {"agent": "posts"}}])).await;
    state_of(&server, "quiet", "idle").await;
    // Both fall silent in the same time, but for the socket.
    for silent in ["bound", "posts"] {
        assert_eq!(state_of(&server, silent, "offline").await["silent"], true, "{silent}");
    }
    let agent = server.get("/api/v1/agents/quiet").await.json();
    assert_eq!(agent["fsm_state"], "idle");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_calls_nobody_offline() {
    let server = patient(Patience { grace: SHORT, ..Patience::default() }).await;
    let mut socket = server.socket("/ws/agent?source=pool&agent=a").await;
    socket.next_of("welcome").await;
    state_of(&server, "a", "idle").await;
    let server = server.restart().await;
    assert_eq!(server.get("/api/v1/agents/a").await.json()["fsm_state"], "idle");
    drop(socket);
}

/// The next event of this type, from any batch.
async fn told(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let batch = socket.next_of("events").await;
        let events = batch["data"].as_array().unwrap();
        assert!(!events.is_empty());
        if let Some(event) = events.iter().find(|event| event["type"] == kind) {
            return event.clone();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_gets_everything_and_then_what_happens() {
    let server = Server::start().await;
    server.send(json!([dead("t"), {"type": "agent.online", "data": {"agent": "a"}}])).await;
    let mut socket = server.socket("/ws/dashboard").await;
    let snapshot = socket.next().await;
    assert_eq!(snapshot["type"], "snapshot");
    let mut rest = server.get("/api/dashboard/state").await.json();
    let mut data = snapshot["data"].clone();
    for volatile in ["uptime_ms", "timestamp"] {
        rest[volatile] = Value::Null;
        data[volatile] = Value::Null;
    }
    assert_eq!(data, rest, "the snapshot is what REST answers");
    assert_eq!(snapshot["alerts"], rest["active_alerts"]);

    server.send(json!([{"type": "task.started", "data": {"task": "u", "agent": "a"}}])).await;
    let batch = socket.next_of("events").await["data"].clone();
    let kinds: Vec<_> =
        batch.as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["task_event", "status_changed"]);
    let task = &batch[0];
    assert_eq!(
        (&task["task_id"], &task["event"], &task["agent_id"]),
        (&json!("u"), &json!("started"), &json!("a"))
    );
    assert!(task["timestamp"].as_i64().unwrap() > 1_600_000_000_000);
    assert_eq!((&batch[1]["agent_id"], &batch[1]["new_status"]), (&json!("a"), &json!("working")));

    server.send(json!([{"type": "agent.online", "data": {"agent": "b", "name": "Bea"}}])).await;
    let joined = told(&mut socket, "agent_joined").await;
    assert_eq!((&joined["agent_id"], &joined["name"]), (&json!("b"), &json!("Bea")));
    server.send(json!([{"type": "agent.offline", "data": {"agent": "b"}}])).await;
    let batch = socket.next_of("events").await["data"].clone();
    let kinds: Vec<_> =
        batch.as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["agent_left"]);
    let fired = told(&mut socket, "alert_fired").await;
    assert_eq!(fired["rule_id"], "work.agent_offline");
    server.send(json!([{"type": "agent.heartbeat", "data": {"agent": "b"}}])).await;
    let cleared = told(&mut socket, "alert_cleared").await;
    assert_eq!(cleared["id"], fired["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_can_ask_for_things() {
    let server = Server::start().await;
    server.send(json!([dead("t"), dead("u")])).await;
    let mut socket = server.socket("/ws/dashboard").await;
    socket.next_of("snapshot").await;
    for (said, kind, member, status) in [
        (json!({"type": "retry_task", "task_id": "t"}), "retry_result", "task_id", "requeued"),
        (json!({"type": "retry_task", "task_id": "x"}), "retry_result", "task_id", "not_found"),
        (json!({"type": "cancel_task", "task_id": "u"}), "cancel_result", "task_id", "cancelled"),
        (json!({"type": "cancel_task", "task_id": "x"}), "cancel_result", "task_id", "not_found"),
        (
            json!({"type": "acknowledge_alert", "rule_id": "r"}),
            "alert_ack_result",
            "rule_id",
            "not_found",
        ),
    ] {
        socket.say(said.clone()).await;
        let result = socket.next_of(kind).await;
        assert_eq!((&result[member], &result["status"]), (&said[member], &json!(status)), "{said}");
    }
    let open = server.get("/api/v1/commands?source=pool&wait=0").await.json();
    assert_eq!(open["commands"].as_array().unwrap().len(), 2, "they are real commands");
    socket.say(json!({"type": "request_snapshot"})).await;
    assert_eq!(socket.next_of("snapshot").await["data"]["queue"]["dead_letter"], 2);
    for text in ["", "[]", r#"{"type":"dance"}"#, r#"{"type":"retry_task"}"#] {
        socket.say_text(text.to_owned()).await;
        assert_eq!(socket.next_of("error").await["code"], "malformed", "{text}");
    }
    socket.say(json!({"type": "ping"})).await;
    assert_eq!(socket.next_of("pong").await, json!({"type": "pong"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_is_told_of_throughput_though_nothing_happens() {
    let server = patient(Patience { metrics: SHORT, ..Patience::default() }).await;
    let mut socket = server.socket("/ws/dashboard").await;
    socket.next_of("snapshot").await;
    for _ in 0..2 {
        let metrics = told(&mut socket, "metrics_snapshot").await;
        assert_eq!(metrics["throughput"]["completed_last_hour"], 0);
        assert_eq!(metrics["queue"]["by_status"]["queued"], 0);
        assert!(metrics["timestamp"].is_i64());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_misses_nothing_in_a_storm() {
    let server = Server::start().await;
    let mut socket = server.socket("/ws/dashboard").await;
    socket.next_of("snapshot").await;
    for i in 0..40 {
        let event =
            |j: usize| json!({"type": "task.queued", "data": {"task": format!("t{i}-{j}")}});
        let events: Vec<_> = (0..25).map(event).collect();
        let json = [("content-type", "application/json")];
        let body = json!(events).to_string();
        server.request("POST", "/api/v1/events", &json, body).await;
    }
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 1_000 {
        for event in socket.next_of("events").await["data"].as_array().unwrap() {
            if event["type"] == "task_event" {
                assert!(seen.insert(event["task_id"].to_string()), "told once");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_that_has_fallen_behind_gets_everything_again() {
    let ring = RingLimits { frames: 0, bytes: 1 << 20 };
    let server = Server::tuned(Tuning { ring, ..Tuning::default() }).await;
    let mut socket = server.socket("/ws/dashboard").await;
    assert_eq!(socket.next_of("snapshot").await["data"]["queue"]["dead_letter"], 0);
    server.send(json!([dead("t")])).await;
    while socket.next_of("snapshot").await["data"]["queue"]["dead_letter"] != 1 {}
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_on_the_live_feed_are_real() {
    let server = Server::start().await;
    server.send(json!([dead("t"), {"type": "task.queued", "data": {"task": "q"}}])).await;
    let mut socket = server.live("").await;
    socket.next_of("welcome").await;
    for (said, status) in [
        (json!({"type": "retry_task", "task_id": "t", "id": "1"}), "accepted"),
        (json!({"type": "retry_task", "task_id": "t", "id": "2"}), "accepted"),
        (json!({"type": "cancel_task", "task_id": "t", "id": "3"}), "refused"),
        (json!({"type": "retry_task", "task_id": "q", "id": "4"}), "refused"),
        (json!({"type": "retry_task", "task_id": "x", "id": "5"}), "not_found"),
        (json!({"type": "acknowledge_alert", "rule_id": "r", "id": "6"}), "not_found"),
    ] {
        socket.say(said.clone()).await;
        let result = socket.next_of("result").await;
        assert_eq!((&result["id"], &result["status"]), (&said["id"], &json!(status)), "{said}");
        assert_eq!(result["command_id"].is_string(), status == "accepted");
    }
}
