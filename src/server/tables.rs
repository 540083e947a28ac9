//! Lists as tables: `?format=csv` and `?format=ndjson` on every list that is told a page at a time.
//!
//! It stands before the lists and asks them for page after page, so that a list need know nothing of
//! tables and none can be without. Lists whose tables have columns of their own (alerts, trades,
//! metrics) make them themselves.

use super::export::{self, Format, cell};
use super::params::{self, MAX_LIMIT};
use crate::wire::{ApiError, ErrorKind, MAX_EXPORT};
use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;

/// Every list that is told as a table here, and what the file is called.
const LISTS: &[(&str, &str)] = &[
    ("/dashboard/projects", "projects"),
    ("/dashboard/projects/{project}/runs", "runs"),
    ("/api/v1/tasks", "tasks"),
    ("/api/v1/tasks/dead-letter", "dead-letters"),
    ("/api/v1/agents", "agents"),
    ("/api/v1/jobs", "jobs"),
    ("/api/v1/alert-rules", "alert-rules"),
    ("/api/v1/silences", "silences"),
    ("/api/v1/maintenance", "maintenance"),
    ("/api/v1/channels", "channels"),
    ("/api/v1/notifications", "notifications"),
    ("/api/v1/pings", "pings"),
    ("/api/v1/users", "users"),
    ("/api/v1/roles", "roles"),
    ("/api/v1/tokens", "tokens"),
    ("/api/v1/audit", "audit"),
    ("/api/v1/me/sessions", "sessions"),
    ("/api/v1/me/pins", "pins"),
];

/// Longest page that is read.
const MAX_PAGE: usize = 64 << 20;
/// Most columns of a table; what would be more is JSON in the column of the object it belongs to.
const MAX_COLUMNS: usize = 200;
/// Bytes of entries after which a table ends, and says where it goes on.
const MAX_ENTRIES: usize = 32 << 20;

/// Every list that is told as a table here.
pub fn lists() -> impl Iterator<Item = &'static str> {
    LISTS.iter().map(|(path, _)| *path)
}

/// Tells a list as a table if that is what is asked for.
pub async fn told(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let list = LISTS.iter().find(|(list, _)| Some(*list) == path).map(|(_, name)| *name);
    let (Some(name), &Method::GET) = (list, request.method()) else {
        return next.run(request).await;
    };
    let asked = match Asked::read(request.uri()) {
        Ok(asked) if asked.format == Format::Json => return next.run(request).await,
        Ok(asked) => asked,
        Err(error) => return error.into_response(),
    };
    let (parts, _) = request.into_parts();
    match table(name, asked, parts, next).await {
        Ok(table) => table,
        Err(refused) => refused,
    }
}

/// What is asked of a list.
struct Asked {
    format: Format,
    /// Most entries.
    limit: usize,
    after: Option<String>,
    /// All else, which the list understands.
    choice: Vec<(String, String)>,
}

impl Asked {
    fn read(uri: &Uri) -> Result<Self, ApiError> {
        let (mut format, mut limit, mut after, mut choice) = (None, None, None, Vec::new());
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            match &*name {
                "format" => format = Some(value.into_owned()),
                "limit" => limit = Some(value.into_owned()),
                "after" => after = Some(value.into_owned()),
                _ => choice.push((name.into_owned(), value.into_owned())),
            }
        }
        let mut errors = Vec::new();
        let format = Format::read(&format, &mut errors);
        let limit = match format {
            // The list itself says what of it cannot be.
            Format::Json => 0,
            format => format.limit(&limit, &mut errors),
        };
        params::settle(Self { format, limit, after, choice }, errors)
    }

    fn query(&self, with: &[(&str, &str)], after: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.choice).extend_pairs(with);
        query.extend_pairs(after.map(|after| ("after", after)));
        query.finish()
    }
}

/// A page of a list, as far as a table needs it.
#[derive(Deserialize)]
struct Page {
    items: Vec<Box<RawValue>>,
    #[serde(default)]
    next: Option<String>,
}

