//! Figures of sixty days of trading against those of an independent library; see
//! `fixtures/trading/README.md`.

use crate::harness::Server;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

const DAY: i64 = 86_400_000;

fn figures() -> Value {
    serde_json::from_str(include_str!("fixtures/trading/figures.json")).unwrap()
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn rfc3339(ms: i64) -> String {
    bellwether::wire::Timestamp::from_ms(ms).to_string()
}

#[track_caller]
fn near(what: &str, got: &Value, expect: &Value) {
    let number = |value: &Value| match value {
        Value::String(text) => text.parse::<f64>().unwrap(),
        other => other.as_f64().unwrap_or_else(|| panic!("{what} is {other}")),
    };
    let (got, expect) = (number(got), number(expect));
    assert!(
        (got - expect).abs() <= 1e-9 * expect.abs().max(1.0),
        "{what} is {got}, expected {expect}"
    );
}

/// The same order every time, but not that of time.
fn shuffled(mut events: Vec<Value>) -> Vec<Value> {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for i in (1..events.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        events.swap(i, (seed >> 33) as usize % (i + 1));
    }
    events
}

async fn compare(shuffle: bool) {
    let figures = figures();
    let days = figures["days"].as_i64().unwrap();
    let today = now_ms() / DAY * DAY;
    let first = today - (days - 1) * DAY;
    let events = figures["events"].as_array().unwrap().iter().enumerate();
    let mut events: Vec<Value> = events
        .map(|(i, pair)| {
            let mut event = pair[1].clone();
            event["time"] = rfc3339(first + pair[0].as_i64().unwrap()).into();
            event["id"] = i.to_string().into();
            event["source"] = "figures".into();
            event
        })
        .collect();
    if shuffle {
        events = shuffled(events);
    }
    let server = Server::start().await;
    for part in events.chunks(97) {
        server.send(json!(part)).await;
    }
    let portfolio = server.get("/api/v1/portfolio?include_history=true").await.json();
    for (name, expect) in figures["metrics"].as_object().unwrap() {
        near(name, &portfolio["metrics"][name], expect);
    }
    for name in ["realized_pnl", "unrealized_pnl", "fees"] {
        near(name, &portfolio[name], &figures[name]);
    }
    let held: BTreeMap<&str, &Value> = portfolio["positions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["symbol"].as_str().unwrap(), &it["quantity"]))
        .collect();
    for (symbol, expect) in figures["quantity"].as_object().unwrap() {
        near(symbol, held.get(symbol.as_str()).copied().unwrap_or(&json!(0)), expect);
    }
    let history = portfolio["history"].as_array().unwrap();
    let expected = figures["equity"].as_array().unwrap();
    assert_eq!(history.len(), expected.len());
    for (i, (point, expect)) in history.iter().zip(expected).enumerate() {
        assert_eq!(point["timestamp"], rfc3339(first + i as i64 * DAY));
        near("cash", &point["cash"], &expect[0]);
        near("positions_value", &point["positions_value"], &expect[1]);
    }
    let mut told = BTreeMap::new();
    let mut path = "/api/v1/trades?limit=100".to_owned();
    loop {
        let page = server.get(&path).await;
        for trade in page.json().as_array().unwrap() {
            told.insert(trade["id"].as_str().unwrap().to_owned(), trade["realized_pnl"].clone());
        }
        let Some(link) = page.header("link") else { break };
        path = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
    let expected = figures["trade_pnl"].as_object().unwrap();
    assert_eq!(told.len(), expected.len());
    for (trade, expect) in expected {
        if expect.is_null() {
            assert!(told[trade].is_null(), "{trade}: {}", told[trade]);
        } else {
            near(trade, &told[trade], expect);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_those_of_other_means() {
    compare(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_they_are_in_whatever_order_events_come() {
    compare(true).await;
}
