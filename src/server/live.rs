//! `WS /dashboard/live`: topics as a snapshot and the deltas that follow it.
//!
//! A connection is a set of cursors. It sleeps until the hub shows a new position, writes what
//! lies between its cursors and the head, and sleeps again; it never queues anything.

mod heard;
mod line;
mod topics;

use super::limits::TokenBucket;
use super::{App, problem};
use crate::domain::Topic;
use crate::wire::{ApiError, Seq};
use axum::extract::rejection::QueryRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

/// Largest message a client may send.
const MAX_MESSAGE: usize = 64 << 10;
/// Topics one connection may hold.
const MAX_TOPICS: usize = 64;
/// Messages a client may send: this many at once, and so many a second after that.
const BURST: u16 = 100;
const PER_SECOND: u16 = 20;

/// How often a quiet connection is told that it is alive, and when silence means that it is not.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between heartbeats and pings.
    pub heartbeat: Duration,
    /// Without a word from the peer.
    pub silence: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { heartbeat: Duration::from_secs(15), silence: Duration::from_secs(45) }
    }
}

/// Where to begin, as it stands in the address.
#[derive(Debug, Deserialize)]
pub struct BeginParams {
    /// Comma-separated topics.
    #[serde(default)]
    topics: String,
    /// Epoch of `seq`.
    epoch: Option<String>,
    /// Position to resume every topic from.
    seq: Option<String>,
}

/// Where to begin.
struct Begin {
    /// Names of topics, each once.
    topics: Vec<String>,
    /// Position to resume every topic from.
    from: Option<(String, Seq)>,
}

impl BeginParams {
    fn read(self) -> Result<Begin, ApiError> {
        let mut topics: Vec<String> = Vec::new();
        for name in self.topics.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if !topics.iter().any(|known| known == name) {
                topics.push(name.to_owned());
            }
        }
        let seq: Option<Seq> = match self.seq.as_deref() {
            None | Some("") => None,
            Some(text) => Some(
                text.parse().map_err(|_| ApiError::invalid("/seq", "must be a whole number"))?,
            ),
        };
        Ok(Begin { topics, from: self.epoch.zip(seq) })
    }
}

/// Upgrades the request.
///
/// # Errors
/// 400 if it is none for a WebSocket, 422 for a position that cannot be.
pub async fn live(
    State(app): State<App>,
    params: Result<Query<BeginParams>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(problem::malformed)?;
    let Query(params) = params.map_err(problem::malformed)?;
    let begin = params.read()?;
    let sockets = app.sockets.clone();
    // The defaults of 128 KiB a buffer would cost more than everything else about a client.
    Ok(upgrade
        .read_buffer_size(2 << 10)
        .write_buffer_size(0)
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |socket| sockets.track_future(serve(socket, app, begin))))
}

async fn serve(socket: WebSocket, app: App, begin: Begin) {
    app.hub.connected();
    let hub = app.hub.clone();
    let mut client = Client {
        socket,
        cursors: BTreeMap::new(),
        bucket: TokenBucket::full(BURST, PER_SECOND),
        quiet_since: Instant::now(),
        app,
    };
    // Why it ended is the client's business; what is left to do is the same.
    let _ = client.run(begin).await;
    for topic in client.cursors.keys() {
        hub.leave(topic);
    }
    hub.disconnected();
}

/// The connection is over.
struct Gone;

struct Client {
    socket: WebSocket,
    app: App,
    cursors: BTreeMap<Topic, Seq>,
    bucket: TokenBucket,
    /// When the last message was sent.
    quiet_since: Instant,
}

impl Client {
    async fn run(&mut self, begin: Begin) -> Result<(), Gone> {
        let mut head = self.app.hub.watch();
        self.welcome(&begin.topics).await?;
        for name in &begin.topics {
            match &begin.from {
                Some((epoch, seq)) => self.resume(name, epoch, *seq).await?,
                None => self.subscribe(name).await?,
            }
        }
        drop(begin);
        let pace = self.app.pace;
        let mut beat = tokio::time::interval(pace.heartbeat);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beat.reset();
        let shutdown = self.app.shutdown.clone();
        // Made once and not for every frame: each registers with what all clients share.
        let mut silence = pin!(tokio::time::sleep(pace.silence));
        let mut over = pin!(shutdown.cancelled());
        loop {
            tokio::select! {
                changed = head.changed() => match changed {
                    Ok(()) => self.pump().await?,
                    Err(_) => return self.close(close_code::AWAY, "shutting down").await,
                },
                message = self.socket.recv() => {
                    silence.as_mut().reset(Instant::now() + pace.silence);
                    self.hear(message).await?;
                }
                () = silence.as_mut() => {
                    return self.close(close_code::POLICY, "silent for too long").await;
                }
                _ = beat.tick() => self.beat(pace).await?,
                () = over.as_mut() => {
                    return self.close(close_code::AWAY, "shutting down").await;
                }
            }
        }
    }
}
