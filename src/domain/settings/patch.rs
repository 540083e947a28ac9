//! Reading changes at the edge: `{"work.stuck_after_s": 60}` or `{"work": {"stuck_after_s": 60}}`.

use super::Settings;
use crate::domain::check::escape;
use crate::wire::{ApiError, ErrorKind, FieldError};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// New values by full name.
pub type Changes = BTreeMap<Arc<str>, f64>;

/// Reads and checks changes; a member that is null goes back to its default.
///
/// # Errors
/// 422 naming every member that is no setting or out of its range.
pub fn parse(members: &Map<String, Value>) -> Result<Changes, ApiError> {
    let mut changes = Changes::new();
    let mut errors = Vec::new();
    for (name, value) in members {
        let pointer = format!("/{}", escape(name));
        match value {
            Value::Object(inner) => {
                for (rest, value) in inner {
                    let key = format!("{name}.{rest}");
                    let pointer = format!("{pointer}/{}", escape(rest));
                    one(&key, value, pointer, &mut changes, &mut errors);
                }
            }
            value => one(name, value, pointer, &mut changes, &mut errors),
        }
    }
    if errors.is_empty() {
        return Ok(changes);
    }
    let detail = errors.first().map(|error| error.detail.clone()).unwrap_or_default();
    Err(ApiError { errors, ..ApiError::new(ErrorKind::Invalid, detail) })
}

fn one(
    key: &str,
    value: &Value,
    pointer: String,
    changes: &mut Changes,
    errors: &mut Vec<FieldError>,
) {
    let Some(setting) = Settings::named(key) else {
        errors.push(FieldError::new(pointer, format!("there is no setting {key}")));
        return;
    };
    let (min, max) = (setting.min, setting.max);
    let number = if value.is_null() { Some(setting.default) } else { value.as_f64() };
    match number.filter(|number| (min..=max).contains(number)) {
        Some(number) => {
            changes.insert(key.into(), number);
        }
        None => {
            let detail = format!("{key} must be a number from {min} to {max}");
            errors.push(FieldError::new(pointer, detail));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The changes, or where they are refused.
    #[track_caller]
    fn check(json: &str, expect: Result<&[(&str, f64)], &[&str]>) {
        let members: Map<String, Value> = serde_json::from_str(json).unwrap();
        match (parse(&members), expect) {
            (Ok(changes), Ok(expect)) => {
                let got: Vec<(&str, f64)> = changes.iter().map(|(k, v)| (&**k, *v)).collect();
                assert_eq!(got, expect, "{json}");
            }
            (Err(error), Err(expect)) => {
                assert_eq!(error.status, 422);
                let got: Vec<&str> = error.errors.iter().map(|e| e.pointer.as_str()).collect();
                assert_eq!(got, expect, "{json}");
            }
            (got, _) => panic!("{json}: {got:?}"),
        }
    }

    #[test]
    fn settings_are_read_flat_and_nested() {
        check(r#"{"work.stuck_after_s": 60}"#, Ok(&[("work.stuck_after_s", 60.0)]));
        check(r#"{"work": {"stuck_after_s": 60.5}}"#, Ok(&[("work.stuck_after_s", 60.5)]));
        check(r#"{"work.stuck_after_s": null}"#, Ok(&[("work.stuck_after_s", 300.0)]));
        check("{}", Ok(&[]));
    }

    #[test]
    fn what_cannot_be_is_named() {
        check(r#"{"work.stuck_after_s": 0}"#, Err(&["/work.stuck_after_s"]));
        check(r#"{"work.stuck_after_s": "60"}"#, Err(&["/work.stuck_after_s"]));
        check(
            r#"{"work": {"unknown": 1, "stuck_after_s": -1}}"#,
            Err(&["/work/stuck_after_s", "/work/unknown"]),
        );
        check(r#"{"nothing": 1}"#, Err(&["/nothing"]));
        check(r#"{"work.failure_rate_critical": 1.1}"#, Err(&["/work.failure_rate_critical"]));
    }

    #[test]
    fn the_range_is_said() {
        let members: Map<String, Value> =
            serde_json::from_str(r#"{"work.failure_rate_critical": 2}"#).unwrap();
        let error = parse(&members).unwrap_err();
        assert!(error.detail.contains("from 0 to 1"), "{}", error.detail);
    }
}
