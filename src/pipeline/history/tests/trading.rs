//! The past of trading, and what of it is kept for how long.

use super::*;
use crate::domain::trading::history::TradeFilter;
use crate::pipeline::changed::Part;

const DAY: i64 = 86_400_000;

fn today() -> Timestamp {
    Timestamp::from_ms(NOW).floor(DAY)
}

fn cash(amount: i64) -> Event {
    event("cash.moved", json!({ "amount": amount }))
}

fn price(price: i64) -> Event {
    event("price.updated", json!({ "symbol": "X", "price": price }))
}

fn bought(price: i64) -> Event {
    let data = json!({ "symbol": "X", "side": "buy", "quantity": 1, "price": price });
    event("trade.executed", data)
}

fn whose() -> Whose {
    Whose { account: None, currency: "USD".into() }
}

impl Kept {
    /// The equity at the end of every day before today, and whether that was kept.
    fn days(&self) -> (Vec<String>, bool) {
        let before = self.history().cache_internals();
        let course = self.runtime.block_on(self.history().days(whose(), today())).unwrap();
        let hit = self.history().cache_internals().hits > before.hits;
        let value = |point: &crate::domain::trading::EquityPoint| point.total_value.to_string();
        (course.points.iter().map(value).collect(), hit)
    }

    /// Every trade's price, newest first, and whether that was kept.
    fn trades(&self) -> (Vec<String>, bool) {
        let before = self.history().cache_internals();
        let filter = TradeFilter::default();
        let query = TradesQuery { filter, limit: 10, after: None, skip: 0 };
        let found = self.runtime.block_on(self.history().trades(query)).unwrap();
        let hit = self.history().cache_internals().hits > before.hits;
        (found.items.iter().map(|it| it.price.to_string()).collect(), hit)
    }
}

fn told(values: &[&str], kept: bool) -> (Vec<String>, bool) {
    (values.iter().map(|value| (*value).to_owned()).collect(), kept)
}

#[test]
fn days_that_are_over_are_kept_while_prices_tick() {
    let mut kept = Kept::new();
    let yesterday = ms(DAY);
    kept.send(&[(ms(2 * DAY), cash(100)), (yesterday, bought(10)), (yesterday, price(12))]);
    assert_eq!(kept.days(), told(&["100", "102"], false));
    assert_eq!(kept.days(), told(&["100", "102"], true));
    kept.send(&[(ms(0), price(50)), (ms(0), bought(50)), (ms(0), cash(7))]);
    kept.send(&[(today(), price(51))]);
    assert_eq!(kept.days(), told(&["100", "102"], true));
    // The last moment of yesterday.
    kept.send(&[(today().plus(-1), price(13))]);
    assert_eq!(kept.days(), told(&["100", "103"], false));
    kept.send(&[(ms(2 * DAY), cash(1))]);
    assert_eq!(kept.days(), told(&["101", "104"], false));
    assert_eq!(kept.days(), told(&["101", "104"], true));
}

#[test]
fn trades_are_kept_until_there_is_another() {
    let mut kept = Kept::new();
    kept.send(&[(ms(10), bought(10))]);
    assert_eq!(kept.trades(), told(&["10"], false));
    kept.send(&[(ms(5), price(11)), (ms(4), cash(3))]);
    assert_eq!(kept.trades(), told(&["10"], true));
    kept.send(&[(ms(3), bought(12))]);
    assert_eq!(kept.trades(), told(&["12", "10"], false));
}

#[test]
fn the_past_of_trading_is_made_anew() {
    let mut kept = Kept::new();
    kept.send(&[(ms(3 * DAY), cash(100)), (ms(2 * DAY), bought(10))]);
    kept.send(&[(ms(DAY), bought(20)), (ms(2 * DAY), price(15))]);
    let before = (kept.days().0, kept.trades().0);
    assert_eq!(before.0, ["100", "105", "100"]);
    kept.stop();
    store::remove(kept.dir.path()).unwrap();
    kept.start();
    assert_eq!((kept.days().0, kept.trades().0), before);
}

#[test]
fn the_version_moves_where_no_event_came() {
    let mut kept = Kept::new();
    let sold = json!({ "symbol": "X", "side": "sell", "quantity": 1, "price": 30 });
    kept.send(&[(ms(2), bought(10)), (ms(1), event("trade.executed", sold))]);
    let versions = |kept: &Kept| {
        [Part::Trading, Part::Projects, Part::Work].map(|part| kept.history().version(&[part]))
    };
    assert_eq!(versions(&kept), [1, 0, 0]);
    kept.stop();
    let db = rusqlite::Connection::open(store::file(kept.dir.path())).unwrap();
    // As a start finds it that was stopped before it came to all that a late trade had changed.
    db.execute_batch("UPDATE trade_books SET dirty_at = 0, dirty_seq = 0").unwrap();
    drop(db);
    kept.start();
    eventually(|| kept.history().version(&[Part::Trading]) > 0);
    assert_eq!(versions(&kept)[1..], [0, 0]);
    kept.score(Series::OverallScore, ms(0), 50.0);
    eventually(|| kept.history().version(&[Part::Projects]) > 0);
    kept.score(Series::QueueDepth(None), ms(0), 5.0);
    eventually(|| kept.history().version(&[Part::Work]) > 0);
    let [trading, projects, work] = versions(&kept);
    assert!(trading < projects && projects < work);
    assert_eq!(kept.history().version(&[Part::Trading, Part::Projects]), projects);
}
