//! Alerts over REST: those that are open and those that are over, what happened to each, and what
//! it is built on.

use crate::harness::{Answer, PATIENCE, Server};
use bellwether::pipeline::history;
use serde_json::{Value, json};

fn raised(alert: &str, more: Value) -> Value {
    let mut data = json!({"alert": alert, "title": format!("{alert} is broken")});
    for (name, value) in more.as_object().unwrap() {
        data[name] = value.clone();
    }
    json!({"type": "alert.raised", "source": "nagios", "data": data})
}

fn cleared(alert: &str) -> Value {
    json!({"type": "alert.cleared", "source": "nagios", "data": {"alert": alert}})
}

fn list(answer: &Value) -> &Vec<Value> {
    answer.as_array().unwrap_or_else(|| panic!("{answer}"))
}

fn titles(answer: &Value) -> Vec<&str> {
    list(answer).iter().map(|item| item["title"].as_str().unwrap()).collect()
}

fn pointers(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let errors = json["errors"].as_array().unwrap_or_else(|| panic!("{json}"));
    errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
}

/// Waits for an alert of this title in this state, and returns it.
async fn alert(server: &Server, title: &str, state: &str) -> Value {
    let found = |all: &Value| {
        let mut all = all.as_array()?.iter();
        all.find(|it| it["title"] == title && it["state"] == state).cloned()
    };
    let all = server.until("/api/v1/alerts", |all| found(all).is_some()).await;
    found(&all).unwrap()
}

