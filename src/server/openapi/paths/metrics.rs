//! Measurements, and charts of one's own.

use crate::domain::metrics::{AGGREGATIONS, ChartSpec, MetricItem, MetricsList, Pin, Pins};
use crate::server::openapi::op::{
    Op, delete, get, labels, named, object, paged, post, span, text, time, word,
};
use serde_json::{Value, json};

fn course(path: &'static str, id: &'static str, summary: &'static str) -> Op {
    let point = object(
        &["timestamp", "value", "labels"],
        json!({
            "timestamp": named("Timestamp"),
            "value": { "type": "number" },
            "labels": { "type": "object", "additionalProperties": { "type": "string" } }
        }),
    );
    get(path, id, summary)
        .name("name", "Name of the metric.")
        .more("A point stands at the start of its step.")
        .query([
            labels(),
            time("start_time", "Begin; a day ago if left out."),
            time("end_time", "End; now if left out."),
            span("window", "How long, instead of `start_time`.", "24h"),
            span("step", "Length of a step, the next multiple of 10 seconds where it is none; one that suits the range and the number of series if left out.", "5m"),
            word(
                "aggregation",
                "How the values of a step become one; `avg` if left out.",
                &AGGREGATIONS,
            ),
            text(
                "by",
                "Labels whose series are kept apart, separated by commas; empty merges all.",
            ),
        ])
        .answers_as(
            200,
            "Points, oldest first.",
            [(crate::server::openapi::op::JSON, json!({ "type": "array", "items": point }))],
        )
        .with(&["X-Step-Seconds"])
        .exports()
        .fails(&[404])
}

/// What it answers to.
pub fn operations() -> Vec<Op> {
    let board: Value = json!({ "title": "Mail", "metric": "queue_depth", "labels": { "queue": "mail" }, "aggregation": "max", "window": "6h" });
    vec![
        get("/api/v1/metrics", "metrics", "Series with their newest value.")
            .query([
                labels(),
                text("name", "Of this metric alone."),
                text("q", "Words in name, unit and labels."),
            ])
            .query(paged(500, 50))
            .answers::<MetricsList>(200, "A page of them.")
            .with(&["Link"])
            .exports(),
        course("/api/v1/metrics/{name}", "metric", "The course of a metric."),
        course(
            "/api/v1/metrics/{name}/range",
            "metric_range",
            "The course of a metric of any name.",
        ),
        get("/api/v1/metrics/{name}/latest", "metric_latest", "The newest value of a metric.")
            .name("name", "Name of the metric.")
            .query([labels()])
            .answers::<MetricItem>(200, "The newest of all series that match.")
            .fails(&[404]),
        get("/api/v1/me/pins", "pins", "Charts on one's own board.")
            .query(paged(500, 50))
            .answers::<Pins>(200, "A page of them."),
        post("/api/v1/me/pins", "pin", "Puts a chart on one's own board.")
            .takes::<ChartSpec>(board)
            .answers::<Pin>(201, "It is on the board.")
            .with(&["Location"]),
        delete("/api/v1/me/pins/{id}", "unpin", "Takes a chart off one's own board.")
            .name("id", "Id of the chart.")
            .answers_as(204, "It is off the board.", [])
            .fails(&[404]),
    ]
}
