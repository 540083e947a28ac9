//! Whom alerts reach: channels, and what they are told.

use super::super::Matcher;
use super::AlertItem;
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Why a channel is told of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It fires.
    Fired,
    /// It has become worse.
    Worsened,
    /// It is over.
    Resolved,
    /// Somebody tries the channel out.
    Test,
}

impl Why {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Worsened => "worsened",
            Self::Resolved => "resolved",
            Self::Test => "test",
        }
    }
}

/// An alert as a channel is told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Why.
    pub why: Why,
    /// The alert, as it was.
    pub alert: AlertItem,
    /// How many alerts it covers.
    #[serde(default)]
    pub covers: u32,
}

/// What kind of channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// JSON, signed as Standard Webhooks says.
    Webhook,
    /// Mail.
    Smtp,
    /// What Slack's incoming webhooks take.
    Slack,
    /// ntfy.
    Ntfy,
    /// What Alertmanager sends to its webhook receivers.
    Alertmanager,
}

impl ChannelKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Webhook, Self::Smtp, Self::Slack, Self::Ntfy, Self::Alertmanager];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Smtp => "smtp",
            Self::Slack => "slack",
            Self::Ntfy => "ntfy",
            Self::Alertmanager => "alertmanager",
        }
    }
}

/// A channel as it is told: never with its secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChannelItem {
    /// Its id.
    pub id: Arc<str>,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub kind: ChannelKind,
    /// Its address.
    pub url: String,
    /// Whether it has a secret.
    pub has_secret: bool,
    /// Which alerts it is told of.
    #[serde(rename = "match")]
    pub matcher: Matcher,
    /// Most notifications a minute.
    pub rate_per_min: f64,
    /// Whether it is told of alerts that are resolved, too.
    pub send_resolved: bool,
    /// Whether it is told of anything.
    pub enabled: bool,
    /// Who receives its mail.
    pub to: Vec<String>,
    /// Who its mail comes from.
    pub from: Option<String>,
    /// The name to sign in with.
    pub username: Option<String>,
    /// Notifications that wait to be delivered.
    pub waiting: u32,
    /// Notifications that were given up, and wait for a person.
    pub dead: u32,
    /// When a notification last got through.
    pub last_sent_at: Option<Timestamp>,
    /// What last went wrong, unless something got through since.
    pub last_error: Option<String>,
}

/// How a notification ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It got through.
    Sent,
    /// It was given up.
    Dead,
    /// Its channel is gone.
    Dropped,
}

/// A notification that waits, or was given up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NotificationItem {
    /// Its id.
    pub id: Arc<str>,
    /// Its channel.
    pub channel: Arc<str>,
    /// When it was to be sent first.
    pub created_at: Timestamp,
    /// The alerts' titles.
    pub titles: Vec<String>,
    /// Attempts so far.
    pub attempts: u32,
    /// When it is tried next; none if it was given up.
    pub next_at: Option<Timestamp>,
    /// What last went wrong.
    pub last_error: Option<String>,
    /// Whether it was given up.
    pub dead: bool,
}

/// A channel as somebody writes it: what is left out has its default, or stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelSpec {
    /// Its id, made from its name if left out.
    #[serde(default)]
    pub id: Option<Arc<str>>,
    /// What it is called.
    #[serde(default)]
    pub name: String,
    /// What it is.
    pub kind: ChannelKind,
    /// Its address: `https://…`, or `smtp://host:port` and `smtps://host:port` for mail.
    #[serde(default)]
    pub url: String,
    /// Its secret: the key to sign with (`whsec_…`), a password or an access token. It stays as it
    /// is if left out, and is taken away if empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Which alerts it is told of.
    #[serde(default, rename = "match")]
    pub matcher: Matcher,
    /// Most notifications a minute; 30 if left out.
    #[serde(default)]
    pub rate_per_min: Option<f64>,
    /// Whether it is told of alerts that are resolved, too.
    #[serde(default = "yes")]
    pub send_resolved: bool,
    /// Whether it is told of anything.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Who receives its mail.
    #[serde(default)]
    pub to: Vec<String>,
    /// Who its mail comes from.
    #[serde(default)]
    pub from: Option<String>,
    /// The name to sign in with.
    #[serde(default)]
    pub username: Option<String>,
}

const fn yes() -> bool {
    true
}

/// How trying a channel out went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChannelTest {
    /// Whether it took the message.
    pub success: bool,
    /// What it said, or what went wrong, without any secret.
    pub detail: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}
