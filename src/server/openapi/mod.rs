//! The interface told to programs (OpenAPI 3.1), and to people as a page made of the same document.
//!
//! A room tells what is asked and answered, the types tell their own schemas, and what an operation
//! needs is read from the router, so that none of them can disagree with what runs.

mod document;
mod events;
mod op;
mod page;
mod paths;
mod shapes;

pub use document::{over, permissions, schemas};
pub use paths::{Room, rooms};

use super::needs::{Needs, Routes};
use super::server_fns::{matches_tag, tag_of};
use super::{guard, router};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Map, Value};
use std::sync::LazyLock;
use tower_http::compression::CompressionLayer;

/// The cookie of a session where there is no TLS.
const COOKIE: &str = "bellwether_session";
/// Answers of a real board, by operation.
const EXAMPLES: &str = include_str!("examples.json");
/// Made once, as it is sent.
struct Made {
    body: Bytes,
    tag: String,
    kind: &'static str,
}

impl Made {
    fn new(body: String, kind: &'static str) -> Self {
        Self { tag: tag_of(body.as_bytes()), body: body.into(), kind }
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let known = headers.get(header::IF_NONE_MATCH);
        let mut response = if known.is_some_and(|known| matches_tag(known, &self.tag)) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::CONTENT_TYPE, self.kind)], self.body.clone()).into_response()
        };
        let out = response.headers_mut();
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            out.insert(header::ETAG, tag);
        }
        response
    }
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let examples: Map<String, Value> = serde_json::from_str(EXAMPLES).unwrap_or_default();
    over(&router::table(), &examples)
});
static JSON: LazyLock<Made> = LazyLock::new(|| Made::new(DOCUMENT.to_string(), "application/json"));
static PAGE: LazyLock<Made> =
    LazyLock::new(|| Made::new(page::page(&DOCUMENT), "text/html; charset=utf-8"));

/// The document itself.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// Where it is found.
pub fn routes() -> Routes {
    Routes::default()
        .get("/api/openapi.json", Needs::Nothing, json)
        .get("/api/docs", Needs::Nothing, docs)
        .over(|router| router.layer(CompressionLayer::new()))
}

/// `GET /api/openapi.json`
async fn json(request: Request) -> Response {
    JSON.answer(request.headers())
}

/// `GET /api/docs`: the same to be read, without scripts.
async fn docs(request: Request) -> Response {
    let mut response = PAGE.answer(request.headers());
    let policy = HeaderValue::from_static(guard::SCRIPTLESS);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}
