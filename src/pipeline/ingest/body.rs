//! Request bodies: bounded in size, and decompressed within bounds.

use crate::wire::{ApiError, ErrorKind};
use axum::body::BodyDataStream;
use axum::http::{HeaderMap, header};
use futures::StreamExt;
use std::io::Read;
use std::time::Duration;
use tokio::time::timeout;

/// Largest body, decoded; also the largest as it is sent.
pub(super) const MAX_BODY: usize = 16 * 1024 * 1024;

/// Bodies up to this size are decoded in place; larger ones would hold up other requests.
const SMALL: usize = 64 * 1024;

/// What is read of a body that is too large, and for how long, before it is answered. Most clients
/// send all before they read, and would only see a broken connection otherwise.
const DRAIN: (usize, Duration) = (4 * MAX_BODY, Duration::from_secs(5));

/// How the bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let mut named = headers.get_all(header::CONTENT_ENCODING).iter();
        let (first, more) = (named.next(), named.next().is_some());
        let name = first.map_or("", |v| v.to_str().unwrap_or("?")).trim().to_ascii_lowercase();
        match name.as_str() {
            _ if more => Err(unsupported("more than one Content-Encoding")),
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            other => Err(unsupported(&format!("Content-Encoding `{other}`"))),
        }
    }
}

fn unsupported(what: &str) -> ApiError {
    let detail = format!("{what} cannot be read here; send gzip, zstd or identity");
    ApiError::new(ErrorKind::UnsupportedMediaType, detail)
}

fn too_large() -> ApiError {
    let detail = format!("the body is larger than {} MiB decoded", MAX_BODY >> 20);
    ApiError::new(ErrorKind::TooLarge, detail)
}

fn malformed(detail: String) -> ApiError {
    ApiError::new(ErrorKind::Malformed, detail)
}

/// A body as it was sent.
pub(super) struct Body {
    bytes: Vec<u8>,
    encoding: Encoding,
}

impl Body {
    /// Reads all of it.
    ///
    /// # Errors
    /// 415 for an unknown encoding, 413 if it is too large, 400 if the sender breaks off. How long
    /// it may take is bounded for every body, where requests come in.
    pub async fn read(headers: &HeaderMap, body: axum::body::Body) -> Result<Self, ApiError> {
        let encoding = Encoding::of(headers)?;
        let mut stream = body.into_data_stream();
        let length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok());
        let length: Option<usize> = length.and_then(|text| text.parse().ok());
        let mut bytes = Vec::with_capacity(length.unwrap_or(0).min(SMALL));
        loop {
            match stream.next().await {
                Some(Ok(chunk)) if bytes.len() + chunk.len() <= MAX_BODY => {
                    bytes.extend_from_slice(&chunk);
                }
                Some(Ok(_)) => {
                    drain(stream).await;
                    return Err(too_large());
                }
                Some(Err(error)) => return Err(malformed(format!("the body broke off: {error}"))),
                None => return Ok(Self { bytes, encoding }),
            }
        }
    }

    /// Hands the decoded bytes to `read`, on another thread if that may take long.
    ///
    /// # Errors
    /// 400 if they are not so compressed, 413 if they are too large; those of `read`.
    pub async fn decode<T: Send + 'static>(
        self,
        read: impl FnOnce(&[u8]) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        if self.encoding == Encoding::Identity && self.bytes.len() <= SMALL {
            return read(&self.bytes);
        }
        let work = move || read(&self.unpack()?);
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
            tracing::error!(%error, "decoding a body failed");
            Err(ApiError::new(ErrorKind::Internal, "the body could not be decoded"))
        })
    }

    fn unpack(self) -> Result<Vec<u8>, ApiError> {
        match self.encoding {
            Encoding::Identity => Ok(self.bytes),
            Encoding::Gzip => bounded(flate2::read::MultiGzDecoder::new(&*self.bytes), "gzip"),
            Encoding::Zstd => {
                let wrong = |error| malformed(format!("the body is not zstd: {error}"));
                let mut decoder = zstd::Decoder::new(&*self.bytes).map_err(wrong)?;
                // A frame may ask for a window of gigabytes; nothing that fits here needs more.
                decoder.window_log_max(MAX_BODY.ilog2()).map_err(wrong)?;
                bounded(decoder, "zstd")
            }
        }
    }
}

fn bounded(reader: impl Read, name: &str) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    let read = reader.take(MAX_BODY as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| malformed(format!("the body is not {name}: {error}")))?;
    if bytes.len() > MAX_BODY { Err(too_large()) } else { Ok(bytes) }
}

async fn drain(mut stream: BodyDataStream) {
    let (most, within) = DRAIN;
    let reading = async {
        let mut left = most;
        while let Some(Ok(chunk)) = stream.next().await {
            match left.checked_sub(chunk.len()) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    let _ = timeout(within, reading).await;
}
