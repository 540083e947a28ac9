//! Pings, badges, feeds and this description.

use crate::domain::projects::{PingSpec, PingsPage};
use crate::server::openapi::op::{JSON, Op, delete, get, named, object, paged, post, text, word};
use serde_json::json;

fn ping(op: Op) -> Op {
    let ok = json!({ "type": "string", "enum": ["OK"] });
    op.name("token", "The secret of the ping.")
        .name("exit_code", "How the job ended: 0 is well.")
        .answers_as(200, "It was heard.", [("text/plain", ok)])
        .fails(&[404, 413, 422])
}

/// What it answers to.
pub fn operations() -> Vec<Op> {
    let secret = object(
        &["token", "url"],
        json!({
            "token": { "type": "string", "description": "The secret; told this once." },
            "url": { "type": "string", "description": "What the job is to call." }
        }),
    );
    let made = json!({ "allOf": [named("PingItem"), secret] });
    vec![
        get("/api/v1/pings", "pings", "Jobs that are expected to call, by project.")
            .query(paged(500, 50))
            .answers::<PingsPage>(200, "A page of them, without their secrets."),
        post("/api/v1/pings", "create_ping", "Expects a job to call.")
            .more("Its schedule is `every_s`, or a line of crontab as `schedule`. A project has one ping at most: another one replaces it.")
            .takes::<PingSpec>(json!({ "project": "nightly-backup", "every_s": 86400, "grace_s": 3600 }))
            .answers_as(201, "The address to call.", [(JSON, made)])
            .fails(&[409]),
        delete("/api/v1/pings/{id}", "remove_ping", "Expects a job no more.")
            .name("id", "Id of the ping.")
            .answers_as(204, "It is gone.", [])
            .fails(&[404]),
        ping(get("/ping/{token}", "ping_get", "A job has ended well.")),
        ping(post("/ping/{token}", "ping", "A job has ended well.")),
        ping(get("/ping/{token}/start", "ping_start_get", "A job has begun.")),
        ping(post("/ping/{token}/start", "ping_start", "A job has begun.")),
        ping(get("/ping/{token}/fail", "ping_fail_get", "A job has failed.")),
        ping(post("/ping/{token}/fail", "ping_fail", "A job has failed.")),
        ping(get(
            "/ping/{token}/{exit_code}",
            "ping_exit_get",
            "A job has ended, as its exit status says.",
        )),
        ping(post(
            "/ping/{token}/{exit_code}",
            "ping_exit",
            "A job has ended, as its exit status says.",
        )),
        get("/badge/{file}", "badge", "A badge of a project.")
            .name("file", "The project, and `.svg` or `.json` (the form of shields.io).")
            .answers_as(
                200,
                "The badge.",
                [
                    ("image/svg+xml", json!({ "type": "string" })),
                    (JSON, json!({ "type": "object" })),
                ],
            )
            .more("Where badges are private it needs `view_projects`.")
            .query([
                word("metric", "What it tells.", &["status", "score", "success_rate"]),
                text("label", "What stands on the left; the project's name if left out."),
            ])
            .fails(&[401, 403, 404]),
        get("/api/v1/alerts.atom", "alerts_feed", "Alerts as an Atom feed.")
            .query(super::alerts::choice()).answers_as(
            200,
            "The newest alerts.",
            [("application/atom+xml", json!({ "type": "string" }))],
        ),
        get("/api/openapi.json", "openapi", "This description.").answers_as(
            200,
            "An OpenAPI 3.1 document.",
            [(JSON, json!({ "type": "object", "required": ["openapi", "paths"] }))],
        ),
    ]
}
