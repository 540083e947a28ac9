//! Bodies of requests arrive in time, or not at all: who sends one slowly, or stops in the middle,
//! holds what waits for it.

use crate::server::{App, problem};
use axum::body::Body;
use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Ends bodies that stall or take too long; what waits for such a body is answered 400.
pub async fn in_time(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let late = Arc::new(AtomicBool::new(false));
    let (idle, whole) = (app.edge.body_idle, app.edge.body_whole);
    let request = request.map(|body| timed(body, idle, whole, late.clone()));
    let response = next.run(request).await;
    if late.load(Ordering::Relaxed) {
        return problem::malformed("the body did not arrive in time").into_response();
    }
    response
}

/// The same body; it breaks off after a silence of `idle`, or when it takes longer than `whole`.
fn timed(body: Body, idle: Duration, whole: Duration, late: Arc<AtomicBool>) -> Body {
    let until = Instant::now() + whole;
    let begun = (body.into_data_stream(), late);
    Body::from_stream(futures::stream::unfold(begun, move |(mut data, late)| async move {
        match timeout_at(until.min(Instant::now() + idle), data.next()).await {
            Ok(next) => Some((next?.map_err(io::Error::other), (data, late))),
            Err(_) => {
                late.store(true, Ordering::Relaxed);
                Some((Err(io::ErrorKind::TimedOut.into()), (data, late)))
            }
        }
    }))
}
