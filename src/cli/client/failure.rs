//! Why a request came to nothing, in one line for people.

use serde::Deserialize;
use std::fmt;
use std::io;
use std::time::Duration;

/// Why a request came to nothing.
#[derive(Debug)]
pub(in crate::cli) enum Failure {
    /// What was given on the command line cannot be.
    Usage(&'static str),
    /// There was no answer, or not all of it.
    Unreachable {
        /// The board's address.
        url: String,
        /// What happened instead.
        why: String,
    },
    /// The board answered that it does not, or not now.
    Refused {
        /// The board's address.
        url: String,
        /// HTTP status.
        status: u16,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
        /// What it said.
        detail: Option<String>,
        /// The answer as it came.
        body: Vec<u8>,
    },
}

/// The members of a problem document (RFC 9457) that people read.
#[derive(Deserialize)]
struct Problem {
    detail: Option<String>,
    title: Option<String>,
}

impl Failure {
    pub(super) fn unreachable(url: &str, error: &ureq::Error) -> Self {
        let why = match error {
            ureq::Error::Io(error) => io_words(error),
            ureq::Error::HostNotFound => "no such host".to_owned(),
            ureq::Error::Timeout(_) => "no answer in time".to_owned(),
            other => other.to_string(),
        };
        Self::Unreachable { url: url.to_owned(), why }
    }

    pub(super) fn refused(
        url: &str,
        status: u16,
        retry_after: Option<Duration>,
        body: Vec<u8>,
    ) -> Self {
        let problem: Option<Problem> = serde_json::from_slice(&body).ok();
        let detail = problem.and_then(|problem| problem.detail.or(problem.title));
        Self::Refused { url: url.to_owned(), status, retry_after, detail, body }
    }

    /// Whether the same request may succeed later: the least wait the board asks for, if any.
    pub(super) fn worth_another_try(&self) -> Option<Option<Duration>> {
        match self {
            Self::Usage(_) => None,
            Self::Unreachable { .. } => Some(None),
            Self::Refused { status: 429 | 502..=504, retry_after, .. } => Some(*retry_after),
            Self::Refused { .. } => None,
        }
    }
}

fn io_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "the connection was reset".to_owned(),
        io::ErrorKind::UnexpectedEof => "the connection was closed".to_owned(),
        io::ErrorKind::TimedOut => "no answer in time".to_owned(),
        _ => error.to_string(),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(why) => f.write_str(why),
            Self::Unreachable { url, why } => {
                write!(f, "cannot reach {url}: {why} — is the board running?")
            }
            Self::Refused { url, status, detail, .. } => {
                let said = detail.as_deref().unwrap_or(match status {
                    200..300 => "its answer is not one of a board",
                    300..400 => "it points elsewhere",
                    404 | 405 => "there is no board at this address",
                    _ => "it does not say why",
                });
                write!(f, "{url} answered {status}: {said}")?;
                if *status == 401 {
                    f.write_str(" (give a token with BELLWETHER_TOKEN or --token)")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, retried: bool, says: &str) {
        let failure = Failure::refused("http://b", status, None, body.into());
        assert_eq!(failure.worth_another_try().is_some(), retried, "{status}");
        assert!(failure.to_string().contains(says), "{failure}");
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        check(429, r#"{"detail":"too many"}"#, true, "429: too many");
        check(503, "", true, "it does not say why");
        check(401, r#"{"title":"Sign in first"}"#, false, "BELLWETHER_TOKEN");
        check(422, r#"{"detail":"none is valid"}"#, false, "none is valid");
        check(404, "<html>", false, "no board at this address");
        check(200, "<html>", false, "not one of a board");
    }

    #[test]
    fn an_unreachable_board_is_named() {
        let error = ureq::Error::Io(io::ErrorKind::ConnectionRefused.into());
        let said = Failure::unreachable("http://127.0.0.1:1", &error).to_string();
        let expect = "cannot reach http://127.0.0.1:1: connection refused — is the board running?";
        assert_eq!(said, expect);
    }
}
