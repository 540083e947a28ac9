//! Trades: what one costs when many were made before, in the books and in the tables of the past.

use super::report::{Aim, figure, note, quantile, ratio, title};
use super::{events, past, server};
use bellwether::domain::trading::history::TradeFilter;
use bellwether::domain::{Envelope, State, Touched};
use bellwether::pipeline::board::Board;
use bellwether::pipeline::history::{TradesQuery, Whose};
use bellwether::wire::Timestamp;
use rusqlite::{Connection, params};
use serde_json::json;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

const SYMBOLS: u64 = 8;
/// Trades of a measured stretch.
const STRETCH: u64 = 2_000;
const FEW: u64 = 10_000;
const MANY: u64 = 1_000_000;
const ROUNDS: usize = 5;

pub fn run() {
    books();
    tables();
}

/// The fold and the flush.
fn books() {
    title("trading: a trade into the books, after 10,000 and after 1,000,000 of 8 symbols");
    note("floor: the same trades as rows of a map in memory that holds as many");
    let (mut young, mut old) = (Desk::with_past(FEW), Desk::with_past(MANY));
    let (mut few, mut many) = (Vec::new(), Vec::new());
    let (mut shown_few, mut shown_many) = (Vec::new(), Vec::new());
    let (mut floor_few, mut floor_many) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (a, b) = (young.stretch(), old.stretch());
        let (c, d) = (young.flushes(), old.flushes());
        let (e, f) = (young.floor(), old.floor());
        if round > 0 {
            few.push(a);
            many.push(b);
            shown_few.push(c);
            shown_many.push(d);
            floor_few.push(e);
            floor_many.push(f);
        }
    }
    figure("fold, after 10,000", &few, "µs a trade", None);
    figure("fold, after 1,000,000", &many, "µs a trade", None);
    figure("ratio", &ratio(&many, &few), "", Some(Aim::AtMost(1.2)));
    figure("flush of 50, after 10,000", &shown_few, "µs a trade", None);
    figure("flush of 50, after 1,000,000", &shown_many, "µs a trade", None);
    figure("ratio", &ratio(&shown_many, &shown_few), "", Some(Aim::AtMost(1.2)));
    figure("floor, ratio", &ratio(&floor_many, &floor_few), "", None);
    let size = |desk: &Desk| desk.state.encode().unwrap().len() as f64 / 1e6;
    figure("state, after 10,000", &[size(&young)], "MB", None);
    figure("state, after 1,000,000", &[size(&old)], "MB", None);
}

/// Trades of a market that goes up and down.
#[derive(Default)]
struct Trades {
    next: u64,
}

impl Trades {
    fn one(&mut self) -> Envelope {
        let (number, dice) = (self.next, events::scatter(self.next));
        self.next += 1;
        let wave = ((number as f64 / 5_000.0).sin() * 900.0) as u64 + 2_000;
        let data = json!({
            "trade": format!("t-{number}"), "symbol": format!("S{}", number % SYMBOLS),
            "side": if dice.is_multiple_of(2) { "buy" } else { "sell" },
            "quantity": format!("{}.{:03}", 1 + dice % 9, dice % 1_000),
            "price": format!("{wave}.{:02}", dice % 100), "fees": "0.35", "account": "desk",
            "order_type": "limit", "strategy": "bench",
        });
        events::placed(number, "trade.executed", &data)
    }

    fn some(&mut self, count: u64) -> Vec<Envelope> {
        (0..count).map(|_| self.one()).collect()
    }
}

/// Books in which much was traded, and a map with a row for every trade.
#[derive(Default)]
struct Desk {
    state: State,
    board: Board,
    touched: Vec<Touched>,
    trades: Trades,
    rows: BTreeMap<u64, [u8; 200]>,
}

impl Desk {
    fn with_past(trades: u64) -> Self {
        let mut desk = Self::default();
        while desk.trades.next < trades {
            desk.stretch();
            desk.floor();
        }
        desk.board.refresh(&desk.state);
        desk
    }

    /// Microseconds a trade takes to be folded; making it is not measured.
    fn stretch(&mut self) -> f64 {
        let trades = self.trades.some(STRETCH);
        let begun = Instant::now();
        for envelope in &trades {
            self.touched.clear();
            self.state.fold(envelope, &mut self.touched);
            black_box(&self.touched);
        }
        micros(begun, STRETCH)
    }

    /// Microseconds a trade takes to be folded and looked at again, 50 at a time.
    fn flushes(&mut self) -> f64 {
        let mut each = Vec::new();
        for _ in 0..20 {
            let trades = self.trades.some(50);
            // What readers hold meanwhile.
            let shown = self.state.clone();
            let begun = Instant::now();
            for envelope in &trades {
                self.state.fold(envelope, &mut self.touched);
                self.touched.drain(..).for_each(|touched| self.board.touch(touched));
            }
            let refreshed = self.board.refresh(&self.state);
            each.push(micros(begun, 50));
            assert!(refreshed.trading.any);
            drop(shown);
        }
        quantile(&each, 0.5)
    }

    fn floor(&mut self) -> f64 {
        let first = self.rows.len() as u64;
        let begun = Instant::now();
        for number in first..first + STRETCH {
            self.rows.insert(number, [7; 200]);
        }
        micros(begun, STRETCH)
    }
}

fn micros(begun: Instant, trades: u64) -> f64 {
    begun.elapsed().as_secs_f64() * 1e6 / trades as f64
}

