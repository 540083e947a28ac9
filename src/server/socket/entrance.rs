//! Who may open a socket: a page by its cookie, if its `Origin` is ours; a program by
//! `Authorization: Bearer`; either by a ticket in the address; and whoever shows none of these by a
//! first message `{"token":"…"}`.
//!
//! Whoever is in stays in for as long as the credentials hold: when they are revoked, or mean
//! something else than before, the socket is closed.

use super::line::{Gone, Line};
use crate::domain::access::{Permissions, Via};
use crate::server::App;
use crate::server::access::Caller;
use crate::server::access::caller::{by_bearer, unauthenticated};
use crate::server::peer::Peer;
use crate::wire::{ApiError, Timestamp};
use axum::extract::FromRequestParts;
use axum::extract::ws::close_code;
use axum::http::header;
use axum::http::request::Parts;
use serde::Deserialize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// A day, in milliseconds.
const DAY_MS: u64 = 86_400_000;
/// Longest message that is looked into for a token.
const MAX_TOKEN: usize = 8 << 10;

/// Who asks for a socket, as far as the request says.
#[derive(Debug)]
pub struct Knock {
    pub(super) caller: Caller,
    pub(super) peer: Peer,
}

impl FromRequestParts<App> for Knock {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let peer = Peer::from_request_parts(parts, app).await?;
        if let Some(ticket) = parts.uri.query().and_then(ticket) {
            let redeemed = app.access.tickets.redeem(&ticket);
            let bad = || unauthenticated("the ticket is not good: it is for one use within 30 s");
            return redeemed.map(|caller| Self { caller, peer }).ok_or_else(bad);
        }
        // Every browser says where a socket comes from; what does not is none of ours.
        if caller.via == Via::Session && !parts.headers.contains_key(header::ORIGIN) {
            let shown = app.hub.published();
            let nobody = app.access.without_credentials(&shown.state.access, caller.address);
            return Ok(Self { caller: nobody, peer });
        }
        Ok(Self { caller, peer })
    }
}

fn ticket(query: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find_map(|(name, value)| (name == "ticket").then(|| value.into_owned()))
}

/// The token of a message that is nothing but one.
pub(super) fn token(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Token {
        token: String,
        #[serde(default, rename = "type")]
        _kind: Option<String>,
    }
    if text.len() > MAX_TOKEN || !text.contains("\"token\"") {
        return None;
    }
    serde_json::from_str::<Token>(text).ok().map(|read| read.token)
}

impl Line {
    /// Waits until the peer has shown that it may do all of `needed`.
    ///
    /// # Errors
    /// It has not, in time.
    pub async fn enter(&mut self, needed: Permissions) -> Result<(), Gone> {
        let until = Instant::now() + self.app.patience.hello;
        let shutdown = self.app.shutdown.clone();
        while self.caller.is_nobody() && !sees(&self.caller, needed) {
            let message = tokio::select! {
                message = self.recv() => message,
                () = sleep_until(until) => {
                    return self.close(close_code::POLICY, "nobody signed in in time").await;
                }
                () = shutdown.cancelled() => {
                    return self.close(close_code::AWAY, "shutting down").await;
                }
            };
            let Some(text) = self.read(message).await? else { continue };
            match token(&text) {
                Some(token) => self.show(&token).await?,
                None => {
                    let how = "sign in first: {\"token\":\"…\"}";
                    self.error("unauthenticated", how).await?;
                    return self.close(close_code::POLICY, "sign in first").await;
                }
            }
        }
        if let Err(error) = self.caller.may(needed) {
            self.error("forbidden", &error.detail).await?;
            return self.close(close_code::POLICY, "not permitted").await;
        }
        Ok(())
    }

    /// The peer shows a token. Whoever is in already need not, and is who they were.
    ///
    /// # Errors
    /// It is not good.
    pub(super) async fn show(&mut self, token: &str) -> Result<(), Gone> {
        if !self.caller.is_nobody() {
            return Ok(());
        }
        match by_bearer(&self.app, token, self.caller.address.clone()) {
            Ok(caller) => match self.app.limits.user_socket(&self.peer, &caller.name) {
                Ok(seat) => {
                    (self.caller, self.seat) = (caller, std::mem::take(&mut self.seat).and(seat));
                    Ok(())
                }
                Err(error) => {
                    self.error("too_many", &error.detail).await?;
                    self.close(close_code::POLICY, "too many sockets").await
                }
            },
            Err(error) => {
                self.error("unauthenticated", &error.detail).await?;
                self.close(close_code::POLICY, "the token is not good").await
            }
        }
    }

    /// Closes the socket if its peer is not any more who it was, or may do other things.
    ///
    /// # Errors
    /// It is closed.
    pub(super) async fn look_again(&mut self) -> Result<(), Gone> {
        let changed = self.app.hub.access_changed.load(Ordering::Acquire);
        let now = self.app.clock.now();
        let over = self.until().is_some_and(|until| until <= now);
        if changed == self.checked && !over {
            return Ok(());
        }
        let shown = self.app.hub.published();
        self.checked = shown.state.access.changed;
        if self.caller.still_holds(&self.app.access, &shown.state.access, now) {
            return Ok(());
        }
        self.close(close_code::POLICY, "signed out").await
    }

    /// When to look again whether what the peer showed is good still.
    pub(super) fn expiry(&self) -> Instant {
        let left = self.until().map_or(i64::MAX, |until| until.since(self.app.clock.now()));
        // A little later rather than again and again; what is far away is looked at once a day.
        let left = u64::try_from(left).unwrap_or(0).saturating_add(1).min(DAY_MS);
        Instant::now() + Duration::from_millis(left)
    }

    /// Until when what the peer showed is good.
    pub(super) fn until(&self) -> Option<Timestamp> {
        self.caller.until
    }
}

/// Whether nobody in particular may see it.
fn sees(caller: &Caller, needed: Permissions) -> bool {
    !caller.permissions.is_empty() && caller.permissions.covers(needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_nothing_but_a_token_is_one() {
        assert_eq!(token(r#"{"token":"a"}"#).as_deref(), Some("a"));
        assert_eq!(token(r#"{"type":"auth","token":"a"}"#).as_deref(), Some("a"));
        for other in [r#"{"token":1}"#, r#"{"type":"ping"}"#, r#"{"token":"a","x":1}"#, "\"token\""]
        {
            assert_eq!(token(other), None, "{other}");
        }
        assert_eq!(token(&format!(r#"{{"token":"{}"}}"#, "a".repeat(MAX_TOKEN))), None);
    }

    #[test]
    fn a_ticket_stands_in_the_address() {
        assert_eq!(ticket("topics=a&ticket=x%2Dy").as_deref(), Some("x-y"));
        assert_eq!(ticket("tickets=x"), None);
    }
}
