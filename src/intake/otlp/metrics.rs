//! Points of metrics, each into one `metric.observed` for each number it holds.

use super::proto::{
    ExponentialPoint, HistogramPoint, KeyValue, Metric, Metrics, NumberPoint, SummaryPoint,
};
use super::value::{Origin, labels};
use super::{Format, Taken, proto};
use crate::domain::metrics::Observed;
use crate::intake::measured;
use crate::wire::ApiError;
use std::sync::Arc;

/// In a point's flags: there is no value, since what it was of is gone.
const NO_VALUE: u32 = 1;

/// Reads an export of metrics.
///
/// # Errors
/// 400 if it is none; 413 if there is too much in it.
pub fn decode(body: &[u8], format: Format, sender: &Arc<str>) -> Result<Taken, ApiError> {
    let sent: Metrics = super::read(body, format, &proto::METRICS)?;
    let mut taken = Taken::default();
    for of_one in sent.resource_metrics {
        let origin = Origin::of(of_one.resource.as_ref(), sender);
        for metric in of_one.scope_metrics.into_iter().flat_map(|scope| scope.metrics) {
            Series { taken: &mut taken, origin: &origin, metric: &metric }.read()?;
        }
    }
    Ok(taken)
}

/// A number of a point.
struct Number {
    /// What is added to the name of the metric.
    suffix: &'static str,
    /// A label of its own.
    label: Option<(&'static str, String)>,
    value: f64,
}

impl Number {
    const fn of(suffix: &'static str, value: f64) -> Self {
        Self { suffix, label: None, value }
    }
}

/// The series of a metric.
struct Series<'a> {
    taken: &'a mut Taken,
    origin: &'a Origin,
    metric: &'a Metric,
}

impl Series<'_> {
    fn read(&mut self) -> Result<(), ApiError> {
        let metric = self.metric;
        for points in metric.gauge.iter().chain(&metric.sum) {
            points.data_points.iter().try_for_each(|it| self.number(it))?;
        }
        if let Some(points) = &metric.histogram {
            points.data_points.iter().try_for_each(|it| self.histogram(it))?;
        }
        if let Some(points) = &metric.exponential_histogram {
            points.data_points.iter().try_for_each(|it| self.exponential(it))?;
        }
        if let Some(points) = &metric.summary {
            points.data_points.iter().try_for_each(|it| self.summary(it))?;
        }
        Ok(())
    }

    fn number(&mut self, it: &NumberPoint) -> Result<(), ApiError> {
        let value = it.as_double.or(it.as_int.map(|whole| whole as f64));
        let numbers = value.map(|value| Number::of("", value)).into_iter().collect();
        self.point(&it.attributes, it.time_unix_nano, it.flags, numbers)
    }

    fn histogram(&mut self, it: &HistogramPoint) -> Result<(), ApiError> {
        let (counts, bounds) = (it.bucket_counts.len(), it.explicit_bounds.len());
        if counts > 0 && counts != bounds + 1 {
            let name = &self.metric.name;
            self.taken.refuse(|| format!("{name}: {counts} buckets with {bounds} bounds"));
            return Ok(());
        }
        let mut numbers = parts(it.count, it.sum, it.min, it.max);
        self.taken.has_room(numbers.len().saturating_add(counts.max(bounds)))?;
        // As Prometheus has them: each holds those below it as well, and the last one all.
        let bounds = it.explicit_bounds.iter().map(f64::to_string);
        let bounds = bounds.chain(["+Inf".to_owned()]);
        let mut below = 0_u64;
        numbers.extend(it.bucket_counts.iter().zip(bounds).map(|(count, bound)| {
            below = below.saturating_add(*count);
            Number { suffix: "_bucket", label: Some(("le", bound)), value: below as f64 }
        }));
        self.point(&it.attributes, it.time_unix_nano, it.flags, numbers)
    }

    fn exponential(&mut self, it: &ExponentialPoint) -> Result<(), ApiError> {
        let numbers = parts(it.count, it.sum, it.min, it.max);
        self.point(&it.attributes, it.time_unix_nano, it.flags, numbers)
    }

    fn summary(&mut self, it: &SummaryPoint) -> Result<(), ApiError> {
        let mut numbers = parts(it.count, Some(it.sum), None, None);
        self.taken.has_room(numbers.len().saturating_add(it.quantile_values.len()))?;
        // Of no values at all, a quantile is NaN.
        let known = it.quantile_values.iter().filter(|at| !at.value.is_nan());
        numbers.extend(known.map(|at| Number {
            suffix: "",
            label: Some(("quantile", at.quantile.to_string())),
            value: at.value,
        }));
        self.point(&it.attributes, it.time_unix_nano, it.flags, numbers)
    }

    /// A point is taken whole or not at all.
    fn point(
        &mut self,
        attributes: &[KeyValue],
        nanos: u64,
        flags: u32,
        numbers: Vec<Number>,
    ) -> Result<(), ApiError> {
        let Self { taken, origin, metric } = self;
        if flags & NO_VALUE != 0 || numbers.is_empty() {
            taken.refuse(|| format!("{}: a point without a value", metric.name));
            return Ok(());
        }
        taken.has_room(numbers.len())?;
        let mut shared = origin.labels.clone();
        shared.extend(labels(attributes));
        let unit = measured::unit(match &*metric.unit {
            "By" => "bytes",
            other => other,
        });
        let mut made = Vec::with_capacity(numbers.len());
        for Number { suffix, label, value } in numbers {
            let mut labels = shared.clone();
            labels.extend(label.map(|(name, value)| (name.into(), value.into())));
            let counts = matches!(suffix, "_count" | "_bucket");
            let observed = Observed {
                name: format!("{}{suffix}", metric.name).into(),
                value,
                unit: unit.clone().filter(|_| !counts),
                labels,
            };
            match measured::observed(&origin.source, observed, nanos.into(), "otlp") {
                Ok(one) => made.push(one),
                Err(wrong) => {
                    let name = &metric.name;
                    taken.refuse(|| format!("{name}: {} {}", wrong.pointer, wrong.detail));
                    return Ok(());
                }
            }
        }
        taken.take(made)
    }
}

