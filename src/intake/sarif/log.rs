//! The parts of a log that are read, named as the specification names them (SARIF 2.1.0, section 3).

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Log {
    pub version: String,
    /// Null if the tool could not say (section 3.13.4).
    pub runs: Option<Vec<Run>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    pub tool: Tool,
    pub invocations: Option<Vec<Invocation>>,
    /// Null if the run did not get so far as to look for any.
    pub results: Option<Vec<Result>>,
    pub version_control_provenance: Option<Vec<Version>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tool {
    pub driver: Component,
    pub extensions: Option<Vec<Component>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Component {
    pub name: String,
    pub guid: Option<String>,
    pub rules: Option<Vec<Rule>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub id: String,
    pub default_configuration: Option<Configuration>,
    pub message_strings: Option<std::collections::BTreeMap<String, Message>>,
    pub short_description: Option<Message>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Configuration {
    pub level: Option<Level>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Level {
    None,
    Note,
    Warning,
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    NotApplicable,
    Pass,
    Fail,
    Review,
    Open,
    Informational,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    pub execution_successful: Option<bool>,
    pub start_time_utc: Option<String>,
    pub end_time_utc: Option<String>,
    pub exit_code_description: Option<String>,
    pub tool_execution_notifications: Option<Vec<Notification>>,
    pub tool_configuration_notifications: Option<Vec<Notification>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Notification {
    pub level: Option<Level>,
    pub message: Option<Message>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Message {
    pub text: Option<String>,
    pub id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    pub revision_id: Option<String>,
    pub branch: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Result {
    pub rule_id: Option<String>,
    pub rule_index: Option<i64>,
    pub rule: Option<Reference>,
    pub level: Option<Level>,
    pub kind: Option<Kind>,
    #[serde(default)]
    pub message: Message,
    pub locations: Option<Vec<Location>>,
    pub suppressions: Option<Vec<Suppression>>,
    pub baseline_state: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reference {
    pub id: Option<String>,
    pub index: Option<i64>,
    pub tool_component: Option<ComponentReference>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ComponentReference {
    pub index: Option<i64>,
    pub guid: Option<String>,
    pub name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    pub physical_location: Option<PhysicalLocation>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhysicalLocation {
    pub artifact_location: Option<ArtifactLocation>,
    pub region: Option<Region>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ArtifactLocation {
    pub uri: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    pub start_line: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Suppression {
    pub status: Option<String>,
}

impl Invocation {
    /// Why it did not succeed, in the tool's words.
    pub fn words(&self) -> Option<&str> {
        let all = [&self.tool_execution_notifications, &self.tool_configuration_notifications];
        let all = all.into_iter().flatten().flatten();
        let errors = all.filter(|it| it.level == Some(Level::Error));
        let said = errors.filter_map(|it| it.message.as_ref()?.text.as_deref()).next();
        said.or(self.exit_code_description.as_deref()).filter(|words| !words.trim().is_empty())
    }
}

impl Result {
    /// Suppressed is what has suppressions of which each was accepted (section 3.27.23).
    pub fn is_suppressed(&self) -> bool {
        let all = self.suppressions.as_deref().unwrap_or_default();
        let accepted = |it: &Suppression| it.status.as_deref().is_none_or(|it| it == "accepted");
        !all.is_empty() && all.iter().all(accepted)
    }

    /// It was there in the run that this one is compared with, and is no more.
    pub fn is_gone(&self) -> bool {
        self.baseline_state.as_deref() == Some("absent")
    }

    /// File and line, as far as they are told.
    pub fn place(&self) -> (Option<&str>, Option<u32>) {
        let first = self.locations.iter().flatten().find_map(|it| it.physical_location.as_ref());
        let file = first.and_then(|it| it.artifact_location.as_ref()?.uri.as_deref());
        let line = first.and_then(|it| it.region.as_ref()?.start_line);
        (file, line.and_then(|line| u32::try_from(line).ok()).filter(|line| *line > 0))
    }
}
