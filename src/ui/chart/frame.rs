//! The plot's geometry: which times and values lie where.

use super::path::{self, Join, Point, Shape};
use super::scale::{Axis, Linear, value_axis};
use super::series::{Kind, Series};
use crate::ui::format::Unit;
use crate::wire::Timestamp;

/// Room at the top and bottom, for the stroke.
const PAD: f64 = 2.0;
/// Pixels a value label wants for itself.
const LABEL_HEIGHT: f64 = 44.0;

/// What stays the same while a chart lives.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// What values measure.
    pub unit: Unit,
    /// Height of the plot in pixels.
    pub height: f64,
    /// A value to mark.
    pub threshold: Option<f64>,
    /// Whether the axis includes 0.
    pub zero: bool,
    /// Where the axis ends, unless values reach higher.
    pub max: Option<f64>,
}

/// Times and values of the plot and its size in pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Left edge.
    pub from: Timestamp,
    /// Right edge, later than `from`.
    pub to: Timestamp,
    /// Pixels.
    pub width: f64,
    /// Pixels.
    pub height: f64,
    /// Values; `None` when there are none to show.
    pub axis: Option<Axis>,
}

impl Frame {
    /// Fits the axis to the values of `series` within the range.
    pub fn new<'a>(
        series: impl Iterator<Item = &'a Series>,
        (from, to): (Timestamp, Timestamp),
        width: f64,
        settings: Settings,
    ) -> Self {
        let to = to.max(from.plus(1));
        let mut bars = false;
        let extent = series
            .inspect(|s| bars |= s.kind == Kind::Bars)
            .filter_map(|s| s.extent(from, to))
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let axis = extent.map(|(mut low, mut high)| {
            let zero = (settings.zero || bars).then_some(0.0);
            for v in zero.into_iter().chain(settings.threshold.filter(|v| v.is_finite())) {
                (low, high) = (low.min(v), high.max(v));
            }
            let wanted = (settings.height / LABEL_HEIGHT).clamp(1.0, 8.0) as usize;
            value_axis(low, high, settings.max, settings.unit, wanted)
        });
        Self { from, to, width, height: settings.height, axis }
    }

    /// Pixels from the left; outside the plot for times outside the range.
    pub fn x(&self, t: Timestamp) -> f64 {
        let since = t.ms().saturating_sub(self.from.ms()) as f64;
        since / self.to.since(self.from).max(1) as f64 * self.width
    }

    /// Percent of the width from the left, within the plot.
    pub fn percent(&self, t: Timestamp) -> f64 {
        (self.x(t) / self.width.max(1.0) * 100.0).clamp(0.0, 100.0)
    }

    /// The time at a share (0 to 1) of the width.
    pub fn time(&self, share: f64) -> Timestamp {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        self.from.plus((self.to.since(self.from) as f64 * share).round() as i64)
    }

    /// The scale of values, pixels from the top.
    pub fn y(&self) -> Linear {
        let (low, high) = self.axis.as_ref().map_or((0.0, 1.0), |a| (a.low, a.high));
        Linear::new(low, high, self.height - PAD, PAD)
    }

    /// Path data of a line across at each of `values`.
    pub fn across(&self, values: impl Iterator<Item = f64>) -> String {
        let mut out = String::new();
        for v in values {
            // Half a pixel off, so that a thin line is one crisp row of pixels.
            path::push_point(&mut out, 'M', 0.0, self.y().at(v).floor() + 0.5);
            path::push_one(&mut out, 'H', self.width);
        }
        out
    }

    /// Path data of stretches of time, each as high as the plot.
    pub fn bands(&self, stretches: &[(Timestamp, Timestamp)]) -> String {
        let mut out = String::new();
        let x = |t: Timestamp| self.x(t).clamp(0.0, self.width);
        for (from, to) in stretches.iter().filter(|(from, to)| *to >= self.from && *from <= self.to)
        {
            path::push_point(&mut out, 'M', x(*from), 0.0);
            // So short a stretch is still seen.
            path::push_one(&mut out, 'H', x(*to).max(x(*from) + 1.0));
            path::push_one(&mut out, 'V', self.height);
            path::push_one(&mut out, 'H', x(*from));
            out.push('Z');
        }
        out
    }

    /// Path data of a series. Columns are an area without a line.
    pub fn shape(&self, series: &Series) -> Shape {
        if self.axis.is_none() {
            return Shape::default();
        }
        let y = self.y();
        let points: Vec<Point> = series
            .around(self.from, self.to)
            .iter()
            .map(|(t, v)| (self.x(*t), v.filter(|v| v.is_finite()).map(|v| y.at(v))))
            .collect();
        let base = y.at(0.0);
        let drawn = match series.kind {
            Kind::Line | Kind::Area => path::shape(&points, Join::Line, base),
            Kind::Step => path::shape(&points, Join::Step, base),
            Kind::Bars => {
                let interval = self.x(self.from.plus(series.interval()));
                let width = if interval > 0.0 { interval } else { self.width.min(24.0) };
                let area = path::bars(&points, width, base);
                Shape { area, ..Shape::default() }
            }
        };
        match series.kind {
            Kind::Line | Kind::Step => Shape { area: String::new(), ..drawn },
            Kind::Area | Kind::Bars => drawn,
        }
    }
}