fn parts(count: u64, sum: Option<f64>, min: Option<f64>, max: Option<f64>) -> Vec<Number> {
    let others = [("_sum", sum), ("_min", min), ("_max", max)];
    let others = others.into_iter().filter_map(|(name, value)| Some(Number::of(name, value?)));
    [Number::of("_count", count as f64)].into_iter().chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a histogram with so many buckets, after so many values.
    #[track_caller]
    fn check(taken: usize, buckets: usize, name: &str, expect: Result<usize, u16>) {
        let point = HistogramPoint {
            bucket_counts: vec![1; buckets],
            explicit_bounds: (1..buckets).map(|bound| bound as f64).collect(),
            ..HistogramPoint::default()
        };
        let metric = Metric { name: name.to_owned(), ..Metric::default() };
        let origin = Origin::of(None, &"s".into());
        let mut all = Taken::default();
        let gauge = Metric { name: "g".to_owned(), ..Metric::default() };
        let number = NumberPoint { as_int: Some(1), ..NumberPoint::default() };
        for _ in 0..taken {
            let mut gauges = Series { taken: &mut all, origin: &origin, metric: &gauge };
            gauges.number(&number).unwrap();
        }
        let mut series = Series { taken: &mut all, origin: &origin, metric: &metric };
        let got = series.histogram(&point).map_err(|error| error.status);
        assert_eq!(got.map(|()| all.events.len()), expect, "{taken} {buckets} {name}");
    }

    #[test]
    fn buckets_are_counted_before_values_are_made_of_them() {
        let most = measured::MAX_VALUES;
        check(0, 3, "h", Ok(4));
        check(1, most - 2, "h", Ok(most));
        check(1, most - 1, "h", Err(413));
        // No value is made that could be refused for its name.
        let long = "n".repeat(300);
        check(0, 3, &long, Ok(0));
        check(0, most, &long, Err(413));
    }
}
