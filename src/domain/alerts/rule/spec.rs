//! Rules as they are written.

use super::{Aggregation, Labels, On, OnAbsent, OnFinding, OnMetric, Op, Thing, yes};
use crate::domain::health::Severity;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use utoipa::ToSchema;

/// [`On`] as it is written: exactly one of `finding`, `metric` and `absent` is there.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OnSpec {
    /// Findings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<OnFinding>,
    /// What has gone quiet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<AbsentSpec>,
    /// Name of the metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<Arc<str>>,
    /// See [`OnMetric`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub labels: Option<Labels>,
    /// See [`OnMetric`]; `avg` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregation: Option<Aggregation>,
    /// See [`OnMetric`]; 300 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_s: Option<f64>,
    /// See [`OnMetric`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<Op>,
    /// See [`OnMetric`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// See [`OnMetric`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past_s: Option<f64>,
}

/// [`OnAbsent`] as it is written: exactly one of the names is there.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AbsentSpec {
    /// A source of events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Arc<str>>,
    /// An agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Arc<str>>,
    /// A host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Arc<str>>,
    /// A project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Arc<str>>,
    /// A metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<Arc<str>>,
    /// After how long, in seconds.
    #[serde(default)]
    pub after_s: Option<f64>,
}

impl AbsentSpec {
    const fn member(&mut self, of: Thing) -> &mut Option<Arc<str>> {
        match of {
            Thing::Source => &mut self.source,
            Thing::Agent => &mut self.agent,
            Thing::Host => &mut self.host,
            Thing::Project => &mut self.project,
            Thing::Metric => &mut self.metric,
        }
    }
}

/// What is wrong with an [`OnSpec`], and at which member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong {
    /// JSON Pointer within it.
    pub pointer: &'static str,
    /// In a sentence.
    pub detail: &'static str,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "on{}: {}", self.pointer, self.detail)
    }
}

impl TryFrom<OnSpec> for On {
    type Error = Wrong;

    fn try_from(spec: OnSpec) -> Result<Self, Wrong> {
        let wrong = |pointer, detail| Wrong { pointer, detail };
        let OnSpec {
            finding,
            absent,
            metric,
            labels,
            aggregation,
            window_s,
            op,
            threshold,
            past_s,
        } = spec;
        match (finding, absent, metric) {
            (Some(finding), None, None) => Ok(Self::Finding(finding)),
            (None, Some(mut absent), None) => {
                let named = Thing::ALL.map(|of| absent.member(of).take().map(|name| (of, name)));
                let mut named = named.into_iter().flatten();
                match (named.next(), named.next()) {
                    (Some((of, name)), None) => {
                        Ok(Self::Absent(OnAbsent { of, name, after_s: absent.after_s }))
                    }
                    _ => Err(wrong(
                        "/absent",
                        "must name exactly one of source, agent, host, project and metric",
                    )),
                }
            }
            (None, None, Some(metric)) => Ok(Self::Metric(OnMetric {
                metric,
                labels: labels.unwrap_or_default(),
                aggregation: aggregation.unwrap_or(Aggregation::Avg),
                window_s: window_s.unwrap_or(300.0),
                op: op.ok_or(wrong("/op", "missing field `op`"))?,
                threshold: threshold.ok_or(wrong("/threshold", "missing field `threshold`"))?,
                past_s,
            })),
            _ => Err(wrong("", "must hold exactly one of finding, metric and absent")),
        }
    }
}

impl From<On> for OnSpec {
    fn from(on: On) -> Self {
        match on {
            On::Finding(finding) => Self { finding: Some(finding), ..Self::default() },
            On::Absent(OnAbsent { of, name, after_s }) => {
                let mut absent = AbsentSpec { after_s, ..AbsentSpec::default() };
                *absent.member(of) = Some(name);
                Self { absent: Some(absent), ..Self::default() }
            }
            On::Metric(on) => Self {
                metric: Some(on.metric),
                labels: Some(on.labels),
                aggregation: Some(on.aggregation),
                window_s: Some(on.window_s),
                op: Some(on.op),
                threshold: Some(on.threshold),
                past_s: on.past_s,
                ..Self::default()
            },
        }
    }
}

/// A rule as somebody writes it: what is left out has its default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSpec {
    /// Its id, made from its name if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Arc<str>>,
    /// What it is called.
    #[serde(default)]
    pub name: String,
    /// See [`super::AlertRule`].
    #[serde(default)]
    pub severity: Option<Severity>,
    /// See [`super::AlertRule`].
    #[serde(default)]
    pub for_s: f64,
    /// See [`super::AlertRule`].
    #[serde(default)]
    pub keep_firing_for_s: f64,
    /// See [`super::AlertRule`].
    #[serde(default)]
    pub owner: Option<String>,
    /// See [`super::AlertRule`].
    #[serde(default)]
    pub runbook: Option<String>,
    /// See [`super::AlertRule`].
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub labels: Labels,
    /// See [`super::AlertRule`].
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What it watches.
    pub on: OnSpec,
}
