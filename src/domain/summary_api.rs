//! Reading the overview: REST for programs, typed calls for pages.

#![allow(missing_docs, reason = "the macro turns documented parameters into public fields")]

use super::summary::{Summary, Ticker};
use crate::wire::ApiError;
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};

/// `GET /dashboard/summary`: the verdict and a figure of every domain.
///
/// # Errors
/// 503 while the server starts.
#[server(name = DashboardSummary, prefix = "/dashboard", endpoint = "summary", input = GetUrl, output = Json)]
pub async fn dashboard_summary() -> Result<Summary, ApiError> {
    Ok(crate::server::app()?.hub.published().summary.value.clone())
}

/// `GET /api/ui/ticker`: what came in last, newest first.
///
/// # Errors
/// 503 while the server starts.
#[server(name = ReadTicker, prefix = "/api/ui", endpoint = "ticker", input = GetUrl, output = Json)]
pub async fn ticker() -> Result<Ticker, ApiError> {
    Ok(crate::server::app()?.hub.published().ticker.value.clone())
}
