//! Routes of trading.

use super::list::{self, TradesParams};
use super::reads::{self, PortfolioParams};
use crate::domain::trading::Portfolio;
use crate::domain::{Permission, Permissions};
use crate::server::export::{self, Format};
use crate::server::needs::{Needs, Routes};
use crate::server::{App, problem};
use crate::wire::ApiError;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// Seeing what there is, and what it is worth.
const PORTFOLIO: Needs = Needs::All(Permissions::of(&[Permission::ViewPortfolio]));
/// Seeing what was traded.
const TRADES: Needs = Needs::All(Permissions::of(&[Permission::ViewTrades]));

/// Those that read.
pub fn reads() -> Routes {
    Routes::default().get("/api/v1/portfolio", PORTFOLIO, portfolio).get(
        "/api/v1/trades",
        TRADES,
        trades,
    )
}

/// `GET /api/v1/portfolio`: what there is now, with ratios and, if asked for, every day.
///
/// # Errors
/// As [`reads::portfolio`].
async fn portfolio(
    State(app): State<App>,
    params: Result<Query<PortfolioParams>, QueryRejection>,
) -> Result<Json<Portfolio>, ApiError> {
    let Query(params) = params.map_err(problem::malformed)?;
    reads::portfolio(&app, &params).await.map(Json)
}

/// `GET /api/v1/trades`: newest first; where the next page begins is in `Link`.
///
/// # Errors
/// As [`list::page`].
async fn trades(
    State(app): State<App>,
    params: Result<Query<TradesParams>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(params) = params.map_err(problem::malformed)?;
    let page = list::page(&app, &params).await?;
    // That it is one of them was seen above.
    let mut response = match Format::read(&params.format, &mut Vec::new()) {
        Format::Json => Json(&page.items).into_response(),
        format @ Format::Ndjson => export::file(format, "trades", export::ndjson(&page.items)),
        format @ Format::Csv => export::file(format, "trades", list::csv(&page.items)),
    };
    let headers = response.headers_mut();
    headers.insert("x-total-count", HeaderValue::from(page.total));
    if let Some(next) = page.next
        && let Ok(link) = HeaderValue::from_str(&following(&params, &next))
    {
        headers.insert(header::LINK, link);
    }
    Ok(response)
}

/// Where the same goes on (RFC 8288).
fn following(params: &TradesParams, next: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(params.choice()).append_pair("after", next).finish();
    format!("</api/v1/trades?{query}>; rel=\"next\"")
}
