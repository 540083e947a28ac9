//! Projects: validation runs, errors, response times, and what they say about health.

pub mod api;
mod job;
mod past;
mod query;
pub mod view;
mod view_model;
pub use job::*;
pub use past::*;
pub use query::*;
pub use view_model::*;

#[cfg(feature = "ssr")]
pub mod brief;
#[cfg(feature = "ssr")]
mod events;
#[cfg(feature = "ssr")]
pub mod health;
#[cfg(feature = "ssr")]
pub mod history;
#[cfg(feature = "ssr")]
pub mod schedule;
#[cfg(feature = "ssr")]
pub mod state;
#[cfg(feature = "ssr")]
mod tally;
#[cfg(feature = "ssr")]
pub use events::*;
#[cfg(feature = "ssr")]
pub use tally::Counts;

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use utoipa::ToSchema;

/// Name of a project: 1 to 200 bytes, no control characters, no blank ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ProjectId(Arc<str>);

impl ProjectId {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Address of its page: `/projects/` and the name, percent-encoded (RFC 3986, section 2.3).
    pub fn href(&self) -> String {
        format!("/projects/{}", crate::wire::encoded(&self.0))
    }
}

impl TryFrom<String> for ProjectId {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, &'static str> {
        if name.is_empty() {
            Err("must not be empty")
        } else if name.len() > 200 {
            Err("must be at most 200 bytes long")
        } else if name.chars().any(char::is_control) {
            Err("must not hold control characters")
        } else if name.trim().len() != name.len() {
            Err("must not begin or end with white space")
        } else {
            Ok(Self(name.into()))
        }
    }
}

impl fmt::Display for ProjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for ProjectId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// How a validation run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValidationStatus {
    /// All checks held.
    Passed,
    /// At least one check did not hold.
    Failed,
    /// The run itself broke.
    Error,
    /// Nothing ran.
    Skipped,
}

/// Figures of one run's checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Checks {
    /// All of them.
    #[serde(default)]
    pub total: u32,
    /// Those that held.
    #[serde(default)]
    pub passed: u32,
    /// Those that did not.
    #[serde(default)]
    pub failed: u32,
    /// Those that were not run.
    #[serde(default)]
    pub skipped: u32,
}

/// One error of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunError {
    /// What kind, in the runner's words (`AssertionError`); groups the counts.
    #[serde(rename = "type", default = "unnamed")]
    pub kind: Arc<str>,
    /// What it said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line in `file`, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// How often it came up.
    #[serde(default = "one")]
    pub count: u32,
}

fn unnamed() -> Arc<str> {
    "error".into()
}

const fn one() -> u32 {
    1
}
