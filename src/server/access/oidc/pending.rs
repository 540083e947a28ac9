//! Those who were sent to the provider and are not back yet. What ties their return to how they
//! left is a state that is good once, and a cookie that only their browser has.

use crate::server::access::secret;
use crate::server::access::session::{self, Names};
use crate::wire::ApiError;
use aws_lc_rs::digest;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::time::{Duration, Instant};

/// How long somebody may take to sign in at the provider.
const GOOD_FOR: Duration = Duration::from_secs(600);
/// Most who may be away; the oldest makes room for one more.
const MAX: u64 = 10_000;
/// The cookie.
const COOKIE: Names = Names { plain: "bellwether_away", secure: "__Host-bellwether_away" };

/// Somebody who was sent away.
#[derive(Clone)]
pub struct Away {
    /// What the ID token must repeat.
    pub nonce: String,
    /// What proves to the provider that the code was meant for us (RFC 7636).
    pub verifier: String,
    /// Where they come back to.
    pub redirect_uri: String,
    /// Where they go on then.
    pub next: String,
    browser: blake3::Hash,
    since: Instant,
}

/// What somebody is sent away with.
pub struct Sent {
    /// What they bring back in the address.
    pub state: String,
    /// What the ID token must repeat.
    pub nonce: String,
    /// What the verifier will be checked against.
    pub challenge: String,
    /// `Set-Cookie`.
    pub cookie: String,
}

/// Everybody who is away.
pub struct Pending(Cache<String, Away>);

impl Default for Pending {
    fn default() -> Self {
        let cache = Cache::builder().max_capacity(MAX).time_to_live(GOOD_FOR);
        Self(cache.eviction_policy(EvictionPolicy::lru()).build())
    }
}

impl Pending {
    /// Sends somebody away.
    ///
    /// # Errors
    /// 500 if the system gives no random bytes.
    pub fn send(&self, redirect_uri: String, next: String, tls: bool) -> Result<Sent, ApiError> {
        let (state, nonce) = (secret::text::<32>()?, secret::text::<32>()?);
        let (verifier, browser) = (secret::text::<32>()?, secret::text::<32>()?);
        let challenge = challenge(&verifier);
        let away = Away {
            nonce: nonce.clone(),
            verifier,
            redirect_uri,
            next,
            browser: blake3::hash(browser.as_bytes()),
            since: Instant::now(),
        };
        self.0.insert(state.clone(), away);
        let age = GOOD_FOR.as_secs();
        let cookie = session::bake(COOKIE, Some(&browser), age.cast_signed(), tls);
        Ok(Sent { state, nonce, challenge, cookie })
    }

    /// Who comes back with a state; it is good no more, whoever they are. None if it was not good,
    /// or theirs is another browser.
    pub fn back(&self, state: &str, headers: &HeaderMap) -> Option<Away> {
        // The cache may still hold what is over.
        let away = self.0.remove(state).filter(|away| away.since.elapsed() < GOOD_FOR)?;
        let shown = session::named(headers, COOKIE)?;
        (blake3::hash(shown.as_bytes()) == away.browser).then_some(away)
    }
}

/// `Set-Cookie` that takes the cookie away.
pub fn no_cookie(tls: bool) -> String {
    session::bake(COOKIE, None, 0, tls)
}

/// The code challenge of a verifier, by `S256` (RFC 7636, section 4.2).
fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header;

    fn send(pending: &Pending) -> Sent {
        pending.send("http://here/back".to_owned(), "/work".to_owned(), false).unwrap()
    }

    fn browser(sent: &Sent) -> HeaderMap {
        let pair = sent.cookie.split(';').next().unwrap();
        HeaderMap::from_iter([(header::COOKIE, pair.parse().unwrap())])
    }

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_state_is_good_once_and_in_one_browser() {
        let pending = Pending::default();
        let (one, other) = (send(&pending), send(&pending));
        let away = pending.back(&one.state, &browser(&one)).unwrap();
        assert_eq!((away.nonce, away.next), (one.nonce.clone(), "/work".to_owned()));
        assert_eq!(challenge(&away.verifier), one.challenge);
        assert!(pending.back(&one.state, &browser(&one)).is_none(), "a second time");
        assert!(pending.back(&other.state, &browser(&one)).is_none(), "in another browser");
        assert!(pending.back(&other.state, &browser(&other)).is_none(), "then it is spent");
        let third = send(&pending);
        assert!(pending.back(&third.state, &HeaderMap::new()).is_none(), "without a cookie");
        assert!(pending.back("", &browser(&third)).is_none());
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_sent_on_the_way_back() {
        let cookie = send(&Pending::default()).cookie;
        for part in ["bellwether_away=", "Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=600"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(no_cookie(true).starts_with("__Host-bellwether_away=; "));
    }
}
