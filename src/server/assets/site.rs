//! The site inside the binary: a table that `build.rs` wrote.

use super::negotiate::{Coding, coding, unchanged};
use super::{AssetPaths, content_type, nothing_at};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response, StatusCode};
use axum::routing::get;

/// What this binary carries; empty in builds that serve from disk.
pub(super) static EMBEDDED: Site = include!(concat!(env!("OUT_DIR"), "/site.rs"));

/// The bundle's address holds its hash, so what is there never changes: a year, the longest
/// time that caches honour.
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Kept, but asked for again each time.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// A built site.
#[derive(Debug)]
pub(super) struct Site {
    /// Names this version of everything under `/pkg/`.
    pub(super) hash: &'static str,
    /// Every file, in the order of its path.
    pub(super) assets: &'static [Asset],
}

/// A file in all its encodings.
#[derive(Debug)]
pub(super) struct Asset {
    /// Where it is served, from the root.
    pub(super) path: &'static str,
    /// Hash of its content.
    pub(super) etag: &'static str,
    /// As it is on disk.
    pub(super) identity: &'static [u8],
    /// Brotli, if that is notably smaller.
    pub(super) br: Option<&'static [u8]>,
    /// Gzip, if that is notably smaller.
    pub(super) gzip: Option<&'static [u8]>,
}

impl Site {
    pub(super) const fn is_empty(&self) -> bool {
        self.assets.is_empty()
    }

    /// Where pages find the bundle.
    pub(super) fn paths(&self) -> AssetPaths {
        AssetPaths::under(&format!("/pkg/{}", self.hash))
    }

    /// A route for each file outside the bundle, and two for the bundle. Files are routes of
    /// their own because pages share the root with them.
    pub(super) fn router<S: Clone + Send + Sync + 'static>(&'static self) -> Router<S> {
        let versioned = async move |Path((hash, file)): Path<(String, String)>,
                                    headers: HeaderMap| {
            let path = format!("/pkg/{file}");
            match self.find(&path).filter(|_| hash == self.hash) {
                Some(asset) => asset.answer(&headers, FOR_GOOD),
                None => nothing_at(&format!("/pkg/{hash}/{file}")),
            }
        };
        let latest = async move |Path(file): Path<String>, headers: HeaderMap| {
            let path = format!("/pkg/{file}");
            match self.find(&path) {
                Some(asset) => asset.answer(&headers, ASK_AGAIN),
                None => nothing_at(&path),
            }
        };
        let bundle = Router::new()
            .route("/pkg/{hash}/{file}", get(versioned))
            .route("/pkg/{file}", get(latest));
        self.assets.iter().filter(|asset| !asset.path.starts_with("/pkg/")).fold(
            bundle,
            |router, asset| {
                router.route(
                    asset.path,
                    get(async move |headers: HeaderMap| asset.answer(&headers, ASK_AGAIN)),
                )
            },
        )
    }

    fn find(&self, path: &str) -> Option<&'static Asset> {
        let at = self.assets.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
        self.assets.get(at)
    }
}

impl Asset {
    /// The file as this client wants it; 304 if it has it already. (axum drops the body for HEAD.)
    fn answer(&self, headers: &HeaderMap, cache: HeaderValue) -> Response<Body> {
        let offered =
            [Coding::Brotli, Coding::Gzip, Coding::Identity].map(|c| self.body(c).map(|_| c));
        let offered: Vec<Coding> = offered.into_iter().flatten().collect();
        let coding = coding(headers, &offered);
        let etag = format!("{}{}", self.etag, coding.suffix());
        let (status, body) = if unchanged(headers, &etag) {
            (StatusCode::NOT_MODIFIED, Body::empty())
        } else {
            (
                StatusCode::OK,
                Body::from(Bytes::from_static(self.body(coding).unwrap_or(self.identity))),
            )
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let set = response.headers_mut();
        set.insert(header::CACHE_CONTROL, cache);
        set.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(etag) = HeaderValue::from_str(&format!("\"{etag}\"")) {
            set.insert(header::ETAG, etag);
        }
        if status == StatusCode::OK {
            set.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(self.path)));
            if let Some(token) = coding.token() {
                set.insert(header::CONTENT_ENCODING, HeaderValue::from_static(token));
            }
        }
        response
    }

    const fn body(&self, coding: Coding) -> Option<&'static [u8]> {
        match coding {
            Coding::Brotli => self.br,
            Coding::Gzip => self.gzip,
            Coding::Identity => Some(self.identity),
        }
    }
}
