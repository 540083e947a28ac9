//! The document, made of what the rooms tell and of what the router needs.

use super::op::{Answer, JSON, Op, named};
use super::{events, paths, shapes};
use crate::domain::access::Permissions;
use crate::server::needs::{Entry, Needs};
use crate::server::tables;
use crate::wire::{ApiError, ErrorKind};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::{PartialSchema as _, ToSchema as _};

/// What went wrong, for every status that a route may answer with.
const PROBLEMS: [(ErrorKind, &str, &str); 10] = [
    (ErrorKind::Malformed, "It cannot be read.", "the query cannot be read"),
    (ErrorKind::Unauthenticated, "No credentials, or bad ones.", "sign in first"),
    (ErrorKind::Forbidden, "A permission is missing, which is named.", "this needs view_projects"),
    (ErrorKind::NotFound, "There is no such thing.", "no project is called nobody"),
    (ErrorKind::Conflict, "It cannot be as things stand.", "there is a user of this name"),
    (ErrorKind::TooLarge, "The body is too large.", "the body may have at most 2 MiB"),
    (
        ErrorKind::UnsupportedMediaType,
        "The body is of a type that is not read.",
        "send the body as application/json",
    ),
    (
        ErrorKind::Invalid,
        "It can be read, but says something that cannot be.",
        "a query parameter cannot be",
    ),
    (ErrorKind::TooMany, "Too much is asked for; come back later.", "too many requests"),
    (
        ErrorKind::Unavailable,
        "It cannot be done now; come back later.",
        "the journal cannot be written",
    ),
];

/// A header, by name.
fn header(name: &str) -> Value {
    let (text, schema) = match name {
        "ETag" => (
            "What to give as `If-None-Match` to be answered 304 while nothing has changed.",
            json!({ "type": "string" }),
        ),
        "Link" => (
            "Where the next page begins, as `rel=\"next\"`; left out on the last.",
            json!({ "type": "string" }),
        ),
        "X-Step-Seconds" => ("Length of a step.", json!({ "type": "integer" })),
        "X-Total-Count" => ("How many there are in all.", json!({ "type": "integer" })),
        "Retry-After" => {
            ("Seconds after which it is worth another try.", json!({ "type": "integer" }))
        }
        "WWW-Authenticate" => ("How to show who one is.", json!({ "type": "string" })),
        _ => ("Where it is found.", json!({ "type": "string" })),
    };
    json!({ "description": text, "schema": schema })
}

fn headers(names: &[&str]) -> Value {
    names.iter().map(|name| ((*name).to_owned(), header(name))).collect::<Map<_, _>>().into()
}

fn problem(kind: ErrorKind, text: &str, detail: &str) -> Value {
    let mut example = ApiError::new(kind, detail);
    example = match kind {
        ErrorKind::Invalid => example.with_field("/limit", "must be a whole number from 1 to 500"),
        ErrorKind::Malformed => example.with_field("", detail),
        _ => example,
    };
    let names: &[&str] = match kind {
        ErrorKind::Unauthenticated => &["WWW-Authenticate"],
        ErrorKind::TooMany | ErrorKind::Unavailable => {
            example.retry_after_s = Some(1);
            &["Retry-After"]
        }
        _ => &[],
    };
    json!({
        "description": text,
        "headers": headers(names),
        "content": { "application/problem+json": { "schema": named("Problem"), "example": example } }
    })
}

/// Whether its answers carry an `ETag`.
fn tagged(op: &Op) -> bool {
    op.method == "GET"
        && op.answers.iter().any(|answer| {
            answer.status == 200 && answer.content.iter().any(|(kind, _)| *kind == JSON)
        })
        && (op.path.starts_with("/dashboard") || op.path.starts_with("/api/"))
        && op.path != "/api/v1/commands"
}

