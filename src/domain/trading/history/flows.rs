//! What each step changed of cash and positions, and which prices were the newest in it.
//!
//! Each account, currency and symbol is a series of flows; each symbol is one of prices that were
//! told, and one of prices that it was traded at for every currency. A trade that comes late changes
//! the step of its own time, and with it everything that is summed up later.

use crate::domain::range::{RESOLUTIONS, Range};
use crate::domain::rollup::{Rollups, Steps, finest};
use crate::domain::trading::state::{BookKey, Cash, Mark, Purse, State};
use crate::domain::trading::{Amount, Event, Side};
use crate::domain::window::Bucket;
use crate::wire::{Stamp, Timestamp};
use rusqlite::{Connection, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const FLOWS: Rollups<Flow> = Rollups::new("trade_flows").forever();
const MARKS: Rollups<Newest> = Rollups::new("trade_prices").forever();

/// Stands between the parts of a series' name; no name holds it.
const BETWEEN: char = '\u{1f}';
/// Comes right after it.
const BEHIND: char = '\u{20}';

/// SQL that makes the tables.
pub fn schema() -> String {
    format!("{} {}", FLOWS.schema(), MARKS.schema())
}

/// What a step changed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Flow {
    /// Of the position; nothing where no symbol is named.
    pub quantity: Amount,
    /// Of cash, net of fees.
    pub cash: Amount,
    /// What of that came in other than by trades, less what went out.
    pub deposits: Amount,
    /// What of that went out.
    pub withdrawn: Amount,
}

impl Bucket for Flow {
    fn merge(&mut self, other: &Self) {
        self.quantity += &other.quantity;
        self.cash += &other.cash;
        self.deposits += &other.deposits;
        self.withdrawn += &other.withdrawn;
    }
}

/// The newest price of a step.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Newest(Option<Mark>);

impl Bucket for Newest {
    fn merge(&mut self, other: &Self) {
        if let Some(mark) = other.0.filter(|it| self.0.is_none_or(|had| it.is_newer_than(&had))) {
            self.0 = Some(mark);
        }
    }
}

/// What a price is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PriceKey {
    /// Of which symbol.
    pub symbol: Arc<str>,
    /// In which currency it was traded at that price; none where the price was told.
    pub currency: Option<Arc<str>>,
}

impl PriceKey {
    /// The price that was told of a symbol.
    pub const fn told(symbol: Arc<str>) -> Self {
        Self { symbol, currency: None }
    }

    /// The price that a symbol was traded at.
    pub const fn traded(symbol: Arc<str>, currency: Arc<str>) -> Self {
        Self { symbol, currency: Some(currency) }
    }

    fn series(&self) -> Arc<str> {
        match &self.currency {
            Some(currency) => format!("{}{BETWEEN}{currency}", self.symbol).into(),
            None => self.symbol.clone(),
        }
    }
}

/// Whose flows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowKey {
    /// Whose they are.
    pub account: Arc<str>,
    /// In which currency.
    pub currency: Arc<str>,
    /// Of which symbol; empty for cash that came in other than by trades.
    pub symbol: Arc<str>,
}

impl FlowKey {
    fn series(&self) -> Arc<str> {
        let Self { account, currency, symbol } = self;
        format!("{account}{BETWEEN}{currency}{BETWEEN}{symbol}").into()
    }

    fn named(series: &str) -> Option<Self> {
        let mut parts = series.splitn(3, BETWEEN).map(Arc::from);
        Some(Self { account: parts.next()?, currency: parts.next()?, symbol: parts.next()? })
    }
}

/// What a batch adds.
#[derive(Debug, Default)]
pub struct Flows {
    flows: Steps<Flow>,
    marks: Steps<Newest>,
}

