//! Series as lines of a chart: what each is called, how it is told apart, and where it has gaps.

use crate::domain::metrics::{CourseOf, LabelSet, MetricCourse};
use crate::ui::chart::{Kind, Series};
use crate::wire::Timestamp;
use std::sync::Arc;

/// Colours and dashes, in the order in which series take them.
const TONES: [&str; MetricCourse::MAX_LINES] =
    ["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12"];
/// So many times the usual distance between two values is a gap.
const GAP: i64 = 3;

/// The lines of a chart, as many as can be told apart, called by the labels in which they differ, or
/// `alone` if there is but one.
pub fn lines(all: &[CourseOf], step_ms: i64, alone: &str) -> Vec<Series> {
    let told = telling(all);
    let line = |(one, class): (&CourseOf, &&'static str)| Series {
        name: if all.len() == 1 { alone.to_owned() } else { called(&one.labels, &told) },
        class,
        points: with_gaps(&one.points, step_ms),
        kind: Kind::Line,
    };
    all.iter().zip(&TONES).map(line).collect()
}

/// Labels that not all series have the same value of.
fn telling(all: &[CourseOf]) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = Vec::new();
    for name in all.iter().flat_map(|one| one.labels.keys()) {
        let first = all.first().and_then(|one| one.labels.get(name));
        let differs = || all.iter().any(|one| one.labels.get(name) != first);
        if !names.contains(name) && differs() {
            names.push(name.clone());
        }
    }
    names
}

/// A series in words: the value alone if there is one label, each with its name if there are more.
fn called(labels: &LabelSet, told: &[Arc<str>]) -> String {
    let one = |name: &Arc<str>| match labels.get(name) {
        Some(value) if told.len() == 1 => value.to_string(),
        Some(value) => format!("{name}={value}"),
        None => format!("no {name}"),
    };
    told.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The points, with a gap where far longer than usual there was no value: a line across it would
/// show what nobody measured.
fn with_gaps(points: &[(Timestamp, f64)], step_ms: i64) -> Vec<(Timestamp, Option<f64>)> {
    let mut apart: Vec<i64> =
        points.windows(2).filter_map(|two| Some(two.last()?.0.since(two.first()?.0))).collect();
    apart.sort_unstable();
    let usual = apart.get(apart.len() / 2).copied().unwrap_or(step_ms).max(step_ms);
    let mut out = Vec::with_capacity(points.len());
    let mut last: Option<Timestamp> = None;
    for (at, value) in points {
        if let Some(last) = last.filter(|last| at.since(*last) > usual.saturating_mul(GAP)) {
            out.push((last.plus(usual), None));
        }
        out.push((*at, Some(*value)));
        last = Some(*at);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(labels: &[(&str, &str)], seconds: &[i64]) -> CourseOf {
        CourseOf {
            labels: labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            points: seconds.iter().map(|s| (Timestamp::from_ms(s * 1_000), 1.0)).collect(),
        }
    }

    #[track_caller]
    fn check(all: &[CourseOf], expect: &[&str]) {
        let names: Vec<String> = lines(all, 10_000, "cpu").into_iter().map(|s| s.name).collect();
        assert_eq!(names, expect);
    }

    #[test]
    fn series_are_called_by_what_differs() {
        check(&[], &[]);
        check(&[series(&[("host", "a")], &[])], &["cpu"]);
        check(
            &[
                series(&[("host", "a"), ("az", "x")], &[]),
                series(&[("host", "b"), ("az", "x")], &[]),
            ],
            &["a", "b"],
        );
        check(
            &[
                series(&[("host", "a"), ("az", "x")], &[]),
                series(&[("host", "a"), ("az", "y")], &[]),
                series(&[("az", "x")], &[]),
            ],
            &["az=x, host=a", "az=y, host=a", "az=x, no host"],
        );
        check(&[series(&[], &[]), series(&[("host", "b")], &[])], &["no host", "b"]);
    }

    #[test]
    fn no_more_lines_than_can_be_told_apart() {
        let hosts: Vec<String> = (0..30).map(|i| format!("h{i}")).collect();
        let all: Vec<CourseOf> =
            hosts.iter().map(|h| series(&[("host", h.as_str())], &[])).collect();
        let lines = lines(&all, 10_000, "cpu");
        assert_eq!(lines.len(), MetricCourse::MAX_LINES);
        let mut tones: Vec<_> = lines.iter().map(|line| line.class).collect();
        tones.dedup();
        assert_eq!(tones.len(), MetricCourse::MAX_LINES);
    }

    #[track_caller]
    fn check_gaps(seconds: &[i64], gaps: &[i64]) {
        let all = [series(&[], seconds)];
        let drawn = lines(&all, 10_000, "cpu");
        let points = drawn.iter().flat_map(|line| &line.points);
        let found: Vec<i64> = points.filter(|p| p.1.is_none()).map(|p| p.0.ms() / 1_000).collect();
        assert_eq!(found, gaps, "{seconds:?}");
    }

    #[test]
    fn long_silence_is_a_gap() {
        check_gaps(&[], &[]);
        check_gaps(&[0], &[]);
        check_gaps(&[0, 10, 20, 30], &[]);
        check_gaps(&[0, 10, 40, 50], &[]);
        check_gaps(&[0, 10, 50, 60], &[20]);
        // What comes once a minute is no row of gaps, though a step is shorter.
        check_gaps(&[0, 60, 120, 180, 600], &[240]);
    }
}
