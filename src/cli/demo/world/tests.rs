use super::*;
use crate::domain::Event;
use std::collections::{BTreeMap, BTreeSet};

const START: Timestamp = Timestamp::from_ms(1_767_225_600_000);
const DAY_MS: i64 = 86_400_000;

fn plan(seed: u64, history_ms: i64, speed: f64) -> Plan {
    Plan { seed, projects: 24, agents: 24, start: START, history_ms, speed }
}

/// The first `n` events of a life.
fn life(seed: u64, n: usize) -> Vec<Happening> {
    let mut events = World::new(plan(seed, 30 * DAY_MS, 1.0)).advance(START, n);
    events.truncate(n);
    assert_eq!(events.len(), n);
    events
}

fn day(seed: u64) -> Vec<Happening> {
    World::new(plan(seed, DAY_MS, 1.0)).advance(START, usize::MAX)
}

#[test]
fn the_same_seed_lives_the_same_life() {
    assert_eq!(life(7, 2_000), life(7, 2_000));
    assert_ne!(life(7, 2_000), life(8, 2_000));
}

#[test]
fn batches_make_no_difference() {
    let mut world = World::new(plan(7, 30 * DAY_MS, 1.0));
    let mut events = Vec::new();
    while events.len() < 2_000 {
        events.extend(world.advance(START, 37));
    }
    events.truncate(2_000);
    assert_eq!(events, life(7, 2_000));
}

#[test]
fn every_event_is_one_the_board_takes() {
    let mut kinds = BTreeSet::new();
    for happening in day(1).into_iter().chain(day(2)) {
        let data = happening.data.to_string();
        let read = Event::decode(happening.kind, &data);
        assert!(matches!(read, Some(Ok(_))), "{}: {data}: {read:?}", happening.kind);
        kinds.insert(happening.kind);
    }
    let wanted =
        ["task.dead_lettered", "agent.offline", "trade.executed", "cash.moved", "metric.observed"];
    for kind in wanted {
        assert!(kinds.contains(kind), "{kind} never happens: {kinds:?}");
    }
}

#[test]
fn nothing_happens_in_the_future_and_time_does_not_go_back() {
    let mut world = World::new(plan(3, 3_600_000, 60.0));
    let mut last = START.plus(-3_600_000);
    for ms in [0, 1, 1_000, 1_500, 20_000, 60_000] {
        let now = START.plus(ms);
        for event in world.advance(now, usize::MAX) {
            assert!(event.time <= now, "{} at {now}", event.time);
            // A venue may report a fill a few minutes late, of life.
            let late = event.kind == "trade.executed" && last.since(event.time) < 15 * 60_000;
            assert!(last <= event.time || late, "{} after {last}", event.time);
            last = last.max(event.time);
        }
        assert!(world.due().is_some_and(|due| due > now));
    }
}

#[test]
fn speed_makes_life_denser_once_it_has_caught_up() {
    let count = |speed| {
        let mut world = World::new(plan(3, 0, speed));
        world.advance(START.plus(60_000), usize::MAX).len()
    };
    let (slow, fast) = (count(1.0), count(60.0));
    assert!(fast > slow * 20, "{slow} and {fast} events a minute");
}

#[test]
fn who_breaks_recovers() {
    let mut failed = BTreeMap::<String, u32>::new();
    let (mut longest, mut recovered) = (0, 0);
    for event in day(5).iter().filter(|e| e.kind == "validation.completed") {
        let project = event.data["project"].as_str().unwrap().to_owned();
        let streak = failed.entry(project).or_default();
        match event.data["status"].as_str() {
            Some("failed" | "error") => *streak += 1,
            Some("passed") => {
                longest = longest.max(*streak);
                recovered += u32::from(*streak > 1);
                *streak = 0;
            }
            _ => {}
        }
    }
    assert!(longest >= 3, "no break lasted: {longest}");
    assert!(recovered >= 3, "{recovered} recovered");
    let broken = failed.values().filter(|&&streak| streak > 0).count();
    assert!(broken < 12, "{broken} of 24 are broken at the end of the day");
}
