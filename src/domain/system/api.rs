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
