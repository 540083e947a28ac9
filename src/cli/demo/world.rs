//! The simulation: actors, and a queue of who acts when.
//!
//! Actors live by a time of their own. Life begins `history` before the demo is started and goes
//! as fast as it can be sent until it has caught up; from then on a second of the clock is `speed`
//! seconds of life. An event carries the clock's time of its moment, so none is of the future.

use super::orders::{Answer, Order};
use super::rng::Rng;
use super::{host, latency, market, project, traffic, work};
use crate::wire::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub(super) const SECOND: f64 = 1_000.0;
pub(super) const MINUTE: f64 = 60.0 * SECOND;
pub(super) const HOUR: f64 = 60.0 * MINUTE;

/// An event of the simulation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Happening {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub source: &'static str,
    pub time: Timestamp,
    pub data: Value,
}

/// The moment at which an actor acts.
pub(super) struct Moment<'a> {
    /// By the time of its life.
    pub now: Timestamp,
    /// Whether life has caught up with the clock; before, what comes often may come less often.
    pub live: bool,
    /// Whether it is live, or in the hour before.
    pub recent: bool,
    source: &'static str,
    time: Timestamp,
    out: &'a mut Vec<Happening>,
}

impl Moment<'_> {
    /// Something happens.
    pub fn emit(&mut self, kind: &'static str, data: Value) {
        let (source, time) = (self.source, self.time);
        self.out.push(Happening { kind, source, time, data });
    }

    /// Something becomes known that happened at `time`, by the clock.
    pub fn emit_late(&mut self, kind: &'static str, data: Value, time: Timestamp) {
        self.out.push(Happening { kind, source: self.source, time, data });
    }

    /// Now, by the clock.
    pub const fn time(&self) -> Timestamp {
        self.time
    }

    /// How busy people are, 0.15 at night to 1 in the middle of the day (UTC).
    pub fn busy(&self) -> f64 {
        const DAY: f64 = 24.0 * HOUR;
        let of_day = self.now.ms().rem_euclid(DAY as i64) as f64 / DAY;
        let wave = 0.5 - 0.5 * (std::f64::consts::TAU * (of_day - 0.1)).cos();
        0.15 + 0.85 * wave
    }
}

/// Something that acts again and again.
pub(super) trait Actor: Send {
    /// What its events are from.
    fn source(&self) -> &'static str;
    /// When it first acts, if not when life begins.
    fn birth(&self) -> Option<Timestamp> {
        None
    }
    /// Acts, and says in how many milliseconds of life it will again.
    fn act(&mut self, moment: &mut Moment<'_>) -> f64;
    /// Does what somebody at the board wants; `None` if that is not for it to do.
    fn obey(&mut self, _order: &Order, _moment: &mut Moment<'_>) -> Option<Answer> {
        None
    }
}

/// What there is to simulate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub seed: u64,
    pub projects: usize,
    pub agents: usize,
    /// When the demo is started, by the clock.
    pub start: Timestamp,
    /// How much of the past is lived first, in milliseconds.
    pub history_ms: i64,
    /// Seconds of life a second, once that is done.
    pub speed: f64,
}

/// Actors, and who is next.
pub(super) struct World {
    plan: Plan,
    actors: Vec<Box<dyn Actor>>,
    /// By time of life, then by the order in which they were put here.
    queue: BinaryHeap<Reverse<(Timestamp, u64, usize)>>,
    turns: u64,
    /// The last moment of life at which somebody acted.
    lived: Timestamp,
    out: Vec<Happening>,
}

impl World {
    pub fn new(plan: Plan) -> Self {
        let mut rng = Rng::new(plan.seed);
        let birth = plan.start.plus(-plan.history_ms);
        let mut actors: Vec<Box<dyn Actor>> = Vec::new();
        for number in 0..plan.projects {
            let project = project::Project::new(number, rng.fork());
            if let Some(service) = traffic::Traffic::of(&project, rng.fork()) {
                actors.push(Box::new(service));
            }
            actors.push(Box::new(project));
        }
        for number in 0..host::HOSTS.len() {
            actors.push(Box::new(host::Host::new(number, rng.fork())));
        }
        let past_ms = plan.history_ms.min(work::past_ms(plan.agents));
        let team = work::Team::new(plan.start.plus(-past_ms), plan.agents, rng.fork());
        actors.push(Box::new(team));
        actors.push(Box::new(market::Market::new(birth, rng.fork())));
        actors.push(Box::new(latency::Latency::new(rng.fork())));
        let begin = |i: usize| actors.get(i).and_then(|actor| actor.birth()).unwrap_or(birth);
        let queue = (0..actors.len()).map(|i| Reverse((begin(i), i as u64, i))).collect();
        let turns = actors.len() as u64;
        Self { plan, actors, queue, turns, lived: birth, out: Vec::new() }
    }

    /// The clock's time of a moment of life.
    fn clock(&self, life: Timestamp) -> Timestamp {
        let ahead = life.ms() - self.plan.start.ms();
        if ahead <= 0 {
            life
        } else {
            self.plan.start.plus((ahead as f64 / self.plan.speed) as i64)
        }
    }

    /// When the next event is due, by the clock.
    pub fn due(&self) -> Option<Timestamp> {
        self.queue.peek().map(|Reverse((at, ..))| self.clock(*at))
    }

    /// What happens up to `now`, by the clock; a little more than `most` if one actor does much.
    pub fn advance(&mut self, now: Timestamp, most: usize) -> Vec<Happening> {
        while self.out.len() < most && self.due().is_some_and(|due| due <= now) {
            let Some(Reverse((at, _, who))) = self.queue.pop() else { break };
            let time = self.clock(at);
            let Some(actor) = self.actors.get_mut(who) else { continue };
            let (source, live) = (actor.source(), at >= self.plan.start);
            let recent = at >= self.plan.start.plus(-(HOUR as i64));
            let mut moment = Moment { now: at, live, recent, source, time, out: &mut self.out };
            let wait = actor.act(&mut moment).max(1.0);
            self.queue.push(Reverse((at.plus(wait as i64), self.turns, who)));
            self.turns += 1;
            self.lived = at;
        }
        std::mem::take(&mut self.out)
    }

    /// Puts a command to whoever is from `source`, and says what happens then.
    pub fn obey(
        &mut self,
        source: &str,
        order: &Order,
        now: Timestamp,
    ) -> (Vec<Happening>, Answer) {
        // While life is behind the clock its own time counts, so that it goes in order.
        let behind = self.due().is_some_and(|due| due <= now);
        let time = if behind { self.clock(self.lived).plus(1) } else { now };
        let mut out = Vec::new();
        let answer =
            self.actors.iter_mut().filter(|actor| actor.source() == source).find_map(|actor| {
                let (now, source) = (self.lived, actor.source());
                actor.obey(
                    order,
                    &mut Moment { now, live: true, recent: true, source, time, out: &mut out },
                )
            });
        (out, answer.unwrap_or(Err("nobody here does that")))
    }
}

#[cfg(test)]
mod tests;
