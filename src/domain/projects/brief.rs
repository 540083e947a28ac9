//! What the overview shows of all projects together.

use super::ErrorCount;
use super::state::Totals;
use super::tally::next_hour;
use crate::domain::summary::{CountAt, Errors, RunsAt, TypeCount, Validations};
use crate::domain::window::DAY;
use crate::wire::Timestamp;

/// Types of errors the overview lists.
const TYPES: usize = 20;

/// Validation runs and errors of the last 24 hours.
pub fn brief(totals: &Totals, now: Timestamp) -> (Validations, Errors) {
    let tally = &totals.tally;
    let runs = |(at, counts): (Timestamp, Option<&super::Counts>)| {
        let c = counts.copied().unwrap_or_default();
        RunsAt { at, passed: u64::from(c.passed), failed: u64::from(c.failed) + u64::from(c.error) }
    };
    let validations = Validations {
        totals: tally.day.sum(now, DAY).over(DAY),
        trend: tally.week.series(now, 24).map(runs).collect(),
    };
    let (total, before) = (tally.errors.sum(now, DAY), tally.errors.sum_before(now, DAY));
    let by_type = tally.types.counts(now).into_iter().filter(|c| c.count > 0).take(TYPES);
    let errors = Errors {
        total,
        by_type: by_type.map(|ErrorCount { kind, count, .. }| TypeCount { kind, count }).collect(),
        trend: tally
            .errors
            .series(now, 24)
            .map(|(at, n)| CountAt { at, count: n.copied().unwrap_or(0) })
            .collect(),
        change: (before > 0).then(|| (total as f64 - before as f64) / before as f64),
    };
    (validations, errors)
}

/// The next moment at which [`brief`] says something else though nothing comes.
pub fn next(totals: &Totals, now: Timestamp) -> Option<Timestamp> {
    let runs = totals.tally.week.range(now.plus(-DAY), now).next();
    runs.map(|_| next_hour(now)).into_iter().chain(totals.tally.next(now)).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::projects::Event;
    use crate::domain::projects::state::State;
    use crate::domain::window::{HOUR, MINUTE};
    use crate::wire::Stamp;

    const NOW: i64 = 10 * DAY + 30 * MINUTE;

    /// A run for each `(how long ago, how many errors)`; it passed if it had none.
    fn totals(runs: &[(i64, u32)]) -> State {
        let mut state = State::default();
        for (seq, (ago, errors)) in runs.iter().enumerate() {
            let status = if *errors == 0 { "passed" } else { "failed" };
            let data = format!(
                r#"{{"project":"p{seq}","status":"{status}","errors":[{{"type":"E{seq}","count":{errors}}}]}}"#
            );
            let event = Event::decode("validation.completed", &data).unwrap().unwrap();
            let (at, seq, subject) = (Timestamp::from_ms(NOW - ago), seq as u64, None);
            let (source, id) = ("test".into(), seq.to_string().into());
            state.fold(&Stamp { seq, at, time: at, source, id, subject }, &event);
        }
        state
    }

    #[track_caller]
    fn check(runs: &[(i64, u32)], total: u64, by_type: &[(&str, u64)], change: Option<f64>) {
        let errors = brief(&totals(runs).totals, Timestamp::from_ms(NOW)).1;
        let types: Vec<_> = errors.by_type.iter().map(|t| (&*t.kind, t.count)).collect();
        assert_eq!((errors.total, types.as_slice(), errors.change), (total, by_type, change));
    }

    #[test]
    fn errors_of_all_projects_against_the_day_before() {
        check(&[], 0, &[], None);
        check(&[(HOUR, 2), (2 * HOUR, 3)], 5, &[("E1", 3), ("E0", 2)], None);
        check(&[(HOUR, 2), (30 * HOUR, 4)], 2, &[("E0", 2)], Some(-0.5));
        check(&[(50 * HOUR, 4)], 0, &[], None);
    }

    #[test]
    fn trends_are_dense_and_their_last_hour_still_runs() {
        let state = totals(&[(0, 0), (HOUR, 2), (23 * HOUR, 0), (25 * HOUR, 1)]);
        let (runs, errors) = brief(&state.totals, Timestamp::from_ms(NOW));
        assert_eq!((runs.totals.total, runs.totals.passed, runs.trend.len()), (3, 2, 24));
        assert_eq!(runs.trend[23].at, Timestamp::from_ms(10 * DAY));
        let seen = |i: usize| (runs.trend[i].passed, runs.trend[i].failed, errors.trend[i].count);
        assert_eq!([seen(0), seen(22), seen(23)], [(1, 0, 0), (0, 1, 2), (1, 0, 0)]);
    }

    /// Nothing changes before `next`, until there is nothing left to change.
    #[test]
    fn nothing_changes_before_it_says_so() {
        let state = totals(&[(0, 0), (3 * HOUR, 2), (40 * HOUR, 7)]);
        let mut at = Timestamp::from_ms(NOW);
        let figures = |at| {
            let (mut runs, mut errors) = brief(&state.totals, at);
            // An empty hour says nothing, whichever it is.
            runs.trend.retain(|hour| hour.passed + hour.failed > 0);
            errors.trend.retain(|hour| hour.count > 0);
            (runs, errors)
        };
        while let Some(next) = next(&state.totals, at) {
            assert!(next > at);
            assert_eq!(figures(next.plus(-1)), figures(at));
            at = next;
        }
        assert_eq!(figures(at), figures(at.plus(100 * DAY)));
    }
}
