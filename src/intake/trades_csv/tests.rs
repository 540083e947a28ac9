use super::*;

fn context(mapping: &[(&str, &str)]) -> Context {
    let mapping = mapping.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    Context { mapping, ..Context::default() }
}

fn read(text: &str) -> Table {
    decode(text.as_bytes(), &Context::default()).unwrap()
}

fn told(event: &Incoming) -> String {
    let time = event.time.map(|time| time.to_string()).unwrap_or_default();
    format!("{time} {}", event.event.encode().unwrap())
}

/// The events of a table, a line each, and what is refused of it, as `line/member`.
#[track_caller]
fn check(text: &str, expect: &[&str]) {
    let table = read(text);
    let refused = table.rejected.iter().map(|it| format!("{}{}", it.line, it.pointer));
    let got: Vec<String> = table.events.iter().map(told).chain(refused).collect();
    assert_eq!(got, expect, "{text}");
}

#[test]
fn usual_columns_are_understood() {
    check(
        "Time,Ticker,Type,Qty,Px,Commission,Order ID\n\
         2026-01-02T03:04:05+01:00,AAPL,BUY,10,187.5,1.25,o1\n\
         2026-01-02 03:04:05,AAPL,s,-4,190,,\n",
        &[
            r#"2026-01-02T02:04:05.000Z {"symbol":"AAPL","side":"buy","quantity":10,"price":187.5,"trade":"o1","fees":1.25}"#,
            r#"2026-01-02T03:04:05.000Z {"symbol":"AAPL","side":"sell","quantity":4,"price":190}"#,
        ],
    );
    // Signed, without a side; another separator; a mark of the byte order; CRLF; quotes.
    check(
        "\u{feff}date;symbol;amount;price;account;currency;strategy;order_type\r\n\
         2026-01-02;\"BRK;B\";-2;0.1;a;EUR;\"say \"\"hi\"\"\";limit\r\n",
        &[
            r#"2026-01-02T00:00:00.000Z {"symbol":"BRK;B","side":"sell","quantity":2,"price":0.1,"account":"a","currency":"EUR","order_type":"limit","strategy":"say \"hi\""}"#,
        ],
    );
    check(
        "timestamp\tinstrument\tshares\tprice\n1767323045\tX\t1\t2\n1767323045678\tX\t1\t2\n",
        &[
            r#"2026-01-02T03:04:05.000Z {"symbol":"X","side":"buy","quantity":1,"price":2}"#,
            r#"2026-01-02T03:04:05.678Z {"symbol":"X","side":"buy","quantity":1,"price":2}"#,
        ],
    );
    check("symbol,quantity,price\n", &[]);
}

#[test]
fn each_bad_line_is_named_with_its_member() {
    check(
        "time,symbol,side,quantity,price,id\n\
         2026-01-02,X,buy,\"1,000\",1,\n\
         2026-01-02,X,buy,1,\"1,5\",\n\
         2026-01-02,X,hold,1,1,\n\
         2026-01-02,X,buy,-1,1,\n\
         2026-01-02,,buy,1,1,\n\
         ,X,buy,1,1,\n\
         02/01/2026,X,buy,1,1,\n\
         2026-01-02,X,buy,1\n\
         2026-01-02,X,buy,1,1,t\n\
         2026-01-02,X,buy,2,1,t\n\
         2026-01-02,X,buy,,1,\n\
         20260102,X,buy,1,1,\n\
         1767323045000000,X,buy,1,1,\n\
         -1767323045,X,buy,1,1,\n",
        &[
            r#"2026-01-02T00:00:00.000Z {"symbol":"X","side":"buy","quantity":1,"price":1,"trade":"t"}"#,
            "2/quantity",
            "3/price",
            "4/side",
            "5/quantity",
            "6/symbol",
            "7/time",
            "8/time",
            "9",
            "11/trade",
            "12/quantity",
            "13/time",
            "14/time",
            "15/time",
        ],
    );
    let bytes = b"symbol,quantity,price\nX\xff,1,1\nY,1,1\n";
    let table = decode(bytes, &Context::default()).unwrap();
    assert_eq!((table.events.len(), table.rejected[0].line, table.refused), (1, 2, 1));
}

