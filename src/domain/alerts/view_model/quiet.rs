//! What keeps alerts quiet: silences and maintenance windows.

use super::super::Matcher;
use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A silence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SilenceItem {
    /// Its id.
    pub id: Arc<str>,
    /// The one alert it is about, if it is about one.
    pub alert: Option<Arc<str>>,
    /// Otherwise those that match.
    #[serde(rename = "match")]
    pub matcher: Matcher,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub comment: String,
    /// Who made it.
    pub actor: Arc<str>,
    /// The maintenance window it belongs to.
    pub maintenance: Option<Arc<str>>,
}

/// When a maintenance window is open: at certain hours of certain days, or once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    /// Days of the week on which it begins, `mon` to `sun`; every day if none is named. Means
    /// nothing if it is once.
    #[serde(default)]
    pub days: Vec<Weekday>,
    /// Time of day at which it begins, `HH:MM`, in `time_zone`.
    #[serde(default)]
    pub at: String,
    /// When it begins, if it is once.
    #[serde(default)]
    pub once: Option<Timestamp>,
    /// How long it lasts, in seconds.
    pub duration_s: f64,
    /// Its time zone, by its IANA name.
    #[serde(default = "utc")]
    pub time_zone: String,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// A maintenance window as it is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceItem {
    /// Its id.
    pub id: Arc<str>,
    /// What it is called.
    pub name: String,
    /// Which alerts.
    #[serde(rename = "match")]
    pub matcher: Matcher,
    /// When.
    pub schedule: Schedule,
    /// Whether it is kept to.
    pub enabled: bool,
    /// Whether it is open now, and until when.
    pub open_until: Option<Timestamp>,
    /// When it opens next.
    pub next: Option<Timestamp>,
}

/// A silence as somebody asks for it: exactly one of `until` and `for_s` is there.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SilenceSpec {
    /// Which alerts.
    #[serde(default, rename = "match")]
    pub matcher: Matcher,
    /// Until when.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Or for how long, in seconds.
    #[serde(default)]
    pub for_s: Option<f64>,
    /// Why.
    #[serde(default)]
    pub comment: Option<String>,
}

/// A maintenance window as somebody writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceSpec {
    /// Its id, made from its name if left out.
    #[serde(default)]
    pub id: Option<Arc<str>>,
    /// What it is called.
    #[serde(default)]
    pub name: String,
    /// Which alerts.
    #[serde(default, rename = "match")]
    pub matcher: Matcher,
    /// When.
    pub schedule: Schedule,
    /// Whether it is kept to.
    #[serde(default = "yes")]
    pub enabled: bool,
}

const fn yes() -> bool {
    true
}
