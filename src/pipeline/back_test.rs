//! Back-tests: what would have become of a rule over the journal of the last days.
//!
//! The journal is folded again from a checkpoint, and the rule is looked at by the evaluator that
//! looks at rules while the server runs, at the moments at which it would have: when something
//! came that it is about, and when time alone changes what is seen. What the evaluator says goes
//! into that state and nowhere else. Alerts that there really were are left out of it.
//!
//! While the server was down nobody listened. That it was down is seen from its own samples, if it
//! takes any: they came, and then nothing did.

mod stretches;

pub use stretches::Found;

use super::alerts::Evaluator;
use super::board::{Board, Findings};
use super::journal::{JournalError, Reader};
use crate::domain::alerts::rule::{AlertRule, On, Thing};
use crate::domain::alerts::state::{Sources, State as Alerts};
use crate::domain::alerts::{Event as AlertEvent, Key, RuleSaved, glob};
use crate::domain::metrics::Event as MetricEvent;
use crate::domain::system::Event as SystemEvent;
use crate::domain::{Envelope, Event, State, Touched};
use crate::wire::{Stamp, Timestamp};
use imbl::OrdMap;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stretches::Stretches;

/// How often a rule is looked at while much comes, in milliseconds: as often as a board is flushed.
const LOOK_EVERY: i64 = 100;
/// Rounds in which what follows from a look is looked at again.
const MAX_ROUNDS: usize = 100;
/// Own samples that come at least this often, in milliseconds, say that the server runs,
const SAMPLED: i64 = 15_000;
/// and nothing at all for this long after one says that it did not.
const DOWN: i64 = 60_000;

/// What is to be tested.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The rule.
    pub rule: AlertRule,
    /// All rules there are, which say what is left for one about all findings.
    pub rules: OrdMap<Arc<str>, Arc<AlertRule>>,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
}

/// How much may be looked at.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Events.
    pub events: u64,
    /// Time.
    pub time: Duration,
    /// Stretches that are told.
    pub stretches: usize,
}

/// Tests a rule, until `stopped` says so. Takes long; blocks.
///
/// # Errors
/// The journal cannot be read.
pub fn run(
    dir: &Path,
    plan: Plan,
    budget: Budget,
    stopped: impl Fn() -> bool,
) -> Result<Found, JournalError> {
    let begun = Instant::now();
    let reader = Reader::open(dir)?;
    let (state, first) = reader.state_before(plan.from.plus(-look_back(&plan.rule)))?;
    let mut at = state.seq;
    let to = plan.to;
    let mut replay = Replay::new(plan, state, first, budget.stretches);
    let mut events = 0;
    let mut cut = false;
    'all: loop {
        let envelopes = reader.read(at)?;
        let Some(last) = envelopes.last() else { break };
        at = last.stamp.seq;
        for envelope in envelopes {
            if envelope.stamp.at > to {
                break 'all;
            }
            if events >= budget.events || begun.elapsed() > budget.time || stopped() {
                cut = true;
                break 'all;
            }
            events += 1;
            replay.take(envelope);
        }
    }
    // Where it was cut, what came last is still looked at.
    let end = if cut { replay.heard.plus(LOOK_EVERY).min(to) } else { to };
    replay.until(end);
    if !cut {
        replay.look(to);
    }
    Ok(replay.found(events, cut))
}

/// How long before the time that is asked for a rule must have listened, in milliseconds.
fn look_back(rule: &AlertRule) -> i64 {
    let s = rule.for_s
        + match &rule.on {
            On::Metric(on) => on.window_s + on.past_s.unwrap_or_default(),
            On::Absent(on) => on.after_s.unwrap_or_default(),
            On::Finding(_) => 0.0,
        };
    (s * 1_000.0) as i64
}