#[test]
fn columns_are_mapped_or_asked_for() {
    #[track_caller]
    fn check(header: &str, mapping: &[(&str, &str)], expect: &[&str]) {
        let found = decode(header.as_bytes(), &context(mapping));
        let refused = found.err().map(|error| error.errors).unwrap_or_default();
        let got: Vec<_> = refused.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(got, expect, "{header} {mapping:?}");
    }
    check("a,b,c", &[("symbol", "a"), ("quantity", "B"), ("price", "c")], &[]);
    check("a,b,c", &[], &["/symbol", "/quantity", "/price"]);
    check("symbol,qty,c", &[("price", "d")], &["/map.price"]);
    check("symbol,qty,price", &[("colour", "qty"), ("side", "")], &["/map.colour"]);
    let mapped = context(&[("symbol", "price"), ("price", "symbol")]);
    let table = decode(b"symbol,price,qty\n7,X,1\n", &mapped).unwrap();
    assert!(told(&table.events[0]).contains(r#""symbol":"X""#));
    let table = decode(b"symbol,Menge,price\nX,viel,1\n", &context(&[("quantity", "menge")]));
    assert_eq!(table.unwrap().rejected[0].column, "Menge");
}

#[test]
fn a_line_is_known_again() {
    let ids = |text: &str| -> Vec<_> { read(text).events.into_iter().map(|it| it.id).collect() };
    let header = "time,symbol,quantity,price,account,trade_id\n";
    let line = "2026-01-02,X,1,1,a,\n";
    let twice = ids(&format!("{header}{line}{line}"));
    assert_ne!(twice[0], twice[1], "two lines that say the same are two trades");
    assert_eq!(twice, ids(&format!("{header}{line}\n2026-01-02T00:00:00Z,X,1.0,1.00,a,\n")));
    let named = ids(&format!("{header}2026-01-02,X,1,1,a,t\n2026-01-02,X,1,1,b,t\n"));
    assert_ne!(named[0], named[1], "each account has ids of its own");
    let other = ids(&format!("{header}2026-01-02,Y,1,1,a,t\n"));
    assert_ne!(named[0], other[0], "another table may number other trades alike");
    let once = ids(&format!("{header}2026-01-02,X,1,1,a,t\n2026-01-02,X,1,1,a,t\n"));
    assert_eq!(once, [named[0].clone(), named[0].clone()], "one trade, told twice");
    let orders = "time,symbol,quantity,price,order_id\n2026-01-02,X,1,1,o\n2026-01-03,X,2,1,o\n";
    let orders = read(orders);
    assert_eq!(orders.refused, 0, "an order may have several trades");
    assert_ne!(orders.events[0].id, orders.events[1].id);
}

#[test]
fn what_is_left_to_a_default_says_the_same() {
    #[track_caller]
    fn check(one: &str, other: &str) {
        let ids = |text: &str| read(text).events.into_iter().map(|it| it.id).collect::<Vec<_>>();
        assert_eq!(ids(one), ids(other), "{one}\n{other}");
    }
    let full = "time,symbol,side,quantity,price,fees,account,currency,trade_id\n";
    let named = format!("{full}2026-01-02T03:04:05.000Z,X,buy,1,2.5,0,default,USD,t\n");
    check("date,symbol,qty,price,id\n2026-01-02 03:04:05,X,1.0,2.50,t\n", &named);
    let bare = format!("{full}1767323045,X,buy,1,2,0.00,,USD,\n");
    check("time,symbol,side,qty,price\n2026-01-02T04:04:05+01:00,X,b,1,2\n", &bare);
}

#[test]
fn a_table_of_the_board_itself_is_known_again() {
    #[track_caller]
    fn check(text: &str, exported: impl Fn(&Incoming) -> String) {
        let before = read(text).events;
        let head = "id,symbol,side,quantity,price,fees,timestamp,realized_pnl,currency,late\n";
        let rows: String = before.iter().map(exported).collect();
        let after = read(&format!("{head}{rows}"));
        assert_eq!(after.refused, 0, "{rows}");
        let ids = |events: &[Incoming]| events.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&after.events), ids(&before), "{rows}");
    }
    let row = |id: &str, at: &str| format!("{id},X,buy,1,2,0,{at},,USD,false\n");
    let at = "2026-01-02T00:00:00.000Z";
    // Neither id nor time, then no id, then one of its own, and those of an order of several trades.
    check("symbol,qty,price\nX,1,2\nX,1,2\n", |it| row(&it.id, "2026-05-06T07:08:09.123Z"));
    check("date,symbol,qty,price\n2026-01-02,X,1,2\n", |it| row(&it.id, at));
    check("date,symbol,qty,price,id\n2026-01-02,X,1,2,t\n", |_| row("t", at));
    let fills = "date,symbol,qty,price,order\n2026-01-02,X,1,2,o\n2026-01-02,X,1,2,o\n\
                 2026-01-03,X,1,2,o\n";
    check(fills, |it| row("o", &it.time.unwrap().to_string()));
    // One that was changed since is another.
    let id = read("date,symbol,qty,price\n2026-01-02,X,1,2\n").events[0].id.clone();
    let text = format!("date,symbol,qty,price,id\n2026-01-02,X,1,3,{id}\n");
    assert_ne!(read(&text).events[0].id, id);
}

#[test]
fn defaults_hold_where_a_line_names_none() {
    let context = Context {
        account: Some("d".into()),
        currency: Some("EUR".into()),
        strategy: Some("s".into()),
        ..Context::default()
    };
    let table = decode(b"symbol,quantity,price,account\nX,1,1,\nX,1,1,own\n", &context).unwrap();
    assert!(told(&table.events[0]).contains(r#""account":"d","currency":"EUR","strategy":"s""#));
    assert!(told(&table.events[1]).contains(r#""account":"own""#));
}

#[test]
fn marks_of_spreadsheets_are_taken_off() {
    check(
        "symbol,quantity,price,strategy\n'=X,1,1,'quoted\n",
        &[r#" {"symbol":"=X","side":"buy","quantity":1,"price":1,"strategy":"'quoted"}"#],
    );
}

#[test]
fn the_oldest_come_first() {
    #[track_caller]
    fn check(lines: &[&str], expect: &str) {
        let text = format!("time,quantity,symbol,price\n{}\n", lines.join(",1\n") + ",1");
        let symbol = |it: &Incoming| match &it.event {
            Event::Trading(TradingEvent::Executed(trade)) => trade.symbol.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(read(&text).events.iter().map(symbol).collect::<String>(), expect);
    }
    check(&["1767323041,1,A", "1767323042,1,B", "1767323042,1,C", "1767323043,1,D"], "ABCD");
    check(&["1767323043,1,D", "1767323042,1,C", "1767323042,1,B", "1767323041,1,A"], "ABCD");
    check(&["1767323042,1,B", "1767323041,1,A", "1767323042,1,C", "1767323043,1,D"], "ABCD");
}
