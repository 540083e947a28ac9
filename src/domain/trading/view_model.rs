//! What is told of trading: the portfolio, and trades.

use super::{Exact, Side};
use crate::wire::{Cursor, Timestamp};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// The portfolio. Money is in `currency` unless it says otherwise, exact, and profit is gross of
/// `fees`, while cash is net of them:
///
/// cash + positions at cost + fees = deposits + realised profit
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Portfolio {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Position it was read at.
    pub cursor: Cursor,
    /// The currency of all figures.
    pub currency: Arc<str>,
    /// Cash and positions.
    pub total_value: Exact,
    /// Cash, net of fees; negative is owed.
    pub cash: Exact,
    /// What the positions are worth now; short ones are negative.
    pub positions_value: Exact,
    /// Every position that is open, by symbol.
    pub positions: Vec<PositionItem>,
    /// Profit of what was bought and sold.
    pub realized_pnl: Exact,
    /// What closing all positions now would bring on top.
    pub unrealized_pnl: Exact,
    /// What venues took.
    pub fees: Exact,
    /// What came in other than by trades, less what went out.
    pub deposits: Exact,
    /// Ratios, from the equity at the end of every day.
    pub metrics: Ratios,
    /// How many trades there are.
    pub trades: u64,
    /// How many of them came later than others with later times.
    pub late_trades: u64,
    /// Events about accounts or symbols for which there is no place any more: none of the figures
    /// has them.
    pub left_out: u64,
    /// Every account, by name.
    pub accounts: Vec<Arc<str>>,
    /// What was converted, and how.
    pub rates: Vec<RateUsed>,
    /// Money for which no rate is known: it is in none of the figures.
    pub unconverted: Vec<Apart>,
    /// What late trades changed, newest first.
    pub corrections: Vec<Correction>,
    /// The equity at the end of every step, oldest first, if it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<Vec<EquityPoint>>,
}

/// By what a currency was converted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RateUsed {
    /// From this currency.
    pub from: Arc<str>,
    /// What one of it is worth.
    pub rate: Exact,
    /// As of when.
    pub at: Timestamp,
}

/// What is there in a currency that cannot be converted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Apart {
    /// The currency of these figures.
    pub currency: Arc<str>,
    /// See [`Portfolio`].
    pub cash: Exact,
    /// See [`Portfolio`].
    pub positions_value: Exact,
    /// See [`Portfolio`].
    pub realized_pnl: Exact,
    /// See [`Portfolio`].
    pub unrealized_pnl: Exact,
    /// See [`Portfolio`].
    pub fees: Exact,
}

/// A position: all that is held of a symbol in a currency, by whichever account. Money is in the
/// position's own currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PositionItem {
    /// What is held.
    pub symbol: Arc<str>,
    /// The currency of its figures.
    pub currency: Arc<str>,
    /// How much; negative is a short position.
    pub quantity: Exact,
    /// Mean price of the open lots; null if accounts hold it in both directions.
    pub entry_price: Option<Exact>,
    /// What one is worth now.
    pub current_price: Exact,
    /// Since when.
    pub priced_at: Timestamp,
    /// What all of it is worth.
    pub value: Exact,
    /// What closing it now would bring.
    pub pnl: Exact,
    /// The same as a share of what the open lots came to; null if that was nothing.
    pub pnl_percentage: Option<f64>,
    /// Its share of the total value; null if that is not above zero, or not known in its currency.
    pub allocation: Option<f64>,
    /// Profit of what was bought and sold of it.
    pub realized_pnl: Exact,
    /// What venues took.
    pub fees: Exact,
    /// How many trades it comes of.
    pub trades: u64,
    /// Time of the last of them.
    pub last_trade_at: Timestamp,
    /// Who holds how much of it.
    pub accounts: BTreeMap<Arc<str>, Exact>,
    /// A late trade reached further back than lots are kept, so that a mean price stands for some.
    pub inexact: bool,
}

/// Ratios, computed from the equity at the end of every day (UTC); null as long as they cannot be
/// known.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Ratios {
    /// See [`super::ratios`].
    pub sharpe_ratio: Option<f64>,
    /// See [`super::ratios`].
    pub sortino_ratio: Option<f64>,
    /// Greatest loss from a peak, as a share of it; 0 to 1.
    pub max_drawdown: Option<f64>,
    /// Loss from the last peak, as a share of it.
    pub drawdown: Option<f64>,
    /// Standard deviation of the daily returns, annualised.
    pub volatility: Option<f64>,
    /// Time-weighted return since the first day.
    pub return_since_inception: Option<f64>,
    /// Over how many days.
    pub days: u32,
    /// The first of them.
    pub since: Option<Timestamp>,
    /// Periods a year that ratios are annualised with.
    pub periods_per_year: f64,
}

/// What a late trade changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Correction {
    /// When it was received.
    pub at: Timestamp,
    /// The time it has.
    pub time: Timestamp,
    /// The trade.
    pub trade: Arc<str>,
    /// What was traded.
    pub symbol: Arc<str>,
    /// Whose it is.
    pub account: Arc<str>,
    /// By how much the realised profit is more, in `currency`.
    pub realized_pnl: Exact,
    /// Currency of that.
    pub currency: Arc<str>,
}

