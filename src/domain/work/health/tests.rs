//! Each rule at, just below and just above its threshold, at times of the test's choosing.

use super::*;
use crate::domain::work::state::story::Story;
use serde_json::json;

const MINUTE: i64 = 60_000;

impl Story {
    /// Every rule that holds now, with what it is about, worst first.
    fn found(&self) -> Vec<Finding> {
        let (state, settings, now) = (&self.state, &self.settings, Timestamp::from_ms(self.now));
        let agents = state.agents.values().flat_map(|a| agent(a, now, settings).findings);
        let tasks = state.tasks.values().flat_map(|t| task(state, t, settings));
        let queues =
            state.queues.iter().flat_map(|(n, q)| queue(state, n, q, now, settings).findings);
        let mut found: Vec<_> = agents.chain(tasks).chain(queues).collect();
        found.extend(all(state, now, settings).findings);
        found
    }

    #[track_caller]
    fn check(&self, expect: &[(&str, &str)]) {
        let found = self.found();
        let seen: Vec<_> = found.iter().map(|f| (f.rule.as_str(), f.subject.as_str())).collect();
        assert_eq!(seen, expect, "at {}", self.now);
    }

    fn the(&self, rule: &str) -> Finding {
        self.found().into_iter().find(|finding| finding.rule == rule).unwrap()
    }
}

#[test]
fn an_agent_is_offline_after_a_minute_of_silence() {
    let mut story = Story::default();
    story.tell(1_000, "agent.online", json!({"agent": "a", "name": "Ada"}));
    story.wait(60_999);
    story.check(&[]);
    story.wait(61_000);
    story.check(&[("work.agent_offline", "agent/a")]);
    let finding = story.the("work.agent_offline");
    assert_eq!(finding.severity, Severity::Warning);
    assert!(finding.message.contains("Ada"), "{}", finding.message);
    assert_eq!(finding.evidence.link, "/work/agents/a");
    story.tell(62_000, "agent.heartbeat", json!({"agent": "a"}));
    story.check(&[]);
    story.tell(63_000, "agent.offline", json!({"agent": "a"}));
    story.check(&[("work.agent_offline", "agent/a")]);
}

#[test]
fn the_silence_allowed_is_a_setting() {
    let mut story = Story::default();
    story.settings.agent_offline_after_s = 10.0;
    story.tell(0, "agent.online", json!({"agent": "a"}));
    story.wait(9_999);
    story.check(&[]);
    story.wait(10_000);
    story.check(&[("work.agent_offline", "agent/a")]);
}

#[test]
fn a_task_is_stuck_after_more_than_five_minutes_without_news() {
    for kind in ["task.assigned", "task.started"] {
        let mut story = Story::default();
        story.tell(0, "task.queued", json!({"task": "t"}));
        story.tell(MINUTE, kind, json!({"task": "t", "agent": "a"}));
        story.tell(2 * MINUTE, "task.progress", json!({"task": "t", "note": "half"}));
        story.wait(7 * MINUTE);
        story.check(&[]);
        story.wait(7 * MINUTE + 1);
        story.check(&[("work.task_stuck", "task/t")]);
        let finding = story.the("work.task_stuck");
        assert_eq!((finding.severity, finding.since.ms()), (Severity::Warning, 7 * MINUTE));
        assert!(finding.message.contains("agent a"), "{}", finding.message);
        assert_eq!(finding.evidence.link, "/work/tasks/t");
        story.tell(8 * MINUTE, "task.progress", json!({"task": "t"}));
        story.check(&[]);
    }
}

#[test]
fn a_queued_task_is_never_stuck() {
    let mut story = Story::default();
    story.settings.queue_latency_target_s = 0.0;
    story.tell(0, "agent.online", json!({"agent": "a", "interval_s": 80_000}));
    story.tell(0, "task.queued", json!({"task": "t"}));
    story.wait(60 * MINUTE);
    story.check(&[]);
}

#[test]
fn the_queue_grows_in_three_checks() {
    let mut story = Story::default();
    story.tell(0, "agent.online", json!({"agent": "a", "interval_s": 80_000}));
    // Checks are at whole minutes: one task more before each of the first three.
    for i in 1..=3_i64 {
        story.check(&[]);
        story.tell(i * MINUTE - 1, "task.queued", json!({"task": format!("t{i}"), "queue": "q"}));
        story.wait(i * MINUTE);
    }
    story.check(&[("work.queue_growing", "work/all")]);
    let finding = story.the("work.queue_growing");
    assert_eq!((finding.severity, finding.since.ms()), (Severity::Warning, MINUTE));
    assert!(finding.message.contains("from 0 to 3"), "{}", finding.message);
    // One that finds no more ends it.
    story.wait(4 * MINUTE - 1);
    story.check(&[("work.queue_growing", "work/all")]);
    story.wait(4 * MINUTE);
    story.check(&[]);
}

