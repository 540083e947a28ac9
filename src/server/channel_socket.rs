//! Sockets that tell of one kind of thing as it changes: `/ws/alerts`, and others of its shape.
//!
//! | sent | when |
//! |---|---|
//! | `{"type":"welcome","message","user"}` | at first |
//! | `{"type":"alert","timestamp","data"}` | as things change, one message each |
//! | `{"type":"resync","timestamp","count"}` | to a client that has fallen behind, or asks for all: as many messages follow, and what is not among them is over |
//! | `result`, `pong`, `error` | in answer |

use super::needs::Needs;
use super::socket::{self, Feed, Gone, Knock, Line};
use super::{App, alerts};
use crate::domain::Topic;
use crate::domain::access::{Permission, Permissions};
use crate::pipeline::hub::Fallen;
use crate::pipeline::publish::Published;
use crate::wire::{ApiError, Seq, Timestamp};
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Utf8Bytes, WebSocketUpgrade};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::atomic::Ordering;

/// What a socket tells of.
#[derive(Debug)]
pub struct Channel {
    /// What it is called.
    name: &'static str,
    /// Whose frames it tells: a message a line.
    topic: Topic,
    /// Everything there is now, a message each.
    all: fn(&Published) -> Vec<String>,
}

impl Channel {
    const fn needs(&self) -> Permissions {
        self.topic.needs()
    }
}

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

static ALERTS: Channel = Channel { name: "alerts", topic: Topic::AlertsSocket, all: open_alerts };
/// What one must be allowed to open `/ws/alerts`.
pub const ALERTS_NEED: Needs = Needs::Socket(Topic::AlertsSocket.needs());

/// `WS /ws/alerts`
///
/// # Errors
/// 400 if it is no request for a WebSocket.
pub async fn of_alerts(
    State(app): State<App>,
    knock: Knock,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    open(&ALERTS, app, knock, upgrade)
}

/// A message about one thing.
#[derive(Debug, Serialize)]
struct Message<'a, T> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: Timestamp,
    data: &'a T,
}

fn open_alerts(shown: &Published) -> Vec<String> {
    let text = |data| {
        let message = Message { kind: "alert", timestamp: shown.as_of, data };
        serde_json::to_string(&message).ok()
    };
    shown.alerts.values().filter_map(|item| text(&**item)).collect()
}

fn open(
    channel: &'static Channel,
    app: App,
    knock: Knock,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    let serve = move |line| serve(channel, line);
    socket::upgrade(app, knock, channel.needs(), upgrade, Client::ALLOWANCE, serve)
}

async fn serve(channel: &'static Channel, line: Line) {
    let hub = line.app.hub.clone();
    hub.join(&channel.topic);
    let mut client = Client { channel, line, cursor: 0 };
    // Why it ended is the client's business.
    let _ = socket::converse(&mut client).await;
    hub.leave(&channel.topic);
}

/// What a client may say.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    RequestSnapshot,
    AcknowledgeAlert {
        #[serde(default)]
        id: Option<String>,
        #[serde(alias = "rule_id")]
        alert_id: String,
    },
    Ping,
}

struct Client {
    channel: &'static Channel,
    line: Line,
    /// Position that the client has seen.
    cursor: Seq,
}

impl Feed for Client {
    fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    async fn begin(&mut self) -> Result<(), Gone> {
        self.cursor = self.line.app.hub.published().seq;
        let welcome = json!({
            "type": "welcome",
            "message": format!("Connected to {} channel", self.channel.name),
            "user": &*self.line.caller.name,
        });
        self.line.send(welcome.to_string().into()).await
    }

    async fn shown(&mut self) -> Result<(), Gone> {
        let since = self.line.app.hub.since(&self.channel.topic, self.cursor);
        let Ok(frames) = since.map_err(|Fallen| ()) else {
            self.line.app.hub.meters.resyncs.fetch_add(1, Ordering::Relaxed);
            return self.all().await;
        };
        for frame in frames {
            self.cursor = frame.seq;
            for message in frame.text.lines() {
                self.line.send(message.into()).await?;
            }
        }
        Ok(())
    }

    async fn heard(&mut self, text: Utf8Bytes) -> Result<(), Gone> {
        match serde_json::from_str(&text) {
            Ok(Said::RequestSnapshot) => self.all().await,
            Ok(Said::AcknowledgeAlert { id, alert_id }) => self.acknowledge(id, &alert_id).await,
            Ok(Said::Ping) => self.line.send(r#"{"type":"pong"}"#.into()).await,
            Err(error) => self.line.error("malformed", &error.to_string()).await,
        }
    }
}

impl Client {
    /// Tells of everything there is.
    async fn all(&mut self) -> Result<(), Gone> {
        let shown = self.line.app.hub.published();
        self.cursor = shown.seq;
        let all = (self.channel.all)(&shown);
        let head = json!({ "type": "resync", "timestamp": shown.as_of, "count": all.len() });
        drop(shown);
        self.line.send(head.to_string().into()).await?;
        for message in all {
            self.line.send(message.into()).await?;
        }
        Ok(())
    }

    /// Says that the caller has seen an alert, or those of a rule.
    async fn acknowledge(&mut self, id: Option<String>, alert: &str) -> Result<(), Gone> {
        // Apart, because every client would carry the room it takes for as long as it is connected.
        let seen = match self.line.caller.may(Permission::AcknowledgeAlerts) {
            Ok(()) => {
                Box::pin(alerts::acknowledge(&self.line.app, &self.line.caller, alert, None)).await
            }
            Err(error) => Err(error),
        };
        let (status, detail) = socket::outcome(&seen);
        let result = json!({
            "type": "result",
            "id": id.as_deref().unwrap_or(alert),
            "command": "acknowledge_alert",
            "alert_id": alert,
            "status": status,
            "detail": detail,
        });
        self.line.send(result.to_string().into()).await
    }
}
