//! Alerts as the outside sees them: how they begin and end, who has seen them, what keeps them
//! quiet, and that none of it is lost.

use crate::harness::Server;
use serde_json::{Value, json};

const RULES: &str = "/api/v1/alert-rules";

fn raised(id: &str, severity: &str) -> Value {
    json!({"type": "alert.raised", "source": "nagios",
        "data": {"alert": id, "title": format!("{id} is bad"), "severity": severity}})
}

fn cleared(id: &str) -> Value {
    json!({"type": "alert.cleared", "source": "nagios", "data": {"alert": id}})
}

/// The newest alert of this query, once it is as wanted.
async fn alert(server: &Server, query: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/api/v1/alerts?{query}");
    server.until(&path, |all| wanted(&all[0])).await[0].clone()
}

fn is(state: &'static str) -> impl Fn(&Value) -> bool {
    move |alert| alert["state"] == state
}

async fn rule(server: &Server, rule: Value) -> Value {
    let made = server.json("POST", RULES, rule).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let made = made.json();
    assert!(made["id"].is_string());
    made
}

fn id(alert: &Value) -> String {
    alert["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_is_an_alert_that_somebody_can_look_after() {
    let server = Server::start().await;
    server.send(json!([raised("disk", "warning")])).await;
    let fired = alert(&server, "state=firing", is("firing")).await;
    assert_eq!((&fired["title"], &fired["severity"]), (&json!("disk is bad"), &json!("warning")));
    assert_eq!((&fired["source"], &fired["acknowledged"]), (&json!("nagios"), &json!(false)));
    let path = format!("/api/v1/alerts/{}/acknowledge", id(&fired));
    let seen = server.json("POST", &path, json!({"comment": "on it"})).await;
    assert_eq!((seen.status, &seen.json()["success"]), (200, &json!(true)));
    let seen = seen.json()["alert"].clone();
    assert_eq!(
        (&seen["acknowledged"], &seen["acknowledged_by"]),
        (&json!(true), &json!("anonymous"))
    );
    assert_eq!(seen["acknowledged_comment"], "on it");
    assert!(seen["acknowledged_at"].is_string());
    assert_eq!(server.post(&path).await.status, 404, "already acknowledged");
    assert_eq!(server.post("/api/v1/alerts/none/acknowledge").await.status, 404);
    let summary = server.get("/dashboard/summary").await.json()["alerts"].clone();
    for (member, count) in [("active", 1), ("acknowledged", 1), ("critical", 0), ("warning", 1)] {
        assert_eq!(summary[member], count, "{member}");
    }
    // Who has seen a warning has not seen that it became critical.
    server.send(json!([raised("disk", "critical")])).await;
    let worse = alert(&server, "", |alert| alert["severity"] == "critical").await;
    assert_eq!((id(&worse), &worse["acknowledged"]), (id(&fired), &json!(false)));
    server.send(json!([cleared("disk")])).await;
    let over = alert(&server, "", is("resolved")).await;
    assert_eq!(id(&over), id(&fired));
    assert!(over["resolved_at"].is_string());
    // It fires anew as another alert.
    server.send(json!([raised("disk", "critical")])).await;
    let anew = alert(&server, "state=firing", is("firing")).await;
    assert_ne!(id(&anew), id(&fired));
    assert_eq!(server.get("/api/v1/alerts").await.json().as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_system_only_says_is_shown_and_needs_nobody() {
    let server = Server::start().await;
    server.send(json!([raised("note", "info")])).await;
    let shown = alert(&server, "severity=info", is("firing")).await;
    assert_eq!((&shown["title"], &shown["rule"]), (&json!("note is bad"), &json!("findings")));
    let summary = server.get("/dashboard/summary").await.json();
    let counts = &summary["alerts"];
    assert_eq!((&counts["active"], &counts["loud"]), (&json!(1), &json!(0)), "{summary}");
    assert_eq!(summary["attention"], json!([]), "{summary}");
    // The same alert becomes worse, and better again.
    server.send(json!([raised("note", "critical")])).await;
    let worse = alert(&server, "", |alert| alert["severity"] == "critical").await;
    assert_eq!(id(&worse), id(&shown));
    server.send(json!([cleared("note")])).await;
    alert(&server, "", is("resolved")).await;
    // Whoever wants to see worse alone says so.
    let rule =
        json!({"name": "Findings", "on": {"finding": {"rule": "*", "severity": "critical"}}});
    assert_eq!(server.json("PUT", &format!("{RULES}/findings"), rule).await.status, 200);
    server.send(json!([raised("other", "info"), raised("third", "critical")])).await;
    alert(&server, "state=firing", is("firing")).await;
    let firing = server.get("/api/v1/alerts?state=firing").await.json();
    assert_eq!(firing.as_array().unwrap().len(), 1, "{firing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_of_another_system_began_when_that_says_it_did() {
    let server = Server::start().await;
    let rule = json!({"name": "Late", "for_s": 300,
        "on": {"finding": {"rule": "alert.external", "severity": "critical"}}});
    assert_eq!(server.json("POST", RULES, rule).await.status, 201);
    let mut events = json!([raised("old", "warning"), raised("held", "critical")]);
    for event in events.as_array_mut().unwrap() {
        event["time"] = json!("2026-01-02T03:04:05Z");
    }
    server.send(events).await;
    for query in ["rule=findings&state=firing", "rule=late&state=firing"] {
        let old = alert(&server, query, is("firing")).await;
        assert_eq!(old["created_at"], "2026-01-02T03:04:05.000Z", "{query}");
        assert!(
            old["fired_at"].as_str() > old["created_at"].as_str(),
            "it fired when it was known"
        );
    }
    // The past tells the same.
    server.send(json!([cleared("old")])).await;
    let over = alert(&server, "rule=findings", is("resolved")).await;
    assert_eq!(over["created_at"], "2026-01-02T03:04:05.000Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_set_and_what_they_raised_ends_with_them() {
    let server = Server::start().await;
    let all = server.get(RULES).await.json();
    let ids: Vec<_> =
        all["items"].as_array().unwrap().iter().map(|rule| rule["id"].clone()).collect();
    assert_eq!(ids, ["findings", "dead-man"]);
    for (body, pointer) in [
        (json!({"name": "", "on": {"finding": {"rule": "*"}}}), "/name"),
        (json!({"name": "n", "on": {}}), "/on"),
        (json!({"name": "n", "on": {"metric": "m", "op": ">", "threshold": "x"}}), "/on/threshold"),
        (json!({"name": "n", "severity": "bad", "on": {"finding": {"rule": "*"}}}), "/severity"),
        (json!({"id": "findings", "name": "n", "on": {"finding": {"rule": "*"}}}), ""),
    ] {
        let refused = server.json("POST", RULES, body.clone()).await;
        let expect = if pointer.is_empty() { 409 } else { 422 };
        assert_eq!(refused.status, expect, "{body}");
        if expect == 422 {
            assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{body}");
        }
    }
    let made = rule(
        &server,
        json!({"name": "Disks!", "severity": "critical", "owner": "ops",
        "runbook": "https://example.org/disk", "labels": {"team": "storage"},
        "on": {"finding": {"rule": "alert.external"}}}),
    )
    .await;
    assert_eq!((&made["id"], &made["enabled"]), (&json!("disks"), &json!(true)));
    server.send(json!([raised("disk", "warning")])).await;
    let fired = alert(&server, "state=firing", is("firing")).await;
    // The rule for all that is left leaves it to the one that is about it.
    assert_eq!(server.get("/api/v1/alerts").await.json().as_array().unwrap().len(), 1);
    assert_eq!((&fired["rule"], &fired["severity"]), (&json!("disks"), &json!("critical")));
    assert_eq!((&fired["owner"], &fired["labels"]["team"]), (&json!("ops"), &json!("storage")));
    assert_eq!(fired["runbook"], "https://example.org/disk");
    let mut changed = made.clone();
    changed["enabled"] = json!(false);
    let put = server.json("PUT", &format!("{RULES}/disks"), changed.clone()).await;
    assert_eq!((put.status, &put.json()["enabled"]), (200, &json!(false)));
    let over = alert(&server, "rule=disks", is("resolved")).await;
    assert_eq!(id(&over), id(&fired));
    // What no other rule is about any more falls to the one for all that is left.
    alert(&server, "rule=findings&state=firing", is("firing")).await;
    assert_eq!(server.json("PUT", &format!("{RULES}/none"), changed).await.status, 404);
    let gone = server.request("DELETE", &format!("{RULES}/disks"), &[], "").await;
    assert_eq!(gone.status, 204);
    assert_eq!(server.get(&format!("{RULES}/disks")).await.status, 404);
    let kept = server.request("DELETE", &format!("{RULES}/findings"), &[], "").await;
    assert_eq!(kept.status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_must_hold_and_an_alert_is_kept() {
    let server = Server::start().await;
    let slow =
        json!({"name": "Slow", "for_s": 3600, "on": {"finding": {"rule": "alert.external"}}});
    rule(&server, slow).await;
    server.send(json!([raised("a", "warning")])).await;
    let pending = alert(&server, "state=pending", is("pending")).await;
    assert_eq!((&pending["fired_at"], &pending["rule"]), (&Value::Null, &json!("slow")));
    assert_eq!(server.get("/dashboard/summary").await.json()["alerts"]["active"], 0);
    let path = format!("/api/v1/alerts/{}/acknowledge", id(&pending));
    assert_eq!(server.post(&path).await.status, 404, "there is nothing to look after yet");
    server.send(json!([cleared("a")])).await;
    server.until("/api/v1/alerts", |all| all == &json!([])).await;
    let kept = json!({"name": "Slow", "for_s": 0.2, "keep_firing_for_s": 3600,
        "on": {"finding": {"rule": "alert.external"}}});
    assert_eq!(server.json("PUT", &format!("{RULES}/slow"), kept).await.status, 200);
    server.send(json!([raised("b", "warning")])).await;
    let fired = alert(&server, "", is("firing")).await;
    server.send(json!([cleared("b")])).await;
    let path = format!("/api/v1/alerts/{}", id(&fired));
    let detail = server
        .until(&path, |detail| {
            let told = detail["timeline"].as_array().unwrap();
            told.iter().any(|line| line["what"] == "clearing")
        })
        .await;
    assert_eq!(detail["alert"]["state"], "firing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metric_is_held_against_a_threshold_and_silence_is_unknown() {
    let server = Server::start().await;
    rule(
        &server,
        json!({"name": "Latency", "severity": "critical",
        "on": {"metric": "latency", "labels": {"env": "prod"}, "aggregation": "max",
            "window_s": 2, "op": ">", "threshold": 100}}),
    )
    .await;
    let seen = |value: f64, env: &str| {
        json!({"type": "metric.observed", "source": "app", "data": {
            "name": "latency", "value": value, "unit": "ms", "labels": {"env": env, "host": "a"}}})
    };
    server.send(json!([seen(500.0, "test"), seen(50.0, "prod")])).await;
    server.send(json!([seen(250.0, "prod")])).await;
    let fired = alert(&server, "", is("firing")).await;
    assert_eq!((&fired["value"], &fired["threshold"]), (&json!(250.0), &json!(100.0)));
    assert_eq!(fired["subject"], "metric/latency{env=prod,host=a}");
    assert_eq!(fired["labels"]["host"], "a");
    assert_eq!(server.get("/api/v1/alerts").await.json().as_array().unwrap().len(), 1);
    // A verdict that leaves it out would lie.
    let health = server.get("/dashboard/summary").await.json()["health"].clone();
    assert_eq!(
        (&health["status"], &health["findings"][0]["subject"]),
        (&json!("critical"), &fired["subject"])
    );
    let unknown = alert(&server, "", is("unknown")).await;
    assert_eq!((id(&unknown), &unknown["resolved_at"]), (id(&fired), &Value::Null));
    server.send(json!([seen(300.0, "prod")])).await;
    let again = alert(&server, "", is("firing")).await;
    assert_eq!(id(&again), id(&fired), "it goes on, it does not fire anew");
    let close = format!("/api/v1/alerts/{}/close", id(&fired));
    assert_eq!(server.post(&close).await.status, 409, "it is known to hold");
    alert(&server, "", is("unknown")).await;
    server.send(json!([seen(5.0, "prod")])).await;
    alert(&server, "", is("resolved")).await;
    // What is not coming back can be closed.
    server.send(json!([seen(300.0, "prod")])).await;
    let anew = alert(&server, "state=firing,unknown", |alert| alert["id"] != fired["id"]).await;
    alert(&server, "state=unknown", is("unknown")).await;
    assert_eq!(server.post(&format!("/api/v1/alerts/{}/close", id(&anew))).await.status, 204);
    let path = format!("/api/v1/alerts/{}", id(&anew));
    server.until(&path, |detail| detail["alert"]["state"] == "resolved").await;
    assert_eq!(server.post(&close).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_quiet_is_missed_and_what_never_came_as_well() {
    let server = Server::start().await;
    server.send(json!([raised("a", "info")])).await;
    let quiet = |kind: &str, name: &str| json!({"name": format!("{kind} quiet"), "on": {"absent": {kind: name, "after_s": 1}}});
    rule(&server, quiet("source", "nagios")).await;
    rule(&server, quiet("host", "never-came")).await;
    let fired = alert(&server, "rule=source-quiet", is("firing")).await;
    assert_eq!(
        (&fired["subject"], &fired["severity"]),
        (&json!("source/nagios"), &json!("warning"))
    );
    alert(&server, "rule=host-quiet", is("firing")).await;
    server.send(json!([raised("a", "info")])).await;
    alert(&server, "rule=source-quiet", is("resolved")).await;
    alert(&server, "rule=source-quiet&state=firing", is("firing")).await;
    // One that is not coming back is forgotten, and not missed any more by those who miss all.
    let all = json!({"name": "source quiet", "on": {"absent": {"source": "*", "after_s": 1}}});
    assert_eq!(server.json("PUT", &format!("{RULES}/source-quiet"), all).await.status, 200);
    let forgotten = server.request("DELETE", "/api/v1/sources/nagios", &[], "").await;
    assert_eq!(forgotten.status, 204);
    alert(&server, "rule=source-quiet", is("resolved")).await;
    let unknown = server.request("DELETE", "/api/v1/sources/nagios", &[], "").await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn silences_keep_alerts_quiet_and_end() {
    let server = Server::start().await;
    server.send(json!([raised("a", "warning"), raised("b", "critical")])).await;
    server.until("/api/v1/alerts", |all| all[1]["state"] == "firing").await;
    let a = alert(&server, "q=a+is+bad", is("firing")).await;
    let path = format!("/api/v1/alerts/{}/silence", id(&a));
    for (body, pointer) in [
        (json!({}), "/until"),
        (json!({"for_s": -1}), "/for_s"),
        (json!({"until": "2020-01-01T00:00:00Z"}), "/until"),
        (json!({"for_s": 1, "until": "2050-01-01T00:00:00Z"}), "/for_s"),
    ] {
        let refused = server.json("POST", &path, body.clone()).await;
        let said = refused.json();
        assert_eq!(
            (refused.status, &said["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{body}"
        );
    }
    let quiet = server.json("POST", &path, json!({"for_s": 3600, "comment": "known"})).await;
    assert_eq!(quiet.status, 200);
    assert!(quiet.json()["alert"]["silenced_until"].is_string());
    let by_label = json!({"match": {"severity": "critical"}, "for_s": 3600, "comment": "moving"});
    let made = server.json("POST", "/api/v1/silences", by_label).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let b = alert(&server, "severity=critical", |b| b["silenced_until"].is_string()).await;
    assert_eq!(b["state"], "firing");
    let all = server.get("/api/v1/silences").await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    let ended = format!("/api/v1/silences/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(server.request("DELETE", &ended, &[], "").await.status, 204);
    assert_eq!(server.request("DELETE", &ended, &[], "").await.status, 404);
    alert(&server, "severity=critical", |b| b["silenced_until"].is_null()).await;
    let short = json!({"match": {"severity": "critical"}, "for_s": 0.3});
    assert_eq!(server.json("POST", "/api/v1/silences", short).await.status, 201);
    alert(&server, "severity=critical", |b| b["silenced_until"].is_null()).await;
    let nothing = json!({"match": {}, "for_s": 5});
    assert_eq!(server.json("POST", "/api/v1/silences", nothing).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_maintenance_window_keeps_alerts_quiet_while_it_is_open() {
    let server = Server::start().await;
    server.send(json!([raised("a", "warning")])).await;
    let fired = alert(&server, "", is("firing")).await;
    let window = json!({"name": "Move", "match": {"severity": "warning"},
        "schedule": {"once": fired["created_at"], "duration_s": 3600}});
    let made = server.json("POST", "/api/v1/maintenance", window).await;
    assert_eq!(made.status, 201, "{}", made.json());
    alert(&server, "", |a| a["silenced_until"].is_string()).await;
    let silences = server.get("/api/v1/silences").await.json();
    assert_eq!(silences["items"][0]["maintenance"], "move");
    // Somebody who ends it early is not overruled.
    let ended = format!("/api/v1/silences/{}", silences["items"][0]["id"].as_str().unwrap());
    assert_eq!(server.request("DELETE", &ended, &[], "").await.status, 204);
    alert(&server, "", |a| a["silenced_until"].is_null()).await;
    server.send(json!([raised("b", "warning")])).await;
    let other = alert(&server, "q=b+is", is("firing")).await;
    assert_eq!(other["silenced_until"], Value::Null);
    let gone = server.request("DELETE", "/api/v1/maintenance/move", &[], "").await;
    assert_eq!(gone.status, 204);
    let bad = json!({"name": "x", "schedule": {"at": "99:00", "duration_s": 3600}});
    let refused = server.json("POST", "/api/v1/maintenance", bad).await;
    assert_eq!(refused.json()["errors"][0]["pointer"], "/schedule/at");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_about_alerts_is_lost_or_repeated_by_a_restart() {
    let server = Server::start().await;
    rule(&server, json!({"name": "Quiet", "on": {"absent": {"source": "nagios", "after_s": 1}}}))
        .await;
    let slow = json!({"name": "Slow", "for_s": 3600, "on": {"finding": {"rule": "project.*"}}});
    rule(&server, slow).await;
    server
        .send(json!([
            raised("a", "warning"),
            {"type": "validation.completed", "source": "ci",
                "data": {"project": "p", "status": "failed"}},
        ]))
        .await;
    let quiet = alert(&server, "rule=quiet", is("firing")).await;
    let pending = alert(&server, "state=pending", is("pending")).await;
    let a = alert(&server, "rule=findings", is("firing")).await;
    server.post(&format!("/api/v1/alerts/{}/acknowledge", id(&a))).await;
    let count = server.get("/api/v1/alerts").await.json().as_array().unwrap().len();
    let server = server.restart().await;
    let after = alert(&server, "rule=findings", is("firing")).await;
    assert_eq!((id(&after), &after["acknowledged_by"]), (id(&a), &json!("anonymous")));
    let after = alert(&server, "state=pending", is("pending")).await;
    assert_eq!((id(&after), &after["created_at"]), (id(&pending), &pending["created_at"]));
    // The server was down, and does not know at first whether the source was.
    let after = alert(&server, "rule=quiet", is("firing")).await;
    assert_eq!((id(&after), &after["fired_at"]), (id(&quiet), &quiet["fired_at"]));
    let all = server.get("/api/v1/alerts").await.json();
    assert_eq!(all.as_array().unwrap().len(), count, "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_down_covers_what_runs_on_it() {
    let server = Server::start().await;
    let hot = json!({"name": "Hot", "on": {"metric": "heat", "aggregation": "max",
        "window_s": 3600, "op": ">", "threshold": 1}});
    rule(&server, hot).await;
    let heat = |host: &str| {
        json!({"type": "metric.observed", "source": "app",
            "data": {"name": "heat", "value": 9, "labels": {"host": host}}})
    };
    server
        .send(json!([heat("a"), heat("b"),
        {"type": "host.sampled", "source": "a", "data": {"host": "a"}}]))
        .await;
    server.until("/api/v1/alerts?rule=hot&state=firing", |all| all[1].is_object()).await;
    rule(
        &server,
        json!({"name": "Down", "severity": "critical",
        "on": {"absent": {"host": "a", "after_s": 1}}}),
    )
    .await;
    let down = alert(&server, "rule=down", is("firing")).await;
    let covered = server
        .until("/api/v1/alerts?rule=hot", |all| {
            all.as_array().unwrap().iter().any(|one| one["covered_by"] == down["id"])
        })
        .await;
    for one in covered.as_array().unwrap() {
        let by = if one["labels"]["host"] == "a" { &down["id"] } else { &Value::Null };
        assert_eq!(&one["covered_by"], by);
    }
    server.send(json!([{"type": "host.sampled", "source": "a", "data": {"host": "a"}}])).await;
    server
        .until("/api/v1/alerts?rule=hot&state=firing", |all| {
            all.as_array().unwrap().iter().all(|one| one["covered_by"].is_null())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_flaps_says_so() {
    let server = Server::start().await;
    for turn in 0..4 {
        server.send(json!([raised("a", "warning")])).await;
        let open = alert(&server, "state=firing", is("firing")).await;
        if open["flapping"] == true {
            assert!(turn >= 2 && open["flap_score"].as_f64().unwrap() >= 4.0, "{open}");
            server.send(json!([cleared("a")])).await;
            // It is kept firing until it comes to rest.
            let path = format!("/api/v1/alerts/{}", id(&open));
            server
                .until(&path, |detail| {
                    let told = detail["timeline"].as_array().unwrap();
                    told.iter().any(|line| line["what"] == "clearing")
                })
                .await;
            return;
        }
        server.send(json!([cleared("a")])).await;
        server.until("/api/v1/alerts?state=firing", |all| all == &json!([])).await;
    }
    panic!("it never flaps");
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_tell_of_alerts_and_take_acknowledgements() {
    let server = Server::start().await;
    let mut live = server.live("topics=alerts").await;
    let first = live.next_of("snapshot").await;
    assert_eq!((&first["topic"], &first["data"]["items"]), (&json!("alerts"), &json!([])));
    let mut board = server.socket("/ws/dashboard").await;
    board.next_of("snapshot").await;
    server
        .send(json!([
            {"type": "agent.online", "data": {"agent": "a"}},
            {"type": "agent.offline", "data": {"agent": "a"}},
        ]))
        .await;
    let delta = live.next_of("delta").await;
    let fired = delta["data"]["upsert"][0].clone();
    assert_eq!(
        (&fired["state"], &fired["finding"]),
        (&json!("firing"), &json!("work.agent_offline"))
    );
    assert_eq!(delta["data"]["numbers"]["active"], 1);
    let told = told(&mut board, "alert_fired").await;
    assert_eq!((&told["rule_id"], &told["id"]), (&json!("work.agent_offline"), &fired["id"]));
    let state = server.get("/api/dashboard/state").await.json();
    assert_eq!(state["active_alerts"][0]["id"], fired["id"]);
    live.say(json!({"type": "acknowledge_alert", "alert_id": fired["id"]})).await;
    assert_eq!(live.next_of("result").await["status"], "accepted");
    let seen = self::told(&mut board, "alert_acknowledged").await;
    assert_eq!(seen["acknowledged_by"], "anonymous");
    board.say(json!({"type": "acknowledge_alert", "rule_id": "work.agent_offline"})).await;
    let answer = board.next_of("alert_ack_result").await;
    assert_eq!(answer["status"], "not_found", "it is acknowledged already");
    server.send(json!([{"type": "agent.online", "data": {"agent": "a"}}])).await;
    self::told(&mut board, "alert_cleared").await;
    server.send(json!([{"type": "agent.offline", "data": {"agent": "a"}}])).await;
    self::told(&mut board, "alert_fired").await;
    board.say(json!({"type": "acknowledge_alert", "rule_id": "work.agent_offline"})).await;
    assert_eq!(board.next_of("alert_ack_result").await["status"], "acknowledged");
    loop {
        let delta = live.next_of("delta").await;
        if delta["data"]["remove"] == json!([fired["id"]]) {
            break;
        }
    }
}

/// The next event of this type on `/ws/dashboard`.
async fn told(board: &mut crate::harness::Socket, kind: &str) -> Value {
    loop {
        let events = board.next_of("events").await;
        let found = events["data"].as_array().unwrap().iter().find(|event| event["type"] == kind);
        if let Some(event) = found {
            return event.clone();
        }
    }
}
