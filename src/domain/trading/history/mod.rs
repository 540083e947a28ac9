//! What is kept of the past of trading: every trade, matched in the order of the trades' own times,
//! and what each step changed of cash, positions and prices.
//!
//! Trades are the books: they are never forgotten. Neither are the days of cash, positions and
//! prices, since what there was at any moment is the sum of all that came before it.

mod counts;
mod curve;
mod fills;
mod flows;
mod list;
mod matching;
#[cfg(test)]
mod tests;

pub use curve::{Course, course, first_day};
pub use flows::prune;
pub use list::{Found, TradeFilter, list};

use super::Event;
use super::state::BookKey;
use crate::wire::{Stamp, Timestamp};
use counts::Counts;
use fills::Entry;
use flows::Flows;
use rusqlite::{Connection, Result};
use std::collections::BTreeMap;

/// SQL that makes the tables.
pub fn schema() -> String {
    format!("{} {} {}", fills::SCHEMA, counts::SCHEMA, flows::schema())
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

    /// Writes all of it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn write(&self, tx: &Connection) -> Result<()> {
        self.trades.iter().try_for_each(|(key, entries)| fills::take(tx, key, entries))?;
        self.counts.write(tx)?;
        self.flows.write(tx)
    }
}

/// Text that is not what was written means a damaged file.
fn read<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| {
        let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        rusqlite::Error::SqliteFailure(corrupt, Some(format!("{text} is no number")))
    })
}
