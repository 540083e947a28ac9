//! How a domain declares its events, and how their data is read at the edge.

mod nulls;
mod objects;

use objects::Objects;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Why the data of an event was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataError {
    /// JSON Pointer within `data`, starting with a slash; empty for the whole of it.
    pub pointer: String,
    /// What is wrong, in a sentence.
    pub detail: String,
}

impl DataError {
    /// An error at `pointer` (relative to `data`).
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// What types alone cannot say about the data of an event.
pub trait Validate {
    /// Checks lengths, ranges and what must not be empty.
    ///
    /// # Errors
    /// The first value that cannot be, with its pointer.
    fn validate(&self) -> Result<(), DataError> {
        Ok(())
    }
}

/// Reads and validates the `data` of one event. A member that may be left out may as well be null.
///
/// # Errors
/// Where in the JSON it does not fit, and why.
pub fn decode<T: DeserializeOwned + Validate>(data: &str) -> Result<T, DataError> {
    // serde would read an array as the members of a struct in order.
    if !data.trim_ascii_start().starts_with('{') {
        return Err(DataError::at("", "expected an object"));
    }
    let value: T = whole(data)
        .or_else(|error| without_nulls(data).ok_or_else(|| placed::<T>(data, &error)))?;
    value.validate()?;
    Ok(value)
}

/// The same without what is null in it, if that can be read; few send nulls where they cannot be, so
/// only what fails pays for it.
fn without_nulls<T: DeserializeOwned>(data: &str) -> Option<T> {
    let left = data.contains("null").then(|| nulls::left_out(data))?.ok()?;
    whole(&left).ok()
}

/// Reads JSON as `T`, naming the place where it does not fit.
///
/// # Errors
/// Where that is, and why.
pub fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, DataError> {
    whole(text).map_err(|error| placed::<T>(text, &error))
}

fn whole<'de, T: Deserialize<'de>>(text: &'de str) -> serde_json::Result<T> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = T::deserialize(Objects(&mut json))?;
    json.end()?;
    Ok(value)
}

/// The error with its place. Keeping track of that costs an allocation a member, so only what fails
/// pays for it.
fn placed<'de, T: Deserialize<'de>>(text: &'de str, plain: &serde_json::Error) -> DataError {
    let mut json = serde_json::Deserializer::from_str(text);
    let slow: Result<T, _> = serde_path_to_error::deserialize(Objects(&mut json));
    match slow {
        Ok(_) => DataError::at("", said(plain)),
        Err(error) => located(&error),
    }
}

fn located(error: &serde_path_to_error::Error<serde_json::Error>) -> DataError {
    let mut pointer = String::new();
    for segment in error.path() {
        use serde_path_to_error::Segment::{Enum, Map, Seq, Unknown};
        match segment {
            Seq { index } => pointer.push_str(&format!("/{index}")),
            Map { key } => pointer.push_str(&format!("/{}", check::escape(key))),
            Enum { .. } | Unknown => {}
        }
    }
    let detail = said(error.inner());
    if let Some(field) = missing_field(&detail) {
        pointer.push_str(&format!("/{}", check::escape(field)));
    }
    DataError { pointer, detail }
}

/// What serde says, without the line and column it adds: they mean nothing inside a larger body.
fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or(&text);
    if text.starts_with("invalid type")
        && [", expected an object", ", expected a map"].iter().any(|end| text.ends_with(end))
    {
        return "must be an object".to_owned();
    }
    text.to_owned()
}

fn missing_field(detail: &str) -> Option<&str> {
    detail.strip_prefix("missing field `")?.strip_suffix('`')
}

/// Checks that several vocabularies share, each naming the field it refuses.
pub mod check {
    use super::DataError;

    /// Longest name of an entity, in bytes.
    pub const MAX_NAME: usize = 200;

    /// Longest duration that is believed: a year, in milliseconds.
    pub const MAX_DURATION_MS: f64 = 366.0 * 86_400_000.0;

    /// Escapes a member name for a JSON Pointer (RFC 6901, section 3).
    pub fn escape(name: &str) -> String {
        name.replace('~', "~0").replace('/', "~1")
    }

    /// A name: 1 to [`MAX_NAME`] bytes, no control characters, no blank ends.
    ///
    /// # Errors
    /// Which of these does not hold.
    pub fn name(field: &str, value: &str) -> Result<(), DataError> {
        let wrong = if value.is_empty() {
            "must not be empty"
        } else if value.len() > MAX_NAME {
            "must be at most 200 bytes long"
        } else if value.chars().any(char::is_control) {
            "must not hold control characters"
        } else if value.trim().len() != value.len() {
            "must not begin or end with white space"
        } else {
            return Ok(());
        };
        Err(DataError::at(format!("/{field}"), wrong))
    }

    /// A [`name`] where there is one.
    ///
    /// # Errors
    /// As [`name`].
    pub fn some_name(field: &str, value: Option<&str>) -> Result<(), DataError> {
        value.map_or(Ok(()), |value| name(field, value))
    }

    /// Most entries of a list of names (tags, capabilities).
    pub const MAX_NAMES: usize = 64;

