//! Badges: a project's health for the pages of others, as a picture or as shields.io reads it.
//!
//! A badge never shows more than is known: of a project that is stale or was never validated it is
//! grey and says so, whatever it was asked for.

mod svg;

use super::App;
use super::access::Caller;
use super::params::given;
use super::problem;
use super::server_fns::matches_tag;
use crate::domain::Permission;
use crate::domain::projects::{JobState, ProjectId, ProjectItem, ProjectStatus};
use crate::wire::{ApiError, Timestamp};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// Longest label, in characters.
const MAX_LABEL: usize = 80;
/// Seconds that shields.io may keep a badge.
const CACHE_S: u32 = 300;

/// What a badge is to show.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct BadgeParams {
    /// `status` (default), `score` or `success_rate`.
    pub metric: Option<String>,
    /// What stands on the left; the project's name if it is left out.
    pub label: Option<String>,
}

/// A badge, as shields.io reads it (its "endpoint" schema).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Badge {
    schema_version: u8,
    label: String,
    message: String,
    color: &'static str,
    cache_seconds: u32,
}

const GREEN: &str = "brightgreen";
const YELLOW: &str = "yellow";
const RED: &str = "red";
const GREY: &str = "lightgrey";

/// `GET /badge/{file}`: `file` is a project's name with `.svg` or `.json` after it.
///
/// # Errors
/// 404 for a project that is not listed, 422 at the parameter that cannot be; 401 and 403 if badges
/// are private.
pub async fn badge(
    State(app): State<App>,
    caller: Caller,
    file: Result<Path<String>, PathRejection>,
    params: Result<Query<BadgeParams>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if app.private_badges {
        caller.may(Permission::ViewProjects)?;
    }
    let Path(file) = file.map_err(problem::malformed)?;
    let Query(params) = params.map_err(problem::malformed)?;
    let (name, picture) = match (file.strip_suffix(".svg"), file.strip_suffix(".json")) {
        (Some(name), _) => (name, true),
        (_, Some(name)) => (name, false),
        _ => return Err(ApiError::not_found("a badge is called NAME.svg or NAME.json")),
    };
    let shown = app.hub.published();
    let id = ProjectId::try_from(name.to_owned()).ok();
    let item = id.and_then(|id| shown.projects.get(&id).cloned());
    let item = item.ok_or_else(|| ApiError::not_found(format!("there is no project {name}")))?;
    let badge = Badge::of(&item, &params, app.clock.now())?;
    let (kind, body) = if picture {
        ("image/svg+xml; charset=utf-8", svg::draw(&badge.label, &badge.message, badge.color))
    } else {
        ("application/json", serde_json::to_string(&badge).unwrap_or_default())
    };
    let hash = blake3::hash(body.as_bytes()).to_hex();
    let tag = format!("\"{}\"", hash.get(..16).unwrap_or_default());
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|had| matches_tag(had, &tag));
    let kept = [(header::CACHE_CONTROL, "no-cache".to_owned()), (header::ETAG, tag)];
    Ok(match known {
        true => (StatusCode::NOT_MODIFIED, kept).into_response(),
        false => (kept, [(header::CONTENT_TYPE, kind)], body).into_response(),
    })
}

impl Badge {
    fn of(item: &ProjectItem, params: &BadgeParams, now: Timestamp) -> Result<Self, ApiError> {
        let label = given(&params.label).unwrap_or(&item.name).to_owned();
        if label.chars().count() > MAX_LABEL && params.label.is_some() {
            let detail = format!("may have at most {MAX_LABEL} characters");
            return Err(ApiError::invalid("/label", detail));
        }
        let (message, color) = match given(&params.metric) {
            None | Some("status") => status(item),
            Some("score") => match item.score {
                Some(score) => (format!("{score}/100"), colour(item.status)),
                None => ("unknown".to_owned(), GREY),
            },
            Some("success_rate") => match item.success_rate {
                Some(rate) => (percent(rate), colour(item.status)),
                None => ("no runs".to_owned(), GREY),
            },
            Some(_) => {
                let detail = "must be one of status, score, success_rate";
                return Err(ApiError::invalid("/metric", detail));
            }
        };
        let (message, color) = match item.status {
            ProjectStatus::Unknown => (unknown(item, now), GREY),
            _ => (message, color),
        };
        let label = label.chars().filter(|c| !c.is_control()).collect();
        Ok(Self { schema_version: 1, label, message, color, cache_seconds: CACHE_S })
    }
}

fn status(item: &ProjectItem) -> (String, &'static str) {
    let late = item.job.as_ref().is_some_and(|job| job.state == JobState::Late);
    let word = match item.status {
        ProjectStatus::Critical if late => "late",
        ProjectStatus::Critical => "critical",
        ProjectStatus::Warning => "warning",
        ProjectStatus::Healthy => "healthy",
        ProjectStatus::Unknown => "unknown",
    };
    (word.to_owned(), colour(item.status))
}

const fn colour(status: ProjectStatus) -> &'static str {
    match status {
        ProjectStatus::Critical => RED,
        ProjectStatus::Warning => YELLOW,
        ProjectStatus::Healthy => GREEN,
        ProjectStatus::Unknown => GREY,
    }
}

/// A share in percent, never rounded to all or to nothing.
fn percent(rate: f64) -> String {
    let percent = rate * 100.0;
    match percent.round() {
        rounded if rounded >= 100.0 && percent < 100.0 => "99 %".to_owned(),
        rounded if rounded <= 0.0 && percent > 0.0 => "1 %".to_owned(),
        rounded => format!("{rounded:.0} %"),
    }
}

/// How long nothing has been heard, if anything ever was.
fn unknown(item: &ProjectItem, now: Timestamp) -> String {
    let Some(last) = item.last_validation_at.filter(|_| item.stale) else {
        return "unknown".to_owned();
    };
    let minutes = now.since(last) / 60_000;
    match minutes {
        ..60 => format!("stale {minutes} min"),
        60..2_880 => format!("stale {} h", minutes / 60),
        _ => format!("stale {} d", minutes / 1_440),
    }
}

#[cfg(test)]
mod tests;
