//! One POST to a stranger: to the address that was checked, without redirects, without proxies, and
//! bounded in size and time.

use super::address::Net;
use super::target::host;
use super::{Failure, Target, tls};
use crate::wire::Timestamp;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use std::cmp::Reverse;
use std::time::{Duration, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use url::{Position, Url};

/// Most of an answer that is read, in bytes.
const MAX_ANSWER: usize = 16 << 10;
/// How long what follows the head of an answer is waited for.
const REST: Duration = Duration::from_secs(2);
/// Most of it that is told, in bytes.
const MAX_SAID: usize = 200;
/// Parts of a path that are no longer than this, in bytes, are words and no secrets.
const SHORT_PART: usize = 8;
/// The same for values of a query: `1`, `yes`.
const SHORT_VALUE: usize = 3;
/// Who asks.
const AGENT: &str = concat!("bellwether/", env!("CARGO_PKG_VERSION"));

/// What is posted.
pub struct Post {
    /// What it says of itself, besides where it goes and how long it is.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The rest.
    pub body: Vec<u8>,
}

impl Post {
    /// JSON.
    pub fn json(body: Vec<u8>) -> Self {
        let json = HeaderValue::from_static("application/json");
        Self { headers: vec![(header::CONTENT_TYPE, json)], body }
    }

    /// Adds a header; one whose value cannot be is left out.
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// Shows the secret of a channel: by name and password if it has a name to sign in with,
    /// otherwise as a bearer's token (RFC 7617, RFC 6750).
    pub fn signed_in(mut self, target: &Target) -> Self {
        let Some(secret) = &target.secret else { return self };
        let shown = match &target.username {
            Some(name) => format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{secret}"))),
            None => format!("Bearer {secret}"),
        };
        if let Ok(mut value) = HeaderValue::from_str(&shown) {
            value.set_sensitive(true);
            self.headers.push((header::AUTHORIZATION, value));
        }
        self
    }

    /// Sends it; returns what the other side said.
    ///
    /// # Errors
    /// It was not taken, as far as can be known.
    pub async fn send(self, net: &Net, target: &Target, now: Timestamp) -> Result<String, Failure> {
        let url: Url = target.url.parse().map_err(|_| Failure::refused("its address is none"))?;
        let host = host(&url).ok_or_else(|| Failure::refused("its address has no host"))?;
        let port = url.port_or_known_default().unwrap_or(443);
        let (stream, _) = net.connect(&host, port).await?;
        let request = self.request(&url)?;
        let (answer, _connection) = if url.scheme() == "https" {
            ask(tls::secure(stream, &host).await?, request).await?
        } else {
            ask(stream, request).await?
        };
        heard(answer, target, now).await
    }

    fn request(self, url: &Url) -> Result<Request<Full<Bytes>>, Failure> {
        let path = &url[Position::BeforePath..Position::AfterQuery];
        let host = &url[Position::BeforeHost..Position::AfterPort];
        let mut request = Request::post(path)
            .header(header::HOST, host)
            .header(header::USER_AGENT, AGENT)
            .header(header::ACCEPT, "*/*")
            .header(header::CONNECTION, "close");
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request
            .body(Full::new(self.body.into()))
            .map_err(|_| Failure::refused("its address cannot be asked for"))
    }
}

async fn ask<S>(
    stream: S,
    request: Request<Full<Bytes>>,
) -> Result<(Response<Incoming>, Ended), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| Failure::down(format!("no answer: {error}"));
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let connection = Ended(tokio::spawn(async move {
        let _ = connection.await;
    }));
    let answer = sender.send_request(request).await.map_err(broken)?;
    Ok((answer, connection))
}

