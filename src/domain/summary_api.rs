//! Reading the overview: REST for programs, typed calls for pages.

#![allow(missing_docs, reason = "the macro turns documented parameters into public fields")]

use super::summary::{Rates, Summary, Ticker};
use crate::wire::{ApiError, JsonUnread, Unread};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

/// `GET /dashboard/summary`: the verdict and a figure of every domain.
///
/// # Errors
/// 503 while the server starts.
#[server(name = DashboardSummary, prefix = "/dashboard", endpoint = "summary", input = GetUrl, output = JsonUnread)]
pub async fn dashboard_summary() -> Result<Unread<Summary>, ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Topic::Summary.needs())?;
    crate::server::shown(app.hub.published().summary_for(caller.permissions))
}

/// `GET /api/ui/ticker`: what came in last, newest first.
///
/// # Errors
/// 503 while the server starts.
#[server(name = ReadTicker, prefix = "/api/ui", endpoint = "ticker", input = GetUrl, output = JsonUnread)]
pub async fn ticker() -> Result<Unread<Ticker>, ApiError> {
    crate::server::shown(
        &crate::server::allowed(crate::domain::Topic::Events.needs())?.hub.published().ticker,
    )
}

/// `GET /api/ui/rates`: how much came in and how it went, over a range; its parameters are those of
/// [`super::range::RangeParams`], `24h` when left out.
///
/// # Errors
/// 422 naming every parameter that cannot be.
#[server(name = ReadRates, prefix = "/api/ui", endpoint = "rates", input = GetUrl, output = JsonUnread)]
pub async fn rates(
    #[server(default)] window: Option<String>,
    #[server(default)] from: Option<String>,
    #[server(default)] to: Option<String>,
    #[server(default)] step: Option<String>,
) -> Result<Unread<Rates>, ApiError> {
    let params = super::range::RangeParams { window, from, to, step };
    Unread::of(
        &crate::server::read::rates(
            &crate::server::allowed(crate::domain::access::Permission::ViewProjects)?,
            &params,
        )
        .await?,
    )
}
