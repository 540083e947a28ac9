//! Timelines of a condition, with a clock that is stepped and a server that crashes, against an
//! oracle that knows nothing of how alerts are kept: an alert fires once its condition has held for
//! `for` without a break, and is over once it has not for `keep_firing_for`.

use super::{Evaluator, Pass};
use crate::domain::alerts::rule::{AlertRule, On, OnFinding};
use crate::domain::alerts::{
    Channel, ChannelKind, Event as AlertEvent, Outcome, RuleSaved, Sealed, Settled, Why,
};
use crate::domain::health::{Evidence, Finding, Severity};
use crate::domain::{Envelope, Event, State};
use crate::pipeline::board::Findings;
use crate::wire::{Stamp, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const START: i64 = 20_000 * 86_400_000;
const MINUTE: i64 = 60_000;
const RULE: &str = "system.cpu_high";
const SUBJECT: &str = "host/a";

/// What is seen of the condition from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    Holds,
    Clear,
    Missing,
}

/// Something that happens on a timeline.
#[derive(Debug, Clone, Copy)]
enum Happens {
    /// The clock says this much more, or less, and this is seen.
    Sees(i64, Sight),
    /// The server crashes: before what was just decided is kept, or right after.
    Crashes { kept: bool },
    /// A message has been delivered, and the server crashes before that is kept.
    CrashesSending,
}

/// Alerts as the outside knows them: when each fired and was over.
type Spans = Vec<(i64, Option<i64>)>;

/// What ought to happen, by the timeline alone.
fn oracle(seen: &[(i64, Sight)], end: i64, for_ms: i64, keep_ms: i64) -> Spans {
    let mut spans = Spans::new();
    let mut runs: Vec<(i64, Sight)> = Vec::new();
    for &(at, sight) in seen {
        if runs.last().is_none_or(|(_, last)| *last != sight) {
            runs.push((at, sight));
        }
    }
    for (i, &(from, sight)) in runs.iter().enumerate() {
        let to = runs.get(i + 1).map_or(end + 1, |(next, _)| *next);
        // At once if nothing is to be waited for, or before anything else is seen.
        let after = |wait: i64| (wait == 0 || from + wait < to).then_some(from + wait);
        let firing = spans.last().is_some_and(|(_, over)| over.is_none());
        match sight {
            Sight::Holds if !firing => spans.extend(after(for_ms).map(|at| (at, None))),
            Sight::Clear if firing => {
                if let (Some(at), Some(last)) = (after(keep_ms), spans.last_mut()) {
                    last.1 = Some(at);
                }
            }
            _ => {}
        }
    }
    spans
}

/// A server without its threads: what is decided is folded, what is queued is sent.
struct World {
    state: State,
    found: Findings,
    evaluator: Evaluator,
    now: i64,
    crashes: usize,
    spans: BTreeMap<Arc<str>, (i64, Option<i64>)>,
    /// Every message that got through: notification, alert, why.
    got: Vec<(Arc<str>, Arc<str>, Why)>,
    crash_while_sending: bool,
}

impl World {
    fn new(for_ms: i64, keep_ms: i64) -> Self {
        let mut world = Self {
            state: State::default(),
            found: Findings::new(),
            evaluator: Evaluator::new(Timestamp::from_ms(START)),
            now: START,
            crashes: 0,
            spans: BTreeMap::new(),
            got: Vec::new(),
            crash_while_sending: false,
        };
        let sample = r#"{"host":"a","cpu":{"usage_percent":1,"cores":1}}"#;
        world.fold(Event::decode("host.sampled", sample).unwrap().unwrap());
        let rule = AlertRule {
            id: "r".into(),
            name: "R".to_owned(),
            severity: None,
            for_s: for_ms as f64 / 1_000.0,
            keep_firing_for_s: keep_ms as f64 / 1_000.0,
            owner: None,
            runbook: None,
            labels: BTreeMap::new(),
            enabled: true,
            on: On::Finding(OnFinding { rule: RULE.into(), severity: None }),
        };
        world.tell(AlertEvent::RuleSaved(RuleSaved { rule, actor: "me".into() }));
        world.tell(AlertEvent::ChannelSaved(Channel {
            id: "c".into(),
            name: "C".to_owned(),
            kind: ChannelKind::Webhook,
            target: Sealed("".into()),
            matcher: Default::default(),
            rate_per_min: 30.0,
            send_resolved: true,
            enabled: true,
            to: Vec::new(),
            from: None,
            username: None,
            actor: "me".into(),
        }));
        world.state.settings.set("alerts.group_wait_s", 0.0);
        world
    }

    fn fold(&mut self, event: Event) {
        self.fold_from("bellwether", event);
    }

    fn fold_from(&mut self, source: &str, event: Event) {
        let at = Timestamp::from_ms(self.now);
        let (source, id) = (source.into(), "id".into());
        let stamp = Stamp { seq: self.state.seq + 1, at, time: at, source, id, subject: None };
        self.state.fold(&Envelope { stamp, event }, &mut Vec::new());
    }

