//! Lists of trades.

use super::counts;
use super::fills::{self, side_of};
use crate::domain::trading::state::Place;
use crate::domain::trading::{Exact, Side, TradeItem, TradeStatus};
use crate::wire::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Result, Row, params_from_iter};
use std::sync::Arc;

/// Which trades.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TradeFilter {
    /// Of this symbol.
    pub symbol: Option<Arc<str>>,
    /// Which way.
    pub side: Option<Side>,
    /// Of this strategy.
    pub strategy: Option<Arc<str>>,
    /// Of this account.
    pub account: Option<Arc<str>>,
    /// Not before then.
    pub from: Option<Timestamp>,
    /// Before then.
    pub to: Option<Timestamp>,
}

/// A page of trades.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// Newest first; those of one moment by when they came, the last first.
    pub items: Vec<TradeItem>,
    /// How many match in all.
    pub total: u64,
    /// Whether there are more after these.
    pub more: bool,
    /// Whether books are behind with what their trades closed.
    pub matching: bool,
}

/// Trades that match, newest first, at most `limit` of them after the one at `after`, `skip` of
/// them passed over.
///
/// # Errors
/// The database cannot be read.
pub fn list(
    db: &Connection,
    filter: &TradeFilter,
    limit: usize,
    after: Option<Place>,
    skip: usize,
) -> Result<Found> {
    let (mut wanted, mut given) = filter.conditions();
    let total = match counts::kept(db, filter)? {
        Some(total) => total,
        None => count(db, &within(&wanted), &given)?,
    };
    if let Some((at, seq)) = after {
        wanted.push("(at, seq) < (?, ?)");
        given.extend([Value::Integer(at.ms()), Value::Integer(seq as i64)]);
    }
    // One more than asked for says whether there are more.
    given.extend([Value::Integer(limit as i64 + 1), Value::Integer(skip as i64)]);
    let page = format!(
        "SELECT * FROM trades {} ORDER BY at DESC, seq DESC LIMIT ? OFFSET ?",
        within(&wanted)
    );
    let mut items: Vec<TradeItem> = db
        .prepare_cached(&page)?
        .query_map(params_from_iter(given), item)?
        .collect::<Result<_>>()?;
    let more = items.len() > limit;
    items.truncate(limit);
    let matching = fills::any_behind(db)?;
    Ok(Found { items, total, more, matching })
}

fn count(db: &Connection, within: &str, given: &[Value]) -> Result<u64> {
    let counted = format!("SELECT count(*) FROM trades {within}");
    let total: i64 =
        db.prepare_cached(&counted)?.query_row(params_from_iter(given), |row| row.get(0))?;
    Ok(total.unsigned_abs())
}

fn within(wanted: &[&str]) -> String {
    if wanted.is_empty() { String::new() } else { format!("WHERE {}", wanted.join(" AND ")) }
}

impl TradeFilter {
    /// As SQL, and what to fill in.
    fn conditions(&self) -> (Vec<&'static str>, Vec<Value>) {
        let (mut wanted, mut given) = (Vec::new(), Vec::new());
        // The plus keeps SQLite from going through half of all trades for the few of a symbol, an
        // account or a strategy.
        let narrow = self.symbol.is_some() || self.strategy.is_some() || self.account.is_some();
        if let Some(side) = self.side {
            wanted.push(if narrow { "+side = ?" } else { "side = ?" });
            given.push(Value::Integer(side as i64));
        }
        let names = [
            ("symbol = ?", &self.symbol),
            ("strategy = ?", &self.strategy),
            ("account = ?", &self.account),
        ];
        for (condition, name) in names {
            if let Some(name) = name {
                wanted.push(condition);
                given.push(Value::Text(name.to_string()));
            }
        }
        for (condition, at) in [("at >= ?", self.from), ("at < ?", self.to)] {
            if let Some(at) = at {
                wanted.push(condition);
                given.push(Value::Integer(at.ms()));
            }
        }
        (wanted, given)
    }
}

fn item(row: &Row<'_>) -> Result<TradeItem> {
    let digits = |column| {
        let text = row.get_ref(column)?.as_str_or_null()?;
        Ok::<_, rusqlite::Error>(text.map(Exact::of))
    };
    Ok(TradeItem {
        id: row.get("id")?,
        symbol: row.get("symbol")?,
        side: side_of(row.get("side")?),
        quantity: digits("quantity")?.unwrap_or_default(),
        price: digits("price")?.unwrap_or_default(),
        fees: digits("fees")?.unwrap_or_default(),
        status: TradeStatus::Filled,
        order_type: row.get("order_type")?,
        strategy: row.get("strategy")?,
        timestamp: Timestamp::from_ms(row.get("at")?),
        realized_pnl: digits("realized")?,
        account: row.get("account")?,
        currency: row.get("currency")?,
        seq: row.get::<_, i64>("seq")?.unsigned_abs(),
        late: row.get("late")?,
    })
}