/// The past, folded again with one rule.
struct Replay {
    rule: Arc<AlertRule>,
    from: Timestamp,
    state: State,
    /// What the rules of the domains find; kept up only for a rule about it.
    board: Option<Board>,
    found: Findings,
    evaluator: Evaluator,
    /// When the evaluator is to look again though nothing comes.
    next: Option<Timestamp>,
    /// Whether it has not looked yet.
    fresh: bool,
    /// When it is to look, for something came.
    due: Option<Timestamp>,
    looked: Timestamp,
    /// When the last event came, and the last sample of the server's own.
    heard: Timestamp,
    sampled: Option<Timestamp>,
    /// What is waited for, of things that may go quiet.
    awaited: HashSet<Arc<str>>,
    touched: Vec<Touched>,
    stretches: Stretches,
}

impl Replay {
    /// `first` is when the first event came, if `state` is the empty one.
    fn new(plan: Plan, mut state: State, first: Option<Timestamp>, most: usize) -> Self {
        let Plan { rule, rules, from, .. } = plan;
        let begins = first.unwrap_or(state.now);
        state.alerts = Alerts {
            external: std::mem::take(&mut state.alerts.external),
            sources: std::mem::take(&mut state.alerts.sources),
            rules,
            ..Alerts::default()
        };
        let rule = Arc::new(rule);
        let mut replay = Self {
            from: from.max(begins),
            evaluator: Evaluator::new(begins).only(rule.id.clone()),
            board: matches!(rule.on, On::Finding(_)).then(|| Board::over(&state)),
            found: Findings::default(),
            next: None,
            fresh: true,
            due: Some(begins),
            looked: begins.plus(-LOOK_EVERY),
            heard: begins,
            sampled: None,
            awaited: HashSet::new(),
            touched: Vec::new(),
            stretches: Stretches::new(most),
            state,
            rule: rule.clone(),
        };
        let saved = RuleSaved { rule: AlertRule::clone(&rule), actor: Sources::OWN.into() };
        replay.fold(AlertEvent::RuleSaved(saved), begins);
        replay
    }

    /// Takes in the next event of the journal.
    fn take(&mut self, envelope: Envelope) {
        let at = envelope.stamp.at.max(self.state.now);
        if self.was_down(at) {
            self.until(self.heard.plus(LOOK_EVERY));
            self.evaluator = Evaluator::new(at).only(self.rule.id.clone());
            (self.next, self.due, self.fresh) = (None, Some(at), true);
            self.sampled = None;
        } else {
            self.until(at.plus(-1));
        }
        self.heard = at;
        if let Event::System(SystemEvent::Sampled(_)) = &envelope.event
            && *envelope.stamp.source == *Sources::OWN
        {
            self.sampled = Some(at);
        }
        let concerns = self.concerns(&envelope);
        match &envelope.event {
            Event::Alerts(event) if !is_of_others(event) => {
                self.state.seq = envelope.stamp.seq;
                self.state.advance(at, &mut self.touched);
            }
            _ => self.state.fold(&envelope, &mut self.touched),
        }
        self.touch();
        if concerns {
            let soonest = self.looked.plus(LOOK_EVERY).max(at);
            self.due = Some(self.due.map_or(soonest, |due| due.min(soonest)));
        }
    }

    fn was_down(&self, at: Timestamp) -> bool {
        let ran = self.sampled.is_some_and(|sampled| self.heard.since(sampled) <= SAMPLED);
        ran && at.since(self.heard) >= DOWN
    }

    /// Whether the rule may see something else once this has come.
    fn concerns(&mut self, envelope: &Envelope) -> bool {
        match &self.rule.on {
            On::Finding(_) => true,
            On::Metric(on) => match &envelope.event {
                Event::Metrics(event) => event.observed().iter().any(|it| it.name == on.metric),
                _ => false,
            },
            On::Absent(on) => match heard(on.of, envelope) {
                Heard::Nothing => false,
                Heard::Something => true,
                // What is waited for already is looked at when it would be missed.
                Heard::Of(name) if glob(&on.name, &name) => {
                    let open = self.state.alerts.by_key.contains_key(&self.key(on.of, &name));
                    self.awaited.insert(name) || open
                }
                Heard::Of(_) => false,
            },
        }
    }