async fn detail(server: &Server, id: &Value) -> Value {
    let answer = server.get(&format!("/api/v1/alerts/{}", id.as_str().unwrap())).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

fn steps(detail: &Value) -> Vec<&str> {
    list(&detail["timeline"]).iter().map(|step| step["what"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_told_from_its_beginning_to_its_end() {
    let server = Server::start().await;
    server.send(json!([raised("disk", json!({"severity": "critical", "tags": ["db"]}))])).await;
    let fired = alert(&server, "disk is broken", "firing").await;
    assert_eq!((&fired["severity"], &fired["acknowledged"]), (&json!("critical"), &json!(false)));
    assert_eq!((&fired["resolved_at"], &fired["source"]), (&Value::Null, &json!("nagios")));
    assert!(list(&fired["tags"]).contains(&json!("db")), "{fired}");
    let id = fired["id"].as_str().unwrap();

    let path = format!("/api/v1/alerts/{id}/acknowledge");
    let seen = server.json("POST", &path, json!({"comment": "on it"})).await;
    let seen = (seen.status, seen.json());
    assert_eq!(
        (seen.0, &seen.1["success"], &seen.1["alert"]["acknowledged"]),
        (200, &json!(true), &json!(true))
    );
    assert_eq!(seen.1["alert"]["acknowledged_comment"], "on it");
    let shown = server.get("/api/v1/alerts?acknowledged=true").await.json();
    assert_eq!(titles(&shown), ["disk is broken"], "what one has just done is in the answer");
    assert_eq!(server.post(&path).await.status, 404, "it was acknowledged already");
    assert_eq!(server.post("/api/v1/alerts/none/acknowledge").await.status, 404);
    assert_eq!(server.post("/api/v1/alerts/findings/acknowledge").await.status, 404);

    let quiet = format!("/api/v1/alerts/{id}/silence");
    let body = json!({"for_s": 600, "comment": "mending"});
    let silenced = server.json("POST", &quiet, body).await.json();
    assert!(silenced["alert"]["silenced_until"].is_string(), "{silenced}");
    assert_eq!(server.json("POST", &quiet, json!({})).await.status, 422);
    let unknown = server.json("POST", "/api/v1/alerts/none/silence", json!({"for_s": 1})).await;
    assert_eq!(unknown.status, 404);

    server.send(json!([cleared("disk")])).await;
    let over = alert(&server, "disk is broken", "resolved").await;
    assert_eq!((&over["id"], &over["silenced_until"]), (&json!(id), &Value::Null));
    assert!(over["resolved_at"].is_string());
    let told = detail(&server, &over["id"]).await;
    assert_eq!(steps(&told), ["fired", "acknowledged", "silenced", "resolved"]);
    let timeline = list(&told["timeline"]);
    assert_eq!(
        (&timeline[1]["detail"], &timeline[1]["actor"]),
        (&json!("on it"), &json!("anonymous"))
    );
    assert!(timeline[2]["detail"].as_str().unwrap().ends_with(": mending"));
    assert_eq!(told["evidence"], Value::Null, "nothing was measured");

    server.send(json!([raised("disk", json!({"severity": "warning"}))])).await;
    let again = alert(&server, "disk is broken", "firing").await;
    let told = detail(&server, &again["id"]).await;
    let before: Vec<_> = list(&told["before"]).iter().map(|item| &item["id"]).collect();
    assert_eq!(before, [&over["id"]]);
    assert_eq!(
        (again["flap_score"].as_f64().unwrap().ceil(), &again["acknowledged"]),
        (3.0, &json!(false))
    );
    assert_eq!(server.get("/api/v1/alerts/none").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_chosen_from() {
    let server = Server::start().await;
    server
        .send(json!([
            raised(
                "a",
                json!({"severity": "critical", "message": "100% full", "tags": ["x y", "z"]}),
            ),
            raised("b", json!({"severity": "warning", "source": "zabbix"})),
            raised("c", json!({"severity": "info"})),
        ]))
        .await;
    for title in ["a is broken", "b is broken", "c is broken"] {
        alert(&server, title, "firing").await;
    }
    server.send(json!([cleared("b")])).await;
    let b = alert(&server, "b is broken", "resolved").await;
    let (a, b_title, c) = ("a is broken", "b is broken", "c is broken");
    let end = b["resolved_at"].as_str().unwrap();
    for (query, mut expect) in [
        (String::new(), vec![a, b_title, c]),
        ("state=firing".to_owned(), vec![a, c]),
        ("state=firing,resolved".to_owned(), vec![a, b_title, c]),
        ("state=pending".to_owned(), vec![]),
        ("severity=warning".to_owned(), vec![b_title]),
        ("severity=info".to_owned(), vec![c]),
        ("severity=warning,critical&state=".to_owned(), vec![a, b_title]),
        ("acknowledged=true".to_owned(), vec![]),
        ("source=zabbix".to_owned(), vec![b_title]),
        ("rule=findings".to_owned(), vec![a, b_title, c]),
        ("rule=alert.external".to_owned(), vec![a, b_title, c]),
        ("rule=other".to_owned(), vec![]),
        ("subject=alert/nagios/a".to_owned(), vec![a]),
        ("q=B%20IS".to_owned(), vec![b_title]),
        ("q=_".to_owned(), vec![]),
        ("start_time=2100-01-01T00:00:00Z".to_owned(), vec![a, c]),
        (format!("start_time={end}"), vec![a, b_title, c]),
        ("end_time=2020-01-01T00:00:00Z".to_owned(), vec![]),
        (
            "start_time=2020-01-01T00:00:00Z&end_time=2100-01-01T00:00:00Z".to_owned(),
            vec![a, b_title, c],
        ),
    ] {
        let answer = server.get(&format!("/api/v1/alerts?{query}")).await.json();
        let mut got = titles(&answer);
        got.sort_unstable();
        expect.sort_unstable();
        assert_eq!(got, expect, "{query}");
    }
    let csv = server.get("/api/v1/alerts?format=csv&severity=critical").await;
    let kind = csv.header("content-type").unwrap().to_owned();
    let text = String::from_utf8(csv.body).unwrap();
    assert_eq!((kind.as_str(), text.lines().count()), ("text/csv; charset=utf-8", 2), "{text}");
    assert!(text.contains(",a is broken,100% full,critical,nagios,firing,"), "{text}");
    assert!(text.contains(r#","[""x y"",""z"","#), "an array is JSON in a cell: {text}");
    let ms = server.get("/api/v1/alerts?start_time=1767323045000&end_time=4102444800000").await;
    assert_eq!(titles(&ms.json()).len(), 3);
    let lines = server.get("/api/v1/alerts?format=ndjson").await;
    let lines = String::from_utf8(lines.body).unwrap();
    let read = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert_eq!(read.filter(|item| item["id"].is_string()).count(), 3, "{lines}");
    let bad = server
        .get("/api/v1/alerts?start_time=x&severity=bad&acknowledged=maybe&state=on&limit=0&after=x")
        .await;
    let all = ["/start_time", "/severity", "/state", "/acknowledged", "/limit", "/after"];
    assert_eq!((bad.status, pointers(&bad)), (422, all.map(str::to_owned).to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_lead_through_all_of_them() {
    let server = Server::start().await;
    let some = |n: std::ops::Range<u32>| {
        let all: Vec<_> = n.map(|i| raised(&format!("a{i}"), json!({}))).collect();
        Value::from(all)
    };
    server.send(some(0..4)).await;
    server.until("/api/v1/alerts?state=firing", |all| list(all).len() == 4).await;
    server.send(json!([cleared("a0"), cleared("a3")])).await;
    server.until("/api/v1/alerts?state=resolved", |all| list(all).len() == 2).await;
    server.send(some(4..7)).await;
    let all = server.until("/api/v1/alerts", |all| list(all).len() == 7).await;
    let whole: Vec<_> = list(&all).iter().map(|it| it["id"].clone()).collect();
    let begun: Vec<_> = list(&all).iter().map(|it| it["created_at"].as_str().unwrap()).collect();
    assert!(begun.is_sorted_by(|a, b| a >= b), "newest first: {begun:?}");
    let mut seen = Vec::new();
    let mut path = "/api/v1/alerts?limit=2&q=broken".to_owned();
    loop {
        let page = server.get(&path).await;
        seen.extend(list(&page.json()).iter().map(|it| it["id"].clone()));
        let Some(link) = page.header("link") else { break };
        assert!(link.ends_with("; rel=\"next\"") && link.contains("q=broken"), "{link}");
        path = link[1..link.find('>').unwrap()].to_owned();
        assert!(seen.len() < 20, "it goes on and on");
    }
    assert_eq!(seen, whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_are_done_at_once() {
    let server = Server::start().await;
    server.send(json!([raised("a", json!({})), raised("b", json!({}))])).await;
    let (a, b) = (
        alert(&server, "a is broken", "firing").await["id"].clone(),
        alert(&server, "b is broken", "firing").await["id"].clone(),
    );
    let ids = json!({"ids": [a, "none", b, a], "comment": "both"});
    let answer = server.json("POST", "/api/v1/alerts/acknowledge", ids.clone()).await;
    let done = answer.json();
    assert_eq!((answer.status, &done["not_found"]), (200, &json!(["none"])));
    assert_eq!(list(&done["alerts"]).len(), 2);
    assert!(list(&done["alerts"]).iter().all(|it| it["acknowledged_comment"] == "both"));
    assert_eq!(server.json("POST", "/api/v1/alerts/acknowledge", ids).await.status, 404);
    let quiet = json!({"ids": [a, b], "for_s": 60});
    let done = server.json("POST", "/api/v1/alerts/silence", quiet).await.json();
    assert!(list(&done["alerts"]).iter().all(|it| it["silenced_until"].is_string()), "{done}");
    for (path, body, pointer) in [
        ("acknowledge", json!({}), "/ids"),
        ("acknowledge", json!({"ids": []}), "/ids"),
        ("acknowledge", json!({"ids": [a], "x": 1}), "/x"),
        ("silence", json!({"ids": [a]}), "/until"),
        ("silence", json!({"ids": vec!["x"; 501], "for_s": 1}), "/ids"),
    ] {
        let answer = server.json("POST", &format!("/api/v1/alerts/{path}"), body.clone()).await;
        assert_eq!((answer.status, pointers(&answer)), (422, vec![pointer.to_owned()]), "{body}");
    }
    let log = server.get("/api/v1/audit?action=alert.acknowledge").await.json();
    let target = log["items"][0]["target"].as_str().unwrap();
    assert!(target.contains(a.as_str().unwrap()) && target.contains(b.as_str().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metric_is_the_evidence_of_its_rule() {
    let server = Server::start().await;
    let rule = json!({"name": "Deep queue", "severity": "critical", "on": {
        "metric": "depth", "aggregation": "max", "window_s": 60, "op": ">", "threshold": 10,
    }});
    assert_eq!(server.json("POST", "/api/v1/alert-rules", rule).await.status, 201);
    let depth = |value: f64, queue: &str| {
        json!({"type": "metric.observed", "data": {"name": "depth", "value": value,
            "unit": "tasks", "labels": {"queue": queue}}})
    };
    server.send(json!([depth(3.0, "a"), depth(25.0, "b"), depth(7.0, "b")])).await;
    let fired = server.until("/api/v1/alerts?rule=deep-queue", |all| list(all).len() == 1).await;
    let told = detail(&server, &fired[0]["id"]).await;
    let evidence = &told["evidence"];
    assert_eq!((&evidence["threshold"], &evidence["unit"]), (&json!(10.0), &json!("tasks")));
    assert_eq!(evidence["name"], "max of depth");
    let points = list(&evidence["points"]);
    assert!(points.len() <= 301, "{}", points.len());
    let values: Vec<_> = points.iter().filter_map(|point| point[1].as_f64()).collect();
    assert!(!values.is_empty() && values.iter().all(|value| *value == 25.0), "{values:?}");
    assert_eq!(steps(&told), ["fired"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hosts_figures_are_the_evidence_of_what_is_found_about_it() {
    let server = Server::start().await;
    let sample = json!({"type": "host.sampled", "source": "agent", "data": {"host": "db-1",
        "disk": {"total_gb": 100.0, "used_gb": 97.0, "percent": 97.0}}});
    server.send(json!([sample])).await;
    let fired = server.until("/api/v1/alerts?subject=host/db-1", |all| list(all).len() == 1).await;
    let told = detail(&server, &fired[0]["id"]).await;
    let evidence = &told["evidence"];
    assert_eq!((&evidence["name"], &evidence["unit"]), (&json!("Disk"), &json!("percent")));
    assert_eq!(evidence["threshold"], 95.0);
    let points = list(&evidence["points"]);
    assert!(points.iter().any(|point| point[1] == 97.0), "{evidence}");
}

#[tokio::test(flavor = "multi_thread")]
async fn history_made_anew_tells_the_same() {
    let server = Server::start().await;
    server
        .send(json!([raised("a", json!({})), raised("b", json!({"severity": "critical"}))]))
        .await;
    let a = alert(&server, "a is broken", "firing").await["id"].clone();
    server.post(&format!("/api/v1/alerts/{}/acknowledge", a.as_str().unwrap())).await;
    server.send(json!([cleared("a")])).await;
    alert(&server, "a is broken", "resolved").await;
    alert(&server, "b is broken", "firing").await;
    let without = |mut all: Value| {
        for item in all.as_array_mut().unwrap() {
            // It leaks by the second.
            item["flap_score"] = Value::Null;
        }
        all
    };
    let before = without(server.get("/api/v1/alerts").await.json());
    let told = detail(&server, &a).await["timeline"].clone();
    history::discard(server.data_dir.path()).unwrap();
    let server = tokio::time::timeout(PATIENCE, server.restart()).await.unwrap();
    assert_eq!(without(server.get("/api/v1/alerts").await.json()), before);
    assert_eq!(detail(&server, &a).await["timeline"], told);
}
