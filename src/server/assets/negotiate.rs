//! Which encoding a client takes, and whether it already has the file (RFC 9110).

use axum::http::HeaderMap;
use axum::http::header::{self, HeaderName};

/// A content coding, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Gzip,
    Identity,
}

impl Coding {
    /// The token of `Content-Encoding`; identity has none.
    pub(super) const fn token(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }

    /// What is appended to an ETag: each encoding is a representation of its own.
    pub(super) const fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => "-br",
            Self::Gzip => "-gz",
            Self::Identity => "",
        }
    }
}

/// The best of `offered` by the client's `Accept-Encoding`; identity if it refuses all, because
/// an answer it may be able to read is worth more than a 406.
pub(super) fn coding(headers: &HeaderMap, offered: &[Coding]) -> Coding {
    let accepted = joined(headers, &header::ACCEPT_ENCODING);
    let mut best = (Coding::Identity, 0.0);
    for &coding in offered {
        let quality = quality(&accepted, coding);
        if quality > best.1 {
            best = (coding, quality);
        }
    }
    best.0
}

/// The weight that `accepted` gives to a coding, 0 to 1.
fn quality(accepted: &str, coding: Coding) -> f32 {
    let name = coding.token().unwrap_or("identity");
    let mut wildcard = None;
    for item in accepted.split(',') {
        let mut parts = item.split(';').map(str::trim);
        let token = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
            .map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
        if token.eq_ignore_ascii_case(name)
            || (name == "gzip" && token.eq_ignore_ascii_case("x-gzip"))
        {
            return weight;
        }
        if token == "*" {
            wildcard = Some(weight);
        }
    }
    // Unmentioned, identity is taken, but after everything that was named.
    wildcard.unwrap_or(if coding == Coding::Identity { f32::MIN_POSITIVE } else { 0.0 })
}

/// Whether `If-None-Match` names this tag (weak comparison), given without quotes.
pub(super) fn unchanged(headers: &HeaderMap, etag: &str) -> bool {
    joined(headers, &header::IF_NONE_MATCH)
        .split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/").trim_matches('"') == etag)
}

/// All values of a list header as one list.
fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).collect();
    values.join(",")
}
