//! A fleet of agents and the queues they work on: most tasks come off, some fail and are tried
//! again, a few are given up and wait for whoever looks at the board.

mod agent;
mod queue;

use super::orders::{Answer, Order, OrderKind};
use super::rng::Rng;
use super::world::{Actor, HOUR, MINUTE, Moment, SECOND};
use crate::wire::Timestamp;
use agent::{Agent, Shop};
use queue::{KINDS, MEAN_TRY, Queue, Task};
use serde_json::json;

/// What the fleet's events are from, and where commands for its tasks go.
pub(super) const SOURCE: &str = "demo/agents";
/// An agent acts every so many seconds of life.
const TURNS: usize = 5;
/// How much of what agents can do is asked of them at noon.
const LOAD: f64 = 0.85;
/// How much of the past is lived, by all agents together: a day by the default fleet, and so on.
const AGENT_HOURS: f64 = 24.0 * 32.0;
/// Tasks that were given up, as far as they are remembered.
const MAX_DEAD: usize = 10_000;

/// All agents and their queues.
pub(super) struct Team {
    agents: Vec<Agent>,
    queues: Vec<Queue>,
    dead: Vec<Task>,
    lost: Vec<(Timestamp, String, Task)>,
    turn: usize,
    /// In the tasks' names: they are unlike those of a life that began at another time.
    birth: Timestamp,
    tasks: u64,
    measured_at: Timestamp,
    rng: Rng,
    /// For what comes of commands, so that they do not change the rest of life.
    luck: Rng,
}

impl Team {
    pub fn new(birth: Timestamp, agents: usize, mut rng: Rng) -> Self {
        let luck = rng.fork();
        Self {
            agents: (0..agents).map(|number| Agent::new(number, birth, &mut rng)).collect(),
            queues: (0..KINDS.len()).map(Queue::of).collect(),
            dead: Vec::new(),
            lost: Vec::new(),
            turn: 0,
            birth,
            tasks: 0,
            measured_at: birth,
            rng,
            luck,
        }
    }

    fn submit(&mut self, moment: &mut Moment<'_>) {
        // Half of what comes is made by machines, which do not sleep.
        let busy = 0.5 + 0.5 * moment.busy();
        let rate = LOAD * busy * self.agents.len() as f64 * SECOND / MEAN_TRY;
        // Beyond, nobody submits more.
        let room = 20 + 2 * self.agents.len();
        for queue in &mut self.queues {
            queue.drift(moment.now, &mut self.rng);
            for _ in 0..queue.arrivals(rate, &mut self.rng) {
                if queue.waiting.len() < room {
                    self.tasks += 1;
                    let id = format!("task-{:x}-{}", self.birth.ms(), self.tasks);
                    queue.submit(id, self.tasks, &mut self.rng, moment);
                }
            }
        }
    }

    /// Puts tasks of crashed agents back once that is noticed.
    fn find_lost(&mut self, moment: &mut Moment<'_>) {
        let now = moment.now;
        let found: Vec<_> = self.lost.extract_if(.., |(noticed, ..)| *noticed <= now).collect();
        for (_, agent, task) in found {
            let error = format!("agent {agent} is gone, its task with it");
            let (queues, dead, lost) = (&mut self.queues, &mut self.dead, &mut self.lost);
            let mut shop = Shop { queues, dead, lost, rng: &mut self.rng };
            agent::fail(&agent, task, &error, &mut shop, moment);
        }
    }

    fn measure(&mut self, moment: &mut Moment<'_>) {
        if self.measured_at <= moment.now {
            self.measured_at = moment.now.plus(MINUTE as i64);
            let waiting: usize = self.queues.iter().map(|queue| queue.waiting.len()).sum();
            let depth = json!({"name": "queue.depth", "value": waiting, "unit": "tasks"});
            moment.emit("metric.observed", depth);
        }
    }

    /// The task waits again, and mostly comes off. One that an earlier life gave up is taken over.
    fn retry(&mut self, id: &str, moment: &mut Moment<'_>) -> Answer {
        let known = self.dead.iter().position(|task| task.id == id);
        let mut task = match known.map(|at| self.dead.swap_remove(at)) {
            Some(task) => task,
            None if self.is_live(id) => return Err("it is on its way already"),
            None => {
                let kind = self.luck.below(KINDS.len());
                Task { id: id.to_owned(), kind, tries: 0, hopeless: None }
            }
        };
        task.tries = 0;
        if !self.luck.chance(0.15) {
            task.hopeless = None;
        }
        moment.emit("task.queued", json!({"task": id}));
        if let Some(queue) = self.queues.get_mut(task.kind) {
            queue.waiting.push_back(task);
        }
        Ok(())
    }

    fn is_live(&self, id: &str) -> bool {
        let waits = |queue: &Queue| queue.waiting.iter().any(|task| task.id == id);
        self.queues.iter().any(waits)
            || self.lost.iter().any(|(.., task)| task.id == id)
            || self.agents.iter().any(|agent| agent.is_on(id))
    }

    fn cancel(&mut self, id: &str, moment: &mut Moment<'_>) {
        if self.agents.iter_mut().any(|agent| agent.drop_task(id, moment)) {
            return;
        }
        self.queues.iter_mut().for_each(|queue| queue.waiting.retain(|task| task.id != id));
        self.dead.retain(|task| task.id != id);
        self.lost.retain(|(.., task)| task.id != id);
        moment.emit("task.cancelled", json!({"task": id, "reason": "cancelled on the board"}));
    }
}

/// How much of the past so many agents live, in milliseconds: a fleet of 2,000 with a whole day
/// would take an hour to tell.
pub(super) fn past_ms(agents: usize) -> i64 {
    (AGENT_HOURS * HOUR / agents.max(1) as f64) as i64
}

impl Actor for Team {
    fn source(&self) -> &'static str {
        SOURCE
    }

    fn birth(&self) -> Option<Timestamp> {
        Some(self.birth)
    }

    fn act(&mut self, moment: &mut Moment<'_>) -> f64 {
        self.submit(moment);
        self.find_lost(moment);
        let (queues, dead, lost) = (&mut self.queues, &mut self.dead, &mut self.lost);
        let mut shop = Shop { queues, dead, lost, rng: &mut self.rng };
        for agent in self.agents.iter_mut().skip(self.turn).step_by(TURNS) {
            agent.step(&mut shop, moment);
        }
        self.turn = (self.turn + 1) % TURNS;
        let over = self.dead.len().saturating_sub(MAX_DEAD);
        self.dead.drain(..over);
        self.measure(moment);
        SECOND
    }

    fn obey(&mut self, order: &Order, moment: &mut Moment<'_>) -> Option<Answer> {
        Some(match order.command {
            OrderKind::Retry => self.retry(&order.task_id, moment),
            OrderKind::Cancel => {
                self.cancel(&order.task_id, moment);
                Ok(())
            }
        })
    }
}

#[cfg(test)]
mod tests;
