//! The fold against stories, and against models too simple to be wrong.

use super::*;
use crate::domain::work::state::story::Story;
use crate::domain::work::{AgentState, CommandStatus, JobStatus, TaskStatus};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

impl Story {
    fn job(&self) -> &Job {
        self.state.jobs.values().next().unwrap()
    }

    /// `n` tasks that were given up, a millisecond apart.
    fn dead(n: i64) -> Self {
        let mut story = Self::default();
        for i in 0..n {
            story.tell(
                i,
                "task.dead_lettered",
                json!({"task": format!("t{i}"), "error": "boom 1"}),
            );
        }
        story
    }

    /// A command of the job for its next task; its owner does it, and `then` becomes of the task.
    fn send(&mut self, ms: i64, then: &str) {
        let task = self.state.next_for_job(self.job()).unwrap();
        let command = format!("c-{task}");
        self.tell(
            ms,
            "command.requested",
            json!({
                "command": command, "kind": "retry", "task": task, "source": "test", "actor": "me",
                "deadline": Timestamp::from_ms(ms + 60_000), "job": "j",
            }),
        );
        let settled = json!({"command": command, "kind": "retry", "task": task, "status": "done"});
        self.tell(ms + 1, "command.settled", settled);
        if then == "task.completed" {
            self.tell(ms + 2, then, json!({"task": task}));
        } else {
            self.tell(ms + 2, "task.started", json!({"task": task}));
            self.tell(ms + 3, then, json!({"task": task, "error": "boom 2"}));
        }
    }

    fn retry_all(&mut self, ms: i64, total: u64, canary: bool) {
        let job = json!({
            "job": "j", "kind": "retry", "actor": "me", "filter": {"status": "dead_letter"},
            "total": total, "rate_per_s": 10.0, "canary": canary,
        });
        self.tell(ms, "job.created", job);
    }
}

/// Tasks queued, assigned, working, dead, failed; completed and failed in the hour.
#[track_caller]
fn check(events: &[(i64, &str)], expect: [u64; 7]) {
    let mut story = Story::default();
    for &(ms, kind) in events {
        story.tell_late(story.now.max(ms), ms, kind, json!({"task": "t"}));
    }
    let [queued, assigned, working, dead, failed, ..] = story.state.index.tasks;
    let hour = story.state.hour.sum(Timestamp::from_ms(HOUR), HOUR);
    assert_eq!([queued, assigned, working, dead, failed, hour.completed, hour.failed], expect);
}

#[test]
fn tasks_go_their_way() {
    check(&[(1, "task.queued")], [1, 0, 0, 0, 0, 0, 0]);
    check(&[(1, "task.queued"), (2, "task.assigned")], [0, 1, 0, 0, 0, 0, 0]);
    check(&[(1, "task.queued"), (2, "task.progress")], [0, 0, 1, 0, 0, 0, 0]);
    check(&[(1, "task.started"), (2, "task.completed")], [0, 0, 0, 0, 0, 1, 0]);
    check(&[(1, "task.started"), (2, "task.failed")], [0, 0, 0, 0, 1, 0, 1]);
    check(&[(1, "task.failed"), (2, "task.dead_lettered")], [0, 0, 0, 1, 0, 0, 1]);
    check(&[(1, "task.failed"), (1, "task.dead_lettered")], [0, 0, 0, 1, 0, 0, 1]);
    check(&[(1, "task.dead_lettered"), (2, "task.queued")], [1, 0, 0, 0, 0, 0, 0]);
    check(&[(1, "task.queued"), (2, "task.cancelled")], [0; 7]);
}

#[test]
fn a_late_word_does_not_bring_a_task_back() {
    check(&[(3, "task.started"), (2, "task.assigned")], [0, 0, 1, 0, 0, 0, 0]);
    check(&[(3, "task.completed"), (2, "task.assigned")], [0, 0, 0, 0, 0, 1, 0]);
    check(&[(3, "task.completed"), (3, "task.progress")], [0, 0, 0, 0, 0, 1, 0]);
    check(&[(3, "task.completed"), (4, "task.queued")], [1, 0, 0, 0, 0, 1, 0]);
    check(&[(3, "task.dead_lettered"), (2, "task.failed")], [0, 0, 0, 1, 0, 0, 1]);
}

