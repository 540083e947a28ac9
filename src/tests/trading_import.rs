//! `POST /api/v1/import/trades`, and the way back out.

use crate::harness::{Answer, Server};
use serde_json::{Value, json};

async fn import(server: &Server, query: &str, body: &str) -> Answer {
    let path = format!("/api/v1/import/trades?wait=applied{query}");
    server.request("POST", &path, &[("content-type", "text/csv")], body).await
}

async fn portfolio(server: &Server) -> Value {
    server.get("/api/v1/portfolio").await.json()
}

const TABLE: &str = "Date,Ticker,Action,Shares,Price,Commission,Trade ID\n\
    2026-01-02 10:00:00,AAPL,Buy,10,100.10,1,a1\n\
    2026-01-02 11:00:00,AAPL,Sell,4,110,1,a2\n\
    2026-01-02 12:00:00,MSFT,Buy,\"1,000\",50,0,a3\n\
    2026-01-02 13:00:00,MSFT,Hold,1,50,0,a4\n";

#[tokio::test(flavor = "multi_thread")]
async fn good_lines_are_taken_and_bad_ones_named() {
    let server = Server::start().await;
    let answer = import(&server, "", TABLE).await;
    let told = answer.json();
    assert_eq!(answer.status, 200, "{told}");
    assert_eq!((&told["accepted"], &told["duplicates"]), (&json!(2), &json!(0)));
    let bad = told["rejected"].as_array().unwrap();
    let places: Vec<_> = bad.iter().map(|it| (&it["index"], &it["line"], &it["pointer"])).collect();
    assert_eq!(
        places,
        [(&json!(2), &json!(4), &json!("/quantity")), (&json!(3), &json!(5), &json!("/side"))]
    );
    assert!(bad[0]["detail"].as_str().unwrap().contains("thousands"), "{told}");
    assert!(told["cursor"]["seq"].is_u64() && told["applied"] == true, "{told}");
    let held = portfolio(&server).await;
    assert_eq!(held["positions"][0]["quantity"], json!(6));
    assert_eq!((&held["realized_pnl"], &held["fees"]), (&json!(39.6), &json!(2)));
    let rows = server.get("/api/v1/trades").await.json();
    assert_eq!(
        (&rows[0]["id"], &rows[0]["timestamp"]),
        (&json!("a2"), &json!("2026-01-02T11:00:00.000Z"))
    );

    let again = import(&server, "", TABLE).await.json();
    assert_eq!((&again["accepted"], &again["duplicates"]), (&json!(0), &json!(2)));
    assert_eq!(portfolio(&server).await["positions"][0]["quantity"], json!(6));
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_not_understood_are_refused() {
    let server = Server::start().await;
    let pointers = |answer: &Answer| -> Vec<String> {
        let all = answer.json()["errors"].as_array().unwrap().clone();
        all.iter().map(|it| it["pointer"].as_str().unwrap().to_owned()).collect()
    };
    let none = import(&server, "", "when,what,how many\n1,2,3\n").await;
    assert_eq!(
        (none.status, pointers(&none)),
        (422, vec!["/symbol".to_owned(), "/quantity".to_owned(), "/price".to_owned()])
    );
    let bad = import(&server, "&map.price=nothing&map.colour=what", "symbol,qty,px\nX,1,1\n").await;
    assert_eq!((bad.status, pointers(&bad).len()), (422, 2));
    let lines = import(&server, "", "symbol,qty,price\nX,none,1\nX,1,none\n").await;
    assert_eq!(
        (lines.status, pointers(&lines)),
        (422, vec!["/0/quantity".to_owned(), "/1/price".to_owned()])
    );
    assert_eq!(lines.json()["rejected"][1]["line"], json!(3));
    let large = "x".repeat(17 << 20);
    assert_eq!(import(&server, "", &large).await.status, 413);
    let wait = server.post("/api/v1/import/trades?wait=soon").await;
    assert_eq!((wait.status, pointers(&wait)), (422, vec!["/wait".to_owned()]));
    assert_eq!(portfolio(&server).await["trades"], json!(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_mapped_and_defaults_given() {
    let server = Server::start().await;
    let table = "Papier;Menge;Kurs\nSAP;3;120.5\nSAP;-1;130\n";
    let query = "&map.symbol=Papier&map.quantity=Menge&map.price=Kurs&account=depot&currency=EUR\
                 &strategy=hand";
    let answer = import(&server, query, table).await;
    assert_eq!((answer.status, answer.json()["accepted"].clone()), (200, json!(2)));
    let rows = server.get("/api/v1/trades?account=depot&strategy=hand&side=sell").await.json();
    assert_eq!((&rows[0]["currency"], &rows[0]["quantity"]), (&json!("EUR"), &json!(1)));
    assert_eq!(rows[0]["realized_pnl"], json!(9.5));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_out_can_come_in_again() {
    let (from, to) = (Server::start().await, Server::start().await);
    let trade = |i: usize, symbol: &str, side: &str, fees: &str| {
        json!({ "type": "trade.executed", "time": format!("2026-01-02T03:04:{i:02}.5Z"),
            "data": { "symbol": symbol, "side": side, "quantity": "0.12345678901234567890123",
            "price": format!("{}.00000000000000000001", 100 + i), "fees": fees,
            "strategy": "=cmd, \"x\"", "account": "@home", "trade": format!("-{i} {fees}") } })
    };
    from.send(json!([
        trade(1, "=SUM(A1)", "buy", "-0.5"),
        trade(2, "=SUM(A1)", "sell", "0"),
        trade(3, "B,C;\"D\"", "sell", "1e-10"),
        trade(3, "=SUM(A1)", "sell", "0.25"),
        trade(3, "=SUM(A1)", "buy", "0.125"),
    ]))
    .await;
    let file = from.get("/api/v1/trades?format=csv").await;
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = String::from_utf8(file.body).unwrap();
    assert!(!text.contains(",=") && text.contains("'=SUM(A1)"), "no cell is a formula: {text}");
    let answer = import(&to, "", &text).await;
    assert_eq!((answer.status, answer.json()["accepted"].clone()), (200, json!(5)), "{text}");
    let rows = async |server: &Server| {
        let mut rows = server.get("/api/v1/trades").await.json();
        for row in rows.as_array_mut().unwrap() {
            row["seq"] = Value::Null;
        }
        rows
    };
    assert_eq!(rows(&to).await, rows(&from).await);
    assert_eq!(
        String::from_utf8(to.get("/api/v1/trades?format=csv").await.body).unwrap().lines().count(),
        6
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_in_as_a_table_and_went_out_is_known_again() {
    let server = Server::start().await;
    for (table, lines) in [
        ("symbol,quantity,price\nBARE,1.0,2.50\nBARE,1.0,2.50\n", 2),
        ("time,symbol,side,quantity,price\n2026-01-02,TIMED,buy,10,3\n", 1),
        ("time,symbol,quantity,price,id\n2026-01-02 10:00:00,NAMED,-1,3,t1\n", 1),
        ("time,symbol,quantity,price,order\n2026-01-02,FILLS,1,3,o\n2026-01-03,FILLS,1,3,o\n", 2),
    ] {
        assert_eq!(import(&server, "", table).await.json()["accepted"], json!(lines), "{table}");
    }
    let before = portfolio(&server).await;
    let file = server.get("/api/v1/trades?format=csv").await;
    let text = String::from_utf8(file.body).unwrap();
    let again = import(&server, "", &text).await.json();
    assert_eq!(
        (&again["accepted"], &again["duplicates"], &again["rejected"]),
        (&json!(0), &json!(6), &json!([])),
        "{text}"
    );
    let after = portfolio(&server).await;
    assert_eq!(after["positions"], before["positions"]);
    assert_eq!((&before["trades"], &after["trades"]), (&json!(6), &json!(6)));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_take_in_tables_too() {
    let server = Server::start().await;
    let call = async |csv: &str, mapping: &str| {
        let body = json!({ "csv": csv, "mapping": mapping });
        server.json("POST", "/api/ui/import_trades", body).await
    };
    let told = call(TABLE, "").await.json();
    assert_eq!((&told["accepted"], &told["duplicates"]), (&json!(2), &json!(0)));
    assert_eq!(
        (&told["rejected"][0]["line"], &told["rejected"][0]["column"]),
        (&json!(4), &json!("Shares"))
    );
    assert_eq!(portfolio(&server).await["positions"][0]["quantity"], json!(6));
    assert_eq!(call(TABLE, "").await.json()["duplicates"], json!(2));
    assert_eq!(call("a,b\n1,2\n", "").await.status, 422);
    assert_eq!(call("a,b,c\nX,1,2\n", "[]").await.status, 422);
    let mapped = call("a,b,c\nX,1,2\n", r#"{"symbol":"a","quantity":"b","price":"c"}"#).await;
    assert_eq!((mapped.status, mapped.json()["accepted"].clone()), (200, json!(1)));
    let pad = "s".repeat(180);
    let long = (0..11_000).map(|i| format!("2026-01-02,LONG,1,{i},1,{pad},x{i}\n"));
    let long: String = long.collect();
    let long = format!("time,symbol,quantity,price,fees,strategy,trade\n{long}");
    assert!(long.len() > 2 << 20);
    assert_eq!(import(&server, "", &long).await.json()["accepted"], json!(11_000));
    assert_eq!(call(&long, "").await.json()["duplicates"], json!(11_000));
}
