//! The fold: where every agent and every unfinished task stands, and what ended lately.
//!
//! Invariants: every map is bounded; `agent_counts` and `task_counts` are what counting the maps
//! would give, so that a reader need not. What an entity is moves by its own time only.

pub use super::brief::{counts, next_change};
use super::{AgentState, Event, TaskStatus};
use crate::domain::window::{Bucket, MINUTE, Recent, Ring};
use crate::wire::{Stamp, Timestamp};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Agents and tasks.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// Every agent that was ever seen, by id.
    #[serde(default)]
    pub agents: OrdMap<Arc<str>, Agent>,
    /// How many agents there are in each state, in the order of [`AgentState`].
    #[serde(default)]
    pub agent_counts: [u64; 5],
    /// Every task that is not finished, by id.
    #[serde(default)]
    pub tasks: OrdMap<Arc<str>, Task>,
    /// How many tasks there are in each status, in the order of [`TaskStatus`].
    #[serde(default)]
    pub task_counts: [u64; 4],
    /// Tasks that have left `tasks` lately.
    #[serde(default)]
    pub finished: Recent<Arc<str>, 50_000>,
    /// What ended in the last hour.
    #[serde(default)]
    pub hour: Ring<Outcomes, MINUTE, 61>,
    /// Agents and tasks left out because there are too many already.
    #[serde(default)]
    pub overflow: u64,
}

/// An agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// What it is doing.
    pub state: AgentState,
    /// When it last said anything.
    pub at: Timestamp,
}

/// An unfinished task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Where it stands.
    pub status: TaskStatus,
    /// Time of the newest event about it.
    pub at: Timestamp,
}

/// How tasks ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outcomes {
    /// Completed.
    pub completed: u64,
    /// Failed, whether or not they are tried again.
    pub failed: u64,
}

impl Bucket for Outcomes {
    fn merge(&mut self, other: &Self) {
        self.completed = self.completed.saturating_add(other.completed);
        self.failed = self.failed.saturating_add(other.failed);
    }
}

impl State {
    /// How many agents there can be.
    pub const MAX_AGENTS: usize = 20_000;
    /// How many unfinished tasks there can be.
    pub const MAX_TASKS: usize = 100_000;

    /// Takes in an event; returns whether it changed anything.
    pub fn fold(&mut self, stamp: &Stamp, event: &Event) -> bool {
        let at = stamp.time;
        match event {
            Event::AgentOnline(e) => {
                self.agent(&e.agent, at, |_| e.state.unwrap_or(AgentState::Idle))
            }
            Event::AgentHeartbeat(e) => self.agent(&e.agent, at, |had| {
                // Who is heard of is not gone, whatever was said before.
                let had = had.filter(|&had| had != AgentState::Offline);
                e.state.or(had).unwrap_or(AgentState::Idle)
            }),
            Event::AgentOffline(e) => self.agent(&e.agent, at, |_| AgentState::Offline),
            Event::AgentMoved(e) => self.agent(&e.agent, at, |_| e.state),
            Event::Queued(e) => self.task(&e.task, at, Some(TaskStatus::Queued)),
            Event::Assigned(e) => self.task(&e.task, at, Some(TaskStatus::Assigned)),
            Event::Started(e) | Event::Progressed(e) => {
                self.task(&e.task, at, Some(TaskStatus::Working))
            }
            Event::Completed(e) => {
                self.count(at, |outcomes| &mut outcomes.completed);
                self.task(&e.task, at, None);
                true
            }
            Event::Failed(e) => {
                self.count(at, |outcomes| &mut outcomes.failed);
                let again = e.will_retry == Some(true);
                self.task(&e.task, at, again.then_some(TaskStatus::Queued));
                true
            }
            Event::DeadLettered(e) => self.task(&e.task, at, Some(TaskStatus::DeadLetter)),
            Event::Cancelled(e) => self.task(&e.task, at, None),
            Event::CommandRequested(_)
            | Event::CommandDelivered(_)
            | Event::CommandSettled(_)
            | Event::JobCreated(_)
            | Event::JobSteered(_)
            | Event::JobExhausted(_) => false,
        }
    }

    fn count(&mut self, at: Timestamp, which: fn(&mut Outcomes) -> &mut u64) {
        if let Some(outcomes) = self.hour.at(at) {
            let n = which(outcomes);
            *n = n.saturating_add(1);
        }
    }

    fn agent(
        &mut self,
        id: &Arc<str>,
        at: Timestamp,
        state: impl FnOnce(Option<AgentState>) -> AgentState,
    ) -> bool {
        let had = self.agents.get(id).copied();
        if had.is_some_and(|had| at < had.at) {
            return false;
        }
        if had.is_none() && self.agents.len() >= Self::MAX_AGENTS {
            self.overflow = self.overflow.saturating_add(1);
            return false;
        }
        let state = state(had.map(|had| had.state));
        step(&mut self.agent_counts, had.map(|had| had.state as usize), Some(state as usize));
        self.agents.insert(id.clone(), Agent { state, at });
        true
    }

    /// Moves a task to `status`, or out of memory if it is finished.
    fn task(&mut self, id: &Arc<str>, at: Timestamp, status: Option<TaskStatus>) -> bool {
        let had = self.tasks.get(id).copied();
        // A last failure and the giving up often carry the same time; the latter stands.
        let after = if status == Some(TaskStatus::DeadLetter) { at.plus(1) } else { at };
        if had.is_some_and(|had| at < had.at) || self.finished.outlived(id, after) {
            return false;
        }
        if had.is_none() && status.is_some() && self.tasks.len() >= Self::MAX_TASKS {
            self.overflow = self.overflow.saturating_add(1);
            return false;
        }
        step(&mut self.task_counts, had.map(|had| had.status as usize), status.map(|s| s as usize));
        if let Some(status) = status {
            self.tasks.insert(id.clone(), Task { status, at });
        } else {
            self.tasks.remove(id);
            self.finished.end(id, at);
        }
        true
    }
}