    fn key(&self, of: Thing, name: &str) -> Key {
        let subject = format!("{}/{name}", of.name()).into();
        Key { rule: self.rule.id.clone(), finding: Arc::default(), subject }
    }

    /// Looks at every moment up to `to` at which something is due.
    fn until(&mut self, to: Timestamp) {
        while let Some(due) = self.next_due().filter(|due| *due <= to) {
            self.look(due);
        }
    }

    fn next_due(&self) -> Option<Timestamp> {
        // A clock that ticks is flushed as anything else is.
        let soonest = self.looked.plus(LOOK_EVERY);
        let ticks = self.board.as_ref().and_then(|board| board.next_deadline(&self.state));
        let ticks = ticks.map(|at| at.max(soonest));
        let next = self.next.map(|at| at.max(self.looked.plus(1)));
        self.due.into_iter().chain(ticks).chain(next).min()
    }

    /// Looks at the rule at `now`.
    fn look(&mut self, now: Timestamp) {
        (self.looked, self.due) = (now, None);
        self.state.advance(now, &mut self.touched);
        let due = self.next.is_some_and(|next| next <= now) || std::mem::take(&mut self.fresh);
        self.touch();
        for round in 0..MAX_ROUNDS {
            if let Some(board) = &mut self.board {
                board.refresh(&self.state);
                if round == 0 && !due && self.found.ptr_eq(&board.found) {
                    return;
                }
                self.found = board.found.clone();
            }
            let pass = self.evaluator.pass(&self.state, &self.found, now);
            self.next = pass.next;
            if pass.events.is_empty() {
                return;
            }
            for event in pass.events {
                self.stretches.note(&self.state.alerts, &event, now);
                self.fold(event, now);
            }
        }
    }

    /// Takes in what follows, where the journal stands.
    fn fold(&mut self, event: AlertEvent, at: Timestamp) {
        let stamp = Stamp {
            seq: self.state.seq,
            at,
            time: at,
            source: Sources::OWN.into(),
            id: Arc::default(),
            subject: None,
        };
        let envelope = Envelope { stamp, event: Event::Alerts(event) };
        self.state.fold(&envelope, &mut self.touched);
        self.touch();
    }

    fn touch(&mut self) {
        match &mut self.board {
            Some(board) => self.touched.drain(..).for_each(|touched| board.touch(touched)),
            None => self.touched.clear(),
        }
    }

    fn found(self, events: u64, cut: bool) -> Found {
        let (from, to) = (self.from, self.state.now);
        self.stretches.found(from, to, events, cut)
    }
}

/// Whether an event of the alerts domain is no consequence of rules.
const fn is_of_others(event: &AlertEvent) -> bool {
    matches!(event, AlertEvent::Raised(_) | AlertEvent::Cleared(_) | AlertEvent::SourceForgotten(_))
}

/// What is heard of things of a kind.
enum Heard {
    Nothing,
    Something,
    Of(Arc<str>),
}

fn heard(of: Thing, envelope: &Envelope) -> Heard {
    match (of, &envelope.event) {
        (Thing::Source, _) => Heard::Of(envelope.stamp.source.clone()),
        (Thing::Metric, Event::Metrics(MetricEvent::Observed(it))) => Heard::Of(it.name.clone()),
        (Thing::Metric, Event::Metrics(MetricEvent::Sampled(_))) => Heard::Something,
        (Thing::Host, Event::System(SystemEvent::Sampled(it))) => Heard::Of(it.host.clone()),
        (Thing::Agent, Event::Work(_)) | (Thing::Project, Event::Projects(_)) => Heard::Something,
        _ => Heard::Nothing,
    }
}

#[cfg(test)]
mod tests;
