//! Ranges of the past: how an address names them, and the steps they are shown in.
//!
//! One rule for both halves: the server reads an address with it, and pages build their links
//! from the same parameters.

use crate::wire::{ApiError, ErrorKind, FieldError, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Steps that history keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolution {
    /// Length of a step in milliseconds.
    pub step_ms: i64,
    /// How long steps are kept, in milliseconds.
    pub keep_ms: i64,
}

/// Every resolution, finest first; each divides the next.
pub const RESOLUTIONS: [Resolution; 4] = [
    Resolution { step_ms: 10 * SECOND, keep_ms: 2 * DAY },
    Resolution { step_ms: MINUTE, keep_ms: 14 * DAY },
    Resolution { step_ms: HOUR, keep_ms: 400 * DAY },
    Resolution { step_ms: DAY, keep_ms: OLDEST },
];

/// Steps that are chosen when none is asked for.
const NICE: [i64; 16] = [
    10 * SECOND,
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
    5 * DAY,
    10 * DAY,
];
/// How far the clock of whoever asks may be ahead.
const AHEAD: i64 = 5 * MINUTE;
/// Points a range has at most when no step is asked for.
const COMFORTABLE: i64 = 400;
/// Shortest and longest `window`, and longest step.
const SHORTEST: i64 = MINUTE;
const LONGEST: i64 = 400 * DAY;
/// As far back as anything is kept.
const OLDEST: i64 = 3_650 * DAY;

/// A range as it stands in an address. All are text, so that a bad one is answered with its name
/// rather than with a parser's complaint; an empty one counts as left out, as a form sends it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RangeParams {
    /// Length, up to `to`: a number and `s`, `m`, `h` or `d`, from `1m` to `400d`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// Begin, RFC 3339 or epoch milliseconds; then `window` does not count. Ten years before `to`
    /// where it is earlier than that: nothing is kept longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// End, likewise; now when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Step: `10s`, `5m`, `1d`, …; the next multiple of 10 seconds where it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

impl RangeParams {
    /// The last `window` until now.
    pub fn last(window: &str) -> Self {
        Self { window: Some(window.to_owned()), ..Self::default() }
    }

    /// Exactly this stretch, as a brush on a chart marks it.
    pub fn between(from: Timestamp, to: Timestamp) -> Self {
        let text = |at: Timestamp| Some(at.to_string());
        Self { from: text(from), to: text(to), ..Self::default() }
    }

    /// Whether a step is asked for.
    pub fn has_step(&self) -> bool {
        given(&self.step).is_some()
    }
}

/// A range in whole steps that are aligned to the epoch. It begins with the step that holds the
/// asked begin and ends with the one that holds what comes right before the asked end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct Range {
    /// Start of the first step.
    pub from: Timestamp,
    /// End of the last step; it may lie ahead, since the last step still runs.
    pub to: Timestamp,
    /// Length of a step in milliseconds. Longer than what was asked for where steps as short as
    /// that are not kept any more.
    pub step_ms: i64,
    /// Length that was asked for, in milliseconds.
    pub window_ms: i64,
}

impl Range {
    /// Most points there can be.
    pub const MAX_POINTS: i64 = 10_000;

    /// Reads the parameters as of `now`; `window` is the length when none is given.
    ///
    /// # Errors
    /// 422 naming every parameter that cannot be, and what can.
    pub fn parse(params: &RangeParams, window: &str, now: Timestamp) -> Result<Self, ApiError> {
        let mut wrong = Vec::new();
        let asked = span(params, window, now, &mut wrong);
        let step = step(params, &mut wrong);
        let (Some((from, to)), Some(step)) = (asked, step) else { return Err(refused(wrong)) };
        let length = to.since(from);
        let fitting =
            || NICE.into_iter().find(|step| length <= step * COMFORTABLE).unwrap_or(10 * DAY);
        let chosen = step.unwrap_or_else(fitting);
        // As asked for: that there may be fewer, since short steps are not kept, is no excuse.
        if Self::aligned(from, to, now, chosen).len() > Self::MAX_POINTS {
            let least = (length / (10 * SECOND * (Self::MAX_POINTS - 1)) + 1) * 10 * SECOND;
            let detail = format!(
                "would make more than {} points; it must be {} or more, or the range shorter",
                Self::MAX_POINTS,
                text(least)
            );
            return Err(refused(vec![FieldError::new("/step", detail)]));
        }
        Ok(Self::aligned(from, to, now, kept_step(from, chosen, now)))
    }

