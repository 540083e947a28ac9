//! Metrics over HTTP, by a server of their own.

use crate::access::{PASSWORD, Secured, sign_in};
use crate::harness::{Answer, Server};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn value(name: &str, value: f64, labels: Value) -> Value {
    let data = json!({ "name": name, "value": value, "unit": "ms", "labels": labels });
    json!({ "type": "metric.observed", "data": data })
}

fn ago(name: &str, measured: f64, labels: Value, ms: i64) -> Value {
    let mut event = value(name, measured, labels);
    event["time"] = json!(rfc3339(now_ms() - ms));
    event
}

fn now_ms() -> i64 {
    let passed = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(passed.as_millis()).unwrap()
}

fn rfc3339(ms: i64) -> String {
    bellwether::wire::Timestamp::from_ms(ms).to_string()
}

/// The pointers of a problem document.
#[track_caller]
fn wrong(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 422, "{}", String::from_utf8_lossy(&answer.body));
    let pointer = |error: &Value| error["pointer"].as_str().unwrap().to_owned();
    answer.json()["errors"].as_array().unwrap().iter().map(pointer).collect()
}

fn values(answer: &Answer) -> Vec<f64> {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let all = answer.json();
    all.as_array().unwrap().iter().map(|point| point["value"].as_f64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metric_is_told_over_time_and_now() {
    let server = Server::start().await;
    let (a, b) = (json!({ "queue": "a", "host": "x" }), json!({ "queue": "b", "host": "x" }));
    server
        .send(json!([
            ago("wait", 1.0, a.clone(), 7_200_000),
            ago("wait", 3.0, a.clone(), 1_000),
            ago("wait", 5.0, b.clone(), 500),
            // Late: it counts when it was measured, and is not the newest.
            ago("wait", 2.0, a.clone(), 7_200_000),
        ]))
        .await;
    let all = server.get("/api/v1/metrics/wait").await;
    assert_eq!(values(&all), [1.5, 3.0, 5.0]);
    let first = &all.json()[0];
    assert_eq!(first["labels"], a);
    let at = first["timestamp"].as_str().unwrap();
    assert!(at.ends_with(":00.000Z"), "at the start of its step: {at}");
    for (query, expect) in [
        ("aggregation=sum&by=", vec![3.0, 8.0]),
        ("aggregation=sum&by=host", vec![3.0, 8.0]),
        ("aggregation=max&label.queue=b", vec![5.0]),
        ("aggregation=count&by=queue", vec![2.0, 1.0, 1.0]),
        ("aggregation=min&label.queue=c", vec![]),
        ("aggregation=min&by=&step=24h", vec![]),
    ] {
        let answer = server.get(&format!("/api/v1/metrics/wait?{query}")).await;
        match query.ends_with("24h") {
            true => assert_eq!(values(&answer).iter().copied().fold(9.0, f64::min), 1.0),
            false => assert_eq!(values(&answer), expect, "{query}"),
        }
    }
    let (start, end) = (now_ms() - 10_800_000, rfc3339(now_ms() - 3_600_000));
    let past = format!("/api/v1/metrics/wait?start_time={start}&end_time={end}&step=1m");
    assert_eq!(values(&server.get(&past).await), [1.5]);
    let latest = server.get("/api/v1/metrics/wait/latest").await.json();
    assert_eq!((&latest["value"], &latest["labels"]), (&json!(5.0), &b));
    let latest = server.get("/api/v1/metrics/wait/latest?label.queue=a").await.json();
    assert_eq!((&latest["value"], &latest["source"]), (&json!(3.0), &json!("anonymous")));
    let none = server.get("/api/v1/metrics/wait/latest?label.queue=c").await;
    assert_eq!(none.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_named() {
    let server = Server::start().await;
    server.send(json!([value("m", 1.0, json!({}))])).await;
    for (query, expect) in [
        (
            "start_time=yesterday&aggregation=median&step=0",
            vec!["/start_time", "/step", "/aggregation"],
        ),
        ("end_time=tomorrow", vec!["/end_time"]),
        ("start_time=2999-01-01T00:00:00Z", vec!["/start_time"]),
        ("window=soon", vec!["/window"]),
        ("format=xml", vec!["/format"]),
        ("by=%00", vec!["/by"]),
    ] {
        let answer = server.get(&format!("/api/v1/metrics/m?{query}")).await;
        assert_eq!(wrong(&answer), expect, "{query}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("`to`"));
    }
    assert_eq!(server.get("/api/v1/metrics/m?label.any=1&other=2").await.status, 200);
    for path in ["/api/v1/metrics/n", "/api/v1/metrics/n/latest", "/api/v1/metrics/n/range"] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
    assert_eq!(wrong(&server.get("/api/v1/metrics?limit=0&after=7").await), ["/limit", "/after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn great_values_are_told_as_numbers() {
    let server = Server::start().await;
    let great = [1e308, 1.7e308].map(|great| value("great", great, json!({})));
    server.send(json!(great)).await;
    for (how, expect) in [("sum", f64::MAX), ("avg", 1.35e308), ("p50", 1e308)] {
        let path = format!("/api/v1/metrics/great?aggregation={how}&step=1h&window=1h");
        let told = values(&server.get(&path).await);
        assert!(told.iter().all(|it| (it - expect).abs() <= 0.01 * expect), "{how}: {told:?}");
        let page = server.get(&format!("/api/ui/metric?metric=great&aggregation={how}")).await;
        let page = page.json();
        let points = page["series"][0]["points"].as_array().unwrap();
        assert!(points.iter().all(|point| point[1].is_f64()), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_queue_has_a_series() {
    const QUEUES: usize = 205;
    let server = Server::start().await;
    let task = |i: usize| {
        let data = json!({ "task": format!("t{i}"), "queue": format!("q{i:03}") });
        json!({ "type": "task.queued", "data": data })
    };
    server.send(json!((0..QUEUES).map(task).collect::<Vec<_>>())).await;
    let page = server.get("/api/v1/metrics?name=queue_depth&limit=500").await.json();
    assert_eq!((&page["total"], &page["overflow"]), (&json!(QUEUES), &json!(0)));
    server
        .until("/api/v1/metrics/queue_depth?label.queue=q204", |points| points[0]["value"] == 1.0)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_any_kind_are_reached() {
    let server = Server::start().await;
    let names = ["http.server/duration", "a b", "100%", "cache", "é.ü", "latest"];
    let events: Vec<Value> = names.iter().map(|name| value(name, 7.0, json!({}))).collect();
    server.send(json!(events)).await;
    for name in names {
        let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let name = name.replace('+', "%20");
        let path = format!("/api/v1/metrics/{name}");
        assert_eq!(values(&server.get(&format!("{path}/range")).await), [7.0], "{name}");
        assert_eq!(server.get(&format!("{path}/latest")).await.json()["value"], 7.0, "{name}");
        if name != "cache" {
            assert_eq!(values(&server.get(&path).await), [7.0], "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_chosen_from_and_paged() {
    let server = Server::start().await;
    let each = (0..7).map(|i| value("disk.used", f64::from(i), json!({ "host": format!("h{i}") })));
    let mut events: Vec<Value> = each.collect();
    events.push(value("disk.free", 1.0, json!({ "host": "h1" })));
    events.push(value("net", 1.0, json!({})));
    server.send(json!(events)).await;
    let count = async |query: &str| {
        let page = server.get(&format!("/api/v1/metrics?{query}")).await.json();
        assert_eq!(page["as_of"].as_str().map(str::len), Some(24));
        assert_eq!(page["overflow"], 0);
        page["total"].as_u64().unwrap()
    };
    assert_eq!(count("name=disk.used").await, 7);
    assert_eq!(count("name=disk.*").await, 8);
    assert_eq!(count("name=disk").await, 0);
    assert_eq!(count("label.host=h1").await, 2);
    assert_eq!(count("q=USED").await, 7);
    assert_eq!(count("q=h3").await, 1);
    let (mut next, mut seen) = (String::new(), Vec::new());
    loop {
        let path = format!("/api/v1/metrics?name=disk.*&limit=3&after={next}");
        let answer = server.get(&path).await;
        let page = answer.json();
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|it| format!("{}{}", it["name"], it["labels"]["host"])));
        let Some(after) = page["next"].as_str() else { break };
        assert!(answer.header("link").unwrap().contains("name=disk.*&after="), "{answer:?}");
        next = after.to_owned();
    }
    assert_eq!(seen.len(), 8);
    assert!(seen.is_sorted(), "{seen:?}");
    let csv = server.get("/api/v1/metrics?name=net&format=csv").await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = String::from_utf8(csv.body).unwrap();
    assert!(
        text.starts_with("name,labels,unit,value,timestamp,source\r\nnet,{},ms,1.0,"),
        "{text}"
    );
    let lines = server.get("/api/v1/metrics/disk.used?format=ndjson").await;
    assert_eq!(String::from_utf8(lines.body).unwrap().lines().count(), 7);
    let table = server.get("/api/v1/metrics/disk.used?format=csv").await;
    let text = String::from_utf8(table.body).unwrap();
    assert!(text.starts_with("timestamp,value,label.host\r\n"), "{text}");
    let tag = server.get("/api/v1/metrics/disk.used").await;
    let known = [("if-none-match", tag.header("etag").unwrap())];
    let again = server.request("GET", "/api/v1/metrics/disk.used", &known, "").await;
    assert_eq!(again.status, 304);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metric_has_only_so_many_series() {
    const MOST: usize = 10_000;
    let server = Server::start().await;
    let series = |i: usize| value("requests", 1.0, json!({ "user": format!("u{i:05}") }));
    let events: Vec<Value> = (0..MOST + 3).map(series).collect();
    server.send(json!(events)).await;
    // The past may come to so many at once a little later.
    let last = "/api/v1/metrics/requests?label.user=u09999&window=1m";
    server.until(last, |points| points.as_array().is_some_and(|all| !all.is_empty())).await;
    let page = server.get("/api/v1/metrics?name=requests&limit=1").await.json();
    assert_eq!((&page["total"], &page["overflow"]), (&json!(MOST), &json!(3)));
    let wrong = wrong(&server.get("/api/v1/metrics/requests").await);
    assert_eq!(wrong, ["/by"]);
    let sum = server.get("/api/v1/metrics/requests?aggregation=sum&by=&window=1m").await;
    assert_eq!(values(&sum).iter().sum::<f64>(), MOST as f64);
    // Over any range, be they all one or merged one by one: the step grows if none was asked for.
    for (window, usual, longer) in [
        ("15m", "10", "10"),
        ("1h", "10", "60"),
        ("6h", "60", "3600"),
        ("24h", "300", "3600"),
        ("7d", "1800", "3600"),
        ("30d", "7200", "86400"),
    ] {
        for (by, step) in [("", usual), ("none", longer)] {
            let query = format!("aggregation=sum&by={by}&window={window}");
            let sum = server.get(&format!("/api/v1/metrics/requests?{query}")).await;
            assert_eq!(values(&sum).iter().sum::<f64>(), MOST as f64, "{query}");
            assert_eq!(sum.header("x-step-seconds"), Some(step), "{query}");
        }
    }
    let page = server.get("/api/ui/metric?metric=requests&by=none&aggregation=sum").await.json();
    assert_eq!(page["range"]["step_ms"], 3_600_000, "{page}");
    let fine = server.get("/api/v1/metrics/requests?by=none&window=24h&step=5m").await;
    assert_eq!(self::wrong(&fine), ["/step"]);
    assert!(fine.json()["errors"][0]["detail"].as_str().unwrap().contains("must be 1h"));
    // What has a place goes on, what has none is refused there and here alike.
    server.send(json!([series(0), series(MOST)])).await;
    let one = server.get("/api/v1/metrics/requests?aggregation=sum&label.user=u00000&by=").await;
    assert_eq!(values(&one).iter().sum::<f64>(), 2.0);
    let none = format!("/api/v1/metrics/requests?label.user=u{MOST}");
    assert_eq!(values(&server.get(&none).await), Vec::<f64>::new());
    let found = |summary: &Value| {
        let findings = summary["health"]["findings"].as_array().unwrap().clone();
        findings.into_iter().find(|finding| finding["rule"] == "metrics.cardinality")
    };
    let finding = found(&server.get("/dashboard/summary").await.json()).expect("a finding");
    assert_eq!(finding["subject"], "metric/requests");
    assert_eq!(finding["severity"], "warning");
    assert_eq!(finding["evidence"]["value"], 4.0);
    assert_eq!(finding["evidence"]["threshold"], MOST as f64);
    server
        .until("/api/v1/alerts", |alerts| {
            alerts.as_array().unwrap().iter().any(|it| it["subject"] == "metric/requests")
        })
        .await;
    let names = server.get("/api/ui/metric_names").await.json();
    let names = names["items"].as_array().unwrap().clone();
    let named = names.iter().find(|it| it["name"] == "requests").unwrap();
    assert_eq!((&named["series"], &named["overflow"]), (&json!(MOST), &json!(4)));
    assert_eq!(named["labels"]["user"].as_array().unwrap().len(), 100);
    let server = server.restart().await;
    let page = server.get("/api/v1/metrics?name=requests&limit=1").await.json();
    assert_eq!((&page["total"], &page["overflow"]), (&json!(MOST), &json!(4)));
    server.send(json!([series(MOST), series(1)])).await;
    assert_eq!(values(&server.get(&none).await), Vec::<f64>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_board_knows_is_a_metric_too() {
    let server = Server::start().await;
    let quiet = server.get("/api/v1/metrics").await.json();
    assert_eq!(quiet["total"], 0, "an empty board measures nothing: {quiet}");
    assert_eq!(server.get("/api/v1/metrics/portfolio_value").await.status, 404);
    server
        .send(json!([
            { "type": "cash.moved", "data": { "amount": 1000 } },
            { "type": "trade.executed", "data": { "symbol": "S", "side": "buy", "quantity": 2, "price": 100, "fees": 1 } },
            { "type": "price.updated", "data": { "symbol": "S", "price": "110.5" } },
            { "type": "task.queued", "data": { "task": "t", "queue": "mail" } },
            { "type": "task.queued", "data": { "task": "u", "queue": "mail" } },
            { "type": "agent.online", "data": { "agent": "a" } },
            { "type": "validation.completed", "data": { "project": "p", "status": "failed" } },
            { "type": "host.sampled", "data": { "host": "h", "cpu": { "usage_percent": 12.5, "cores": 2 } } },
        ]))
        .await;
    // At once, whatever the journal has of it.
    let latest = async |path: &str| {
        let answer = server.get(&format!("/api/v1/metrics/{path}")).await;
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.json()["source"], "bellwether");
        answer.json()["value"].as_f64().unwrap()
    };
    assert_eq!(latest("portfolio_value/latest").await, 1020.0);
    assert_eq!(latest("portfolio_cash/latest").await, 799.0);
    assert_eq!(latest("portfolio_positions_value/latest").await, 221.0);
    assert_eq!(latest("portfolio_unrealized_pnl/latest").await, 21.0);
    assert_eq!(latest("portfolio_realized_pnl/latest").await, 0.0);
    assert_eq!(latest("queue_depth/latest?label.queue=mail").await, 2.0);
    assert_eq!(latest("tasks_queued/latest").await, 2.0);
    assert_eq!(latest("tasks_dead_letter/latest").await, 0.0);
    assert_eq!(latest("agents_online/latest").await, 1.0);
    assert_eq!(latest("validation_success_rate/latest").await, 0.0);
    assert_eq!(latest("host_cpu_percent/latest?label.host=h").await, 12.5);
    let score = latest("health_score/latest").await;
    assert!((0.0..100.0).contains(&score), "{score}");
    let down = latest("projects_critical/latest").await + latest("projects_warning/latest").await;
    assert_eq!(down, 1.0);
    // The journal has it soon.
    server
        .until("/api/v1/metrics/portfolio_value", |points| {
            points.as_array().is_some_and(|all| all.iter().any(|it| it["value"] == 1020.0))
        })
        .await;
    server
        .until("/api/v1/metrics/queue_depth", |points| points[0]["labels"]["queue"] == "mail")
        .await;
    let names = server.get("/api/ui/metric_names").await.json();
    let built_in = |name: &str| {
        let mut items = names["items"].as_array().unwrap().iter();
        items.find(|it| it["name"] == name).map(|it| it["built_in"].clone())
    };
    assert_eq!(built_in("portfolio_value"), Some(json!(true)));
    // It has not come in, and is no source to be missed.
    let ticker = server.get("/api/ui/ticker").await;
    assert!(!String::from_utf8_lossy(&ticker.body).contains("metrics.sampled"));
    let sent = server.get("/api/v1/system").await.json();
    assert_eq!(sent["internals"]["ingest"]["accepted"], 8);
    // What others send under the same name is theirs.
    server.send(json!([value("tasks_queued", 77.0, json!({}))])).await;
    let theirs = server.get("/api/v1/metrics/tasks_queued/latest").await.json();
    assert_eq!((&theirs["value"], &theirs["source"]), (&json!(77.0), &json!("anonymous")));
}

/// Names of the metrics in the list that somebody gets.
async fn listed(secured: &Secured, token: &str) -> Vec<String> {
    let answer = secured.ask("GET", "/api/v1/metrics?limit=500", token, None).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let page = answer.json();
    let items = page["items"].as_array().unwrap();
    assert_eq!(page["total"], items.len(), "what is left out is not counted");
    items.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_seen_elsewhere_by_a_permission_takes_it_here_too() {
    let secured = Secured::start().await;
    let may = |name: &str, all: &[&str]| json!({ "name": name, "permissions": all });
    let measuring = secured.token(may("measuring", &["view_metrics"])).await;
    let hosts = secured.token(may("hosts", &["view_metrics", "view_system"])).await;
    let mut socket = secured.socket_by("/ws/metrics", &secured.admin).await.unwrap();
    socket.next_of("welcome").await;
    let rule = json!({ "id": "low", "name": "Low", "on": { "metric": "host_cpu_percent",
        "aggregation": "max", "window_s": 60, "op": ">", "threshold": 10 } });
    secured.by_admin("POST", "/api/v1/alert-rules", Some(rule)).await;
    let events = json!([
        { "type": "cash.moved", "data": { "amount": 1000 } },
        { "type": "task.queued", "data": { "task": "t", "queue": "mail" } },
        { "type": "agent.online", "data": { "agent": "a" } },
        { "type": "validation.completed", "data": { "project": "p", "status": "failed" } },
        { "type": "host.sampled", "data": { "host": "h", "cpu": { "usage_percent": 12.5, "cores": 2 } } },
        value("volatility", 3.0, json!({ "of": "somebody" })),
        value("wait", 5.0, json!({})),
    ]);
    secured.by_admin("POST", "/api/v1/events?wait=applied", Some(events)).await;
    // Once it fires, the journal has what the board knows: it is said in one event.
    let fires = |alerts: &Value| {
        let mut alerts = alerts.as_array().unwrap().iter();
        alerts.any(|it| it["subject"] == "metric/host_cpu_percent{host=h}")
    };
    secured.server.until_by(&secured.admin, "/api/v1/alerts", fires).await;
    let all = listed(&secured, &secured.admin).await;
    assert_eq!(listed(&secured, &measuring).await, ["events_per_second", "wait"]);
    assert_eq!(listed(&secured, &hosts).await, ["events_per_second", "host_cpu_percent", "wait"]);
    let lacks = |name: &str| match name {
        "portfolio_value" | "portfolio_cash" | "portfolio_positions_value" => "view_portfolio",
        // A producer's, under a name that the board uses.
        "portfolio_realized_pnl" | "portfolio_unrealized_pnl" | "volatility" => "view_portfolio",
        "tasks_queued" | "tasks_dead_letter" | "queue_depth" | "agents_online" => "view_agents",
        "health_score" | "projects_critical" | "projects_warning" => "view_projects",
        "validation_success_rate" => "view_projects",
        "alerts_active" => "view_alerts",
        "host_cpu_percent" => "view_system",
        "events_per_second" | "wait" => "",
        other => panic!("nothing is said of {other}"),
    };
    assert_eq!(all.len(), 18, "{all:?}");
    for name in &all {
        let missing = lacks(name);
        let ui = format!("/api/ui/metric?metric={name}");
        let path = format!("/api/v1/metrics/{name}");
        for path in [path.clone(), format!("{path}/range"), format!("{path}/latest"), ui] {
            let answer = secured.ask("GET", &path, &measuring, None).await;
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            let expect = if missing.is_empty() { 200 } else { 403 };
            assert_eq!(answer.status, expect, "{path}: {said}");
            assert!(said.contains(missing), "{path}: {said}");
            let answer = secured.ask("GET", &path, &secured.admin, None).await;
            assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        }
    }
    // Whether there is such a metric is not told either.
    let none = secured.ask("GET", "/api/v1/metrics/sharpe_ratio/latest", &measuring, None).await;
    assert_eq!(none.status, 403);
    let names = secured.ask("GET", "/api/ui/metric_names", &measuring, None).await.json();
    let names = names["items"].as_array().unwrap().iter().map(|it| it["name"].clone());
    assert_eq!(names.collect::<Vec<_>>(), ["events_per_second", "wait"]);
    let mut told = BTreeSet::new();
    let mut hear = |message: &Value| {
        let names = message["data"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
        told.extend(names);
    };
    socket.say(json!({ "type": "request_snapshot" })).await;
    let mut message = socket.next().await;
    while message["type"] != "resync" {
        hear(&message);
        message = socket.next().await;
    }
    for _ in 0..message["count"].as_u64().unwrap() {
        hear(&socket.next().await);
    }
    assert_eq!(told.into_iter().collect::<Vec<_>>(), ["events_per_second", "wait"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_watch_what_the_board_knows() {
    let server = Server::start().await;
    let rule = json!({ "id": "broke", "name": "Broke", "on": { "metric": "portfolio_value",
        "aggregation": "min", "window_s": 60, "op": "<", "threshold": 10 } });
    assert_eq!(server.json("POST", "/api/v1/alert-rules", rule).await.status, 201);
    server.send(json!([{ "type": "cash.moved", "data": { "amount": 5 } }])).await;
    server
        .until("/api/v1/alerts", |alerts| {
            alerts.as_array().unwrap().iter().any(|it| it["subject"] == "metric/portfolio_value")
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_are_pinned_to_ones_own_board() {
    let secured = Secured::start().await;
    let server = &secured.server;
    secured.user("ann", "viewer").await;
    secured.user("bob", "viewer").await;
    let access =
        async |user: &str| sign_in(server, user).await["access_token"].as_str().unwrap().to_owned();
    let (ann, bob) = (access("ann").await, access("bob").await);
    let board = async |token: &str| {
        let answer = secured.ask("GET", "/api/v1/me/pins", token, None).await;
        answer.json()["items"].as_array().unwrap().clone()
    };
    let chart = json!({ "metric": "wait", "labels": { "queue": "a" }, "by": "" });
    let made = secured.ask("POST", "/api/v1/me/pins", &ann, Some(chart.clone())).await;
    assert_eq!(made.status, 201, "{:?}", made.json());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), Some(format!("/api/v1/me/pins/{id}").as_str()));
    let pins = board(&ann).await;
    assert_eq!(pins[0], made.json());
    let shown = &pins[0]["chart"];
    assert_eq!(
        (&shown["aggregation"], &shown["window"], &shown["by"]),
        (&json!("avg"), &json!("24h"), &json!(""))
    );
    assert!(board(&bob).await.is_empty());
    // A token has a board of its own, though its name may be a user's.
    let token = secured.token(json!({ "name": "ann", "role": "viewer" })).await;
    assert!(board(&token).await.is_empty());
    let path = format!("/api/v1/me/pins/{id}");
    assert_eq!(secured.ask("DELETE", &path, &bob, None).await.status, 404);
    let wrong_one = json!({ "metric": "", "aggregation": "median", "window": "x", "by": "\n",
        "labels": { "": "v" }, "title": "\u{0}" });
    let refused = secured.ask("POST", "/api/v1/me/pins", &ann, Some(wrong_one)).await;
    let mut pointers = wrong(&refused);
    pointers.sort();
    assert_eq!(pointers, ["/aggregation", "/labels/", "/metric", "/title", "/window"]);
    for _ in 1..24 {
        let made = secured.ask("POST", "/api/v1/me/pins", &ann, Some(chart.clone())).await;
        assert_eq!(made.status, 201);
    }
    let full = secured.ask("POST", "/api/v1/me/pins", &ann, Some(chart.clone())).await;
    assert_eq!(full.status, 422);
    assert!(full.json()["detail"].as_str().unwrap().contains("24"), "{:?}", full.json());
    assert_eq!(secured.ask("DELETE", &path, &ann, None).await.status, 204);
    assert_eq!(board(&ann).await.len(), 23);
    let audit = secured.by_admin("GET", "/api/v1/audit?action=chart.unpin", None).await;
    assert_eq!(audit["items"][0]["actor"], "ann", "{audit}");
    // What is somebody's own goes with them.
    secured.by_admin("DELETE", "/api/v1/users/ann", None).await;
    secured.user("ann", "viewer").await;
    let again = access("ann").await;
    assert!(board(&again).await.is_empty(), "{PASSWORD}");
}
