//! Axes: where a value or a time lies in pixels, and which of them are worth a label.

use crate::ui::format::{self, Unit};
use crate::wire::Timestamp;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Steps people count time in, in milliseconds; beyond the last it doubles.
const TIME_STEPS: [i64; 18] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
];

/// More ticks than this no axis gets, whatever it is asked.
const MOST_TICKS: usize = 40;

/// Values beyond this are drawn at it, so that their difference is still a number.
const FURTHEST: f64 = 1e300;

/// The lowest and highest of the finite values; `None` if there are none.
pub fn extent(values: impl Iterator<Item = Option<f64>>) -> Option<(f64, f64)> {
    values.flatten().filter(|v| v.is_finite()).fold(None, |seen, v| {
        let v = v.clamp(-FURTHEST, FURTHEST);
        let (low, high) = seen.unwrap_or((v, v));
        Some((v.min(low), v.max(high)))
    })
}

/// A straight map from values to pixels. A range of nothing maps to the middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Linear {
    from: f64,
    span: f64,
    start: f64,
    length: f64,
}

impl Linear {
    /// `low` is drawn at `start` and `high` at `end`.
    pub fn new(low: f64, high: f64, start: f64, end: f64) -> Self {
        Self { from: low, span: high - low, start, length: end - start }
    }

    /// The pixel of a value, kept within the axis.
    pub fn at(self, v: f64) -> f64 {
        let share = if self.span > 0.0 { (v - self.from) / self.span } else { 0.5 };
        self.start + self.length * share.clamp(0.0, 1.0)
    }
}

/// An axis of values: its ends and its labelled values, lowest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Value at the bottom.
    pub low: f64,
    /// Value at the top.
    pub high: f64,
    /// Value and label of each tick.
    pub ticks: Vec<(f64, String)>,
}

/// An axis around `low..=high` with about `wanted` ticks that are round in `unit`.
/// With `top` it ends exactly there, unless values reach higher.
pub fn value_axis(low: f64, high: f64, top: Option<f64>, unit: Unit, wanted: usize) -> Axis {
    let (mut low, mut high) = (low.min(high), high.max(low));
    let top = top.filter(|top| top.is_finite() && *top >= high);
    if high - low <= high.abs().max(low.abs()) * 1e-12 {
        let room = if high == 0.0 { 1.0 } else { high.abs() * 0.1 };
        (low, high) = if low != 0.0 { (low - room, high + room) } else { (low, high + room) };
    }
    let high = top.filter(|top| *top > low).unwrap_or(high);
    let step = value_step((high - low) / wanted.max(1) as f64, unit);
    let (first, last) = ((low / step).floor(), (high / step).ceil());
    let mut values: Vec<f64> = (0..MOST_TICKS)
        .map(|i| (first + i as f64) * step)
        .take_while(|v| *v <= last * step + step * 0.01)
        .collect();
    // Multiplying back may land a rounding error inside the values.
    let (low, mut end) = (low.min(first * step), high.max(last * step));
    if let Some(top) = top.filter(|top| *top > low) {
        values.retain(|v| *v <= top);
        end = top;
    }
    values.dedup();
    let mut labels: Vec<String> = values.iter().map(|v| unit.tick(*v)).collect();
    if labels.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        labels = values.iter().map(|v| unit.text(*v)).collect();
    }
    Axis { low, high: end, ticks: values.into_iter().zip(labels).collect() }
}

/// The smallest round step that is at least `least`.
fn value_step(least: f64, unit: Unit) -> f64 {
    let least = if least.is_finite() && least > 1e-300 { least } else { 1.0 };
    match unit {
        Unit::Count => decimal_step(least.max(1.0)),
        Unit::Bytes | Unit::BytesPerS => {
            let mut step = 1.0;
            while step < least {
                step *= 2.0;
            }
            step
        }
        Unit::Ms if least > SECOND as f64 * 0.5 => {
            let day = DAY as f64;
            TIME_STEPS
                .iter()
                .map(|s| *s as f64)
                .find(|s| *s >= least)
                .unwrap_or_else(|| decimal_step(least / day) * day)
        }
        _ => decimal_step(least),
    }
}

/// 1, 2 or 5 times a power of ten, at least `least`.
fn decimal_step(least: f64) -> f64 {
    let mut power = 1.0;
    while power > least {
        power /= 10.0;
    }
    while power * 10.0 <= least {
        power *= 10.0;
    }
    // Dividing leaves 0.0999…; such a step must count as 0.1.
    let fits = |m: f64| (m * power >= least * 0.999_999).then_some(m * power);
    fits(1.0).or_else(|| fits(2.0)).or_else(|| fits(5.0)).unwrap_or(10.0 * power)
}

