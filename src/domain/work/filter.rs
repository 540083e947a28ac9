//! Which tasks are meant: the same filter in addresses, in lists and in jobs.

use super::TaskStatus;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Which tasks are meant; what is left out does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Hash, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TaskFilter {
    /// Where they stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<TaskStatus>,
    /// Where they wait or waited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<Arc<str>>,
    /// Who is or was on them last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<Arc<str>>,
    /// Which error they share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Arc<str>>,
    /// Words in their id, description or error, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
}

/// What a filter looks at.
#[derive(Debug, Clone, Copy)]
pub struct Filtered<'a> {
    /// Its id.
    pub id: &'a str,
    /// Where it stands.
    pub status: TaskStatus,
    /// Where it waits or waited.
    pub queue: &'a str,
    /// Who is or was on it last.
    pub agent: Option<&'a str>,
    /// Which error it has.
    pub fingerprint: Option<&'a str>,
    /// What is to be done.
    pub description: Option<&'a str>,
    /// What went wrong last.
    pub error: Option<&'a str>,
}

impl TaskFilter {
    /// Whether a task is meant.
    pub fn matches(&self, task: Filtered<'_>) -> bool {
        self.status.is_none_or(|status| status == task.status)
            && self.queue.as_deref().is_none_or(|queue| queue == task.queue)
            && self.agent.as_deref().is_none_or(|agent| task.agent == Some(agent))
            && self.fingerprint.as_deref().is_none_or(|print| task.fingerprint == Some(print))
            && self.q.as_deref().is_none_or(|words| {
                let texts = [Some(task.id), task.description, task.error];
                texts.into_iter().flatten().any(|text| contains(text, words))
            })
    }
}

/// Whether `text` holds `words`, whatever the case of ASCII letters.
pub fn contains(text: &str, words: &str) -> bool {
    let (text, words) = (text.as_bytes(), words.as_bytes());
    words.is_empty() || text.windows(words.len()).any(|part| part.eq_ignore_ascii_case(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(filter: &str, expect: bool) {
        let filter: TaskFilter = serde_json::from_str(filter).unwrap();
        let task = Filtered {
            id: "t-1",
            status: TaskStatus::DeadLetter,
            queue: "build",
            agent: Some("a"),
            fingerprint: Some("f"),
            description: Some("Rebuild the Image"),
            error: None,
        };
        assert_eq!(filter.matches(task), expect, "{filter:?}");
    }

    #[test]
    fn every_member_counts() {
        check("{}", true);
        check(r#"{"status":"dead_letter","queue":"build","agent":"a","fingerprint":"f"}"#, true);
        check(r#"{"status":"failed"}"#, false);
        check(r#"{"queue":"buil"}"#, false);
        check(r#"{"agent":"b"}"#, false);
        check(r#"{"fingerprint":"g"}"#, false);
        check(r#"{"q":"the image"}"#, true);
        check(r#"{"q":"T-1"}"#, true);
        check(r#"{"q":"other"}"#, false);
        check(r#"{"q":""}"#, true);
    }
}
