use super::*;
use crate::domain::alerts::Stretch;
use crate::domain::alerts::rule::RuleSpec;
use crate::domain::health::Severity;
use crate::pipeline::journal::{self, Checkpoint, Draft, Journal, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

/// 2026-01-01T00:00:00Z
const START: i64 = 1_767_225_600_000;
const BUDGET: Budget = Budget { events: 100_000, time: Duration::from_secs(60), stretches: 100 };
const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(START + ms)
}

/// A journal that was written over some time.
struct Past {
    dir: TempDir,
    store: Store,
}

impl Past {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = journal::Options { dir: dir.path().to_owned(), max_bytes: None };
        let store = Store::open(&options).unwrap();
        Self { dir, store }
    }

    /// What a source sent this long after the start, in milliseconds.
    fn sent(&mut self, ms: i64, source: &str, kind: &str, data: &Value) -> &mut Self {
        let event = Event::decode(kind, &data.to_string()).unwrap().unwrap();
        let id = uuid::Uuid::now_v7().to_string().into();
        let draft = Draft::new(None, source.into(), id, false, None, event);
        self.store.append(at(ms), &[&draft]).unwrap();
        self
    }

    fn depth(&mut self, ms: i64, value: f64) -> &mut Self {
        self.sent(ms, "pool", "metric.observed", &json!({"name": "depth", "value": value}))
    }

    fn heard(&mut self, ms: i64) -> &mut Self {
        self.sent(ms, "pool", "agent.heartbeat", &json!({"agent": "a"}))
    }

    fn raised(&mut self, ms: i64) -> &mut Self {
        self.sent(ms, "nagios", "alert.raised", &json!({"alert": "x", "severity": "critical"}))
    }

    fn cleared(&mut self, ms: i64) -> &mut Self {
        self.sent(ms, "nagios", "alert.cleared", &json!({"alert": "x"}))
    }

    /// Keeps a checkpoint of all so far.
    fn kept(&mut self) -> &mut Self {
        let mut state = State::default();
        let reader = Reader::open(self.dir.path()).unwrap();
        reader.read(0).unwrap().iter().for_each(|envelope| state.replay(envelope));
        let (seq, at) = (state.seq, state.now);
        let (state, hash) = (state.encode().unwrap(), state.hash().unwrap());
        self.store.checkpoint(&Checkpoint { seq, at, hash, state }).unwrap();
        self
    }

    fn plan(rule: &Value, from: i64, to: i64) -> Plan {
        let spec: RuleSpec = serde_json::from_value(rule.clone()).unwrap();
        let rule = RuleSpec { name: "Rule".to_owned(), ..spec }.check("rule").unwrap();
        Plan { rule, rules: OrdMap::new(), from: at(from), to: at(to) }
    }

    fn test(&self, rule: &Value, from: i64, to: i64) -> Found {
        run(self.dir.path(), Self::plan(rule, from, to), BUDGET, || false).unwrap()
    }
}

/// When it fired and was over, in seconds after the start; to a tenth, as often as is looked.
fn spans(found: &Found) -> Vec<(f64, Option<f64>)> {
    let s = |at: Timestamp| ((at.ms() - START) as f64 / 100.0).round() / 10.0;
    found.fired.iter().map(|Stretch { from, to, .. }| (s(*from), to.map(s))).collect()
}

#[track_caller]
fn check(past: &Past, rule: &Value, to: i64, expect: &[(f64, Option<f64>)]) -> Found {
    let found = past.test(rule, 0, to);
    assert_eq!(spans(&found), expect, "{rule}");
    assert!(!found.cut);
    found
}

fn deep(more: &Value) -> Value {
    let mut rule = json!({"on": {"metric": "depth", "aggregation": "max", "window_s": 40,
        "op": ">", "threshold": 10}});
    for (name, value) in more.as_object().unwrap() {
        rule[name] = value.clone();
    }
    rule
}

#[test]
fn a_metric_fires_while_its_window_holds_it() {
    let mut past = Past::new();
    past.depth(0, 5.0).depth(10 * SECOND, 20.0).depth(30 * SECOND, 1.0).depth(60 * SECOND, 2.0);
    // A step of the window is a second long: the value of the 10th leaves it after the 50th.
    let found = check(&past, &deep(&json!({})), 2 * MINUTE, &[(10.0, Some(51.0))]);
    let stretch = &found.fired[0];
    assert_eq!((&*stretch.subject, stretch.severity), ("metric/depth", Severity::Warning));
    assert_eq!((found.events, found.flaps), (4, 0));
    assert_eq!((found.from, found.to), (at(0), at(2 * MINUTE)));
    check(&past, &deep(&json!({"for_s": 30})), 2 * MINUTE, &[(40.0, Some(51.0))]);
    check(&past, &deep(&json!({"for_s": 45})), 2 * MINUTE, &[]);
    check(&past, &deep(&json!({"keep_firing_for_s": 20})), 2 * MINUTE, &[(10.0, Some(71.0))]);
    check(&past, &deep(&json!({})), 30 * SECOND, &[(10.0, None)]);
    // Once nothing is measured any more, nobody knows.
    let low = deep(&json!({"on": {"metric": "depth", "aggregation": "max", "window_s": 40,
        "op": "<", "threshold": 10}}));
    check(&past, &low, 9 * MINUTE, &[(0.0, Some(10.0)), (51.0, None)]);
}

