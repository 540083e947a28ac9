//! `/ws/alerts`, over real sockets.

use crate::harness::{Server, Socket};
use bellwether::pipeline::hub::RingLimits;
use bellwether::server::config::Tuning;
use serde_json::{Value, json};

fn raised(alert: &str) -> Value {
    json!({"type": "alert.raised", "source": "nagios", "data": {"alert": alert, "title": alert}})
}

fn cleared(alert: &str) -> Value {
    json!({"type": "alert.cleared", "source": "nagios", "data": {"alert": alert}})
}

/// The next message about an alert that is as wanted.
async fn told(socket: &mut Socket, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let message = socket.next_of("alert").await;
        assert!(message["timestamp"].is_string(), "{message}");
        if wanted(&message["data"]) {
            return message["data"].clone();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_told_as_they_change() {
    let server = Server::start().await;
    let (mut one, mut other) =
        (server.socket("/ws/alerts").await, server.socket("/ws/alerts").await);
    for socket in [&mut one, &mut other] {
        let welcome = json!({"type": "welcome", "message": "Connected to alerts channel",
            "user": "anonymous"});
        assert_eq!(socket.next().await, welcome);
    }
    server.send(json!([raised("disk"), raised("net")])).await;
    let fired = told(&mut one, |it| it["title"] == "disk").await;
    assert_eq!((&fired["state"], &fired["acknowledged"]), (&json!("firing"), &json!(false)));
    let listed = server.until("/api/v1/alerts?q=disk", |all| all[0]["state"] == "firing").await;
    assert_eq!(listed[0]["id"], fired["id"], "it is as in the list");
    told(&mut other, |it| it["title"] == "net").await;

    one.say(json!({"type": "acknowledge_alert", "alert_id": fired["id"]})).await;
    let result = one.next_of("result").await;
    assert_eq!((&result["status"], &result["alert_id"]), (&json!("accepted"), &fired["id"]));
    let seen = told(&mut other, |it| it["acknowledged"] == true).await;
    assert_eq!((&seen["id"], &seen["acknowledged_by"]), (&fired["id"], &json!("anonymous")));
    one.say(json!({"type": "acknowledge_alert", "alert_id": fired["id"]})).await;
    assert_eq!(one.next_of("result").await["status"], "not_found", "it was already");
    one.say(json!({"type": "acknowledge_alert", "rule_id": "findings"})).await;
    assert_eq!(one.next_of("result").await["status"], "accepted");

    server.send(json!([cleared("disk")])).await;
    let over = told(&mut other, |it| it["state"] == "resolved").await;
    assert_eq!(over["id"], fired["id"]);
    assert!(over["resolved_at"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_says_is_answered() {
    let server = Server::start().await;
    server.send(json!([raised("a"), raised("b")])).await;
    server.until("/api/v1/alerts?state=firing", |all| all.as_array().unwrap().len() == 2).await;
    let mut socket = server.socket("/ws/alerts").await;
    socket.next_of("welcome").await;
    socket.say(json!({"type": "ping"})).await;
    assert_eq!(socket.next().await, json!({"type": "pong"}));
    for wrong in ["nonsense", "{}", r#"{"type":"dance"}"#, r#"{"type":"acknowledge_alert"}"#] {
        socket.say_text(wrong.to_owned()).await;
        assert_eq!(socket.next().await["code"], "malformed", "{wrong}");
    }
    socket.say(json!({"type": "request_snapshot"})).await;
    let head = socket.next().await;
    assert_eq!((&head["type"], &head["count"]), (&json!("resync"), &json!(2)));
    let mut titles = Vec::new();
    for _ in 0..2 {
        titles.push(socket.next_of("alert").await["data"]["title"].clone());
    }
    titles.sort_by_key(ToString::to_string);
    assert_eq!(titles, ["a", "b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_fallen_behind_is_told_all_that_is_open() {
    // No frame is kept, so that every client has always fallen behind.
    let ring = RingLimits { frames: 0, bytes: 0 };
    let server = Server::tuned(Tuning { ring, ..Tuning::default() }).await;
    let mut socket = server.socket("/ws/alerts").await;
    socket.next_of("welcome").await;
    server.send(json!([raised("a")])).await;
    let head = socket.next_of("resync").await;
    assert_eq!(head["count"], 1);
    assert_eq!(socket.next_of("alert").await["data"]["title"], "a");
    server.send(json!([cleared("a")])).await;
    loop {
        if socket.next_of("resync").await["count"] == 0 {
            break;
        }
    }
}
