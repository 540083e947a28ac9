//! One operation of the interface, as its room tells it.

use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

/// Media type of JSON.
pub const JSON: &str = "application/json";
/// Media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";
/// Media type of a JSON value a line.
pub const NDJSON: &str = "application/x-ndjson";

/// An operation: what is asked, and how it is answered. What it needs is not told here but read
/// from the route.
#[derive(Clone)]
pub struct Op {
    /// Its method, in capitals.
    pub method: &'static str,
    /// Its path, as the router has it.
    pub path: &'static str,
    /// Its name, unique in the document.
    pub id: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What else there is to know.
    pub more: &'static str,
    /// What may follow the question mark, and headers.
    pub params: Vec<Value>,
    /// What names in the path stand for.
    pub names: Vec<(&'static str, &'static str)>,
    /// Bodies it takes: media type, schema, example.
    pub bodies: Vec<(&'static str, Value, Value)>,
    /// Whether the body may be left out.
    pub bare: bool,
    /// How it is answered when all is well.
    pub answers: Vec<Answer>,
    /// How it is answered otherwise, besides what every route may answer.
    pub errors: Vec<u16>,
    /// Schemas that it refers to.
    pub schemas: Vec<(String, RefOr<Schema>)>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// What that means.
    pub text: &'static str,
    /// Its bodies, by media type.
    pub content: Vec<(&'static str, Value)>,
    /// Headers that it carries.
    pub headers: Vec<&'static str>,
}

/// Where the schema of this name stands.
pub fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

macro_rules! methods {
    ($($name:ident = $method:literal),+) => {
        $(
            #[doc = concat!("An operation by `", $method, "`.")]
            pub fn $name(path: &'static str, id: &'static str, summary: &'static str) -> Op {
                Op::new($method, path, id, summary)
            }
        )+
    };
}

methods!(get = "GET", post = "POST", put = "PUT", patch = "PATCH", delete = "DELETE");

impl Op {
    const fn new(
        method: &'static str,
        path: &'static str,
        id: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            id,
            summary,
            more: "",
            params: Vec::new(),
            names: Vec::new(),
            bodies: Vec::new(),
            bare: false,
            answers: Vec::new(),
            errors: Vec::new(),
            schemas: Vec::new(),
        }
    }

    /// Says more.
    #[must_use]
    pub const fn more(mut self, more: &'static str) -> Self {
        self.more = more;
        self
    }

    /// Says what a name in the path stands for.
    #[must_use]
    pub fn name(mut self, name: &'static str, text: &'static str) -> Self {
        self.names.push((name, text));
        self
    }

    /// Takes these parameters.
    #[must_use]
    pub fn query(mut self, params: impl IntoIterator<Item = Value>) -> Self {
        self.params.extend(params);
        self
    }

    /// Takes a body of this type.
    #[must_use]
    pub fn takes<T: ToSchema>(mut self, example: Value) -> Self {
        let schema = self.refer::<T>();
        self.bodies.push((JSON, schema, example));
        self
    }

    /// Takes a body of this media type.
    #[must_use]
    pub fn takes_as(mut self, kind: &'static str, schema: Value, example: Value) -> Self {
        self.bodies.push((kind, schema, example));
        self
    }

    /// The body may be left out.
    #[must_use]
    pub const fn or_nothing(mut self) -> Self {
        self.bare = true;
        self
    }

    /// Is answered with a body of this type.
    #[must_use]
    pub fn answers<T: ToSchema>(self, status: u16, text: &'static str) -> Self {
        let mut op = self;
        let schema = op.refer::<T>();
        op.answers_as(status, text, [(JSON, schema)])
    }

    /// Is answered with a page of these: `{items, next, as_of}`.
    #[must_use]
    pub fn answers_list<T: ToSchema>(self, text: &'static str) -> Self {
        let mut op = self;
        let item = op.refer::<T>();
        op.answers_as(200, text, [(JSON, listed(&item))])
    }

    /// Is answered with these, and nothing around them; `Link` leads to the next page.
    #[must_use]
    pub fn answers_array<T: ToSchema>(self, text: &'static str) -> Self {
        let mut op = self;
        let item = op.refer::<T>();
        op.answers_as(200, text, [(JSON, json!({ "type": "array", "items": item }))])
    }

    /// Is answered with one of these bodies.
    #[must_use]
    pub fn answers_as(
        mut self,
        status: u16,
        text: &'static str,
        content: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Self {
        let content = content.into_iter().collect();
        self.answers.push(Answer { status, text, content, headers: Vec::new() });
        self
    }

    /// The last answer carries these headers.
    #[must_use]
    pub fn with(mut self, headers: &[&'static str]) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.headers.extend(headers);
        }
        self
    }

    /// The last answer comes as a table or a record a line as well, if `format` asks for it.
    #[must_use]
    pub fn exports(mut self) -> Self {
        self.params.push(word("format", "What the list is told as.", &["json", "csv", "ndjson"]));
        if let Some(answer) = self.answers.last_mut() {
            answer.content.push(("text/csv", json!({ "type": "string" })));
            answer.content.push((NDJSON, json!({ "type": "string" })));
        }
        self
    }

    /// May fail so.
    #[must_use]
    pub fn fails(mut self, statuses: &[u16]) -> Self {
        self.errors.extend(statuses);
        self
    }

    fn refer<T: ToSchema>(&mut self) -> Value {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
        named(&T::name())
    }
}

/// A page of these.
pub fn listed(item: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["as_of", "items", "next"],
        "properties": {
            "as_of": named("Timestamp"),
            "items": { "type": "array", "items": item },
            "next": { "type": ["string", "null"], "description": "`after` of the next page; null on the last." }
        }
    })
}

