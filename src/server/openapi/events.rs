//! Schemas of the events that producers send: CloudEvents 1.0, a schema a type.

use super::op::{named, object};
use crate::domain::alerts::Notice;
use crate::domain::metrics::Observed;
use crate::domain::projects::{Registered, Requested, Validated};
use crate::domain::system::Sampled;
use crate::domain::trading::{Executed, Moved, Priced};
use crate::domain::work::{
    AgentMoved, AgentSeen, Cancelled, Completed, DeadLettered, Failed, Queued, Worked,
};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

/// A type of event: its name, its data, an example of these.
pub struct Kind {
    /// As `type` has it.
    pub name: &'static str,
    data: String,
    schemas: Vec<(String, RefOr<Schema>)>,
    /// Data that such an event may have.
    pub example: Value,
}

fn kind<T: ToSchema>(name: &'static str, example: Value) -> Kind {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    Kind { name, data: T::name().into_owned(), schemas, example }
}

/// Every type that a producer may send.
pub fn kinds() -> Vec<Kind> {
    vec![
        kind::<Registered>(
            "project.registered",
            json!({ "project": "payments-api", "name": "Payments", "owner": "team-pay", "tags": ["core"] }),
        ),
        kind::<Validated>(
            "validation.completed",
            json!({
                "project": "payments-api", "status": "failed", "duration_ms": 8400.0,
                "checks": { "total": 120, "passed": 119, "failed": 1, "skipped": 0 },
                "errors": [{ "type": "AssertionError", "message": "expected 3, got 2", "file": "tests/test_fees.py", "line": 41, "count": 1 }],
                "branch": "main", "commit": "9f2c1ab"
            }),
        ),
        kind::<Requested>(
            "request.observed",
            json!({ "project": "payments-api", "duration_ms": 12.5, "route": "/pay", "status_code": 200 }),
        ),
        kind::<AgentSeen>(
            "agent.online",
            json!({ "agent": "builder-1", "name": "Builder 1", "capabilities": ["rust"], "interval_s": 15.0 }),
        ),
        kind::<AgentSeen>("agent.heartbeat", json!({ "agent": "builder-1" })),
        kind::<AgentSeen>("agent.offline", json!({ "agent": "builder-1" })),
        kind::<AgentMoved>(
            "agent.state_changed",
            json!({ "agent": "builder-1", "state": "working", "task": "t-1" }),
        ),
        kind::<Queued>(
            "task.queued",
            json!({ "task": "t-1", "description": "Send the invoices", "queue": "mail", "priority": 1 }),
        ),
        kind::<Worked>("task.assigned", json!({ "task": "t-1", "agent": "builder-1" })),
        kind::<Worked>("task.started", json!({ "task": "t-1", "agent": "builder-1" })),
        kind::<Worked>(
            "task.progress",
            json!({ "task": "t-1", "note": "half of them", "percent": 50.0 }),
        ),
        kind::<Completed>(
            "task.completed",
            json!({ "task": "t-1", "agent": "builder-1", "duration_ms": 4200.0, "tokens_used": 1800, "cost_usd": 0.02 }),
        ),
        kind::<Failed>(
            "task.failed",
            json!({ "task": "t-1", "agent": "builder-1", "error": "mail server refused", "attempt": 1, "will_retry": true }),
        ),
        kind::<DeadLettered>(
            "task.dead_lettered",
            json!({ "task": "t-1", "error": "mail server refused", "retry_count": 3 }),
        ),
        kind::<Cancelled>("task.cancelled", json!({ "task": "t-1", "reason": "sent by hand" })),
        kind::<Executed>(
            "trade.executed",
            json!({ "symbol": "ACME", "side": "buy", "quantity": 10, "price": "12.50", "fees": 0.1, "currency": "USD", "strategy": "trend" }),
        ),
        kind::<Priced>("price.updated", json!({ "symbol": "ACME", "price": 12.75 })),
        kind::<Moved>(
            "cash.moved",
            json!({ "amount": 10_000, "currency": "USD", "reason": "deposit" }),
        ),
        kind::<Observed>(
            "metric.observed",
            json!({ "name": "queue_depth", "value": 17.0, "labels": { "queue": "mail" } }),
        ),
        kind::<Sampled>(
            "host.sampled",
            json!({ "host": "db-1", "cpu": { "usage_percent": 12.0, "cores": 8 }, "load": [0.5, 0.4, 0.3] }),
        ),
        kind::<Notice>(
            "alert.raised",
            json!({ "alert": "disk-db-1", "title": "Disk full", "severity": "critical" }),
        ),
        kind::<Notice>("alert.cleared", json!({ "alert": "disk-db-1" })),
    ]
}

/// `task.dead_lettered` as `TaskDeadLettered`.
pub fn component(kind: &str) -> String {
    let part = |part: &str| {
        let mut letters = part.chars();
        letters
            .next()
            .map_or(String::new(), |c| c.to_ascii_uppercase().to_string() + letters.as_str())
    };
    kind.split(['.', '_']).map(part).collect()
}

