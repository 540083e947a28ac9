//! What stands before every handler: who may call at all, and the headers every answer carries.
//!
//! While there are no users, whoever reaches the port is let in; so the port is bound to loopback
//! and pages of other origins, which a browser on this machine may run, are kept out: a request
//! must be addressed to a loopback name (which defeats DNS rebinding) and, if it says which page
//! it comes from, that page must be ours.

use crate::wire::{ApiError, ErrorKind};
use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;

/// Refuses requests that another site has a browser make.
pub async fn same_site(request: Request, next: Next) -> Response {
    match check(&request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn check(request: &Request) -> Result<(), ApiError> {
    let headers = request.headers();
    let host =
        text(headers, &header::HOST).or_else(|| request.uri().authority().map(|a| a.as_str()));
    if let Some(host) = host
        && !is_loopback(host)
    {
        return Err(ApiError::new(
            ErrorKind::Forbidden,
            format!("this server answers to loopback addresses only, not to {host:?}"),
        ));
    }
    let foreign = match (text(headers, &header::ORIGIN), host) {
        (Some(origin), Some(host)) => origin.split_once("://").map(|(_, at)| at) != Some(host),
        (Some(_), None) => true,
        (None, _) => false,
    };
    let upgrade = headers.contains_key(header::UPGRADE);
    if foreign && (upgrade || !request.method().is_safe()) {
        return Err(ApiError::new(ErrorKind::Forbidden, "the request comes from another site"));
    }
    Ok(())
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a `Host` names this machine's loopback interface.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = name.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Headers that every answer carries.
pub async fn secure_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

/// The policy of a page whose inline scripts carry `nonce`.
pub fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'nonce-{nonce}'; \
         style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[track_caller]
    fn check_one(method: &str, headers: &[(&str, &str)], allowed: bool) {
        let mut request = Request::builder().method(method).uri("/api/v1/events");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        assert_eq!(check(&request).is_ok(), allowed, "{method} {headers:?}");
    }

    #[test]
    fn only_this_machine_and_this_site() {
        check_one("POST", &[("host", "127.0.0.1:3000")], true);
        check_one("POST", &[("host", "[::1]:3000")], true);
        check_one("POST", &[("host", "localhost")], true);
        check_one("GET", &[("host", "evil.example:3000")], false);
        check_one("GET", &[("host", "127.0.0.1.evil.example")], false);
        check_one("POST", &[("host", "localhost:1"), ("origin", "http://localhost:1")], true);
        check_one("POST", &[("host", "localhost:1"), ("origin", "http://localhost:2")], false);
        check_one("POST", &[("host", "localhost:1"), ("origin", "null")], false);
        let socket =
            [("host", "localhost:1"), ("origin", "http://a.example"), ("upgrade", "websocket")];
        check_one("GET", &socket, false);
        check_one("GET", &socket[..2], true);
    }
}
