//! The browser half as the server hands it out: embedded in the binary, or from disk while it
//! is being worked on.
//!
//! An embedded bundle has an address of its own (`/pkg/{hash}/…`), so that a browser may keep it
//! for good and never mixes the parts of two versions. Everything else is asked for again, and
//! answered with 304 if it is still the same.

mod disk;
mod negotiate;
mod site;
#[cfg(test)]
mod tests;

use crate::wire::ApiError;
use axum::response::{IntoResponse, Response};
use site::EMBEDDED;

/// Where a page finds its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetPaths {
    /// The module script that starts the rest.
    pub boot: String,
    /// What wasm-bindgen wrote to load the module.
    pub js: String,
    /// The module.
    pub wasm: String,
    /// The style sheet.
    pub css: String,
}

impl AssetPaths {
    fn under(folder: &str) -> Self {
        Self {
            boot: format!("{folder}/boot.js"),
            js: format!("{folder}/bellwether.js"),
            wasm: format!("{folder}/bellwether_bg.wasm"),
            css: format!("{folder}/bellwether.css"),
        }
    }
}

/// Where pages of this binary find their parts.
pub fn paths() -> AssetPaths {
    if EMBEDDED.is_empty() { AssetPaths::under("/pkg") } else { EMBEDDED.paths() }
}

/// The routes of all files of the site.
pub fn router<S: Clone + Send + Sync + 'static>() -> axum::Router<S> {
    if EMBEDDED.is_empty() { disk::Folder::of_this_process().router() } else { EMBEDDED.router() }
}

/// The media type of a file, by its name. Anything unknown is offered for download only.
fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// 404, with the path that was asked for.
fn nothing_at(path: &str) -> Response {
    IntoResponse::into_response(ApiError::not_found(format!("nothing is at {path}")))
}