/// The equity at the end of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EquityPoint {
    /// Start of the step.
    pub timestamp: Timestamp,
    /// Cash and positions.
    pub total_value: Exact,
    /// Cash.
    pub cash: Exact,
    /// Positions.
    pub positions_value: Exact,
    /// What came in other than by trades, less what went out, within the step; also what could not
    /// be converted before.
    pub deposits: Exact,
    /// What of that went out.
    pub withdrawn: Exact,
}

/// The equity over a range of time, for charts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Equity {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// What the points span, and in which steps.
    pub range: crate::domain::range::Range,
    /// Currency of the figures.
    pub currency: Arc<str>,
    /// A point for every step from the first event on, oldest first.
    pub points: Vec<EquityPoint>,
    /// How far below its last peak the time-weighted value was at each point, 0 to 1.
    pub drawdown: Vec<Option<f64>>,
}

/// What changed of the portfolio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PortfolioDelta {
    /// All as it is now, but for ratios and history, which are not told, and with those positions
    /// alone that are new or different.
    pub changed: Portfolio,
    /// Positions that are closed, by symbol and currency.
    pub remove: Vec<(Arc<str>, Arc<str>)>,
}

impl Portfolio {
    /// Brings it up to date.
    pub fn apply(&mut self, delta: PortfolioDelta) {
        let PortfolioDelta { changed, remove } = delta;
        let key = |item: &PositionItem| (item.symbol.clone(), item.currency.clone());
        let had = std::mem::take(self);
        let mut positions: BTreeMap<_, _> =
            had.positions.into_iter().map(|item| (key(&item), item)).collect();
        for gone in &remove {
            positions.remove(gone);
        }
        positions.extend(changed.positions.into_iter().map(|item| (key(&item), item)));
        *self = Self {
            positions: positions.into_values().collect(),
            metrics: had.metrics,
            history: had.history,
            ..changed
        };
        self.allocate();
    }

    /// Says of every position which share of the whole it is: that changes with every other.
    pub fn allocate(&mut self) {
        let Self { currency, total_value, rates, .. } = &*self;
        let whole = total_value.to_f64();
        let rate = |of: &Arc<str>| {
            if of == currency {
                return Some(1.0);
            }
            rates.iter().find(|used| used.from == *of).map(|used| used.rate.to_f64())
        };
        let share = |item: &PositionItem| {
            let share = rate(&item.currency)? * item.value.to_f64() / whole;
            Some(share).filter(|share| whole > 0.0 && share.is_finite())
        };
        let shares: Vec<_> = self.positions.iter().map(share).collect();
        for (item, share) in self.positions.iter_mut().zip(shares) {
            item.allocation = share;
        }
    }
}

/// A trade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TradeItem {
    /// Its id: its producer's, or that of its event.
    pub id: Arc<str>,
    /// What was traded.
    pub symbol: Arc<str>,
    /// Which way.
    pub side: Side,
    /// How much.
    pub quantity: Exact,
    /// At what price for one.
    pub price: Exact,
    /// What the venue took; negative is a rebate.
    pub fees: Exact,
    /// Always `filled`: what is told of are executions.
    pub status: TradeStatus,
    /// Market, limit and so on, if that was told.
    pub order_type: Option<Arc<str>>,
    /// What decided it, if that was told.
    pub strategy: Option<Arc<str>>,
    /// When it was made.
    pub timestamp: Timestamp,
    /// Profit of what it closed, gross of fees; null if it closed nothing.
    pub realized_pnl: Option<Exact>,
    /// Whose it is.
    pub account: Arc<str>,
    /// Currency of price, fees and profit.
    pub currency: Arc<str>,
    /// Position of its event.
    pub seq: u64,
    /// It came after trades of its book with later times.
    pub late: bool,
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TradeStatus {
    /// It was executed.
    #[default]
    Filled,
}

/// Trades, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TradesPage {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Position it was read at.
    pub cursor: Cursor,
    /// How many match in all.
    pub total: u64,
    /// Newest first.
    pub items: Vec<TradeItem>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
    /// Some books are being matched again after trades that came late: until that is done, what the
    /// later trades of these books closed is as it was before, or missing.
    pub matching: bool,
}

/// Trades that came in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TradesDelta {
    /// How many there are in all.
    pub total: u64,
    /// Those that are new, and those that closed something else since one came late; newest first.
    pub items: Vec<TradeItem>,
    /// More came in than are told.
    pub skipped: u64,
}

impl TradesPage {
    /// Most trades that a live page holds.
    pub const KEPT: usize = 200;

    /// Brings it up to date.
    pub fn apply(&mut self, delta: TradesDelta) {
        let TradesDelta { total, items, .. } = delta;
        self.total = total;
        self.items.retain(|had| items.iter().all(|item| item.seq != had.seq));
        self.items.splice(0..0, items);
        self.items.sort_by_key(|item| Reverse((item.timestamp, item.seq)));
        self.items.truncate(Self::KEPT);
    }
}

/// What became of a table of trades.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Imported {
    /// Trades that were taken in.
    pub accepted: u64,
    /// Trades that were there already.
    pub duplicates: u64,
    /// How many lines cannot be.
    pub refused: u64,
    /// The first of these lines, and why.
    pub rejected: Vec<BadLine>,
}

/// A line that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadLine {
    /// Its number, counted from 1; the header is one.
    pub line: u64,
    /// The column that is at fault; empty for the whole of it.
    pub column: String,
    /// What is wrong.
    pub detail: String,
}

/// Address of the trades of a symbol.
pub fn trades_href(symbol: &str) -> String {
    format!("/trades?symbol={}", crate::wire::encoded(symbol))
}
