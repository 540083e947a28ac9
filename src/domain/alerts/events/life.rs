//! What happens to the alerts of this board. Only the server itself appends these.

use super::super::rule::Labels;
use super::super::{Matcher, Move, Outcome, SilenceItem, Told};
use crate::domain::health::Severity;
use crate::domain::{DataError, Validate, check};
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An alert began: it is pending, or fires at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// Its id, which no other alert ever has.
    pub alert: Arc<str>,
    /// What it is about: names one alert at a time.
    pub key: Key,
    /// [`Move::Pending`] or [`Move::Fired`].
    pub to: Move,
    /// What it says.
    pub what: What,
    /// Since when its condition has held, if that was before it was known here: another system has
    /// said when it raised it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// What an alert is about. There is at most one open alert of a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The alert rule.
    pub rule: Arc<str>,
    /// The rule of the finding it is built on; empty if on none.
    pub finding: Arc<str>,
    /// What it is about, as `kind/name`.
    pub subject: Arc<str>,
}

/// What an alert says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct What {
    /// What it is, in a few words.
    pub title: String,
    /// What it is, in a sentence.
    pub message: String,
    /// How bad.
    pub severity: Severity,
    /// Who sent what it is about.
    pub source: Arc<str>,
    /// To route and silence by.
    #[serde(default)]
    pub labels: Labels,
    /// Words to filter by, of other systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What was measured, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What it was held against, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Unit of both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What would make it go away.
    #[serde(default)]
    pub resolve: String,
    /// Page of what it is about.
    #[serde(default)]
    pub link: String,
}

/// An alert went on to another stage, or says something else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// Which.
    pub alert: Arc<str>,
    /// What happened.
    pub to: Move,
    /// What it says from now on, if that is something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<What>,
    /// Why, if not for what is seen: its rule is gone, say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Arc<str>>,
}

/// Another alert is now the cause of this one, or none is any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Covered {
    /// Which.
    pub alert: Arc<str>,
    /// The alert that covers it.
    pub by: Option<Arc<str>>,
}

/// Somebody has seen alerts and looks after them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Which.
    pub alerts: Vec<Arc<str>>,
    /// Who.
    pub actor: Arc<str>,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Alerts that match make no noise for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// Its id.
    pub silence: Arc<str>,
    /// The one alert it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Arc<str>>,
    /// Otherwise those that match.
    #[serde(default, rename = "match")]
    pub matcher: Matcher,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    #[serde(default)]
    pub comment: String,
    /// Who made it.
    pub actor: Arc<str>,
    /// The maintenance window it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Arc<str>>,
    /// Since when; told by the fold.
    #[serde(default)]
    pub since: Timestamp,
}

impl Silence {
    /// As it is told.
    pub fn item(&self) -> SilenceItem {
        SilenceItem {
            id: self.silence.clone(),
            alert: self.alert.clone(),
            matcher: self.matcher.clone(),
            since: self.since,
            until: self.until,
            comment: self.comment.clone(),
            actor: self.actor.clone(),
            maintenance: self.maintenance.clone(),
        }
    }
}

/// A silence ended before its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SilenceEnded {
    /// Which.
    pub silence: Arc<str>,
    /// By whom.
    pub actor: Arc<str>,
}

/// A channel is to be told of alerts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queued {
    /// Id of the notification, the same at every attempt.
    pub notification: Arc<str>,
    /// Which channel.
    pub channel: Arc<str>,
    /// What the alerts have in common.
    pub group: Arc<str>,
    /// The alerts, as they were then; at most [`Queued::MAX`].
    pub alerts: Vec<Told>,
}

impl Queued {
    /// Most alerts of one notification.
    pub const MAX: usize = 50;
}

/// An attempt to deliver went wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    /// Which notification.
    pub notification: Arc<str>,
    /// What went wrong, without any secret.
    pub error: String,
    /// When it is tried again.
    pub retry_at: Timestamp,
}

/// A notification needs nothing more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// Which.
    pub notification: Arc<str>,
    /// How it ended.
    pub outcome: Outcome,
    /// What went wrong, if anything, without any secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A dead letter is to be tried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Requeued {
    /// Which notification.
    pub notification: Arc<str>,
    /// By whom.
    pub actor: Arc<str>,
}

impl Validate for Opened {
    fn validate(&self) -> Result<(), DataError> {
        check::name("alert", &self.alert)
    }
}
impl Validate for Moved {}
impl Validate for Covered {}
impl Validate for Acknowledged {}
impl Validate for Silence {}
impl Validate for SilenceEnded {}
impl Validate for Queued {}
impl Validate for Failed {}
impl Validate for Settled {}
impl Validate for Requeued {}