#[test]
fn a_pause_between_checks_is_no_growth() {
    let mut story = Story::default();
    story.tell(0, "agent.online", json!({"agent": "a", "interval_s": 80_000}));
    for minute in [1, 2, 4, 5] {
        story.tell(minute * MINUTE - 1, "task.queued", json!({"task": format!("t{minute}")}));
        story.wait(minute * MINUTE);
        story.check(&[]);
    }
    story.tell(6 * MINUTE - 1, "task.queued", json!({"task": "t6"}));
    story.wait(6 * MINUTE);
    story.check(&[("work.queue_growing", "work/all")]);
}

#[test]
fn one_queue_grows_while_another_shrinks() {
    let mut story = Story::default();
    story.tell(0, "agent.online", json!({"agent": "a", "interval_s": 80_000}));
    for i in 0..4 {
        story.tell(1, "task.queued", json!({"task": format!("old{i}"), "queue": "old"}));
    }
    story.wait(MINUTE);
    for i in 2..=4_i64 {
        story.tell(i * MINUTE - 2, "task.queued", json!({"task": format!("t{i}"), "queue": "new"}));
        story.tell(i * MINUTE - 1, "task.cancelled", json!({"task": format!("old{}", i - 2)}));
        story.wait(i * MINUTE);
    }
    story.check(&[("work.queue_growing", "queue/new")]);
    assert_eq!(story.the("work.queue_growing").evidence.link, "/work?queue=new");
}

#[test]
fn more_than_half_of_the_hours_tasks_failed() {
    let mut story = Story::default();
    story.tell(0, "task.completed", json!({"task": "a"}));
    story.tell(1, "task.failed", json!({"task": "b", "error": "boom"}));
    story.check(&[]);
    story.tell(2, "task.failed", json!({"task": "c", "error": "bang"}));
    story.check(&[("work.failure_rate", "work/all")]);
    let finding = story.the("work.failure_rate");
    assert_eq!(finding.severity, Severity::Critical);
    assert_eq!(finding.evidence.sample.as_deref(), Some("bang"));
    assert!(finding.message.contains("2 of the 3"), "{}", finding.message);
    story.tell(3, "task.completed", json!({"task": "d"}));
    story.check(&[]);
}

#[test]
fn failures_leave_after_an_hour() {
    let mut story = Story::default();
    story.tell(0, "task.failed", json!({"task": "b"}));
    story.wait(61 * MINUTE - 1);
    story.check(&[("work.failure_rate", "work/all")]);
    let next = all(&story.state, Timestamp::from_ms(story.now), &story.settings).next;
    assert_eq!(next, Some(Timestamp::from_ms(61 * MINUTE)), "then a tick is due");
    story.wait(61 * MINUTE);
    story.check(&[]);
}

#[test]
fn the_share_of_failures_allowed_is_a_setting() {
    let mut story = Story::default();
    story.settings.failure_rate_critical = 1.0;
    story.tell(0, "task.failed", json!({"task": "b"}));
    story.check(&[]);
}

#[test]
fn tasks_wait_and_nobody_is_there() {
    let mut story = Story::default();
    story.tell(5, "task.queued", json!({"task": "t"}));
    story.check(&[("work.no_agent", "work/all")]);
    let finding = story.the("work.no_agent");
    assert_eq!((finding.severity, finding.since.ms()), (Severity::Critical, 5));
    story.tell(6, "agent.online", json!({"agent": "a"}));
    story.check(&[]);
    story.tell(7, "agent.offline", json!({"agent": "a"}));
    story.check(&[("work.agent_offline", "agent/a"), ("work.no_agent", "work/all")]);
    story.tell(8, "task.cancelled", json!({"task": "t"}));
    story.check(&[("work.agent_offline", "agent/a")]);
}

#[test]
fn a_task_waits_longer_than_its_queue_may() {
    let mut story = Story::default();
    story.settings.queue_latency_target_s = 30.0;
    story.tell(0, "agent.online", json!({"agent": "a", "interval_s": 80_000}));
    story.tell(0, "task.queued", json!({"task": "t", "queue": "q"}));
    story.wait(30_000);
    story.check(&[]);
    let next = queue(
        &story.state,
        &"q".into(),
        &story.state.queues["q"],
        Timestamp::from_ms(story.now),
        &story.settings,
    )
    .next;
    assert_eq!(next, Some(Timestamp::from_ms(30_001)));
    story.wait(30_001);
    story.check(&[("work.queue_latency", "queue/q")]);
    story.tell(30_002, "task.assigned", json!({"task": "t", "agent": "a"}));
    story.check(&[]);
}
