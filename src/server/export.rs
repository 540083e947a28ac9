//! Lists as other programs like to have them: a record a line, or a table.

use crate::server::params::{MAX_LIMIT, given, limit};
use crate::wire::{FieldError, MAX_EXPORT};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// What a list is told as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON, a page at a time.
    Json,
    /// A JSON value a line.
    Ndjson,
    /// Comma-separated values (RFC 4180).
    Csv,
}

impl Format {
    /// The format of this name; JSON if none is asked for.
    pub fn read(text: &Option<String>, errors: &mut Vec<FieldError>) -> Self {
        match given(text) {
            None | Some("json") => Self::Json,
            Some("ndjson") => Self::Ndjson,
            Some("csv") => Self::Csv,
            Some(_) => {
                errors.push(FieldError::new("/format", "must be one of json, ndjson, csv"));
                Self::Json
            }
        }
    }

    /// How many entries an answer is to have: an export is a page as long as it may be.
    pub fn limit(self, text: &Option<String>, errors: &mut Vec<FieldError>) -> usize {
        match (self, given(text)) {
            (Self::Json, _) => limit(text, MAX_LIMIT, errors),
            (_, None) => MAX_EXPORT,
            (_, Some(_)) => limit(text, MAX_EXPORT, errors),
        }
    }
}

/// An export as a file to be kept: `name` is what it is called, without its end.
pub fn file(format: Format, name: &str, text: String) -> Response {
    let (kind, end) = match format {
        Format::Json => ("application/json", "json"),
        Format::Ndjson => ("application/x-ndjson", "ndjson"),
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
    };
    let mut response = ([(header::CONTENT_TYPE, kind)], text).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let disposition = format!("attachment; filename=\"{name}.{end}\"");
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// A JSON value a line.
pub fn ndjson<T: Serialize>(items: &[T]) -> String {
    let lines = items.iter().filter_map(|item| serde_json::to_string(item).ok());
    lines.fold(String::new(), |text, line| text + &line + "\n")
}

/// A cell of a table. What a spreadsheet would take for a formula begins with an apostrophe.
pub fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(cell(text), expect);
    }

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        check("plain", "plain");
        check("a, \"b\"", "\"a, \"\"b\"\"\"");
        check("=1+1", "'=1+1");
        check("@x,y", "\"'@x,y\"");
        check("", "");
    }
}
