//! From points to SVG path data, decimated to the pixel.
//!
//! In every pixel column the first, lowest, highest and last point stay, in the order they came
//! (M4: Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014), so
//! the line looks as if all points were drawn. Coordinates are pixels with one decimal.

use crate::ui::format::push_padded;

/// A point to draw; `None` (and what is not finite) is a gap. `x` does not decrease.
pub type Point = (f64, Option<f64>);

/// A point that stayed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kept {
    /// Pixels from the left.
    pub x: f64,
    /// Pixels from the top.
    pub y: f64,
    /// Whether the line starts anew here, after a gap.
    pub starts: bool,
}

/// Path data of one series.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shape {
    /// The line.
    pub line: String,
    /// What lies between the line and its base.
    pub area: String,
    /// Lone points between gaps: zero-length strokes, to be drawn with round caps.
    pub dots: String,
}

/// How two neighbouring points are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// Straight.
    Line,
    /// The earlier value holds until the later point.
    Step,
}

#[derive(Clone, Copy)]
struct Seen {
    order: usize,
    x: f64,
    y: f64,
}

/// One pixel column while it is read.
struct Column {
    number: f64,
    starts: bool,
    first: Seen,
    low: Seen,
    high: Seen,
    last: Seen,
}

impl Column {
    fn new(number: f64, starts: bool, p: Seen) -> Self {
        Self { number, starts, first: p, low: p, high: p, last: p }
    }

    fn add(&mut self, p: Seen) {
        if p.y < self.low.y {
            self.low = p;
        }
        if p.y > self.high.y {
            self.high = p;
        }
        self.last = p;
    }

    fn emit(&self, out: &mut Vec<Kept>) {
        let (a, b) = if self.low.order < self.high.order {
            (self.low, self.high)
        } else {
            (self.high, self.low)
        };
        out.push(Kept { x: self.first.x, y: self.first.y, starts: self.starts });
        let mut order = self.first.order;
        for p in [a, b, self.last] {
            if p.order > order {
                out.push(Kept { x: p.x, y: p.y, starts: false });
                order = p.order;
            }
        }
    }
}

/// At most four points a pixel column, in one pass. A gap narrower than a column cannot be seen
/// and does not break the line; any other does.
pub fn decimate(points: &[Point]) -> Vec<Kept> {
    let mut out = Vec::new();
    let mut column: Option<Column> = None;
    let mut gap = true;
    for (order, &(x, y)) in points.iter().enumerate() {
        let Some(y) = y.filter(|y| y.is_finite() && x.is_finite()) else {
            gap = true;
            continue;
        };
        let p = Seen { order, x, y };
        match &mut column {
            Some(c) if c.number == x.floor() => c.add(p),
            _ => {
                if let Some(done) = column.take() {
                    done.emit(&mut out);
                }
                column = Some(Column::new(x.floor(), gap, p));
            }
        }
        gap = false;
    }
    if let Some(done) = column {
        done.emit(&mut out);
    }
    out
}

/// The line through `points`, its area down (or up) to `base`, and its lone points.
pub fn shape(points: &[Point], join: Join, base: f64) -> Shape {
    let kept = decimate(points);
    let mut shape = Shape::default();
    for run in kept.chunk_by(|_, next| !next.starts) {
        let Some(first) = run.first() else { continue };
        if run.len() == 1 {
            push_point(&mut shape.dots, 'M', first.x, first.y);
            shape.dots.push_str("h0");
            continue;
        }
        let start = shape.line.len();
        push_point(&mut shape.line, 'M', first.x, first.y);
        for p in run.iter().skip(1) {
            match join {
                Join::Line => push_point(&mut shape.line, 'L', p.x, p.y),
                Join::Step => {
                    push_one(&mut shape.line, 'H', p.x);
                    push_one(&mut shape.line, 'V', p.y);
                }
            }
        }
        shape.area.push_str(shape.line.get(start..).unwrap_or_default());
        push_one(&mut shape.area, 'V', base);
        push_one(&mut shape.area, 'H', first.x);
        shape.area.push('Z');
    }
    shape
}

/// Columns of `width` pixels that start at each point's `x` and stand on `base`. Where several
/// share a pixel the tallest is drawn.
pub fn bars(points: &[Point], width: f64, base: f64) -> String {
    let mut out = String::new();
    let shown = (width - (width * 0.2).min(2.0)).max(0.8);
    let mut tallest: Option<(f64, f64)> = None;
    let mut draw = |bar: Option<(f64, f64)>| {
        if let Some((x, y)) = bar.filter(|(_, y)| *y != base) {
            push_point(&mut out, 'M', x, base);
            push_one(&mut out, 'V', y);
            push_one(&mut out, 'H', x + shown);
            push_one(&mut out, 'V', base);
            out.push('Z');
        }
    };
    for &(x, y) in points {
        let Some(y) = y.filter(|y| y.is_finite() && x.is_finite()) else { continue };
        match &mut tallest {
            Some((column, best)) if column.floor() == x.floor() => {
                if (y - base).abs() > (*best - base).abs() {
                    *best = y;
                }
            }
            _ => {
                draw(tallest.take());
                tallest = Some((x, y));
            }
        }
    }
    draw(tallest);
    out
}

