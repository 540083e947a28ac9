//! Cross-origin requests (the Fetch standard, 3.3): pages of the origins that were named may read
//! and change what their token may. No other origin is told anything, and cookies are never for
//! other origins.

use crate::server::App;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
/// Headers a page may send, besides those that any page may and `ce-*`.
const HEADERS: [&str; 3] = ["authorization", "content-type", "if-none-match"];
/// Headers of answers a page may read, besides those that any page may.
const EXPOSED: HeaderValue = HeaderValue::from_static("etag, link, retry-after");
/// How long a browser may keep the answer to a preflight, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Answers preflights, and tells browsers what pages of named origins may read.
pub async fn cross_origin(State(app): State<App>, request: Request, next: Next) -> Response {
    if app.origins.is_empty() {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let named = origin.filter(|o| o.to_str().is_ok_and(|text| app.origins.contain(text)));
    let Some(named) = named else {
        let mut response = next.run(request).await;
        vary(response.headers_mut());
        return response;
    };
    let preflight = *request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight {
        allowed(request.headers())
    } else {
        let mut response = next.run(request).await;
        response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, named);
    vary(headers);
    response
}

/// A cache must not answer one origin with what is for another.
fn vary(headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}

/// The answer to a preflight. It touches no data, so nothing else need allow it.
fn allowed(asked: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    let wanted = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let wanted = wanted.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut names: Vec<String> = HEADERS.map(str::to_owned).into();
    // The attributes of an event are its producer's to name, and there is no wildcard for them.
    let events = wanted.split(',').map(|name| name.trim().to_ascii_lowercase());
    names.extend(
        events.filter(|name| {
            name.starts_with("ce-") && HeaderName::from_bytes(name.as_bytes()).is_ok()
        }),
    );
    if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, value);
    }
    response
}