    fn aligned(from: Timestamp, to: Timestamp, now: Timestamp, step_ms: i64) -> Self {
        let (begin, end, window_ms) = (from.floor(step_ms), to.floor(step_ms), to.since(from));
        // What begins at the end is no part of it, but for what happens right now.
        let whole = end == to && end > begin && to < now;
        let to = if whole { end } else { end.plus(step_ms) };
        Self { from: begin, to, step_ms, window_ms }
    }

    /// How many points it has.
    pub const fn len(&self) -> i64 {
        self.to.since(self.from) / self.step_ms
    }

    /// Never: a range has at least one step.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Start of every step, oldest first.
    pub fn steps(&self) -> impl Iterator<Item = Timestamp> + use<> {
        let Self { from, step_ms, .. } = *self;
        (0..self.len()).map(move |i| from.plus(i * step_ms))
    }

    /// Which of [`RESOLUTIONS`] it is read from: the coarsest that divides its step.
    pub fn resolution(&self) -> usize {
        RESOLUTIONS.iter().rposition(|kept| self.step_ms % kept.step_ms == 0).unwrap_or(0)
    }

    /// How many steps that history keeps it is read from, of each series.
    pub fn reads(&self) -> i64 {
        let kept = RESOLUTIONS.get(self.resolution()).map_or(self.step_ms, |kept| kept.step_ms);
        self.len().saturating_mul(self.step_ms / kept)
    }

    /// The same stretch in steps of another length.
    pub const fn in_steps(&self, step_ms: i64) -> Self {
        let to = self.to.plus(-1).floor(step_ms).plus(step_ms);
        Self { from: self.from.floor(step_ms), to, step_ms, window_ms: self.window_ms }
    }

    /// The shortest step of `least` or more in which it has at most so many points, read from at most
    /// so many steps that history keeps; none if there is none. It is not read from finer ones than
    /// now: those need not be kept any more.
    pub fn fitting(&self, least: i64, points: i64, reads: i64) -> Option<i64> {
        let points = points.min(Self::MAX_POINTS);
        let length = self.to.since(self.from);
        let least = least.max(length / (points - 1).max(1) + 1);
        let kept = RESOLUTIONS.iter().skip(self.resolution()).map(|kept| kept.step_ms);
        let mut steps = kept.map(|kept| (least + kept - 1) / kept * kept);
        steps.find(|step| {
            let range = self.in_steps(*step);
            range.len() <= points && range.reads() <= reads
        })
    }

    /// How much of it has passed at `now`, in seconds; at least one.
    pub fn covered_s(&self, now: Timestamp) -> f64 {
        (self.to.min(now).since(self.from) as f64 / 1_000.0).max(1.0)
    }
}

/// The asked step, or the shortest that is still kept from `from` on.
fn kept_step(from: Timestamp, step: i64, now: Timestamp) -> i64 {
    let divides = RESOLUTIONS.iter().rposition(|kept| step % kept.step_ms == 0).unwrap_or(0);
    let there = RESOLUTIONS
        .iter()
        .skip(divides)
        .find(|kept| now.since(from) <= kept.keep_ms)
        .map_or(DAY, |kept| kept.step_ms);
    (step + there - 1) / there * there
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// Begin and end as they were asked for.
fn span(
    params: &RangeParams,
    window: &str,
    now: Timestamp,
    wrong: &mut Vec<FieldError>,
) -> Option<(Timestamp, Timestamp)> {
    let mut time = |name: &str, given: Option<&str>| match given.map(point) {
        Some(None) => {
            let detail = "must be an RFC 3339 date-time or epoch milliseconds";
            wrong.push(FieldError::new(format!("/{name}"), detail));
            None
        }
        Some(at) => Some(at),
        None => Some(None),
    };
    let (from, to) = (time("from", given(&params.from)), time("to", given(&params.to)));
    let length = duration(given(&params.window).unwrap_or(window))
        .filter(|length| (SHORTEST..=LONGEST).contains(length));
    if length.is_none() {
        let detail = "must be a number and s, m, h or d (15m, 24h, 30d), from 1m to 400d";
        wrong.push(FieldError::new("/window", detail));
    }
    let (from, to, length) = (from?, to?, length?);
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        wrong.push(FieldError::new("/from", "must not be later than `to`"));
        return None;
    }
    let to = to.map_or(now, |to| to.min(now));
    if from.is_some_and(|from| from > to.plus(AHEAD)) {
        wrong.push(FieldError::new("/from", "must not be later than now"));
        return None;
    }
    let from = from.map_or_else(|| to.plus(-length), |from| from.min(to));
    Some((from.max(to.plus(-OLDEST)).max(Timestamp::from_ms(0)), to))
}