#[test]
fn what_is_told_late_is_known_all_the_same() {
    let mut story = Story::default();
    story.tell(5, "task.started", json!({"task": "t", "agent": "a"}));
    let queued = json!({"task": "t", "description": "Do it", "queue": "q", "priority": 0});
    story.tell_late(6, 2, "task.queued", queued);
    let task = story.task("t");
    assert_eq!((task.status, task.description.as_deref()), (TaskStatus::Working, Some("Do it")));
    assert_eq!((task.created_at.ms(), task.updated_at.ms()), (2, 5));
    assert_eq!(story.state.queues["q"].count(TaskStatus::Working), 1, "it moved queue");
    assert_eq!(story.state.queues[DEFAULT_QUEUE].count(TaskStatus::Working), 0);
}

#[test]
fn a_late_word_of_its_queue_is_taken_though_it_was_tried_again() {
    let mut story = Story::default();
    story.tell(5, "task.failed", json!({"task": "t", "will_retry": true}));
    story.tell_late(6, 2, "task.queued", json!({"task": "t", "queue": "q"}));
    let task = story.task("t");
    assert_eq!((&*task.queue, task.queued_at.unwrap().ms()), ("q", 5));
}

#[test]
fn tries_and_retries_are_counted() {
    let mut story = Story::default();
    story.tell(1, "task.queued", json!({"task": "t"}));
    story.tell(2, "task.started", json!({"task": "t"}));
    story.tell(3, "task.failed", json!({"task": "t", "will_retry": true, "error": "e 1"}));
    story.tell(4, "task.started", json!({"task": "t"}));
    let task = story.task("t");
    assert_eq!((task.attempt, task.retry_count), (2, 1));
    story.tell(5, "task.dead_lettered", json!({"task": "t"}));
    assert_eq!(story.task("t").last_error.as_deref(), Some("e 1"));
    story.tell(6, "task.queued", json!({"task": "t"}));
    assert_eq!(story.task("t").retry_count, 2);
}

#[test]
fn agents_are_what_they_last_said_by_their_own_time() {
    use AgentState::{Assigned, Idle, Offline, Working};
    let mut story = Story::default();
    let a = || json!({"agent": "a"});
    story.tell(1, "agent.online", a());
    assert_eq!(story.agent("a").state, Idle);
    story.tell(2, "agent.state_changed", json!({"agent": "a", "state": "assigned", "task": "t"}));
    story.tell(3, "agent.state_changed", json!({"agent": "a", "state": "working", "task": "t"}));
    story.tell(4, "agent.heartbeat", a());
    assert_eq!((story.agent("a").state, story.agent("a").illegal_moves), (Working, 0));
    story.tell_late(5, 2, "agent.offline", a());
    assert_eq!(story.agent("a").state, Working, "a late word");
    story.tell(6, "agent.offline", a());
    assert_eq!((story.agent("a").state, story.agent("a").task()), (Offline, None));
    story.tell(7, "agent.heartbeat", a());
    assert_eq!(story.agent("a").state, Idle);
    story.tell(8, "agent.state_changed", json!({"agent": "a", "state": "blocked"}));
    let flagged = story.agent("a").last_illegal.unwrap();
    assert_eq!(
        (flagged.from, flagged.to, story.agent("a").illegal_moves),
        (Idle, AgentState::Blocked, 1)
    );
    story.tell(9, "task.assigned", json!({"task": "u", "agent": "a"}));
    assert_eq!(story.agent("a").state, AgentState::Blocked, "it said so itself");
    story.tell(10, "agent.state_changed", json!({"agent": "a", "state": "idle"}));
    story.tell(11, "task.assigned", json!({"task": "v", "agent": "a"}));
    assert_eq!(story.agent("a").state, Assigned);
    assert_eq!(story.agent("a").illegal_moves, 1, "what tasks say flags nothing");
}

#[test]
fn an_agent_that_is_idle_is_on_no_task() {
    let mut story = Story::default();
    story.tell(1, "agent.state_changed", json!({"agent": "a", "state": "working", "task": "t"}));
    assert_eq!(story.agent("a").task().map(|t| &**t), Some("t"));
    story.tell(2, "agent.state_changed", json!({"agent": "a", "state": "idle", "task": "t"}));
    assert_eq!(story.agent("a").task(), None);
}

