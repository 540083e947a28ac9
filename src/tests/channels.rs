//! `/ws/metrics`, `/ws/portfolio` and `/ws/trades`, over real sockets.

use crate::access::Secured;
use crate::harness::{Server, Socket};
use bellwether::pipeline::hub::RingLimits;
use bellwether::server::config::Tuning;
use serde_json::{Value, json};

const CHANNELS: [&str; 3] = ["metrics", "portfolio", "trades"];

fn observed(name: &str, value: f64, labels: Value) -> Value {
    json!({"type": "metric.observed", "data": {"name": name, "value": value, "labels": labels}})
}

fn trade(id: &str, side: &str, quantity: Value, price: Value) -> Value {
    json!({"type": "trade.executed", "data": {"trade": id, "symbol": "X", "side": side,
        "quantity": quantity, "price": price}})
}

fn priced(price: Value) -> Value {
    json!({"type": "price.updated", "data": {"symbol": "X", "price": price}})
}

fn deposit(amount: Value) -> Value {
    json!({"type": "cash.moved", "data": {"amount": amount}})
}

async fn open(server: &Server, channel: &str) -> Socket {
    let mut socket = server.socket(&format!("/ws/{channel}")).await;
    socket.next_of("welcome").await;
    socket
}

/// Whether a message tells of nothing but what the board knows by itself.
fn is_own(message: &Value) -> bool {
    let own = ["events_per_second", "portfolio_", "health_", "alerts_"];
    let names = message["data"].as_object().into_iter().flatten().map(|(name, _)| name);
    message["type"] == "metrics"
        && names.into_iter().all(|name| own.iter().any(|own| name.starts_with(own)))
}

