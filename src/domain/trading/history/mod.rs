//! What is kept of the past of trading: every trade, matched in the order of the trades' own times,
//! and what each step changed of cash, positions and prices.
//!
//! Trades are the books: they are never forgotten. Neither are the days of cash, positions and
//! prices, since what there was at any moment is the sum of all that came before it. Made anew from
//! a journal that has forgotten its beginning, all this begins with the state that is kept in place
//! of it: with what was open, with all that had come in, and with the prices of then.

mod counts;
mod curve;
mod fills;
mod flows;
mod list;
mod matching;
#[cfg(test)]
mod tests;

pub use curve::{Course, Paid, course, first_day};
pub use fills::{CHUNK, again};
pub use flows::prune;
pub use list::{Found, TradeFilter, list};

use super::Event;
use super::state::{BookKey, State};
use crate::wire::{Seq, Stamp, Timestamp};
use counts::Counts;
use fills::Entry;
use flows::Flows;
use rusqlite::{Connection, Result};
use std::collections::BTreeMap;

/// SQL that makes the tables.
pub fn schema() -> String {
    format!("{} {} {}", fills::SCHEMA, counts::SCHEMA, flows::schema())
}

/// Begins with the state at a position of the journal and its time, where what led to it is known no
/// more.
///
/// # Errors
/// The database cannot be written.
pub fn begin(tx: &Connection, state: &State, seq: Seq, at: Timestamp) -> Result<()> {
    for (key, book) in &state.books {
        fills::begin(tx, key, book, seq)?;
    }
    Flows::of(state, at).write(tx)
}

/// What a batch adds.
#[derive(Debug, Default)]
pub struct Pending {
    /// Trades by book, in the order in which they came.
    trades: BTreeMap<BookKey, Vec<Entry>>,
    counts: Counts,
    flows: Flows,
    earliest: Option<Timestamp>,
}

impl Pending {
    /// Takes in an event.
    pub fn add(&mut self, stamp: Stamp, event: Event) {
        let earliest = self.earliest.get_or_insert(stamp.time);
        *earliest = stamp.time.min(*earliest);
        self.flows.add(&stamp, &event);
        if let Event::Executed(trade) = event {
            self.counts.add(&trade);
            self.trades.entry(trade.book()).or_default().push(Entry::new(stamp, trade));
        }
    }

    /// Whether there is nothing.
    pub const fn is_empty(&self) -> bool {
        self.earliest.is_none()
    }

    /// Whether there are trades.
    pub fn has_trades(&self) -> bool {
        !self.trades.is_empty()
    }

    /// The earliest time that something of it has.
    pub const fn earliest(&self) -> Option<Timestamp> {
        self.earliest
    }

    /// Writes all of it, and matches trades again that late ones came before: about `count` of
    /// them, what this batch made late first, then the books that are behind in turns, as
    /// [`again`] does, which is to be called until it has nothing left. Returns how many rows were
    /// matched again.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn write(&self, tx: &Connection, turn: &mut i64, count: usize) -> Result<usize> {
        let mut left = count;
        for (key, entries) in &self.trades {
            fills::take(tx, key, entries, &mut left)?;
        }
        // Books that are long get on even while short ones take all there is.
        let matched = again(tx, turn, left.max(count.div_ceil(fills::TURNS)))?;
        self.counts.write(tx)?;
        self.flows.write(tx)?;
        Ok(count - left + matched)
    }
}

/// Text that is not what was written means a damaged file.
fn read<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| {
        let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        rusqlite::Error::SqliteFailure(corrupt, Some(format!("{text} is no number")))
    })
}