    fn tell(&mut self, event: AlertEvent) {
        match &event {
            AlertEvent::Opened(it) if it.to == crate::domain::alerts::Move::Fired => {
                self.spans.insert(it.alert.clone(), (self.now, None));
            }
            AlertEvent::Moved(it) => match it.to {
                crate::domain::alerts::Move::Fired => {
                    self.spans.insert(it.alert.clone(), (self.now, None));
                }
                crate::domain::alerts::Move::Resolved => {
                    self.spans.get_mut(&it.alert).unwrap().1 = Some(self.now);
                }
                _ => {}
            },
            _ => {}
        }
        self.fold(Event::Alerts(event));
    }

    fn crash(&mut self) {
        self.crashes += 1;
        // What it knew by itself is gone; the state comes back from the journal.
        let bytes = self.state.encode().unwrap();
        self.state = State::decode(&bytes).unwrap();
        self.evaluator = Evaluator::new(Timestamp::from_ms(self.now));
    }

    fn pass(&mut self) -> Pass {
        self.evaluator.pass(&self.state, &self.found, Timestamp::from_ms(self.now))
    }

    /// Lets all happen that happens at this moment; returns when something next does by itself.
    fn settle(&mut self) -> Option<i64> {
        for _ in 0..100 {
            let pass = self.pass();
            if pass.events.is_empty() && self.state.alerts.outbox.waiting.is_empty() {
                return pass.next.map(Timestamp::ms);
            }
            pass.events.into_iter().for_each(|event| self.tell(event));
            self.send();
        }
        panic!("it never comes to rest: {:?}", self.pass().events);
    }

    fn send(&mut self) {
        while let Some((id, waiting)) = self.state.alerts.outbox.waiting.get_min().cloned() {
            for told in &waiting.queued.alerts {
                self.got.push((id.clone(), told.alert.id.clone(), told.why));
            }
            if std::mem::take(&mut self.crash_while_sending) {
                self.crash();
                return;
            }
            let settled = Settled { notification: id, outcome: Outcome::Sent, error: None };
            self.tell(AlertEvent::Settled(settled));
        }
    }

    fn sees(&mut self, sight: Sight) {
        let host = self.state.system.hosts.get_mut("a").unwrap();
        // A host is quiet whose last word is long past.
        let ago = if sight == Sight::Missing { START } else { 0 };
        Arc::make_mut(host).last_seen_at = Timestamp::from_ms(self.now - ago);
        let key = (RULE.into(), SUBJECT.into());
        match sight {
            Sight::Holds => {
                self.found.insert(key, Arc::new(finding()));
            }
            Sight::Clear | Sight::Missing => {
                self.found.remove(&key);
            }
        }
    }

    /// Lets time pass up to, but not including, `until`.
    fn pass_time(&mut self, mut next: Option<i64>, until: i64, sight: Sight) {
        while let Some(at) = next.filter(|at| *at < until) {
            self.now = self.now.max(at);
            self.sees(sight);
            next = self.settle();
        }
    }
}

