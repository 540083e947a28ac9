//! `WS /dashboard/live`: topics as a snapshot and the deltas that follow it.
//!
//! A connection is a set of cursors. It sleeps until the hub shows a new position, writes what
//! lies between its cursors and the head, and sleeps again; it never queues anything.

use super::limits::TokenBucket;
use super::{App, problem};
use crate::domain::Topic;
use crate::domain::range::RangeParams;
use crate::pipeline::hub::{Fallen, json_string, snapshot_text};
use crate::pipeline::publish::Published;
use crate::wire::{ApiError, ClientMsg, Seq};
use axum::extract::rejection::QueryRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, timeout};

/// Largest message a client may send.
const MAX_MESSAGE: usize = 64 << 10;
/// A client that accepts nothing for this long is closed.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a peer may take to answer a close frame.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
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
        let mut heard = Instant::now();
        let shutdown = self.app.shutdown.clone();
        loop {
            tokio::select! {
                changed = head.changed() => match changed {
                    Ok(()) => self.pump().await?,
                    Err(_) => return self.close(close_code::AWAY, "shutting down").await,
                },
                message = self.socket.recv() => {
                    heard = Instant::now();
                    self.hear(message).await?;
                }
                () = tokio::time::sleep_until(heard + pace.silence) => {
                    return self.close(close_code::POLICY, "silent for too long").await;
                }
                _ = beat.tick() => self.beat(pace).await?,
                () = shutdown.cancelled() => {
                    return self.close(close_code::AWAY, "shutting down").await;
                }
            }
        }
    }

    async fn welcome(&mut self, names: &[String]) -> Result<(), Gone> {
        let shown = self.app.hub.published();
        let there = |name: &&String| match name.parse::<Topic>() {
            Ok(Topic::Project(id)) => shown.projects.contains_key(&id),
            Ok(_) => true,
            Err(_) => false,
        };
        let topics: Vec<&String> = names.iter().filter(there).take(MAX_TOPICS).collect();
        let welcome = serde_json::json!({
            "type": "welcome",
            "protocol": 1,
            "user": "anonymous",
            "topics": topics,
            "heartbeat_s": self.app.pace.heartbeat.as_secs(),
            "at": self.app.clock.now(),
            "epoch": shown.cursor.epoch,
            "seq": shown.seq,
        });
        self.send(welcome.to_string().into()).await
    }

    async fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), Gone> {
        let text = match message {
            None | Some(Ok(Message::Close(_))) => return Err(Gone),
            Some(Err(error)) => return self.refuse(&error).await,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return self.spend().await,
            Some(Ok(Message::Binary(_))) => {
                self.spend().await?;
                return self.error("malformed", "messages are JSON objects in text frames").await;
            }
            Some(Ok(Message::Text(text))) => text,
        };
        self.spend().await?;
        match serde_json::from_str::<ClientMsg>(&text) {
            Ok(message) => self.obey(message).await,
            Err(_) if is_token(&text) => Ok(()),
            Err(error) => self.error("malformed", &error.to_string()).await,
        }
    }

    async fn obey(&mut self, message: ClientMsg) -> Result<(), Gone> {
        match message {
            ClientMsg::Subscribe { topics } => {
                for name in topics.iter().take(MAX_TOPICS) {
                    self.subscribe(name).await?;
                }
                Ok(())
            }
            ClientMsg::Unsubscribe { topics } => {
                for name in topics.iter().take(MAX_TOPICS) {
                    self.unsubscribe(name).await?;
                }
                Ok(())
            }
            ClientMsg::Resume { topic, epoch, seq } => self.resume(&topic, &epoch, seq).await,
            ClientMsg::RequestSnapshot { topic } => self.subscribe(&topic).await,
            ClientMsg::Ping => self.send(r#"{"type":"pong"}"#.into()).await,
            ClientMsg::RetryTask { id, task_id } => self.command("retry_task", id, &task_id).await,
            ClientMsg::CancelTask { id, task_id } => {
                self.command("cancel_task", id, &task_id).await
            }
            ClientMsg::AcknowledgeAlert { id, alert_id } => {
                self.command("acknowledge_alert", id, &alert_id).await
            }
        }
    }

    /// Answers a command about `subject`. What the board does not know is not found; what it knows
    /// it only watches, so the command is refused rather than taken for nothing.
    async fn command(&mut self, name: &str, id: Option<String>, subject: &str) -> Result<(), Gone> {
        let state = &self.app.hub.published().state;
        let (kind, known) = match name {
            "acknowledge_alert" => {
                ("alert_id", state.alerts.active.keys().any(|(_, alert)| **alert == *subject))
            }
            _ => ("task_id", state.work.tasks.contains_key(subject)),
        };
        let (status, detail) = if known {
            ("refused", "this server only watches; ask the system it belongs to")
        } else {
            ("not_found", "nothing of that name is waiting for a command")
        };
        let result = serde_json::json!({
            "type": "result",
            "id": id.as_deref().unwrap_or(subject),
            "command": name,
            kind: subject,
            "status": status,
            "detail": detail,
        });
        self.send(result.to_string().into()).await
    }

    /// Takes the cost of a message from the client's allowance.
    async fn spend(&mut self) -> Result<(), Gone> {
        if self.bucket.take() {
            return Ok(());
        }
        self.close(close_code::POLICY, "too many messages").await
    }

    /// The socket refused what the peer sent.
    async fn refuse(&mut self, error: &axum::Error) -> Result<(), Gone> {
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

    async fn subscribe(&mut self, name: &str) -> Result<(), Gone> {
        let Some(topic) = self.admit(name).await? else { return Ok(()) };
        self.snapshot(&topic, None).await
    }

    async fn resume(&mut self, name: &str, epoch: &str, seq: Seq) -> Result<(), Gone> {
        let Some(topic) = self.admit(name).await? else { return Ok(()) };
        if epoch != &**self.app.hub.epoch() {
            return self.snapshot(&topic, Some("epoch")).await;
        }
        self.cursors.insert(topic.clone(), seq);
        self.catch_up(&topic).await
    }

    async fn unsubscribe(&mut self, name: &str) -> Result<(), Gone> {
        match name.parse::<Topic>() {
            Ok(topic) => {
                self.forget(&topic);
                Ok(())
            }
            Err(why) => self.error("unknown_topic", &why).await,
        }
    }

    fn forget(&mut self, topic: &Topic) {
        if self.cursors.remove(topic).is_some() {
            self.app.hub.leave(topic);
        }
    }

    /// Parses a topic and joins it, unless it may not be seen.
    async fn admit(&mut self, name: &str) -> Result<Option<Topic>, Gone> {
        let topic = match name.parse::<Topic>() {
            Ok(topic) => topic,
            Err(why) => {
                self.error("unknown_topic", &why).await?;
                return Ok(None);
            }
        };
        if !self.cursors.contains_key(&topic) {
            if self.cursors.len() >= MAX_TOPICS {
                self.error("too_many_topics", "a connection may hold at most 64 topics").await?;
                return Ok(None);
            }
            self.app.hub.join(&topic);
            self.cursors.insert(topic.clone(), 0);
        }
        Ok(Some(topic))
    }

    async fn snapshot(&mut self, topic: &Topic, reason: Option<&str>) -> Result<(), Gone> {
        let shown = self.app.hub.published();
        self.cursors.insert(topic.clone(), shown.seq);
        match snapshot(&self.app, &shown, topic, reason).await {
            Ok(text) => self.send(text).await,
            Err(why) => {
                self.forget(topic);
                self.error("unknown_topic", &why).await
            }
        }
    }

    /// Writes all that lies between the cursors and the head.
    async fn pump(&mut self) -> Result<(), Gone> {
        let topics: Vec<Topic> = self.cursors.keys().cloned().collect();
        for topic in topics {
            self.catch_up(&topic).await?;
        }
        Ok(())
    }

    async fn catch_up(&mut self, topic: &Topic) -> Result<(), Gone> {
        let Some(mut cursor) = self.cursors.get(topic).copied() else { return Ok(()) };
        let hub = self.app.hub.clone();
        match hub.since(topic, cursor) {
            Ok(frames) => {
                for frame in frames {
                    self.send(frame.text_from(cursor, topic, hub.epoch())).await?;
                    cursor = frame.seq;
                }
                self.cursors.insert(topic.clone(), cursor);
                Ok(())
            }
            Err(Fallen) => {
                hub.meters.resyncs.fetch_add(1, Ordering::Relaxed);
                self.snapshot(topic, Some("behind")).await
            }
        }
    }

    async fn beat(&mut self, pace: Pace) -> Result<(), Gone> {
        self.write(Message::Ping(bytes::Bytes::new())).await?;
        // A little early rather than a whole beat late.
        if self.quiet_since.elapsed() + pace.heartbeat / 10 < pace.heartbeat {
            return Ok(());
        }
        let at = self.app.clock.now();
        let seq = self.app.hub.published().seq;
        self.send(format!(r#"{{"type":"heartbeat","at":"{at}","seq":{seq}}}"#).into()).await
    }

    async fn error(&mut self, code: &str, message: &str) -> Result<(), Gone> {
        let message = json_string(message);
        self.send(format!(r#"{{"type":"error","code":"{code}","message":{message}}}"#).into()).await
    }

    async fn send(&mut self, text: Utf8Bytes) -> Result<(), Gone> {
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

    async fn close<T>(&mut self, code: u16, reason: &'static str) -> Result<T, Gone> {
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

/// The first message of clients that authenticate by it; nobody needs to in open mode.
fn is_token(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Token {
        #[serde(rename = "token")]
        _token: String,
    }
    serde_json::from_str::<Token>(text).is_ok()
}

/// The snapshot message of `topic`; the shared one unless there is a reason to tell.
async fn snapshot(
    app: &App,
    shown: &Published,
    topic: &Topic,
    reason: Option<&str>,
) -> Result<Utf8Bytes, String> {
    let (cursor, at) = (&shown.cursor, shown.as_of);
    let made = |data: &str| snapshot_text(topic, &cursor.epoch, cursor.seq, at, data, reason);
    if let Topic::Project(id) = topic {
        let detail = super::read::project_detail(app, shown, id, &RangeParams::default())
            .await
            .map_err(|error| error.detail)?;
        return serde_json::to_string(&detail).map(|data| made(&data)).map_err(|e| e.to_string());
    }
    if reason.is_none() {
        return Ok(shown.snapshot(topic).clone());
    }
    std::str::from_utf8(shown.json(topic)).map(made).map_err(|error| error.to_string())
}
