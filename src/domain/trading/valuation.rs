//! What the books are worth: a row for every open position and sums for every currency, kept up to
//! date by what was touched, so that a price costs what it changes and not what exists.

use super::state::{Book, BookKey, Corrected, Fill, State, Touched};
use super::{
    Amount, Apart, Correction, Exact, Portfolio, PositionItem, RateUsed, TradeItem, TradeStatus,
};
use crate::wire::{Cursor, Timestamp};
use imbl::OrdMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Symbol and currency.
pub type PositionKey = (Arc<str>, Arc<str>);

/// Positions and sums, of one account or of all.
#[derive(Debug, Clone, Default)]
pub struct Valuation {
    account: Option<Arc<str>>,
    /// Every open position; its share of the whole is not in it.
    pub positions: OrdMap<PositionKey, Arc<PositionItem>>,
    /// What each pair of symbol and currency adds to the sums of its currency.
    parts: OrdMap<PositionKey, Arc<Sums>>,
    sums: BTreeMap<Arc<str>, Sums>,
}

/// What a currency comes to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sums {
    /// Cash, net of fees.
    pub cash: Amount,
    /// Deposits less withdrawals.
    pub deposits: Amount,
    /// What the positions are worth.
    pub value: Amount,
    /// What the open lots came to.
    pub cost: Amount,
    /// Profit of what was bought and sold.
    pub realized: Amount,
    /// What venues took.
    pub fees: Amount,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.cash += &other.cash;
        self.deposits += &other.deposits;
        self.value += &other.value;
        self.cost += &other.cost;
        self.realized += &other.realized;
        self.fees += &other.fees;
    }

    fn take(&mut self, other: &Self) {
        self.cash -= &other.cash;
        self.deposits -= &other.deposits;
        self.value -= &other.value;
        self.cost -= &other.cost;
        self.realized -= &other.realized;
        self.fees -= &other.fees;
    }

    /// The same in another currency.
    fn at(&self, rate: &Amount) -> Self {
        Self {
            cash: &self.cash * rate,
            deposits: &self.deposits * rate,
            value: &self.value * rate,
            cost: &self.cost * rate,
            realized: &self.realized * rate,
            fees: &self.fees * rate,
        }
    }

    fn apart(&self, currency: &Arc<str>) -> Apart {
        Apart {
            currency: currency.clone(),
            cash: self.cash.exact(),
            positions_value: self.value.exact(),
            realized_pnl: self.realized.exact(),
            unrealized_pnl: (&self.value - &self.cost).exact(),
            fees: self.fees.exact(),
        }
    }
}

/// What a refresh changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Revalued {
    /// Positions that are new or different.
    pub upsert: Vec<Arc<PositionItem>>,
    /// Positions that are closed.
    pub remove: Vec<PositionKey>,
    /// Whether anything is different at all.
    pub any: bool,
}

impl Valuation {
    /// All of a state, of one account if one is named.
    pub fn over(state: &State, account: Option<Arc<str>>) -> Self {
        let mut all = Self { account, ..Self::default() };
        let symbols = state.books.keys().map(|key| Touched::Symbol(key.symbol.clone()));
        let cash = state.cash.keys().map(|purse| Touched::Cash(purse.currency.clone()));
        let touched: BTreeSet<_> = symbols.chain(cash).collect();
        all.refresh(state, &touched);
        all
    }

    fn is_of(&self, account: &Arc<str>) -> bool {
        self.account.as_ref().is_none_or(|only| only == account)
    }

    /// Looks again at what was touched.
    pub fn refresh(&mut self, state: &State, touched: &BTreeSet<Touched>) -> Revalued {
        let mut out = Revalued { any: !touched.is_empty(), ..Revalued::default() };
        for one in touched {
            match one {
                Touched::Symbol(symbol) => self.refresh_symbol(state, symbol, &mut out),
                Touched::Cash(currency) => self.refresh_cash(state, currency),
            }
        }
        out
    }

    fn refresh_cash(&mut self, state: &State, currency: &Arc<str>) {
        let from = super::state::Purse { currency: currency.clone(), account: "".into() };
        let (mut cash, mut deposits) = (Amount::default(), Amount::default());
        for (purse, held) in state.cash.range(from..) {
            if purse.currency != *currency {
                break;
            }
            if self.is_of(&purse.account) {
                cash += &held.balance;
                deposits += &held.deposits;
            }
        }
        let sums = self.sums.entry(currency.clone()).or_default();
        (sums.cash, sums.deposits) = (cash, deposits);
    }

    fn refresh_symbol(&mut self, state: &State, symbol: &Arc<str>, out: &mut Revalued) {
        let from = BookKey { symbol: symbol.clone(), currency: "".into(), account: "".into() };
        let mut by_currency: BTreeMap<Arc<str>, Vec<(&BookKey, &Book)>> = BTreeMap::new();
        for (key, book) in state.books.range(from..) {
            if key.symbol != *symbol {
                break;
            }
            if self.is_of(&key.account) {
                by_currency.entry(key.currency.clone()).or_default().push((key, book));
            }
        }
        for (currency, books) in by_currency {
            self.refresh_position(state, symbol, &currency, &books, out);
        }
    }

