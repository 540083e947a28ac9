//! From an event to a receiver: each alert is told once when it fires and once when it is over,
//! also if the server ends in between.

use super::{Receiver, SECRET};
use crate::process::{Served, agent, ask, until};
use serde_json::{Value, json};

fn put(served: &Served, path: &str, body: Value) {
    let url = format!("{}{path}", served.url);
    let answer = ask(&agent(), &url, Some(("application/json", body.to_string()))).unwrap();
    assert!(answer.status < 300, "{path}: {}", String::from_utf8_lossy(&answer.body));
}

fn say(served: &Served, kind: &str, alert: &str) {
    let data = json!({ "alert": alert, "title": format!("{alert} is on fire"),
        "severity": "critical" });
    put(
        served,
        "/api/v1/events?wait=applied",
        json!({ "type": kind, "source": "s", "data": data }),
    );
}

/// What was told: type, and title and reason of each alert.
fn told(receiver: &Receiver) -> Vec<(String, Vec<(String, String)>)> {
    let came = receiver.came();
    let taken = came.iter().filter(|one| one["answered"] == "200");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let each = taken.map(|one| {
        assert_eq!(one["verified"], true, "{one}");
        let body: Value = serde_json::from_str(one["body"].as_str().unwrap()).unwrap();
        let alerts = body["data"]["alerts"].as_array().unwrap().iter();
        let alerts = alerts.map(|alert| (text(&alert["title"]), text(&alert["why"])));
        (text(&body["type"]), alerts.collect())
    });
    each.collect()
}

fn one(kind: &str, title: &str, why: &str) -> (String, Vec<(String, String)>) {
    (kind.to_owned(), vec![(title.to_owned(), why.to_owned())])
}

#[test]
fn an_alert_is_told_once_when_it_fires_and_once_when_it_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::webhook("200");
    let start = || Served::start(dir.path(), &["--notify-allow-private"]);
    let served = start();
    let spec = json!({ "name": "ops", "kind": "webhook", "url": receiver.url(), "secret": SECRET,
        "match": { "severity": "critical" } });
    put(&served, "/api/v1/channels", spec);
    say(&served, "alert.raised", "db");
    until("it is told that it fires", || !told(&receiver).is_empty());
    let fires = one("alert.fired", "db is on fire", "fired");
    assert_eq!(told(&receiver), std::slice::from_ref(&fires));
    // Once that is noted, neither a crash nor saying it again has it told again.
    let settled = |served: &Served| {
        until("nothing waits", || served.get("/api/v1/notifications").json()["items"] == json!([]));
    };
    settled(&served);
    served.kill();
    let served = start();
    say(&served, "alert.raised", "db");
    say(&served, "alert.raised", "web");
    until("the other is told", || told(&receiver).len() == 2);
    served.signal("-TERM");
    let served = start();
    say(&served, "alert.cleared", "db");
    until("its end is told", || told(&receiver).len() == 3);
    settled(&served);
    let expect = [
        fires,
        one("alert.fired", "web is on fire", "fired"),
        one("alert.resolved", "db is on fire", "resolved"),
    ];
    assert_eq!(told(&receiver), expect);
}
