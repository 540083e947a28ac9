//! A health rule as a value: when it holds, what it says, and what would turn it green.

use super::{Evidence, Finding, Severity};
use crate::wire::Timestamp;

/// What a rule saw when it held.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// How bad.
    pub severity: Severity,
    /// Points it takes off a score.
    pub points: u32,
    /// Since when, as far as it is known.
    pub since: Timestamp,
    /// What was measured.
    pub value: f64,
    /// What it was held against.
    pub threshold: f64,
    /// Unit of both: `ratio`, `ms`, `percent`, `count`.
    pub unit: &'static str,
}

/// A rule over the facts `F` about one subject.
///
/// The sentences are made of facts alone and never say how long ago something was, since a text
/// that changes as time passes would be a change to everybody who watches.
#[derive(Debug)]
pub struct Rule<F> {
    /// Its id, as `domain.rule`.
    pub id: &'static str,
    /// Whether it holds.
    pub check: fn(&F) -> Option<Seen>,
    /// One sentence a person can act on.
    pub message: fn(&F, &Seen) -> String,
    /// Words of the source itself.
    pub sample: fn(&F) -> Option<String>,
    /// What would turn it green.
    pub resolve: fn(&F, &Seen) -> String,
}

impl<F> Rule<F> {
    /// What the rule finds, if it holds.
    pub fn find(&self, facts: &F, subject: &str, link: &str) -> Option<Finding> {
        let seen = (self.check)(facts)?;
        Some(Finding {
            rule: self.id.to_owned(),
            severity: seen.severity,
            subject: subject.to_owned(),
            message: (self.message)(facts, &seen),
            since: seen.since,
            points: seen.points,
            resolve: (self.resolve)(facts, &seen),
            source: None,
            evidence: Evidence {
                value: Some(seen.value),
                threshold: Some(seen.threshold),
                unit: Some(seen.unit.to_owned()),
                sample: (self.sample)(facts),
                link: link.to_owned(),
            },
        })
    }
}

/// What `rules` find, worst first and then in the order of the rules.
pub fn findings<F>(rules: &[Rule<F>], facts: &F, subject: &str, link: &str) -> Vec<Finding> {
    let mut found: Vec<_> = rules.iter().filter_map(|r| r.find(facts, subject, link)).collect();
    found.sort_by_key(|f| std::cmp::Reverse(f.severity));
    found
}

/// The same, sent by this source.
pub fn sent_by(mut findings: Vec<Finding>, source: &str) -> Vec<Finding> {
    for finding in &mut findings {
        finding.source = (!source.is_empty()).then(|| source.to_owned());
    }
    findings
}

/// A point in time for a sentence, to the minute.
pub fn minute(at: Timestamp) -> String {
    let (year, month, day, hour, minute, ..) = at.civil();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}

/// A length of time for a sentence, in its two largest units.
pub fn span(ms: i64) -> String {
    let s = ms / 1_000;
    let two = |a: i64, unit: &str, b: i64, small: &str| match b {
        0 => format!("{a} {unit}"),
        _ => format!("{a} {unit} {b} {small}"),
    };
    match s {
        ..1 => format!("{ms} ms"),
        1..60 => format!("{s} s"),
        60..3_600 => two(s / 60, "min", s % 60, "s"),
        3_600..86_400 => two(s / 3_600, "h", s % 3_600 / 60, "min"),
        _ => two(s / 86_400, "d", s % 86_400 / 3_600, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ms: i64, expect: &str) {
        assert_eq!(span(ms), expect);
    }

    #[test]
    fn spans_read_well() {
        check(250, "250 ms");
        check(59_999, "59 s");
        check(1_200_000, "20 min");
        check(5_400_000, "1 h 30 min");
        check(2 * 86_400_000, "2 d");
    }

    #[test]
    fn times_are_to_the_minute() {
        assert_eq!(minute(Timestamp::from_ms(951_825_600_500)), "2000-02-29 12:00 UTC");
    }
}
