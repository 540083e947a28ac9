//! The fold: books, cash and prices. The books balance to the last digit, in whatever order events
//! come: for each account and currency
//!
//! cash + positions at cost + fees = deposits + realised profit

mod book;
mod tape;
#[cfg(test)]
mod tests;

pub use book::{Book, BookKey, Booked};
pub use tape::{Lot, Place};

use super::{
    Amount, DEFAULT_ACCOUNT, DEFAULT_CURRENCY, Decimal, Event, Executed, Moved, Priced, Side,
};
use crate::wire::{Seq, Stamp, Timestamp};
use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Most books, purses and symbols, each.
const MAX: usize = 20_000;
/// Trades that are kept for whoever looks.
const RECENT: usize = 200;
/// Corrections that are kept, newest first.
const CORRECTIONS: usize = 20;
/// Closed lots a book keeps apart on each side, so that late trades are matched exactly: many, as
/// long as all books together keep fewer than [`MANY`], and a few from then on.
const CLOSED: (u32, u32) = (4_096, 64);
const MANY: u64 = 400_000;

/// Whose cash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Purse {
    /// In which currency.
    pub currency: Arc<str>,
    /// Whose it is.
    pub account: Arc<str>,
}

/// Cash, net of fees.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Cash {
    /// What is there; negative is owed.
    pub balance: Amount,
    /// What came in other than by trades, less what went out.
    pub deposits: Amount,
    /// What of that went out.
    #[serde(default)]
    pub withdrawn: Amount,
}

/// A price, and when it was that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// Position of the event that said so.
    pub seq: Seq,
    /// The price of one.
    pub price: Decimal,
}

impl Mark {
    /// Of two marks the later one is the newer, and of two of one moment the one that came later.
    pub fn is_newer_than(&self, other: &Self) -> bool {
        (self.at, self.seq) > (other.at, other.seq)
    }
}

/// Keeps the newer of two marks; whether that is `mark`.
fn newest<K: Ord + Clone>(marks: &mut OrdMap<K, Mark>, key: K, mark: Mark) -> bool {
    let newer = marks.get(&key).is_none_or(|had| mark.is_newer_than(had));
    if newer {
        marks.insert(key, mark);
    }
    newer
}

/// A trade, as it is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fill {
    /// Its id: its producer's, or that of its event.
    pub id: Arc<str>,
    /// Position of its event.
    pub seq: Seq,
    /// When it was made.
    pub at: Timestamp,
    /// Its book.
    pub book: BookKey,
    /// Which way.
    pub side: Side,
    /// How much and at what price.
    pub lot: Lot,
    /// What the venue took.
    pub fees: Option<Decimal>,
    /// Market, limit and so on.
    pub order_type: Option<Arc<str>>,
    /// What decided it.
    pub strategy: Option<Arc<str>>,
    /// Profit of what it closed, gross of fees; none if it closed nothing.
    pub realized: Option<Amount>,
    /// Position of the event by which that came to be so.
    pub matched: Seq,
    /// It came after trades of its book with later times.
    pub late: bool,
}

/// What a trade changed that came later than others of its book with later times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Corrected {
    /// When it was received.
    pub at: Timestamp,
    /// The time it has.
    pub time: Timestamp,
    /// The trade.
    pub trade: Arc<str>,
    /// Its book.
    pub book: BookKey,
    /// By how much the realised profit of the book is more, gross of fees.
    pub realized: Amount,
}

/// What an event changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    /// Positions in this symbol, or its price.
    Symbol(Arc<str>),
    /// Cash of a currency.
    Cash(Arc<str>),
}

/// Books, cash and prices.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// Every book.
    #[serde(default)]
    pub books: OrdMap<BookKey, Arc<Book>>,
    /// Cash of every account.
    #[serde(default)]
    pub cash: OrdMap<Purse, Arc<Cash>>,
    /// The newest price of every symbol that was told.
    #[serde(default)]
    pub told: OrdMap<Arc<str>, Mark>,
    /// The newest price that every symbol was traded at, in each currency.
    #[serde(default)]
    pub traded: OrdMap<(Arc<str>, Arc<str>), Mark>,
    /// The newest trades by their own time, newest first: a late one takes its place among them.
    #[serde(default)]
    pub recent: Vector<Arc<Fill>>,
    /// What late trades changed, newest first.
    #[serde(default)]
    pub corrections: Vector<Arc<Corrected>>,
    /// How many trades there are.
    #[serde(default)]
    pub trades: u64,
    /// How many of them came late.
    #[serde(default)]
    pub late: u64,
    /// Events about books, purses or symbols that found no place.
    #[serde(default)]
    pub overflow: u64,
    /// Closed lots that all books keep apart.
    #[serde(default)]
    closed: u64,
}

