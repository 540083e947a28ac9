//! Schemas of what is answered and has no type of its own in the vocabulary.

use super::op::{named, object};
use serde_json::{Value, json};

/// Their names and schemas.
pub fn all() -> Vec<(&'static str, Value)> {
    let count = json!({ "type": "integer", "minimum": 0 });
    let accepted = json!({
        "accepted": count,
        "duplicates": count,
        "rejected": { "type": "array", "items": named("Rejection") },
        "rejected_total": { "type": "integer", "description": "Where there were more than are listed." },
        "cursor": named("Cursor"),
        "applied": { "type": "boolean", "description": "With `wait=applied`: whether the state shows them." }
    });
    let with = |more: &Value| {
        let mut all = accepted.clone();
        if let (Some(all), Some(more)) = (all.as_object_mut(), more.as_object()) {
            all.extend(more.clone());
        }
        object(&["accepted", "duplicates", "rejected", "cursor"], all)
    };
    let rejection = object(
        &["index", "pointer", "detail"],
        json!({
            "index": { "type": "integer", "minimum": 0, "description": "Which of the body, from 0." },
            "line": { "type": "integer", "description": "Of a table: which line." },
            "pointer": { "type": "string", "description": "JSON Pointer into the event." },
            "detail": { "type": "string" }
        }),
    );
    let imported = with(&json!({
        "project": named("ProjectId"),
        "status": named("ValidationStatus"),
        "checks": { "oneOf": [named("Checks"), { "type": "null" }] },
        "duration_ms": { "type": ["number", "null"] }
    }));
    let noticed = with(&json!({
        "source": { "type": "string" }, "raised": count, "cleared": count, "truncated": count
    }));
    let taken = object(
        &["accepted", "duplicates", "cursor"],
        json!({
            "accepted": count, "duplicates": count, "cursor": named("Cursor"),
            "project": named("ProjectId"), "status": named("ValidationStatus"),
            "ignored": { "type": "string", "description": "Why nothing was taken." }
        }),
    );
    let done = object(
        &["success", "alert"],
        json!({ "success": { "type": "boolean" }, "alert": named("AlertItem") }),
    );
    let several = object(
        &["success", "alerts", "not_found"],
        json!({
            "success": { "type": "boolean" },
            "alerts": { "type": "array", "items": named("AlertItem") },
            "not_found": { "type": "array", "items": { "type": "string" } }
        }),
    );
    let order = object(
        &["id", "command", "task_id", "deadline"],
        json!({
            "id": { "type": "string" }, "command": named("CommandKind"),
            "task_id": { "type": "string" }, "deadline": named("Timestamp"),
            "created_at": named("Timestamp"), "actor": { "type": "string" }
        }),
    );
    let tokens = object(
        &["access_token", "token_type", "expires_in", "refresh_token", "user"],
        json!({
            "access_token": { "type": "string" },
            "token_type": { "type": "string", "enum": ["bearer"] },
            "expires_in": { "type": "integer", "description": "Seconds." },
            "refresh_token": { "type": "string" },
            "user": named("Me")
        }),
    );
    vec![
        ("Accepted", with(&json!({}))),
        ("Rejection", rejection),
        ("Imported", imported),
        ("Noticed", noticed),
        ("Taken", taken),
        ("AlertDone", done),
        ("AlertsDone", several),
        ("Order", order),
        ("Tokens", tokens),
    ]
}