#[test]
fn an_agent_follows_its_tasks() {
    let mut story = Story::default();
    story.tell(1, "task.assigned", json!({"task": "t", "agent": "nobody"}));
    assert!(story.state.agents.is_empty(), "a task does not make an agent known");
    story.tell(2, "agent.online", json!({"agent": "a"}));
    story.tell(3, "task.started", json!({"task": "t", "agent": "a"}));
    assert_eq!(story.agent("a").task().map(|t| &**t), Some("t"));
    story.tell(4, "agent.online", json!({"agent": "b"}));
    story.tell(5, "task.started", json!({"task": "t", "agent": "b"}));
    assert_eq!((story.agent("a").state, story.agent("a").task()), (AgentState::Idle, None));
    assert_eq!(story.agent("b").state, AgentState::Working);
    story.tell(6, "task.completed", json!({"task": "t", "agent": "b", "duration_ms": 2}));
    assert_eq!(story.agent("b").state, AgentState::Idle);
    assert_eq!(story.agent("b").hour.sum(Timestamp::from_ms(6), HOUR).completed, 1);
}

#[test]
fn silence_makes_offline_and_then_forgotten() {
    let mut story = Story::default();
    story.tell(0, "agent.online", json!({"agent": "a"}));
    story.wait(59_999);
    assert!(story.agent("a").is_online());
    story.wait(60_000);
    assert_eq!(story.agent("a").silent.unwrap().0, AgentState::Idle);
    assert_eq!(story.agent("a").since.ms(), 60_000);
    story.wait(60_000 + 86_400_000 - 1);
    assert!(story.state.agents.contains_key("a"));
    story.wait(60_000 + 86_400_000);
    assert!(story.state.agents.is_empty());
}

#[test]
fn what_is_told_too_late_is_due_at_once() {
    let mut story = Story::default();
    story.tell_late(100_000, 1, "agent.online", json!({"agent": "a"}));
    assert_eq!(
        (story.agent("a").state, story.agent("a").since.ms()),
        (AgentState::Offline, 60_001)
    );
    story.tell_late(400_000, 1, "task.started", json!({"task": "t"}));
    assert!(story.state.index.stuck.contains("t"));
    story.tell(400_001, "task.progress", json!({"task": "t"}));
    assert!(!story.state.index.stuck.contains("t"));
}

#[test]
fn commands_are_delivered_answered_or_expire() {
    let mut story = Story::dead(2);
    let command = |id: &str, task: &str| {
        json!({"command": id, "kind": "retry", "task": task, "source": "test", "actor": "me",
            "deadline": Timestamp::from_ms(1_000)})
    };
    story.tell(10, "command.requested", command("c", "t0"));
    story.tell(11, "command.requested", command("d", "t1"));
    let open: Vec<_> = story.state.open_for("test").map(|c| c.id.to_string()).collect();
    assert_eq!(open, ["c", "d"]);
    assert_eq!(story.state.open_for("other").count(), 0);
    story.tell(12, "command.delivered", json!({"command": "c", "task": "t0"}));
    assert_eq!(story.state.commands["c"].status, CommandStatus::Delivered);
    let done = json!({"command": "c", "kind": "retry", "task": "t0", "status": "done"});
    story.tell(13, "command.settled", done);
    assert_eq!((story.task("t0").status, story.task("t0").retry_count), (TaskStatus::Queued, 1));
    assert_eq!(story.state.open_for("test").count(), 1);
    story.wait(999);
    assert_eq!(story.state.commands["d"].status, CommandStatus::Pending);
    story.wait(1_000);
    assert_eq!(story.state.commands["d"].status, CommandStatus::Expired);
    assert_eq!(story.state.open_for("test").count(), 0);
}

#[test]
fn an_owner_whose_clock_is_behind_is_not_late() {
    let mut story = Story::dead(1);
    let command = json!({"command": "c", "kind": "retry", "task": "t0", "source": "test",
        "actor": "me", "deadline": Timestamp::from_ms(90_000)});
    story.tell(10_000, "command.requested", command);
    let done = json!({"command": "c", "kind": "retry", "task": "t0", "status": "done"});
    story.tell(10_010, "command.settled", done);
    story.tell_late(10_020, 5_000, "task.queued", json!({"task": "t0"}));
    story.tell_late(10_030, 5_010, "task.started", json!({"task": "t0"}));
    assert_eq!(story.task("t0").status, TaskStatus::Working);
    story.tell_late(10_040, 5_020, "task.completed", json!({"task": "t0"}));
    assert!(story.state.tasks.is_empty());
}

