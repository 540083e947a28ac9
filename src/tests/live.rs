//! `/dashboard/live`, over real sockets.

use crate::harness::{PATIENCE, Server};
use bellwether::domain::trading::{Portfolio, TradesPage};
use bellwether::pipeline::hub::RingLimits;
use bellwether::server::config::Tuning;
use bellwether::server::socket::Pace;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn run(project: &str, status: &str) -> Value {
    json!({"type": "validation.completed", "data": {"project": project, "status": status}})
}

/// The rows a client holds, by id, kept as a client keeps them.
fn apply(rows: &mut std::collections::BTreeMap<String, Value>, delta: &Value) {
    for id in delta["data"]["remove"].as_array().into_iter().flatten() {
        rows.remove(id.as_str().unwrap());
    }
    for item in delta["data"]["upsert"].as_array().unwrap() {
        rows.insert(item["project"].as_str().unwrap().to_owned(), item.clone());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_welcomed_given_a_snapshot_and_then_what_changes() {
    let server = Server::start().await;
    let mut socket = server.live("topics=projects").await;
    let welcome = socket.next().await;
    assert_eq!(welcome["type"], "welcome");
    assert_eq!(welcome["protocol"], 1);
    assert_eq!(welcome["topics"], json!(["projects"]));
    assert_eq!(welcome["heartbeat_s"], 15);
    let snapshot = socket.next().await;
    assert_eq!(snapshot["type"], "snapshot");
    assert_eq!(snapshot["topic"], "projects");
    assert_eq!(snapshot["data"]["items"], json!([]));

    let cursor = server.send(run("a", "passed")).await["cursor"].clone();
    let delta = socket.next().await;
    assert_eq!(delta["type"], "delta");
    assert_eq!(delta["epoch"], cursor["epoch"]);
    assert_eq!(delta["from"], snapshot["seq"]);
    assert!(delta["seq"].as_u64() >= cursor["seq"].as_u64());
    assert_eq!(delta["data"]["upsert"][0]["project"], "a");
    assert_eq!(delta["data"]["upsert"][0]["validation_status"], "passed");

    server.send(run("a", "failed")).await;
    let next = socket.next().await;
    assert_eq!(next["from"], delta["seq"]);
    assert_eq!(next["data"]["upsert"][0]["validation_status"], "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshot_and_deltas_lead_to_what_rest_answers() {
    let server = Server::start().await;
    server.send(run("first", "passed")).await;
    let mut socket = server.live("topics=projects").await;
    let snapshot = socket.next_of("snapshot").await;
    let mut rows = std::collections::BTreeMap::new();
    for item in snapshot["data"]["items"].as_array().unwrap() {
        rows.insert(item["project"].as_str().unwrap().to_owned(), item.clone());
    }
    let mut last = 0;
    for i in 0..30 {
        let status = ["passed", "failed", "error", "skipped"][i % 4];
        let events = json!([run(&format!("p{}", i % 7), status), run("first", status)]);
        last = server.send(events).await["cursor"]["seq"].as_u64().unwrap();
    }
    let mut at = snapshot["seq"].as_u64().unwrap();
    while at < last {
        let delta = socket.next_of("delta").await;
        assert_eq!(delta["from"].as_u64(), Some(at), "no gap");
        at = delta["seq"].as_u64().unwrap();
        apply(&mut rows, &delta);
    }
    let rest = server.get("/dashboard/projects?sort=name").await.json();
    let mut items: Vec<Value> = rows.into_values().collect();
    items.sort_by_key(|item| item["name"].as_str().unwrap().to_owned());
    assert_eq!(Value::from(items), rest["items"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_comes_back_gets_only_what_it_missed() {
    let server = Server::start().await;
    let mut socket = server.live("topics=projects").await;
    let snapshot = socket.next_of("snapshot").await;
    drop(socket);
    server.send(run("a", "passed")).await;
    server.send(run("b", "failed")).await;
    let (epoch, seq) = (snapshot["epoch"].as_str().unwrap(), &snapshot["seq"]);
    let mut back = server.live(&format!("topics=projects&epoch={epoch}&seq={seq}")).await;
    assert_eq!(back.next().await["type"], "welcome");
    let first = back.next().await;
    assert_eq!((&first["type"], &first["from"]), (&json!("delta"), seq));
    let second = back.next().await;
    assert_eq!(second["from"], first["seq"]);
    assert_eq!(second["data"]["upsert"][0]["project"], "b");

    // The same by message, on a socket that subscribes to nothing at first.
    let mut other = server.live("").await;
    assert_eq!(other.next().await["topics"], json!([]));
    other.say(json!({"type": "resume", "topic": "projects", "epoch": epoch, "seq": seq})).await;
    assert_eq!(other.next().await["data"]["upsert"][0]["project"], "a");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_outside_the_ring_or_of_another_epoch_gets_a_snapshot() {
    let ring = RingLimits { frames: 2, bytes: 1 << 20 };
    let server = Server::tuned(Tuning { ring, ..Tuning::default() }).await;
    let mut socket = server.live("topics=projects").await;
    let snapshot = socket.next_of("snapshot").await;
    let (epoch, seq) = (snapshot["epoch"].as_str().unwrap(), snapshot["seq"].as_u64().unwrap());
    for i in 0..4 {
        server.send(run(&format!("p{i}"), "passed")).await;
    }
    let resume = |epoch: &str, seq: u64| format!("topics=projects&epoch={epoch}&seq={seq}");
    for (query, reason) in [
        (resume(epoch, seq), "behind"),
        (resume("another", seq), "epoch"),
        (resume(epoch, u64::MAX), "behind"),
    ] {
        let mut back = server.live(&query).await;
        let snapshot = back.next_of("snapshot").await;
        assert_eq!(snapshot["data"]["items"].as_array().unwrap().len(), 4, "{query}");
        assert_eq!(snapshot["reason"], reason, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_server_heals_its_clients() {
    let server = Server::start().await;
    server.send(run("a", "passed")).await;
    let mut socket = server.live("topics=projects").await;
    let snapshot = socket.next_of("snapshot").await;
    let (epoch, seq) = (snapshot["epoch"].as_str().unwrap().to_owned(), snapshot["seq"].clone());
    let server = server.restart().await;
    assert!(socket.closed().await.is_none_or(|code| code == 1001));
    server.send(run("b", "passed")).await;
    let mut back = server.live(&format!("topics=projects&epoch={epoch}&seq={seq}")).await;
    let healed = back.next_of("snapshot").await;
    assert_eq!(healed["epoch"], json!(epoch), "the same journal");
    assert_eq!(healed["data"]["items"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_told_at_most_ten_times_a_second() {
    let server = Server::start().await;
    let mut socket = server.live("topics=projects").await;
    socket.next_of("snapshot").await;
    let begun = Instant::now();
    let mut last = 0;
    while begun.elapsed() < Duration::from_millis(1_500) {
        last = server.send(run("busy", "passed")).await["cursor"]["seq"].as_u64().unwrap();
    }
    let mut pushes = 0;
    while socket.next_of("delta").await["seq"].as_u64().unwrap() < last {
        pushes += 1;
    }
    let allowed = begun.elapsed().as_millis() / 100 + 1;
    assert!(pushes <= allowed, "{pushes} pushes, at most {allowed} allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_come_and_go() {
    let server = Server::start().await;
    server.send(run("a", "passed")).await;
    let mut socket = server.live("topics=nothing").await;
    assert_eq!(socket.next().await["topics"], json!([]));
    assert_eq!(socket.next().await["code"], "unknown_topic");
    socket.say(json!({"type": "subscribe", "topics": ["summary", "project:a"]})).await;
    assert_eq!(socket.next_of("snapshot").await["data"]["projects"]["total"], 1);
    assert_eq!(socket.next_of("snapshot").await["data"]["project"], "a");
    socket.say(json!({"type": "unsubscribe", "topics": ["summary"]})).await;
    socket.say(json!({"type": "ping"})).await;
    socket.next_of("pong").await;
    server.send(run("a", "failed")).await;
    let delta = socket.next().await;
    assert_eq!(delta["topic"], "project:a");
    assert_eq!(delta["data"]["runs"][0]["status"], "failed");
    socket.say(json!({"type": "request_snapshot", "topic": "project:a"})).await;
    let again = socket.next_of("snapshot").await;
    // What followed for alerts may have come in between.
    assert!(again["seq"].as_u64() >= delta["seq"].as_u64());
    assert_eq!(again["data"]["runs"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_answered_and_what_is_too_much_ends_it() {
    let server = Server::start().await;
    let mut socket = server.live("").await;
    socket.next_of("welcome").await;
    for text in ["", "{", "[]", r#"{"type":"dance"}"#, r#"{"type":"subscribe"}"#] {
        socket.say_text(text.to_owned()).await;
        assert_eq!(socket.next().await["code"], "malformed", "{text}");
    }
    socket.say_text(r#"{"token":"not needed here"}"#.to_owned()).await;
    socket.say(json!({"type": "ping"})).await;
    assert_eq!(socket.next().await["type"], "pong");

    socket.say_text(" ".repeat((64 << 10) + 1)).await;
    assert_eq!(socket.closed().await, Some(1009));

    let mut flood = server.live("").await;
    for _ in 0..1_000 {
        flood.say_text(r#"{"type":"ping"}"#.to_owned()).await;
    }
    assert_eq!(flood.closed().await, Some(1008));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_connection_beats_and_a_silent_one_is_closed() {
    let pace = Pace { heartbeat: Duration::from_millis(50), silence: Duration::from_millis(400) };
    let server = Server::tuned(Tuning { pace, ..Tuning::default() }).await;
    let mut socket = server.live("topics=events").await;
    let seq = socket.next_of("snapshot").await["seq"].clone();
    let beat = socket.next_of("heartbeat").await;
    assert!(beat["seq"].as_u64() >= seq.as_u64());
    assert!(beat["at"].is_string());

    // A peer that never speaks, not even to answer a ping.
    let mut mute = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "GET /dashboard/live HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.address
    );
    mute.write_all(request.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    tokio::time::timeout(PATIENCE, mute.read_to_end(&mut heard)).await.unwrap().unwrap();
    // A close frame with code 1008 (RFC 6455, 5.5.1).
    let close = [0x88, 2 + "silent for too long".len() as u8, 0x03, 0xf0];
    assert!(heard.windows(4).any(|bytes| bytes == close));
}

#[tokio::test(flavor = "multi_thread")]
async fn open_sockets_are_counted() {
    let server = Server::start().await;
    let counted = async || server.get("/dashboard/summary").await.json()["connections"].clone();
    assert_eq!(counted().await, json!({"websocket": 0}));
    let mut one = server.live("topics=summary").await;
    let two = server.live("").await;
    assert_eq!(counted().await, json!({"websocket": 2}));
    drop(two);
    while one.next().await["data"]["connections"] != json!({"websocket": 1}) {}
    let text = server.get("/metrics").await.body;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("\nbellwether_websocket_connections 1"), "{text}");
}

/// A message with what differs from run to run made the same.
fn settled(message: &Value) -> String {
    let mut text = serde_json::to_string_pretty(message).unwrap();
    for (member, like) in [("epoch", "\""), ("at", "\""), ("as_of", "\"")] {
        let mark = format!("\"{member}\": {like}");
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(start) = rest.find(&mark) {
            let (head, tail) = rest.split_at(start + mark.len());
            out.push_str(head);
            out.push_str("[…]");
            rest = &tail[tail.find('"').unwrap()..];
        }
        out.push_str(rest);
        text = out;
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_has_its_shape() {
    let pace = Pace { heartbeat: Duration::from_millis(300), silence: PATIENCE };
    let server = Server::tuned(Tuning { pace, ..Tuning::default() }).await;
    server.send(json!({"type": "task.queued", "data": {"task": "known"}})).await;
    let mut socket = server.live("topics=projects,nothing,%20projects,project:nobody").await;
    let mut welcome = socket.next().await;
    for (member, like) in [("at", "2"), ("epoch", "0"), ("seq", "")] {
        let said = welcome.as_object_mut().unwrap().remove(member).unwrap();
        assert!(said.to_string().trim_matches('"').starts_with(like), "{member}: {said}");
    }
    assert_eq!(
        welcome.to_string(),
        r#"{"heartbeat_s":0,"protocol":1,"topics":["projects"],"type":"welcome","user":"anonymous"}"#
    );
    let snapshot = socket.next().await;
    let rest = server.get("/dashboard/projects").await.json();
    assert_eq!(snapshot["data"], rest, "a snapshot is the answer over REST");
    let members: Vec<_> = snapshot.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["at", "data", "epoch", "seq", "topic", "type"]);
    for topic in ["nothing", "project:nobody"] {
        let error = socket.next().await;
        assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!("unknown_topic")));
        assert!(error["message"].is_string(), "{topic}");
    }
    let beat = socket.next_of("heartbeat").await;
    insta::assert_snapshot!(settled(&json!({"type": beat["type"], "at": beat["at"]})), @r#"
    {
      "at": "[…]",
      "type": "heartbeat"
    }
    "#);
    assert!(beat["seq"].is_u64());
    socket.say(json!({"type": "ping"})).await;
    assert_eq!(socket.next_of("pong").await, json!({"type": "pong"}));
    for (said, id, status) in [
        (json!({"type": "retry_task", "task_id": "t"}), "t", "not_found"),
        (json!({"type": "cancel_task", "task_id": "t", "id": "7"}), "7", "not_found"),
        (json!({"type": "cancel_task", "task_id": "known"}), "known", "accepted"),
        (json!({"type": "acknowledge_alert", "alert_id": "a"}), "a", "not_found"),
        (json!({"type": "acknowledge_alert", "rule_id": "r"}), "r", "not_found"),
    ] {
        socket.say(said.clone()).await;
        let result = socket.next_of("result").await;
        assert_eq!((&result["id"], &result["status"]), (&json!(id), &json!(status)), "{said}");
    }
    socket.say(json!({"type": "retry_task"})).await;
    assert_eq!(socket.next_of("error").await["code"], "malformed");
    server.send(run("p", "passed")).await;
    let delta = socket.next_of("delta").await;
    let members: Vec<_> = delta.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["at", "data", "epoch", "from", "seq", "topic", "type"]);
    socket.say(json!({"type": "unsubscribe", "topics": ["project:nobody", "x"]})).await;
    assert_eq!(socket.next_of("error").await["code"], "unknown_topic");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_what_rest_answers() {
    let server = Server::start().await;
    server.send(json!([run("a/b", "passed"), run("c", "failed")])).await;
    for (topic, path) in [
        ("projects", "/dashboard/projects"),
        ("project:a/b", "/dashboard/projects/a%2Fb"),
        ("system", "/api/v1/system"),
        ("summary", "/dashboard/summary"),
    ] {
        let mut socket = server.live("").await;
        // The socket is counted in the answers compared, so it must be shown first.
        while server.get("/dashboard/summary").await.json()["connections"]["websocket"] != 1 {}
        socket.say(json!({"type": "subscribe", "topics": [topic]})).await;
        let snapshot = socket.next_of("snapshot").await;
        let mut rest = server.get(path).await.json();
        let mut data = snapshot["data"].clone();
        for volatile in ["as_of", "cursor", "process", "internals", "events_per_s"] {
            for side in [&mut rest, &mut data] {
                side.as_object_mut().unwrap().insert(volatile.to_owned(), Value::Null);
            }
        }
        assert_eq!(data, rest, "{topic}");
        drop(socket);
        while server.get("/dashboard/summary").await.json()["connections"]["websocket"] != 0 {}
    }
}

/// Opens, adds to, closes and opens again what is held of two symbols, one of them in euros.
fn traded(round: i64) -> Value {
    let trade = |symbol: &str, currency: &str, side: &str, quantity: i64| {
        json!({"type": "trade.executed", "data": {"symbol": symbol, "side": side,
            "quantity": quantity, "price": 10 + round, "fees": "0.01", "currency": currency}})
    };
    let price = |symbol: &str, price: String| json!({"type": "price.updated", "data": {"symbol": symbol, "price": price}});
    let side = if round % 3 == 2 { "sell" } else { "buy" };
    let quantity = if round % 3 == 2 { 2 } else { 1 };
    json!([
        trade("X", "USD", side, quantity),
        trade("Y", "EUR", if round % 2 == 0 { "sell" } else { "buy" }, 1),
        price("X", format!("{round}.75")),
        price("EUR-USD", format!("1.0{}", round % 10)),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_portfolio_followed_is_the_portfolio_read() {
    let server = Server::start().await;
    server.send(json!({"type": "cash.moved", "data": {"amount": 1000}})).await;
    server.send(traded(0)).await;
    let mut socket = server.live("topics=portfolio,trades").await;
    let snapshot = socket.next_of("snapshot").await;
    let mut portfolio: Portfolio = serde_json::from_value(snapshot["data"].clone()).unwrap();
    let read = async || -> Portfolio {
        serde_json::from_slice(&server.get("/api/v1/portfolio").await.body).unwrap()
    };
    let same = |held: &Portfolio, read: Portfolio| {
        // Ratios take history: a page reads them anew, and is not told of them.
        let Portfolio { as_of, cursor, metrics, .. } = read.clone();
        let held = Portfolio { as_of, cursor, metrics, ..held.clone() };
        assert_eq!(serde_json::to_value(held).unwrap(), serde_json::to_value(read).unwrap());
    };
    same(&portfolio, read().await);
    let snapshot = socket.next_of("snapshot").await;
    assert_eq!(snapshot["topic"], "trades");
    let mut trades: TradesPage = serde_json::from_value(snapshot["data"].clone()).unwrap();
    let mut last = 0;
    for round in 1..=13 {
        last = server.send(traded(round)).await["cursor"]["seq"].as_u64().unwrap();
    }
    let mut at = BTreeMap::from([("portfolio", 0), ("trades", 0)]);
    while at.values().any(|seq| *seq < last) {
        let delta = socket.next_of("delta").await;
        let seq = delta["seq"].as_u64().unwrap();
        if delta["topic"] == "portfolio" {
            portfolio.apply(serde_json::from_value(delta["data"].clone()).unwrap());
            at.insert("portfolio", seq);
        } else {
            trades.apply(serde_json::from_value(delta["data"].clone()).unwrap());
            at.insert("trades", seq);
        }
    }
    let now = read().await;
    assert_eq!(now.positions.len(), 1, "Y is flat after an even number of trades, X is held");
    same(&portfolio, now);
    let rest = server.get("/api/v1/trades?limit=500").await.json();
    assert_eq!(serde_json::to_value(&trades.items).unwrap(), rest);
    assert_eq!(trades.total, 28);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_says_so() {
    let server = Server::start().await;
    let mut sockets = Vec::new();
    for _ in 0..20 {
        let mut socket = server.live("topics=summary").await;
        socket.next_of("snapshot").await;
        sockets.push(socket);
    }
    let begun = Instant::now();
    let closing = tokio::spawn(async move {
        let mut codes = Vec::new();
        for mut socket in sockets {
            codes.push(socket.closed().await);
        }
        codes
    });
    let _server = server.restart().await;
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(closing.await.unwrap(), vec![Some(1001); 20]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_in_the_address_that_is_none_is_refused() {
    let server = Server::start().await;
    let headers = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let answer = server.request("GET", "/dashboard/live?epoch=e&seq=x", &headers, "").await;
    assert_eq!((answer.status, &answer.json()["errors"][0]["pointer"]), (422, &json!("/seq")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_insides_are_shown_though_nothing_else_happens() {
    let server = Server::start().await;
    let mut socket = server.live("topics=system").await;
    socket.next_of("snapshot").await;
    server.send(json!([run("a", "passed"), run("b", "passed")])).await;
    let json = [("content-type", "application/json")];
    let refused = server.request("POST", "/api/v1/events", &json, r#"{"type":"nonsense"}"#).await;
    assert_eq!(refused.status, 422);
    loop {
        let delta = socket.next_of("delta").await;
        let ingest = &delta["data"]["internals"]["ingest"];
        if (&ingest["accepted"], &ingest["rejected"]) == (&json!(2), &json!(1)) {
            let rest = server.get("/api/v1/system").await.json();
            assert_eq!(rest["internals"]["ingest"]["rejected"], 1);
            return;
        }
    }
}
