//! Durations and timestamps in the spellings that runners use.

use crate::wire::Timestamp;

/// Seconds from a `time` attribute: `1.5`, `1,234.5` (Surefire in English), `0,25` (in German),
/// `1.234,5`, `9.8e-05`. `None` for anything else and for less than zero.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let text: String = text.trim().trim_end_matches('s').split_whitespace().collect();
    let plain = match (text.rfind(','), text.rfind('.')) {
        (Some(comma), Some(dot)) if comma > dot => text.replace('.', "").replace(',', "."),
        (Some(_), Some(_)) => text.replace(',', ""),
        // Durations always have a fraction, so a lone comma is its mark.
        (Some(_), None) if text.matches(',').count() == 1 => text.replace(',', "."),
        (Some(_), None) => text.replace(',', ""),
        _ => text,
    };
    plain.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
}

/// Dates before this (2000-01-01) are a clock that was never set: jest-junit dates a suite that
/// could not be loaded 1970.
const UNSET: Timestamp = Timestamp::from_ms(946_684_800_000);

/// RFC 3339, or ISO 8601 without an offset (then UTC) or with one that lacks its colon.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let with_colon = || {
        let (head, minutes) = text.split_at_checked(text.len().checked_sub(2)?)?;
        format!("{head}:{minutes}").parse().ok()
    };
    let zulu = || format!("{text}Z").parse().ok();
    let at: Option<Timestamp> = text.parse().ok().or_else(zulu).or_else(with_colon);
    at.filter(|at| *at >= UNSET)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_in_any_locale() {
        #[track_caller]
        fn check(text: &str, expected: Option<f64>) {
            assert_eq!(seconds(text), expected, "{text}");
        }
        check("1.5", Some(1.5));
        check("0", Some(0.0));
        check("1,234.567", Some(1234.567));
        check("1.234,567", Some(1234.567));
        check("0,25", Some(0.25));
        check("1,234,567", Some(1_234_567.0));
        check("1 234.5", Some(1234.5));
        check("9.8e-05", Some(0.000_098));
        check(" 2.5s ", Some(2.5));
        for text in ["", "-1", "NaN", "inf", "soon", "1.2.3"] {
            check(text, None);
        }
    }

    #[test]
    fn timestamps_with_and_without_offset() {
        #[track_caller]
        fn check(text: &str, expected: Option<&str>) {
            assert_eq!(timestamp(text).map(|t| t.to_string()).as_deref(), expected, "{text}");
        }
        check("2026-01-02T03:04:05", Some("2026-01-02T03:04:05.000Z"));
        check("2026-01-02 03:04:05.678901", Some("2026-01-02T03:04:05.678Z"));
        check("2026-01-02T03:04:05+02:00", Some("2026-01-02T01:04:05.000Z"));
        check("2026-01-02T03:04:05+0200", Some("2026-01-02T01:04:05.000Z"));
        for text in ["", "é", "é0", "Jan 2", "2026-01-02", "1970-01-01T00:00:00"] {
            check(text, None);
        }
    }
}