/// The asked step; `Some(None)` if none was.
#[allow(clippy::option_option, reason = "bad, left out and given are three cases")]
fn step(params: &RangeParams, wrong: &mut Vec<FieldError>) -> Option<Option<i64>> {
    let Some(text) = given(&params.step) else { return Some(None) };
    let step = duration(text).filter(|step| (1..=LONGEST).contains(step));
    let finest = 10 * SECOND;
    let step = step.map(|step| (step + finest - 1) / finest * finest);
    if step.is_none() {
        let detail = "must be a number and s, m, h or d (10s, 5m, 1d), above 0 and up to 400d; \
                      nothing is kept in shorter steps than 10s";
        wrong.push(FieldError::new("/step", detail));
    }
    step.map(Some)
}

fn refused(errors: Vec<FieldError>) -> ApiError {
    ApiError { errors, ..ApiError::new(ErrorKind::Invalid, "a query parameter cannot be") }
}

/// Reads `90s`, `15m`, `6h`, `30d` as milliseconds; a bare number is one of seconds, as Prometheus
/// has it.
fn duration(text: &str) -> Option<i64> {
    let (unit, bare) = match text.bytes().last()? {
        b's' => (SECOND, false),
        b'm' => (MINUTE, false),
        b'h' => (HOUR, false),
        b'd' => (DAY, false),
        _ => (SECOND, true),
    };
    let digits = text.get(..text.len() - usize::from(!bare))?;
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<i64>().ok()?.checked_mul(unit)
}

/// A length as parameters name it: the shortest text.
pub fn text(ms: i64) -> String {
    [(DAY, 'd'), (HOUR, 'h'), (MINUTE, 'm')]
        .into_iter()
        .find(|(unit, _)| ms >= *unit && ms % unit == 0)
        .map_or_else(|| format!("{}s", ms / SECOND), |(unit, name)| format!("{}{name}", ms / unit))
}

