//! An agent: what it does by its own time, whether it is still heard of, how it spends its time.

use super::Outcomes;
use crate::domain::sketch::Sketch;
use crate::domain::window::{Bucket, HOUR, MINUTE, Rhythm, Ring};
use crate::domain::work::{AgentSeen, AgentState, IllegalMove, Utilisation, WorkSettings};
use crate::wire::{Stamp, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Step of what is counted over the last hour.
const STEP: i64 = 5 * MINUTE;
/// Intervals an agent may be silent for before it counts as offline.
const PATIENCE: f64 = 2.0;
/// Tasks an agent is remembered to be on at the same time.
const MAX_RUNNING: usize = 32;

/// Milliseconds spent in each state, in the order of [`AgentState::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage([i64; 5]);

impl Bucket for Usage {
    fn merge(&mut self, other: &Self) {
        for (ms, more) in self.0.iter_mut().zip(other.0) {
            *ms += more;
        }
    }
}

/// Times in milliseconds, of the last hour.
pub type Times = Ring<Arc<Sketch>, { 10 * MINUTE }, 7>;

/// An agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// Its id.
    pub id: Arc<str>,
    /// Name for people.
    #[serde(default)]
    pub name: Option<String>,
    /// What it can do.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Who sends its events.
    pub source: Arc<str>,
    /// What it is doing.
    pub state: AgentState,
    /// Since when.
    pub since: Timestamp,
    /// When it last came.
    pub connected_at: Timestamp,
    /// When it was last heard of.
    pub heard_at: Timestamp,
    /// Tasks it is on, the newest last.
    #[serde(default)]
    pub running: Vec<Arc<str>>,
    /// How often it will be heard of, by its own word, in seconds.
    #[serde(default)]
    pub interval_s: Option<f64>,
    /// How often it is.
    #[serde(default)]
    pub rhythm: Rhythm<8>,
    /// What it did when it fell silent, and since when; none unless it is offline by silence.
    #[serde(default)]
    pub silent: Option<(AgentState, Timestamp)>,
    /// Moves it should not have made.
    #[serde(default)]
    pub illegal_moves: u64,
    /// The newest of them.
    #[serde(default)]
    pub last_illegal: Option<IllegalMove>,
    /// How it spent its time, up to `accounted_to`.
    #[serde(default)]
    usage: Ring<Usage, STEP, 13>,
    #[serde(default)]
    accounted_to: Timestamp,
    /// What came of its tasks.
    #[serde(default)]
    pub hour: Ring<Outcomes, STEP, 13>,
    /// How long the tasks it was given had waited.
    #[serde(default)]
    pub waits: Times,
    /// How long its completed tasks took.
    #[serde(default)]
    pub runs: Times,
}

impl Agent {
    /// An agent that is heard of for the first time.
    pub fn new(id: Arc<str>, stamp: &Stamp) -> Self {
        Self {
            id,
            name: None,
            capabilities: Vec::new(),
            source: stamp.source.clone(),
            state: AgentState::Idle,
            since: stamp.time,
            connected_at: stamp.time,
            heard_at: stamp.time,
            running: Vec::new(),
            interval_s: None,
            rhythm: Rhythm::default(),
            silent: None,
            illegal_moves: 0,
            last_illegal: None,
            usage: Ring::default(),
            accounted_to: stamp.time,
            hour: Ring::default(),
            waits: Ring::default(),
            runs: Ring::default(),
        }
    }

    /// Time of the newest word about it: silence is no word.
    pub fn moved_at(&self) -> Timestamp {
        if self.silent.is_some() { self.heard_at } else { self.since }
    }

    /// Whether it is there.
    pub fn is_online(&self) -> bool {
        self.state != AgentState::Offline
    }

    /// The task it is on.
    pub fn task(&self) -> Option<&Arc<str>> {
        self.running.last()
    }

    /// Takes in what it says of itself.
    pub fn introduce(&mut self, seen: &AgentSeen) {
        if let Some(name) = &seen.name {
            self.name = Some(super::task::clip(name));
        }
        if let Some(capabilities) = &seen.capabilities {
            self.capabilities.clone_from(capabilities);
        }
        if seen.interval_s.is_some() {
            self.interval_s = seen.interval_s;
        }
    }

    /// It was heard of. One that was only silent does again what it did.
    pub fn hear(&mut self, at: Timestamp) {
        if at < self.heard_at {
            return;
        }
        self.rhythm.observe(at);
        self.heard_at = at;
        self.wake(at);
    }

    /// Ends its silence, if it is silent. Whoever turns out to have been heard of before it counted
    /// as silent was told of late, and never was.
    pub fn wake(&mut self, at: Timestamp) {
        let Some((state, since)) = self.silent.take() else { return };
        let silent_since = self.since;
        self.state = state;
        if at <= silent_since {
            self.since = since;
            return;
        }
        self.account(silent_since);
        self.state = AgentState::Offline;
        self.account(at);
        (self.state, self.since, self.connected_at) = (state, at, at);
    }