/// What it may answer besides what it does when all is well.
fn errors(op: &Op, needs: Needs) -> BTreeSet<u16> {
    let mut all: BTreeSet<u16> = op.errors.iter().copied().collect();
    all.extend([429, 503]);
    if op.path.contains('{') || !op.params.is_empty() {
        all.insert(400);
    }
    if !op.params.is_empty() {
        all.insert(422);
    }
    if !op.bodies.is_empty() {
        all.extend([400, 413, 415, 422]);
    }
    match needs {
        Needs::Nothing => {}
        Needs::Known => {
            all.insert(401);
        }
        Needs::All(_) | Needs::Page(_) | Needs::Socket(_) => all.extend([401, 403]),
    }
    if op.method != "GET" {
        // A page of another site is kept out.
        all.insert(403);
    }
    all
}

fn answer(op: &Op, answer: &Answer, example: Option<&Value>) -> Value {
    let mut content = Map::new();
    for (kind, schema) in &answer.content {
        let mut media = json!({ "schema": schema });
        if let (Some(media), Some(example), JSON) = (media.as_object_mut(), example, *kind) {
            media.insert("example".to_owned(), example.clone());
        }
        content.insert((*kind).to_owned(), media);
    }
    let mut names = answer.headers.clone();
    if answer.status == 200 && tagged(op) {
        names.push("ETag");
    }
    let mut told = json!({ "description": answer.text, "headers": headers(&names) });
    if let (Some(told), false) = (told.as_object_mut(), content.is_empty()) {
        told.insert("content".to_owned(), content.into());
    }
    told
}

/// The permissions it needs.
pub fn permissions(needs: Needs) -> Permissions {
    match needs {
        Needs::Nothing | Needs::Known => Permissions::NONE,
        Needs::All(all) | Needs::Page(all) | Needs::Socket(all) => all,
    }
}

fn operation(op: &Op, tag: &str, needs: Needs, examples: &Map<String, Value>) -> Value {
    let names: Vec<&str> = permissions(needs).iter().map(|one| one.name()).collect();
    let parts = op.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut params: Vec<Value> = parts
        .map(|name| {
            let text = op.names.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text);
            let schema = json!({ "type": "string", "minLength": 1 });
            json!({ "name": name, "in": "path", "required": true, "description": text, "schema": schema })
        })
        .collect();
    params.extend(op.params.iter().cloned());
    let mut responses: Map<String, Value> = Map::new();
    for (at, one) in op.answers.iter().enumerate() {
        let example = examples.get(op.id).filter(|_| at == 0);
        responses.insert(one.status.to_string(), answer(op, one, example));
    }
    if tagged(op) {
        responses.insert(
            "304".to_owned(),
            json!({ "description": "It is as it was.", "headers": headers(&["ETag"]) }),
        );
    }
    for status in errors(op, needs) {
        let told = match status {
            426 => json!({ "description": "It is a socket: ask to upgrade." }),
            _ => json!({ "$ref": format!("#/components/responses/Problem{status}") }),
        };
        responses.insert(status.to_string(), told);
    }
    let security = match needs {
        Needs::Nothing => json!([]),
        _ => json!([{ "bearer": names }, { "session": names }]),
    };
    let mut told = json!({
        "operationId": op.id,
        "tags": [tag],
        "summary": op.summary,
        "parameters": params,
        "responses": responses,
        "security": security,
        "x-permissions": names,
    });
    if let Some(told) = told.as_object_mut() {
        if !op.more.is_empty() {
            told.insert("description".to_owned(), op.more.into());
        }
        if !op.bodies.is_empty() {
            told.insert("requestBody".to_owned(), body(op));
        }
    }
    told
}

fn body(op: &Op) -> Value {
    let media = |(kind, schema, example): &(&'static str, Value, Value)| {
        let told = match example {
            Value::Null => json!({ "schema": schema }),
            example => json!({ "schema": schema, "example": example }),
        };
        ((*kind).to_owned(), told)
    };
    let content: Map<String, Value> = op.bodies.iter().map(media).collect();
    json!({ "required": !op.bare, "content": content })
}

