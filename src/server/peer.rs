//! Who is at the other end of a request, as far as the connection and trusted proxies say.

use super::edge::{self, Networks};
use crate::wire::{ApiError, ErrorKind};
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, Uri, header};
use std::net::IpAddr;
use std::sync::Arc;

/// Where a connection comes from.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// The other end's address; `None` for the socket in the data directory.
    pub address: Option<IpAddr>,
    /// Whether the connection itself is TLS.
    pub secure: bool,
}

/// Who makes a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peer {
    /// The client's address; `None` for the socket in the data directory.
    pub address: Option<IpAddr>,
    /// Whether the client speaks https, to us or to a trusted proxy.
    pub secure: bool,
    /// Whether it came over the socket in the data directory, which only the server's own user can
    /// use.
    pub local: bool,
    /// Whether it carries headers of a proxy that are not believed.
    pub forwarded: bool,
    /// The host that the client addressed, with its port if it named one.
    pub host: Option<Arc<str>>,
}

impl Peer {
    /// Reads who makes a request with this address line and these headers.
    pub fn of(arrival: Arrival, uri: &Uri, headers: &HeaderMap, trusted: &Networks) -> Self {
        let direct = Self {
            address: arrival.address.map(|address| address.to_canonical()),
            secure: arrival.secure,
            local: arrival.address.is_none(),
            forwarded: edge::carried(headers),
            host: addressed(uri, headers),
        };
        let Some(proxy) = direct.address.filter(|address| trusted.contain(*address)) else {
            return direct;
        };
        let Some(claim) = edge::claimed(headers, proxy, trusted) else { return direct };
        Self {
            address: Some(claim.address),
            secure: claim.secure.unwrap_or(direct.secure),
            forwarded: false,
            host: claim.host.map(Arc::from).or(direct.host),
            ..direct
        }
    }

    /// This server's own origin as the client sees it, as a browser writes it in `Origin`.
    pub fn origin(&self) -> Option<String> {
        self.host.as_deref().map(|host| edge::written(self.secure, host))
    }
}

/// The host of a request: of its address line, or else of its one `Host` (RFC 9112, 3.2). Several
/// name none.
fn addressed(uri: &Uri, headers: &HeaderMap) -> Option<Arc<str>> {
    if let Some(authority) = uri.authority() {
        return Some(authority.as_str().into());
    }
    let mut named = headers.get_all(header::HOST).iter();
    let first = named.next()?;
    let one = if named.next().is_some() { "" } else { first.to_str().unwrap_or("") };
    Some(one.into())
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let unknown = || ApiError::new(ErrorKind::Internal, "nobody knows who made the request");
        parts.extensions.get::<Self>().cloned().ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Address, secure, forwarded and origin of a request from `from`.
    #[track_caller]
    fn check(from: Option<&str>, headers: &[(&str, &str)], expect: (&str, bool, bool, &str)) {
        let trusted = Networks::parse(&["10.0.0.0/8".to_owned()]).unwrap();
        let arrival = Arrival { address: from.map(|a| a.parse().unwrap()), secure: false };
        let mut request = http::Request::get("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let peer = Peer::of(arrival, &parts.uri, &parts.headers, &trusted);
        let address = peer.address.map(|a| a.to_string()).unwrap_or_default();
        let origin = peer.origin().unwrap_or_default();
        let got = (address.as_str(), peer.secure, peer.forwarded, origin.as_str());
        assert_eq!(got, expect, "{from:?} {headers:?}");
        assert_eq!(peer.local, from.is_none());
    }

    #[test]
    fn proxies_are_believed_if_they_are_trusted() {
        let host = ("host", "inner:3000");
        let all = [
            host,
            ("x-forwarded-for", "203.0.113.9"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "Board.example:443"),
        ];
        check(Some("10.0.0.1"), &all, ("203.0.113.9", true, false, "https://board.example"));
        check(Some("::ffff:10.0.0.1"), &all, ("203.0.113.9", true, false, "https://board.example"));
        check(Some("192.0.2.1"), &all, ("192.0.2.1", false, true, "http://inner:3000"));
        check(None, &all, ("", false, true, "http://inner:3000"));
        check(Some("10.0.0.1"), &[host], ("10.0.0.1", false, false, "http://inner:3000"));
        check(Some("192.0.2.1"), &[host], ("192.0.2.1", false, false, "http://inner:3000"));
        let torn = [host, ("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "203.0.113.9")];
        check(Some("10.0.0.1"), &torn, ("10.0.0.1", false, true, "http://inner:3000"));
        check(Some("192.0.2.1"), &[host, host], ("192.0.2.1", false, false, "http://"));
        check(Some("192.0.2.1"), &[], ("192.0.2.1", false, false, ""));
    }
}