#[test]
fn what_an_agent_says_first_is_no_move() {
    let mut story = Story::default();
    story.tell(1, "agent.state_changed", json!({"agent": "a", "state": "blocked"}));
    assert_eq!((story.agent("a").state, story.agent("a").illegal_moves), (AgentState::Blocked, 0));
    story.tell(2, "agent.offline", json!({"agent": "a"}));
    story.tell(3, "agent.online", json!({"agent": "a", "state": "working"}));
    assert_eq!((story.agent("a").state, story.agent("a").illegal_moves), (AgentState::Working, 0));
}

#[test]
fn a_job_sends_what_was_meant_and_nothing_twice() {
    let mut story = Story::dead(3);
    story.retry_all(10, 3, false);
    story.tell(11, "task.dead_lettered", json!({"task": "later"}));
    assert!(story.job().may_send());
    story.send(20, "task.dead_lettered");
    story.send(30, "task.completed");
    story.send(40, "task.completed");
    let item = &story.job().item;
    assert_eq!((item.sent, item.done, item.completed, item.failed_again), (3, 3, 2, 1));
    assert_eq!((item.status, item.skipped), (JobStatus::Done, 0));
    assert_eq!(story.state.next_for_job(story.job()), None, "t0 again, and what came later");
}

#[test]
fn a_canary_that_fails_stops_the_job() {
    let mut story = Story::dead(20);
    story.retry_all(30, 20, true);
    story.send(40, "task.dead_lettered");
    let item = &story.job().item;
    assert_eq!((item.status, item.sent), (JobStatus::Stopped, 1));
    assert!(item.reason.is_some() && !story.job().may_send());
}

#[test]
fn a_canary_goes_on_when_at_most_half_of_it_fails() {
    let mut story = Story::dead(20);
    story.retry_all(30, 20, true);
    story.send(40, "task.completed");
    assert_eq!(story.job().item.canary_stage, Some(2));
    for (i, then) in ["failed", "failed", "completed", "completed", "completed"].iter().enumerate()
    {
        assert!(story.job().may_send());
        story.send(50 + 10 * i as i64, &format!("task.{then}"));
    }
    assert_eq!(
        (story.job().item.status, story.job().item.canary_stage),
        (JobStatus::Running, None)
    );
    assert!(story.job().may_send());
}

#[test]
fn a_canary_of_five_waits_and_may_stop() {
    let mut story = Story::dead(20);
    story.retry_all(30, 20, true);
    story.send(40, "task.completed");
    for i in 0..3 {
        story.send(50 + 10 * i, "task.failed");
    }
    assert_eq!(story.job().item.status, JobStatus::Stopped);
}

#[test]
fn a_paused_job_waits_and_a_cancelled_one_ends() {
    let mut story = Story::dead(3);
    story.retry_all(10, 3, false);
    story.tell(11, "job.steered", json!({"job": "j", "steering": "pause", "actor": "me"}));
    assert!(!story.job().may_send());
    story.tell(12, "job.steered", json!({"job": "j", "steering": "resume", "actor": "me"}));
    assert!(story.job().may_send());
    story.tell(13, "job.steered", json!({"job": "j", "steering": "cancel", "actor": "me"}));
    assert_eq!((story.job().item.status, story.job().may_send()), (JobStatus::Cancelled, false));
}

#[test]
fn dead_letters_are_grouped_by_what_went_wrong() {
    let mut story = Story::dead(3);
    story.tell(5, "task.dead_lettered", json!({"task": "x", "error": "something else"}));
    let groups = super::super::build::dead_groups(&story.state, 10);
    let seen: Vec<_> = groups.iter().map(|g| (g.pattern.as_str(), g.count)).collect();
    assert_eq!(seen, [("boom <n>", 3), ("something else", 1)]);
    assert_eq!((groups[0].first_at.ms(), groups[0].last_at.ms()), (0, 2));
}

#[test]
fn memory_does_not_grow_with_what_is_over() {
    let mut story = Story::default();
    let mut sizes = Vec::new();
    for i in 0..6_000_i64 {
        let task = json!({"task": format!("t{i}"), "queue": "q"});
        story.tell(i * 10, "task.queued", task.clone());
        story.tell(i * 10 + 1, "task.started", task.clone());
        story.tell(i * 10 + 2, "task.completed", task);
        if i % 2_000 == 1_999 {
            let s = &story.state;
            sizes.push((s.tasks.len(), s.completions.len(), s.queues.len(), s.index.due.len()));
        }
    }
    assert_eq!(sizes, [(0, 100, 1, 0); 3]);
    assert_eq!(story.state.completed, 6_000);
}

