//! Spans of time as people write them: `30s`, `5m`, `24h`, `7d`.

use std::time::Duration;

/// Reads a span: a number with a unit (`ms`, `s`, `m`, `h`, `d`); seconds where it has none.
///
/// # Errors
/// It is not one, or longer than ten years.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit_s = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err(format!("unknown unit `{unit}`; write 30s, 5m, 24h or 7d")),
    };
    let seconds = number.trim().parse().map(|n: f64| n * unit_s);
    match seconds {
        Ok(s) if (0.0..=10.0 * 366.0 * 86_400.0).contains(&s) => Ok(Duration::from_secs_f64(s)),
        _ => Err("write it as 30s, 5m, 24h or 7d".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, ms: Option<u128>) {
        assert_eq!(parse(text).ok().map(|d| d.as_millis()), ms, "{text}");
    }

    #[test]
    fn reads_what_people_write() {
        check("0", Some(0));
        check("250ms", Some(250));
        check("90", Some(90_000));
        check("1.5m", Some(90_000));
        check("24h", Some(86_400_000));
        check("7 d", Some(604_800_000));
        for text in ["", "h", "-1s", "5 years", "nan", "inf", "1e99d", "1h30m"] {
            check(text, None);
        }
    }
}
