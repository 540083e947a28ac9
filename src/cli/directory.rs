//! Asking about a data directory: the server that runs over it, or one that is started for the one
//! question and listens nowhere.

use super::local;
use crate::pipeline::journal::JournalError;
use crate::pipeline::{self, clock::Clock};
use crate::server::config::Settings;
use crate::server::peer::Peer;
use crate::server::router::router;
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::Value;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};
use tower::ServiceExt as _;

/// How long a server may take to start.
const STARTING: Duration = Duration::from_secs(10);
/// When it is asked again meanwhile.
const AGAIN: Duration = Duration::from_millis(50);
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
    let until = Instant::now() + STARTING;
    loop {
        match local::request(dir, method, path, json) {
            Ok(answer) => return Ok(answer),
            Err(error) if is_nobody(&error) => {}
            Err(error) => return Err(format!("the server does not answer: {error}")),
        }
        match alone(dir, method, path, json) {
            Ok(answer) => return Ok(answer),
            // One that has just started has the directory before it can be asked.
            Err(error) if is_locked(&*error) && Instant::now() < until => {
                std::thread::sleep(AGAIN);
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn is_nobody(error: &std::io::Error) -> bool {
    // A path too long for a socket's name is an invalid one: no server listens there.
    let kinds = [ErrorKind::NotFound, ErrorKind::ConnectionRefused, ErrorKind::InvalidInput];
    kinds.contains(&error.kind())
}

fn is_locked(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(JournalError::Locked(_)))
}

/// Starts everything but the port, and asks it.
fn alone(dir: &Path, method: &str, path: &str, json: Option<&Value>) -> Answer {
    let body = json.map(Value::to_string).unwrap_or_default();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .extension(Peer { local: true, ..Peer::default() })
        .body(Body::from(body))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(asked(dir, request))
}

type Answer = Result<(u16, Value), Box<dyn std::error::Error + Send + Sync>>;

async fn asked(dir: &Path, request: Request<Body>) -> Answer {
    let settings = Settings { data_dir: dir.to_owned(), sampler: false, ..Settings::default() };
    let running = pipeline::start(&settings, Clock::default()).await?;
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
