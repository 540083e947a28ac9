//! Reading the portfolio and what it was.

use super::list;
use crate::domain::range::{Range, RangeParams};
use crate::domain::trading::history::Paid;
use crate::domain::trading::ratios::{self, Day};
use crate::domain::trading::state::Cash;
use crate::domain::trading::valuation::Valuation;
use crate::domain::trading::{
    Amount, DEFAULT_CURRENCY, Decimal, Equity, EquityPoint, Portfolio, TradesPage,
};
use crate::pipeline::history::Whose;
use crate::pipeline::publish::Published;
use crate::server::params::{given, settle, word};
use crate::server::{App, read};
use crate::wire::{ApiError, FieldError, Timestamp};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use super::list::TradesParams;

/// A day in milliseconds.
const DAY: i64 = 86_400_000;
/// Most days that are told with a portfolio.
const MAX_DAYS: usize = 400;
/// Longest currency code.
const MAX_CURRENCY: usize = 16;

/// What may follow the question mark of a portfolio.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PortfolioParams {
    /// Of which account; of all if none is named.
    pub account: Option<String>,
    /// In which currency; US dollars if none is named.
    pub currency: Option<String>,
    /// `true` for the equity at the end of every day as well.
    pub include_history: Option<String>,
}

impl PortfolioParams {
    /// Whose, and whether with its history.
    fn read(&self) -> Result<(Whose, bool), ApiError> {
        let mut errors = Vec::new();
        let currency = given(&self.currency).unwrap_or(DEFAULT_CURRENCY);
        if currency.len() > MAX_CURRENCY || !currency.bytes().all(|b| b.is_ascii_alphanumeric()) {
            errors.push(FieldError::new("/currency", "must be a currency code such as USD"));
        }
        let truth = |text: &str| text.parse().ok();
        let truths = ["true", "false"].into_iter();
        let history = word("include_history", &self.include_history, truth, truths, &mut errors);
        let account = given(&self.account).map(Arc::from);
        let whose = Whose { account, currency: currency.into() };
        settle((whose, history.unwrap_or_default()), errors)
    }
}

/// The portfolio.
///
/// # Errors
/// 404 for an account that is not known, 422 for a parameter that cannot be, 503 when history
/// cannot be read.
pub async fn portfolio(app: &App, params: &PortfolioParams) -> Result<Portfolio, ApiError> {
    portfolio_of(app, &app.hub.published(), params).await
}

/// The same of what is shown at a position. Ratios are null where history cannot be read in time.
///
/// # Errors
/// As [`portfolio`]; 503 only if history was asked for.
pub async fn portfolio_of(
    app: &App,
    shown: &Published,
    params: &PortfolioParams,
) -> Result<Portfolio, ApiError> {
    let (whose, history) = params.read()?;
    let now = now(shown, &whose)?;
    read::settled(app, shown).await;
    let days = match days(app, shown, &whose, &now).await {
        Ok(days) => days,
        Err(error) if history => return Err(error),
        Err(_) => Vec::new(),
    };
    let ends: Vec<Day> = days.iter().map(day).collect();
    let metrics = ratios::ratios(&ends, shown.state.settings.trading.periods_per_year);
    let old = days.len().saturating_sub(MAX_DAYS);
    let history = history.then(|| days.into_iter().skip(old).collect());
    Ok(Portfolio { metrics, history, ..now })
}

/// The equity over a range.
///
/// # Errors
/// As [`portfolio`].
pub async fn equity(
    app: &App,
    params: &PortfolioParams,
    range: &RangeParams,
) -> Result<Equity, ApiError> {
    let (whose, _) = params.read()?;
    let shown = app.hub.published();
    let now = now(&shown, &whose)?;
    let range = Range::parse(range, "30d", read::now(app, &shown))?;
    let as_of = read::settled(app, &shown).await;
    let course = app.history.equity(whose.clone(), range).await?;
    let mut points = course.points.clone();
    // The last step still runs: what is shown is what there is now.
    if let Some(last) = points.last_mut().filter(|_| range.to > shown.as_of) {
        (last.total_value, last.cash) = (now.total_value, now.cash);
        last.positions_value = now.positions_value;
    }
    let drawdown = drawdown(&points);
    Ok(Equity { as_of, range, currency: whose.currency, points, drawdown })
}

/// Trades that match, newest first.
///
/// # Errors
/// 422 naming every parameter that cannot be, 503 when history cannot be read.
pub async fn trades(app: &App, params: &TradesParams) -> Result<TradesPage, ApiError> {
    list::page(app, params).await
}

/// What is shown, without ratios and history.
fn now(shown: &Published, whose: &Whose) -> Result<Portfolio, ApiError> {
    let (state, Whose { account, currency }) = (&shown.state.trading, whose);
    let (as_of, cursor) = (shown.as_of, shown.cursor.clone());
    match account {
        None if **currency == *DEFAULT_CURRENCY => Ok(shown.portfolio().value.clone()),
        None => Ok(shown.valuation.portfolio(state, currency, as_of, cursor)),
        Some(account) if state.cash.keys().any(|purse| purse.account == *account) => {
            let of_it = Valuation::over(state, Some(account.clone()));
            Ok(of_it.portfolio(state, currency, as_of, cursor))
        }
        Some(account) => {
            Err(ApiError::not_found(format!("nobody has sent anything about account {account}")))
        }
    }
}

