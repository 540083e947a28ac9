//! What happens to alerts: everything that may have changed is looked at, and what follows is an
//! event. What has not changed and is not due costs nothing.

use super::reach::Reach;
use super::sight::{Scene, Seen};
use crate::domain::alerts::life::{Patience, Sight, Step, step};
use crate::domain::alerts::rule::{AlertRule, On, OnAbsent, Thing};
use crate::domain::alerts::state::{Alert, State as Alerts};
use crate::domain::alerts::{Event, Key, Move, Moved, Opened, What, glob};
use crate::domain::state::State;
use crate::pipeline::board::Findings;
use crate::wire::Timestamp;
use imbl::OrdMap;
use imbl::ordmap::DiffItem;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Most events of one pass; the rest follows in the next.
const MAX_EVENTS: usize = 1_000;
/// Least time between two changes of an alert's words alone, in milliseconds.
const REWORD_EVERY: i64 = 60_000;

/// How long an alert waits for a place, in milliseconds.
const RETRY_AFTER: i64 = 60_000;

/// What was looked at last, to see what has changed since.
#[derive(Debug, Clone)]
struct Last {
    found: Findings,
    state: State,
}

/// Looks at conditions, and says what follows.
#[derive(Debug)]
pub struct Evaluator {
    up_since: Timestamp,
    last: Option<Last>,
    /// To be looked at in this pass.
    dirty: BTreeSet<Key>,
    due: BTreeSet<(Timestamp, Key)>,
    due_of: HashMap<Key, Timestamp>,
    /// Alerts that wait for news of their host, since no finding tells of it, by host.
    of_hosts: BTreeMap<Arc<str>, BTreeSet<Key>>,
    /// Whom that reaches.
    reach: Reach,
    /// The one rule that is looked at, if not all of them are.
    only: Option<Arc<str>>,
}

/// What a pass says.
#[derive(Debug, Default)]
pub struct Pass {
    /// What follows, in order.
    pub events: Vec<Event>,
    /// When to look again if nothing changes before.
    pub next: Option<Timestamp>,
}

impl Evaluator {
    /// One for a server that has listened since `up_since`.
    pub fn new(up_since: Timestamp) -> Self {
        Self {
            up_since,
            reach: Reach::default(),
            last: None,
            dirty: BTreeSet::new(),
            due: BTreeSet::new(),
            due_of: HashMap::new(),
            of_hosts: BTreeMap::new(),
            only: None,
        }
    }

    /// The server has not listened for a while, though it ran: nothing counts as quiet because of
    /// that.
    pub fn listens_anew(&mut self, now: Timestamp) {
        self.up_since = now;
        self.last = None;
    }

    /// One that looks at one rule alone.
    #[must_use]
    pub fn only(self, rule: Arc<str>) -> Self {
        Self { only: Some(rule), ..self }
    }

    /// What follows at `now` from `state` and what the rules of the domains find. Once it is in the
    /// state, the next pass goes on from there.
    pub fn pass(&mut self, state: &State, found: &Findings, now: Timestamp) -> Pass {
        let scene = Scene { state, found, now, up_since: self.up_since };
        self.notice(&scene);
        self.last = Some(Last { found: found.clone(), state: state.clone() });
        let mut pass = Pass::default();
        let mut over = Vec::new();
        let mut room = Alerts::MAX_OPEN.saturating_sub(state.alerts.open.len());
        while let Some(key) = self.dirty.pop_first() {
            let (event, next) = look(&scene, &key, &mut over);
            self.follow_host(&scene, &key);
            match event {
                Some(Event::Opened(_)) if room == 0 => {
                    tracing::warn!(?key, "no alert: there are as many as there may be");
                    self.remind(&key, Some(now.plus(RETRY_AFTER)));
                }
                Some(event) => {
                    room -= usize::from(matches!(event, Event::Opened(_)));
                    pass.events.push(event);
                    // It is looked at again once this has happened.
                    self.remind(&key, Some(now));
                }
                None => self.remind(&key, next),
            }
            if pass.events.len() >= MAX_EVENTS {
                break;
            }
        }
        if self.only.is_none() {
            self.reach.go_on(state, &over, now, &mut pass);
        }
        let due = self.due.first().map(|(at, _)| *at);
        pass.next = earliest(pass.next, due);
        pass
    }

