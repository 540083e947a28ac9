//! How many trades there are, of a symbol, an account or a strategy, and on which side: kept up to
//! date, so that to count them costs nothing however many there are.

use super::list::TradeFilter;
use crate::domain::trading::{DEFAULT_ACCOUNT, Executed, Side};
use rusqlite::{Connection, Result, params};
use std::collections::BTreeMap;
use std::sync::Arc;

/// SQL that makes the table.
pub const SCHEMA: &str = "
    CREATE TABLE trade_counts (kind INTEGER NOT NULL, name TEXT NOT NULL, side INTEGER NOT NULL,
        trades INTEGER NOT NULL, PRIMARY KEY (kind, name, side)) WITHOUT ROWID;";

/// What trades are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    All,
    Symbol,
    Account,
    Strategy,
}

/// What a batch adds.
#[derive(Debug, Default)]
pub struct Counts(BTreeMap<(Kind, Arc<str>, Side), u32>);

impl Counts {
    /// Counts a trade.
    pub fn add(&mut self, trade: &Executed) {
        let account = trade.account.clone().unwrap_or_else(|| DEFAULT_ACCOUNT.into());
        let names = [
            (Kind::All, Some("".into())),
            (Kind::Symbol, Some(trade.symbol.clone())),
            (Kind::Account, Some(account)),
            (Kind::Strategy, trade.strategy.clone()),
        ];
        for (kind, name) in names {
            if let Some(name) = name {
                *self.0.entry((kind, name, trade.side)).or_default() += 1;
            }
        }
    }

    /// Adds to what was counted before.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn write(&self, tx: &Connection) -> Result<()> {
        let mut add = tx.prepare_cached(
            "INSERT INTO trade_counts VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET trades = trades + excluded.trades",
        )?;
        for ((kind, name, side), trades) in &self.0 {
            add.execute(params![*kind as i64, name, *side as i64, trades])?;
        }
        Ok(())
    }
}

/// How many trades match, if that is kept: of one name at most, at any time.
///
/// # Errors
/// The database cannot be read.
pub fn kept(db: &Connection, filter: &TradeFilter) -> Result<Option<u64>> {
    let TradeFilter { symbol, side, strategy, account, from, to } = filter;
    let names = [(Kind::Symbol, symbol), (Kind::Account, account), (Kind::Strategy, strategy)];
    let mut named = names.into_iter().filter_map(|(kind, name)| Some((kind, name.as_deref()?)));
    let (kind, name) = named.next().unwrap_or((Kind::All, ""));
    if from.is_some() || to.is_some() || named.next().is_some() {
        return Ok(None);
    }
    let side = side.map(|side| side as i64);
    let sum: i64 = db
        .prepare_cached(
            "SELECT coalesce(sum(trades), 0) FROM trade_counts
             WHERE kind = ?1 AND name = ?2 AND (?3 IS NULL OR side = ?3)",
        )?
        .query_row(params![kind as i64, name, side], |row| row.get(0))?;
    Ok(Some(sum.unsigned_abs()))
}
