//! Reading hosts and the server itself: REST for programs, typed calls for pages.

#![allow(missing_docs, reason = "the macro turns documented parameters into public fields")]

use super::{HostHistory, SystemPage};
use crate::wire::{ApiError, JsonUnread, Unread};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

/// `GET /api/v1/system`: this machine, every host that reports, and the server's insides.
///
/// # Errors
/// 503 while the server starts.
#[server(name = ReadSystem, prefix = "/api/v1", endpoint = "system", input = GetUrl, output = JsonUnread)]
pub async fn system_page() -> Result<Unread<SystemPage>, ApiError> {
    crate::server::shown(
        &crate::server::allowed(crate::domain::Permission::ViewSystem)?.hub.published().system,
    )
}

/// `GET /api/ui/host`: a host over a range, this machine when none is named; the other parameters
/// are those of [`crate::domain::range::RangeParams`], `1h` when left out.
///
/// # Errors
/// 404 for a host that has not reported, 422 naming every parameter that cannot be.
#[server(name = ReadHost, prefix = "/api/ui", endpoint = "host", input = GetUrl, output = JsonUnread)]
pub async fn host_history(
    #[server(default)] host: String,
    #[server(default)] window: Option<String>,
    #[server(default)] from: Option<String>,
    #[server(default)] to: Option<String>,
    #[server(default)] step: Option<String>,
) -> Result<Unread<HostHistory>, ApiError> {
    let params = crate::domain::range::RangeParams { window, from, to, step };
    Unread::of(
        &crate::server::read::host(
            &crate::server::allowed(crate::domain::Permission::ViewSystem)?,
            host,
            &params,
        )
        .await?,
    )
}
