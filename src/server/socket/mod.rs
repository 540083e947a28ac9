//! Sockets: what every feed over a WebSocket has in common. A connection sleeps until the hub
//! shows a new position, its peer speaks, or it is time for something; it never queues anything.

mod entrance;
mod line;

pub use entrance::Knock;
pub use line::{Gone, Line};

use super::{App, problem};
use crate::domain::access::Permissions;
use crate::wire::ApiError;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Utf8Bytes, WebSocketUpgrade, close_code};
use axum::response::Response;
use std::future::{Future, pending};
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Largest message a peer may send.
const MAX_MESSAGE: usize = 64 << 10;

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

/// How long the sockets of agents and dashboards wait for what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For an agent to say who it is.
    pub hello: Duration,
    /// For an agent whose socket is gone, before it counts as offline.
    pub grace: Duration,
    /// For the answer to a command, before it is told again.
    pub repeat: Duration,
    /// Between two messages about throughput.
    pub metrics: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let ten = Duration::from_secs(10);
        Self { hello: ten, grace: ten, repeat: ten, metrics: ten }
    }
}

/// How many messages a peer may send.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// At once.
    pub burst: u16,
    /// After that.
    pub per_second: u16,
}

/// One end of a conversation: what is said at first, and what to every occasion. Each method is
/// run to its end before the next occasion is looked at.
pub trait Feed: Send + Sized {
    /// How much its peer may say.
    const ALLOWANCE: Allowance = Allowance { burst: 100, per_second: 20 };

    /// The line it speaks over.
    fn line(&mut self) -> &mut Line;

    /// Begins the conversation.
    fn begin(&mut self) -> impl Future<Output = Result<(), Gone>> + Send;

    /// Another position is shown.
    fn shown(&mut self) -> impl Future<Output = Result<(), Gone>> + Send;

    /// The peer has said something.
    fn heard(&mut self, text: Utf8Bytes) -> impl Future<Output = Result<(), Gone>> + Send;

    /// How often [`Self::due`] is called, if at all.
    fn every(&self) -> Option<Duration> {
        None
    }

    /// What is done every so often.
    fn due(&mut self) -> impl Future<Output = Result<(), Gone>> + Send {
        async { Ok(()) }
    }
}

/// Upgrades a request to a socket that `conversation` is held over, once its peer has shown that it
/// may do all of `needed`.
///
/// # Errors
/// 400 if the request is none for a WebSocket, 429 if its peer has too many already.
pub fn upgrade<F, C>(
    app: App,
    knock: Knock,
    needed: Permissions,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    allowance: Allowance,
    conversation: F,
) -> Result<Response, ApiError>
where
    F: FnOnce(Line) -> C + Send + 'static,
    C: Future<Output = ()> + Send + 'static,
{
    let upgrade = upgrade.map_err(problem::malformed)?;
    let Knock { caller, peer } = knock;
    let named = (!caller.is_nobody()).then(|| caller.key());
    let seat = app.limits.socket(&peer, named.as_deref())?;
    let sockets = app.sockets.clone();
    let hold = move |socket| async move {
        let hub = app.hub.clone();
        hub.connected();
        let mut line = Line::new(socket, app, (caller, peer, seat), allowance);
        if line.enter(needed).await.is_ok() {
            conversation(line).await;
        }
        hub.disconnected();
    };
    // The defaults of 128 KiB a buffer would cost more than everything else about a client.
    Ok(upgrade
        .read_buffer_size(2 << 10)
        .write_buffer_size(0)
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |socket| sockets.track_future(hold(socket))))
}

/// Holds the conversation until one side ends it.
///
/// # Errors
/// Always ends with [`Gone`]; why is the peer's business.
pub async fn converse<F: Feed>(feed: &mut F) -> Result<(), Gone> {
    let app = feed.line().app.clone();
    let (pace, shutdown) = (app.pace, app.shutdown.clone());
    let mut head = app.hub.watch();
    drop(app);
    feed.begin().await?;
    let mut beat = interval(pace.heartbeat);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat.reset();
    let mut every = feed.every().map(interval);
    if let Some(every) = &mut every {
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        every.reset();
    }
    // Made once and not for every frame: each registers with what all clients share.
    let mut silence = pin!(tokio::time::sleep(pace.silence));
    let mut over = pin!(shutdown.cancelled());
    let mut expiry = pin!(tokio::time::sleep(Duration::ZERO));
    feed.line().look_again().await?;
    loop {
        let expires = feed.line().until().is_some();
        let due = async {
            match &mut every {
                Some(every) => every.tick().await,
                None => pending().await,
            }
        };
        tokio::select! {
            changed = head.changed() => match changed {
                Ok(()) => {
                    feed.line().look_again().await?;
                    feed.shown().await?;
                }
                Err(_) => return feed.line().close(close_code::AWAY, "shutting down").await,
            },
            message = feed.line().recv() => {
                silence.as_mut().reset(Instant::now() + pace.silence);
                if let Some(text) = feed.line().read(message).await? {
                    match entrance::token(&text) {
                        Some(token) => {
                            feed.line().show(&token).await?;
                            expiry.as_mut().reset(feed.line().expiry());
                        }
                        None => feed.heard(text).await?,
                    }
                }
            }
            () = silence.as_mut() => {
                return feed.line().close(close_code::POLICY, "silent for too long").await;
            }
            _ = beat.tick() => feed.line().beat(pace).await?,
            () = expiry.as_mut(), if expires => {
                feed.line().look_again().await?;
                expiry.as_mut().reset(feed.line().expiry());
            }
            _ = due => feed.due().await?,
            () = over.as_mut() => {
                return feed.line().close(close_code::AWAY, "shutting down").await;
            }
        }
    }
}

/// What became of a command, in a word and in words.
pub fn outcome<T>(asked: &Result<T, ApiError>) -> (&'static str, Option<&String>) {
    match asked {
        Ok(_) => ("accepted", None),
        Err(error) => {
            let status = match error.status {
                404 => "not_found",
                401 | 403 => "forbidden",
                409 => "refused",
                _ => "error",
            };
            (status, Some(&error.detail))
        }
    }
}
