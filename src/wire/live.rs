//! The frames of `/dashboard/live`, one JSON object a text message.

use super::{Seq, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A frame as the browser reads it: `kind` says which of the other members are there.
///
/// It is flat rather than an enum because `data` is handed on unparsed to whoever owns the topic,
/// and serde cannot borrow raw JSON out of an internally tagged enum.
#[derive(Debug, Deserialize)]
pub struct Frame<'a> {
    /// `welcome`, `snapshot`, `delta`, `heartbeat`, `pong`, `result` or `error`.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// Which topic a snapshot or delta is about.
    #[serde(default, borrow)]
    pub topic: Option<std::borrow::Cow<'a, str>>,
    /// Identity of the journal's past.
    #[serde(default)]
    pub epoch: Option<&'a str>,
    /// The position a delta follows.
    #[serde(default)]
    pub from: Option<Seq>,
    /// The position the frame leads to.
    #[serde(default)]
    pub seq: Option<Seq>,
    /// When the server made it.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// Content of a snapshot or delta.
    #[serde(default, borrow)]
    pub data: Option<&'a RawValue>,
    /// Seconds between heartbeats when nothing else is sent (welcome).
    #[serde(default)]
    pub heartbeat_s: Option<u32>,
    /// What kind of error.
    #[serde(default, borrow)]
    pub code: Option<std::borrow::Cow<'a, str>>,
    /// The error in a sentence.
    #[serde(default, borrow)]
    pub message: Option<std::borrow::Cow<'a, str>>,
}

/// What a client may say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMsg {
    /// Send these topics, a snapshot first.
    Subscribe {
        /// Topic names.
        topics: Vec<String>,
    },
    /// Stop sending these topics.
    Unsubscribe {
        /// Topic names.
        topics: Vec<String>,
    },
    /// Send what followed this position; subscribes too.
    Resume {
        /// Topic name.
        topic: String,
        /// Epoch of the position.
        epoch: String,
        /// The last position seen.
        #[schema(value_type = u64)]
        seq: Seq,
    },
    /// Send the whole topic again.
    RequestSnapshot {
        /// Topic name.
        topic: String,
    },
    /// Are you there?
    Ping,
    /// Try a task again.
    RetryTask {
        /// Comes back with the result, if given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Which task.
        task_id: String,
    },
    /// Give a task up.
    CancelTask {
        /// Comes back with the result, if given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Which task.
        task_id: String,
    },
    /// Say that an alert has been seen.
    AcknowledgeAlert {
        /// Comes back with the result, if given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Which alert, or which rule's.
        #[serde(alias = "rule_id")]
        alert_id: String,
    },
}
