//! Metrics and pinned charts: typed calls for pages. Programs use REST.

#![allow(missing_docs, reason = "the macro turns documented parameters into public fields")]
#![allow(clippy::too_many_arguments, reason = "each is a parameter of the address")]

use super::{ChartSpec, MetricCourse, MetricNames, Pin, Pins};
use crate::wire::{ApiError, JsonText, JsonUnread, Unread};
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};

/// `GET /api/ui/metric_names`: every metric there is that the caller may see, by name.
///
/// # Errors
/// 403 for whoever may not see metrics.
#[server(name = ReadMetricNames, prefix = "/api/ui", endpoint = "metric_names", input = GetUrl, output = JsonUnread)]
pub async fn metric_names() -> Result<Unread<MetricNames>, ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::ViewMetrics)?;
    Unread::of(&crate::server::metrics::reads::names(&app, &caller))
}

/// `GET /api/ui/metric`: a metric over a range, `24h` when left out; of its series no more than a
/// chart can show. `labels` is JSON, an object of
/// texts; the other parameters are those of [`ChartSpec`] and of
/// [`crate::domain::range::RangeParams`].
///
/// # Errors
/// 403 naming what the caller lacks to see it, 404 for a metric that is not known, 422 naming every
/// parameter that cannot be, 503 when history cannot be read.
#[server(name = ReadMetric, prefix = "/api/ui", endpoint = "metric", input = GetUrl, output = JsonUnread)]
pub async fn metric(
    metric: String,
    #[server(default)] labels: Option<String>,
    #[server(default)] aggregation: Option<String>,
    #[server(default)] by: Option<String>,
    #[server(default)] window: Option<String>,
    #[server(default)] from: Option<String>,
    #[server(default)] to: Option<String>,
    #[server(default)] step: Option<String>,
) -> Result<Unread<MetricCourse>, ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::ViewMetrics)?;
    let range = crate::domain::range::RangeParams { window, from, to, step };
    let asked = crate::server::metrics::reads::Asked {
        name: metric,
        labels: crate::server::metrics::reads::labels_of(labels.as_deref())?,
        aggregation,
        by,
    };
    let course = crate::server::metrics::reads::course(&app, &caller, &asked, &range).await?;
    Unread::of(&course.drawable())
}

/// `GET /api/ui/pins`: the caller's own board.
///
/// # Errors
/// 403 for whoever may not see metrics.
#[server(name = ReadPins, prefix = "/api/ui", endpoint = "pins", input = GetUrl, output = JsonUnread)]
pub async fn pins() -> Result<Unread<Pins>, ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::ViewMetrics)?;
    Unread::of(&crate::server::metrics::pins::all(&app, &caller))
}

/// `POST /api/ui/pin`: puts a chart on the caller's own board.
///
/// # Errors
/// 422 naming every member of the chart that cannot be, or if the board is full.
#[server(name = PinChart, prefix = "/api/ui", endpoint = "pin", input = Json)]
pub async fn pin(chart: ChartSpec) -> Result<Pin, ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::ViewMetrics)?;
    crate::server::metrics::pins::pin(&app, &caller, chart).await
}

/// `POST /api/ui/unpin`: takes a chart off the caller's own board.
///
/// # Errors
/// 404 for a chart that is not on it.
#[server(name = UnpinChart, prefix = "/api/ui", endpoint = "unpin", input = Json, output = JsonText)]
pub async fn unpin(id: String) -> Result<(), ApiError> {
    let (app, caller) = crate::server::caller(crate::domain::Permission::ViewMetrics)?;
    crate::server::metrics::pins::unpin(&app, &caller, &id).await
}