/// A task that ends when nobody waits for it any more.
struct Ended(tokio::task::JoinHandle<()>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn heard(
    answer: Response<Incoming>,
    target: &Target,
    now: Timestamp,
) -> Result<String, Failure> {
    let (parts, body) = answer.into_parts();
    let status = parts.status;
    // What was taken is taken, however long the rest of the answer takes.
    if status.is_success() {
        return Ok(format!("it answered {status}"));
    }
    if status.is_redirection() {
        let why = format!("it answered {status}; redirects are not followed");
        return Err(Failure::refused(why));
    }
    let body = Limited::new(body, MAX_ANSWER).collect();
    let body = timeout(REST, body).await.ok().and_then(Result::ok).map(|body| body.to_bytes());
    let words = body.map(|body| said(&body, target)).unwrap_or_default();
    let colon = if words.is_empty() { "" } else { ": " };
    let why = format!("it answered {status}{colon}{words}");
    let later = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    let refused = status.is_client_error() && !later.contains(&status);
    let after = parts.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    Err(Failure { refused, why, after: after.and_then(|after| retry_after(after, now)) })
}

/// The beginning of an answer as one line, without anything the channel keeps to itself.
fn said(body: &[u8], target: &Target) -> String {
    let text = String::from_utf8_lossy(body);
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = kept(target).iter().fold(line, |line, kept| line.replace(kept.as_str(), "…"));
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    line.get(..line.floor_char_boundary(MAX_SAID)).unwrap_or_default().to_owned()
}

/// What a channel keeps to itself, in every form that the other side may give back: the longest
/// first, so that none is left in pieces.
fn kept(target: &Target) -> Vec<String> {
    let mut all: Vec<String> = target.secret.iter().cloned().collect();
    if let Some((secret, name)) = target.secret.as_ref().zip(target.username.as_ref()) {
        all.push(BASE64_STANDARD.encode(format!("{name}:{secret}")));
    }
    if let Ok(url) = target.url.parse::<Url>() {
        let long = |part: &&str| part.len() > SHORT_PART;
        let path = url.path();
        let parts = path.split('/').chain([path, path.trim_matches('/')]);
        all.extend(parts.filter(long).map(str::to_owned));
        let query = url.query().unwrap_or_default();
        let values = query.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, it)| it);
        let values = values.filter(|value| value.len() > SHORT_VALUE);
        all.extend([query].into_iter().chain(values).map(str::to_owned));
        let read = url.query_pairs().map(|(_, value)| value.into_owned());
        all.extend(read.filter(|value| value.len() > SHORT_VALUE));
    }
    all.retain(|part| !part.is_empty());
    all.sort_by_key(|part| Reverse(part.len()));
    all
}

/// How long to wait (RFC 9110, section 10.2.3): seconds, or a date.
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let at = httpdate::parse_http_date(text.trim()).ok()?;
    let at = i64::try_from(at.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()?;
    Some(Duration::from_millis(Timestamp::from_ms(at).since(now).unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_without_secrets_and_in_one_line() {
        let target = Target {
            url: "https://hooks.example/services/T0/B0/XYZ".to_owned(),
            secret: Some("hunter2".to_owned()),
            username: Some("ann".to_owned()),
        };
        let check = |body: &str, expect: &str| assert_eq!(said(body.as_bytes(), &target), expect);
        check("no_service\r\nx: y", "no_service x: y");
        check("bad hunter2 for /services/T0/B0/XYZ", "bad … for …");
        check("Basic YW5uOmh1bnRlcjI=", "Basic …");
        assert_eq!(said("ä".repeat(300).as_bytes(), &target), "ä".repeat(100));
        assert_eq!(said(&[0xff, 0xfe], &target), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn an_answer_is_told_without_what_in_the_address_is_secret() {
        let url = "https://a.example/hook/0123456789abcdef/x?key=s3cr%2Ft&v=1&token=abcd";
        let target = Target { url: url.to_owned(), secret: None, username: None };
        let check = |body: &str, expect: &str| assert_eq!(said(body.as_bytes(), &target), expect);
        check("no /hook/0123456789abcdef/x here", "no … here");
        check("POST hook/0123456789abcdef/x: 1", "POST …: 1");
        check("unknown hook 0123456789abcdef", "unknown hook …");
        check("?key=s3cr%2Ft&v=1&token=abcd", "?…");
        check("key s3cr/t or s3cr%2Ft; token abcd; v 1", "key … or …; token …; v 1");
    }

    #[test]
    fn it_is_said_how_long_to_wait() {
        let now = Timestamp::from_ms(784_111_777_000);
        let check = |text: &str, expect: Option<u64>| {
            assert_eq!(retry_after(text, now), expect.map(Duration::from_secs), "{text}");
        };
        check("120", Some(120));
        check("Sun, 06 Nov 1994 08:50:37 GMT", Some(60));
        check("Sun, 06 Nov 1994 08:49:00 GMT", Some(0));
        check("-5", None);
        check("soon", None);
    }

    #[test]
    fn a_header_that_cannot_be_is_left_out() {
        let post = Post::json(Vec::new()).with(header::ETAG, "a\r\nb: c").with(header::VIA, "x");
        let names: Vec<_> = post.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["content-type", "via"]);
    }

    #[test]
    fn a_request_says_where_it_goes() {
        let check = |url: &str, path: &str, host: &str| {
            let request = Post::json(Vec::new()).request(&url.parse().unwrap()).unwrap();
            assert_eq!(request.uri(), path, "{url}");
            assert_eq!(request.headers()["host"], host, "{url}");
        };
        check("https://a.example", "/", "a.example");
        check("http://a.example:8080/x?y=z#w", "/x?y=z", "a.example:8080");
        check("https://[2606:4700::1]:443/x", "/x", "[2606:4700::1]");
    }
}
