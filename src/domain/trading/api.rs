//! Portfolio and trades: typed calls for pages. Programs use REST.

#![allow(missing_docs, reason = "the macro turns documented parameters into public fields")]
#![allow(clippy::too_many_arguments, reason = "each is a parameter of the address")]

use super::{Equity, Imported, Portfolio, TradesPage};
use crate::wire::{ApiError, JsonUnread, Unread};
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};

/// `GET /api/ui/portfolio`: the portfolio of an account, or of all, in a currency, US dollars when
/// left out.
///
/// # Errors
/// 404 for an account that is not known, 422 for a currency that cannot be.
#[server(name = ReadPortfolio, prefix = "/api/ui", endpoint = "portfolio", input = GetUrl, output = JsonUnread)]
pub async fn portfolio(
    #[server(default)] account: Option<String>,
    #[server(default)] currency: Option<String>,
) -> Result<Unread<Portfolio>, ApiError> {
    let app = crate::server::allowed(crate::domain::Permission::ViewPortfolio)?;
    let params =
        crate::server::trading::reads::PortfolioParams { account, currency, ..Default::default() };
    Unread::of(&crate::server::trading::reads::portfolio(&app, &params).await?)
}

/// `GET /api/ui/equity`: the equity over a range, `30d` when left out; the other parameters are
/// those of [`portfolio`] and of [`crate::domain::range::RangeParams`].
///
/// # Errors
/// As [`portfolio`]; 422 for a range that cannot be, 503 when history cannot be read.
#[server(name = ReadEquity, prefix = "/api/ui", endpoint = "equity", input = GetUrl, output = JsonUnread)]
pub async fn equity(
    #[server(default)] account: Option<String>,
    #[server(default)] currency: Option<String>,
    #[server(default)] window: Option<String>,
    #[server(default)] from: Option<String>,
    #[server(default)] to: Option<String>,
    #[server(default)] step: Option<String>,
) -> Result<Unread<Equity>, ApiError> {
    let app = crate::server::allowed(crate::domain::Permission::ViewPortfolio)?;
    let range = crate::domain::range::RangeParams { window, from, to, step };
    let params =
        crate::server::trading::reads::PortfolioParams { account, currency, ..Default::default() };
    Unread::of(&crate::server::trading::reads::equity(&app, &params, &range).await?)
}

/// `GET /api/ui/trades`: trades that match, newest first; the parameters are those of
/// `GET /api/v1/trades`, and `skip`, how many of them to pass over.
///
/// # Errors
/// 422 naming every parameter that cannot be, 503 when history cannot be read.
#[server(name = ReadTrades, prefix = "/api/ui", endpoint = "trades", input = GetUrl, output = JsonUnread)]
pub async fn trades(
    #[server(default)] symbol: Option<String>,
    #[server(default)] side: Option<String>,
    #[server(default)] strategy: Option<String>,
    #[server(default)] account: Option<String>,
    #[server(default)] start_time: Option<String>,
    #[server(default)] end_time: Option<String>,
    #[server(default)] limit: Option<String>,
    #[server(default)] skip: Option<String>,
) -> Result<Unread<TradesPage>, ApiError> {
    let app = crate::server::allowed(crate::domain::Permission::ViewTrades)?;
    let params = crate::server::trading::reads::TradesParams {
        symbol,
        side,
        strategy,
        account,
        start_time,
        end_time,
        limit,
        skip,
        ..Default::default()
    };
    Unread::of(&crate::server::trading::reads::trades(&app, &params).await?)
}

/// `POST /api/ui/import_trades`: takes in trades of a CSV, as `POST /api/v1/import/trades` does.
/// `mapping` is JSON: which column each member of a trade is in, where its name does not say so.
///
/// # Errors
/// 422 if there is no table in it, or nothing of it can be taken.
#[server(name = ImportTrades, prefix = "/api/ui", endpoint = "import_trades", input = Json)]
pub async fn import_trades(csv: String, mapping: String) -> Result<Imported, ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::WriteEvents)?;
    crate::server::trading::import::from_page(&app, &caller, csv, &mapping).await
}
