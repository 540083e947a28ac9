//! Events as they come in: runs, requests, tasks and hosts.

use bellwether::domain::{Envelope, Event};
use bellwether::wire::{Stamp, Timestamp};
use serde_json::{Value, json};

/// Type and data of the `number`-th event of a mix over so many projects: in ten events four
/// runs, two requests, a task from queue to completion, and a sample of a host.
pub fn event(number: u64, projects: u64) -> (&'static str, Value) {
    let dice = scatter(number);
    let project = format!("project-{}", dice % projects);
    let task = format!("task-{}", number / 10);
    let agent = format!("agent-{}", (number / 10) % 50);
    match number % 10 {
        0..=3 => ("validation.completed", run(&project, dice)),
        4 | 5 => (
            "request.observed",
            json!({"project": project, "duration_ms": millis(dice, 500), "route": "/orders/{id}",
                "status_code": 200}),
        ),
        6 => (
            "task.queued",
            json!({"task": task, "description": "Summarise the review of the change",
                "queue": "review", "priority": dice % 4, "submitted_by": "scheduler"}),
        ),
        7 => ("task.assigned", json!({"task": task, "agent": agent})),
        8 => (
            "task.completed",
            json!({"task": task, "agent": agent, "duration_ms": millis(dice, 90_000),
                "tokens_used": dice % 20_000, "cost_usd": 0.042}),
        ),
        _ => ("host.sampled", sample(dice)),
    }
}

/// Data of a run of this project, one in eight of which fails.
pub fn run(project: &str, dice: u64) -> Value {
    let failed = dice.is_multiple_of(8);
    let errors = if failed {
        json!([{"type": "AssertionError", "message": "expected 3 rows, got 2", "file": "tests/orders.py",
            "line": 118}])
    } else {
        json!([])
    };
    json!({
        "project": project,
        "status": if failed { "failed" } else { "passed" },
        "duration_ms": millis(dice, 60_000),
        "checks": {"total": 184, "passed": 184 - u64::from(failed), "failed": u64::from(failed), "skipped": 0},
        "errors": errors,
        "branch": "main",
        "commit": format!("{dice:012x}"),
    })
}

fn sample(dice: u64) -> Value {
    let percent = (dice % 1000) as f64 / 10.0;
    json!({
        "host": format!("host-{}", dice % 20),
        "cpu": {"usage_percent": percent, "cores": 8},
        "memory": {"total_mb": 32_000, "used_mb": 17_250, "percent": 53.9},
        "disk": {"total_gb": 512, "used_gb": 310, "percent": 60.5},
        "load": [1.25, 0.98, 0.87],
    })
}

/// So many events from number `first` on, one a line, as a producer would send them.
pub fn lines(first: u64, count: u64, projects: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let now = now_ms();
    for number in first..first + count {
        let (kind, data) = event(number, projects);
        let envelope = json!({
            "specversion": "1.0",
            "type": kind,
            "source": format!("ci/runner-{}", number % 16),
            "id": format!("{number:016x}"),
            "time": Timestamp::from_ms(now),
            "data": data,
        });
        serde_json::to_writer(&mut out, &envelope).unwrap();
        out.push(b'\n');
    }
    out
}

/// The event at its place in the journal, received a tenth of a second after the one before.
pub fn envelope(number: u64, projects: u64) -> Envelope {
    let (kind, data) = event(number, projects);
    placed(number, kind, &data)
}

/// An event at position `number`, received 100 ms after the one before.
pub fn placed(number: u64, kind: &str, data: &Value) -> Envelope {
    let at = Timestamp::from_ms(1_760_000_000_000 + 100 * number as i64);
    let event = Event::decode(kind, &data.to_string()).unwrap().unwrap();
    let id = format!("{number:016x}").into();
    let stamp = Stamp { seq: number + 1, at, time: at, source: "bench".into(), id, subject: None };
    Envelope { stamp, event }
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_millis() as i64
}

/// A number that looks random and is always the same (Fibonacci hashing).
pub const fn scatter(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 24
}

fn millis(dice: u64, most: u64) -> f64 {
    (1 + dice % most) as f64 + 0.5
}
