//! The equity over time: what came before a range, and then what each of its steps changed.
//!
//! The cost grows with the number of steps, series and days, never with that of trades.

use super::flows::{self, Flow, FlowKey};
use crate::domain::range::Range;
use crate::domain::trading::state::{Price, State};
use crate::domain::trading::{Amount, Decimal, EquityPoint};
use crate::domain::window::Bucket as _;
use crate::wire::Timestamp;
use rusqlite::{Connection, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The equity over a range.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Course {
    /// A point for every step from the first event on, oldest first.
    pub points: Vec<EquityPoint>,
    /// What had come in, in each currency, by the end of the range, other than by trades.
    pub deposits: BTreeMap<Arc<str>, Amount>,
}

/// What is known of a step.
#[derive(Debug, Default)]
struct Step {
    flows: Vec<(FlowKey, Flow)>,
    prices: Vec<(Arc<str>, Price)>,
}

/// What is there at a moment.
#[derive(Debug, Default)]
struct Holdings {
    /// Prices alone.
    market: State,
    cash: BTreeMap<Arc<str>, Amount>,
    deposits: BTreeMap<Arc<str>, Amount>,
    /// Quantity and worth by symbol and currency.
    held: BTreeMap<(Arc<str>, Arc<str>), (Amount, Amount)>,
    /// The worth of all positions in a currency.
    worth: BTreeMap<Arc<str>, Amount>,
}

/// The equity of an account, or of all, over a range in a currency.
///
/// # Errors
/// The database cannot be read.
pub fn course(
    db: &Connection,
    account: Option<&str>,
    currency: &Arc<str>,
    range: &Range,
) -> Result<Course> {
    let keys = flows::series(db, account)?;
    let mut now = Holdings::default();
    let (mut steps, mut begun) = (BTreeMap::<Timestamp, Step>::new(), false);
    let (mut symbols, mut first) = (BTreeSet::new(), None::<Timestamp>);
    for pair in keys.iter().flat_map(|key| pairs(&key.currency, currency)) {
        symbols.insert(pair);
    }
    symbols.extend(keys.iter().map(|key| key.symbol.clone()).filter(|symbol| !symbol.is_empty()));
    let mut before = Step::default();
    for symbol in symbols {
        let price = flows::price(db, &symbol, range.from)?;
        if price != Price::default() {
            before.prices.push((symbol.clone(), price));
        }
        for (at, price) in flows::prices(db, &symbol, range)? {
            steps.entry(at).or_default().prices.push((symbol.clone(), price));
        }
    }
    for key in keys {
        if let Some(sum) = flows::sum(db, &key, range.from)? {
            begun = true;
            before.flows.push((key.clone(), sum));
        }
        for (at, flow) in flows::steps(db, &key, range)? {
            first = first.into_iter().chain([at]).min();
            steps.entry(at).or_default().flows.push((key.clone(), flow));
        }
    }
    now.take(before);
    let from = if begun { Some(range.from) } else { first };
    let mut points: Vec<EquityPoint> = Vec::new();
    for at in range.steps() {
        let step = steps.remove(&at);
        let quiet = step.is_none();
        let moved = now.take(step.unwrap_or_default());
        if from.is_none_or(|from| at < from) {
            continue;
        }
        let last = points.last().filter(|_| quiet);
        let point = match last {
            Some(last) => EquityPoint { timestamp: at, deposits: zero(), ..last.clone() },
            None => now.point(at, currency, &moved),
        };
        points.push(point);
    }
    Ok(Course { points, deposits: now.deposits })
}

/// The first day of an account, or of all: none if nothing has happened.
///
/// # Errors
/// The database cannot be read.
pub fn first_day(db: &Connection, account: Option<&str>) -> Result<Option<Timestamp>> {
    flows::first_day(db, &flows::series(db, account)?)
}

fn zero() -> crate::domain::trading::Exact {
    Amount::default().exact()
}

/// Every name that the price of a pair may have.
fn pairs(from: &Arc<str>, to: &Arc<str>) -> Vec<Arc<str>> {
    if from == to {
        return Vec::new();
    }
    let both = State::PAIRS
        .iter()
        .flat_map(|between| [format!("{from}{between}{to}"), format!("{to}{between}{from}")]);
    both.map(Arc::from).collect()
}

impl Holdings {
    /// Takes in what a step changed; returns what came in other than by trades, by currency.
    fn take(&mut self, step: Step) -> BTreeMap<Arc<str>, Amount> {
        let (mut moved, mut touched) = (BTreeMap::<Arc<str>, Amount>::new(), BTreeSet::new());
        for (symbol, price) in step.prices {
            self.market.prices.entry(symbol.clone()).or_default().merge(&price);
            touched.insert(symbol);
        }
        for (key, flow) in step.flows {
            let FlowKey { currency, symbol, .. } = key;
            *self.cash.entry(currency.clone()).or_default() += &flow.cash;
            if !flow.deposits.is_zero() {
                *self.deposits.entry(currency.clone()).or_default() += &flow.deposits;
                *moved.entry(currency.clone()).or_default() += &flow.deposits;
            }
            if !symbol.is_empty() {
                self.held.entry((symbol.clone(), currency)).or_default().0 += &flow.quantity;
                touched.insert(symbol);
            }
        }
        for symbol in touched {
            self.revalue(&symbol);
        }
        moved
    }

    fn revalue(&mut self, symbol: &Arc<str>) {
        let mark = self.market.prices.get(symbol).and_then(Price::mark);
        let price = mark.map(|mark| Amount::from(mark.price)).unwrap_or_default();
        let of_it = self.held.range_mut((symbol.clone(), "".into())..);
        for ((_, currency), (quantity, worth)) in of_it.take_while(|((it, _), _)| it == symbol) {
            let now = &*quantity * &price;
            let sum = self.worth.entry(currency.clone()).or_default();
            *sum -= worth;
            *sum += &now;
            *worth = now;
        }
    }

    /// In a currency; what cannot be converted is left out.
    fn point(
        &self,
        at: Timestamp,
        currency: &Arc<str>,
        moved: &BTreeMap<Arc<str>, Amount>,
    ) -> EquityPoint {
        let all = |sums: &BTreeMap<Arc<str>, Amount>| {
            sums.iter()
                .filter_map(|(from, sum)| self.convert(from, currency, sum))
                .fold(Amount::default(), |all, one| &all + &one)
        };
        let (cash, positions) = (all(&self.cash), all(&self.worth));
        EquityPoint {
            timestamp: at,
            total_value: (&cash + &positions).exact(),
            cash: cash.exact(),
            positions_value: positions.exact(),
            deposits: all(moved).exact(),
        }
    }

    fn convert(&self, from: &str, to: &str, sum: &Amount) -> Option<Amount> {
        let (rate, _) = self.market.rate(from, to)?;
        Some(if rate == Amount::from(Decimal::ONE) { sum.clone() } else { sum * &rate })
    }
}
