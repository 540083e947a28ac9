//! Reads of the present, answered from what the last flush has encoded.
//!
//! It stands before the server functions of the same paths and answers when nothing was asked
//! but the whole view; everything else goes on to them.

use super::App;
use super::access::Caller;
use super::server_fns::matches_tag;
use crate::domain::system::Caches;
use crate::pipeline::publish::Doc;
use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use std::time::Duration;

/// Below this, compressing costs more than it saves.
const WORTH_COMPRESSING: usize = 1024;
/// How long a read waits for the number of sockets it is about to state.
const SETTLE: Duration = Duration::from_millis(250);

/// Serves a shared view if that is what is asked for.
pub async fn present(
    State(app): State<App>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let whole = request.uri().query().is_none_or(str::is_empty);
    if !whole || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    match request.uri().path() {
        "/dashboard/summary" => {
            settle(&app).await;
            let shown = app.hub.published();
            answer(&app, shown.summary_for(caller.permissions), request.headers())
        }
        "/api/v1/system" => {
            let shown = app.hub.published();
            answer(&app, &shown.system, request.headers())
        }
        "/api/ui/work" => {
            let shown = app.hub.published();
            answer(&app, shown.work_page(), request.headers())
        }
        "/api/ui/alerts" => {
            let shown = app.hub.published();
            answer(&app, shown.all_alerts(), request.headers())
        }
        "/api/ui/ticker" => {
            let shown = app.hub.published();
            answer(&app, &shown.ticker, request.headers())
        }
        _ => next.run(request).await,
    }
}

/// `GET /api/dashboard/state`: all of work in one object.
pub async fn dashboard_state(State(app): State<App>, headers: HeaderMap) -> Response {
    let shown = app.hub.published();
    answer(&app, shown.dashboard(), &headers)
}

/// `GET /api/v1/metrics/cache`: how the caches do, together and each.
pub async fn caches(State(app): State<App>) -> Json<Caches> {
    Json(app.gauges.caches())
}

/// Waits, briefly, until the summary states the number of sockets that are open now: a socket
/// that has just opened is counted by the next flush, and whoever opened it may ask at once.
async fn settle(app: &App) {
    let mut head = app.hub.watch();
    let open = || app.hub.meters.clients.load(std::sync::atomic::Ordering::Acquire);
    let stated = || app.hub.published().summary.value.connections.websocket;
    let agrees = async {
        while open() != stated() {
            if head.changed().await.is_err() {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(SETTLE, agrees).await;
}

/// The whole of `doc`, in the encoding the client likes best.
pub fn answer<T: Serialize>(app: &App, doc: &Doc<T>, headers: &HeaderMap) -> Response {
    app.gauges.views.count(doc.is_encoded());
    let tag = doc.tag();
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| matches_tag(known, tag));
    let (encoding, body) = if known { (None, Bytes::new()) } else { encoded(doc, headers) };
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], Body::from(body)).into_response()
    };
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(tag) {
        out.insert(header::ETAG, tag);
    }
    if let Some(encoding) = encoding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn encoded<T: Serialize>(doc: &Doc<T>, headers: &HeaderMap) -> (Option<&'static str>, Bytes) {
    let json = doc.json();
    if json.len() < WORTH_COMPRESSING {
        return (None, json.clone());
    }
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let accepts = |name: &str| {
        accepted.is_some_and(|list| {
            list.split(',').any(|one| {
                let (coding, weight) = one.split_once(';').unwrap_or((one, ""));
                let refused = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
                coding.trim().eq_ignore_ascii_case(name) && refused != Some(0.0)
            })
        })
    };
    if accepts("br") {
        (Some("br"), doc.brotli().clone())
    } else if accepts("gzip") {
        (Some("gzip"), doc.gzip().clone())
    } else {
        (None, json.clone())
    }
}
