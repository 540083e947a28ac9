//! What producers measure.

use crate::domain::vocabulary::events;
use crate::domain::{DataError, Validate, check};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

events! {
    /// An event of the metrics domain.
    Event {
        "metric.observed" => Observed(Observed),
    }
}

/// A metric had this value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// Name of the metric.
    pub name: Arc<str>,
    /// Its value; finite.
    pub value: f64,
    /// What the value counts (`ms`, `bytes`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Arc<str>>,
    /// What tells this series from others of the name; at most [`MAX_LABELS`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<Arc<str>, Arc<str>>,
}

/// Most labels of one series. Each combination is a series of its own, so a producer that puts
/// everything it knows into labels would fill the memory of everyone.
pub const MAX_LABELS: usize = 32;

impl Validate for Observed {
    fn validate(&self) -> Result<(), DataError> {
        check::name("name", &self.name)?;
        check::range("value", Some(self.value), f64::MIN, f64::MAX)?;
        check::some_name("unit", self.unit.as_deref())?;
        if self.labels.len() > MAX_LABELS {
            let detail = format!("must hold at most {MAX_LABELS} labels");
            return Err(DataError::at("/labels", detail));
        }
        for (name, value) in &self.labels {
            let field = format!("labels/{}", check::escape(name));
            check::name(&field, name)?;
            check::text(&field, value, check::MAX_NAME)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(data: &str, pointer: &str) {
        let read = Event::decode("metric.observed", data).unwrap();
        let got = read.as_ref().map_or_else(|e| e.pointer.as_str(), |_| "ok");
        assert_eq!(got, pointer, "{data}: {read:?}");
        if let Ok(event) = read {
            let again = Event::decode(event.kind(), &event.encode().unwrap()).unwrap();
            assert_eq!(again, Ok(event), "does not survive the journal");
        }
    }

    #[test]
    fn reads_numbers_with_labels() {
        check(r#"{"name":"depth","value":-3.25,"unit":"items","labels":{"queue":"q"}}"#, "ok");
        check(r#"{"name":"depth","value":1e300}"#, "ok");
        check(r#"{"name":"depth","value":7,"labels":{"empty":""}}"#, "ok");
    }

    #[test]
    fn refuses_what_is_no_measurement() {
        check(r#"{"value":1}"#, "/name");
        check(r#"{"name":"","value":1}"#, "/name");
        check(r#"{"name":"n"}"#, "/value");
        check(r#"{"name":"n","value":null}"#, "/value");
        check(r#"{"name":"n","value":"1"}"#, "/value");
        check(r#"{"name":"n","value":1e999}"#, "/value");
        check(r#"{"name":"n","value":1,"labels":{"a/b":"\u0000"}}"#, "/labels/a~1b");
        check(r#"{"name":"n","value":1,"labels":{"a":1}}"#, "/labels/a");
        let labels: BTreeMap<_, _> = (0..33).map(|i| (format!("l{i}"), "v")).collect();
        let data = serde_json::json!({"name": "n", "value": 1, "labels": labels});
        check(&data.to_string(), "/labels");
    }
}
