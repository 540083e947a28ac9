//! Lengths of time as people write them: `90s`, `5m`, `2h`, `1d`.

use crate::ui::format;
use crate::wire::ApiError;

const UNITS: [(char, f64); 4] = [('d', 86_400.0), ('h', 3_600.0), ('m', 60.0), ('s', 1.0)];

/// So many seconds; none for no text. A number without a unit is of seconds.
///
/// # Errors
/// 422 at `pointer` for what is no length of time.
pub fn seconds(text: &str, pointer: &str) -> Result<Option<f64>, ApiError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let unit = UNITS.iter().find(|(letter, _)| text.ends_with(*letter));
    let (number, times) = match unit {
        Some((letter, seconds)) => (text.trim_end_matches(*letter).trim_end(), *seconds),
        None => (text, 1.0),
    };
    let read = number.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    let wrong = || ApiError::invalid(pointer, "must be a length of time, as 90s, 5m, 2h or 1d");
    read.map(|n| Some(n * times)).ok_or_else(wrong)
}

/// So many seconds as they are written, in the largest unit that leaves none over.
pub fn written(seconds: f64) -> String {
    let fits = |(_, of): &&(char, f64)| seconds >= *of && seconds % of == 0.0;
    match UNITS.iter().find(fits) {
        Some((letter, of)) => {
            format!("{}{letter}", format::trimmed(seconds / of, 0).replace(',', ""))
        }
        None => format!("{}s", format::trimmed(seconds, 3).replace(',', "")),
    }
}

/// So many seconds in words.
pub fn said(seconds: f64) -> String {
    format::duration(seconds * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: f64, again: &str) {
        assert_eq!(seconds(text, "/for_s").unwrap(), Some(expect), "{text}");
        assert_eq!(written(expect), again);
    }

    #[test]
    fn lengths_are_read_and_written() {
        check("90", 90.0, "90s");
        check("5m", 300.0, "5m");
        check(" 2 h ", 7_200.0, "2h");
        check("1d", 86_400.0, "1d");
        check("1.5h", 5_400.0, "90m");
        check("0.5", 0.5, "0.5s");
        check("0", 0.0, "0s");
        check("2000s", 2_000.0, "2000s");
        assert_eq!(seconds("", "/for_s").unwrap(), None);
        for text in ["soon", "-1", "5 x", "m"] {
            assert_eq!(seconds(text, "/for_s").unwrap_err().errors[0].pointer, "/for_s", "{text}");
        }
    }
}
