//! Reading alerts: those that are not over from what is shown, all others from history.

use crate::domain::alerts::{AlertDetail, AlertsList};
use crate::server::App;
use crate::wire::ApiError;
use serde::Deserialize;

/// What may follow the question mark of a list of alerts.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct AlertsParams {
    /// Alerts that were not over before then.
    #[serde(default)]
    pub start_time: Option<String>,
    /// Alerts that began before then.
    #[serde(default)]
    pub end_time: Option<String>,
    /// How bad; several are separated by commas.
    #[serde(default)]
    pub severity: Option<String>,
    /// `true` or `false`.
    #[serde(default)]
    pub acknowledged: Option<String>,
    /// Who sent what they are about.
    #[serde(default)]
    pub source: Option<String>,
    /// The stage they are in; several are separated by commas.
    #[serde(default)]
    pub state: Option<String>,
    /// The alert rule, or the rule of the finding they are built on.
    #[serde(default)]
    pub rule: Option<String>,
    /// What they are about, as `kind/name`.
    #[serde(default)]
    pub subject: Option<String>,
    /// Words in title, message and subject.
    #[serde(default)]
    pub q: Option<String>,
    /// Most items of a page.
    #[serde(default)]
    pub limit: Option<String>,
    /// `next` of the page before.
    #[serde(default)]
    pub after: Option<String>,
}

/// Alerts that match, newest first.
///
/// # Errors
/// 422 naming every parameter that cannot be, 503 when history cannot be read.
pub async fn list(_app: &App, _params: &AlertsParams) -> Result<AlertsList, ApiError> {
    Err(ApiError::unavailable("not there yet", 1))
}

/// One alert with what has happened to it.
///
/// # Errors
/// 404, and 503 when history cannot be read.
pub async fn detail(_app: &App, id: &str) -> Result<AlertDetail, ApiError> {
    Err(ApiError::not_found(format!("there is no alert {id}")))
}
