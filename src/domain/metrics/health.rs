//! Whether there is room for what producers measure.

use super::state::{Refused, State};
use crate::domain::health::{Finding, Rule, Seen, Severity, findings};
use crate::domain::window::HOUR;
use crate::wire::Timestamp;

/// How long a refused value is worth a warning, in milliseconds.
const LATELY: i64 = HOUR;

/// What is found about a name, or about all of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assessment {
    /// What the rules found.
    pub findings: Vec<Finding>,
    /// The next moment at which that changes though nothing comes.
    pub next: Option<Timestamp>,
}

/// What the rules look at.
struct Facts<'a> {
    /// The metric; all of them if none.
    name: Option<&'a str>,
    refused: Refused,
    limit: usize,
    series: usize,
    lately: bool,
}

impl Facts<'_> {
    const RULES: [Rule<Self>; 1] = [Rule {
        id: "metrics.cardinality",
        check: |f| {
            let (severity, points) =
                if f.lately { (Severity::Warning, 5) } else { (Severity::Info, 0) };
            Some(Seen {
                severity,
                points,
                since: f.refused.since,
                value: roughly(f.refused.values),
                threshold: f.limit as f64,
                unit: "count",
            })
        },
        message: |f, seen| {
            let (limit, values) = (f.limit, seen.value);
            match f.name {
                Some(name) => format!(
                    "{name} has {limit} series, which is as many as a metric may have; at least \
                     {values} values of others were refused."
                ),
                None => format!(
                    "There are {limit} series of metrics, which is as many as there may be; at \
                     least {values} values of others were refused."
                ),
            }
        },
        sample: |f| {
            Some(format!(
                "{} series, at least {} values refused",
                f.series,
                roughly(f.refused.values)
            ))
        },
        resolve: |f, _| {
            let of = f.name.map_or_else(String::new, |name| format!(" of {name}"));
            format!(
                "Fewer combinations of labels{of}: leave out labels that are different for every \
                 request, user or process. Series that are silent for two days make room."
            )
        },
    }];
}

/// The first two digits of a number, the rest zeros: a sentence that changed with every value would
/// be news to everybody who watches.
fn roughly(values: u64) -> f64 {
    let zeros = values.checked_ilog10().unwrap_or(0).saturating_sub(1);
    let unit = 10_u64.saturating_pow(zeros);
    (values / unit * unit) as f64
}

/// What is found at `now` about the room of a metric; of all of them if none is named.
pub fn cardinality(state: &State, name: Option<&str>, now: Timestamp) -> Assessment {
    let limits = state.limits();
    let (refused, full, limit, series) = match name {
        Some(name) => {
            let refused = state.refused.get(name).copied().unwrap_or_default();
            (refused, state.is_full(name), limits.of_name, state.count(name))
        }
        None => (state.refused_in_all, state.is_full_in_all(), limits.in_all, state.series.len()),
    };
    if refused.values == 0 || !full {
        return Assessment::default();
    }
    let until = refused.at.plus(LATELY);
    let lately = now < until;
    let facts = Facts { name, refused, limit, series, lately };
    let subject = name.map_or_else(|| "metrics/all".to_owned(), |name| format!("metric/{name}"));
    Assessment {
        findings: findings(&Facts::RULES, &facts, &subject, "/explore"),
        next: lately.then_some(until),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Observed;
    use super::super::state::{Changes, Limits};
    use super::*;
    use crate::wire::Stamp;
    use std::collections::BTreeMap;

    /// A value for each label; then what is found, and until when.
    #[track_caller]
    fn check(labels: &[(&str, i64)], now: i64, expect: Option<(Severity, f64)>, next: Option<i64>) {
        let mut state = State::default().within(Limits { in_all: 10, of_name: 2 });
        for (label, at) in labels {
            let at = Timestamp::from_ms(*at);
            let (source, id) = ("s".into(), "i".into());
            let stamp = Stamp { seq: 1, at, time: at, source, id, subject: None };
            let labels = BTreeMap::from([("l".into(), (*label).into())]);
            let observed = Observed { name: "m".into(), value: 1.0, unit: None, labels };
            state.fold(&stamp, &observed, &mut Changes::default());
        }
        let found = cardinality(&state, Some("m"), Timestamp::from_ms(now));
        let seen = found.findings.first().map(|it| (it.severity, it.evidence.value.unwrap()));
        assert_eq!((seen, found.next.map(Timestamp::ms)), (expect, next));
        assert!(found.findings.iter().all(|it| it.subject == "metric/m"));
        assert_eq!(cardinality(&state, None, Timestamp::from_ms(now)), Assessment::default());
    }

    #[test]
    fn what_is_refused_is_a_warning_for_an_hour() {
        check(&[("1", 0), ("2", 0)], 0, None, None);
        let refused = [("1", 0), ("2", 0), ("3", 5), ("4", 7)];
        check(&refused, 7, Some((Severity::Warning, 2.0)), Some(HOUR + 7));
        check(&refused, HOUR + 7, Some((Severity::Info, 2.0)), None);
        // The silent have made room.
        let later = [("1", 0), ("2", 0), ("3", 5), ("4", 4 * 24 * HOUR)];
        check(&later, 4 * 24 * HOUR, None, None);
    }

    #[test]
    fn numbers_are_told_roughly() {
        for (values, told) in [(0, 0.0), (7, 7.0), (42, 42.0), (1_299, 1_200.0), (99_999, 99_000.0)]
        {
            assert_eq!(roughly(values), told);
        }
    }
}