    /// Looks at an alert again whenever its host is heard of, while no finding holds: whether that
    /// is because all is well again, or because nobody knows, depends on the host.
    fn follow_host(&mut self, scene: &Scene<'_>, key: &Key) {
        let Some(host) = key.subject.strip_prefix("host/") else { return };
        let open = scene.state.alerts.by_key.contains_key(key);
        let holds = scene.found.contains_key(&(key.finding.clone(), key.subject.clone()));
        if open && !holds && !key.finding.is_empty() {
            self.of_hosts.entry(host.into()).or_default().insert(key.clone());
        } else if let Some(keys) = self.of_hosts.get_mut(host) {
            keys.remove(key);
            if keys.is_empty() {
                self.of_hosts.remove(host);
            }
        }
    }

    /// Looks at `key` again at this time.
    fn remind(&mut self, key: &Key, at: Option<Timestamp>) {
        if let Some(had) = self.due_of.remove(key) {
            self.due.remove(&(had, key.clone()));
        }
        if let Some(at) = at {
            self.due.insert((at, key.clone()));
            self.due_of.insert(key.clone(), at);
        }
    }

    /// Finds all that may have changed since the last pass, or is due.
    fn notice(&mut self, scene: &Scene<'_>) {
        while let Some((at, key)) = self.due.first().cloned()
            && at <= scene.now
        {
            self.due.remove(&(at, key.clone()));
            self.due_of.remove(&key);
            self.dirty.insert(key);
        }
        let only = self.only.clone();
        let wanted = move |rule: &Arc<AlertRule>| only.as_ref().is_none_or(|id| rule.id == *id);
        let alerts = &scene.state.alerts;
        let rules: Vec<_> = alerts.all_rules().into_iter().filter(wanted).collect();
        let Some(last) = self.last.take().filter(|last| last.is_of(scene)) else {
            let open = alerts.open.values().map(|alert| alert.key.clone());
            let open = open.filter(|key| self.only.as_ref().is_none_or(|id| key.rule == *id));
            self.dirty.extend(open);
            for rule in rules.iter().filter(|rule| rule.enabled) {
                self.dirty.extend(scene.candidates(rule));
            }
            return;
        };
        let rules: Vec<_> = rules.into_iter().filter(|rule| rule.enabled).collect();
        self.notice_findings(&last, scene, &rules);
        let windows = (&last.state.alerts.windows.by_key, &alerts.windows.by_key);
        for (rule, subject) in changed(windows.0, windows.1) {
            let known = rules.iter().any(|known| known.id == *rule);
            self.dirty.extend(known.then(|| Key {
                rule: rule.clone(),
                finding: Arc::default(),
                subject: subject.clone(),
            }));
        }
        let was = &last.state;
        let state = scene.state;
        if !self.of_hosts.is_empty() {
            for host in changed(&was.system.hosts, &state.system.hosts) {
                self.dirty.extend(self.of_hosts.get(host).into_iter().flatten().cloned());
            }
        }
        let names = |of: Thing| -> Vec<&str> {
            match of {
                Thing::Source => changed(&was.alerts.sources.by_name, &alerts.sources.by_name)
                    .map(|name| &**name)
                    .collect(),
                Thing::Agent => {
                    changed(&was.work.agents, &state.work.agents).map(|name| &**name).collect()
                }
                Thing::Host => {
                    changed(&was.system.hosts, &state.system.hosts).map(|name| &**name).collect()
                }
                Thing::Project => changed(&was.projects.by_id, &state.projects.by_id)
                    .map(|id| id.as_str())
                    .collect(),
                Thing::Metric => changed(&was.metrics.series, &state.metrics.series)
                    .map(|key| &*key.name)
                    .collect(),
            }
        };
        let absent = |rule: &Arc<AlertRule>| match &rule.on {
            On::Absent(on) => Some((rule.id.clone(), on.of, on.clone())),
            _ => None,
        };
        let absent: Vec<_> = rules.iter().filter_map(absent).collect();
        for of in Thing::ALL {
            if !absent.iter().any(|(_, kind, _)| *kind == of) {
                continue;
            }
            for name in names(of) {
                for (rule, _, on) in absent.iter().filter(|(_, kind, _)| *kind == of) {
                    if glob(&on.name, name) {
                        self.heard(scene, rule, on, name);
                    }
                }
            }
        }
    }

    /// Something was heard of: that is news if it was missed, if nobody waits for it yet, or if it
    /// would be missed sooner than was known before. Otherwise it is looked at when it would have
    /// been missed.
    fn heard(&mut self, scene: &Scene<'_>, rule: &Arc<str>, on: &OnAbsent, name: &str) {
        let subject = format!("{}/{name}", on.of.name()).into();
        let key = Key { rule: rule.clone(), finding: Arc::default(), subject };
        let waits = self.due_of.get(&key).copied();
        let sooner =
            || scene.missed_at(on, name).is_some_and(|at| waits.is_some_and(|due| at < due));
        if scene.state.alerts.by_key.contains_key(&key) || waits.is_none() || sooner() {
            self.dirty.insert(key);
        }
    }

