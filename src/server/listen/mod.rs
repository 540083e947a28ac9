//! The port: connections, and what they may cost before they have said anything.
//!
//! A peer that sends its request a byte at a time, or none at all, holds a connection; so the head
//! of a request must come in time, and there are only so many connections.

mod local;

use super::App;
use super::config::Settings;
use super::edge::{Networks, Tls};
use super::limits::Limits;
use super::peer::{Arrival, Peer};
use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
pub use local::{NAME as SOCKET, within};

use local::LocalSocket;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;

/// How long no connection is taken when the process has no room for another.
const BREATH: Duration = Duration::from_millis(100);

/// Limits on connections.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    /// From when a connection opens, or its last request was answered, to the end of the next
    /// head; so it also ends connections that are kept alive for nothing. Securing a connection
    /// may take as long.
    pub head_within: Duration,
    /// Connections at once; others wait in the kernel.
    pub connections: usize,
    /// Longest silence in the middle of a body.
    pub body_idle: Duration,
    /// Longest time for a whole body.
    pub body_whole: Duration,
    /// How often a new connection has the certificate's files looked at.
    pub certificate_every: Duration,
}

impl Default for Edge {
    fn default() -> Self {
        Self {
            head_within: Duration::from_secs(30),
            connections: 20_000,
            body_idle: Duration::from_secs(30),
            body_whole: Duration::from_secs(300),
            certificate_every: Duration::from_secs(10),
        }
    }
}

/// What lets connections in. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    edge: Edge,
    tls: Option<Arc<Tls>>,
    trusted: Networks,
    limits: Arc<Limits>,
    /// Held by the door that serves, and by no copy for a connection.
    local: Option<Arc<LocalSocket>>,
    room: Arc<Semaphore>,
    open: TaskTracker,
}

impl Door {
    /// The door that these settings ask for; from now on the socket in the data directory takes
    /// connections, and they wait for [`Self::serve`].
    pub fn new(app: &App, settings: &Settings) -> Self {
        let edge = settings.tuning.edge;
        Self {
            edge,
            tls: settings.tls.clone(),
            trusted: settings.trusted.clone(),
            limits: app.limits.clone(),
            local: LocalSocket::bind(&settings.data_dir).map(Arc::new),
            room: Arc::new(Semaphore::new(edge.connections)),
            open: TaskTracker::new(),
        }
    }

    /// Serves `router`, on the port and on the socket in the data directory, until `stop`, and then
    /// until the requests under way are answered.
    pub async fn serve(mut self, listener: TcpListener, router: Router, stop: CancellationToken) {
        let local = self.local.take();
        tokio::join!(self.serve_port(listener, &router, &stop), async {
            if let Some(local) = local {
                self.serve_local(local, &router, &stop).await;
            }
        });
        self.open.close();
        self.open.wait().await;
    }

    async fn serve_port(&self, listener: TcpListener, router: &Router, stop: &CancellationToken) {
        loop {
            let next = async {
                let place = self.room.clone().acquire_owned().await.ok()?;
                let (stream, peer) = taken(listener.accept().await).await?;
                // One too many is closed at once, so that it costs nothing.
                let seat = self.limits.connection(peer.ip())?;
                Some((stream, peer.ip(), (place, seat)))
            };
            let taken = tokio::select! {
                () = stop.cancelled() => break,
                taken = next => taken,
            };
            let Some((stream, address, held)) = taken else { continue };
            let (door, router, stop) = (self.clone(), router.clone(), stop.clone());
            self.open.spawn(async move {
                door.greet(stream, address, router, stop).await;
                drop(held);
            });
        }
    }

    async fn serve_local(
        &self,
        local: Arc<LocalSocket>,
        router: &Router,
        stop: &CancellationToken,
    ) {
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = local.accept() => accepted,
            };
            let Some(stream) = taken(accepted).await else { continue };
            let arrival = Arrival { address: None, secure: false };
            let (door, router, stop) = (self.clone(), router.clone(), stop.clone());
            self.open.spawn(async move { door.converse(stream, arrival, router, stop).await });
        }
    }

    /// Secures a connection, if that is asked for, and answers it.
    async fn greet(
        &self,
        stream: TcpStream,
        address: IpAddr,
        router: Router,
        stop: CancellationToken,
    ) {
        // An answer is written whole; waiting for more to send with it only delays it.
        let _ = stream.set_nodelay(true);
        let arrival = Arrival { address: Some(address), secure: self.tls.is_some() };
        let Some(tls) = &self.tls else {
            return self.converse(stream, arrival, router, stop).await;
        };
        let securing = tls.accept(stream, self.edge.certificate_every);
        let securing = tokio::time::timeout(self.edge.head_within, securing);
        let secured = tokio::select! {
            () = stop.cancelled() => return,
            secured = securing => secured,
        };
        match secured {
            Ok(Ok(stream)) => self.converse(stream, arrival, router, stop).await,
            Ok(Err(error)) => tracing::trace!(%error, "a connection could not be secured"),
            Err(_) => tracing::trace!("a connection was not secured in time"),
        }
    }

    /// Answers one connection's requests. A socket it was upgraded to lives on elsewhere.
    async fn converse<S>(
        &self,
        stream: S,
        arrival: Arrival,
        router: Router,
        stop: CancellationToken,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let answer = service_fn(move |request: Request<Incoming>| {
            self.answer(request, arrival, &mut router.clone())
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.edge.head_within)
            .serve_connection(TokioIo::new(stream), answer)
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

    /// Who asks is known before anything else looks at the request.
    fn answer(
        &self,
        request: Request<Incoming>,
        arrival: Arrival,
        router: &mut Router,
    ) -> impl Future<Output = Result<axum::response::Response, std::convert::Infallible>> + use<>
    {
        let peer = Peer::of(arrival, request.uri(), request.headers(), &self.trusted);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        router.call(request)
    }
}

/// The connection, if there is one; else waits if the process has no room for another.
async fn taken<T>(accepted: io::Result<T>) -> Option<T> {
    match accepted {
        Ok(stream) => Some(stream),
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
