//! The line itself: reading and writing within bounds, keeping it alive, and ending it.

use super::{Allowance, Pace};
use crate::pipeline::hub::json_string;
use crate::server::App;
use crate::server::access::Caller;
use crate::server::limits::{Seat, TokenBucket};
use crate::server::peer::Peer;
use crate::wire::Seq;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// A peer that accepts nothing for this long is closed.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a peer may take to answer a close frame.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// What a socket yields: a message, an error, or its end.
type Received = Option<Result<Message, axum::Error>>;

/// The connection is over.
#[derive(Debug)]
pub struct Gone;

/// A socket, and what is known of its peer.
pub struct Line {
    socket: WebSocket,
    /// What the conversation is about.
    pub app: App,
    /// Who the peer is.
    pub caller: Caller,
    /// Where it is.
    pub(super) peer: Peer,
    /// Its place among the sockets of its address and user.
    pub(super) seat: Seat,
    /// Position of the access state that the caller was last compared with.
    pub(super) checked: Seq,
    bucket: TokenBucket,
    /// When the last message was sent.
    quiet_since: Instant,
    /// When the peer last gave a sign of life.
    heard: Instant,
}

impl Line {
    pub(super) fn new(
        socket: WebSocket,
        app: App,
        (caller, peer, seat): (Caller, Peer, Seat),
        allowance: Allowance,
    ) -> Self {
        let bucket = TokenBucket::full(allowance.burst, allowance.per_second);
        let now = Instant::now();
        let (checked, quiet_since, heard) = (Seq::MAX, now, now);
        Self { socket, app, caller, peer, seat, checked, bucket, quiet_since, heard }
    }

    /// Whether the peer has answered the last pings, as far as that can be known.
    pub fn is_alive(&self) -> bool {
        self.heard.elapsed() <= self.app.pace.heartbeat * 2
    }

    /// Waits for the next message, to be given to [`Self::read`]. May be left and taken up again.
    pub async fn recv(&mut self) -> Received {
        self.socket.recv().await
    }

    /// The text of a message, if it is one for the conversation.
    ///
    /// # Errors
    /// The peer is gone, or has said too much or what cannot be and is sent away.
    pub async fn read(&mut self, message: Received) -> Result<Option<Utf8Bytes>, Gone> {
        let message = match message {
            None | Some(Ok(Message::Close(_))) => return Err(Gone),
            Some(Err(error)) => return self.refuse(&error).await,
            Some(Ok(message)) => message,
        };
        self.heard = Instant::now();
        if !self.bucket.take() {
            return self.close(close_code::POLICY, "too many messages").await;
        }
        match message {
            Message::Text(text) => Ok(Some(text)),
            Message::Binary(_) => {
                self.error("malformed", "messages are JSON in text frames").await?;
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// The socket refused what the peer sent.
    async fn refuse<T>(&mut self, error: &axum::Error) -> Result<T, Gone> {
        use tokio_tungstenite::tungstenite::Error as Ws;
        let source = std::error::Error::source(error).and_then(|e| e.downcast_ref::<Ws>());
        match source {
            Some(Ws::Capacity(_)) => {
                self.close(close_code::SIZE, "a message may have at most 64 KiB").await
            }
            Some(Ws::Utf8(_)) => self.close(close_code::INVALID, "text must be UTF-8").await,
            _ => Err(Gone),
        }
    }

    pub(super) async fn beat(&mut self, pace: Pace) -> Result<(), Gone> {
        self.write(Message::Ping(bytes::Bytes::new())).await?;
        // A little early rather than a whole beat late.
        if self.quiet_since.elapsed() + pace.heartbeat / 10 < pace.heartbeat {
            return Ok(());
        }
        let at = self.app.clock.now();
        let seq = self.app.hub.published().seq;
        self.send(format!(r#"{{"type":"heartbeat","at":"{at}","seq":{seq}}}"#).into()).await
    }

    /// Says that something cannot be; the conversation goes on.
    ///
    /// # Errors
    /// The peer is gone.
    pub async fn error(&mut self, code: &str, message: &str) -> Result<(), Gone> {
        let message = json_string(message);
        self.send(format!(r#"{{"type":"error","code":"{code}","message":{message}}}"#).into()).await
    }

    /// Says something.
    ///
    /// # Errors
    /// The peer is gone, or takes nothing.
    pub async fn send(&mut self, text: Utf8Bytes) -> Result<(), Gone> {
        self.app.hub.meters.frames_sent.fetch_add(1, Ordering::Relaxed);
        self.quiet_since = Instant::now();
        self.write(Message::Text(text)).await
    }

    async fn write(&mut self, message: Message) -> Result<(), Gone> {
        match timeout(SEND_TIMEOUT, self.socket.send(message)).await {
            Ok(sent) => sent.map_err(|_| Gone),
            Err(_) => {
                self.app.hub.meters.slow_closed.fetch_add(1, Ordering::Relaxed);
                Err(Gone)
            }
        }
    }

    /// Sends the peer away.
    ///
    /// # Errors
    /// Always [`Gone`].
    pub async fn close<T>(&mut self, code: u16, reason: &'static str) -> Result<T, Gone> {
        let frame = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        // What the peer has sent must be read, or the kernel answers it with a reset that
        // overtakes the close frame.
        let _ = timeout(CLOSE_WITHIN, async {
            self.socket.send(frame).await?;
            while self.socket.recv().await.is_some_and(|message| message.is_ok()) {}
            Ok::<(), axum::Error>(())
        })
        .await;
        Err(Gone)
    }
}
