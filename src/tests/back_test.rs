//! Back-tests over REST: a rule is tested on what a rule just like it saw.

use crate::harness::{Answer, Server};
use serde_json::{Value, json};
use std::time::Duration;

async fn test(server: &Server, body: Value) -> Answer {
    server.json("POST", "/api/v1/alert-rules/test", body).await
}

fn ms(at: &Value) -> i64 {
    let at: bellwether::wire::Timestamp = at.as_str().unwrap().parse().unwrap();
    at.ms()
}

/// When it fired and was over, oldest first.
fn spans<'a>(all: impl Iterator<Item = &'a Value>, from: &str, to: &str) -> Vec<(i64, i64)> {
    let mut spans: Vec<_> = all.map(|it| (ms(&it[from]), ms(&it[to]))).collect();
    spans.sort_unstable();
    spans
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_finds_what_the_rule_itself_found() {
    let server = Server::start().await;
    let rule = json!({"name": "Deep", "severity": "critical", "on": {"metric": "depth",
        "labels": {"queue": "q"}, "aggregation": "max", "window_s": 1, "op": ">", "threshold": 10}});
    assert_eq!(server.json("POST", "/api/v1/alert-rules", rule.clone()).await.status, 201);
    let depth = |value: f64| {
        json!([{"type": "metric.observed",
            "data": {"name": "depth", "value": value, "labels": {"queue": "q", "host": "h"}}}])
    };
    let fired = |all: &Value, state: &str, n: usize| {
        let all = all.as_array().unwrap();
        all.iter().filter(|it| it["state"] == state).count() == n
    };
    let path = "/api/v1/alerts?rule=deep";
    for round in 1..=2 {
        server.send(depth(20.0)).await;
        server.until(path, |all| fired(all, "firing", 1)).await;
        // The window must hold something once the peak has left it.
        let over = async {
            loop {
                server.send(depth(1.0)).await;
                if fired(&server.get(path).await.json(), "resolved", round) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(crate::harness::PATIENCE, over).await.unwrap();
    }
    let live = server.get(path).await.json();
    let answer = test(&server, json!({"rule": rule, "days": 1})).await;
    let tested = answer.json();
    assert_eq!(answer.status, 200, "{tested}");
    let stretches = tested["fired"].as_array().unwrap();
    let (live, found) = (
        spans(live.as_array().unwrap().iter(), "fired_at", "resolved_at"),
        spans(stretches.iter(), "from", "to"),
    );
    assert_eq!((live.len(), found.len()), (2, 2), "{live:?} {found:?}");
    for ((a, b), (c, d)) in live.iter().zip(&found) {
        // What was decided live took its time to be written.
        assert!((a - c).abs() < 1_000 && (b - d).abs() < 1_000, "{live:?} {found:?}");
    }
    assert_eq!((&tested["flaps"], &tested["cut"]), (&json!(1), &json!(false)));
    assert!(stretches.iter().all(|it| it["severity"] == "critical"));
    let subject = "metric/depth{host=h,queue=q}";
    assert!(stretches.iter().all(|it| it["subject"] == subject), "{tested}");
    let measured = &tested["measured"];
    assert_eq!(
        (&measured["threshold"], &measured["name"]),
        (&json!(10.0), &json!("max of depth{host=h,queue=q}"))
    );
    assert!(measured["points"].as_array().unwrap().iter().any(|point| point[1] == 20.0));

    // The same with the rule's members beside `days`, and nothing said that need not be.
    let mut bare = json!({"days": 1, "on": rule["on"]});
    let again = test(&server, bare.clone()).await.json();
    assert_eq!(again["fired"].as_array().unwrap().len(), 2, "{again}");
    bare["on"]["threshold"] = json!(100);
    let never = test(&server, bare).await.json();
    assert_eq!((&never["fired"], &never["flaps"]), (&json!([]), &json!(0)));
    let listed = server.get("/api/v1/alert-rules").await.json();
    let names: Vec<_> =
        listed.as_array().map(|all| all.iter().map(|it| &it["id"]).collect()).unwrap_or_default();
    assert!(!names.contains(&&json!("back-test")), "a test changes nothing: {listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_tested_is_named() {
    let server = Server::start().await;
    let on = json!({"metric": "m", "op": ">", "threshold": 1});
    for (body, pointer) in [
        (json!({"rule": {"on": on}, "days": 0}), "/days"),
        (json!({"rule": {"on": on}, "days": 91}), "/days"),
        (json!({"rule": {"on": on}, "days": "week"}), "/days"),
        (json!({"rule": {"on": {}}}), "/rule/on"),
        (json!({"rule": {"on": {"metric": "m", "threshold": 1}}}), "/rule/on/op"),
        (json!({"rule": {"on": on, "for_s": -1}}), "/rule/for_s"),
        (json!({"rule": {}}), "/rule/on"),
        (json!({"rule": [], "days": 1}), "/rule"),
        (json!({"rule": {"on": on}, "more": 1}), "/more"),
        (json!({"on": on, "for_s": -1}), "/for_s"),
        (json!({"on": on, "what": 1}), "/what"),
    ] {
        let answer = test(&server, body.clone()).await;
        let json = answer.json();
        assert_eq!(
            (answer.status, &json["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{body} {json}"
        );
    }
    let empty = test(&server, json!({"rule": {"on": on}})).await.json();
    assert_eq!((&empty["fired"], &empty["measured"]), (&json!([]), &Value::Null));
    assert!(ms(&empty["from"]) <= ms(&empty["to"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_take_turns() {
    let server = Server::start().await;
    server.send(json!([{"type": "alert.raised", "data": {"alert": "a"}}])).await;
    let body = json!({"rule": {"on": {"finding": {"rule": "alert.external"}}}});
    let all = (0..4).map(|_| test(&server, body.clone()));
    for answer in futures::future::join_all(all).await {
        assert_eq!(
            (answer.status, answer.json()["fired"].as_array().map(Vec::len)),
            (200, Some(1))
        );
    }
}
