//! Alerts, rules, silences and maintenance.

use crate::domain::alerts::rule::RuleSpec;
use crate::domain::alerts::{
    AlertDetail, AlertItem, AlertState, BackTest, MaintenanceItem, MaintenanceSpec, RuleItem,
    SilenceItem, SilenceSpec,
};
use crate::domain::health::Severity;
use crate::server::openapi::op::{
    JSON, Op, delete, get, named, object, paged, param, post, put, text, time, word,
};
use serde_json::{Value, json};

fn several(name: &str, what: &str, words: &[&str]) -> Value {
    let one = words.join("|");
    let pattern = format!("^({one})?(,({one})?)*$");
    param(name, what, json!({ "type": "string", "pattern": pattern, "examples": [words.first()] }))
}

/// Which alerts.
pub fn choice() -> [Value; 9] {
    let severities = Severity::ALL.map(Severity::name);
    let states = AlertState::ALL.map(AlertState::name);
    [
        time("start_time", "Alerts that were not over before then."),
        time("end_time", "Alerts that began before then."),
        several("severity", "How bad; several with commas between.", &severities),
        word("acknowledged", "Whether somebody looks after them.", &["true", "false"]),
        text("source", "Who sent what they are about."),
        several("state", "The stage they are in; several with commas between.", &states),
        text("rule", "The rule they come from."),
        text("subject", "What they are about, as `kind/name`."),
        text("q", "Words in what they say."),
    ]
}

