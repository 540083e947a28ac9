//! A line and the marks it needs to be sent twice and count once.

use crate::intake::MAX_EVENT;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A line of the input.
#[derive(Debug)]
pub(super) struct Line {
    /// From 1.
    pub number: u64,
    /// What it holds, without its end.
    pub text: Vec<u8>,
    /// How many bytes of input it was.
    pub bytes: u64,
}

/// Gives events the `id` and `source` they lack: together they are the key by which the board
/// knows an event that it has seen.
pub(super) struct Stamper {
    source: String,
    /// Unlike that of any other run, for events that have no time to tell them apart.
    run: String,
}

impl Stamper {
    pub fn new(source: String) -> Self {
        Self { source, run: uuid::Uuid::now_v7().simple().to_string() }
    }

    /// The event of a line with its key; `None` if the line is blank.
    ///
    /// # Errors
    /// The line is not JSON, or too long for an event: no need to ask the board.
    pub fn stamp<'a>(&self, line: &'a Line) -> Result<Option<Cow<'a, str>>, String> {
        let not_json = |error: String| format!("the line is not JSON: {error}");
        let text = line.text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&line.text).trim_ascii();
        if text.is_empty() {
            return Ok(None);
        }
        if text.len() > MAX_EVENT {
            return Err(format!("larger than the {} KiB an event may have", MAX_EVENT / 1024));
        }
        let text = std::str::from_utf8(text).map_err(|error| not_json(error.to_string()))?;
        let _: &RawValue = serde_json::from_str(text).map_err(|error| not_json(said(&error)))?;
        let Ok(members) = serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(text) else {
            // Not an object: the board says what it thinks of it.
            return Ok(Some(text.into()));
        };
        Ok(Some(self.marked(line.number, text, members)))
    }

    fn marked<'a>(
        &self,
        number: u64,
        text: &'a str,
        mut members: BTreeMap<Cow<'a, str>, &'a RawValue>,
    ) -> Cow<'a, str> {
        let mut marks = String::new();
        let has = |name: &str| members.get(name).is_some_and(|value| value.get() != "null");
        let (has_id, has_source, has_time) = (has("id"), has("source"), has("time"));
        if !has_id {
            let id =
                if has_time { content_id(number, text) } else { format!("{}-{number}", self.run) };
            marks.push_str(&format!("\"id\":\"{id}\","));
        }
        if !has_source {
            let source = serde_json::Value::from(self.source.as_str());
            marks.push_str(&format!("\"source\":{source},"));
        }
        if marks.is_empty() || text.len() + marks.len() > MAX_EVENT {
            return text.into();
        }
        // A null counts as left out, but would be there twice.
        let nulls = [("id", has_id), ("source", has_source)]
            .into_iter()
            .filter(|&(name, has)| !has && members.remove(name).is_some())
            .count();
        let text = match serde_json::to_string(&members) {
            Ok(rest) if nulls > 0 => Cow::Owned(rest),
            _ => Cow::Borrowed(text),
        };
        let inner = text.strip_prefix('{').unwrap_or(&text);
        // No event is without members, but an empty object must stay JSON to be rejected as one.
        if inner.trim_start().starts_with('}') {
            marks.pop();
        }
        format!("{{{marks}{inner}").into()
    }
}

/// An id that the same line at the same place is given again.
fn content_id(number: u64, text: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&number.to_le_bytes()).update(text.as_bytes());
    let hash = hasher.finalize().to_hex();
    hash.get(..32).unwrap_or_default().to_owned()
}

/// What serde says, without `line 1`: the line is named already.
fn said(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at column ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(text: &str, number: u64) -> Result<Option<String>, String> {
        let stamper = Stamper { source: "src \"x\"".to_owned(), run: "run".to_owned() };
        let line = Line { number, text: text.into(), bytes: 0 };
        stamper.stamp(&line).map(|text| text.map(Cow::into_owned))
    }

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let stamped = stamp(text, 7).unwrap().unwrap();
        assert_eq!(stamped, expect);
        serde_json::from_str::<serde_json::Value>(&stamped).unwrap();
    }

    #[test]
    fn a_line_gets_what_it_lacks_and_keeps_every_digit() {
        check(r#"{"id":"a","source":"b","n":1.10}"#, r#"{"id":"a","source":"b","n":1.10}"#);
        check(
            r#" {"n":0.10000000000000000001} "#,
            r#"{"id":"run-7","source":"src \"x\"","n":0.10000000000000000001}"#,
        );
        check(r#"{"id":"a"}"#, r#"{"source":"src \"x\"","id":"a"}"#);
        check(
            r#"{"id":null,"n":1.10,"source":null}"#,
            r#"{"id":"run-7","source":"src \"x\"","n":1.10}"#,
        );
        check("{}", r#"{"id":"run-7","source":"src \"x\""}"#);
        check("[1]", "[1]");
    }

    #[test]
    fn a_timed_line_gets_the_same_id_again() {
        let timed = r#"{"time":"2026-01-01T00:00:00Z","type":"t"}"#;
        assert_eq!(stamp(timed, 1), stamp(timed, 1));
        assert_ne!(stamp(timed, 1), stamp(timed, 2));
    }

    #[test]
    fn blank_lines_are_passed_over_and_what_is_not_json_is_named() {
        assert_eq!(stamp(" \r", 1), Ok(None));
        assert!(stamp("{oops", 1).unwrap_err().starts_with("the line is not JSON: key must be"));
        assert!(stamp(&"x".repeat(MAX_EVENT + 1), 1).unwrap_err().starts_with("larger than"));
    }
}
