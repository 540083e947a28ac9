//! One GET of a target: bounded in size and time, without redirects and without proxies.

use super::Target;
use crate::intake::exposition::Dialect;
use crate::notify::address::Net;
use crate::notify::{Tuning, tls};
use bytes::Bytes;
use http::{HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use url::{Host, Position, Url};

/// Longest answer, in bytes.
const MAX_BODY: usize = 16 << 20;
/// What is asked for, as Prometheus asks for it.
const ACCEPT: &str = "application/openmetrics-text;version=1.0.0,\
    text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
/// Who asks.
const AGENT: &str = concat!("bellwether/", env!("CARGO_PKG_VERSION"));

/// Asks a target for its metrics.
///
/// # Errors
/// Why there are none. It holds nothing of the address but its host and port.
pub async fn fetch(target: &Target, within: Duration) -> Result<(Dialect, Bytes), String> {
    let url: Url = target.url.0.parse().map_err(|_| "its address is none")?;
    let host = url.host_str().and_then(|host| Host::parse(host).ok()).ok_or("it has no host")?;
    let port = url.port_or_known_default().ok_or("it has no port")?;
    // Whoever starts the server says what is scraped, and that is at home mostly.
    let net = Net::new(true, Tuning { connect: within, ..Tuning::default() });
    let (stream, _) = net.connect(&host, port).await.map_err(|failure| failure.why)?;
    let request = request(target, &url)?;
    if url.scheme() == "https" {
        let stream = tls::secure(stream, &host).await.map_err(|failure| failure.why)?;
        ask(stream, request).await
    } else {
        ask(stream, request).await
    }
}

fn request(target: &Target, url: &Url) -> Result<Request<Empty<Bytes>>, String> {
    let path = &url[Position::BeforePath..Position::AfterQuery];
    let host = &url[Position::BeforeHost..Position::AfterPort];
    let mut request = Request::get(path)
        .header(header::HOST, host)
        .header(header::USER_AGENT, AGENT)
        .header(header::ACCEPT, ACCEPT)
        .header(header::CONNECTION, "close");
    if let Some(shown) = &target.authorization {
        let mut value = HeaderValue::from_str(&shown.0)
            .map_err(|_| "its name or password does not fit into a header")?;
        value.set_sensitive(true);
        request = request.header(header::AUTHORIZATION, value);
    }
    request.body(Empty::new()).map_err(|_| "its address cannot be asked for".to_owned())
}

/// A task that ends when nobody waits for it any more.
struct Ended(tokio::task::JoinHandle<()>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn ask<S>(stream: S, request: Request<Empty<Bytes>>) -> Result<(Dialect, Bytes), String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| format!("no answer: {error}");
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let _connection = Ended(tokio::spawn(async move {
        let _ = connection.await;
    }));
    let answer = sender.send_request(request).await.map_err(broken)?;
    let status = answer.status();
    if !status.is_success() {
        return Err(format!("it answered {status}"));
    }
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let dialect = Dialect::of(kind.unwrap_or_default());
    let body = Limited::new(answer.into_body(), MAX_BODY).collect().await;
    let body =
        body.map_err(|error| match error.downcast_ref::<http_body_util::LengthLimitError>() {
            Some(_) => format!("its answer is larger than {} MiB", MAX_BODY >> 20),
            None => format!("its answer broke off: {error}"),
        })?;
    Ok((dialect, body.to_bytes()))
}