/// What it answers to.
pub fn operations() -> Vec<Op> {
    let comment = json!({ "type": ["string", "null"] });
    let ids =
        json!({ "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": 500 });
    let until = json!({ "type": ["string", "null"], "format": "date-time" });
    let for_s = json!({ "type": ["number", "null"], "exclusiveMinimum": 0 });
    let closed = |mut schema: Value| {
        if let Some(members) = schema.as_object_mut() {
            members.insert("additionalProperties".to_owned(), false.into());
        }
        schema
    };
    let seen = closed(object(&[], json!({ "comment": comment })));
    let quiet = closed(object(&[], json!({ "until": until, "for_s": for_s, "comment": comment })));
    let all_seen = closed(object(&["ids"], json!({ "ids": ids, "comment": comment })));
    let all_quiet = closed(object(
        &["ids"],
        json!({ "ids": ids, "until": until, "for_s": for_s, "comment": comment }),
    ));
    let rule = json!({
        "name": "Mail waits", "severity": "warning", "for_s": 60,
        "on": { "metric": "queue_depth", "labels": { "queue": "mail" }, "aggregation": "avg",
                "window_s": 300, "op": ">", "threshold": 100 }
    });
    let window = json!({
        "name": "Backups", "match": { "source": "nas" },
        "schedule": { "days": ["sat"], "at": "22:00", "duration_s": 7200, "time_zone": "Europe/Berlin" }
    });
    let test = object(
        &["rule"],
        json!({ "rule": named("RuleSpec"), "days": { "type": ["number", "null"], "maximum": 90, "exclusiveMinimum": 0 } }),
    );
    vec![
        get("/api/v1/alerts", "alerts", "Alerts, newest first.")
            .query(choice())
            .query(paged(500, 50))
            .answers_array::<AlertItem>("A page of them; `Link` leads to the next.")
            .with(&["Link"])
            .exports(),
        get("/api/v1/alerts/{id}", "alert", "An alert with what has happened to it.")
            .name("id", "Id of the alert.")
            .answers::<AlertDetail>(200, "As of the newest flush.")
            .fails(&[404]),
        post(
            "/api/v1/alerts/{id}/acknowledge",
            "acknowledge_alert",
            "Says that one looks after an alert.",
        )
        .name("id", "Id of the alert.")
        .takes_as(JSON, seen, json!({ "comment": "on it" }))
        .or_nothing()
        .answers_as(200, "It is acknowledged.", [(JSON, named("AlertDone"))])
        .fails(&[404]),
        post("/api/v1/alerts/{id}/silence", "silence_alert", "Keeps an alert quiet.")
            .name("id", "Id of the alert.")
            .more("Name its end as `until` or as `for_s`, not both.")
            .takes_as(JSON, quiet, json!({ "for_s": 3600, "comment": "known" }))
            .answers_as(200, "It is quiet.", [(JSON, named("AlertDone"))])
            .fails(&[404]),
        post(
            "/api/v1/alerts/{id}/close",
            "close_alert",
            "Ends an alert of another system that will not clear it itself.",
        )
        .name("id", "Id of the alert.")
        .answers_as(204, "It is over.", [])
        .fails(&[404, 409]),
        post(
            "/api/v1/alerts/acknowledge",
            "acknowledge_alerts",
            "Says that one looks after several alerts.",
        )
        .takes_as(JSON, all_seen, json!({ "ids": ["018f"], "comment": "on them" }))
        .answers_as(200, "What became of them.", [(JSON, named("AlertsDone"))])
        .fails(&[404]),
        post("/api/v1/alerts/silence", "silence_alerts", "Keeps several alerts quiet.")
            .takes_as(JSON, all_quiet, json!({ "ids": ["018f"], "for_s": 600 }))
            .answers_as(200, "What became of them.", [(JSON, named("AlertsDone"))])
            .fails(&[404]),
        get("/api/v1/alert-rules", "alert_rules", "Rules, built-in ones too.")
            .query(paged(500, 50))
            .answers_list::<RuleItem>("A page of them."),
        post("/api/v1/alert-rules", "create_alert_rule", "Makes a rule.")
            .takes::<RuleSpec>(rule.clone())
            .answers::<RuleItem>(201, "It is in effect.")
            .with(&["Location"])
            .fails(&[409]),
        get("/api/v1/alert-rules/{id}", "alert_rule", "A rule.")
            .name("id", "Id of the rule.")
            .answers::<RuleItem>(200, "The rule.")
            .fails(&[404]),
        put("/api/v1/alert-rules/{id}", "change_alert_rule", "Changes a rule, or makes it.")
            .name("id", "Id of the rule.")
            .more("Members that are told but cannot be set are passed over.")
            .takes::<RuleSpec>(rule.clone())
            .answers::<RuleItem>(200, "It is in effect.")
            .fails(&[404, 409]),
        delete("/api/v1/alert-rules/{id}", "remove_alert_rule", "Removes a rule.")
            .name("id", "Id of the rule.")
            .answers_as(204, "It is gone.", [])
            .fails(&[404, 409, 422]),
        post(
            "/api/v1/alert-rules/test",
            "test_alert_rule",
            "When a rule would have fired over the last days.",
        )
        .takes_as(JSON, test, json!({ "rule": rule, "days": 7 }))
        .answers::<BackTest>(200, "When it would have fired."),
        get("/api/v1/silences", "silences", "Silences in effect.")
            .query(paged(500, 50))
            .answers_list::<SilenceItem>("A page of them."),
        post("/api/v1/silences", "create_silence", "Keeps all alerts quiet that match.")
            .more("Name its end as `until` or as `for_s`, not both.")
            .takes::<SilenceSpec>(
                json!({ "match": { "source": "nas" }, "for_s": 3600, "comment": "moving it" }),
            )
            .answers::<SilenceItem>(201, "It is in effect.")
            .with(&["Location"]),
        delete("/api/v1/silences/{id}", "end_silence", "Ends a silence.")
            .name("id", "Id of the silence.")
            .answers_as(204, "It is over.", [])
            .fails(&[404]),
        get("/api/v1/maintenance", "maintenance", "Maintenance windows.")
            .query(paged(500, 50))
            .answers_list::<MaintenanceItem>("A page of them."),
        post("/api/v1/maintenance", "create_maintenance", "Makes a maintenance window.")
            .takes::<MaintenanceSpec>(window.clone())
            .answers::<MaintenanceItem>(201, "It is in effect.")
            .with(&["Location"])
            .fails(&[409]),
        put("/api/v1/maintenance/{id}", "change_maintenance", "Changes a maintenance window.")
            .name("id", "Id of the window.")
            .takes::<MaintenanceSpec>(window)
            .answers::<MaintenanceItem>(200, "It is in effect.")
            .fails(&[404]),
        delete("/api/v1/maintenance/{id}", "remove_maintenance", "Removes a maintenance window.")
            .name("id", "Id of the window.")
            .answers_as(204, "It is gone.", [])
            .fails(&[404]),
        delete(
            "/api/v1/sources/{name}",
            "forget_source",
            "Misses a source no more that is not coming back.",
        )
        .name("name", "The source, as its events name it.")
        .answers_as(204, "It is forgotten.", [])
        .fails(&[404]),
    ]
}