fn seen(name: &str, labels: &str) -> Event {
    let data = format!(r#"{{"name":"{name}","value":1,"labels":{labels}}}"#);
    Event::decode("metric.observed", &data).unwrap().unwrap()
}

#[test]
fn a_source_is_missed_as_soon_as_its_rhythm_says() {
    let mut world = World::new(0, 0);
    let mut next = world.settle();
    for _ in 0..20 {
        let at = world.now + 10_000;
        world.pass_time(next, at, Sight::Clear);
        world.now = at;
        world.fold_from("app", seen("m", "{}"));
        next = world.settle();
    }
    let last = world.now;
    world.pass_time(next, last + 60 * MINUTE, Sight::Clear);
    let spans: Spans = world.spans.values().copied().collect();
    assert_eq!(spans, [(last + 10 * MINUTE + 1, None)]);
}

#[test]
fn what_is_driven_by_people_is_not_missed_every_night() {
    let mut world = World::new(0, 0);
    let mut next = world.settle();
    for day in 0..4 {
        for minutes in 0..96 {
            let at = START + day * 24 * 60 * MINUTE + minutes * 5 * MINUTE + 1;
            world.pass_time(next, at, Sight::Clear);
            world.now = at;
            world.fold_from("ci", seen("m", "{}"));
            next = world.settle();
        }
    }
    // Two nights teach that nights are quiet.
    assert_eq!(world.spans.len(), 2);
}

#[test]
fn who_was_told_that_it_is_critical_is_told_when_it_becomes_so_again() {
    let mut world = World::new(0, 0);
    world.sees(Sight::Holds);
    world.settle();
    for severity in [Severity::Critical, Severity::Warning, Severity::Critical] {
        world.now += MINUTE;
        let key = (RULE.into(), SUBJECT.into());
        world.found.insert(key, Arc::new(Finding { severity, ..finding() }));
        world.settle();
    }
    let told: Vec<Why> = world.got.iter().map(|(_, _, why)| *why).collect();
    assert_eq!(told, [Why::Fired, Why::Worsened, Why::Worsened]);
}

fn finding() -> Finding {
    Finding {
        rule: RULE.to_owned(),
        severity: Severity::Warning,
        subject: SUBJECT.to_owned(),
        message: "m".to_owned(),
        since: Timestamp::from_ms(START),
        points: 1,
        evidence: Evidence::default(),
        resolve: "r".to_owned(),
        source: None,
    }
}

/// Plays a timeline, and holds what comes of it against the oracle.
fn check(story: &[Happens], for_ms: i64, keep_ms: i64) {
    let mut world = World::new(for_ms, keep_ms);
    let (mut clock, mut seen) = (START, Vec::new());
    let mut sight = Sight::Clear;
    let mut next = world.settle();
    for happens in story {
        match *happens {
            Happens::Sees(ms, what) => {
                clock += ms;
                // The server's time goes on, however far back the clock is set.
                let at = clock.max(world.now + 6 * MINUTE);
                world.pass_time(next, at, sight);
                world.now = at;
                sight = what;
                world.sees(sight);
                seen.push((at, sight));
                next = world.settle();
            }
            Happens::Crashes { kept } => {
                let decided = world.pass().events;
                if kept {
                    decided.into_iter().for_each(|event| world.tell(event));
                }
                world.crash();
                world.sees(sight);
                next = world.settle();
            }
            Happens::CrashesSending => world.crash_while_sending = true,
        }
    }
    let end = world.now + 24 * 60 * MINUTE;
    world.pass_time(next, end, sight);
    let expect = oracle(&seen, end - 1, for_ms, keep_ms);
    let mut spans: Spans = world.spans.values().copied().collect();
    spans.sort_by_key(|(from, to)| (*from, to.unwrap_or(i64::MAX)));
    assert_eq!(spans, expect, "for {for_ms} keep {keep_ms} of {seen:?}");
    told(&world);
}

/// Every alert is told of once when it fires and once when it is over; a message comes twice only
/// for a crash, and then under the same id.
fn told(world: &World) {
    let of = |why: Why| {
        let all = world.got.iter().filter(|(_, _, told)| *told == why);
        let messages: BTreeSet<_> = all.clone().map(|(id, alert, _)| (alert, id)).collect();
        let alerts: Vec<_> = messages.iter().map(|(alert, _)| (*alert).clone()).collect();
        (alerts, all.count() - messages.len())
    };
    let (fired, again) = of(Why::Fired);
    assert_eq!(fired, world.spans.keys().cloned().collect::<Vec<_>>(), "told of what fires");
    let (over, over_again) = of(Why::Resolved);
    let ended = world.spans.iter().filter(|(_, (_, over))| over.is_some());
    assert_eq!(over, ended.map(|(id, _)| id.clone()).collect::<Vec<_>>(), "told of what is over");
    assert!(again + over_again <= world.crashes, "{} of {}", again + over_again, world.crashes);
}

fn happens() -> impl Strategy<Value = Happens> {
    let sight = prop::sample::select(vec![Sight::Holds, Sight::Clear, Sight::Missing]);
    // Most steps are long against what flapping is measured by; some go back, some far ahead.
    let ms = prop_oneof![
        8 => (6..90_i64).prop_map(|m| m * MINUTE),
        1 => (-300..0_i64).prop_map(|m| m * MINUTE),
        1 => (600..3_000_i64).prop_map(|m| m * MINUTE),
    ];
    prop_oneof![
        8 => (ms, sight).prop_map(|(ms, sight)| Happens::Sees(ms, sight)),
        1 => any::<bool>().prop_map(|kept| Happens::Crashes { kept }),
        1 => Just(Happens::CrashesSending),
    ]
}

/// As many timelines as the environment says; a few without it.
fn timelines() -> ProptestConfig {
    let said = std::env::var("BELLWETHER_TIMELINES").ok().and_then(|n| n.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(said.unwrap_or(5_000))
    }
}

proptest! {
    #![proptest_config(timelines())]
    #[test]
    fn alerts_do_what_the_timeline_says(
        story in prop::collection::vec(happens(), 1..14),
        for_min in prop::sample::select(vec![0_i64, 1, 20, 60]),
        keep_min in prop::sample::select(vec![0_i64, 1, 20, 60]),
    ) {
        check(&story, for_min * MINUTE, keep_min * MINUTE);
    }
}

#[test]
fn an_alert_that_comes_and_goes_is_told_of_a_few_times_and_not_each_time() {
    let mut world = World::new(0, 0);
    let mut next = world.settle();
    for turn in 0..60 {
        let sight = if turn % 2 == 0 { Sight::Holds } else { Sight::Clear };
        let at = world.now + 30_000;
        world.pass_time(next, at, sight);
        world.now = at;
        world.sees(sight);
        next = world.settle();
    }
    // Half an hour of changes every 30 seconds.
    assert!(world.got.len() <= 6, "{}", world.got.len());
    let open = world.state.alerts.open.values().next().expect("it goes on");
    assert!(open.item(&world.state.alerts, world.state.now).flapping);
    // Once it has come to rest, that is told of as well.
    let end = world.now + 60 * MINUTE;
    world.pass_time(next, end, Sight::Clear);
    assert!(world.state.alerts.open.is_empty());
    told(&world);
}
