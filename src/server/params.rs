//! What may follow the question mark of lists, read from text. What cannot be is named, all of it at
//! once.

use crate::domain::range::point;
use crate::wire::{ApiError, ErrorKind, FieldError, Timestamp};

/// Entries of a page when nobody says how many.
pub const DEFAULT_LIMIT: usize = 50;
/// Most entries of a page.
pub const MAX_LIMIT: usize = 500;

/// A parameter, unless it is left out or empty, as forms send it.
pub fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// One of some words.
pub fn word<T>(
    name: &str,
    text: &Option<String>,
    named: fn(&str) -> Option<T>,
    all: impl Iterator<Item = &'static str>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    let text = given(text)?;
    let known = named(text);
    if known.is_none() {
        let all: Vec<_> = all.collect();
        errors.push(FieldError::new(
            format!("/{name}"),
            format!("must be one of {}", all.join(", ")),
        ));
    }
    known
}

/// How many entries a page is to have, 1 to `most`.
pub fn limit(text: &Option<String>, most: usize, errors: &mut Vec<FieldError>) -> usize {
    let Some(text) = given(text) else { return DEFAULT_LIMIT };
    let number = text.parse().ok().filter(|n| (1..=most).contains(n));
    number.unwrap_or_else(|| {
        let detail = format!("must be a whole number from 1 to {most}");
        errors.push(FieldError::new("/limit", detail));
        DEFAULT_LIMIT
    })
}

/// Where the page before ended.
pub fn position<T>(
    text: &Option<String>,
    read: impl FnOnce(&str) -> Option<T>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    let place = read(given(text)?);
    if place.is_none() {
        errors.push(FieldError::new("/after", "must be the `next` of an earlier page"));
    }
    place
}

/// The query, if nothing is wrong with it.
///
/// # Errors
/// 422 with everything that is.
pub fn settle<T>(query: T, errors: Vec<FieldError>) -> Result<T, ApiError> {
    if errors.is_empty() {
        return Ok(query);
    }
    Err(ApiError { errors, ..ApiError::new(ErrorKind::Invalid, "a query parameter cannot be") })
}

/// A time: RFC 3339 or epoch milliseconds.
pub fn moment(
    name: &str,
    text: &Option<String>,
    errors: &mut Vec<FieldError>,
) -> Option<Timestamp> {
    let time = point(given(text)?.trim());
    if time.is_none() {
        let detail = "must be an RFC 3339 date-time or epoch milliseconds";
        errors.push(FieldError::new(format!("/{name}"), detail));
    }
    time
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_ranges_read_them() {
        #[track_caller]
        fn check(text: &str, expect: Result<i64, &str>) {
            let mut errors = Vec::new();
            let time = moment("from", &Some(text.to_owned()), &mut errors);
            let wrong = errors.first().map(|error| error.pointer.as_str());
            assert_eq!(time.map(Timestamp::ms).ok_or(wrong.unwrap_or_default()), expect, "{text}");
        }
        let ms = 1_767_323_045_000;
        check("2026-01-02T03:04:05Z", Ok(ms));
        check("1767323045000", Ok(ms));
        // A plus that was not escaped.
        check("2026-01-02T04:04:05 01:00", Ok(ms));
        check("2026-01-02T04:04:05+01:00", Ok(ms));
        check("yesterday", Err("/from"));
        check("99999999999999999999", Err("/from"));
        assert_eq!(moment("from", &Some(String::new()), &mut Vec::new()), None);
    }
}
