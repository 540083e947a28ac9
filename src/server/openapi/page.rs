//! The document as a page: plain HTML, which needs no script.

use crate::server::markup::{self, escaped};
use serde_json::Value;
use std::fmt::Write as _;

/// Text with its `code` marked.
fn prose(text: &str) -> String {
    let mut out = String::new();
    for (i, part) in escaped(text).split('`').enumerate() {
        match i % 2 {
            0 => out.push_str(part),
            _ => {
                let _ = write!(out, "<code>{part}</code>");
            }
        }
    }
    out
}

fn said<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn each<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    value.get(member).and_then(Value::as_array).into_iter().flatten()
}

fn members<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.get(member).and_then(Value::as_object).into_iter().flatten()
}

/// What a schema allows, in a few words, with links to those it names.
fn kind(schema: &Value) -> String {
    if let Some(place) = schema.get("$ref").and_then(Value::as_str) {
        let name = escaped(place.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    let any: Vec<String> =
        ["oneOf", "anyOf", "allOf"].iter().flat_map(|word| each(schema, word)).map(kind).collect();
    if !any.is_empty() {
        let between = if schema.get("allOf").is_some() { " and " } else { " or " };
        return any.join(between);
    }
    let words: Vec<String> = each(schema, "enum")
        .chain(schema.get("const"))
        .map(|word| format!("<code>{}</code>", escaped(&word.to_string())))
        .collect();
    if !words.is_empty() {
        return words.join(" ");
    }
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => vec!["any"],
    };
    let mut told = types.join(" or ");
    match (schema.get("items"), schema.get("additionalProperties")) {
        (Some(items), _) => told = told.replace("array", &format!("list of {}", kind(items))),
        (_, Some(values @ Value::Object(_))) => {
            told = told.replace("object", &format!("map to {}", kind(values)));
        }
        _ => {}
    }
    let format = said(schema, "format");
    if !format.is_empty() {
        let _ = write!(told, " ({})", escaped(format));
    }
    let bounds = [
        ("minimum", "from"),
        ("exclusiveMinimum", "above"),
        ("maximum", "to"),
        ("default", "usually"),
    ];
    for (bound, word) in bounds {
        if let Some(value) = schema.get(bound) {
            let _ = write!(told, ", {word} {}", escaped(&value.to_string()));
        }
    }
    told
}

fn row(name: &str, must: bool, schema: &Value, text: &str) -> String {
    let must = if must { " <em>required</em>" } else { "" };
    let text = if text.is_empty() { said(schema, "description") } else { text };
    format!(
        "<tr><th scope=\"row\"><code>{}</code>{must}</th><td>{}</td><td>{}</td></tr>",
        escaped(name),
        kind(schema),
        prose(text)
    )
}

fn table(label: &str, rows: &str) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "<div class=\"api-table\" role=\"region\" aria-label=\"{0}\" tabindex=\"0\"><table><thead><tr><th \
         scope=\"col\">{0}</th><th scope=\"col\">Type</th><th scope=\"col\">Meaning</th></tr>\
         </thead><tbody>{rows}</tbody></table></div>",
        escaped(label)
    )
}

/// The members of a schema, its parts' too.
fn rows(schema: &Value) -> String {
    let must: Vec<&str> = each(schema, "required").filter_map(Value::as_str).collect();
    let own = members(schema, "properties")
        .map(|(name, one)| row(name, must.contains(&name.as_str()), one, ""));
    let mut all: String = own.collect();
    all.extend(each(schema, "allOf").map(rows));
    all
}

fn pre(label: &str, text: &str) -> String {
    format!(
        "<figure><figcaption>{label}</figcaption><pre tabindex=\"0\"><code>{}</code></pre></figure>",
        escaped(text)
    )
}