/// Appends a command with a point.
pub fn push_point(out: &mut String, command: char, x: f64, y: f64) {
    push_one(out, command, x);
    out.push(' ');
    push_number(out, y);
}

/// Appends a command with one coordinate.
pub fn push_one(out: &mut String, command: char, v: f64) {
    out.push(command);
    push_number(out, v);
}

/// Appends a coordinate with at most one decimal; far outside any screen it stays at ±10⁷.
fn push_number(out: &mut String, v: f64) {
    let tenths = (v * 10.0).round().clamp(-1e8, 1e8);
    let size = tenths.abs() as u64;
    if tenths < 0.0 {
        out.push('-');
    }
    push_padded(out, size / 10, 1);
    if !size.is_multiple_of(10) {
        out.push('.');
        push_padded(out, size % 10, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[track_caller]
    fn check(points: &[Point], line: &str, dots: &str) {
        let shape = shape(points, Join::Line, 10.0);
        assert_eq!((shape.line.as_str(), shape.dots.as_str()), (line, dots));
    }

    #[test]
    fn lines_break_at_gaps_and_lone_points_are_dots() {
        check(&[], "", "");
        check(&[(0.0, Some(1.0))], "", "M0 1h0");
        check(&[(0.0, Some(1.0)), (2.55, Some(-2.0))], "M0 1L2.6 -2", "");
        check(
            &[
                (0.0, Some(1.0)),
                (1.0, Some(2.0)),
                (2.0, None),
                (3.0, Some(3.0)),
                (4.0, Some(f64::NAN)),
            ],
            "M0 1L1 2",
            "M3 3h0",
        );
    }

    #[test]
    fn areas_and_steps_and_bars() {
        let points = [(0.0, Some(1.0)), (5.0, Some(2.0))];
        assert_eq!(shape(&points, Join::Line, 10.0).area, "M0 1L5 2V10H0Z");
        assert_eq!(shape(&points, Join::Step, 10.0).line, "M0 1H5V2");
        assert_eq!(bars(&points, 5.0, 10.0), "M0 10V1H4V10ZM5 10V2H9V10Z");
        assert_eq!(bars(&[(0.1, Some(5.0)), (0.2, Some(3.0))], 0.1, 10.0), "M0.1 10V3H0.9V10Z");
        assert_eq!(bars(&[(0.0, Some(10.0)), (1.0, None)], 1.0, 10.0), "", "zero has no bar");
    }

    type Extents = BTreeMap<i64, (usize, f64, f64)>;

    fn extents(points: impl Iterator<Item = (f64, f64)>) -> Extents {
        let mut out = Extents::new();
        for (x, y) in points {
            let e = out.entry(x.floor() as i64).or_insert((0, y, y));
            *e = (e.0 + 1, e.1.min(y), e.2.max(y));
        }
        out
    }

    proptest! {
        #[test]
        fn every_column_keeps_its_extremes_in_four_points(
            steps in prop::collection::vec((0.0_f64..0.7, prop::option::weighted(0.9, -50.0_f64..50.0)), 0..400)
        ) {
            let mut x = 0.0;
            let points: Vec<Point> = steps.iter().map(|&(dx, y)| { x += dx; (x, y) }).collect();
            let kept = decimate(&points);
            let before = extents(points.iter().filter_map(|&(x, y)| y.map(|y| (x, y))));
            let after = extents(kept.iter().map(|k| (k.x, k.y)));
            prop_assert_eq!(before.len(), after.len());
            for (column, (n, low, high)) in after {
                let (_, l, h) = before[&column];
                prop_assert!(n <= 4 && low == l && high == h, "column {column}");
            }
            prop_assert!(kept.is_sorted_by(|a, b| a.x <= b.x));
        }

        #[test]
        fn any_points_are_drawn_or_left_out(
            bits in prop::collection::vec((any::<u64>(), any::<u64>()), 0..50), base in any::<f64>()
        ) {
            let points: Vec<Point> =
                bits.iter().map(|&(x, y)| (f64::from_bits(x), Some(f64::from_bits(y)))).collect();
            for text in [shape(&points, Join::Step, base).area, bars(&points, base, base)] {
                prop_assert!(!text.contains("NaN") && !text.contains("inf"));
            }
        }
    }
}