/// The data of the next message of the channel that tells of what was sent; its position in time is
/// checked.
async fn told(socket: &mut Socket, kind: &str) -> Value {
    let mut message = socket.next().await;
    while is_own(&message) {
        message = socket.next().await;
    }
    assert_eq!(message["type"], kind, "{message}");
    assert!(message["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{message}");
    let members: Vec<_> = message.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["data", "timestamp", "type"]);
    message["data"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_welcomed_after_its_first_message() {
    let secured = Secured::start().await;
    let trader = secured.token(json!({"name": "t", "role": "trader"})).await;
    for channel in CHANNELS {
        let mut socket = secured.socket(&format!("/ws/{channel}"), &[]).await.unwrap();
        socket.say(json!({"token": trader})).await;
        let message = format!("Connected to {channel} channel");
        let welcome = json!({"type": "welcome", "message": message, "user": "t"});
        assert_eq!(socket.next().await, welcome);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_see_it_is_sent_away() {
    let secured = Secured::start().await;
    for channel in CHANNELS {
        let others: Vec<_> = ["view_metrics", "view_portfolio", "view_trades", "view_alerts"]
            .into_iter()
            .filter(|permission| *permission != format!("view_{channel}"))
            .collect();
        let name = format!("not-{channel}");
        let token = secured.token(json!({"name": name, "permissions": others})).await;
        let path = format!("/ws/{channel}");
        let mut socket = secured.socket(&path, &[]).await.unwrap();
        socket.say(json!({"token": token})).await;
        let refused = socket.next().await;
        assert_eq!(refused["code"], "forbidden", "{channel}: {refused}");
        assert!(refused.to_string().contains(&format!("view_{channel}")), "it is named: {refused}");
        assert_eq!(socket.closed().await, Some(1008), "{channel}");
        assert_eq!(secured.socket_by(&path, &token).await.err(), Some(403), "{channel}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_trade_is_one_message() {
    let server = Server::start().await;
    let mut socket = open(&server, "trades").await;
    server.send(trade("t1", "buy", json!(0.1), json!("64000.125"))).await;
    let data = told(&mut socket, "trade").await;
    let at = data["executed_at"].clone();
    assert!(at.is_string());
    let expect = json!({"id": "t1", "symbol": "X", "side": "buy", "quantity": 0.1,
        "price": 64000.125, "executed_at": at});
    assert_eq!(data, expect);
    let two =
        json!([trade("t2", "sell", json!(1), json!(2)), trade("t3", "buy", json!(1), json!(3))]);
    server.send(two).await;
    for id in ["t2", "t3"] {
        assert_eq!(told(&mut socket, "trade").await["id"], id);
    }
    // A trade without an id has that of its event, one that comes late its own time.
    let late = json!({"type": "trade.executed", "id": "e4", "time": "2026-01-05T10:00:00Z",
        "data": {"symbol": "Y", "side": "sell", "quantity": 2, "price": -1}});
    server.send(late).await;
    let data = told(&mut socket, "trade").await;
    assert_eq!((&data["id"], &data["price"]), (&json!("e4"), &json!(-1)));
    assert_eq!(data["executed_at"], "2026-01-05T10:00:00.000Z");
    // Nothing else is told here.
    server.send(json!([priced(json!(5)), deposit(json!(1)), observed("m", 1.0, json!({}))])).await;
    server.send(trade("t5", "buy", json!(1), json!(1))).await;
    assert_eq!(told(&mut socket, "trade").await["id"], "t5");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_portfolio_is_told_when_it_is_worth_something_else() {
    let server = Server::start().await;
    let mut socket = open(&server, "portfolio").await;
    server.send(json!([deposit(json!("1000.10"))])).await;
    let worth = |total: Value, cash: Value, positions: Value| json!({"total_value": total, "cash": cash, "positions_value": positions});
    assert_eq!(told(&mut socket, "portfolio").await, worth(json!(1000.1), json!(1000.1), json!(0)));
    server.send(trade("t1", "buy", json!(10), json!(50))).await;
    assert_eq!(
        told(&mut socket, "portfolio").await,
        worth(json!(1000.1), json!(500.1), json!(500))
    );
    server.send(priced(json!(51))).await;
    let data = told(&mut socket, "portfolio").await;
    assert_eq!(data, worth(json!(1010.1), json!(500.1), json!(510)));
    let rest = server.get("/api/v1/portfolio").await.json();
    for member in ["total_value", "cash", "positions_value"] {
        assert_eq!(data[member], rest[member], "{member}");
    }
    // What changes nothing is not told of: the same price again, one of something not held.
    server.send(priced(json!(51))).await;
    let other = json!({"type": "price.updated", "data": {"symbol": "Z", "price": 7}});
    server.send(json!([other, observed("m", 1.0, json!({}))])).await;
    server.send(priced(json!(52))).await;
    assert_eq!(
        told(&mut socket, "portfolio").await,
        worth(json!(1020.1), json!(500.1), json!(520))
    );
}

/// The next values of the series of these tests: what the board knows by itself is told as well.
async fn measured(socket: &mut Socket) -> Value {
    loop {
        let mut data = told(socket, "metrics").await;
        data.as_object_mut().unwrap().retain(|name, _| ["depth", "load"].contains(&&**name));
        if data.as_object().is_some_and(|names| !names.is_empty()) {
            return data;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn series_are_told_once_a_flush_and_by_name() {
    let server = Server::start().await;
    let mut socket = open(&server, "metrics").await;
    // Sent together, so they are shown together: of each series the newest value.
    let values = (1..=9).map(|i| observed("depth", f64::from(i), json!({"queue": "a"})));
    let others = [observed("depth", 70.0, json!({"queue": "b"})), observed("load", 0.5, json!({}))];
    server.send(values.chain(others).collect()).await;
    let names = |data: &Value| data.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let (one, other) = (measured(&mut socket).await, measured(&mut socket).await);
    assert_eq!(names(&one), ["depth", "load"], "one place for each name");
    assert_eq!(names(&other), ["depth"], "series of one name are told apart");
    assert_eq!(
        (&one["depth"]["value"], &one["depth"]["labels"]),
        (&json!(9.0), &json!({"queue": "a"}))
    );
    assert_eq!(other["depth"]["value"], 70.0);
    assert_eq!((&one["load"]["value"], &one["load"]["labels"]), (&json!(0.5), &json!({})));
    let members: Vec<_> = one["load"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["labels", "timestamp", "value"]);

    // A value that is older than what is shown is not told.
    let mut old = observed("load", 9.0, json!({}));
    old["time"] = json!("2026-01-05T10:00:00Z");
    server.send(json!([old])).await;
    server.send(json!([observed("load", 0.75, json!({}))])).await;
    assert_eq!(measured(&mut socket).await["load"]["value"], 0.75);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_is_told_all_that_there_is() {
    let server = Server::start().await;
    for channel in CHANNELS {
        let mut socket = open(&server, channel).await;
        socket.say(json!({"type": "request_snapshot"})).await;
        let head = socket.next_of("resync").await;
        assert_eq!((&head["count"], &head["left_out"]), (&json!(0), &json!(0)), "{channel}");
    }
    let mut events: Vec<Value> =
        (0..205).map(|i| trade(&format!("t{i}"), "buy", json!(1), json!(2))).collect();
    events.extend([observed("a", 1.0, json!({})), observed("b", 2.0, json!({"k": "v"}))]);
    server.send(events.into()).await;
    let all = async |channel: &str| {
        let mut socket = open(&server, channel).await;
        socket.say(json!({"type": "request_snapshot"})).await;
        let head = socket.next_of("resync").await;
        let mut messages = Vec::new();
        for _ in 0..head["count"].as_u64().unwrap() {
            messages.push(socket.next().await["data"].clone());
        }
        (head["left_out"].clone(), messages)
    };
    let (left_out, trades) = all("trades").await;
    assert_eq!((left_out, trades.len()), (json!(5), 200));
    let ends = [&trades[0], &trades[199]].map(|trade| trade["id"].clone());
    assert_eq!(ends, [json!("t5"), json!("t204")], "oldest first, as they came");
    let (left_out, metrics) = all("metrics").await;
    assert_eq!(left_out, 0);
    assert_eq!((&metrics[0]["a"]["value"], &metrics[0]["b"]["value"]), (&json!(1.0), &json!(2.0)));
    let (left_out, portfolio) = all("portfolio").await;
    assert_eq!((left_out, portfolio.len()), (json!(0), 1));
    assert_eq!(portfolio[0]["positions_value"], 410);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_fallen_behind_is_told_all() {
    // No frame is kept, so that every client has always fallen behind.
    let ring = RingLimits { frames: 0, bytes: 0 };
    let server = Server::tuned(Tuning { ring, ..Tuning::default() }).await;
    let mut sockets = Vec::new();
    for channel in CHANNELS {
        sockets.push(open(&server, channel).await);
    }
    let events =
        |id: &str| json!([trade(id, "buy", json!(1), json!(2)), observed("m", 3.0, json!({}))]);
    server.send(events("t")).await;
    // What somebody who has just come has missed of trades are those that came since.
    let trades = sockets.last_mut().unwrap();
    assert_eq!(told(trades, "trade").await["id"], "t");
    server.send(events("u")).await;
    let wanted = [("metrics", "m"), ("portfolio", "cash"), ("trade", "id")];
    for (socket, (kind, member)) in sockets.iter_mut().zip(wanted) {
        assert!(socket.next_of("resync").await["count"].as_u64() >= Some(1), "{kind}");
        assert!(!told(socket, kind).await[member].is_null(), "{kind}");
    }
}

/// The next message but for those about what the board knows by itself: one client may have come
/// before them, and the other after.
async fn ours(socket: &mut Socket) -> Value {
    loop {
        let message = socket.next().await;
        if message["type"] != "metrics" || message["data"]["m"].is_object() {
            return message;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_told_in_full_or_as_a_resync() {
    let server = Server::start().await;
    let mut socket = open(&server, "metrics").await;
    let name = |i: i32| if i < 9_000 { "m" } else { "n" };
    let flood = (0..10_100).map(|i| observed(name(i), 1.0, json!({"i": i.to_string()})));
    server.send(flood.collect()).await;
    // Flushes may part the flood; whichever way it goes, every series within bounds is told. What
    // the board knows by itself takes some of the places.
    let (mut seen, mut most) = (std::collections::BTreeSet::new(), 10_100);
    while seen.len() < most {
        let message = socket.next().await;
        match message["type"].as_str() {
            Some("resync") => {
                let left_out = message["left_out"].as_u64().unwrap();
                assert!((100..110).contains(&left_out), "{message}");
                most = 10_100 - usize::try_from(left_out).unwrap();
            }
            Some("metrics") => {
                let told = message["data"].as_object().unwrap().values();
                seen.extend(told.filter_map(|it| it["labels"]["i"].as_str().map(str::to_owned)));
            }
            _ => panic!("{message}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_are_told_the_same() {
    let server = Server::start().await;
    for channel in CHANNELS {
        let (mut one, mut other) = (open(&server, channel).await, open(&server, channel).await);
        for i in 1..=20 {
            let id = format!("{channel}-{i}");
            let events = [
                trade(&id, "buy", json!(i), json!(i)),
                observed("m", f64::from(i), json!({"l": "v"})),
            ];
            server.send(json!(events)).await;
        }
        let mut kinds = std::collections::BTreeSet::new();
        for _ in 0..5 {
            let message = ours(&mut one).await;
            assert_eq!(message, ours(&mut other).await, "{channel}");
            kinds.insert(message["type"].as_str().unwrap().to_owned());
        }
        assert_eq!(kinds.len(), 1, "{kinds:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_told_at_most_ten_times_a_second() {
    let server = Server::start().await;
    let mut socket = open(&server, "portfolio").await;
    let begun = std::time::Instant::now();
    let mut last = 0;
    while begun.elapsed() < std::time::Duration::from_millis(1_500) {
        last += 1;
        server.send(deposit(json!(1))).await;
    }
    let mut pushes = 1;
    while told(&mut socket, "portfolio").await["cash"] != last {
        pushes += 1;
    }
    let allowed = begun.elapsed().as_millis() / 100 + 1;
    assert!(pushes <= allowed, "{pushes} pushes, at most {allowed} allowed");
}