    /// At most [`MAX_NAMES`] names.
    ///
    /// # Errors
    /// As [`name`], at the entry; or that there are too many.
    pub fn names(field: &str, values: &[String]) -> Result<(), DataError> {
        if values.len() > MAX_NAMES {
            let detail = format!("must hold at most {MAX_NAMES} entries");
            return Err(DataError::at(format!("/{field}"), detail));
        }
        values.iter().enumerate().try_for_each(|(i, value)| name(&format!("{field}/{i}"), value))
    }

    /// Text of at most `max` bytes without control characters; may be empty.
    ///
    /// # Errors
    /// Which of these does not hold.
    pub fn text(field: &str, value: &str, max: usize) -> Result<(), DataError> {
        let wrong = if value.len() > max {
            format!("must be at most {max} bytes long")
        } else if value.chars().any(char::is_control) {
            "must not hold control characters".to_owned()
        } else {
            return Ok(());
        };
        Err(DataError::at(format!("/{field}"), wrong))
    }

    /// A [`text`] where there is one.
    ///
    /// # Errors
    /// As [`text`].
    pub fn some_text(field: &str, value: Option<&str>, max: usize) -> Result<(), DataError> {
        value.map_or(Ok(()), |value| text(field, value, max))
    }

    /// A number within `range` (which excludes NaN and the infinities).
    ///
    /// # Errors
    /// Names the range.
    pub fn range(field: &str, value: Option<f64>, min: f64, max: f64) -> Result<(), DataError> {
        match value {
            Some(v) if !v.is_finite() => {
                Err(DataError::at(format!("/{field}"), "must be a finite number"))
            }
            Some(v) if !(min..=max).contains(&v) => {
                Err(DataError::at(format!("/{field}"), format!("must be between {min} and {max}")))
            }
            _ => Ok(()),
        }
    }
}

/// Declares the events of a domain: `events! { Event { "project.registered" => Registered(Registered), … } }`.
///
/// Makes the enum with `TYPES`, `kind()`, `decode(kind, data)` and `encode()`.
macro_rules! events {
    ($(#[$doc:meta])* $name:ident { $($kind:literal => $variant:ident($data:ty)),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $name {
            $(#[doc = concat!("`", $kind, "`")] $variant($data),)+
        }

        impl $name {
            /// The event types of this domain.
            pub const TYPES: &[&str] = &[$($kind),+];

            /// The CloudEvents `type`.
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind,)+ }
            }

            /// Reads `data` if `kind` is of this domain.
            ///
            /// # Errors
            /// Where `data` does not fit its type.
            pub fn decode(
                kind: &str,
                data: &str,
            ) -> Option<Result<Self, $crate::domain::DataError>> {
                match kind {
                    $($kind => Some($crate::domain::vocabulary::decode(data).map(Self::$variant)),)+
                    _ => None,
                }
            }

            /// `data` as compact JSON.
            ///
            /// # Errors
            /// Never for types that came through [`Self::decode`].
            pub fn encode(&self) -> serde_json::Result<String> {
                match self { $(Self::$variant(data) => serde_json::to_string(data),)+ }
            }
        }
    };
}
pub(crate) use events;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Event;

    /// Where data is refused, and in which words; empty if it is not.
    #[track_caller]
    fn check(kind: &str, data: &str, expect: &str) {
        let read = Event::decode(kind, data).unwrap();
        let got = read.err().map(|error| format!("{} {}", error.pointer, error.detail));
        assert_eq!(got.unwrap_or_default(), expect, "{data}");
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let run = |member: &str| format!(r#"{{"project":"p","status":"failed",{member}}}"#);
        check("validation.completed", &run(r#""checks":[1]"#), "/checks must be an object");
        check("validation.completed", &run(r#""errors":["x"]"#), "/errors/0 must be an object");
        check(
            "validation.completed",
            &run(r#""errors":[{},["T"]]"#),
            "/errors/1 must be an object",
        );
        let status = "/status must be one of passed, failed, error, skipped";
        check("validation.completed", r#"{"status":7,"project":"p"}"#, status);
        let load = |load: &str| format!(r#"{{"host":"h","load":{load}}}"#);
        check("host.sampled", &load("[1,2,3,4]"), "/load must hold 3 entries");
        check("host.sampled", &load("[1,2,3]"), "");
        let finite = check::range("value", Some(f64::NAN), f64::MIN, f64::MAX).unwrap_err();
        assert_eq!(finite.detail, "must be a finite number");
    }

    #[test]
    fn what_is_null_is_left_out_wherever_it_may_be() {
        check("metric.observed", r#"{"name":"n","value":1,"labels":null}"#, "");
        check("metric.observed", r#"{"name":"n","value":1,"labels":{"a":null}}"#, "");
        let nulls = r#""errors":[{"type":null,"count":null}],"checks":{"total":null},"url":null"#;
        let run = format!(r#"{{"project":"p","status":"failed",{nulls}}}"#);
        check("validation.completed", &run, "");
        let null = "/value invalid type: null, expected f64";
        check("metric.observed", r#"{"name":"n","value":null,"labels":null}"#, null);
        // What came of a task is kept as it was sent.
        let event = Event::decode("task.completed", r#"{"task":"t","result":{"a":null}}"#);
        let kept = event.unwrap().unwrap().encode().unwrap();
        assert_eq!(kept, r#"{"task":"t","result":{"a":null}}"#);
    }
}