/// A parameter that may follow the question mark.
pub fn param(name: &str, text: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "description": text, "schema": schema })
}

/// A text.
pub fn text(name: &str, text: &str) -> Value {
    param(name, text, json!({ "type": "string" }))
}

/// One of some words.
pub fn word(name: &str, text: &str, words: &[&str]) -> Value {
    param(name, text, json!({ "type": "string", "enum": words }))
}

/// A time. An empty one is as good as none, here as in all that may follow the question mark.
pub fn time(name: &str, text: &str) -> Value {
    let forms = json!([
        { "type": "string", "format": "date-time" },
        { "type": "integer", "minimum": 0, "description": "Epoch milliseconds." },
        { "type": "string", "enum": [""] }
    ]);
    let text = format!("{text} RFC 3339 or epoch milliseconds.");
    let examples = json!(["2026-01-02T03:04:05Z", 1_767_323_045_000_i64]);
    param(name, &text, json!({ "anyOf": forms, "examples": examples }))
}

/// Labels that a series must have: parameters whose names are not known before. An object whose
/// members are parameters of their own (`form`, exploded) says so.
pub fn labels() -> Value {
    json!({
        "name": "label.{name}",
        "in": "query",
        "description": "`label.NAME=VALUE`, as often as there are labels: only series with all of them.",
        "style": "form",
        "explode": true,
        "schema": {
            "type": "object",
            "patternProperties": { "^label\\.": { "type": "string" } },
            "additionalProperties": false
        },
        "example": { "label.queue": "mail" }
    })
}

/// A length of time: `90s`, `15m`, `6h`, `30d`.
pub fn span(name: &str, text: &str, example: &str) -> Value {
    let schema =
        json!({ "type": "string", "pattern": "^([0-9]{1,9}[smhd]?)?$", "examples": [example] });
    param(name, text, schema)
}

/// Entries a page, and where it begins.
pub fn paged(most: u32, usual: u32) -> [Value; 2] {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": most, "default": usual });
    // Empty, as a form sends it, is left out.
    let limit = json!({
        "name": "limit", "in": "query", "description": "Entries a page.", "allowEmptyValue": true,
        "schema": limit,
    });
    [limit, text("after", "`next` of the page before.")]
}

/// An object of these members, of which some must be there.
pub fn object(required: &[&str], members: Value) -> Value {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("properties".to_owned(), members);
    Value::Object(schema)
}
