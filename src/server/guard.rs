//! What stands before every handler: who may call at all, and the headers every answer carries.
//!
//! While there are no users, whoever reaches the port is let in; so a request must then be addressed
//! to a loopback name (which defeats DNS rebinding) and must not come through a proxy, which would
//! let in whoever reaches the proxy. Always, pages of other origins that a browser runs are kept
//! out of what changes anything, unless their origin was named.

use super::App;
use super::edge::{self, Origins};
use super::peer::Peer;
use crate::wire::{ApiError, ErrorKind};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A browser that came by https comes by nothing else for a year.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What a page may load that is only read: the style sheet, the icon, and the script that recalls the
/// theme.
pub const SCRIPTLESS: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                              img-src 'self'; base-uri 'none'; form-action 'none'; \
                              frame-ancestors 'none'";

/// Whether there are no users yet, so that whoever reaches the port is let in.
fn is_open(app: &App) -> bool {
    app.access.is_open(&app.hub.published().state.access)
}

/// Refuses requests that another site has a browser make.
pub async fn same_site(
    State(app): State<App>,
    peer: Peer,
    request: Request,
    next: Next,
) -> Response {
    match check(&request, &peer, &app.origins, is_open(&app)) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn check(request: &Request, peer: &Peer, named: &Origins, open: bool) -> Result<(), ApiError> {
    // No browser speaks over the socket in the data directory, and it has its own keeper.
    if peer.local {
        return Ok(());
    }
    let headers = request.headers();
    if open {
        within(peer, headers)?;
    }
    let upgrade = headers.contains_key(header::UPGRADE);
    if (upgrade || !request.method().is_safe()) && is_foreign(headers, peer, named) {
        return Err(forbidden("the request comes from another site"));
    }
    Ok(())
}

/// Whether it stays on this machine, as far as can be seen.
fn within(peer: &Peer, headers: &HeaderMap) -> Result<(), ApiError> {
    if peer.forwarded || edge::carried(headers) {
        return Err(forbidden(
            "it came through a proxy, and with no users yet all who reach the proxy would be let \
             in; make a user first (bellwether user add)",
        ));
    }
    if let Some(host) = peer.host.as_deref()
        && !is_loopback(host)
    {
        let detail = format!(
            "with no users yet, this server answers to loopback names only, not to {host:?}"
        );
        return Err(forbidden(&detail));
    }
    Ok(())
}

/// Whether a browser says that a page of another site made it. What says nothing is no browser.
fn is_foreign(headers: &HeaderMap, peer: &Peer, named: &Origins) -> bool {
    let origin = headers.get(header::ORIGIN).map(|value| value.to_str().unwrap_or_default());
    if origin.is_some_and(|origin| named.contain(origin)) {
        return false;
    }
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site != "same-origin" && site != "none";
    }
    origin.is_some_and(|origin| peer.origin().as_deref() != Some(origin))
}