impl State {
    /// Takes in an event; adds to `touched` what it changed.
    pub fn fold(&mut self, stamp: &Stamp, event: &Event, touched: &mut Vec<Touched>) {
        match event {
            Event::Executed(trade) => self.trade(stamp, trade, touched),
            Event::Priced(priced) => self.price(stamp, priced, touched),
            Event::Moved(moved) => self.cash_moved(moved, touched),
        }
    }

    fn trade(&mut self, stamp: &Stamp, trade: &Executed, touched: &mut Vec<Touched>) {
        let key = trade.book();
        let purse = Purse { currency: key.currency.clone(), account: key.account.clone() };
        let room = self.books.contains_key(&key) || self.books.len() < MAX;
        if !room || !self.has_purse(&purse) {
            self.overflow = self.overflow.saturating_add(1);
            return;
        }
        let lot = Lot { quantity: trade.quantity, price: trade.price };
        let book = Arc::make_mut(self.books.entry(key.clone()).or_default());
        let had = u64::from(book.closed());
        let Booked { realized, late } =
            book.add((stamp.time, stamp.seq), trade.side, lot, trade.fees);
        book.settle(if self.closed < MANY { CLOSED.0 } else { CLOSED.1 });
        self.closed = (self.closed + u64::from(book.closed())).saturating_sub(had);
        let worth = &Amount::from(lot.quantity) * &Amount::from(lot.price);
        let cash = Arc::make_mut(self.cash.entry(purse).or_default());
        match trade.side {
            Side::Buy => cash.balance -= &worth,
            Side::Sell => cash.balance += &worth,
        }
        if let Some(fees) = trade.fees {
            cash.balance -= &Amount::from(fees);
        }
        let mark = Mark { at: stamp.time, seq: stamp.seq, price: trade.price };
        newest(&mut self.traded, (key.symbol.clone(), key.currency.clone()), mark);
        self.trades = self.trades.saturating_add(1);
        let id = trade.trade.clone().unwrap_or_else(|| stamp.id.clone());
        if late {
            self.late = self.late.saturating_add(1);
            self.corrections.push_front(Arc::new(Corrected {
                at: stamp.at,
                time: stamp.time,
                trade: id.clone(),
                book: key.clone(),
                realized: realized.clone().unwrap_or_default(),
            }));
            self.corrections.truncate(CORRECTIONS);
        }
        touched.extend([Touched::Symbol(key.symbol.clone()), Touched::Cash(key.currency.clone())]);
        let fill = Fill {
            id,
            seq: stamp.seq,
            at: stamp.time,
            book: key,
            side: trade.side,
            lot,
            fees: trade.fees,
            order_type: trade.order_type.clone(),
            strategy: trade.strategy.clone(),
            realized,
            matched: stamp.seq,
            late,
        };
        let place = (fill.at, fill.seq);
        let book = fill.book.clone();
        self.keep(fill);
        if late {
            self.match_again(&book, place);
        }
    }

    /// Looks again at what the newest trades of a book closed, from a place on, after one came in
    /// there.
    fn match_again(&mut self, key: &BookKey, place: Place) {
        let Some(book) = self.books.get(key) else { return };
        for fill in self.recent.iter_mut() {
            if (fill.at, fill.seq) < place {
                break;
            }
            if fill.book != *key {
                continue;
            }
            let realized = book.realized_by((fill.at, fill.seq), fill.side, fill.lot);
            if let Ok(realized) = realized
                && realized != fill.realized
            {
                let fill = Arc::make_mut(fill);
                (fill.realized, fill.matched) = (realized, place.1);
            }
        }
    }

    /// Keeps a trade among the newest, if it is one of them by its own time.
    fn keep(&mut self, fill: Fill) {
        let place = (fill.at, fill.seq);
        let newer = self.recent.iter().take_while(|it| (it.at, it.seq) > place).count();
        if newer < RECENT {
            self.recent.insert(newer, Arc::new(fill));
            self.recent.truncate(RECENT);
        }
    }

