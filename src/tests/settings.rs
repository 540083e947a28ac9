//! Settings that take effect while the server runs.

use crate::harness::Server;
use serde_json::json;

const PATH: &str = "/api/v1/settings";

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_read_and_changed_and_outlive_a_restart() {
    let server = Server::start().await;
    let all = server.get(PATH).await.json();
    assert_eq!(all["work.stuck_after_s"], json!(300));
    assert_eq!(all["work.agent_offline_after_s"], json!(60));
    assert_eq!(all["work.queue_check_interval_s"], json!(60));
    assert_eq!(all["work.queue_growth_checks"], json!(3));
    assert_eq!(all["work.failure_rate_critical"], json!(0.5));
    let changed = server.json("PATCH", PATH, json!({"work.stuck_after_s": 12.5})).await;
    assert_eq!((changed.status, &changed.json()["work.stuck_after_s"]), (200, &json!(12.5)));
    let nested = json!({"work": {"agent_offline_after_s": 5}});
    let changed = server.json("PATCH", PATH, nested).await.json();
    assert_eq!(changed["work.agent_offline_after_s"], json!(5));
    let server = server.restart().await;
    let all = server.get(PATH).await.json();
    assert_eq!(
        (&all["work.stuck_after_s"], &all["work.agent_offline_after_s"]),
        (&json!(12.5), &json!(5))
    );
    let back = server.json("PATCH", PATH, json!({"work.stuck_after_s": null})).await.json();
    assert_eq!(back["work.stuck_after_s"], json!(300));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_set_is_refused_and_nothing_changes() {
    let server = Server::start().await;
    let bad = json!({"work.stuck_after_s": 7, "work.failure_rate_critical": 1.5, "other": 1});
    let answer = server.json("PATCH", PATH, bad).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let errors = answer.json()["errors"].clone();
    assert_eq!(errors[0]["pointer"], "/other");
    assert_eq!(errors[1]["pointer"], "/work.failure_rate_critical");
    assert!(errors[1]["detail"].as_str().unwrap().contains("from 0 to 1"), "{errors}");
    assert_eq!(server.get(PATH).await.json()["work.stuck_after_s"], json!(300));
    for (kind, body, status) in [
        ("text/plain", "{}", 415),
        ("application/json", "{", 400),
        ("application/json", "[]", 422),
        ("application/json", "{}", 200),
    ] {
        let answer = server.request("PATCH", PATH, &[("content-type", kind)], body).await;
        assert_eq!(answer.status, status, "{kind} {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_in_effect_at_once() {
    let server = Server::start().await;
    server
        .send(json!([
            {"type": "agent.online", "data": {"agent": "a"}},
            {"type": "task.queued", "data": {"task": "t"}},
            {"type": "task.started", "data": {"task": "t", "agent": "a"}},
        ]))
        .await;
    let calm = server.get("/api/dashboard/state").await.json();
    assert_eq!(calm["health"]["status"], "ok", "{calm}");
    let sooner = json!({"work.stuck_after_s": 1, "work.agent_offline_after_s": 2});
    assert_eq!(server.json("PATCH", PATH, sooner).await.status, 200);
    let state = server
        .until("/api/dashboard/state", |state| {
            state["health"]["findings"].as_array().is_some_and(|found| found.len() == 2)
        })
        .await;
    assert_eq!(state["health"]["status"], "warning");
    assert_eq!(state["agents"][0]["fsm_state"], "offline");
    let later = json!({"work.stuck_after_s": null, "work.agent_offline_after_s": null});
    assert_eq!(server.json("PATCH", PATH, later).await.status, 200);
    let state = server.get("/api/dashboard/state").await.json();
    assert_eq!(
        (&state["health"]["status"], &state["agents"][0]["fsm_state"]),
        (&json!("ok"), &json!("working"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_at_the_start_takes_the_place_of_what_was_set() {
    let server = Server::set(&[("work.stuck_after_s", 30.0)]).await;
    assert_eq!(server.get(PATH).await.json()["work.stuck_after_s"], json!(30));
    server.json("PATCH", PATH, json!({"work.stuck_after_s": 40})).await;
    let server = server.restart().await;
    assert_eq!(server.get(PATH).await.json()["work.stuck_after_s"], json!(40));
    let server = server.restart_set(&[("work.stuck_after_s", 30.0)]).await;
    assert_eq!(server.get(PATH).await.json()["work.stuck_after_s"], json!(30));
}
