//! The equity over time: what came before a range, and then what each of its steps changed.
//!
//! The cost grows with the number of steps, series and days, never with that of trades.

use super::flows::{self, Flow, FlowKey, PriceKey};
use crate::domain::range::Range;
use crate::domain::trading::state::{Mark, State};
use crate::domain::trading::{Amount, Decimal, EquityPoint};
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
    pub paid: BTreeMap<Arc<str>, Paid>,
    /// What was there by then in each currency that nothing could be converted from.
    pub apart: BTreeMap<Arc<str>, Amount>,
}

/// What came in other than by trades.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Paid {
    /// All of it, less what went out.
    pub deposits: Amount,
    /// What went out.
    pub withdrawn: Amount,
}

impl Paid {
    /// Takes in more, each of it worth `rate`.
    pub fn add(&mut self, other: &Self, rate: &Amount) {
        self.deposits += &(&other.deposits * rate);
        self.withdrawn += &(&other.withdrawn * rate);
    }

    /// What came in after `earlier`.
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            deposits: &self.deposits - &earlier.deposits,
            withdrawn: &self.withdrawn - &earlier.withdrawn,
        }
    }
}

/// What is known of a step.
#[derive(Debug, Default)]
struct Step {
    flows: Vec<(FlowKey, Flow)>,
    prices: Vec<(PriceKey, Mark)>,
}

/// What is there at a moment.
#[derive(Debug, Default)]
struct Holdings {
    /// Prices alone.
    market: State,
    cash: BTreeMap<Arc<str>, Amount>,
    paid: BTreeMap<Arc<str>, Paid>,
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
    let (mut before, mut first) = (Step::default(), None::<Timestamp>);
    for key in marks(&keys, currency) {
        before.prices.extend(flows::price(db, &key, range.from)?.map(|mark| (key.clone(), mark)));
        for (at, mark) in flows::prices(db, &key, range)? {
            steps.entry(at).or_default().prices.push((key.clone(), mark));
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
    let mut apart = now.apart(currency);
    let from = if begun { Some(range.from) } else { first };
    let mut points: Vec<EquityPoint> = Vec::new();
    for at in range.steps() {
        let step = steps.remove(&at);
        let quiet = step.is_none();
        let moved = now.take(step.unwrap_or_default());
        let paid = now.paid_in(currency, &moved, &apart);
        if !quiet {
            apart = now.apart(currency);
        }
        if from.is_none_or(|from| at < from) {
            continue;
        }
        let last = points.last().filter(|_| quiet);
        let point = match last {
            Some(last) => EquityPoint {
                timestamp: at,
                deposits: paid.deposits.exact(),
                withdrawn: paid.withdrawn.exact(),
                ..last.clone()
            },
            None => now.point(at, currency, &paid),
        };
        points.push(point);
    }
    Ok(Course { points, paid: now.paid, apart })
}

/// The first day of an account, or of all: none if nothing has happened.
///
/// # Errors
/// The database cannot be read.
pub fn first_day(db: &Connection, account: Option<&str>) -> Result<Option<Timestamp>> {
    flows::first_day(db, &flows::series(db, account)?)
}

/// Every price that says what these series are worth in a currency.
fn marks(keys: &[FlowKey], currency: &Arc<str>) -> BTreeSet<PriceKey> {
    let mut all = BTreeSet::new();
    let mut add = |symbol: Arc<str>, quoted: &Arc<str>| {
        all.insert(PriceKey::traded(symbol.clone(), quoted.clone()));
        all.insert(PriceKey::told(symbol));
    };
    for FlowKey { currency: from, symbol, .. } in keys {
        if !symbol.is_empty() {
            add(symbol.clone(), from);
        }
        for (a, b) in [(from, currency), (currency, from)].into_iter().filter(|(a, b)| a != b) {
            for between in State::PAIRS {
                add(format!("{a}{between}{b}").into(), b);
            }
        }
    }
    all
}

impl Holdings {
    /// Takes in what a step changed; returns what came in other than by trades, by currency.
    fn take(&mut self, step: Step) -> BTreeMap<Arc<str>, Paid> {
        let (mut moved, mut touched) = (BTreeMap::<Arc<str>, Paid>::new(), BTreeSet::new());
        let one = Amount::from(Decimal::ONE);
        for (PriceKey { symbol, currency }, mark) in step.prices {
            match currency {
                Some(currency) => self.market.traded.insert((symbol.clone(), currency), mark),
                None => self.market.told.insert(symbol.clone(), mark),
            };
            touched.insert(symbol);
        }
        for (key, flow) in step.flows {
            let FlowKey { currency, symbol, .. } = key;
            *self.cash.entry(currency.clone()).or_default() += &flow.cash;
            if symbol.is_empty() {
                let paid = Paid { deposits: flow.deposits, withdrawn: flow.withdrawn };
                self.paid.entry(currency.clone()).or_default().add(&paid, &one);
                moved.entry(currency.clone()).or_default().add(&paid, &one);
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
        let of_it = self.held.range_mut((symbol.clone(), "".into())..);
        for ((_, currency), (quantity, worth)) in of_it.take_while(|((it, _), _)| it == symbol) {
            let mark = self.market.mark(symbol, currency);
            let price = mark.map(|mark| Amount::from(mark.price)).unwrap_or_default();
            let now = &*quantity * &price;
            let sum = self.worth.entry(currency.clone()).or_default();
            *sum -= worth;
            *sum += &now;
            *worth = now;
        }
    }

    /// In a currency; what cannot be converted is left out.
    fn point(&self, at: Timestamp, currency: &Arc<str>, paid: &Paid) -> EquityPoint {
        let all = |sums: &BTreeMap<Arc<str>, Amount>| {
            let converted = sums.iter().filter_map(|(from, sum)| {
                let (rate, _) = self.market.rate(from, currency)?;
                Some(sum * &rate)
            });
            converted.fold(Amount::default(), |all, one| &all + &one)
        };
        let (cash, positions) = (all(&self.cash), all(&self.worth));
        EquityPoint {
            timestamp: at,
            total_value: (&cash + &positions).exact(),
            cash: cash.exact(),
            positions_value: positions.exact(),
            deposits: paid.deposits.exact(),
            withdrawn: paid.withdrawn.exact(),
        }
    }

    /// What a step brought in, in a currency. What stood apart until a price came that it can be
    /// converted with has come in then: no trade made it.
    fn paid_in(
        &self,
        currency: &Arc<str>,
        moved: &BTreeMap<Arc<str>, Paid>,
        apart: &BTreeMap<Arc<str>, Amount>,
    ) -> Paid {
        let mut all = Paid::default();
        for (from, paid) in moved {
            if let Some((rate, _)) = self.market.rate(from, currency) {
                all.add(paid, &rate);
            }
        }
        for (from, sum) in apart {
            if let Some((rate, _)) = self.market.rate(from, currency) {
                all.deposits += &(sum * &rate);
            }
        }
        all
    }

    /// What is there in each currency that cannot be converted.
    fn apart(&self, currency: &Arc<str>) -> BTreeMap<Arc<str>, Amount> {
        let mut apart = BTreeMap::<Arc<str>, Amount>::new();
        for (from, sum) in self.cash.iter().chain(&self.worth) {
            if self.market.rate(from, currency).is_none() {
                *apart.entry(from.clone()).or_default() += sum;
            }
        }
        apart
    }
}
