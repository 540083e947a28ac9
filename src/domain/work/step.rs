//! What happened to a task, as its history tells it.

use super::state::subject;
use super::{Event, TaskStep};
use crate::wire::Stamp;
use std::sync::Arc;

/// Longest text that a step tells, in bytes; the journal has the event whole.
const MAX_TEXT: usize = 4_096;

/// The task an event is about and the step it is in that task's history; none if it is about no
/// task.
pub fn step(stamp: &Stamp, event: &Event) -> Option<(Arc<str>, TaskStep)> {
    let task = subject(event)?.clone();
    let mut step = TaskStep {
        seq: stamp.seq,
        at: stamp.time,
        kind: event.kind().to_owned(),
        source: stamp.source.clone(),
        agent: None,
        text: None,
        percent: None,
        attempt: None,
        duration_ms: None,
        command: None,
    };
    match event {
        Event::Queued(e) => step.text = e.queue.as_deref().map(str::to_owned),
        Event::Assigned(e) | Event::Started(e) | Event::Progressed(e) => {
            (step.agent, step.text, step.percent) = (e.agent.clone(), e.note.clone(), e.percent);
        }
        Event::Completed(e) => (step.agent, step.duration_ms) = (e.agent.clone(), e.duration_ms),
        Event::Failed(e) => {
            (step.agent, step.text, step.attempt) = (e.agent.clone(), e.error.clone(), e.attempt);
        }
        Event::DeadLettered(e) => step.text.clone_from(&e.error),
        Event::Cancelled(e) => step.text.clone_from(&e.reason),
        Event::CommandRequested(e) => {
            step.source = e.actor.clone();
            step.text = Some(e.kind.name().to_owned());
            step.command = Some(e.command.clone());
        }
        Event::CommandDelivered(e) => step.command = Some(e.command.clone()),
        Event::CommandSettled(e) => {
            let said = e.detail.as_deref().map(|said| format!(": {said}")).unwrap_or_default();
            step.source = e.actor.clone().unwrap_or(step.source);
            step.text = Some(format!("{}{said}", e.status.name()));
            step.command = Some(e.command.clone());
        }
        _ => {}
    }
    step.text = step.text.map(clip);
    Some((task, step))
}

fn clip(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    text
}

/// What came of a task, if an event tells that.
pub fn outcome(event: &Event) -> Option<&serde_json::Value> {
    match event {
        Event::Completed(done) => done.result.as_ref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Timestamp;

    fn told(kind: &str, data: &str) -> Option<TaskStep> {
        let event = Event::decode(kind, data).unwrap().unwrap();
        let (seq, at) = (7, Timestamp::from_ms(5));
        let (source, id, subject) = ("s".into(), "e".into(), None);
        let (task, step) = step(&Stamp { seq, at, time: at, source, id, subject }, &event)?;
        assert_eq!((&*task, step.seq, step.at, &*step.kind), ("t", seq, at, kind));
        Some(step)
    }

    /// The step of an event, without what every step has.
    #[track_caller]
    fn check(kind: &str, data: &str, expect: Option<&str>) {
        let json = told(kind, data).map(|step| {
            let mut json = serde_json::to_value(&step).unwrap();
            let members = json.as_object_mut().unwrap();
            ["seq", "at", "type"].iter().for_each(|name| drop(members.remove(*name).unwrap()));
            json.to_string()
        });
        assert_eq!(json.as_deref(), expect);
    }

    #[test]
    fn every_event_of_a_task_is_a_step() {
        check("agent.heartbeat", r#"{"agent":"a"}"#, None);
        check("task.queued", r#"{"task":"t","queue":"q"}"#, Some(r#"{"source":"s","text":"q"}"#));
        check(
            "task.progress",
            r#"{"task":"t","agent":"a","note":"n","percent":5}"#,
            Some(r#"{"agent":"a","percent":5.0,"source":"s","text":"n"}"#),
        );
        check(
            "task.completed",
            r#"{"task":"t","agent":"a","duration_ms":3}"#,
            Some(r#"{"agent":"a","duration_ms":3.0,"source":"s"}"#),
        );
        check(
            "task.failed",
            r#"{"task":"t","error":"e","attempt":2}"#,
            Some(r#"{"attempt":2,"source":"s","text":"e"}"#),
        );
        check(
            "task.dead_lettered",
            r#"{"task":"t","error":"e"}"#,
            Some(r#"{"source":"s","text":"e"}"#),
        );
        check(
            "task.cancelled",
            r#"{"task":"t","reason":"r"}"#,
            Some(r#"{"source":"s","text":"r"}"#),
        );
    }

    #[test]
    fn commands_are_steps_of_their_task() {
        check(
            "command.requested",
            r#"{"command":"c","kind":"retry","task":"t","source":"o","actor":"ada","deadline":"2026-01-01T00:00:00Z"}"#,
            Some(r#"{"command":"c","source":"ada","text":"retry"}"#),
        );
        check(
            "command.delivered",
            r#"{"command":"c","task":"t"}"#,
            Some(r#"{"command":"c","source":"s"}"#),
        );
        check(
            "command.settled",
            r#"{"command":"c","kind":"retry","task":"t","status":"refused","detail":"no"}"#,
            Some(r#"{"command":"c","source":"s","text":"refused: no"}"#),
        );
    }

    #[test]
    fn a_long_error_is_cut() {
        let data = serde_json::json!({ "task": "t", "error": "é".repeat(4_000) }).to_string();
        let step = told("task.failed", &data).unwrap();
        assert_eq!(step.text.unwrap().len(), MAX_TEXT);
    }
}
