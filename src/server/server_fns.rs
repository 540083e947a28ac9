//! Server functions as REST: their errors as problem documents, their answers cacheable.

use super::App;
use super::access::Caller;
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
pub async fn call(State(app): State<App>, caller: Caller, mut request: Request) -> Response {
    // A browser's `Accept: text/html` would be answered with a redirect, as forms want it.
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    // Server functions know GET alone; the router leaves out the body that HEAD does not want.
    if *request.method() == Method::HEAD {
        *request.method_mut() = Method::GET;
    }
    let context = move || {
        provide_context(app.clone());
        provide_context(caller.clone());
    };
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
    let tag = tag_of(&body);
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

/// The weak `ETag` of a JSON answer: of all but its age and position, which move with every tick
/// of the clock whether or not anything else does.
pub fn tag_of(body: &[u8]) -> String {
    let hash = blake3::hash(without_age(body)).to_hex();
    format!("W/\"{}\"", hash.get(..16).unwrap_or_default())
}

/// What follows `{"as_of":"…","cursor":{…}` or `{"uptime_ms":…,"timestamp":…`, with which an answer
/// begins that has them.
fn without_age(body: &[u8]) -> &[u8] {
    if let Some(rest) = body.strip_prefix(br#"{"uptime_ms":"#) {
        let mut commas = rest.iter().enumerate().filter(|(_, byte)| **byte == b',');
        return commas.nth(1).and_then(|(at, _)| rest.get(at..)).unwrap_or(body);
    }
    let Some(rest) = body.strip_prefix(br#"{"as_of":""#) else { return body };
    let Some(end) = rest.iter().position(|byte| *byte == b'"') else { return body };
    let rest = rest.get(end + 1..).unwrap_or_default();
    match rest.strip_prefix(br#","cursor":{"#) {
        Some(cursor) => match cursor.iter().position(|byte| *byte == b'}') {
            Some(end) => cursor.get(end + 1..).unwrap_or_default(),
            None => rest,
        },
        None => rest,
    }
}

/// Whether an answer is JSON.
pub fn is_json(headers: &HeaderMap) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, rest: &str) {
        assert_eq!(String::from_utf8_lossy(without_age(body.as_bytes())), rest);
    }

    #[test]
    fn an_answer_is_the_same_whenever_it_is_given() {
        check(r#"{"as_of":"now","cursor":{"epoch":"e","seq":1},"total":0}"#, r#","total":0}"#);
        check(r#"{"as_of":"now","items":[]}"#, r#","items":[]}"#);
        check(r#"{"total":0}"#, r#"{"total":0}"#);
        check(r#"{"uptime_ms":1,"timestamp":2,"agents":[]}"#, r#","agents":[]}"#);
        check(r#"{"uptime_ms":1}"#, r#"{"uptime_ms":1}"#);
        check(r#"{"as_of":"now"#, r#"{"as_of":"now"#);
        check("", "");
    }

    #[test]
    fn tags_are_compared_weakly() {
        let matches =
            |header: &'static str| matches_tag(&HeaderValue::from_static(header), "W/\"a\"");
        for header in ["W/\"a\"", "\"a\"", "\"b\", W/\"a\"", "*"] {
            assert!(matches(header), "{header}");
        }
        for header in ["W/\"b\"", "a", ""] {
            assert!(!matches(header), "{header}");
        }
    }
}
