//! What a time chart draws, and what can be asked of it.

use super::scale;
use crate::wire::Timestamp;

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A line from point to point.
    Line,
    /// A line over a faint fill.
    Area,
    /// A value that holds until the next point.
    Step,
    /// A column from each point's time to the next point's.
    Bars,
}

/// Values over time, oldest first; `None` is a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Name in the legend; unique within a chart.
    pub name: String,
    /// `accent` (as when empty), `ok`, `warn`, `crit`, `unk`, `muted` or `ink`; `s1` to `s12` where
    /// many series of a kind are told apart, each by a colour and a dash of its own.
    pub class: &'static str,
    /// Points, oldest first.
    pub points: Vec<(Timestamp, Option<f64>)>,
    /// How it is drawn.
    pub kind: Kind,
}

impl Series {
    /// The points within `from..=to`.
    pub fn within(&self, from: Timestamp, to: Timestamp) -> &[(Timestamp, Option<f64>)] {
        self.slice(from, to, 0)
    }

    /// The points within `from..=to` and the one before and after, which lines lead to.
    pub fn around(&self, from: Timestamp, to: Timestamp) -> &[(Timestamp, Option<f64>)] {
        self.slice(from, to, 1)
    }

    fn slice(&self, from: Timestamp, to: Timestamp, more: usize) -> &[(Timestamp, Option<f64>)] {
        let start = self.points.partition_point(|p| p.0 < from).saturating_sub(more);
        let end = self.points.partition_point(|p| p.0 <= to).saturating_add(more);
        self.points.get(start..end.min(self.points.len())).unwrap_or_default()
    }

    /// The value at exactly this time.
    pub fn at(&self, t: Timestamp) -> Option<f64> {
        let i = self.points.partition_point(|p| p.0 < t);
        self.points.get(i).filter(|p| p.0 == t).and_then(|p| finite(p.1))
    }

    /// The newest value within `from..=to`.
    pub fn latest(&self, from: Timestamp, to: Timestamp) -> Option<f64> {
        self.within(from, to).iter().rev().find_map(|p| finite(p.1))
    }

    /// The lowest and highest value within `from..=to`.
    pub fn extent(&self, from: Timestamp, to: Timestamp) -> Option<(f64, f64)> {
        scale::extent(self.within(from, to).iter().map(|p| p.1))
    }

    /// The shortest time between two points, in milliseconds; 0 when there are not two.
    pub fn interval(&self) -> i64 {
        let gaps = self.points.windows(2).filter_map(|pair| match pair {
            [a, b] => Some(b.0.since(a.0)),
            _ => None,
        });
        gaps.filter(|ms| *ms > 0).min().unwrap_or(0)
    }
}

/// All times within `from..=to` at which a series has a value, in order, each once.
pub fn times<'a>(
    series: impl Iterator<Item = &'a Series>,
    from: Timestamp,
    to: Timestamp,
) -> Vec<Timestamp> {
    let mut out: Vec<Timestamp> = series
        .flat_map(|s| s.within(from, to))
        .filter(|p| finite(p.1).is_some())
        .map(|p| p.0)
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}

fn finite(v: Option<f64>) -> Option<f64> {
    v.filter(|v| v.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[track_caller]
    fn check(from: i64, to: i64, within: usize, around: usize, latest: Option<f64>) {
        let points = vec![(t(0), Some(1.0)), (t(10), Some(5.0)), (t(20), None), (t(30), Some(2.0))];
        let s = Series { name: "s".into(), class: "", points, kind: Kind::Line };
        assert_eq!(s.within(t(from), t(to)).len(), within);
        assert_eq!(s.around(t(from), t(to)).len(), around);
        assert_eq!(s.latest(t(from), t(to)), latest);
    }

    #[test]
    fn ranges_may_be_anything() {
        check(0, 30, 4, 4, Some(2.0));
        check(5, 25, 2, 4, Some(5.0));
        check(20, 20, 1, 3, None);
        check(100, 200, 0, 1, None);
        check(30, 0, 0, 0, None);
    }
}
