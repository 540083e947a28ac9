//! Agents and tasks: what an event costs when much has happened already, and what a flush costs
//! when much is going on.

use super::events;
use super::report::{Aim, figure, note, quantile, ratio, title};
use bellwether::domain::{Envelope, State, Touched};
use bellwether::pipeline::board::Board;
use serde_json::json;
use std::hint::black_box;
use std::time::Instant;

const AGENTS: u64 = 200;
/// Tasks that come and go in a measured stretch.
const STRETCH: u64 = 5_000;
const FEW: u64 = 10_000;
const MANY: u64 = 1_000_000;
const ROUNDS: usize = 5;

pub fn run() {
    past();
    present();
}

/// What a task costs, from its queue to its end, after few and after many.
fn past() {
    title(
        "work: a task from queue to completion, 4 events, after 10,000 and after 1,000,000 of them",
    );
    note("Finished tasks leave the state: neither its size nor the cost of an event may grow.");
    let mut young = Line::with_past(FEW);
    let mut old = Line::with_past(MANY);
    let (mut few, mut many) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (a, b) = (young.stretch(), old.stretch());
        if round > 0 {
            few.push(a);
            many.push(b);
        }
    }
    figure("after 10,000", &few, "µs an event", None);
    figure("after 1,000,000", &many, "µs an event", None);
    figure("ratio", &ratio(&many, &few), "", Some(Aim::AtMost(1.2)));
    let size = |line: &Line| line.state.encode().unwrap().len() as f64 / 1e6;
    let sizes = [size(&old) / size(&young)];
    figure("state, after 10,000", &[size(&young)], "MB", None);
    figure("state, after 1,000,000", &[size(&old)], "MB", None);
    // What has lately ended is remembered up to 50,000 tasks, to know late words about it.
    figure("ratio", &sizes, "", Some(Aim::AtMost(6.0)));
}

/// A flush in which 50 tasks move, among few and among many that wait.
fn present() {
    title("work: a flush in which 50 tasks move, among 1,000 and among 100,000 that wait");
    let mut small = Line::with_queue(1_000);
    let mut large = Line::with_queue(100_000);
    let (mut few, mut many) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (a, b) = (small.flushes(), large.flushes());
        if round > 0 {
            few.push(a);
            many.push(b);
        }
    }
    figure("among 1,000", &few, "µs a task", None);
    figure("among 100,000", &many, "µs a task", None);
    figure("ratio", &ratio(&many, &few), "", Some(Aim::AtMost(2.0)));
}

/// A state in which tasks come and go, as on an assembly line.
struct Line {
    state: State,
    board: Board,
    touched: Vec<Touched>,
    tasks: u64,
    seq: u64,
}

impl Line {
    fn new() -> Self {
        let (state, board, touched) = (State::default(), Board::default(), Vec::new());
        let mut line = Self { state, board, touched, tasks: 0, seq: 0 };
        for agent in 0..AGENTS {
            let data = json!({"agent": format!("agent-{agent}"), "interval_s": 86_400});
            line.take(&[("agent.online", data)]);
        }
        line
    }

    fn with_past(tasks: u64) -> Self {
        let mut line = Self::new();
        while line.tasks < tasks {
            line.stretch();
        }
        line
    }

    fn with_queue(tasks: u64) -> Self {
        let mut line = Self::new();
        for _ in 0..tasks {
            line.queue();
        }
        line.board.refresh(&line.state);
        line
    }

    fn take(&mut self, events: &[(&str, serde_json::Value)]) {
        for (kind, data) in events {
            let envelope = self.place(kind, data);
            self.fold(&envelope);
        }
    }

    fn place(&mut self, kind: &str, data: &serde_json::Value) -> Envelope {
        self.seq += 1;
        // Three tasks every tenth of a second: about 100,000 an hour.
        let mut envelope = events::placed(self.tasks / 3, kind, data);
        envelope.stamp.seq = self.seq;
        envelope
    }

    fn fold(&mut self, envelope: &Envelope) {
        self.state.fold(envelope, &mut self.touched);
        self.touched.drain(..).for_each(|touched| self.board.touch(touched));
    }

    fn queue(&mut self) -> String {
        self.tasks += 1;
        let task = format!("task-{}", self.tasks);
        let queue = ["build", "review", "deploy", "triage"][(self.tasks % 4) as usize];
        let data = json!({"task": task, "description": "Summarise the review", "queue": queue,
            "priority": self.tasks % 4});
        self.take(&[("task.queued", data)]);
        task
    }

    /// The events of the next task.
    fn task(&mut self) -> [Envelope; 4] {
        self.tasks += 1;
        let (task, agent) =
            (format!("task-{}", self.tasks), format!("agent-{}", self.tasks % AGENTS));
        let queue = ["build", "review", "deploy", "triage"][(self.tasks % 4) as usize];
        let queued = json!({"task": task, "description": "Summarise the review", "queue": queue});
        let worked = json!({"task": task, "agent": agent});
        let done = json!({"task": task, "agent": agent, "duration_ms": 900 + self.tasks % 700,
            "tokens_used": 5_000, "cost_usd": 0.02});
        [
            self.place("task.queued", &queued),
            self.place("task.assigned", &worked),
            self.place("task.started", &worked),
            self.place("task.completed", &done),
        ]
    }

    /// Microseconds an event, over so many tasks; making the events is not measured.
    fn stretch(&mut self) -> f64 {
        let events: Vec<Envelope> = (0..STRETCH).flat_map(|_| self.task()).collect();
        let begun = Instant::now();
        for envelope in &events {
            self.touched.clear();
            self.state.fold(envelope, &mut self.touched);
            black_box(&self.touched);
        }
        begun.elapsed().as_secs_f64() * 1e6 / events.len() as f64
    }

    /// Microseconds a moved task takes to be folded and looked at again.
    fn flushes(&mut self) -> f64 {
        let mut each = Vec::new();
        for _ in 0..100 {
            let events: Vec<Envelope> = (0..50).flat_map(|_| self.task()).collect();
            let begun = Instant::now();
            events.iter().for_each(|envelope| self.fold(envelope));
            black_box(self.board.refresh(&self.state));
            each.push(begun.elapsed().as_secs_f64() * 1e6 / 50.0);
        }
        quantile(&each, 0.5)
    }
}
