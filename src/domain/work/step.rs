//! What happened to a task, as its history tells it.

use super::state::subject;
use super::{Event, TaskStep};
use crate::wire::Stamp;
use std::sync::Arc;

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
            step.text = Some(format!("{}{said}", e.status.name()));
            step.command = Some(e.command.clone());
        }
        _ => {}
    }
    Some((task, step))
}

/// What came of a task, if an event tells that.
pub fn outcome(event: &Event) -> Option<&serde_json::Value> {
    match event {
        Event::Completed(done) => done.result.as_ref(),
        _ => None,
    }
}
