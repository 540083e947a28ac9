//! The portfolio and trades over HTTP, as the contract has them.

use crate::harness::{Answer, Server};
use bellwether::wire::Timestamp;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const DAY: i64 = 86_400_000;

/// This second of the day on which everything happens, ten days ago: steps of an hour are kept.
fn time(second: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    Timestamp::from_ms((now / DAY - 10) * DAY + second * 1_000).to_string()
}

/// An event at this second of that day.
fn at(second: i64, kind: &str, data: Value) -> Value {
    json!({ "type": kind, "time": time(second), "data": data })
}

/// The equity at the end of each of the first hours of that day.
async fn hourly(server: &Server, hours: i64) -> Vec<Value> {
    let (from, to) = (time(0), time(hours * 3_600 - 1));
    let path = format!("/api/ui/equity?from={from}&to={to}&step=1h");
    let points = server.get(&path).await.json()["points"].as_array().unwrap().clone();
    assert_eq!(points.len() as i64, hours);
    points.into_iter().map(|point| point["total_value"].clone()).collect()
}

fn trade(second: i64, side: &str, quantity: &str, price: &str) -> Value {
    let id = format!("t{second}");
    let data = json!({ "symbol": "AAPL", "side": side, "quantity": quantity, "price": price,
        "trade": id });
    at(second, "trade.executed", data)
}

fn with(mut event: Value, member: &str, value: Value) -> Value {
    event["data"][member] = value;
    event
}

fn price(second: i64, symbol: &str, price: &str) -> Value {
    at(second, "price.updated", json!({ "symbol": symbol, "price": price }))
}

fn cash(second: i64, amount: &str) -> Value {
    at(second, "cash.moved", json!({ "amount": amount }))
}

