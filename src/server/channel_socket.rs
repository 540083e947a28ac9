//! Sockets that tell of one kind of thing as it changes: `/ws/metrics`, `/ws/alerts`,
//! `/ws/portfolio` and `/ws/trades`.
//!
//! | sent | when |
//! |---|---|
//! | `{"type":"welcome","message","user"}` | at first |
//! | `{"type":"metrics","timestamp","data":{name:{value,timestamp,labels}}}` | series have other values; each once a flush, and those of one name in as many messages |
//! | `{"type":"alert","timestamp","data"}` | an alert changes |
//! | `{"type":"portfolio","timestamp","data":{total_value,cash,positions_value}}` | the books are worth something else |
//! | `{"type":"trade","timestamp","data":{id,symbol,side,quantity,price,executed_at}}` | a trade came in |
//! | `{"type":"resync","timestamp","count","left_out"}` | to a client that has fallen behind, or asks for all: as many messages follow, of what there is now, and there is more that is not told |
//! | `result`, `pong`, `error` | in answer |

use super::needs::Needs;
use super::socket::{self, Feed, Gone, Knock, Line};
use super::{App, alerts};
use crate::domain::Topic;
use crate::domain::access::{Permission, Permissions};
use crate::pipeline::hub::Fallen;
use crate::wire::{ApiError, Seq};
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Utf8Bytes, WebSocketUpgrade};
use axum::response::Response;
use bytes::{Buf, Bytes};
use serde::Deserialize;
use serde_json::json;
use std::sync::atomic::Ordering;

/// What a socket tells of.
#[derive(Debug)]
pub struct Channel {
    /// What it is called.
    name: &'static str,
    /// Whose frames it tells: a message a line.
    topic: Topic,
}

impl Channel {
    const fn needs(&self) -> Permissions {
        self.topic.needs()
    }
}

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// Declares channels: `NAME_NEED`, what one must be allowed to open one, and its handler.
macro_rules! channels {
    ($($name:literal, $topic:expr => $channel:ident, $need:ident, $open:ident;)+) => {
        $(static $channel: Channel = Channel { name: $name, topic: $topic };

        #[doc = concat!("What one must be allowed to open `/ws/", $name, "`.")]
        pub const $need: Needs = Needs::Socket($topic.needs());

        #[doc = concat!("`WS /ws/", $name, "`")]
        ///
        /// # Errors
        /// 400 if it is no request for a WebSocket.
        pub async fn $open(
            State(app): State<App>,
            knock: Knock,
            upgrade: Upgrade,
        ) -> Result<Response, ApiError> {
            open(&$channel, app, knock, upgrade)
        })+
    };
}

channels! {
    "alerts", Topic::AlertsSocket => ALERTS, ALERTS_NEED, of_alerts;
    "metrics", Topic::MetricsSocket => METRICS, METRICS_NEED, of_metrics;
    "portfolio", Topic::PortfolioSocket => PORTFOLIO, PORTFOLIO_NEED, of_portfolio;
    "trades", Topic::TradesSocket => TRADES, TRADES_NEED, of_trades;
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
    let mut client = Client { channel, line, cursor: 0, fresh: true, trades: 0 };
    // Why it ended is the client's business.
    let _ = socket::converse(&mut client).await;
    hub.leave(&channel.topic);
}

/// The messages of a frame, which all clients share.
fn lines(frame: &Utf8Bytes) -> impl Iterator<Item = Utf8Bytes> {
    let mut rest = Bytes::from(frame.clone());
    std::iter::from_fn(move || {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let line = rest.split_to(end);
        rest.advance(rest.len().min(1));
        Utf8Bytes::try_from(line).ok().filter(|line| !line.is_empty())
    })
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
    /// It has been told of nothing yet: it may have come while a flush that does not consider it was
    /// under way.
    fresh: bool,
    /// How many trades there were when it came.
    trades: u64,
}

impl Feed for Client {
    fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    async fn begin(&mut self) -> Result<(), Gone> {
        let shown = self.line.app.hub.published();
        (self.cursor, self.trades) = (shown.seq, shown.state.trading.trades);
        drop(shown);
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
            if std::mem::take(&mut self.fresh) && self.channel.topic == Topic::TradesSocket {
                return self.trades_since().await;
            }
            self.line.app.hub.meters.resyncs.fetch_add(1, Ordering::Relaxed);
            return self.all().await;
        };
        for frame in frames {
            (self.cursor, self.fresh) = (frame.seq, false);
            for message in lines(&frame.text) {
                self.line.send(message).await?;
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
        let all = shown.all_of(&self.channel.topic);
        let head = json!({
            "type": "resync",
            "timestamp": shown.as_of,
            "count": all.messages.len(),
            "left_out": all.left_out,
        });
        drop(shown);
        self.line.send(head.to_string().into()).await?;
        for message in &all.messages {
            self.line.send(message.clone()).await?;
        }
        Ok(())
    }

    /// Tells of the trades that came since it did, and of no others: each is told once.
    async fn trades_since(&mut self) -> Result<(), Gone> {
        let shown = self.line.app.hub.published();
        let messages = shown.trades_after(self.cursor);
        let came = shown.state.trading.trades.saturating_sub(self.trades);
        if messages.len() as u64 != came {
            // More than are kept at hand.
            return self.all().await;
        }
        self.cursor = shown.seq;
        drop(shown);
        for message in messages {
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