/// What a server function of the pages looks like from outside.
fn for_pages(entry: &Entry, name: &str) -> Value {
    let names: Vec<&str> = permissions(entry.needs).iter().map(|one| one.name()).collect();
    let mut told = json!({
        "operationId": format!("ui_{name}_{}", entry.method.as_str().to_lowercase()),
        "tags": ["pages"],
        "summary": format!("`{name}`, as pages call it; it may change with them."),
        "responses": { "200": { "description": "What the page shows.", "content": { JSON: { "schema": {} } } } },
        "security": [{ "bearer": names }, { "session": names }],
        "x-permissions": names,
    });
    if let Some(responses) = told.get_mut("responses").and_then(Value::as_object_mut) {
        for (kind, ..) in PROBLEMS {
            let status = kind.status();
            let place = format!("#/components/responses/Problem{status}");
            responses.insert(status.to_string(), json!({ "$ref": place }));
        }
    }
    if let (Some(told), "POST") = (told.as_object_mut(), entry.method.as_str()) {
        let form = json!({ "schema": { "type": "object" } });
        told.insert("requestBody".to_owned(), json!({ "content": { super::op::FORM: form } }));
    }
    told
}

/// Schemas by name, and the names that two of them bear.
pub fn schemas(ops: &[Op]) -> (BTreeMap<String, Value>, Vec<String>) {
    let mut told: Vec<(String, Value)> = events::schemas();
    told.extend(shapes::all().into_iter().map(|(name, schema)| (name.to_owned(), schema)));
    let mut own = vec![(ApiError::name().into_owned(), ApiError::schema())];
    ApiError::schemas(&mut own);
    let derived = own.into_iter().chain(ops.iter().flat_map(|op| op.schemas.clone()));
    told.extend(
        derived.filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?))),
    );
    let (mut all, mut twice) = (BTreeMap::new(), Vec::new());
    for (name, schema) in told {
        if all.get(&name).is_some_and(|had| *had != schema) {
            twice.push(name.clone());
        }
        all.insert(name, schema);
    }
    (all, twice)
}

/// Links of doc comments as plain code.
fn plain(value: &mut Value) {
    match value {
        Value::String(text) if text.contains("[`") => {
            *text = text.replace("[`Self::", "`").replace("[`", "`").replace("`]", "`");
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Object(members) => members.values_mut().for_each(plain),
        _ => {}
    }
}

/// What is told as a table as well, if it is a list of those that are.
fn as_table(op: &Op) -> Op {
    match op.method == "GET" && tables::lists().any(|list| list == op.path) {
        true => op.clone().exports(),
        false => op.clone(),
    }
}

/// The document over these routes. What is told of a route that is not there is left out.
pub fn over(table: &[Entry], examples: &Map<String, Value>) -> Value {
    let rooms = paths::rooms();
    let mut all: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut add = |path: &str, method: &str, told: Value| {
        all.entry(path.to_owned()).or_default().insert(method.to_lowercase(), told);
    };
    let mut ops = Vec::new();
    for room in &rooms {
        for op in &room.operations {
            let op = &as_table(op);
            let same = |entry: &&Entry| entry.path == op.path && entry.method.as_str() == op.method;
            if let Some(entry) = table.iter().find(same) {
                add(op.path, op.method, operation(op, room.tag, entry.needs, examples));
                ops.push(op.clone());
            }
        }
    }
    for entry in table {
        if let Some(name) = entry.path.strip_prefix("/api/ui/") {
            add(&entry.path, entry.method.as_str(), for_pages(entry, name));
        }
    }
    let mut tags: Vec<Value> =
        rooms.iter().map(|room| json!({ "name": room.tag, "description": room.about })).collect();
    tags.push(json!({ "name": "pages", "description": "What the board's own pages call; it may change with them." }));
    let responses: Map<String, Value> = PROBLEMS
        .into_iter()
        .map(|(kind, text, detail)| {
            (format!("Problem{}", kind.status()), problem(kind, text, detail))
        })
        .collect();
    let (schemas, _) = schemas(&ops);
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bellwether",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The operations board that never lies.",
            "description": "Times are RFC 3339 in UTC with milliseconds unless a name ends in `_ms`; rates are 0 to 1. Errors are problem documents (RFC 9457). Every read names its age in `as_of`.",
            "license": { "name": "MIT OR Apache-2.0" }
        },
        "servers": [{ "url": "/" }],
        "tags": tags,
        "paths": all,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "description": "An API token, or an access token of `POST /token`." },
                "session": { "type": "apiKey", "in": "cookie", "name": super::COOKIE, "description": "What `/login` sets." }
            }
        }
    });
    plain(&mut document);
    document
}