impl Flows {
    /// What a state comes to, as if all of it had come about at once.
    pub fn of(state: &State, at: Timestamp) -> Self {
        let (mut all, step) = (Self::default(), finest(at));
        for (Purse { currency, account }, cash) in &state.cash {
            let Cash { balance, deposits, withdrawn } = (**cash).clone();
            let (account, currency) = (account.clone(), currency.clone());
            let key = FlowKey { account, currency, symbol: "".into() };
            let flow = Flow { quantity: Amount::default(), cash: balance, deposits, withdrawn };
            all.flows.insert((key.series(), step), flow);
        }
        for (BookKey { symbol, currency, account }, book) in &state.books {
            let (account, currency) = (account.clone(), currency.clone());
            let key = FlowKey { account, currency, symbol: symbol.clone() };
            let flow = Flow { quantity: book.quantity(), ..Flow::default() };
            all.flows.insert((key.series(), step), flow);
        }
        for (symbol, mark) in &state.told {
            all.mark(&PriceKey::told(symbol.clone()), step, *mark);
        }
        for ((symbol, currency), mark) in &state.traded {
            all.mark(&PriceKey::traded(symbol.clone(), currency.clone()), step, *mark);
        }
        all
    }

    /// Takes in an event.
    pub fn add(&mut self, stamp: &Stamp, event: &Event) {
        let step = finest(stamp.time);
        let mark = |price| Mark { at: stamp.time, seq: stamp.seq, price };
        let (key, flow) = match event {
            Event::Priced(priced) => {
                self.mark(&PriceKey::told(priced.symbol.clone()), step, mark(priced.price));
                return;
            }
            Event::Moved(moved) => {
                let (purse, amount) = (moved.purse(), Amount::from(moved.amount));
                let key =
                    FlowKey { account: purse.account, currency: purse.currency, symbol: "".into() };
                let withdrawn = if amount.is_negative() { -&amount } else { Amount::default() };
                let deposits = amount.clone();
                (key, Flow { quantity: Amount::default(), cash: amount, deposits, withdrawn })
            }
            Event::Executed(trade) => {
                let book = trade.book();
                let (account, currency, symbol) = (book.account, book.currency, book.symbol);
                let traded = PriceKey::traded(symbol.clone(), currency.clone());
                self.mark(&traded, step, mark(trade.price));
                let quantity = Amount::from(trade.quantity);
                let worth = &quantity * &Amount::from(trade.price);
                let (quantity, mut cash) = match trade.side {
                    Side::Buy => (quantity, -&worth),
                    Side::Sell => (-&quantity, worth),
                };
                cash -= &trade.fees.map(Amount::from).unwrap_or_default();
                let flow = Flow { quantity, cash, ..Flow::default() };
                (FlowKey { account, currency, symbol }, flow)
            }
        };
        self.flows.entry((key.series(), step)).or_default().merge(&flow);
    }