fn event(kind: &Kind) -> Value {
    let short = json!({ "type": "string", "minLength": 1, "maxLength": 200 });
    let mut schema = object(
        &["type", "data"],
        json!({
            "specversion": { "const": "1.0", "description": "Of CloudEvents." },
            "type": { "const": kind.name },
            "source": short,
            "id": short,
            "time": named("Timestamp"),
            "subject": { "type": "string" },
            "datacontenttype": { "const": "application/json" },
            "data": named(&kind.data)
        }),
    );
    if let Some(members) = schema.as_object_mut() {
        let text =
            "A CloudEvent. `source` is the token's name if left out, `id` a new one, `time` now.";
        members.insert("description".to_owned(), json!(text));
        members.insert("examples".to_owned(), json!([{ "type": kind.name, "data": kind.example }]));
    }
    schema
}

/// A schema for every type of event, one for all of them, and those they refer to.
pub fn schemas() -> Vec<(String, Value)> {
    let kinds = kinds();
    let mut all = Vec::new();
    let (mut one_of, mut mapping) = (Vec::new(), Map::new());
    for kind in kinds {
        let name = component(kind.name);
        one_of.push(named(&name));
        mapping.insert(kind.name.to_owned(), json!(format!("#/components/schemas/{name}")));
        all.push((name, event(&kind)));
        let told = |(name, schema)| Some((name, serde_json::to_value(schema).ok()?));
        all.extend(kind.schemas.into_iter().filter_map(told));
    }
    let event = json!({
        "description": "What has happened.",
        "oneOf": one_of,
        "discriminator": { "propertyName": "type", "mapping": mapping }
    });
    all.push(("Event".to_owned(), event));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DataError, Event};
    use std::collections::BTreeMap;

    type Schemas = BTreeMap<String, Value>;

    /// What a schema leads to, null aside.
    fn meant<'a>(schema: &'a Value, all: &'a Schemas) -> &'a Value {
        if let Some(place) = schema["$ref"].as_str() {
            return meant(&all[place.rsplit('/').next().unwrap()], all);
        }
        let any = schema["oneOf"].as_array();
        let other = any.and_then(|any| any.iter().find(|one| one["type"] != "null"));
        other.map_or(schema, |other| meant(other, all))
    }

    fn is_of(kind: &str, schema: &Value) -> bool {
        match &schema["type"] {
            Value::Array(kinds) => kinds.contains(&kind.into()),
            one => one == kind,
        }
    }

    /// The members of an object and whether each must be there.
    fn members(schema: &Value) -> Vec<(&String, &Value, bool)> {
        let required = |name: &String| {
            schema["required"].as_array().is_some_and(|all| all.contains(&name.as_str().into()))
        };
        let all = schema["properties"].as_object().into_iter().flatten();
        all.map(|(name, member)| (name, member, required(name))).collect()
    }

    #[track_caller]
    fn check(kind: &Kind, member: &str, value: &Value, expect: Result<(), (&str, &str)>) {
        let mut data = kind.example.clone();
        data[member] = value.clone();
        let read = Event::decode(kind.name, &data.to_string()).unwrap();
        let got = read.map(drop);
        let expect = expect.map_err(|(pointer, detail)| DataError::at(pointer, detail));
        assert_eq!(got, expect, "{} {data}", kind.name);
    }

    #[test]
    fn null_is_as_good_as_left_out_and_an_array_is_no_object() {
        let (mut nulls, mut objects) = (0, 0);
        for kind in kinds() {
            let value = |(name, schema): &(String, RefOr<Schema>)| {
                (name.clone(), serde_json::to_value(schema).unwrap())
            };
            let all: Schemas = kind.schemas.iter().map(value).collect();
            for (name, schema, required) in members(&all[&kind.data]) {
                let pointer = format!("/{name}");
                if !required {
                    nulls += 1;
                    check(&kind, name, &Value::Null, Ok(()));
                }
                let schema = meant(schema, &all);
                let (inner, list) = match schema.get("items") {
                    Some(items) => (meant(items, &all), true),
                    None => (schema, false),
                };
                if !is_of("object", inner) {
                    continue;
                }
                objects += 1;
                let put = |value: Value| if list { json!([value]) } else { value };
                let place = if list { format!("{pointer}/0") } else { pointer };
                for other in [json!([1]), json!("x"), json!(7)] {
                    check(&kind, name, &put(other), Err((&place, "must be an object")));
                }
                for (member, _, required) in members(inner) {
                    assert!(!required, "{name}/{member}: say here what the others are");
                    nulls += 1;
                    check(&kind, name, &put(json!({ member: null })), Ok(()));
                }
            }
        }
        assert!(nulls > 60 && objects > 6, "{nulls} {objects}");
    }
}