    fn notice_findings(&mut self, last: &Last, scene: &Scene<'_>, rules: &[Arc<AlertRule>]) {
        for (finding, subject) in changed(&last.found, scene.found) {
            for rule in rules.iter().filter(|rule| matches!(rule.on, On::Finding(_))) {
                let key = Key {
                    rule: rule.id.clone(),
                    finding: finding.clone(),
                    subject: subject.clone(),
                };
                // What no rule takes and no alert is about is not looked at.
                let about = match (&rule.on, scene.found.get(&(finding.clone(), subject.clone()))) {
                    (On::Finding(on), Some(found)) => super::sight::takes(rule, on, found),
                    _ => false,
                };
                if about || scene.state.alerts.by_key.contains_key(&key) {
                    self.dirty.insert(key);
                }
            }
        }
    }
}

impl Last {
    /// Whether the rules are still those it was looked at by.
    fn is_of(&self, scene: &Scene<'_>) -> bool {
        self.state.alerts.setup_seq == scene.state.alerts.setup_seq
    }
}

/// Keys that are new, different or gone.
fn changed<'a, K: Ord + Clone, V: PartialEq + Clone>(
    was: &'a OrdMap<K, V>,
    is: &'a OrdMap<K, V>,
) -> impl Iterator<Item = &'a K> {
    was.diff(is).map(|item| match item {
        DiffItem::Add(key, _)
        | DiffItem::Update { new: (key, _), .. }
        | DiffItem::Remove(key, _) => key,
    })
}

pub(super) fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    a.into_iter().chain(b).min()
}

/// What happens to the alert of `key`, and when to look again. One that is over is added to `over`.
fn look(
    scene: &Scene<'_>,
    key: &Key,
    over: &mut Vec<Arc<str>>,
) -> (Option<Event>, Option<Timestamp>) {
    let alerts = &scene.state.alerts;
    let alert = alerts.by_key.get(key).and_then(|id| alerts.open.get(id));
    let Seen { sight, what, next, why, since } = scene.look(key);
    let patience = match alerts.rule(&key.rule) {
        // What is gone for another reason than that all is well again need not be waited for.
        _ if why.is_some() => Patience::default(),
        Some(rule) => {
            let ms = |seconds: f64| (seconds * 1_000.0) as i64;
            let patience = Patience { for_ms: ms(rule.for_s), keep_ms: ms(rule.keep_firing_for_s) };
            let flap = alerts.flaps.get(key).copied().unwrap_or_default();
            flap.patience(patience, scene.now)
        }
        None => Patience::default(),
    };
    let Step { then, next: waits } =
        step(alert.map(|alert| &alert.life), sight, scene.now, patience);
    let next = earliest(next, waits);
    match (alert, then) {
        (None, Some(to)) => {
            let opened = what.map(|what| Opened {
                alert: uuid::Uuid::now_v7().to_string().into(),
                key: key.clone(),
                to,
                what,
                since: since.filter(|since| *since < scene.now),
            });
            (opened.map(Event::Opened), next)
        }
        (Some(alert), Some(to)) => {
            if to == Move::Resolved {
                over.push(alert.id.clone());
            }
            let what = what.filter(|what| *what != alert.what);
            let (alert, why) = (alert.id.clone(), why.map(Arc::from));
            (Some(Event::Moved(Moved { alert, to, what, why })), next)
        }
        (Some(alert), None) if sight == Sight::Holds => {
            let (event, reword) = reword(alert, what, scene.now);
            (event, earliest(next, reword))
        }
        (_, None) => (None, next),
    }
}

/// An alert that says something else: at once if it is worse or better, else once in a while.
fn reword(alert: &Alert, what: Option<What>, now: Timestamp) -> (Option<Event>, Option<Timestamp>) {
    let Some(what) = what.filter(|what| *what != alert.what) else { return (None, None) };
    let may = alert.said_at.plus(REWORD_EVERY);
    if what.severity == alert.what.severity && now < may {
        return (None, Some(may));
    }
    let moved = Moved { alert: alert.id.clone(), to: Move::Changed, what: Some(what), why: None };
    (Some(Event::Moved(moved)), None)
}
