//! The HTTP client of the commands that talk to a running board.
//!
//! It waits where waiting helps: an unreachable board, 429 and 503 are tried again with backoff,
//! so that a restart of the server costs a sender nothing. The token is never printed.

mod backoff;
mod failure;

pub(super) use failure::Failure;

use backoff::Backoff;
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use ureq::AsSendBody;
use ureq::http::request::Builder;
use ureq::http::{Request, Uri};

/// How long a board that has answered before is waited for.
const RETRY_FOR: Duration = Duration::from_secs(300);

/// How long one is waited for that has not: the address may be wrong.
const FIRST_FOR: Duration = Duration::from_secs(10);

/// Longest answer that is read.
const MAX_ANSWER: u64 = 4 << 20;

/// Bodies below this size are not worth compressing.
const COMPRESS_FROM: usize = 1024;

/// Where the board is, and who asks.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// Address of the board, such as http://127.0.0.1:3000
    #[arg(long, env = "BELLWETHER_URL", value_name = "URL", value_parser = base)]
    url: String,
    /// Token to sign in with; rather set the variable: others can see the arguments of a process
    #[arg(long, env = "BELLWETHER_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<Token>,
    /// How long to go on trying while the board cannot be reached or has no room [default: 5m, but
    /// 10s if it has not answered once]
    #[arg(long, value_name = "DURATION", value_parser = super::duration::parse)]
    retry_for: Option<Duration>,
}

/// A bearer token. What prints it prints stars.
#[derive(Clone)]
struct Token(String);

impl From<String> for Token {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The address of a board: scheme, host and perhaps a path it is mounted under.
fn base(text: &str) -> Result<String, String> {
    let uri: Uri = text.parse().map_err(|_| "write it as http://127.0.0.1:3000".to_owned())?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("it must begin with http:// or https://".to_owned());
    }
    if uri.authority().is_some_and(|a| a.as_str().contains('@')) {
        return Err("it must not hold a password; use --token".to_owned());
    }
    if uri.query().is_some() {
        return Err("it must not have a query".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// A connection to a board.
pub(super) struct Client {
    agent: ureq::Agent,
    base: String,
    authorization: Option<String>,
    retry_for: Option<Duration>,
    answered: AtomicBool,
}

impl Target {
    /// A client for it. Nothing is sent yet.
    pub fn client(&self) -> Client {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // A redirect would carry the token to another place, and a POST would lose its body.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .timeout_global(Some(Duration::from_secs(150)))
            .user_agent(concat!("bellwether/", env!("CARGO_PKG_VERSION")));
        let token = self.token.as_ref().map(|t| t.0.trim()).filter(|t| !t.is_empty());
        Client {
            agent: config.build().into(),
            base: self.url.clone(),
            authorization: token.map(|t| format!("Bearer {t}")),
            retry_for: self.retry_for,
            answered: AtomicBool::new(false),
        }
    }
}

impl Client {
    /// The board's address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Posts `body` to `path`, once, and reads the answer as `T`.
    ///
    /// # Errors
    /// The board cannot be reached, or refuses.
    pub fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<T, Failure> {
        let packed = if body.len() < COMPRESS_FROM { None } else { zstd::encode_all(body, 3).ok() };
        let mut request =
            Request::post(format!("{}{path}", self.base)).header("content-type", content_type);
        if packed.is_some() {
            request = request.header("content-encoding", "zstd");
        }
        self.run(request, packed.as_deref().unwrap_or(body))
    }

    /// Gets `path`, once, and reads the answer as `T`.
    ///
    /// # Errors
    /// The board cannot be reached, or refuses.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.run(Request::get(format!("{}{path}", self.base)), ())
    }

    fn run<T: DeserializeOwned>(
        &self,
        mut request: Builder,
        body: impl AsSendBody,
    ) -> Result<T, Failure> {
        request = request.header("accept", "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        // Of all that is given here only the token can be no header.
        let request = request
            .body(body)
            .map_err(|_| Failure::Usage("the token holds a character no token can"))?;
        let unreachable = |error| Failure::unreachable(&self.base, &error);
        let mut response = self.agent.run(request).map_err(unreachable)?;
        self.answered.store(true, Ordering::Relaxed);
        let status = response.status().as_u16();
        let header = response.headers().get("retry-after").and_then(|v| v.to_str().ok());
        let retry_after = header.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let read = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec();
        let answer = read.map_err(unreachable)?;
        match serde_json::from_slice(&answer) {
            Ok(value) if (200..300).contains(&status) => Ok(value),
            _ => Err(Failure::refused(&self.base, status, retry_after, answer)),
        }
    }

    /// As [`Self::post`], but again and again while that may help. Before every wait `pause` is
    /// given the failure and how long the wait is; it waits, and says whether to go on.
    ///
    /// # Errors
    /// The last failure, once the time for retries is over or `pause` says no.
    pub fn post_patiently<T: DeserializeOwned>(
        &self,
        path: &str,
        content_type: &str,
        body: &[u8],
        mut pause: impl FnMut(&Failure, Duration) -> bool,
    ) -> Result<T, Failure> {
        let begun = Instant::now();
        let mut backoff = Backoff::default();
        loop {
            let failure = match self.post(path, content_type, body) {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let Some(retry_after) = failure.worth_another_try() else { return Err(failure) };
            let wait = backoff.next(retry_after);
            if begun.elapsed() + wait > self.patience() || !pause(&failure, wait) {
                return Err(failure);
            }
        }
    }

    fn patience(&self) -> Duration {
        let known = self.answered.load(Ordering::Relaxed);
        self.retry_for.unwrap_or(if known { RETRY_FOR } else { FIRST_FOR })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expect: Result<&str, &str>) {
        match (base(url), expect) {
            (Ok(read), Ok(expect)) => assert_eq!(read, expect),
            (Err(why), Err(part)) => assert!(why.contains(part), "{url}: {why}"),
            (read, _) => panic!("{url}: {read:?}"),
        }
    }

    #[test]
    fn an_address_is_checked_before_anything_is_sent() {
        check("http://127.0.0.1:3000/", Ok("http://127.0.0.1:3000"));
        check("https://board.example/ops", Ok("https://board.example/ops"));
        check("127.0.0.1:3000", Err("http"));
        check("ftp://host", Err("http"));
        check("http://user:secret@host", Err("--token"));
        check("http://host/?a=b", Err("query"));
        check("", Err("http"));
    }

    #[test]
    fn a_token_is_not_printed() {
        let token: Token = "s3cret".to_owned().into();
        assert!(!format!("{token:?}").contains("s3cret"));
    }
}
