//! How much one peer may ask for: by its address before anyone knows who it is, and by its name
//! once that is known.

mod bucket;
mod counts;

pub use bucket::TokenBucket;
pub use counts::Seat;

use super::App;
use super::edge::Networks;
use super::peer::Peer;
use crate::wire::{ApiError, ErrorKind};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use counts::{Rates, Seats, Who};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use tokio::time::Instant;

/// Seconds after which it is worth asking for another socket.
const SOCKET_AFTER_S: u32 = 5;

/// The limits themselves; 0 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    /// Connections at once from an address.
    pub connections: u32,
    /// Requests a second, by address and by user; twice as many at once.
    pub requests: u32,
    /// Sockets at once, by address and by user.
    pub sockets: u32,
    /// Whether programs on this machine are limited too.
    pub loopback: bool,
}

impl Default for Allowed {
    fn default() -> Self {
        Self { connections: 1000, requests: 1000, sockets: 1000, loopback: false }
    }
}

/// What is counted against the limits.
#[derive(Debug)]
pub struct Limits {
    allowed: Allowed,
    trusted: Networks,
    connections: Arc<Seats>,
    requests: Rates,
    sockets: Arc<Seats>,
}

impl Limits {
    /// Nothing counted yet. `trusted` are proxies, whose clients are counted by their own addresses.
    pub fn new(allowed: Allowed, trusted: Networks) -> Self {
        Self {
            allowed,
            trusted,
            connections: Seats::new(allowed.connections),
            requests: Rates::new(allowed.requests),
            sockets: Seats::new(allowed.sockets),
        }
    }

    /// A connection's place, unless its address holds as many as it may.
    pub fn connection(&self, address: IpAddr) -> Option<Seat> {
        if self.spares(Some(address)) || self.trusted.contain(address) {
            return Some(Seat::default());
        }
        self.connections.take(Who::at(address))
    }

    /// Counts a request: without a user by its address, else by the user. Each is counted once, the
    /// address when the request comes in, the user when it is known.
    ///
    /// # Errors
    /// 429: it is one too many.
    pub fn request(&self, peer: &Peer, user: Option<&str>) -> Result<(), ApiError> {
        self.request_at(peer, user, Instant::now())
    }

    fn request_at(&self, peer: &Peer, user: Option<&str>, now: Instant) -> Result<(), ApiError> {
        if self.exempt(peer) {
            return Ok(());
        }
        let (who, whose) = match user {
            Some(name) => (Who::user(name), "user"),
            None => (at(peer), "address"),
        };
        if self.requests.take(who, now) {
            return Ok(());
        }
        let rate = self.allowed.requests;
        Err(too_many(format!("more than {rate} requests a second from one {whose}"), 1))
    }

    /// A socket's place with its address and, if it is known, with its user.
    ///
    /// # Errors
    /// 429: one of the two holds as many as it may.
    pub fn socket(&self, peer: &Peer, user: Option<&str>) -> Result<Seat, ApiError> {
        if self.exempt(peer) {
            return Ok(Seat::default());
        }
        let seat = self.sockets.take(at(peer)).ok_or_else(|| self.full("address"))?;
        match user {
            Some(name) => self.user_socket(peer, name).map(|more| seat.and(more)),
            None => Ok(seat),
        }
    }

    /// A socket's place with its user, once that is known.
    ///
    /// # Errors
    /// 429: the user holds as many as they may.
    pub fn user_socket(&self, peer: &Peer, user: &str) -> Result<Seat, ApiError> {
        if self.exempt(peer) {
            return Ok(Seat::default());
        }
        self.sockets.take(Who::user(user)).ok_or_else(|| self.full("user"))
    }

    fn full(&self, whose: &str) -> ApiError {
        let most = self.allowed.sockets;
        too_many(format!("more than {most} sockets from one {whose}"), SOCKET_AFTER_S)
    }

    fn exempt(&self, peer: &Peer) -> bool {
        peer.local || self.spares(peer.address)
    }

    fn spares(&self, address: Option<IpAddr>) -> bool {
        let here = address.is_some_and(|address| address.to_canonical().is_loopback());
        here && !self.allowed.loopback
    }
}

/// Those whose address nobody knows are counted as one.
fn at(peer: &Peer) -> Who {
    Who::at(peer.address.unwrap_or(Ipv4Addr::UNSPECIFIED.into()))
}

fn too_many(detail: String, after_s: u32) -> ApiError {
    ApiError { retry_after_s: Some(after_s), ..ApiError::new(ErrorKind::TooMany, detail) }
}

/// Counts every request by its address.
pub async fn by_address(
    State(app): State<App>,
    peer: Peer,
    request: Request,
    next: Next,
) -> Response {
    match app.limits.request(&peer, None) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Peer {
        Peer { address: address.parse().ok(), ..Peer::default() }
    }

    fn tiny(loopback: bool) -> Limits {
        let trusted = Networks::parse(&["10.0.0.1".to_owned()]).unwrap();
        Limits::new(Allowed { connections: 1, requests: 1, sockets: 1, loopback }, trusted)
    }

    #[test]
    fn addresses_and_users_are_counted_apart() {
        let (limits, now) = (tiny(false), Instant::now());
        let ask = |user| limits.request_at(&peer("192.0.2.1"), user, now);
        let ok = |user| ask(user).is_ok();
        assert!(ok(None) && ok(None) && !ok(None));
        assert!(ok(Some("ada")) && ok(Some("ada")) && !ok(Some("ada")) && ok(Some("bob")));
        let error = ask(None).unwrap_err();
        assert_eq!((error.status, error.retry_after_s), (429, Some(1)));
    }

    #[test]
    fn a_user_holds_sockets_from_wherever() {
        let limits = tiny(false);
        let first = limits.socket(&peer("192.0.2.1"), Some("ada")).unwrap();
        assert!(limits.socket(&peer("192.0.2.1"), Some("bob")).is_err());
        assert!(limits.socket(&peer("192.0.2.2"), Some("ada")).is_err());
        // What was refused for its user holds no place of its address.
        let second = limits.socket(&peer("192.0.2.2"), Some("bob")).unwrap();
        drop((first, second));
        assert!(limits.socket(&peer("192.0.2.1"), Some("ada")).is_ok());
    }

    #[test]
    fn who_is_here_is_spared_and_so_are_connections_of_proxies() {
        let limits = tiny(false);
        let two = |address: &str| {
            let address = address.parse().unwrap();
            let (one, other) = (limits.connection(address), limits.connection(address));
            (one.is_some(), other.is_some())
        };
        assert_eq!(two("127.0.0.1"), (true, true));
        assert_eq!(two("::ffff:127.0.0.1"), (true, true));
        assert_eq!(two("10.0.0.1"), (true, true));
        assert_eq!(two("192.0.2.1"), (true, false));
        let strict = tiny(true);
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        let held = strict.connection(here);
        assert!(held.is_some() && strict.connection(here).is_none());
        let local = Peer { local: true, ..Peer::default() };
        assert!((0..9).all(|_| strict.request(&local, Some("ada")).is_ok()));
    }
}
