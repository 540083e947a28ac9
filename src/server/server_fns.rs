//! Server functions as REST: their errors as problem documents, their answers cacheable.

use super::App;
use crate::wire::{ApiError, ErrorKind};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use leptos::prelude::provide_context;

/// Longest error body that is looked into.
const MAX_ERROR: usize = 64 << 10;
/// Longest answer that is given an `ETag` of its content.
const MAX_TAGGED: usize = 64 << 20;

/// Calls the server function at the request's path.
pub async fn call(State(app): State<App>, mut request: Request) -> Response {
    // A browser's `Accept: text/html` would be answered with a redirect, as forms want it.
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let context = move || provide_context(app.clone());
    let response =
        leptos_axum::handle_server_fns_with_context(context, request).await.into_response();
    as_problem(response).await
}

/// Gives the error of a server function its status and media type.
async fn as_problem(response: Response) -> Response {
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let error = match to_bytes(response.into_body(), MAX_ERROR).await {
        Ok(body) => serde_json::from_slice::<ApiError>(&body).ok(),
        Err(_) => None,
    };
    error
        .unwrap_or_else(|| {
            ApiError::new(ErrorKind::Internal, "the server failed; its log says why")
        })
        .into_response()
}

/// Gives a JSON answer that has none an `ETag` of its content, and answers 304 when it is known.
pub async fn tagged(request: Request, next: Next) -> Response {
    let conditional = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    let plain = response.status() == StatusCode::OK
        && conditional
        && !response.headers().contains_key(header::ETAG)
        && is_json(response.headers());
    if !plain {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body: Bytes = match to_bytes(body, MAX_TAGGED).await {
        Ok(body) => body,
        Err(_) => {
            return ApiError::new(ErrorKind::Internal, "the answer is too long").into_response();
        }
    };
    let hash = blake3::hash(&body).to_hex();
    let tag = format!("W/\"{}\"", hash.get(..16).unwrap_or_default());
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, value);
    }
    if known.as_ref().is_some_and(|known| matches_tag(known, &tag)) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(body))
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
}

/// Whether `If-None-Match` holds `tag`, by weak comparison (RFC 9110, 8.8.3.2).
pub fn matches_tag(header: &HeaderValue, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let wanted = opaque(tag);
    header
        .to_str()
        .is_ok_and(|list| list.trim() == "*" || list.split(',').any(|one| opaque(one) == wanted))
}
