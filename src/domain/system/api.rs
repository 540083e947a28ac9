//! Reading hosts and the server itself: REST for programs, typed calls for pages.

#![allow(missing_docs, reason = "the macro turns documented parameters into public fields")]

use super::SystemPage;
use crate::wire::ApiError;
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};

/// `GET /api/v1/system`: this machine, every host that reports, and the server's insides.
///
/// # Errors
/// 503 while the server starts.
#[server(name = ReadSystem, prefix = "/api/v1", endpoint = "system", input = GetUrl, output = Json)]
pub async fn system_page() -> Result<SystemPage, ApiError> {
    Ok(crate::server::app()?.hub.published().system.value.clone())
}

/// shim
#[server(name = ReadHost, prefix = "/api/ui", endpoint = "host", input = GetUrl, output = Json)]
pub async fn host_history(
    host: String,
    #[server(default)] window: Option<String>,
    #[server(default)] from: Option<String>,
    #[server(default)] to: Option<String>,
    #[server(default)] step: Option<String>,
) -> Result<super::HostHistory, ApiError> {
    let app = crate::server::app()?;
    let now = app.hub.published().as_of;
    let range = crate::domain::range::Range::parse(
        &crate::domain::range::RangeParams { window, from, to, step },
        "24h",
        now,
    )?;
    Ok(super::HostHistory { as_of: now, host: host.into(), range, points: Vec::new() })
}