/// The tables.
fn tables() {
    title("trading: trades into the tables of the past, after 10,000 and after 1,000,000");
    note("floor: bare SQLite, the same settings and transactions: a row of 300 bytes a trade, and");
    note("four indexes of it");
    let dir = server::directory();
    let (mut young, mut old) =
        (Kept::with_past(dir.path(), "young", FEW), Kept::with_past(dir.path(), "old", MANY));
    let (mut few, mut many) = (Vec::new(), Vec::new());
    let (mut floor_few, mut floor_many) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (a, b) = (young.keep(STRETCH), old.keep(STRETCH));
        let (c, d) = (young.floor(STRETCH), old.floor(STRETCH));
        if round > 0 {
            few.push(a);
            many.push(b);
            floor_few.push(c);
            floor_many.push(d);
        }
    }
    figure("kept, after 10,000", &few, "µs a trade", None);
    figure("kept, after 1,000,000", &many, "µs a trade", None);
    figure("ratio", &ratio(&many, &few), "", Some(Aim::AtMost(1.2)));
    figure("floor, after 10,000", &floor_few, "µs a row", None);
    figure("floor, after 1,000,000", &floor_many, "µs a row", None);
    figure("floor, ratio", &ratio(&floor_many, &floor_few), "", None);
    questions(&young, &old);
    young.past.history.stop();
    old.past.history.stop();
}

/// What is asked of the tables, of 10,000 trades and of 1,000,000. Each question is another one, so
/// that no answer is one that was kept.
fn questions(young: &Kept, old: &Kept) {
    title("trading: reading of 10,000 and of 1,000,000 trades");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let page = |symbol: Option<&str>, turn: usize| TradesQuery {
        filter: TradeFilter { symbol: symbol.map(Into::into), ..TradeFilter::default() },
        limit: 50 + turn,
        after: None,
        skip: 0,
    };
    let whose = Whose { account: None, currency: "USD".into() };
    let day = |turn: usize| Timestamp::from_ms(1_800_000_000_000).plus(86_400_000 * turn as i64);
    type Ask<'a> = Box<dyn Fn(&Kept, usize) + 'a>;
    let asked: [(&str, Ask<'_>); 3] = [
        (
            "a page of the newest",
            Box::new(|kept, turn| {
                let asked = kept.past.history.trades(page(None, turn));
                black_box(runtime.block_on(asked).unwrap());
            }),
        ),
        (
            "a page of a symbol",
            Box::new(|kept, turn| {
                let asked = kept.past.history.trades(page(Some("S3"), turn));
                black_box(runtime.block_on(asked).unwrap());
            }),
        ),
        (
            "the equity of every day",
            Box::new(|kept, turn| {
                let asked = kept.past.history.days(whose.clone(), day(turn));
                black_box(runtime.block_on(asked).unwrap());
            }),
        ),
    ];
    for (what, ask) in &asked {
        let (mut few, mut many, mut turn) = (Vec::new(), Vec::new(), 0);
        for round in 0..=ROUNDS {
            let mut times = [Vec::new(), Vec::new()];
            for _ in 0..20 {
                turn += 1;
                for (kept, times) in [young, old].into_iter().zip(&mut times) {
                    let begun = Instant::now();
                    ask(kept, turn);
                    times.push(begun.elapsed().as_secs_f64() * 1e3);
                }
            }
            if round > 0 {
                few.push(quantile(&times[0], 0.5));
                many.push(quantile(&times[1], 0.5));
            }
        }
        figure(&format!("{what}, of 10,000"), &few, "ms", None);
        figure(&format!("{what}, of 1,000,000"), &many, "ms", None);
        figure("ratio", &ratio(&many, &few), "", Some(Aim::AtMost(1.2)));
    }
}

/// A past with many trades, and a bare table with as many rows.
struct Kept {
    past: past::Fed,
    trades: Trades,
    floor: Connection,
    rows: u64,
}

impl Kept {
    fn with_past(dir: &Path, name: &str, trades: u64) -> Self {
        let dir = dir.join(name);
        std::fs::create_dir(&dir).unwrap();
        let floor = past::database(&dir.join("floor.db"));
        let table = "CREATE TABLE rows (id INTEGER PRIMARY KEY, at INTEGER, symbol TEXT, side TEXT,
                strategy TEXT, account TEXT, it BLOB);
            CREATE INDEX a ON rows (at); CREATE INDEX b ON rows (symbol, at);
            CREATE INDEX c ON rows (strategy, at); CREATE INDEX d ON rows (account, at);";
        floor.execute_batch(table).unwrap();
        let past = past::Fed::start(&dir);
        let mut kept = Self { past, trades: Trades::default(), floor, rows: 0 };
        while kept.rows < trades {
            let part = (trades - kept.rows).min(20_000);
            kept.keep(part);
            kept.floor(part);
        }
        kept
    }

    /// Microseconds a trade takes to be kept, 500 at a time.
    fn keep(&mut self, count: u64) -> f64 {
        let mut batches = Vec::new();
        for _ in 0..count / 500 {
            batches.push(past::together(self.trades.some(500)));
        }
        let begun = Instant::now();
        self.past.keep(batches);
        micros(begun, count)
    }

    fn floor(&mut self, count: u64) -> f64 {
        let begun = Instant::now();
        for _ in 0..count / 500 {
            let tx = self.floor.unchecked_transaction().unwrap();
            let sql = "INSERT INTO rows VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let mut insert = tx.prepare_cached(sql).unwrap();
            for _ in 0..500 {
                self.rows += 1;
                let (row, symbol) = (self.rows as i64, format!("S{}", self.rows % SYMBOLS));
                let it = [7_u8; 200];
                insert
                    .execute(params![row, row * 100, symbol, "buy", "bench", "desk", it])
                    .unwrap();
            }
            drop(insert);
            tx.commit().unwrap();
        }
        micros(begun, count)
    }
}
