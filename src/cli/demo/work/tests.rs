use crate::cli::demo::orders::{Answer, Order, OrderKind};
use crate::cli::demo::work::SOURCE;
use crate::cli::demo::world::{Happening, Plan, World};
use crate::domain::work::AgentState;
use crate::wire::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

const START: Timestamp = Timestamp::from_ms(1_767_225_600_000);
const HOUR_MS: i64 = 3_600_000;

fn world(agents: usize, history_ms: i64) -> World {
    World::new(Plan { seed: 3, projects: 1, agents, start: START, history_ms, speed: 1.0 })
}

/// What the fleet does up to some time after the start.
fn life(world: &mut World, ms: i64) -> Vec<Happening> {
    let all = world.advance(START.plus(ms), usize::MAX);
    all.into_iter().filter(|event| event.source == SOURCE).collect()
}

fn text<'a>(event: &'a Happening, name: &str) -> Option<&'a str> {
    event.data[name].as_str()
}

fn order(command: OrderKind, task: &str) -> Order {
    Order { id: "c".to_owned(), command, task_id: task.to_owned() }
}

/// The last event about each task.
fn last(events: &[Happening]) -> BTreeMap<&str, &'static str> {
    let of_tasks = events.iter().filter(|event| event.kind.starts_with("task."));
    of_tasks.filter_map(|event| Some((text(event, "task")?, event.kind))).collect()
}

#[test]
fn agents_go_from_state_to_state_as_they_may() {
    let mut states: BTreeMap<String, AgentState> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for event in life(&mut world(24, 24 * HOUR_MS), 0) {
        let Some(agent) = text(&event, "agent").map(str::to_owned) else { continue };
        let next = match event.kind {
            // Who crashed without a word is found to be gone before it comes back.
            "agent.online" => {
                states.insert(agent.clone(), AgentState::Offline);
                AgentState::Idle
            }
            "agent.offline" => AgentState::Offline,
            "agent.state_changed" => AgentState::named(text(&event, "state").unwrap()).unwrap(),
            _ => continue,
        };
        if let Some(had) = states.insert(agent.clone(), next) {
            assert!(
                had.may_become(next),
                "{agent} went from {had:?} to {next:?} at {}",
                event.time
            );
        }
        seen.insert(next);
    }
    assert_eq!((states.len(), seen.len()), (24, AgentState::ALL.len()));
}

#[test]
fn a_day_has_dead_letters_of_a_handful_of_families_and_crashes() {
    let events = life(&mut world(24, 24 * HOUR_MS), 0);
    let count = |kind| events.iter().filter(|event| event.kind == kind).count();
    let (done, failed, dead) =
        (count("task.completed"), count("task.failed"), count("task.dead_lettered"));
    assert!((2_000..12_000).contains(&done), "{done} done");
    assert!(failed * 4 < done, "{failed} failed of {done}");
    assert!((10..300).contains(&dead), "{dead} given up");
    let errors = events.iter().filter(|event| event.kind == "task.dead_lettered");
    let family = |event: &Happening| {
        let error = text(event, "error").unwrap();
        error.chars().take_while(|c| c.is_alphabetic() || *c == ' ').collect::<String>()
    };
    let families: BTreeSet<String> = errors.map(family).collect();
    assert!((3..=6).contains(&families.len()), "{families:?}");
    let gone = |event: &&Happening| text(event, "error").is_some_and(|e| e.contains("is gone"));
    assert!(events.iter().filter(gone).count() >= 3, "crashes lose tasks");
    assert!(count("agent.online") > 24 + count("agent.offline"), "some crash without a word");
    let queues: BTreeSet<_> = events.iter().filter_map(|event| text(event, "queue")).collect();
    assert_eq!(queues.len(), 6);
    let before = START.plus(-HOUR_MS);
    let beat = |event: &Happening| event.kind == "agent.heartbeat" && event.time < before;
    assert!(!events.iter().any(beat), "nobody asks whether who is past was there");
}

#[test]
fn who_is_there_shows_it_once_life_is_live() {
    let mut world = world(24, 0);
    let events = life(&mut world, 60_000);
    let beat = |event: &&Happening| event.kind == "agent.heartbeat";
    let agents: BTreeSet<_> =
        events.iter().filter(beat).filter_map(|event| text(event, "agent")).collect();
    assert!(agents.len() >= 23, "{agents:?}");
}

#[test]
fn a_retried_task_is_done_and_its_times_are_in_order() {
    let mut world = world(24, 24 * HOUR_MS);
    let events = life(&mut world, 0);
    let dead: Vec<String> = last(&events)
        .into_iter()
        .filter(|(_, kind)| *kind == "task.dead_lettered")
        .map(|(task, _)| task.to_owned())
        .collect();
    assert!(dead.len() >= 10);
    let mut later = Vec::new();
    for task in &dead {
        let (told, answer) = world.obey(SOURCE, &order(OrderKind::Retry, task), START.plus(500));
        assert_eq!(answer, Ok(()));
        later.extend(told);
    }
    assert!(later.iter().all(|event| event.kind == "task.queued" && event.time == START.plus(500)));
    // On its way already.
    let again = world.obey(SOURCE, &order(OrderKind::Retry, &dead[0]), START.plus(600));
    assert!(matches!(again, (told, Err(_)) if told.is_empty()));
    later.extend(life(&mut world, 3 * HOUR_MS));
    assert!(later.is_sorted_by_key(|event| event.time));
    let last = last(&later);
    let done = dead.iter().filter(|task| last[task.as_str()] == "task.completed").count();
    assert!(done * 10 > dead.len() * 6, "{done} of {} came off", dead.len());
}

#[test]
fn a_cancelled_task_is_not_heard_of_again() {
    let mut world = world(24, 24 * HOUR_MS);
    let events = life(&mut world, 0);
    let last = last(&events);
    let is =
        |kind: &str| last.iter().find(|(_, k)| **k == kind).map(|(task, _)| (*task).to_owned());
    let tasks: Vec<String> =
        ["task.queued", "task.started", "task.dead_lettered"].into_iter().filter_map(is).collect();
    assert!(tasks.len() >= 2, "{tasks:?}");
    for task in &tasks {
        let (told, answer) = world.obey(SOURCE, &order(OrderKind::Cancel, task), START.plus(1));
        assert_eq!(
            (answer, told[0].kind, text(&told[0], "task")),
            (Ok(()), "task.cancelled", Some(&**task))
        );
    }
    let later = life(&mut world, 2 * HOUR_MS);
    let about = |event: &&Happening| tasks.iter().any(|task| text(event, "task") == Some(task));
    assert_eq!(later.iter().find(about), None);
}

#[test]
fn a_task_of_an_earlier_life_is_taken_over() {
    let mut world = world(24, 0);
    let (told, answer) = world.obey(SOURCE, &order(OrderKind::Retry, "task-1-1"), START);
    assert_eq!((answer, told.len()), (Ok(()), 1));
    let later = life(&mut world, 2 * HOUR_MS);
    assert_eq!(last(&later)["task-1-1"], "task.completed");
}

#[test]
fn commands_for_others_are_refused() {
    let order = order(OrderKind::Retry, "t");
    let answer: Answer = world(1, 0).obey("another", &order, START).1;
    assert!(answer.is_err());
}

#[test]
fn a_large_fleet_tells_less_of_its_past() {
    let events = life(&mut world(2_000, 24 * HOUR_MS), 0);
    assert!((20_000..400_000).contains(&events.len()), "{} events", events.len());
    let agents: BTreeSet<_> = events.iter().filter_map(|event| text(event, "agent")).collect();
    assert_eq!(agents.len(), 2_000);
}
