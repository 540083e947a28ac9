//! What producers measure, what the board itself does, and charts that people pin.

use super::ChartSpec;
use crate::domain::vocabulary::events;
use crate::domain::{DataError, Validate, check};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

events! {
    /// An event of the metrics domain.
    Event {
        "metric.observed" => Observed(Observed),
        "metrics.sampled" => Sampled(Sampled),
        "chart.pinned" => Pinned(Pinned),
        "chart.unpinned" => Unpinned(Unpinned),
    }
}

/// The source of what the board itself knows.
pub const OWN: &str = "bellwether";

impl Event {
    /// The types that producers send; all others are made by the server alone.
    pub const OF_OTHERS: [&str; 1] = ["metric.observed"];

    /// Whether a producer sent it.
    pub const fn is_of_others(&self) -> bool {
        matches!(self, Self::Observed(_))
    }

    /// What was measured, in order.
    pub fn observed(&self) -> &[Observed] {
        match self {
            Self::Observed(observed) => std::slice::from_ref(observed),
            Self::Sampled(sampled) => &sampled.values,
            Self::Pinned(_) | Self::Unpinned(_) => &[],
        }
    }
}

/// A metric had this value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = MetricObservedData)]
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

/// Whose board the charts of an API token are on: no user has such a name.
pub fn board_of_token(id: &str) -> String {
    format!("token/{id}")
}

/// What the board itself knows of all domains, at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sampled {
    /// The values that are new, or to be said again; at most [`Sampled::MAX`].
    pub values: Vec<Observed>,
}

impl Sampled {
    /// Most values of one event.
    pub const MAX: usize = 2_000;
}

impl Validate for Sampled {
    fn validate(&self) -> Result<(), DataError> {
        if self.values.len() > Self::MAX {
            return Err(DataError::at("/values", format!("must hold at most {}", Self::MAX)));
        }
        let at = |i: usize, wrong: DataError| {
            DataError::at(format!("/values/{i}{}", wrong.pointer), wrong.detail)
        };
        let mut values = self.values.iter().enumerate();
        values.try_for_each(|(i, value)| value.validate().map_err(|wrong| at(i, wrong)))
    }
}

/// Somebody has put a chart on their own board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pinned {
    /// Id of the pin.
    pub id: Arc<str>,
    /// Whose board.
    pub user: Arc<str>,
    /// The chart.
    pub chart: ChartSpec,
}

impl Validate for Pinned {}

/// Somebody has taken a chart off their own board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unpinned {
    /// Id of the pin.
    pub id: Arc<str>,
    /// Whose board.
    pub user: Arc<str>,
}

impl Validate for Unpinned {}

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
    fn what_the_board_itself_says_is_read_back() {
        for (kind, data) in [
            ("metrics.sampled", r#"{"values":[{"name":"m","value":1.0}]}"#),
            ("chart.pinned", r#"{"id":"p","user":"u","chart":{"metric":"m","labels":{"a":"b"}}}"#),
            ("chart.unpinned", r#"{"id":"p","user":"u"}"#),
        ] {
            let event = Event::decode(kind, data).unwrap().unwrap();
            assert!(!event.is_of_others() && !Event::OF_OTHERS.contains(&kind), "{kind}");
            let again = Event::decode(event.kind(), &event.encode().unwrap()).unwrap();
            assert_eq!(again, Ok(event));
        }
        let wrong = r#"{"values":[{"name":"m","value":1},{"name":"","value":1}]}"#;
        let refused = Event::decode("metrics.sampled", wrong).unwrap().unwrap_err();
        assert_eq!(refused.pointer, "/values/1/name");
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