    /// It says that it is in a state; flags a move it should not have made.
    pub fn claim(&mut self, at: Timestamp, state: AgentState) {
        if !self.state.may_become(state) {
            self.illegal_moves = self.illegal_moves.saturating_add(1);
            self.last_illegal = Some(IllegalMove { at, from: self.state, to: state });
        }
        self.enter(at, state);
    }

    /// It is in a state from `at` on.
    pub fn enter(&mut self, at: Timestamp, state: AgentState) {
        self.wake(at);
        if state == self.state {
            return;
        }
        self.account(at);
        if self.state == AgentState::Offline {
            self.connected_at = at;
        }
        if matches!(state, AgentState::Idle | AgentState::Offline) {
            self.running.clear();
        }
        (self.state, self.since) = (state, at);
    }

    /// It has not been heard of for too long, as of `at`. It is still on its tasks, as far as is
    /// known; how it spent the time is known only when it is heard of again.
    pub fn fall_silent(&mut self, at: Timestamp) {
        self.silent = Some((self.state, self.since));
        (self.state, self.since) = (AgentState::Offline, at);
    }

    /// It is on a task, given or begun.
    pub fn take(&mut self, at: Timestamp, task: &Arc<str>, begun: bool) {
        self.wake(at);
        let next = match (self.state, begun) {
            (AgentState::Working | AgentState::Blocked, _) => self.state,
            (_, true) => AgentState::Working,
            (_, false) => AgentState::Assigned,
        };
        self.enter(at, next);
        self.hold(task);
    }

    /// It is on this task, whatever else it is on.
    pub fn hold(&mut self, task: &Arc<str>) {
        self.running.retain(|had| had != task);
        if self.running.len() >= MAX_RUNNING {
            self.running.remove(0);
        }
        self.running.push(task.clone());
    }

    /// It is no longer on a task.
    pub fn leave(&mut self, at: Timestamp, task: &Arc<str>) {
        let had = self.running.len();
        self.running.retain(|other| other != task);
        if self.running.is_empty() && had > 0 && self.is_online() {
            self.enter(at, AgentState::Idle);
        }
    }

    /// How often it is heard of, by its own word or as a rule, in milliseconds.
    pub fn interval_ms(&self) -> Option<i64> {
        self.interval_s.map(|s| (s * 1_000.0) as i64).or_else(|| self.rhythm.usual())
    }

    /// Silence after which it counts as offline, in milliseconds.
    pub fn patience_ms(&self, settings: &WorkSettings) -> i64 {
        let usual = self.rhythm.usual().map(|ms| ms as f64 / 1_000.0);
        let seconds = match (self.interval_s, usual) {
            (Some(said), _) => said * PATIENCE,
            (None, Some(usual)) => (usual * PATIENCE).max(settings.agent_offline_after_s),
            (None, None) => settings.agent_offline_after_s,
        };
        (seconds * 1_000.0) as i64
    }

    /// When time alone changes it next: it falls silent, or is forgotten.
    pub fn due(&self, settings: &WorkSettings) -> Timestamp {
        if self.is_online() {
            self.heard_at.plus(self.patience_ms(settings))
        } else {
            self.since.plus((settings.agent_forget_after_s * 1_000.0) as i64)
        }
    }

    /// The next moment at which what is counted over the last hour changes though nothing comes:
    /// time is put down to what an agent does every five minutes.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let step = now.floor(STEP).plus(STEP);
        let counted = [
            self.hour.expires(now, HOUR),
            self.waits.expires(now, HOUR),
            self.runs.expires(now, HOUR),
        ];
        counted.into_iter().flatten().chain([step]).min()
    }

    /// How it spent the last hour, as far as it is known.
    pub fn utilisation(&self, now: Timestamp) -> Utilisation {
        let mut so_far = self.clone_usage();
        if let Some((before, _)) = self.silent {
            so_far.state = before;
            so_far.account(self.since);
            so_far.state = AgentState::Offline;
        }
        so_far.account(now);
        let Usage(ms) = so_far.usage.sum(now, HOUR);
        let all: i64 = ms.iter().sum();
        let share = |states: &[AgentState]| {
            let part: i64 = states.iter().filter_map(|&s| ms.get(s as usize)).sum();
            if all > 0 { part as f64 / all as f64 } else { 0.0 }
        };
        Utilisation {
            working: share(&[AgentState::Assigned, AgentState::Working]),
            idle: share(&[AgentState::Idle]),
            blocked: share(&[AgentState::Blocked]),
            offline: share(&[AgentState::Offline]),
        }
    }

    fn clone_usage(&self) -> Ledger {
        Ledger { usage: self.usage.clone(), state: self.state, accounted_to: self.accounted_to }
    }

    fn account(&mut self, to: Timestamp) {
        let mut ledger = Ledger {
            usage: std::mem::take(&mut self.usage),
            state: self.state,
            accounted_to: self.accounted_to,
        };
        ledger.account(to);
        (self.usage, self.accounted_to) = (ledger.usage, ledger.accounted_to);
    }
}