/// Asks for page after page. What refuses the first of them is the answer.
async fn table(name: &str, asked: Asked, parts: Parts, next: Next) -> Result<Response, Response> {
    let path = parts.uri.path().to_owned();
    let (mut items, mut bytes) = (Vec::new(), 0);
    let mut after = asked.after.clone();
    loop {
        let left = asked.limit.saturating_sub(items.len());
        let limit = left.min(MAX_LIMIT).to_string();
        let query = asked.query(&[("limit", &limit)], after.as_deref());
        let mut parts = parts.clone();
        parts.uri = format!("{path}?{query}").parse().map_err(|_| internal("the address"))?;
        parts.headers.remove(header::IF_NONE_MATCH);
        parts.headers.remove(header::ACCEPT_ENCODING);
        let answer = next.clone().run(Request::from_parts(parts, Body::empty())).await;
        if !answer.status().is_success() {
            return Err(answer);
        }
        let body = to_bytes(answer.into_body(), MAX_PAGE).await.map_err(|_| internal("a page"))?;
        let page: Page = serde_json::from_slice(&body).map_err(|_| internal("a page"))?;
        bytes += body.len();
        items.extend(page.items);
        after = page.next;
        if after.is_none() || items.len() >= asked.limit || bytes >= MAX_ENTRIES {
            break;
        }
    }
    let text = match asked.format {
        Format::Csv => csv(&items).map_err(|_| internal("an entry"))?,
        _ => export::ndjson(&items),
    };
    let mut response = export::file(asked.format, name, text);
    if let Some(after) = after {
        let limit = asked.limit.min(MAX_EXPORT).to_string();
        let format = if asked.format == Format::Csv { "csv" } else { "ndjson" };
        let query = asked.query(&[("format", format), ("limit", &limit)], Some(&after));
        if let Ok(link) = HeaderValue::from_str(&format!("<{path}?{query}>; rel=\"next\"")) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}

fn internal(what: &str) -> Response {
    ApiError::new(ErrorKind::Internal, format!("{what} of the list cannot be read")).into_response()
}

/// An entry with its members in the order they have in JSON.
struct Entry(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Entry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Entry(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A table with a column for every member that an entry has, in the order they come first; an object
/// has one for each of its own members (`duration_ms.p50`), an array is JSON. Nothing is an empty
/// cell. A list without entries is a table without columns.
fn csv(items: &[Box<RawValue>]) -> serde_json::Result<String> {
    let mut columns: Vec<String> = Vec::new();
    let mut rows = Vec::with_capacity(items.len());
    for item in items {
        let Entry(members) = serde_json::from_str(item.get())?;
        let mut cells = Vec::new();
        for (name, value) in members {
            match value {
                Value::Object(inner)
                    if !inner.is_empty() && columns.len() + inner.len() <= MAX_COLUMNS =>
                {
                    cells.extend(inner.into_iter().map(|(key, it)| (format!("{name}.{key}"), it)));
                }
                value => cells.push((name, value)),
            }
        }
        let mut row = vec![String::new(); columns.len()];
        for (name, value) in cells {
            let at = columns.iter().position(|column| *column == name).unwrap_or_else(|| {
                columns.push(name);
                row.push(String::new());
                columns.len() - 1
            });
            if let Some(place) = row.get_mut(at) {
                *place = plain(&value);
            }
        }
        rows.push(row);
    }
    let heads: Vec<String> = columns.iter().map(|name| cell(name)).collect();
    let mut text = heads.join(",");
    if !text.is_empty() {
        text.push_str("\r\n");
    }
    for mut row in rows {
        row.resize(columns.len(), String::new());
        text.push_str(&row.join(","));
        text.push_str("\r\n");
    }
    Ok(text)
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => cell(text),
        // A number is none of a spreadsheet's formulas, though it may begin with a minus.
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) if items.is_empty() => String::new(),
        Value::Object(members) if members.is_empty() => String::new(),
        other => cell(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(items: &[&str], expect: &str) {
        let items: Vec<Box<RawValue>> =
            items.iter().map(|item| serde_json::from_str(item).unwrap()).collect();
        assert_eq!(csv(&items).unwrap(), expect);
    }

    #[test]
    fn entries_become_rows_under_the_columns_of_all() {
        check(
            &[
                r#"{"name":"b","tags":["x","y"],"took":{"p50":1.5,"p99":null},"on":true}"#,
                r#"{"name":"=a","more":{},"tags":[],"took":{"p50":-2},"extra":"1,2"}"#,
            ],
            "name,tags,took.p50,took.p99,on,more,extra\r\n\
             b,\"[\"\"x\"\",\"\"y\"\"]\",1.5,,true,,\r\n\
             '=a,,-2,,,,\"1,2\"\r\n",
        );
        check(&[], "");
    }
}
