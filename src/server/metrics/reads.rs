//! Reading metrics.

use crate::domain::metrics::{LabelSet, MetricCourse, MetricNames};
use crate::domain::range::RangeParams;
use crate::server::App;
use crate::wire::ApiError;

/// Which series of a metric, and how.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Its name.
    pub name: String,
    /// Labels that a series must have.
    pub labels: LabelSet,
    /// How the values of a step become one.
    pub aggregation: Option<String>,
    /// Labels whose series are kept apart.
    pub by: Option<String>,
}

/// Labels that came as JSON.
///
/// # Errors
/// 422 if it is no object of texts.
pub fn labels_of(text: Option<&str>) -> Result<LabelSet, ApiError> {
    match text.filter(|text| !text.is_empty()) {
        None => Ok(LabelSet::new()),
        Some(text) => serde_json::from_str(text)
            .map_err(|_| ApiError::invalid("/labels", "must be an object of texts")),
    }
}

/// Every metric there is, by name.
pub fn names(app: &App) -> MetricNames {
    MetricNames { as_of: app.hub.published().as_of, items: Vec::new() }
}

/// A metric over a range.
///
/// # Errors
/// 404 for a metric that is not known, 422 naming every parameter that cannot be, 503 when history
/// cannot be read.
pub async fn course(
    app: &App,
    asked: &Asked,
    range: &RangeParams,
) -> Result<MetricCourse, ApiError> {
    let _ = (app, asked, range);
    Err(ApiError::not_found("not yet"))
}
