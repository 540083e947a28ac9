//! What other systems raise and clear.

use crate::domain::health::Severity;
use crate::domain::{DataError, Validate, check};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// An alert of another system began or ended. Members left out keep what was said before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AlertNoticeData)]
pub struct Notice {
    /// Its id, unique within the event's source.
    pub alert: Arc<str>,
    /// What it is, in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How bad it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Which system or part raised it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Arc<str>>,
    /// Words to filter by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
}

impl Validate for Notice {
    fn validate(&self) -> Result<(), DataError> {
        check::name("alert", &self.alert)?;
        check::some_text("title", self.title.as_deref(), 1024)?;
        check::some_name("source", self.source.as_deref())?;
        check::names("tags", self.tags.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Event;

    #[track_caller]
    fn check(kind: &str, data: &str, pointer: &str) {
        let read = Event::decode(kind, data).unwrap();
        let got = read.as_ref().map_or_else(|e| e.pointer.as_str(), |_| "ok");
        assert_eq!(got, pointer, "{kind} {data}: {read:?}");
        if let Ok(event) = read {
            let again = Event::decode(kind, &event.encode().unwrap()).unwrap();
            assert_eq!(again, Ok(event), "does not survive the journal");
        }
    }

    #[test]
    fn reads_and_refuses() {
        for kind in ["alert.raised", "alert.cleared"] {
            let full = r#"{"alert":"disk","title":"T","message":"M","severity":"critical","source":"s","tags":["a"]}"#;
            check(kind, full, "ok");
            check(kind, r#"{"alert":"disk"}"#, "ok");
            check(kind, r#"{}"#, "/alert");
            check(kind, r#"{"alert":"disk","severity":"bad"}"#, "/severity");
            check(kind, r#"{"alert":"disk","tags":["a",""]}"#, "/tags/1");
            check(kind, r#"{"alert":"disk\u0007"}"#, "/alert");
        }
    }
}
