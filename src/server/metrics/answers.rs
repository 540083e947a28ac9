//! Metrics for programs: `/api/v1/metrics`.

use super::params::{Params, renamed};
use super::{pins, reads};
use crate::domain::metrics::{ChartSpec, LabelSet, MetricCourse, MetricItem, Pins};
use crate::server::access::Caller;
use crate::server::body::JsonBody;
use crate::server::export::{self, Format, cell};
use crate::server::page::Asked;
use crate::server::params::settle;
use crate::server::{App, problem};
use crate::wire::{ApiError, Timestamp};
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

type Name = Result<Path<String>, PathRejection>;
type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;

fn params(pairs: Pairs) -> Result<Params, ApiError> {
    let Query(pairs) = pairs.map_err(problem::malformed)?;
    Ok(Params::of(pairs))
}

/// `GET /api/v1/metrics`: every series that matches and that the caller may see, with its newest
/// value.
///
/// # Errors
/// 422 naming every parameter that cannot be.
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    pairs: Pairs,
) -> Result<Response, ApiError> {
    let params = params(pairs)?;
    let page = reads::list(&app.hub.published(), &caller, &params)?;
    let link = page.next.as_deref().map(|next| following(&params, next));
    // That it is one of them was seen above.
    let mut response = match Format::read(&params.get("format"), &mut Vec::new()) {
        Format::Json => Json(&page).into_response(),
        format @ Format::Ndjson => export::file(format, "metrics", export::ndjson(&page.items)),
        format @ Format::Csv => export::file(format, "metrics", table(&page.items)),
    };
    if let Some(Ok(link)) = link.map(|link| HeaderValue::from_str(&link)) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// Where the same goes on (RFC 8288).
fn following(params: &Params, next: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(params.choice()).append_pair("after", next).finish();
    format!("</api/v1/metrics?{query}>; rel=\"next\"")
}

fn number(value: f64) -> String {
    serde_json::to_string(&value).unwrap_or_default()
}

fn table(items: &[MetricItem]) -> String {
    let mut out = String::from("name,labels,unit,value,timestamp,source\r\n");
    for it in items {
        let labels = serde_json::to_string(&it.labels).unwrap_or_default();
        let cells = [
            cell(&it.name),
            cell(&labels),
            cell(it.unit.as_deref().unwrap_or_default()),
            number(it.value),
            it.timestamp.to_string(),
            cell(&it.source),
        ];
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

/// A value of a series at the start of a step.
#[derive(Debug, Serialize)]
struct Point<'a> {
    timestamp: Timestamp,
    value: f64,
    labels: &'a LabelSet,
}

/// All points, oldest first, those of a moment in the order of their labels.
fn points(course: &MetricCourse) -> Vec<Point<'_>> {
    let each = course.series.iter().flat_map(|series| {
        let point = |(timestamp, value): &(Timestamp, f64)| Point {
            timestamp: *timestamp,
            value: *value,
            labels: &series.labels,
        };
        series.points.iter().map(point)
    });
    let mut all: Vec<_> = each.collect();
    all.sort_by_key(|point| point.timestamp);
    all
}

/// A row a point, with a column for every label that one of them has.
fn course_table(points: &[Point<'_>]) -> String {
    let labels: BTreeSet<&Arc<str>> = points.iter().flat_map(|point| point.labels.keys()).collect();
    let mut out = String::from("timestamp,value");
    for label in &labels {
        out.push(',');
        out.push_str(&cell(&format!("label.{label}")));
    }
    out.push_str("\r\n");
    for point in points {
        out.push_str(&format!("{},{}", point.timestamp, number(point.value)));
        for label in &labels {
            out.push(',');
            out.push_str(&cell(point.labels.get(*label).map_or("", |value| value)));
        }
        out.push_str("\r\n");
    }
    out
}

/// `GET /api/v1/metrics/{name}`, and `…/{name}/range`, which reaches a metric of any name.
///
/// # Errors
/// 403 naming what the caller lacks to see it, 404 for a metric that is not known, 422 naming every
/// parameter that cannot be, 503 when history cannot be read.
pub async fn course(
    State(app): State<App>,
    caller: Caller,
    name: Name,
    pairs: Pairs,
) -> Result<Response, ApiError> {
    let Path(name) = name.map_err(problem::malformed)?;
    let params = params(pairs)?;
    let mut errors = Vec::new();
    let format = settle(Format::read(&params.get("format"), &mut errors), errors)?;
    let range = params.range();
    let course =
        reads::course(&app, &caller, &params.asked(name), &range).await.map_err(renamed)?;
    let points = points(&course);
    let mut response = match format {
        Format::Json => Json(&points).into_response(),
        Format::Ndjson => export::file(format, "metric", export::ndjson(&points)),
        Format::Csv => export::file(format, "metric", course_table(&points)),
    };
    // The points alone do not say how long a step is.
    let step_s = HeaderValue::from(course.range.step_ms / 1_000);
    response.headers_mut().insert("x-step-seconds", step_s);
    Ok(response)
}

/// `GET /api/v1/metrics/{name}/latest`
///
/// # Errors
/// 403 naming what the caller lacks to see it, 404 if there is none.
pub async fn latest(
    State(app): State<App>,
    caller: Caller,
    name: Name,
    pairs: Pairs,
) -> Result<Json<MetricItem>, ApiError> {
    let Path(name) = name.map_err(problem::malformed)?;
    reads::latest(&app.hub.published(), &caller, &name, &params(pairs)?.labels).map(Json)
}

/// `GET /api/v1/me/pins`: charts on the caller's own board.
///
/// # Errors
/// 422 at the parameter that cannot be.
pub async fn list_pins(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> Result<Json<Pins>, ApiError> {
    let Query(params) = asked.map_err(problem::malformed)?;
    pins::list(&app, &caller, &params).map(Json)
}

/// `POST /api/v1/me/pins`
///
/// # Errors
/// 422 naming every member that cannot be, or if the board is full.
pub async fn pin(
    State(app): State<App>,
    caller: Caller,
    JsonBody(chart): JsonBody<ChartSpec>,
) -> Result<Response, ApiError> {
    let pin = pins::pin(&app, &caller, chart).await?;
    let place = format!("/api/v1/me/pins/{}", pin.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(pin)).into_response())
}

/// `DELETE /api/v1/me/pins/{id}`
///
/// # Errors
/// 404 for a chart that is not on the caller's own board.
pub async fn unpin(
    State(app): State<App>,
    caller: Caller,
    id: Name,
) -> Result<StatusCode, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    pins::unpin(&app, &caller, &id).await.map(|()| StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_column_for_every_label() {
        let at = Timestamp::from_ms;
        let (a, b) = (
            LabelSet::from([("queue".into(), "=a".into())]),
            LabelSet::from([("host".into(), "b,c".into())]),
        );
        let points = [
            Point { timestamp: at(0), value: 1.5, labels: &a },
            Point { timestamp: at(1_000), value: -2.0, labels: &b },
        ];
        let expect = "timestamp,value,label.host,label.queue\r\n\
                      1970-01-01T00:00:00.000Z,1.5,,'=a\r\n\
                      1970-01-01T00:00:01.000Z,-2.0,\"b,c\",\r\n";
        assert_eq!(course_table(&points), expect);
    }
}
