//! The rules of a project's health, each a value.

use super::Facts;
use crate::domain::health::{Rule, Seen, Severity, minute, span};
use crate::domain::projects::Counts;
use crate::domain::window::DAY;
use crate::wire::Timestamp;

pub(super) const fn nothing(_: &Facts) -> Option<String> {
    None
}

impl Facts<'_> {
    pub(super) const RULES: [Rule<Self>; 8] = [
        Self::LATE,
        Rule {
            id: "project.validation_failed",
            check: validation_failed,
            message: |f, seen| match seen.value {
                1.0 => format!("The last validation of {} failed.", f.name()),
                runs => format!("The last {runs} validations of {} failed.", f.name()),
            },
            sample: |f| f.project.streak.as_ref().and_then(|s| s.sample.clone()),
            resolve: |_, _| "One validation that passes.".to_owned(),
        },
        Self::OVERRUNNING,
        Rule {
            id: "project.success_rate",
            check: success_rate,
            message: |f, seen| {
                let (rate, n) = (seen.value * 100.0, f.day.total - f.day.skipped);
                format!("{rate:.1} % of {}'s {n} validations in 24 h passed.", f.name())
            },
            sample: nothing,
            resolve: |_, _| "At least 90 % of the validations of 24 h pass.".to_owned(),
        },
        Rule {
            id: "project.errors_rising",
            check: errors_rising,
            message: |f, _| {
                let (now, before) = (f.errors, f.errors_before);
                format!("{} had {now} errors in 24 h, after {before} in the 24 h before.", f.name())
            },
            sample: nothing,
            resolve: |_, seen| format!("At most {:.0} errors in 24 h.", seen.threshold.floor()),
        },
        Rule {
            id: "project.duration_regressed",
            check: duration_regressed,
            message: |f, seen| {
                let (now, usual) =
                    (span(seen.value as i64), span((seen.threshold / SLOWER) as i64));
                format!("Validations of {} take {now} (p95 of 24 h); {usual} was usual.", f.name())
            },
            sample: nothing,
            resolve: |_, seen| format!("A p95 of at most {}.", span(seen.threshold as i64)),
        },
        Rule {
            id: "project.stale",
            check: stale,
            message: |f, _| {
                let last = f.last_at().map(minute).unwrap_or_default();
                let usual = f.project.rhythm.usual().map(span);
                let usual = usual.map(|u| format!("; one comes every {u} as a rule"));
                format!("{} was last validated at {last}{}.", f.name(), usual.unwrap_or_default())
            },
            sample: nothing,
            resolve: |_, _| "A validation, or `archived` if it is no longer watched.".to_owned(),
        },
        Rule {
            id: "project.never_validated",
            check: never_validated,
            message: |f, _| match f.job {
                None => format!("{} has never been validated.", f.name()),
                Some(_) => format!("{} has not ended a run yet.", f.name()),
            },
            sample: nothing,
            resolve: |f, _| match f.job {
                None => "A first `validation.completed`.".to_owned(),
                Some(_) => "A first ping that ends a run.".to_owned(),
            },
        },
    ];
}

fn validation_failed(f: &Facts) -> Option<Seen> {
    let streak = f.project.streak.as_ref()?;
    Some(Seen {
        severity: Severity::Critical,
        points: 40,
        since: streak.since,
        value: f64::from(streak.runs),
        threshold: 1.0,
        unit: "count",
    })
}

/// Success rate below which a warning is due, and below which it is critical.
const RATE_WARNING: f64 = 0.9;
const RATE_CRITICAL: f64 = 0.5;
/// Runs below which a rate says little.
const RATE_RUNS: u64 = 3;

fn success_rate(f: &Facts) -> Option<Seen> {
    let rate = f.day.success_rate.filter(|&rate| rate < RATE_WARNING)?;
    if f.day.total - f.day.skipped < RATE_RUNS {
        return None;
    }
    let critical = rate < RATE_CRITICAL;
    let failed = |(at, c): (Timestamp, &Counts)| (c.failed + c.error > 0).then_some(at);
    let first = f.project.tally.day.range(f.now.plus(-DAY), f.now).find_map(failed);
    let streak = f.project.streak.as_ref().map(|s| s.since);
    Some(Seen {
        severity: if critical { Severity::Critical } else { Severity::Warning },
        // One point for every 2 % that is missing: 1 just below the threshold, 45 if all failed.
        points: (((RATE_WARNING - rate) * 50.0).round() as u32).max(1),
        since: first.into_iter().chain(streak).min().unwrap_or(f.now),
        value: rate,
        threshold: if critical { RATE_CRITICAL } else { RATE_WARNING },
        unit: "ratio",
    })
}

/// Errors below which a rise is not worth a warning, and what counts as one.
const ERRORS_MIN: u64 = 5;
const ERRORS_FACTOR: f64 = 1.5;

fn errors_rising(f: &Facts) -> Option<Seen> {
    let threshold = f.errors_before as f64 * ERRORS_FACTOR;
    if f.errors < ERRORS_MIN || f.runs_before == 0 || f.errors as f64 <= threshold {
        return None;
    }
    let first = f.project.tally.errors.range(f.now.plus(-DAY), f.now).next();
    Some(Seen {
        severity: Severity::Warning,
        points: 10,
        since: first.map_or(f.now, |(at, _)| at),
        value: f.errors as f64,
        threshold: threshold.max(ERRORS_MIN as f64 - 1.0),
        unit: "count",
    })
}

/// How much slower than its baseline a project may get.
const SLOWER: f64 = 1.5;
/// Run times below which a percentile says little: now, and in the baseline.
const DURATIONS_MIN: u64 = 5;
const BASELINE_MIN: u64 = 10;

fn duration_regressed(f: &Facts) -> Option<Seen> {
    if f.durations.count() < DURATIONS_MIN || f.baseline.count() < BASELINE_MIN {
        return None;
    }
    let (p95, threshold) = (f.durations.quantile(0.95)?, f.baseline.quantile(0.95)? * SLOWER);
    let hours = f.project.durations.hours.range(f.now.plus(-DAY), f.now);
    let mut slow = hours.filter(|(_, s)| s.max().is_some_and(|max| max > threshold));
    (p95 > threshold).then(|| Seen {
        severity: Severity::Warning,
        points: 10,
        since: slow.next().map_or(f.now, |(at, _)| at),
        value: p95,
        threshold,
        unit: "ms",
    })
}

fn stale(f: &Facts) -> Option<Seen> {
    let (deadline, last) = (f.deadline.filter(|_| f.stale())?, f.last_at()?);
    let allowed = deadline.since(last) as f64;
    Some(Seen {
        severity: Severity::Warning,
        points: 0,
        since: deadline,
        // What has passed at least: the exact figure would change every millisecond.
        value: allowed,
        threshold: allowed,
        unit: "ms",
    })
}

fn never_validated(f: &Facts) -> Option<Seen> {
    f.project.recent.is_empty().then_some(Seen {
        severity: Severity::Info,
        points: 0,
        since: f.project.first_at,
        value: 0.0,
        threshold: 1.0,
        unit: "count",
    })
}