#[test]
fn a_finding_fires_while_it_is_there() {
    let mut past = Past::new();
    past.raised(MINUTE).cleared(2 * MINUTE).raised(50 * MINUTE).raised(51 * MINUTE);
    let rule = json!({"on": {"finding": {"rule": "alert.external"}}});
    let expect = [(60.0, Some(120.0)), (3_000.0, None)];
    let found = check(&past, &rule, 60 * MINUTE, &expect);
    assert_eq!((found.flaps, found.fired[0].severity), (0, Severity::Critical));
    check(&past, &json!({"on": {"finding": {"rule": "system.*"}}}), 60 * MINUTE, &[]);
    // One that is switched off is tested as if it were not.
    let milder = json!({"severity": "info", "on": {"finding": {"rule": "*"}}});
    assert_eq!(check(&past, &milder, 60 * MINUTE, &expect).fired[0].severity, Severity::Info);
}

#[test]
fn what_comes_and_goes_flaps_and_is_held_on_to() {
    let mut past = Past::new();
    for minute in [0, 2, 4] {
        past.raised(minute * MINUTE).cleared((minute + 1) * MINUTE);
    }
    let rule = json!({"on": {"finding": {"rule": "alert.external"}}});
    // Once it flaps, it goes on for ten minutes after its condition is gone.
    let expect = [(0.0, Some(60.0)), (120.0, Some(180.0)), (240.0, Some(900.0))];
    assert_eq!(check(&past, &rule, 60 * MINUTE, &expect).flaps, 2);
}

#[test]
fn what_goes_quiet_is_missed() {
    let mut past = Past::new();
    past.heard(0).heard(MINUTE).heard(2 * MINUTE).heard(10 * MINUTE).heard(11 * MINUTE);
    let quiet = |what: &str| json!({"on": {"absent": {what: "*", "after_s": 120}}});
    let expect = [(240.0, Some(600.0)), (780.0, None)];
    let found = check(&past, &quiet("source"), 20 * MINUTE, &expect);
    assert_eq!(&*found.fired[0].subject, "source/pool");
    check(&past, &quiet("agent"), 20 * MINUTE, &expect);
    check(&past, &quiet("host"), 20 * MINUTE, &[]);
    // It never came, and has been waited for since the start.
    let named = json!({"on": {"absent": {"source": "other", "after_s": 120}}});
    check(&past, &named, 20 * MINUTE, &[(120.0, None)]);
}

#[test]
fn nobody_is_missed_while_the_server_was_down() {
    let sample = json!({"host": "here", "cpu": {"usage_percent": 1, "cores": 1}});
    let mut past = Past::new();
    let mut ran = |from: i64, to: i64, heard_until: i64| {
        for s in from..to {
            if s % 5 == 0 {
                past.sent(s * SECOND, "bellwether", "host.sampled", &sample);
            }
            if s % 60 == 0 && s <= heard_until {
                past.heard(s * SECOND);
            }
        }
    };
    ran(0, 300, 300);
    ran(4_000, 4_600, 4_200);
    let quiet = json!({"on": {"absent": {"source": "pool", "after_s": 120}}});
    // Not while it was down, and not before it had listened for two minutes; then once.
    let last = 4_200.0 - 4_200.0 % 60.0;
    check(&past, &quiet, 4_600 * SECOND, &[(last + 120.0, None)]);
}

#[test]
fn other_rules_say_what_is_left_for_one_about_all() {
    let mut past = Past::new();
    past.raised(MINUTE).cleared(2 * MINUTE);
    let all = json!({"on": {"finding": {"rule": "*", "severity": "warning"}}});
    let spec: RuleSpec = serde_json::from_value(all).unwrap();
    let rule = RuleSpec { name: "All".to_owned(), ..spec.clone() }.check("findings").unwrap();
    let other = RuleSpec { name: "Other".to_owned(), ..spec }.check("other").unwrap();
    let mut plan = Plan { rule, rules: OrdMap::new(), from: at(0), to: at(5 * MINUTE) };
    let count =
        |plan: &Plan| run(past.dir.path(), plan.clone(), BUDGET, || false).unwrap().fired.len();
    assert_eq!(count(&plan), 1);
    plan.rules.insert("other".into(), Arc::new(other));
    assert_eq!(count(&plan), 0);
}

