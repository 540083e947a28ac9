//! What happens to rules, maintenance windows and channels. Only the server itself appends these.
//! No secret is in any of them: what a channel must keep to itself is sealed.

use super::super::rule::AlertRule;
use super::super::{ChannelKind, Matcher, Schedule};
use crate::domain::{DataError, Validate};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A rule is so from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleSaved {
    /// The rule.
    pub rule: AlertRule,
    /// Who saved it.
    pub actor: Arc<str>,
}

/// Something is gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Removed {
    /// Its id.
    pub id: Arc<str>,
    /// Who removed it.
    pub actor: Arc<str>,
}

/// Alerts that match make no noise at certain times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Maintenance {
    /// Its id.
    pub id: Arc<str>,
    /// What it is called.
    pub name: String,
    /// Which alerts.
    #[serde(default, rename = "match")]
    pub matcher: Matcher,
    /// When.
    pub schedule: Schedule,
    /// Whether it is kept to.
    pub enabled: bool,
    /// Who saved it.
    pub actor: Arc<str>,
}

/// Bytes that only this board can read, in base64. What prints them prints nothing of them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(pub Arc<str>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// A way to reach people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: Arc<str>,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub kind: ChannelKind,
    /// Its address, and the secret that goes with it.
    pub target: Sealed,
    /// Which alerts it is told of.
    #[serde(default, rename = "match")]
    pub matcher: Matcher,
    /// Most notifications a minute.
    pub rate_per_min: f64,
    /// Whether it is told of alerts that are resolved, too.
    pub send_resolved: bool,
    /// Whether it is told of anything.
    pub enabled: bool,
    /// Who receives its mail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Who its mail comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The name to sign in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Who saved it.
    pub actor: Arc<str>,
}

impl Validate for RuleSaved {}
impl Validate for Removed {
    fn validate(&self) -> Result<(), DataError> {
        crate::domain::check::name("id", &self.id)
    }
}
impl Validate for Maintenance {}
impl Validate for Channel {}