/// Aligned times in `from..=to`, about `wanted` of them, with a label each: a time of day, or the
/// date where a day begins.
pub fn time_ticks(from: Timestamp, to: Timestamp, wanted: usize) -> Vec<(Timestamp, String)> {
    let span = to.since(from);
    let least = span / (wanted.max(1) as i64);
    let mut step = TIME_STEPS.iter().copied().find(|s| *s >= least).unwrap_or(DAY);
    while step < least {
        step = step.saturating_mul(2);
    }
    let first = match from.floor(step) {
        floor if floor < from => floor.plus(step),
        floor => floor,
    };
    (0..MOST_TICKS as i64)
        .map(|i| first.plus(step.saturating_mul(i)))
        .take_while(|t| *t <= to)
        .map(|t| (t, time_label(t, step)))
        .collect()
}

fn time_label(t: Timestamp, step: i64) -> String {
    // Where steps are seconds, a midnight reads better as a time.
    if step < MINUTE {
        format::clock(t)
    } else if t.floor(DAY) == t {
        format::day(t)
    } else {
        format::minute(t)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(low: f64, high: f64, top: Option<f64>, unit: Unit, expect: &str) {
        let axis = value_axis(low, high, top, unit, 4);
        let labels: Vec<String> = axis.ticks.iter().map(|t| t.1.replace('\u{a0}', " ")).collect();
        assert_eq!(labels.join(" | "), expect);
    }

    #[test]
    fn values_get_round_ticks_in_their_own_unit() {
        check(0.0, 73.0, None, Unit::Count, "0 | 20 | 40 | 60 | 80");
        check(0.0, 1.0, None, Unit::Count, "0 | 1");
        check(0.912, 0.996, None, Unit::Ratio, "90 % | 95 % | 100 %");
        check(0.0, 0.6, Some(1.0), Unit::Ratio, "0 % | 50 % | 100 %");
        check(0.0, 90.0, Some(95.0), Unit::Score, "0 | 50");
        check(0.0, 100_000.0, None, Unit::Ms, "0 | 30 s | 1 min | 1 min 30 s | 2 min");
        check(0.0, 210.0, None, Unit::Ms, "0 | 100 ms | 200 ms | 300 ms");
        check(0.0, 3e9, None, Unit::Bytes, "0 | 1 GiB | 2 GiB | 3 GiB");
        check(-0.2, 0.1, None, Unit::Number, "-0.2 | -0.1 | 0 | 0.1");
        check(0.0, 0.0, None, Unit::Number, "0 | 0.5 | 1");
        check(
            1_284_310.0,
            1_285_900.0,
            None,
            Unit::Number,
            "1,284,000 | 1,284,500 | 1,285,000 | 1,285,500 | 1,286,000",
        );
    }

    #[track_caller]
    fn check_time(from: &str, to: &str, expect: &str) {
        let ticks = time_ticks(from.parse().unwrap(), to.parse().unwrap(), 6);
        let labels: Vec<String> = ticks.iter().map(|t| t.1.replace('\u{a0}', " ")).collect();
        assert_eq!(labels.join(" | "), expect);
    }

    #[test]
    fn times_get_aligned_ticks() {
        check_time(
            "2026-11-24T14:02:31Z",
            "2026-11-24T15:02:31Z",
            "14:10 | 14:20 | 14:30 | 14:40 | 14:50 | 15:00",
        );
        check_time(
            "2026-11-24T14:02:31Z",
            "2026-11-25T14:02:31Z",
            "18:00 | 25 Nov | 06:00 | 12:00",
        );
        check_time(
            "2026-11-24T14:02:31Z",
            "2026-11-24T14:02:34Z",
            "14:02:31 | 14:02:32 | 14:02:33 | 14:02:34",
        );
        check_time(
            "2026-11-20T14:00:00Z",
            "2026-11-24T14:00:00Z",
            "21 Nov | 22 Nov | 23 Nov | 24 Nov",
        );
        check_time("2026-11-24T14:02:31.5Z", "2026-11-24T14:02:31.5Z", "");
    }

    proptest! {
        #[test]
        fn any_axis_is_finite_and_contains_its_values(a in any::<f64>(), b in any::<f64>(), top in any::<Option<f64>>(), n in 0_usize..9) {
            for unit in [Unit::Count, Unit::Ms, Unit::Bytes, Unit::Ratio] {
                let Some((low, high)) = extent([Some(a), Some(b)].into_iter()) else { continue };
                let axis = value_axis(low, high, top, unit, n);
                prop_assert!(axis.low <= low && axis.high >= high, "{axis:?}");
                prop_assert!(axis.ticks.len() <= MOST_TICKS);
                let y = Linear::new(axis.low, axis.high, 100.0, 0.0).at(high);
                prop_assert!((0.0..=100.0).contains(&y));
            }
        }

        #[test]
        fn any_range_of_time_has_few_ticks_within_it(a in any::<i64>(), span in any::<i64>(), n in 0_usize..20) {
            let (from, to) = (Timestamp::from_ms(a / 2), Timestamp::from_ms((a / 2).saturating_add(span / 4)));
            let ticks = time_ticks(from, to, n);
            prop_assert!(ticks.len() <= MOST_TICKS && ticks.iter().all(|t| from <= t.0 && t.0 <= to));
        }
    }
}