    fn mark(&mut self, key: &PriceKey, step: Timestamp, mark: Mark) {
        self.marks.entry((key.series(), step)).or_default().merge(&Newest(Some(mark)));
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn write(&self, tx: &Connection) -> Result<()> {
        FLOWS.write(tx, &self.flows)?;
        MARKS.write(tx, &self.marks)
    }
}

/// Forgets the short steps, as they grow old, of the next `count` series of each kind after
/// `after`; returns the last ones it looked at, none at the end. The days stay.
///
/// # Errors
/// The database cannot be written.
pub fn prune(
    tx: &Connection,
    after: &(Option<String>, Option<String>),
    count: usize,
    now: Timestamp,
) -> Result<(Option<String>, Option<String>)> {
    let (flows, marks) = after;
    Ok((
        FLOWS.prune(tx, flows.as_deref(), count, now)?.pop(),
        MARKS.prune(tx, marks.as_deref(), count, now)?.pop(),
    ))
}

/// Every series of flows, of one account if one is named.
///
/// # Errors
/// The database cannot be read.
pub fn series(db: &Connection, account: Option<&str>) -> Result<Vec<FlowKey>> {
    let (mut at, end) = match account {
        Some(account) => (format!("{account}{BETWEEN}"), format!("{account}{BEHIND}")),
        None => (String::new(), char::MAX.to_string()),
    };
    let longest = RESOLUTIONS.len() as i64 - 1;
    // From one name to the next, past all steps in between.
    let mut next = db.prepare_cached(
        "SELECT min(series) FROM trade_flows WHERE res = ?1 AND series > ?2 AND series < ?3",
    )?;
    let mut found = Vec::new();
    loop {
        let name: Option<String> = next.query_row((longest, &at, &end), |row| row.get(0))?;
        let Some(name) = name else { return Ok(found) };
        found.extend(FlowKey::named(&name));
        at = name;
    }
}

/// The day of the first flow of these series.
///
/// # Errors
/// The database cannot be read.
pub fn first_day(db: &Connection, keys: &[FlowKey]) -> Result<Option<Timestamp>> {
    let longest = RESOLUTIONS.len() as i64 - 1;
    let mut first =
        db.prepare_cached("SELECT min(at) FROM trade_flows WHERE res = ?1 AND series = ?2")?;
    let mut earliest: Option<i64> = None;
    for key in keys {
        let day: Option<i64> = first.query_row((longest, &*key.series()), |row| row.get(0))?;
        earliest = earliest.into_iter().chain(day).min();
    }
    Ok(earliest.map(Timestamp::from_ms))
}

/// Everything before `at` as whole steps, the longest there are: days, then hours of the last day,
/// and so on.
fn parts(at: Timestamp) -> impl Iterator<Item = Range> {
    let mut from = Timestamp::from_ms(i64::MIN / 2);
    RESOLUTIONS.iter().rev().filter_map(move |kept| {
        let to = at.floor(kept.step_ms);
        let part = Range { from, to, step_ms: kept.step_ms, window_ms: to.since(from) };
        from = to;
        (part.from < part.to).then_some(part)
    })
}

/// What all flows of a series before `at` come to; none if there were none.
///
/// # Errors
/// The database cannot be read.
pub fn sum(db: &Connection, key: &FlowKey, at: Timestamp) -> Result<Option<Flow>> {
    let series = key.series();
    let mut sum: Option<Flow> = None;
    for part in parts(at) {
        for (_, flow) in FLOWS.read(db, &series, &part)? {
            sum.get_or_insert_default().merge(&flow);
        }
    }
    Ok(sum)
}

/// The flows of a series in each step of a range.
///
/// # Errors
/// The database cannot be read.
pub fn steps(db: &Connection, key: &FlowKey, range: &Range) -> Result<Vec<(Timestamp, Flow)>> {
    FLOWS.read(db, &key.series(), range)
}

/// The newest price before `at`.
///
/// # Errors
/// The database cannot be read.
pub fn price(db: &Connection, key: &PriceKey, at: Timestamp) -> Result<Option<Mark>> {
    let series = key.series();
    let mut parts: Vec<Range> = parts(at).collect();
    parts.reverse();
    let mut last = db.prepare_cached(
        "SELECT data FROM trade_prices WHERE res = ?1 AND series = ?2 AND at >= ?3 AND at < ?4
         ORDER BY at DESC LIMIT 1",
    )?;
    for part in parts {
        let asked = (part.resolution() as i64, &*series, part.from.ms(), part.to.ms());
        let mut rows = last.query(asked)?;
        if let Some(row) = rows.next()? {
            let Newest(mark) = crate::domain::rollup::decode(row.get_ref(0)?.as_blob()?)?;
            return Ok(mark);
        }
    }
    Ok(None)
}

/// The newest price in each step of a range.
///
/// # Errors
/// The database cannot be read.
pub fn prices(db: &Connection, key: &PriceKey, range: &Range) -> Result<Vec<(Timestamp, Mark)>> {
    let steps = MARKS.read(db, &key.series(), range)?;
    Ok(steps.into_iter().filter_map(|(at, Newest(mark))| Some((at, mark?))).collect())
}