fn pretty(example: &Value) -> String {
    match example {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

/// A line that asks for it.
fn curl(method: &str, path: &str, operation: &Value) -> String {
    let mut line = String::from("curl");
    if method != "GET" {
        let _ = write!(line, " -X {method}");
    }
    if each(operation, "security").next().is_some() {
        line.push_str(" -H \"Authorization: Bearer $TOKEN\"");
    }
    let content = operation.pointer("/requestBody/content").and_then(Value::as_object);
    let first =
        content.and_then(|all| all.get("application/json").map(|one| ("application/json", one)));
    let first = first.or_else(|| content?.iter().next().map(|(kind, one)| (kind.as_str(), one)));
    if let Some((kind, media)) = first {
        let _ = write!(line, " -H 'Content-Type: {kind}'");
        match media.get("example") {
            Some(Value::String(text)) => {
                let _ = write!(line, " --data-binary '{}'", text.replace('\'', "'\\''"));
            }
            Some(Value::Object(form)) if kind.ends_with("urlencoded") => {
                for (name, value) in form {
                    let _ = write!(
                        line,
                        " --data-urlencode '{name}={}'",
                        value.as_str().unwrap_or_default()
                    );
                }
            }
            Some(example) => {
                let _ = write!(line, " -d '{}'", example.to_string().replace('\'', "'\\''"));
            }
            None => line.push_str(" --data-binary @FILE"),
        }
    }
    let asked: Vec<String> = each(operation, "parameters")
        .filter(|one| said(one, "in") == "query" && one.get("required") == Some(&Value::Bool(true)))
        .map(|one| format!("{}=…", said(one, "name")))
        .collect();
    let query = if asked.is_empty() { String::new() } else { format!("?{}", asked.join("&")) };
    let _ = write!(line, " \"$BELLWETHER{path}{query}\"");
    line
}

fn responses(operation: &Value) -> String {
    let mut rows = String::new();
    for (status, one) in members(operation, "responses") {
        let place = said(one, "$ref");
        let (text, what) = if place.is_empty() {
            let kinds = members(one, "content").map(|(media, told)| {
                format!(
                    "{} <small>{}</small>",
                    told.get("schema").map(kind).unwrap_or_default(),
                    escaped(media)
                )
            });
            (said(one, "description"), kinds.collect::<Vec<_>>().join("<br>"))
        } else {
            let name = escaped(place.rsplit('/').next().unwrap_or_default());
            ("", format!("<a href=\"#response-{name}\">{name}</a>"))
        };
        let _ = write!(
            rows,
            "<tr><th scope=\"row\">{status}</th><td>{what}</td><td>{}</td></tr>",
            prose(text)
        );
    }
    table("Answer", &rows)
}

fn operation(path: &str, method: &str, told: &Value) -> String {
    let method = method.to_uppercase();
    let id = escaped(said(told, "operationId"));
    let mut out = format!(
        "<article id=\"{id}\"><h3><span class=\"api-method\">{method}</span> <code>{}</code> <a \
         class=\"api-here\" href=\"#{id}\" aria-label=\"Link to {id}\">#</a></h3><p>{}</p>",
        escaped(path),
        prose(said(told, "summary"))
    );
    if let Some(more) = told.get("description").and_then(Value::as_str) {
        let _ = write!(out, "<p class=\"api-more\">{}</p>", prose(more));
    }
    let needs: Vec<String> = each(told, "x-permissions")
        .filter_map(Value::as_str)
        .map(|one| format!("<code>{one}</code>"))
        .collect();
    let needs = match (needs.is_empty(), each(told, "security").next()) {
        (false, _) => format!("Needs {}.", needs.join(", ")),
        (true, Some(_)) => "Needs that it is known who asks.".to_owned(),
        (true, None) => "Open to all.".to_owned(),
    };
    let _ = write!(out, "<p class=\"api-needs\">{needs}</p>");
    let params: String = each(told, "parameters")
        .map(|one| {
            let must = one.get("required") == Some(&Value::Bool(true));
            row(
                said(one, "name"),
                must,
                one.get("schema").unwrap_or(&Value::Null),
                said(one, "description"),
            )
        })
        .collect();
    out.push_str(&table("Parameter", &params));
    if let Some(body) = told.get("requestBody") {
        for (media, one) in members(body, "content") {
            let schema = one.get("schema").unwrap_or(&Value::Null);
            let _ = write!(out, "<p>Body: {} as <code>{}</code></p>", kind(schema), escaped(media));
            out.push_str(&table("Member", &rows(schema)));
        }
    }
    out.push_str(&responses(told));
    out.push_str(&pre("Ask", &curl(&method, path, told)));
    if let Some(example) = told.pointer("/responses/200/content/application~1json/example") {
        out.push_str(&pre("Answer", &pretty(example)));
    }
    out.push_str("</article>");
    out
}

fn schema(name: &str, told: &Value) -> String {
    let name = escaped(name);
    let mut out = format!(
        "<article id=\"schema-{name}\"><h3><code>{name}</code></h3><p>{}</p>",
        prose(said(told, "description"))
    );
    let rows = rows(told);
    if rows.is_empty() {
        let _ = write!(out, "<p>{}</p>", kind(told));
    }
    out.push_str(&table("Member", &rows));
    for example in each(told, "examples").take(1) {
        out.push_str(&pre("Example", &pretty(example)));
    }
    out.push_str("</article>");
    out
}

/// The whole page.
pub fn page(document: &Value) -> String {
    let (mut nav, mut main) = (String::new(), String::new());
    for tag in each(document, "tags").filter(|tag| said(tag, "name") != "pages") {
        let name = said(tag, "name");
        let _ = write!(nav, "<h2><a href=\"#{name}\">{name}</a></h2><ul>");
        let _ = write!(
            main,
            "<section id=\"{name}\"><h2>{name}</h2><p>{}</p>",
            prose(said(tag, "description"))
        );
        for (path, methods) in members(document, "paths") {
            for (method, told) in methods.as_object().into_iter().flatten() {
                if each(told, "tags").any(|one| one == name) {
                    let id = escaped(said(told, "operationId"));
                    let _ = write!(
                        nav,
                        "<li><a href=\"#{id}\"><span>{}</span> {}</a></li>",
                        method.to_uppercase(),
                        escaped(path)
                    );
                    main.push_str(&operation(path, method, told));
                }
            }
        }
        nav.push_str("</ul>");
        main.push_str("</section>");
    }
    nav.push_str("<h2><a href=\"#schemas\">schemas</a></h2>");
    main.push_str("<section id=\"problems\"><h2>problems</h2>");
    for (name, told) in members(document.get("components").unwrap_or(&Value::Null), "responses") {
        let example = told
            .pointer("/content/application~1problem+json/example")
            .map(pretty)
            .unwrap_or_default();
        let _ = write!(
            main,
            "<article id=\"response-{0}\"><h3><code>{0}</code></h3><p>{1}</p>{2}</article>",
            escaped(name),
            prose(said(told, "description")),
            pre("Answer", &example)
        );
    }
    main.push_str("</section><section id=\"schemas\"><h2>schemas</h2>");
    for (name, told) in members(document.get("components").unwrap_or(&Value::Null), "schemas") {
        main.push_str(&schema(name, told));
    }
    main.push_str("</section>");
    let intro =
        prose(document.pointer("/info/description").and_then(Value::as_str).unwrap_or_default());
    let nav = format!(
        "<nav aria-label=\"Operations\"><p><a href=\"/\">Bellwether</a> · <a href=\"/docs\">\
         Documentation</a></p>{nav}</nav>"
    );
    let main = format!(
        "<h1>Interface</h1><p>{intro}</p><p>The same for programs: <a \
         href=\"/api/openapi.json\">openapi.json</a>. In the lines below, <code>$BELLWETHER</code> is \
         where the board is, as <code>http://127.0.0.1:3000</code>, and <code>$TOKEN</code> an API \
         token; a board that is open needs none.</p>{main}"
    );
    markup::page("Interface", "api-docs", &nav, &main)
}