    fn refresh_position(
        &mut self,
        state: &State,
        symbol: &Arc<str>,
        currency: &Arc<str>,
        books: &[(&BookKey, &Book)],
        out: &mut Revalued,
    ) {
        let mark = state.mark(symbol, currency);
        let price = mark.map(|mark| Amount::from(mark.price)).unwrap_or_default();
        let mut part = Sums::default();
        let mut quantity = Amount::default();
        for (_, book) in books {
            quantity += &book.quantity();
            part.cost += &book.cost();
            part.realized += &book.realized();
            part.fees += &book.fees;
        }
        part.value = &quantity * &price;
        let key = (symbol.clone(), currency.clone());
        let sums = self.sums.entry(currency.clone()).or_default();
        if let Some(had) = self.parts.get(&key) {
            sums.take(had);
        }
        sums.add(&part);
        let part = Arc::new(part);
        self.parts.insert(key.clone(), part.clone());
        let held = books.iter().filter(|(_, book)| !book.quantity().is_zero());
        let accounts: BTreeMap<_, _> =
            held.map(|(key, book)| (key.account.clone(), book.quantity().exact())).collect();
        if accounts.is_empty() {
            if self.positions.remove(&key).is_some() {
                out.remove.push(key);
            }
            return;
        }
        let short = accounts.values().any(Exact::is_negative);
        let mixed = short && accounts.values().any(|held| !held.is_negative());
        let entry = part.cost.over(&quantity).filter(|_| !mixed);
        let pnl = &part.value - &part.cost;
        let share = pnl.over(&part.cost.abs()).map(|share| share.to_f64());
        let item = PositionItem {
            symbol: symbol.clone(),
            currency: currency.clone(),
            quantity: quantity.exact(),
            entry_price: entry.map(|price| price.exact()),
            current_price: price.exact(),
            priced_at: mark.map(|mark| mark.at).unwrap_or_default(),
            value: part.value.exact(),
            pnl: pnl.exact(),
            pnl_percentage: share.filter(|share| share.is_finite()),
            allocation: None,
            realized_pnl: part.realized.exact(),
            fees: part.fees.exact(),
            trades: books.iter().map(|(_, book)| book.trades).sum(),
            last_trade_at: books.iter().map(|(_, book)| book.last_at).max().unwrap_or_default(),
            accounts,
            inexact: books.iter().any(|(_, book)| book.inexact),
        };
        if self.positions.get(&key).is_none_or(|had| **had != item) {
            let item = Arc::new(item);
            self.positions.insert(key, item.clone());
            out.upsert.push(item);
        }
    }

    /// All that can be told in `currency`, and every open position; ratios and history are not in
    /// it.
    pub fn portfolio(
        &self,
        state: &State,
        currency: &Arc<str>,
        as_of: Timestamp,
        cursor: Cursor,
    ) -> Portfolio {
        let positions = self.positions.values().map(|item| (**item).clone()).collect();
        let mut all = Portfolio { positions, ..self.figures(state, currency, as_of, cursor) };
        all.allocate();
        all
    }

    /// The same without positions.
    pub fn figures(
        &self,
        state: &State,
        currency: &Arc<str>,
        as_of: Timestamp,
        cursor: Cursor,
    ) -> Portfolio {
        let (mut whole, mut rates, mut unconverted) = (Sums::default(), Vec::new(), Vec::new());
        for (from, sums) in self.sums.iter().filter(|(_, sums)| **sums != Sums::default()) {
            match state.rate(from, currency) {
                Some(_) if from == currency => whole.add(sums),
                Some((rate, at)) => {
                    whole.add(&sums.at(&rate));
                    rates.push(RateUsed { from: from.clone(), rate: rate.exact(), at });
                }
                None => unconverted.push(sums.apart(from)),
            }
        }
        let accounts = state.cash.keys().map(|purse| purse.account.clone());
        let accounts: BTreeSet<_> = accounts.collect();
        let corrections = state.corrections.iter().filter(|one| self.is_of(&one.book.account));
        let (trades, late_trades) = match &self.account {
            None => (state.trades, state.late),
            Some(account) => {
                let books = state.books.iter().filter(|(key, _)| key.account == *account);
                books.fold((0, 0), |(all, late), (_, book)| (all + book.trades, late + book.late))
            }
        };
        Portfolio {
            as_of,
            cursor,
            currency: currency.clone(),
            total_value: (&whole.cash + &whole.value).exact(),
            cash: whole.cash.exact(),
            positions_value: whole.value.exact(),
            realized_pnl: whole.realized.exact(),
            unrealized_pnl: (&whole.value - &whole.cost).exact(),
            fees: whole.fees.exact(),
            deposits: whole.deposits.exact(),
            trades,
            late_trades,
            left_out: state.overflow,
            accounts: accounts.into_iter().collect(),
            rates,
            unconverted,
            corrections: corrections.map(|one| one.told()).collect(),
            ..Portfolio::default()
        }
    }
}

impl Corrected {
    /// As it is told.
    pub fn told(&self) -> Correction {
        Correction {
            at: self.at,
            time: self.time,
            trade: self.trade.clone(),
            symbol: self.book.symbol.clone(),
            account: self.book.account.clone(),
            realized_pnl: self.realized.exact(),
            currency: self.book.currency.clone(),
        }
    }
}

impl Fill {
    /// As it is told.
    pub fn told(&self) -> TradeItem {
        TradeItem {
            id: self.id.clone(),
            symbol: self.book.symbol.clone(),
            side: self.side,
            quantity: self.lot.quantity.into(),
            price: self.lot.price.into(),
            fees: self.fees.map(Exact::from).unwrap_or_default(),
            status: TradeStatus::Filled,
            order_type: self.order_type.clone(),
            strategy: self.strategy.clone(),
            timestamp: self.at,
            realized_pnl: self.realized.as_ref().map(Amount::exact),
            account: self.book.account.clone(),
            currency: self.book.currency.clone(),
            seq: self.seq,
            late: self.late,
        }
    }
}

#[cfg(test)]
mod tests;
