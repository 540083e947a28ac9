//! Jobs: the same command for many tasks.

use super::TaskItem;
use crate::domain::work::{CommandKind, JobStatus, TaskFilter};
use crate::wire::{Cursor, Timestamp};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::fmt;
use std::sync::Arc;
use utoipa::ToSchema;

/// What to retry, and how carefully. Exactly one of `filter` and `ids` is given.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryRequest {
    /// Tasks that match; dead letters unless it names another status.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "of_an_object")]
    pub filter: Option<TaskFilter>,
    /// These tasks, at most [`RetryRequest::MAX_IDS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<Arc<str>>>,
    /// Only say which tasks it would be.
    pub dry_run: bool,
    /// Commands a second, above 0 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_per_s: Option<f64>,
    /// First 1, then 5, then the rest; ends by itself when more than half of either fails again.
    pub canary: bool,
}

impl RetryRequest {
    /// Most ids of a request.
    pub const MAX_IDS: usize = 10_000;
    /// Most commands a second.
    pub const MAX_RATE: f64 = 1_000.0;
    /// Commands a second when none is asked for.
    pub const DEFAULT_RATE: f64 = 10.0;
}

/// Reads a filter, of an object only: what is derived takes a list for its members as well, and
/// `[null]` would be all tasks.
fn of_an_object<'de, D: Deserializer<'de>>(from: D) -> Result<Option<TaskFilter>, D::Error> {
    struct Object;

    impl<'de> Visitor<'de> for Object {
        type Value = Option<TaskFilter>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
            from.deserialize_map(self)
        }

        fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
            TaskFilter::deserialize(MapAccessDeserializer::new(members)).map(Some)
        }
    }

    from.deserialize_option(Object)
}

/// What a dry run says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RetryPreview {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Always true.
    pub dry_run: bool,
    /// How many tasks it would be.
    pub count: usize,
    /// The first of them, at most 10.
    pub sample: Vec<TaskItem>,
    /// Ids that are not known or not in a state to be retried, at most 10.
    pub skipped: Vec<Arc<str>>,
}

/// A job and how far it has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobItem {
    /// Its id.
    pub id: Arc<str>,
    /// What is asked for.
    pub command: CommandKind,
    /// Where it stands.
    pub status: JobStatus,
    /// Who asked.
    pub actor: Arc<str>,
    /// Which tasks; null if they were named one by one.
    pub filter: Option<TaskFilter>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last moved.
    pub updated_at: Timestamp,
    /// Commands a second.
    pub rate_per_s: f64,
    /// Whether it begins with a canary.
    pub canary: bool,
    /// 1 or 2 while a canary of 1 or 5 is waited for; null otherwise.
    pub canary_stage: Option<u8>,
    /// Tasks it is about.
    pub total: u64,
    /// Commands sent.
    pub sent: u64,
    /// Commands whose owner did as asked.
    pub done: u64,
    /// Commands that were refused.
    pub refused: u64,
    /// Commands that expired.
    pub expired: u64,
    /// Tasks that needed no command any more when their turn came.
    pub skipped: u64,
    /// Tasks that completed afterwards.
    pub completed: u64,
    /// Tasks that failed again afterwards.
    pub failed_again: u64,
    /// Why it ended, if not because everything was done.
    pub reason: Option<String>,
}

/// The list of jobs, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobsPage {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// Position it was read at.
    pub cursor: Cursor,
    /// The jobs.
    pub items: Vec<JobItem>,
    /// Where the next page begins, if there is another; only the last 100 jobs are kept.
    pub next: Option<String>,
}

/// What a retry of many tasks comes to: a preview, or a job.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum RetryAnswer {
    /// Of a dry run.
    Preview(RetryPreview),
    /// It has begun.
    Job(JobItem),
}

impl<'de> Deserialize<'de> for RetryAnswer {
    /// Reads JSON, as [`crate::wire::both`] does and for the same reason.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        if let Ok(preview) = serde_json::from_str(raw.get()) {
            return Ok(Self::Preview(preview));
        }
        serde_json::from_str(raw.get()).map(Self::Job).map_err(D::Error::custom)
    }
}
