//! As much of JSON Schema (2020-12) as the document uses.

use serde_json::Value;

/// Where `value` is not what `schema` says; empty if it is.
pub fn faults(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(place) = schema["$ref"].as_str() {
        let target = root.pointer(place.strip_prefix('#').unwrap());
        let target = target.unwrap_or_else(|| panic!("{place} leads nowhere"));
        return faults(root, target, value, at);
    }
    let mut all = Vec::new();
    let mut fault = |what: String| all.push(format!("{at}: {what}"));
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    if !types.is_empty() && !types.iter().any(|kind| is(kind, value)) {
        fault(format!("{value} is no {}", types.join(" or ")));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        fault(format!("{value} is none of {}", schema["enum"]));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        fault(format!("{value} is not {}", schema["const"]));
    }
    if let Some(number) = value.as_f64() {
        let beyond = |bound: &str, is: fn(f64, f64) -> bool| {
            schema[bound].as_f64().is_some_and(|bound| is(number, bound))
        };
        if beyond("minimum", |n, b| n < b) || beyond("maximum", |n, b| n > b) {
            fault(format!("{number} is out of range"));
        }
    }
    if let Some(object) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !object.contains_key(name.as_str().unwrap()) {
                fault(format!("{name} is missing"));
            }
        }
        for (name, member) in object {
            let place = format!("{at}/{name}");
            match (schema["properties"].get(name), &schema["additionalProperties"]) {
                (Some(inner), _) => all.extend(faults(root, inner, member, &place)),
                (None, Value::Bool(false)) => all.push(format!("{place} is not known")),
                (None, inner @ Value::Object(_)) => all.extend(faults(root, inner, member, &place)),
                _ => {}
            }
        }
    }
    for (i, item) in value.as_array().into_iter().flatten().enumerate() {
        let inner =
            schema["prefixItems"].get(i).or(schema.get("items").filter(|one| one.is_object()));
        all.extend(inner.iter().flat_map(|inner| faults(root, inner, item, &format!("{at}/{i}"))));
    }
    for inner in schema["allOf"].as_array().into_iter().flatten() {
        all.extend(faults(root, inner, value, at));
    }
    for word in ["oneOf", "anyOf"] {
        let Some(any) = schema[word].as_array() else { continue };
        let tried: Vec<_> = any.iter().map(|inner| faults(root, inner, value, at)).collect();
        let fit = tried.iter().filter(|faults| faults.is_empty()).count();
        if fit == 0 || word == "oneOf" && fit > 1 {
            all.push(format!("{at}: {fit} of {word} fit; {:?}", tried.first()));
        }
    }
    all
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => value.is_null(),
    }
}