/// What an agent's time went into.
struct Ledger {
    usage: Ring<Usage, STEP, 13>,
    state: AgentState,
    accounted_to: Timestamp,
}

impl Ledger {
    /// Puts the time up to `to` down to the state.
    fn account(&mut self, to: Timestamp) {
        let mut from = self.accounted_to.max(to.plus(-HOUR - STEP).floor(STEP));
        self.accounted_to = self.accounted_to.max(to);
        while from < to {
            let end = from.floor(STEP).plus(STEP).min(to);
            let spent =
                self.usage.at(from).and_then(|bucket| bucket.0.get_mut(self.state as usize));
            if let Some(ms) = spent {
                *ms += end.since(from);
            }
            from = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    fn agent() -> Agent {
        let (source, id) = ("s".into(), "e".into());
        let stamp = Stamp { seq: 1, at: at(0), time: at(0), source, id, subject: None };
        Agent::new("a".into(), &stamp)
    }

    /// Shares of working, idle, blocked, offline in percent, at `now`.
    #[track_caller]
    fn check(moves: &[(i64, AgentState)], now: i64, expect: [i64; 4]) {
        let mut agent = agent();
        for &(ms, state) in moves {
            agent.enter(at(ms), state);
        }
        let u = agent.utilisation(at(now));
        let got = [u.working, u.idle, u.blocked, u.offline].map(|x| (x * 100.0).round() as i64);
        assert_eq!(got, expect);
    }

    #[test]
    fn time_goes_into_states() {
        use AgentState::{Blocked, Offline, Working};
        check(&[], 10 * MINUTE, [0, 100, 0, 0]);
        check(&[(5 * MINUTE, Working)], 10 * MINUTE, [50, 50, 0, 0]);
        check(&[(MINUTE, Working), (2 * MINUTE, Blocked)], 4 * MINUTE, [25, 25, 50, 0]);
        check(&[(0, Offline)], 3 * HOUR, [0, 0, 0, 100]);
        check(&[], 0, [0, 0, 0, 0]);
    }

    #[test]
    fn silence_is_over_when_it_is_heard_of() {
        let mut agent = agent();
        agent.enter(at(1), AgentState::Working);
        agent.fall_silent(at(100));
        assert_eq!((agent.state, agent.since), (AgentState::Offline, at(100)));
        agent.hear(at(200));
        assert_eq!((agent.state, agent.since, agent.silent), (AgentState::Working, at(200), None));
        assert_eq!(agent.illegal_moves, 0, "silence is not a move of its own");
    }

    #[test]
    fn who_was_told_of_late_never_was_silent() {
        let mut agent = agent();
        agent.enter(at(MINUTE), AgentState::Working);
        agent.fall_silent(at(2 * MINUTE));
        agent.hear(at(2 * MINUTE - 1));
        assert_eq!((agent.state, agent.since), (AgentState::Working, at(MINUTE)));
        let u = agent.utilisation(at(4 * MINUTE));
        assert_eq!((u.idle, u.working, u.offline), (0.25, 0.75, 0.0));
    }

    #[test]
    fn silence_is_time_spent_offline() {
        let mut agent = agent();
        agent.fall_silent(at(MINUTE));
        let u = agent.utilisation(at(4 * MINUTE));
        assert_eq!((u.idle, u.offline), (0.25, 0.75));
        agent.hear(at(3 * MINUTE));
        let u = agent.utilisation(at(4 * MINUTE));
        assert_eq!((u.idle, u.offline), (0.5, 0.5));
    }

    #[test]
    fn patience_is_the_setting_or_twice_its_own_interval() {
        let settings = WorkSettings::default();
        let mut agent = agent();
        assert_eq!(agent.patience_ms(&settings), 60_000);
        for ms in [10_000, 20_000, 30_000] {
            agent.hear(at(ms));
        }
        assert_eq!(agent.patience_ms(&settings), 60_000);
        for i in 1..=9 {
            agent.hear(at(30_000 + i * 45_000));
        }
        assert_eq!(agent.patience_ms(&settings), 90_000);
        agent.interval_s = Some(5.0);
        assert_eq!(agent.patience_ms(&settings), 10_000);
    }

    #[test]
    fn an_agent_may_be_on_several_tasks() {
        let mut agent = agent();
        agent.take(at(1), &"t1".into(), true);
        agent.take(at(2), &"t2".into(), false);
        assert_eq!((agent.state, agent.task().unwrap().as_ref()), (AgentState::Working, "t2"));
        agent.leave(at(3), &"t2".into());
        assert_eq!((agent.state, agent.task().unwrap().as_ref()), (AgentState::Working, "t1"));
        agent.leave(at(4), &"t1".into());
        assert_eq!((agent.state, agent.task()), (AgentState::Idle, None));
        assert_eq!(agent.illegal_moves, 0);
    }
}
