//! The port: connections, and what they may cost before they have said anything.
//!
//! A peer that sends its request a byte at a time, or none at all, holds a connection; so the head
//! of a request must come in time, and there are only so many connections.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long no connection is taken when the process has no room for another.
const BREATH: Duration = Duration::from_millis(100);

/// Limits on connections.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    /// From when a connection opens, or its last request was answered, to the end of the next
    /// head; so it also ends connections that are kept alive for nothing.
    pub head_within: Duration,
    /// Connections at once; others wait in the kernel.
    pub connections: usize,
}

impl Default for Edge {
    fn default() -> Self {
        Self { head_within: Duration::from_secs(30), connections: 20_000 }
    }
}

/// Serves `router` until `stop`, and then until the requests under way are answered.
pub async fn serve(listener: TcpListener, router: Router, edge: Edge, stop: CancellationToken) {
    let room = Arc::new(Semaphore::new(edge.connections));
    let open = TaskTracker::new();
    loop {
        let next = async {
            let seat = room.clone().acquire_owned().await.ok()?;
            accept(&listener).await.map(|stream| (stream, seat))
        };
        let taken = tokio::select! {
            () = stop.cancelled() => break,
            taken = next => taken,
        };
        let Some((stream, seat)) = taken else { continue };
        let (router, stop) = (router.clone(), stop.clone());
        open.spawn(async move {
            converse(stream, router, edge, stop).await;
            drop(seat);
        });
    }
    drop(listener);
    open.close();
    open.wait().await;
}

async fn accept(listener: &TcpListener) -> Option<TcpStream> {
    match listener.accept().await {
        Ok((stream, _)) => {
            // An answer is written whole; waiting for more to send with it only delays it.
            let _ = stream.set_nodelay(true);
            Some(stream)
        }
        Err(error) => {
            let peer = [ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset];
            if !peer.contains(&error.kind()) {
                tracing::warn!(%error, "no connection can be taken");
                tokio::time::sleep(BREATH).await;
            }
            None
        }
    }
}

/// Answers one connection's requests. A socket it was upgraded to lives on elsewhere.
async fn converse(stream: TcpStream, router: Router, edge: Edge, stop: CancellationToken) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(edge.head_within)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection ended early");
    }
}
