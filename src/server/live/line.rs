//! The line itself: writing within bounds of time, keeping it alive, and ending it.

use super::{Client, Gone, Pace};
use crate::pipeline::hub::json_string;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// A client that accepts nothing for this long is closed.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a peer may take to answer a close frame.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

impl Client {
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

    pub(super) async fn error(&mut self, code: &str, message: &str) -> Result<(), Gone> {
        let message = json_string(message);
        self.send(format!(r#"{{"type":"error","code":"{code}","message":{message}}}"#).into()).await
    }

    pub(super) async fn send(&mut self, text: Utf8Bytes) -> Result<(), Gone> {
        self.app.hub.meters.frames_sent.fetch_add(1, Ordering::Relaxed);
        self.quiet_since = Instant::now();
        self.write(Message::Text(text)).await
    }

    pub(super) async fn write(&mut self, message: Message) -> Result<(), Gone> {
        match timeout(SEND_TIMEOUT, self.socket.send(message)).await {
            Ok(sent) => sent.map_err(|_| Gone),
            Err(_) => {
                self.app.hub.meters.slow_closed.fetch_add(1, Ordering::Relaxed);
                Err(Gone)
            }
        }
    }

    pub(super) async fn close<T>(&mut self, code: u16, reason: &'static str) -> Result<T, Gone> {
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
