//! Hosts, settings and the server itself.

use crate::domain::system::{Caches, SystemPage};
use crate::server::openapi::op::{JSON, Op, get, object, patch};
use serde_json::json;

/// What it answers to.
pub fn operations() -> Vec<Op> {
    let settings = json!({ "type": "object", "description": "Values by full name (`work.stuck_after_s`).", "additionalProperties": { "type": "number" } });
    let value = json!({ "type": ["number", "null"] });
    let changes = json!({
        "type": "object",
        "description": "Values by full name, or by name within a domain; null is the default.",
        "additionalProperties": {
            "anyOf": [value, { "type": "object", "additionalProperties": value }]
        }
    });
    let ready = object(
        &["status"],
        json!({
            "status": { "type": "string", "enum": ["ready"] },
            "journal": { "type": "object" },
            "applied_seq": { "type": "integer" }
        }),
    );
    let alive = object(&["status"], json!({ "status": { "type": "string", "enum": ["ok"] } }));
    let figures = json!({ "type": "string" });
    vec![
        get("/api/v1/system", "system", "Hosts, and the insides of the server.")
            .answers::<SystemPage>(200, "As of the newest flush."),
        get("/api/v1/metrics/cache", "caches", "How the caches do, together and each.")
            .answers::<Caches>(200, "As of now."),
        get("/api/v1/settings", "settings", "Every setting.").answers_as(
            200,
            "All of them.",
            [(JSON, settings.clone())],
        ),
        patch("/api/v1/settings", "change_settings", "Changes settings; what is left out stays.")
            .more("A value out of range is answered 422, with the range.")
            .takes_as(JSON, changes, json!({ "work.stuck_after_s": 600 }))
            .answers_as(200, "All of them, in effect.", [(JSON, settings)]),
        get("/healthz", "healthz", "Whether the process answers.").answers_as(
            200,
            "It does.",
            [(JSON, alive)],
        ),
        get("/readyz", "readyz", "Whether the journal takes events and the state has caught up.")
            .answers_as(200, "It does, and it has.", [(JSON, ready)]),
        get("/metrics", "prometheus", "Figures of the server itself, for Prometheus.")
            .more("As OpenMetrics if `Accept` names that.")
            .answers_as(
                200,
                "Counters and gauges.",
                [("text/plain", figures.clone()), ("application/openmetrics-text", figures)],
            ),
    ]
}
