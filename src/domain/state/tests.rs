//! The laws of the fold, over events of every domain that has a state.

use super::*;
use crate::domain::projects::health::{assess, detail};
use crate::wire::Stamp;
use proptest::prelude::*;

/// Epoch of the stories: a day turns within them.
const START: i64 = 20 * 86_400_000;

fn envelope(seq: usize, at: i64, ago: i64, event: Event) -> Envelope {
    let at = Timestamp::from_ms(START + at);
    let (seq, source, id) = (seq as u64, "test".into(), seq.to_string().into());
    Envelope { stamp: Stamp { seq, at, time: at.plus(-ago), source, id, subject: None }, event }
}

fn event() -> impl Strategy<Value = Event> {
    let status = prop::sample::select(vec!["passed", "failed", "error", "skipped"]);
    let validated = (0..4_u8, status, 1..5_000_u32, 0..4_u8).prop_map(|(p, status, ms, errors)| {
        let errors: Vec<_> =
            (0..errors).map(|i| format!(r#"{{"type":"E{i}","message":"m{ms}"}}"#)).collect();
        let data = format!(
            r#"{{"project":"p{p}","status":"{status}","duration_ms":{ms},"errors":[{}],"branch":"main"}}"#,
            errors.join(",")
        );
        ("validation.completed", data)
    });
    let registered = (0..4_u8, any::<bool>()).prop_map(|(p, archived)| {
        let data = format!(r#"{{"project":"p{p}","name":"P {archived}","archived":{archived}}}"#);
        ("project.registered", data)
    });
    let requested = (0..4_u8, 1..900_u32).prop_map(|(p, ms)| {
        ("request.observed", format!(r#"{{"project":"p{p}","duration_ms":{ms}}}"#))
    });
    let sampled = (0..3_u8, 0..=100_u8).prop_map(|(h, use_)| {
        let data = format!(
            r#"{{"host":"h{h}","cpu":{{"usage_percent":{use_},"cores":2}},"network":{{"rx_bytes":{use_}}},"load":[1,2,3]}}"#
        );
        ("host.sampled", data)
    });
    let of_others = &alerts::Event::OF_OTHERS;
    let kinds: Vec<_> = work::Event::TYPES.iter().chain(of_others).copied().collect();
    let states = prop::sample::select(vec!["idle", "assigned", "working", "blocked"]);
    let named = (prop::sample::select(kinds), 0..4_u8, 0..3_u8, states, any::<bool>()).prop_map(
        |(kind, n, m, state, flag)| {
            let (status, steering) = if flag { ("done", "pause") } else { ("refused", "resume") };
            let data = serde_json::json!({
                "task": format!("t{n}"), "agent": format!("a{m}"), "alert": format!("x{n}"),
                "state": state, "queue": format!("q{m}"), "error": format!("no {state}"),
                "will_retry": flag, "duration_ms": 40, "command": format!("c{n}"), "kind": "retry",
                "source": "test", "actor": "me", "deadline": "1970-01-22T00:00:00Z",
                "status": status, "job": format!("j{m}"), "total": 3, "rate_per_s": 1.0,
                "canary": flag, "steering": steering, "tasks": ["t0", "t1", "t2"],
            });
            (kind, data.to_string())
        },
    );
    let set = (1..90_u32).prop_map(|s| {
        let data = format!(r#"{{"changes":{{"work.stuck_after_s":{s}}},"actor":"me"}}"#);
        ("settings.changed", data)
    });
    let ticked = Just(("clock.ticked", "{}".to_owned()));
    prop_oneof![6 => validated, 1 => registered, 2 => requested, 2 => sampled, 8 => named, 1 => ticked, 1 => set]
        .prop_map(|(kind, data)| Event::decode(kind, &data).unwrap().unwrap())
}

/// A journal: `at` never decreases, an event may be up to three days late.
fn journal() -> impl Strategy<Value = Vec<Envelope>> {
    let late = prop_oneof![3 => Just(0_i64), 1 => 0..3 * 86_400_000_i64];
    prop::collection::vec((0..3_600_000_i64, late, event()), 0..120).prop_map(|steps| {
        let mut at = 0;
        let stamped = steps.into_iter().enumerate().map(|(i, (step, ago, event))| {
            at += step;
            envelope(i + 1, at, ago, event)
        });
        stamped.collect()
    })
}

fn fold(events: &[Envelope]) -> State {
    let mut state = State::default();
    for event in events {
        state.replay(event);
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// A checkpoint anywhere, and the rest folded on top of it, is the same as a replay.
    #[test]
    fn a_checkpoint_and_the_rest_is_the_whole(journal in journal(), cut in 0.0..=1.0_f64) {
        let cut = (journal.len() as f64 * cut) as usize;
        let whole = fold(&journal);
        let mut state = State::decode(&fold(&journal[..cut]).encode().unwrap()).unwrap();
        journal[cut..].iter().for_each(|event| state.replay(event));
        prop_assert_eq!(&state, &whole);
        prop_assert_eq!(state.encode().unwrap(), whole.encode().unwrap());
        prop_assert_eq!(state.hash().unwrap(), whole.hash().unwrap());
    }

    /// A snapshot is not moved by what comes after it.
    #[test]
    fn a_snapshot_stands_still(journal in journal(), cut in 0.0..=1.0_f64) {
        let cut = (journal.len() as f64 * cut) as usize;
        let mut state = fold(&journal[..cut]);
        let (snapshot, before) = (state.clone(), state.hash().unwrap());
        journal[cut..].iter().for_each(|event| state.replay(event));
        prop_assert_eq!(snapshot.hash().unwrap(), before);
    }

    /// The same events in another order give the same windows, percentiles and error counts.
    #[test]
    fn order_does_not_change_windows(
        (journal, shuffled) in journal().prop_flat_map(|j| (Just(j.clone()), Just(j).prop_shuffle())),
    ) {
        let (a, b) = (fold(&journal), fold(&shuffled));
        prop_assert_eq!((a.now, a.events), (b.now, b.events));
        prop_assert_eq!(&a.projects.totals, &b.projects.totals);
        for (id, project) in &a.projects.by_id {
            let other = &b.projects.by_id[id];
            let (x, y) = (detail(project, a.now), detail(other, a.now));
            prop_assert_eq!((x.windows, x.response_time_ms), (y.windows, y.response_time_ms));
            let (x, y) = (assess(project, a.now).item, assess(other, a.now).item);
            prop_assert_eq!((x.duration_ms, x.error_hours), (y.duration_ms, y.error_hours));
            prop_assert_eq!(project.archived(), other.archived());
        }
    }

    /// An event changes only what it says it touched.
    #[test]
    fn what_is_not_touched_is_not_changed(journal in journal()) {
        let mut state = State::default();
        for event in &journal {
            let before = state.clone();
            let mut touched = Vec::new();
            state.fold(event, &mut touched);
            let told = |one: Touched| touched.contains(&one);
            for (id, project) in &state.projects.by_id {
                let same = before.projects.by_id.get(id) == Some(project);
                prop_assert!(same || told(Touched::Project(id.clone())));
            }
            for (name, host) in &state.system.hosts {
                let same = before.system.hosts.get(name) == Some(host);
                prop_assert!(same || told(Touched::Host(name.clone())));
            }
            let of_alerts = |one| told(Touched::Alerts(one));
            let (old, new) = (&before.alerts, &state.alerts);
            let same = old.external.active == new.external.active;
            prop_assert!(same || of_alerts(alerts::state::Touched::External));
            for id in old.open.keys().chain(new.open.keys()) {
                let same = old.open.get(id) == new.open.get(id);
                prop_assert!(same || of_alerts(alerts::state::Touched::Alert(id.clone())), "{id}");
            }
            let same = old.silences == new.silences;
            prop_assert!(same || of_alerts(alerts::state::Touched::Silences));
            let of_work = |one| told(Touched::Work(one));
            let (old, new) = (&before.work, &state.work);
            for id in old.tasks.keys().chain(new.tasks.keys()) {
                let same = old.tasks.get(id) == new.tasks.get(id)
                    && old.index.stuck.contains(id) == new.index.stuck.contains(id);
                prop_assert!(same || of_work(work::state::Touched::Task(id.clone())), "task {id}");
            }
            for id in old.agents.keys().chain(new.agents.keys()) {
                let same = old.agents.get(id) == new.agents.get(id);
                prop_assert!(same || of_work(work::state::Touched::Agent(id.clone())), "agent {id}");
            }
            for name in old.queues.keys().chain(new.queues.keys()) {
                let same = old.queues.get(name) == new.queues.get(name);
                prop_assert!(same || of_work(work::state::Touched::Queue(name.clone())), "{name}");
            }
            let totals = |of: &work::state::State| {
                (of.index.tasks, of.index.agents, of.commands.clone(), of.jobs.clone(), of.growth)
            };
            let same = totals(old) == totals(new) && old.hour == new.hour;
            prop_assert!(same || of_work(work::state::Touched::Totals));
        }
    }

    /// What the index says is what looking at everything would give.
    #[test]
    fn the_index_is_what_looking_at_everything_gives(journal in journal()) {
        let mut state = State::default();
        for event in &journal {
            state.replay(event);
            let kept = state.work.index.clone();
            state.work.reindex(state.now, &state.settings.work);
            prop_assert_eq!(&kept, &state.work.index);
        }
        let mut seen = [0; 5];
        state.work.agents.values().for_each(|agent| seen[agent.state as usize] += 1);
        prop_assert_eq!(seen, state.work.index.agents);
    }

    #[test]
    fn any_bytes_are_read_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = State::decode(&bytes);
        bytes.insert(0, LAYOUT);
        let _ = State::decode(&bytes);
    }
}

#[track_caller]
fn check(bytes: &[u8], expect: &str) {
    assert_eq!(State::decode(bytes).unwrap_err().to_string(), expect);
}

#[test]
fn other_layouts_are_named() {
    check(&[], "the encoded state is empty");
    check(&[0x7f], "state of layout 127, expected 6");
}

#[test]
fn ticks_are_time_but_not_events() {
    let tick = Event::decode("clock.ticked", "{}").unwrap().unwrap();
    let mut state = State::default();
    let mut touched = Vec::new();
    state.fold(&envelope(7, 1_000, 0, tick), &mut touched);
    assert_eq!(touched, [Touched::Work(work::state::Touched::Totals)], "the first check of depth");
    assert_eq!((state.seq, state.events), (7, 0));
    assert_eq!(state.now, Timestamp::from_ms(START + 1_000));
}
