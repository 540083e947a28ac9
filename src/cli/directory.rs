//! Asking about a data directory: the server that runs over it, or one that is started for the one
//! question and listens nowhere.

use super::local;
use crate::pipeline::{self, clock::Clock};
use crate::server::config::Settings;
use crate::server::peer::Peer;
use crate::server::router::router;
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::Value;
use std::io::ErrorKind;
use std::path::Path;
use tower::ServiceExt as _;

/// Longest answer that is read, in bytes.
const MAX_ANSWER: usize = 16 << 20;

/// Asks, and returns the status and the JSON of the answer (null if it has none).
///
/// # Errors
/// The directory cannot be used; why.
pub fn ask(
    dir: &Path,
    method: &str,
    path: &str,
    json: Option<&Value>,
) -> Result<(u16, Value), String> {
    match local::request(dir, method, path, json) {
        Ok(answer) => return Ok(answer),
        Err(error)
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {}
        Err(error) => return Err(format!("the server does not answer: {error}")),
    }
    let body = json.map(Value::to_string).unwrap_or_default();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .extension(Peer { local: true, ..Peer::default() })
        .body(Body::from(body))
        .map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(alone(dir, request)).map_err(|error| error.to_string())
}

/// Starts everything but the port, and asks it.
async fn alone(
    dir: &Path,
    request: Request<Body>,
) -> Result<(u16, Value), Box<dyn std::error::Error + Send + Sync>> {
    let settings = Settings { data_dir: dir.to_owned(), sampler: false, ..Settings::default() };
    let running = pipeline::start(&settings, Clock::System).await?;
    let answered = router(running.app.clone()).oneshot(request).await;
    let answer = match answered {
        Ok(response) => {
            let status = response.status().as_u16();
            let body = axum::body::to_bytes(response.into_body(), MAX_ANSWER).await?;
            let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
            Ok((status, json))
        }
        Err(never) => match never {},
    };
    running.stop().await;
    answer
}