/// Where a task stands by the simplest reading of its story: the last event by time, in order of
/// arrival where times are equal; but nothing of the same time moves what has ended, except from
/// failed to given up.
fn model(events: &[(i64, &str)]) -> Option<TaskStatus> {
    let mut at = (i64::MIN, None);
    for &(time, kind) in events {
        let next = match kind {
            "task.queued" => TaskStatus::Queued,
            "task.assigned" => TaskStatus::Assigned,
            "task.started" | "task.progress" => TaskStatus::Working,
            "task.completed" => TaskStatus::Completed,
            "task.failed" => TaskStatus::Failed,
            "task.dead_lettered" => TaskStatus::DeadLetter,
            _ => TaskStatus::Cancelled,
        };
        let moves = match at.1 {
            Some(TaskStatus::Failed) if next == TaskStatus::DeadLetter => time >= at.0,
            Some(had) if had as usize >= TaskStatus::DeadLetter as usize => time > at.0,
            _ => time >= at.0,
        };
        if moves {
            at = (time, Some(next));
        }
    }
    at.1
}

const TASK_KINDS: [&str; 8] = [
    "task.queued",
    "task.assigned",
    "task.started",
    "task.progress",
    "task.completed",
    "task.failed",
    "task.dead_lettered",
    "task.cancelled",
];

proptest! {
    #[test]
    fn a_task_is_where_the_model_says(
        steps in prop::collection::vec((0_i64..12, 0_usize..8, 0_u8..3), 0..60),
    ) {
        let mut story = Story::default();
        let mut told: BTreeMap<u8, Vec<(i64, &str)>> = BTreeMap::new();
        for &(ms, kind, task) in &steps {
            let kind = TASK_KINDS[kind];
            told.entry(task).or_default().push((ms, kind));
            story.tell_late(100, ms, kind, json!({"task": format!("t{task}")}));
        }
        for (task, events) in &told {
            let seen = story.state.tasks.get(format!("t{task}").as_str()).map(|task| task.status);
            let expect = model(events).filter(|status| !status.is_over());
            prop_assert_eq!(seen, expect, "{:?}", events);
        }
        let mut counts = [0; 7];
        story.state.tasks.values().for_each(|task| counts[task.status as usize] += 1);
        prop_assert_eq!(counts, story.state.index.tasks);
    }

    /// Online after its last word, for as long as it may be silent; flagged exactly where the table
    /// of legal moves says so.
    #[test]
    fn an_agent_is_what_the_model_says(
        steps in prop::collection::vec((1_i64..90_000, 0_usize..8), 1..40), after in 0_i64..200_000,
    ) {
        let mut story = Story::default();
        story.tell(0, "agent.online", json!({"agent": "a", "interval_s": 30}));
        let (mut now, mut heard, mut state, mut flagged) = (0, 0, AgentState::Idle, 0_u64);
        let mut silent_from = None;
        for &(step, what) in &steps {
            now += step;
            if state != AgentState::Offline && now - heard >= 60_000 {
                (silent_from, state) = (Some(state), AgentState::Offline);
            }
            match what {
                0 | 1 => {
                    story.tell(now, "agent.heartbeat", json!({"agent": "a"}));
                    if state == AgentState::Offline {
                        state = silent_from.take().unwrap_or(AgentState::Idle);
                    }
                }
                2 => {
                    story.tell(now, "agent.offline", json!({"agent": "a"}));
                    (state, silent_from) = (AgentState::Offline, None);
                }
                n => {
                    let next = AgentState::ALL[n - 3];
                    story.tell(now, "agent.state_changed", json!({"agent": "a", "state": next}));
                    let from = silent_from.take().unwrap_or(state);
                    flagged += u64::from(!from.may_become(next));
                    state = next;
                }
            }
            if what != 2 {
                heard = now;
            }
            prop_assert_eq!(story.agent("a").state, state);
            prop_assert_eq!(story.agent("a").illegal_moves, flagged);
        }
        story.wait(now + after);
        let expect = if state != AgentState::Offline && now + after - heard >= 60_000 {
            AgentState::Offline
        } else {
            state
        };
        prop_assert_eq!(story.agent("a").state, expect);
    }
}