/// A point in time: RFC 3339 or epoch milliseconds.
pub fn point(text: &str) -> Option<Timestamp> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok().map(Timestamp::from_ms);
    }
    // A plus that was not escaped in an address arrives as a blank.
    text.replace(' ', "+").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-01-02T03:04:05.678Z
    const NOW: i64 = 1_767_323_045_678;

    fn params(text: &str) -> RangeParams {
        let mut params = RangeParams::default();
        for (name, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
            let value = Some(value.to_owned());
            match name {
                "window" => params.window = value,
                "from" => params.from = value,
                "to" => params.to = value,
                "step" => params.step = value,
                other => panic!("{other}"),
            }
        }
        params
    }

    /// `Ok((step in seconds, points))`, or the pointers of what is wrong.
    #[track_caller]
    fn check(text: &str, expect: Result<(i64, i64), &[&str]>) {
        let range = Range::parse(&params(text), "24h", Timestamp::from_ms(NOW));
        let got = range.map(|r| (r.step_ms / SECOND, r.len()));
        let got = got.map_err(|e| e.errors.into_iter().map(|e| e.pointer).collect::<Vec<_>>());
        let expect = expect.map_err(|all| all.iter().map(|&e| e.to_owned()).collect());
        assert_eq!(got, expect, "{text}");
    }

    #[test]
    fn windows_choose_a_step() {
        check("", Ok((300, 289)));
        check("window=1m", Ok((10, 7)));
        check("window=15m", Ok((10, 91)));
        check("window=1h", Ok((10, 361)));
        check("window=6h", Ok((60, 361)));
        check("window=24h", Ok((300, 289)));
        check("window=7d&step=", Ok((1_800, 337)));
        check("window=30d", Ok((7_200, 361)));
        check("window=400d", Ok((86_400, 401)));
        check("window=90s&step=30s", Ok((30, 4)));
        check("from=2017-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", Ok((864_000, 330)));
    }

    #[test]
    fn a_step_can_be_asked_for() {
        check("window=1h&step=5m", Ok((300, 13)));
        check("window=24h&step=1m", Ok((60, 1_441)));
        check("window=1h&step=70s", Ok((70, 53)));
        check("window=3600&step=300", Ok((300, 13)));
        check("window=7d&step=1d", Ok((86_400, 8)));
        check("window=24h&step=10s", Ok((10, 8_641)));
        check("window=1h&step=15", Ok((20, 181)));
        check("window=10m&step=1h", Ok((3_600, 2)));
    }

    #[test]
    fn steps_that_are_not_kept_any_more_become_longer() {
        check("from=2025-12-25T00:00:00Z&to=2025-12-25T01:00:00Z&step=10s", Ok((60, 60)));
        check("from=2025-12-01T00:00:00Z&to=2025-12-02T00:00:00Z", Ok((3_600, 24)));
        check("from=2025-12-01T00:00:00Z&to=2025-12-02T00:00:00Z&step=90m", Ok((7_200, 12)));
    }

    #[test]
    fn begin_and_end_can_be_given() {
        check("from=1767319445678&to=1767323045678", Ok((10, 361)));
        check("from=2026-01-02T03:04:05+01:00&step=1h", Ok((3_600, 2)));
        check("from=2026-01-02T03:04:05 01:00&step=1h", Ok((3_600, 2)));
        check("to=2026-01-02T02:00:00Z&window=1h&step=1h", Ok((3_600, 1)));
        check("to=2026-01-02T02:00:01Z&window=1h&step=1h", Ok((3_600, 2)));
        check("from=2026-01-02T02:00:00Z&to=2026-01-02T02:00:00Z", Ok((10, 1)));
        check("from=2026-01-02T03:04:05Z&step=1h", Ok((3_600, 1)));
        check("from=2026-01-02T03:04:06Z&to=2026-01-02T03:04:07Z", Ok((10, 1)));
        check("from=0&step=400d", Ok((400 * 86_400, 10)));
    }

    #[test]
    fn what_cannot_be_is_named() {
        check("window=soon", Err(&["/window"]));
        check("window=59s", Err(&["/window"]));
        check("window=401d", Err(&["/window"]));
        check("window=-1h", Err(&["/window"]));
        check("window=99999999999999d", Err(&["/window"]));
        check("window=1h&step=0s", Err(&["/step"]));
        check("window=1h&step=401d", Err(&["/step"]));
        check("window=30d&step=10s", Err(&["/step"]));
        check("window=x&step=x", Err(&["/window", "/step"]));
        check("from=yesterday", Err(&["/from"]));
        check("to=tomorrow", Err(&["/to"]));
        check("from=2027-01-01T00:00:00Z", Err(&["/from"]));
        check("from=2026-01-02T03:00:00Z&to=2026-01-02T02:00:00Z", Err(&["/from"]));
    }

    #[test]
    fn reads_within_a_step_are_the_same_range() {
        let at = |ms| Range::parse(&RangeParams::last("1h"), "1h", Timestamp::from_ms(ms)).unwrap();
        let begin = NOW - NOW % 10_000;
        assert_eq!(at(begin), at(begin + 9_999));
        assert_ne!(at(begin), at(begin + 10_000));
    }

    proptest! {
        #[test]
        fn ranges_are_whole_aligned_and_bounded(
            length in 1..600_000_i64, back in 0..800_000_i64, step in prop::option::of(1..100_000_i64),
        ) {
            let now = Timestamp::from_ms(NOW);
            let to = now.plus(-back * MINUTE);
            let mut params = RangeParams::between(to.plus(-length * MINUTE), to);
            params.step = step.map(|n| format!("{}s", n * 10));
            if let Ok(range) = Range::parse(&params, "1h", now) {
                prop_assert_eq!(range.from.ms() % range.step_ms, 0);
                prop_assert_eq!(range.to.ms() % range.step_ms, 0);
                prop_assert!(range.from <= to.plus(-length * MINUTE) && range.to >= to);
                prop_assert!((1..=Range::MAX_POINTS).contains(&range.len()));
                let kept = RESOLUTIONS[range.resolution()];
                prop_assert!(range.step_ms % kept.step_ms == 0);
                prop_assert!(now.since(to.plus(-length * MINUTE)) <= kept.keep_ms);
                prop_assert_eq!(range.steps().count() as i64, range.len());
            }
        }
    }
}
