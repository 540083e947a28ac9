//! The ways in.

use crate::server::openapi::op::{JSON, NDJSON, Op, get, named, param, post, text, word};
use serde_json::{Value, json};

fn wait() -> Value {
    word("wait", "Answer once the state shows them; an empty one is none.", &["applied", ""])
}

fn report() -> [Value; 5] {
    let project = json!({ "type": "string", "minLength": 1, "maxLength": 200 });
    let mut project = param("project", "Whose run it is.", project);
    if let Some(members) = project.as_object_mut() {
        members.insert("required".to_owned(), Value::Bool(true));
    }
    let short =
        |name: &str, text: &str| param(name, text, json!({ "type": "string", "maxLength": 1024 }));
    [
        project,
        short("branch", "Branch it ran on."),
        short("commit", "Commit it ran on."),
        short("url", "Page of the run."),
        wait(),
    ]
}

const RUN: &str = r#"{"type":"validation.completed","data":{"project":"payments-api","status":"passed","duration_ms":8400}}"#;

/// What it answers to.
pub fn operations() -> Vec<Op> {
    let run: Value = serde_json::from_str(RUN).unwrap_or_default();
    let batch = json!({ "type": "array", "items": named("Event") });
    let either = json!({ "oneOf": [named("Event"), batch] });
    let cloud = json!({
        "specversion": "1.0", "id": "run-7", "source": "ci", "time": "2026-01-02T03:04:05Z",
        "type": "task.queued", "data": { "task": "t-1", "priority": 1 }
    });
    let lines = format!("{RUN}\n{RUN}\n");
    let suite =
        r#"<testsuite name="unit" tests="1"><testcase name="adds" time="0.01"/></testsuite>"#;
    let octets = json!({ "type": "string", "contentMediaType": "application/x-protobuf" });
    let (any, string) = (json!({ "type": "object" }), json!({ "type": "string" }));
    let otlp = |path, id, summary, example: Value, service| {
        post(path, id, summary)
            .more("OTLP/HTTP 1.x. What cannot be taken is counted in `partialSuccess`. The answer is in the encoding of the request.")
            .takes_as("application/x-protobuf", octets.clone(), Value::Null)
            .takes_as(JSON, any.clone(), example)
            .answers_as(200, "Durable, as far as it is valid.", [
                (JSON, json!({ "type": "object", "description": service })),
                ("application/x-protobuf", octets.clone()),
            ])
    };
    let resource = json!({
        "attributes": [{ "key": "service.name", "value": { "stringValue": "payments-api" } }]
    });
    let metrics = json!({ "resourceMetrics": [{
        "resource": resource,
        "scopeMetrics": [{ "metrics": [{
            "name": "queue_depth",
            "gauge": { "dataPoints": [{ "timeUnixNano": "1767323045000000000", "asDouble": 17 }] }
        }] }]
    }] });
    let spans = json!({ "resourceSpans": [{
        "resource": resource,
        "scopeSpans": [{ "spans": [{
            "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174",
            "name": "GET /fees", "kind": 2,
            "startTimeUnixNano": "1767323045000000000", "endTimeUnixNano": "1767323045012500000",
            "attributes": [{ "key": "http.response.status_code", "value": { "intValue": "200" } }]
        }] }]
    }] });
    let logs = json!({ "resourceLogs": [{
        "resource": resource,
        "scopeLogs": [{ "logRecords": [{
            "timeUnixNano": "1767323045000000000", "severityNumber": 17, "severityText": "ERROR",
            "body": { "stringValue": "the bank does not answer" }
        }] }]
    }] });
    vec![
        post("/api/v1/events", "send_events", "Takes events, and answers once they are durable.")
            .more("Only `type` and `data` are required of an event. `source` and `id` together are what it is known by: one that was seen before is counted as a duplicate and changes nothing. Valid events of a batch are accepted even when others are rejected. Any media type with `ce-*` headers is read in the binary mode of CloudEvents. A body may be compressed with gzip or zstd; at most 16 MiB decoded, 64 KiB an event.")
            .query([wait()])
            .takes_as(JSON, either, run)
            .takes_as("application/cloudevents+json", named("Event"), cloud.clone())
            .takes_as("application/cloudevents-batch+json", batch, json!([cloud]))
            .takes_as(NDJSON, string.clone(), Value::String(lines))
            .answers_as(200, "The events are durable.", [(JSON, named("Accepted"))]),
        get("/api/v1/events", "read_events", "The journal itself, an event a line.")
            .more("It can be resumed: `from` is the `seq` that was seen last. With `follow` it goes on as events come.")
            .query([
                param("from", "Events after this position.", json!({ "type": "integer", "minimum": 0, "default": 0 })),
                word("follow", "Whether to wait for what comes.", &["true", "false"]),
                param("limit", "Events of an answer; as many as there are if left out.", json!({ "type": "integer", "minimum": 1 })),
                text("epoch", "Identity of the journal's past that `from` is of."),
                text("type", "Only of this type, or of all that begin so before a `*`."),
                text("source", "Only of this source."),
            ])
            .answers_as(200, "Events in their order.", [(NDJSON, string.clone())])
            .fails(&[409]),
        post("/api/v1/import/junit", "import_junit", "Takes a JUnit report as one validation run.")
            .more("`testsuites` or a bare `testsuite`, as any runner writes it: failures, errors, skipped tests, output of suites.")
            .query(report())
            .takes_as("application/xml", string.clone(), Value::String(suite.to_owned()))
            .answers_as(200, "The run is durable.", [(JSON, named("Imported"))]),
        post("/api/v1/import/sarif", "import_sarif", "Takes a SARIF 2.1.0 report as one validation run.")
            .query(report())
            .takes_as("application/sarif+json", any.clone(), json!({ "version": "2.1.0", "runs": [] }))
            .takes_as(JSON, any.clone(), json!({ "version": "2.1.0", "runs": [] }))
            .answers_as(200, "The run is durable.", [(JSON, named("Imported"))]),
        post("/api/v1/import/alertmanager", "import_alertmanager", "Takes what Alertmanager sends to a webhook.")
            .query([text("source", "Who raised them; `alertmanager` if left out."), wait()])
            .takes_as(JSON, any.clone(), json!({
                "version": "4", "status": "firing",
                "alerts": [{
                    "status": "firing", "labels": { "alertname": "DiskFull", "severity": "critical" },
                    "annotations": { "summary": "The disk of db-1 is full" }, "fingerprint": "a1b2c3d4",
                    "startsAt": "2026-01-02T03:04:05Z"
                }]
            }))
            .answers_as(200, "The alerts are durable.", [(JSON, named("Noticed"))]),
        post("/api/v1/import/trades", "import_trades", "Takes a table of trades, a line each.")
            .more("`map.MEMBER=COLUMN` names a column whose head does not say what it holds. A line that was there before is a duplicate.")
            .query([
                text("account", "Account of lines that name none."),
                text("currency", "Currency of lines that name none."),
                text("strategy", "Strategy of lines that name none."),
                wait(),
            ])
            .takes_as("text/csv", string, json!("time,symbol,side,quantity,price\n2026-01-02T03:04:05Z,ACME,buy,10,12.50\n"))
            .answers_as(200, "The valid lines are durable.", [(JSON, named("Accepted"))]),
        otlp("/v1/metrics", "otlp_metrics", "Takes metrics of OpenTelemetry.", metrics, "ExportMetricsServiceResponse"),
        otlp("/v1/traces", "otlp_traces", "Takes spans of OpenTelemetry; server spans count as response times.", spans, "ExportTraceServiceResponse"),
        otlp("/v1/logs", "otlp_logs", "Takes logs of OpenTelemetry.", logs, "ExportLogsServiceResponse"),
        post("/api/v1/write", "remote_write", "Takes samples of Prometheus: remote write 1.0.")
            .takes_as("application/x-protobuf", octets, Value::Null)
            .answers_as(204, "The samples are durable.", []),
        post("/api/v1/hooks/github", "github_hook", "Takes check runs and workflow runs of GitHub.")
            .more("`X-Hub-Signature-256` is the credential. Events of no interest are answered with nothing accepted.")
            .takes_as(JSON, json!({ "type": "object" }), json!({ "action": "completed" }))
            .answers_as(200, "What was of interest is durable.", [(JSON, named("Taken"))])
            .fails(&[401, 403]),
    ]
}
