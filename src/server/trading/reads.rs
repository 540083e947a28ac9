//! Reading the portfolio and trades.

use crate::domain::range::RangeParams;
use crate::domain::trading::{Equity, Portfolio, TradesPage};
use crate::server::App;
use crate::wire::ApiError;
use serde::Deserialize;

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

/// What may follow the question mark of a list of trades.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TradesParams {
    /// Of this symbol.
    pub symbol: Option<String>,
    /// `buy` or `sell`.
    pub side: Option<String>,
    /// Of this strategy.
    pub strategy: Option<String>,
    /// Of this account.
    pub account: Option<String>,
    /// Not before then.
    pub start_time: Option<String>,
    /// Before then.
    pub end_time: Option<String>,
    /// `csv` or `ndjson` for an export.
    pub format: Option<String>,
    /// Most items of a page.
    pub limit: Option<String>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// How many to pass over; for pages that show a window of a long list.
    pub skip: Option<String>,
}

/// The portfolio.
///
/// # Errors
/// 404 for an account that is not known, 422 for a parameter that cannot be, 503 when history
/// cannot be read.
pub async fn portfolio(app: &App, params: &PortfolioParams) -> Result<Portfolio, ApiError> {
    let _ = params;
    Ok(app.hub.published().portfolio().value.clone())
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
    let _ = (app, params, range);
    Err(ApiError::not_found("not yet"))
}

/// Trades that match, newest first.
///
/// # Errors
/// 422 naming every parameter that cannot be, 503 when history cannot be read.
pub async fn trades(app: &App, params: &TradesParams) -> Result<TradesPage, ApiError> {
    let _ = params;
    Ok(app.hub.published().trades().value.clone())
}