fn step(counts: &mut [u64], from: Option<usize>, to: Option<usize>) {
    if let Some(n) = from.and_then(|i| counts.get_mut(i)) {
        *n = n.saturating_sub(1);
    }
    if let Some(n) = to.and_then(|i| counts.get_mut(i)) {
        *n = n.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::window::HOUR;
    use proptest::prelude::*;

    fn fold(events: &[(i64, &str, &str)]) -> State {
        let mut state = State::default();
        for (seq, (ms, kind, data)) in events.iter().enumerate() {
            let event = Event::decode(kind, data).unwrap().unwrap();
            let (at, seq, subject) = (Timestamp::from_ms(*ms), seq as u64, None);
            let (source, id) = ("test".into(), seq.to_string().into());
            state.fold(&Stamp { seq, at, time: at, source, id, subject }, &event);
        }
        state
    }

    const TASK: &str = r#"{"task":"t"}"#;
    const AGENT: &str = r#"{"agent":"a"}"#;

    /// Tasks queued, assigned, working, dead; completed and failed in the hour.
    #[track_caller]
    fn check(events: &[(i64, &str)], expect: [u64; 6]) {
        let events: Vec<_> = events.iter().map(|&(ms, kind)| (ms, kind, TASK)).collect();
        let t = counts(&fold(&events), Timestamp::from_ms(HOUR)).1;
        let hour = [t.completed_last_hour, t.failed_last_hour];
        let [completed, failed] = hour;
        assert_eq!([t.queued, t.assigned, t.working, t.dead_letter, completed, failed], expect);
    }

    #[test]
    fn tasks_go_their_way() {
        check(&[(1, "task.queued")], [1, 0, 0, 0, 0, 0]);
        check(&[(1, "task.queued"), (2, "task.assigned")], [0, 1, 0, 0, 0, 0]);
        check(&[(1, "task.queued"), (2, "task.progress")], [0, 0, 1, 0, 0, 0]);
        check(&[(1, "task.started"), (2, "task.completed")], [0, 0, 0, 0, 1, 0]);
        check(&[(1, "task.started"), (2, "task.failed")], [0, 0, 0, 0, 0, 1]);
        check(&[(1, "task.failed"), (2, "task.dead_lettered")], [0, 0, 0, 1, 0, 1]);
        check(&[(1, "task.failed"), (1, "task.dead_lettered")], [0, 0, 0, 1, 0, 1]);
        check(&[(1, "task.dead_lettered"), (2, "task.queued")], [1, 0, 0, 0, 0, 0]);
        check(&[(1, "task.queued"), (2, "task.cancelled")], [0; 6]);
    }

    #[test]
    fn a_late_word_does_not_bring_a_task_back() {
        check(&[(3, "task.started"), (2, "task.assigned")], [0, 0, 1, 0, 0, 0]);
        check(&[(3, "task.completed"), (2, "task.assigned")], [0, 0, 0, 0, 1, 0]);
        check(&[(3, "task.completed"), (3, "task.progress")], [0, 0, 0, 0, 1, 0]);
        check(&[(3, "task.completed"), (4, "task.queued")], [1, 0, 0, 0, 1, 0]);
    }

    #[test]
    fn completions_leave_after_an_hour() {
        let state = fold(&[(0, "task.completed", TASK)]);
        let next = next_change(&state, Timestamp::from_ms(0)).unwrap();
        assert_eq!(next, Timestamp::from_ms(HOUR + MINUTE));
        assert_eq!(counts(&state, next.plus(-1)).1.completed_last_hour, 1);
        assert_eq!(counts(&state, next).1.completed_last_hour, 0);
    }

    #[test]
    fn agents_are_what_they_last_said_by_their_own_time() {
        let working = r#"{"agent":"a","state":"working"}"#;
        let state = |events: &[_]| fold(events).agents.get("a").map(|a| a.state);
        use AgentState::{Idle, Offline, Working};
        assert_eq!(state(&[(1, "agent.online", AGENT)]), Some(Idle));
        assert_eq!(
            state(&[(1, "agent.state_changed", working), (2, "agent.heartbeat", AGENT)]),
            Some(Working)
        );
        assert_eq!(state(&[(1, "agent.offline", AGENT)]), Some(Offline));
        assert_eq!(
            state(&[(1, "agent.offline", AGENT), (2, "agent.heartbeat", AGENT)]),
            Some(Idle)
        );
        assert_eq!(
            state(&[(5, "agent.offline", AGENT), (2, "agent.heartbeat", AGENT)]),
            Some(Offline)
        );
    }

    proptest! {
        #[test]
        fn counts_are_what_counting_would_give(
            steps in prop::collection::vec((0_i64..50, 0_usize..12, 0_u8..5), 0..80),
        ) {
            let data: Vec<_> = (0..5)
                .map(|i| format!(r#"{{"task":"t{i}","agent":"a{i}","state":"blocked"}}"#))
                .collect();
            let events: Vec<_> = steps
                .iter()
                .map(|&(ms, kind, i)| (ms, Event::TYPES[kind], data[usize::from(i)].as_str()))
                .collect();
            let state = fold(&events);
            let (mut agents, mut tasks) = ([0; 5], [0; 4]);
            state.agents.values().for_each(|a| agents[a.state as usize] += 1);
            state.tasks.values().for_each(|t| tasks[t.status as usize] += 1);
            prop_assert_eq!((state.agent_counts, state.task_counts), (agents, tasks));
        }
    }
}