fn forbidden(detail: &str) -> ApiError {
    ApiError::new(ErrorKind::Forbidden, detail)
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
    let secure = request.extensions().get::<Peer>().is_some_and(|peer| peer.secure);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
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
    use crate::server::edge::Networks;
    use crate::server::peer::Arrival;
    use axum::body::Body;

    /// Whether it is let in while there are no users, and once there are.
    #[track_caller]
    fn check_one(method: &str, headers: &[(&str, &str)], allowed: (bool, bool)) {
        let mut request = Request::builder().method(method).uri("/api/v1/events");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let named = Origins::parse(&["https://named.example".to_owned()]).unwrap();
        let trusted = Networks::parse(&["10.0.0.1".to_owned()]).unwrap();
        // A header for the test alone says where it comes from.
        let from = request.headers().get("x-from").map_or("127.0.0.1", |v| v.to_str().unwrap());
        let arrival = Arrival { address: from.parse().ok(), secure: false };
        let peer = Peer::of(arrival, request.uri(), request.headers(), &trusted);
        let let_in = |open| check(&request, &peer, &named, open).is_ok();
        assert_eq!((let_in(true), let_in(false)), allowed, "{method} {headers:?}");
    }

    const ALWAYS: (bool, bool) = (true, true);
    const WITH_USERS: (bool, bool) = (false, true);
    const NEVER: (bool, bool) = (false, false);

    #[test]
    fn without_users_only_this_machine() {
        check_one("POST", &[("host", "127.0.0.1:3000")], ALWAYS);
        check_one("POST", &[("host", "[::1]:3000")], ALWAYS);
        check_one("POST", &[("host", "localhost")], ALWAYS);
        check_one("POST", &[], ALWAYS);
        check_one("GET", &[("host", "evil.example:3000")], WITH_USERS);
        check_one("GET", &[("host", "127.0.0.1.evil.example")], WITH_USERS);
        check_one("GET", &[("host", "localhost"), ("host", "localhost")], WITH_USERS);
    }

    #[test]
    fn without_users_no_proxy() {
        let host = ("host", "localhost");
        for header in ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"] {
            check_one("GET", &[host, (header, "for=203.0.113.9")], WITH_USERS);
            check_one("GET", &[host, (header, "localhost"), ("x-from", "10.0.0.1")], WITH_USERS);
            check_one("GET", &[host, (header, "localhost"), ("x-from", "over the socket")], ALWAYS);
        }
    }

    #[test]
    fn pages_of_other_sites_change_nothing() {
        let host = ("host", "localhost:1");
        let from = |origin| [host, ("origin", origin)];
        check_one("POST", &from("http://localhost:1"), ALWAYS);
        check_one("POST", &from("http://localhost:2"), NEVER);
        check_one("POST", &from("https://localhost:1"), NEVER);
        check_one("POST", &from("null"), NEVER);
        check_one("POST", &from("https://named.example"), ALWAYS);
        check_one("POST", &from("https://named.example.evil.example"), NEVER);
        check_one("GET", &from("http://a.example"), ALWAYS);
        let upgraded = |origin| [host, ("origin", origin), ("upgrade", "websocket")];
        check_one("GET", &upgraded("http://a.example"), NEVER);
        check_one("GET", &upgraded("http://localhost:1"), ALWAYS);
        check_one("GET", &upgraded("https://named.example"), ALWAYS);
        // Of an implied port browsers do not speak.
        check_one("POST", &[("host", "localhost:80"), ("origin", "http://localhost")], ALWAYS);
    }

    #[test]
    fn what_the_browser_says_of_the_site_counts_first() {
        let says = |site, origin| [("host", "localhost:1"), ("sec-fetch-site", site), origin];
        let (own, other) = (("origin", "http://localhost:1"), ("origin", "http://localhost:2"));
        let named = ("origin", "https://named.example");
        check_one("POST", &says("same-origin", own), ALWAYS);
        check_one("POST", &says("none", own), ALWAYS);
        check_one("POST", &says("same-site", own), NEVER);
        check_one("POST", &says("cross-site", own), NEVER);
        check_one("POST", &says("?", own), NEVER);
        check_one("POST", &says("same-site", other), NEVER);
        check_one("POST", &says("cross-site", named), ALWAYS);
        check_one("GET", &says("cross-site", other), ALWAYS);
    }

    #[test]
    fn a_trusted_proxy_says_what_our_origin_is() {
        let through = |from, origin| {
            [
                ("x-from", from),
                ("host", "inner:3000"),
                ("x-forwarded-for", "203.0.113.9"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-host", "board.example"),
                ("origin", origin),
            ]
        };
        check_one("POST", &through("10.0.0.1", "https://board.example"), WITH_USERS);
        check_one("POST", &through("10.0.0.1", "http://inner:3000"), NEVER);
        check_one("POST", &through("192.0.2.1", "https://board.example"), NEVER);
        check_one("POST", &through("192.0.2.1", "http://inner:3000"), WITH_USERS);
    }
}