#[test]
fn alerts_that_there_were_do_not_count() {
    let mut past = Past::new();
    past.raised(MINUTE);
    let before = past.test(&json!({"on": {"finding": {"rule": "*"}}}), 0, 9 * MINUTE);
    let opened = json!({"alert": "id", "key": {"rule": "rule", "finding": "alert.external",
        "subject": "alert/nagios/x"}, "to": "fired", "what": {"title": "t", "message": "m",
        "severity": "critical", "source": "nagios"}});
    past.sent(MINUTE + 1, "bellwether", "alert.opened", &opened);
    let moved = json!({"alert": "id", "to": "resolved"});
    past.sent(2 * MINUTE, "bellwether", "alert.moved", &moved);
    let after = past.test(&json!({"on": {"finding": {"rule": "*"}}}), 0, 9 * MINUTE);
    assert_eq!((before.fired, before.flaps), (after.fired, after.flaps));
}

#[test]
fn only_what_was_asked_for_is_told() {
    let mut past = Past::new();
    past.depth(0, 20.0).depth(20 * SECOND, 2.0).depth(10 * MINUTE, 5.0);
    past.depth(20 * MINUTE, 30.0).depth(20 * MINUTE + 20 * SECOND, 1.0);
    let rule = deep(&json!({}));
    let late = past.test(&rule, 15 * MINUTE, 30 * MINUTE);
    assert_eq!((spans(&late), late.from), (vec![(1_200.0, Some(1_241.0))], at(15 * MINUTE)));
    let early = past.test(&rule, 0, 5 * MINUTE);
    assert_eq!(spans(&early), [(0.0, Some(41.0))]);
    assert_eq!(past.test(&rule, -MINUTE, 5 * MINUTE).from, at(0), "there is nothing before");
}

#[test]
fn a_checkpoint_is_as_good_as_the_beginning() {
    let mut past = Past::new();
    past.depth(0, 20.0).heard(MINUTE).depth(10 * MINUTE, 5.0);
    let rules = [
        deep(&json!({})),
        json!({"on": {"absent": {"source": "*", "after_s": 60}}}),
        json!({"on": {"finding": {"rule": "*"}}}),
    ];
    past.kept();
    past.depth(20 * MINUTE, 30.0).raised(21 * MINUTE).heard(22 * MINUTE).cleared(23 * MINUTE);
    let from = 15 * MINUTE;
    let kept: Vec<_> = rules.iter().map(|rule| past.test(rule, from, 30 * MINUTE)).collect();
    assert_eq!(kept[0].events, 4, "it goes on from the checkpoint");
    let whole = Past::new();
    let mut whole = whole;
    whole.depth(0, 20.0).heard(MINUTE).depth(10 * MINUTE, 5.0);
    whole.depth(20 * MINUTE, 30.0).raised(21 * MINUTE).heard(22 * MINUTE).cleared(23 * MINUTE);
    for (rule, kept) in rules.iter().zip(kept) {
        let all = whole.test(rule, from, 30 * MINUTE);
        let begun = |found: &Found| -> Vec<_> {
            spans(found).into_iter().filter(|(from, _)| *from >= 900.0).collect()
        };
        assert_eq!(begun(&kept), begun(&all), "{rule}");
    }
}

#[test]
fn a_budget_is_kept_to() {
    let mut past = Past::new();
    for i in 0..50 {
        past.raised(i * 20 * MINUTE).cleared((i * 20 + 1) * MINUTE);
    }
    let rule = json!({"on": {"finding": {"rule": "*"}}});
    let plan = Past::plan(&rule, 0, 1_000 * MINUTE);
    let test = |budget| run(past.dir.path(), plan.clone(), budget, || false).unwrap();
    let all = test(BUDGET);
    assert_eq!((all.fired.len(), all.cut), (50, false));
    let few = test(Budget { events: 10, ..BUDGET });
    assert_eq!((few.fired.len(), few.events, few.cut), (5, 10, true));
    assert_eq!(few.fired, all.fired[..5], "what was seen so far is told");
    let told = test(Budget { stretches: 7, ..BUDGET });
    assert_eq!((told.fired.len(), told.cut), (7, true));
    let stopped = run(past.dir.path(), plan.clone(), BUDGET, || true).unwrap();
    assert_eq!((stopped.events, stopped.cut), (0, true));
}