async fn portfolio(server: &Server, query: &str) -> Value {
    let answer = server.get(&format!("/api/v1/portfolio{query}")).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

async fn trades(server: &Server, query: &str) -> Value {
    let answer = server.get(&format!("/api/v1/trades{query}")).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    assert!(link.ends_with("; rel=\"next\""), "{link}");
    Some(link.trim_start_matches('<').split('>').next().unwrap().to_owned())
}

fn pnl(trades: &Value) -> Vec<(String, Value)> {
    let all = trades.as_array().unwrap().iter();
    all.map(|it| (it["id"].as_str().unwrap().to_owned(), it["realized_pnl"].clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_answers_have_the_members_of_the_contract() {
    let server = Server::start().await;
    let empty = portfolio(&server, "?include_history=true").await;
    assert_eq!((&empty["total_value"], &empty["history"]), (&json!(0), &json!([])));
    assert_eq!(empty["metrics"]["sharpe_ratio"], Value::Null);
    assert_eq!(trades(&server, "").await, json!([]));
    let fees = |event| with(event, "fees", json!("1.5"));
    let strategy =
        |event| with(with(event, "strategy", json!("mean")), "order_type", json!("limit"));
    server
        .send(json!([
            cash(0, "10000"),
            fees(trade(10, "buy", "10", "100")),
            strategy(trade(20, "buy", "10", "110")),
            trade(30, "sell", "15", "120"),
            price(40, "AAPL", "130"),
        ]))
        .await;
    let told = portfolio(&server, "?include_history=true").await;
    let cash_now = 10_000.0 - 1_000.0 - 1.5 - 1_100.0 + 1_800.0;
    assert_eq!(told["cash"], json!(cash_now));
    assert_eq!((&told["positions_value"], &told["fees"]), (&json!(650), &json!(1.5)));
    assert_eq!(told["total_value"], json!(cash_now + 650.0));
    assert_eq!((&told["realized_pnl"], &told["unrealized_pnl"]), (&json!(250), &json!(100)));
    let one = &told["positions"][0];
    for (member, expect) in [
        ("symbol", json!("AAPL")),
        ("quantity", json!(5)),
        ("entry_price", json!(110)),
        ("current_price", json!(130)),
        ("value", json!(650)),
        ("pnl", json!(100)),
    ] {
        assert_eq!(one[member], expect, "{member}");
    }
    assert!((one["pnl_percentage"].as_f64().unwrap() - 100.0 / 550.0).abs() < 1e-12);
    assert!((one["allocation"].as_f64().unwrap() - 650.0 / (cash_now + 650.0)).abs() < 1e-12);
    let metrics = &told["metrics"];
    assert!((metrics["return_since_inception"].as_f64().unwrap() - 0.03485).abs() < 1e-9);
    let history = told["history"].as_array().unwrap();
    assert_eq!(history[0]["timestamp"], time(0));
    assert_eq!(history.last().unwrap()["total_value"], told["total_value"]);
    assert_eq!(history[0]["deposits"], json!(10_000));
    assert_eq!(history.len(), 11, "a day each until today");
    assert_eq!(portfolio(&server, "").await.get("history"), None);

    let all = trades(&server, "").await;
    assert_eq!(
        pnl(&all),
        [
            ("t30".to_owned(), json!(250)),
            ("t20".to_owned(), Value::Null),
            ("t10".to_owned(), Value::Null)
        ]
    );
    let second = &all[1];
    for (member, expect) in [
        ("symbol", json!("AAPL")),
        ("side", json!("buy")),
        ("quantity", json!(10)),
        ("price", json!(110)),
        ("fees", json!(0)),
        ("status", json!("filled")),
        ("order_type", json!("limit")),
        ("strategy", json!("mean")),
        ("timestamp", json!(time(20))),
    ] {
        assert_eq!(second[member], expect, "{member}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_told_apart_and_together() {
    let server = Server::start().await;
    let of = |account: &str, event| with(event, "account", json!(account));
    server
        .send(json!([
            of("a", cash(0, "1000")),
            of("b", cash(1, "500")),
            of("a", trade(2, "buy", "2", "100")),
            of("b", trade(3, "sell", "1", "110")),
            of("b", trade(4, "buy", "1", "90")),
        ]))
        .await;
    let (all, a, b) = (
        portfolio(&server, "").await,
        portfolio(&server, "?account=a&include_history=true").await,
        portfolio(&server, "?account=b&include_history=true").await,
    );
    assert_eq!(all["accounts"], json!(["a", "b"]));
    // The last price that was traded at counts for both.
    assert_eq!((&a["total_value"], &b["total_value"]), (&json!(980), &json!(520)));
    assert_eq!(all["total_value"], json!(1_500));
    assert_eq!((&a["realized_pnl"], &b["realized_pnl"]), (&json!(0), &json!(20)));
    assert_eq!(b["positions"], json!([]));
    let last = |told: &Value| told["history"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last(&a)["total_value"], &last(&b)["total_value"]), (&json!(980), &json!(520)));
    assert_eq!(trades(&server, "?account=b").await.as_array().unwrap().len(), 2);
    let unknown = server.get("/api/v1/portfolio?account=c").await;
    assert_eq!(unknown.status, 404);
    let bad = server.get("/api/v1/portfolio?currency=US$&include_history=maybe").await;
    let pointers: Vec<_> =
        bad.json()["errors"].as_array().unwrap().iter().map(|it| it["pointer"].clone()).collect();
    assert_eq!((bad.status, pointers), (422, vec![json!("/currency"), json!("/include_history")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_currencies_count_once_their_pair_has_a_price() {
    let server = Server::start().await;
    let euro = |event| with(event, "currency", json!("EUR"));
    server
        .send(json!([
            cash(0, "100"),
            euro(cash(1, "1000")),
            euro(trade(2, "sell", "2", "50")),
            price(3, "AAPL", "40"),
        ]))
        .await;
    let apart = portfolio(&server, "?include_history=true").await;
    assert_eq!(apart["total_value"], json!(100));
    assert_eq!(apart["unconverted"][0]["currency"], "EUR");
    assert_eq!(apart["unconverted"][0]["unrealized_pnl"], json!(20));
    server.send(json!([price(86_000, "EURUSD", "1.25")])).await;
    let told = portfolio(&server, "?include_history=true").await;
    // 1,100 in cash, two short at 40.
    assert_eq!((&told["cash"], &told["positions_value"]), (&json!(1_475), &json!(-100)));
    assert_eq!(told["total_value"], json!(1_375));
    assert_eq!(told["positions"][0]["quantity"], json!(-2));
    assert_eq!(told["positions"][0]["value"], json!(-80));
    let history = told["history"].as_array().unwrap();
    assert_eq!(history[0]["total_value"], json!(1_375), "the pair is known by the end of that day");
    let euros = portfolio(&server, "?currency=EUR").await;
    assert_eq!(euros["total_value"], json!(1_100));
    let hours = hourly(&server, 24).await;
    assert_eq!((&hours[0], &hours[22], &hours[23]), (&json!(100), &json!(100), &json!(1_375)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_trade_corrects_all_that_comes_after_it() {
    let server = Server::start().await;
    server
        .send(json!([
            cash(0, "1000"),
            trade(7_200, "buy", "1", "100"),
            trade(10_800, "sell", "1", "150"),
            price(10_900, "AAPL", "150"),
        ]))
        .await;
    assert_eq!(hourly(&server, 4).await, [1_000, 1_000, 1_000, 1_050]);
    assert_eq!(trades(&server, "").await[0]["realized_pnl"], json!(50));
    // Bought earlier, and so sold first.
    server.send(json!([trade(3_600, "buy", "1", "80")])).await;
    let told = portfolio(&server, "?include_history=true").await;
    assert_eq!((&told["realized_pnl"], &told["unrealized_pnl"]), (&json!(70), &json!(50)));
    assert_eq!(
        (&told["late_trades"], &told["corrections"][0]["trade"]),
        (&json!(1), &json!("t3600"))
    );
    assert_eq!(told["corrections"][0]["realized_pnl"], json!(20));
    assert_eq!(told["history"][0]["total_value"], json!(1_120));
    let rows = trades(&server, "").await;
    assert_eq!(
        pnl(&rows),
        [
            ("t10800".to_owned(), json!(70)),
            ("t7200".to_owned(), Value::Null),
            ("t3600".to_owned(), Value::Null)
        ]
    );
    assert_eq!((&rows[2]["late"], &rows[1]["late"]), (&json!(true), &json!(false)));
    // Nobody is told that it is worth more before it is.
    assert_eq!(hourly(&server, 4).await, [1_000, 1_000, 1_020, 1_120]);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_outlive_a_restart_and_the_loss_of_history() {
    let server = Server::start().await;
    let events: Vec<Value> = (0..40)
        .map(|i| {
            let side = if i % 3 == 2 { "sell" } else { "buy" };
            trade(1_000 - i * 25, side, &format!("{}", 1 + i % 4), &format!("{}", 100 + i))
        })
        .chain([cash(5, "100000"), price(2_000, "AAPL", "123.45")])
        .collect();
    server.send(json!(events)).await;
    let read = async |server: &Server| {
        let mut portfolio = portfolio(server, "?include_history=true").await;
        for moving in ["as_of", "cursor"] {
            portfolio[moving] = Value::Null;
        }
        (portfolio, trades(server, "?limit=500").await)
    };
    let before = read(&server).await;
    let server = server.restart().await;
    assert_eq!(read(&server).await, before);
    let (dir, tuning) = server.stop().await;
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(dir.path().join(format!("history.db{end}")));
    }
    let server = Server::started_over(dir, tuning).await;
    assert_eq!(read(&server).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_long_list_add_up_to_all_of_it() {
    let server = Server::start().await;
    let events: Vec<Value> = (0..1_000)
        .map(|i| {
            let side = if i % 2 == 0 { "buy" } else { "sell" };
            let event = trade(i / 3, side, "1", &format!("{}", 100 + i % 7));
            let event = with(event, "trade", json!(format!("n{i}")));
            let event = with(event, "strategy", json!(if i % 5 == 0 { "five" } else { "other" }));
            with(event, "symbol", json!(if i % 4 == 0 { "X" } else { "Y" }))
        })
        .collect();
    for part in events.chunks(250) {
        server.send(json!(part)).await;
    }
    let all = async |query: &str| {
        let mut found = Vec::new();
        let mut path = format!("/api/v1/trades?limit=77{query}");
        let mut total = None;
        loop {
            let page = server.get(&path).await;
            total = total.or(page.header("x-total-count").map(str::to_owned));
            found.extend(page.json().as_array().unwrap().clone());
            match next(&page) {
                Some(next) => path = next,
                None => break,
            }
        }
        assert_eq!(total, Some(found.len().to_string()), "{query}");
        let order = |it: &Value| {
            (it["timestamp"].as_str().unwrap().to_owned(), it["seq"].as_u64().unwrap())
        };
        assert!(found.is_sorted_by(|a, b| order(a) > order(b)), "newest first: {query}");
        found
    };
    let whole = all("").await;
    let mut ids: Vec<_> = whole.iter().map(|it| it["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 1_000);
    let sum: f64 = whole.iter().filter_map(|it| it["realized_pnl"].as_f64()).sum();
    assert_eq!(json!(sum), json!(portfolio(&server, "").await["realized_pnl"].as_f64().unwrap()));
    assert_eq!(all("&symbol=X").await.len(), 250);
    assert_eq!(all("&side=sell").await.len(), 500);
    assert_eq!(all("&strategy=five").await.len(), 200);
    assert_eq!(all("&strategy=five&symbol=X&side=buy").await.len(), 50);
    let hour = format!("&start_time={}&end_time={}", time(10), time(20));
    assert_eq!(all(&hour).await.len(), 30);
    assert_eq!(all("&symbol=nobody").await.len(), 0);
    let skipped = trades(&server, "?skip=100&limit=3").await;
    assert_eq!(skipped.as_array().unwrap(), &whole[100..103]);
    let bad = server.get("/api/v1/trades?side=hold&limit=0&after=x").await;
    assert_eq!((bad.status, bad.json()["errors"].as_array().unwrap().len()), (422, 3));
    let lines = server.get("/api/v1/trades?format=ndjson&symbol=X").await;
    assert_eq!(String::from_utf8(lines.body).unwrap().lines().count(), 250);
}

#[tokio::test(flavor = "multi_thread")]
async fn ratios_are_annualised_as_is_set() {
    let server = Server::set(&[("trading.periods_per_year", 252.0)]).await;
    server
        .send(json!([cash(0, "1000"), trade(1, "buy", "5", "100"), price(90, "AAPL", "104")]))
        .await;
    let told = portfolio(&server, "").await;
    assert_eq!(told["metrics"]["periods_per_year"], json!(252.0));
    assert_eq!(told["metrics"]["max_drawdown"], json!(0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn trades_that_are_matched_again_later_are_told_anew() {
    let server = Server::start().await;
    let other = json!({ "type": "task.queued", "data": { "task": "t" } });
    server.send(json!([trade(1, "buy", "1", "10"), trade(2, "sell", "1", "30")])).await;
    let realized = async |query: &str| trades(&server, query).await[0]["realized_pnl"].clone();
    assert_eq!(realized("").await, json!(20));
    let history = rusqlite::Connection::open(server.data_dir.path().join("history.db")).unwrap();
    history.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    // As trades are while one that came late before them has not been looked at.
    let behind = "BEGIN IMMEDIATE; UPDATE trades SET realized = '7' WHERE realized IS NOT NULL;
        UPDATE trade_books SET dirty_at = 0, dirty_seq = 0; COMMIT;";
    let mut kept = String::new();
    for limit in 10..30 {
        history.execute_batch(behind).unwrap();
        kept = format!("?limit={limit}");
        // Now and then the server is faster.
        if realized(&kept).await == json!(7) {
            break;
        }
    }
    assert_eq!(realized(&kept).await, json!(7));
    // Whatever is written next has them matched, though nothing has happened to trades.
    server.send(json!([other])).await;
    server.until("/api/v1/trades?limit=100", |all| all[0]["realized_pnl"] == json!(20)).await;
    assert_eq!(realized(&kept).await, json!(20));
}