    /// A price older than the newest goes to history alone.
    fn price(&mut self, stamp: &Stamp, priced: &Priced, touched: &mut Vec<Touched>) {
        let mark = Mark { at: stamp.time, seq: stamp.seq, price: priced.price };
        if self.told.len() >= MAX && !self.told.contains_key(&priced.symbol) {
            self.overflow = self.overflow.saturating_add(1);
            return;
        }
        if newest(&mut self.told, priced.symbol.clone(), mark) {
            touched.push(Touched::Symbol(priced.symbol.clone()));
        }
    }

    fn cash_moved(&mut self, moved: &Moved, touched: &mut Vec<Touched>) {
        let purse = moved.purse();
        if !self.has_purse(&purse) {
            self.overflow = self.overflow.saturating_add(1);
            return;
        }
        let amount = Amount::from(moved.amount);
        touched.push(Touched::Cash(purse.currency.clone()));
        let cash = Arc::make_mut(self.cash.entry(purse).or_default());
        cash.balance += &amount;
        cash.deposits += &amount;
        if amount.is_negative() {
            cash.withdrawn -= &amount;
        }
    }

    /// Whether there is such a purse, or room for it.
    fn has_purse(&self, purse: &Purse) -> bool {
        self.cash.contains_key(purse) || self.cash.len() < MAX
    }

    /// Books of a symbol in a currency.
    pub fn books_of<'a>(
        &'a self,
        symbol: &'a str,
        currency: &'a str,
    ) -> impl Iterator<Item = (&'a BookKey, &'a Arc<Book>)> {
        let from = BookKey { symbol: symbol.into(), currency: currency.into(), account: "".into() };
        self.books
            .range(from..)
            .take_while(move |(key, _)| &*key.symbol == symbol && &*key.currency == currency)
    }

    /// What one of a symbol is worth in a currency that it is traded in: the newest price that was
    /// told, in whichever of these currencies; as long as none was, the newest that it was traded
    /// at in this one.
    pub fn mark(&self, symbol: &Arc<str>, currency: &Arc<str>) -> Option<Mark> {
        let traded = || self.traded.get(&(symbol.clone(), currency.clone()));
        self.told.get(symbol).or_else(traded).copied()
    }

    /// What may stand between the currencies of a pair in the name of its price.
    pub const PAIRS: [&str; 4] = ["", "-", "/", "_"];

    /// What one of a currency is worth in another, and as of when: by the newest price of the pair,
    /// either way round and under whichever of its usual names; none if no such price is known.
    pub fn rate(&self, from: &str, to: &str) -> Option<(Amount, Timestamp)> {
        if from == to {
            return Some((Amount::from(Decimal::ONE), Timestamp::default()));
        }
        let of = |a: &str, b: &str| {
            let quoted = Arc::from(b);
            let names = Self::PAIRS.map(|between| Arc::from(format!("{a}{between}{b}")));
            let marks = names.iter().filter_map(|name| self.mark(name, &quoted));
            marks.max_by_key(|mark| (mark.at, mark.seq))
        };
        let (direct, inverse) = (of(from, to), of(to, from));
        match (direct, inverse) {
            (Some(mark), inverse) if inverse.is_none_or(|inverse| mark.at >= inverse.at) => {
                Some((Amount::from(mark.price), mark.at))
            }
            (_, Some(mark)) => {
                Some((Amount::from(Decimal::ONE).over(&Amount::from(mark.price))?, mark.at))
            }
            (_, None) => None,
        }
    }
}

impl Executed {
    /// The book it belongs to.
    pub fn book(&self) -> BookKey {
        BookKey {
            symbol: self.symbol.clone(),
            currency: self.currency.clone().unwrap_or_else(|| DEFAULT_CURRENCY.into()),
            account: self.account.clone().unwrap_or_else(|| DEFAULT_ACCOUNT.into()),
        }
    }
}

impl Moved {
    /// The purse it moves.
    pub fn purse(&self) -> Purse {
        Purse {
            currency: self.currency.clone().unwrap_or_else(|| DEFAULT_CURRENCY.into()),
            account: self.account.clone().unwrap_or_else(|| DEFAULT_ACCOUNT.into()),
        }
    }
}