/// The equity at the end of every day since the first event, today's so far: that one is what is
/// shown.
async fn days(
    app: &App,
    shown: &Published,
    whose: &Whose,
    now: &Portfolio,
) -> Result<Vec<EquityPoint>, ApiError> {
    let state = &shown.state.trading;
    let is_of = |account: &Arc<str>| whose.account.as_ref().is_none_or(|only| only == account);
    let purses = state.cash.iter().filter(|(purse, _)| is_of(&purse.account));
    let one = Amount::from(Decimal::ONE);
    let mut came_in: BTreeMap<&Arc<str>, Paid> = BTreeMap::new();
    for (purse, Cash { deposits, withdrawn, .. }) in purses.map(|(purse, cash)| (purse, &**cash)) {
        let paid = Paid { deposits: deposits.clone(), withdrawn: withdrawn.clone() };
        came_in.entry(&purse.currency).or_default().add(&paid, &one);
    }
    if came_in.is_empty() {
        return Ok(Vec::new());
    }
    let today = read::now(app, shown).floor(DAY);
    let past = app.history.days(whose.clone(), today).await?;
    let mut paid = Paid::default();
    for (currency, sum) in came_in {
        let Some((rate, _)) = state.rate(currency, &whose.currency) else { continue };
        let before = past.paid.get(currency).cloned().unwrap_or_default();
        paid.add(&sum.since(&before), &rate);
        if let Some(apart) = past.apart.get(currency) {
            paid.deposits += &(apart * &rate);
        }
    }
    let mut all = past.points.clone();
    all.push(point(today, now, &paid));
    Ok(all)
}

fn point(at: Timestamp, now: &Portfolio, paid: &Paid) -> EquityPoint {
    EquityPoint {
        timestamp: at,
        total_value: now.total_value.clone(),
        cash: now.cash.clone(),
        positions_value: now.positions_value.clone(),
        deposits: paid.deposits.exact(),
        withdrawn: paid.withdrawn.exact(),
    }
}

fn day(point: &EquityPoint) -> Day {
    let (equity, withdrawn) = (point.total_value.to_f64(), point.withdrawn.to_f64());
    let deposits = point.deposits.to_f64() + withdrawn;
    Day { at: point.timestamp, equity, deposits, withdrawn }
}

/// How far the time-weighted value was below its last peak at each point, from the first on; none
/// where nothing could bring a return.
fn drawdown(points: &[EquityPoint]) -> Vec<Option<f64>> {
    let ends: Vec<Day> = points.iter().map(day).collect();
    let earlier = ends.iter().map(|day| day.equity);
    let pairs = earlier.zip(ends.iter().skip(1));
    let returns: Vec<Option<f64>> =
        pairs.map(|(before, day)| ratios::day_return(before, day)).collect();
    let known: Vec<f64> = returns.iter().map(|r| r.unwrap_or_default()).collect();
    let falls = ratios::drawdowns(&known);
    let first = points.first().map(|_| Some(0.0));
    let rest = returns.iter().zip(falls).map(|(r, fall)| r.map(|_| fall));
    first.into_iter().chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(currency: &str, history: &str) -> PortfolioParams {
        let text = |text: &str| Some(text.to_owned());
        let (currency, include_history) = (text(currency), text(history));
        PortfolioParams { account: None, currency, include_history }
    }

    /// The parameters that are refused.
    #[track_caller]
    fn check(currency: &str, history: &str, expect: &[&str]) {
        let refused = params(currency, history).read().err();
        let refused = refused.map(|error| error.errors).unwrap_or_default();
        let got: Vec<_> = refused.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(got, expect, "{currency} {history}");
    }

    #[test]
    fn each_parameter_that_cannot_be_is_named() {
        check("", "", &[]);
        check("EUR", "true", &[]);
        check("US$", "yes", &["/currency", "/include_history"]);
        check("ABCDEFGHIJKLMNOPQ", "false", &["/currency"]);
    }

    #[test]
    fn deposits_and_gaps_are_no_drawdown() {
        let text = r#"[
            {"timestamp":"2026-01-01T00:00:00Z","total_value":100,"cash":0,"positions_value":0,"deposits":100,"withdrawn":0},
            {"timestamp":"2026-01-02T00:00:00Z","total_value":90,"cash":0,"positions_value":0,"deposits":0,"withdrawn":0},
            {"timestamp":"2026-01-03T00:00:00Z","total_value":190,"cash":0,"positions_value":0,"deposits":100,"withdrawn":0},
            {"timestamp":"2026-01-04T00:00:00Z","total_value":0,"cash":0,"positions_value":0,"deposits":-190,"withdrawn":190},
            {"timestamp":"2026-01-05T00:00:00Z","total_value":200,"cash":0,"positions_value":0,"deposits":200,"withdrawn":0}
        ]"#;
        let points: Vec<EquityPoint> = serde_json::from_str(text).unwrap();
        let rounded: Vec<_> =
            drawdown(&points).iter().map(|d| d.map(|d| (d * 1e6).round() / 1e6)).collect();
        assert_eq!(rounded, [Some(0.0), Some(0.1), Some(0.1), Some(0.1), Some(0.1)]);
        assert_eq!(drawdown(&[]), []);
    }
}
