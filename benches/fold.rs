//! The fold, and what a flush costs.

use super::events;
use super::report::{Aim, cpu, figure, note, quantile, ratio, title};
use bellwether::domain::{State, Touched};
use bellwether::pipeline::board::Board;
use std::hint::black_box;
use std::time::{Duration, Instant};

const EVENTS: u64 = 1_000_000;
/// Events made ready at a time; making them is not measured.
const CHUNK: u64 = 20_000;
const PROJECTS: u64 = 500;
const ROUNDS: usize = 3;

pub fn run() {
    title(
        "fold: 1,000,000 events of 500 projects, 50 agents and 20 hosts into the state, one thread",
    );
    let (mut wall, mut used) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (took, on_cpu) = fold();
        wall.push(EVENTS as f64 / took.as_secs_f64());
        used.push(EVENTS as f64 / on_cpu.as_secs_f64());
    }
    figure("by the clock", &wall, "events/s", None);
    figure("by CPU time", &used, "events/s", Some(Aim::AtLeast(1e6)));

    title("flush: looking again at 50 changed projects, per project");
    note("The cost must not grow with how many there are.");
    let (mut few, mut many) = (Vec::new(), Vec::new());
    let (mut small, mut large) = (Fleet::of(100), Fleet::of(5_000));
    for round in 0..=5 {
        let (a, b) = (small.refresh(), large.refresh());
        if round > 0 {
            few.push(a);
            many.push(b);
        }
    }
    figure("among 100 projects", &few, "µs", None);
    figure("among 5,000 projects", &many, "µs", None);
    figure("ratio", &ratio(&many, &few), "", Some(Aim::AtMost(1.5)));
}

/// Folds all events; the time that took by the clock, and on the processor.
fn fold() -> (Duration, Duration) {
    let mut state = State::default();
    let mut touched = Vec::new();
    let (mut wall, mut used) = (Duration::ZERO, Duration::ZERO);
    for first in (0..EVENTS).step_by(CHUNK as usize) {
        let chunk: Vec<_> =
            (first..first + CHUNK).map(|number| events::envelope(number, PROJECTS)).collect();
        let (begun, before) = (Instant::now(), on_cpu());
        for envelope in &chunk {
            touched.clear();
            state.fold(envelope, &mut touched);
            black_box(&touched);
        }
        wall += begun.elapsed();
        used += on_cpu() - before;
    }
    assert_eq!(state.events, EVENTS);
    (wall, used)
}

/// CPU time of this thread, or of the whole process where the kernel does not say.
fn on_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    match stat.split(' ').next().and_then(|nanos| nanos.parse().ok()) {
        Some(nanos) => Duration::from_nanos(nanos),
        None => cpu("self"),
    }
}

/// So many projects with a past.
struct Fleet {
    state: State,
    board: Board,
    touched: Vec<Touched>,
    projects: u64,
    next: u64,
}

impl Fleet {
    const CHANGED: u64 = 50;
    const FLUSHES: u64 = 100;

    fn of(projects: u64) -> Self {
        let (state, board) = (State::default(), Board::default());
        let mut fleet = Self { state, board, touched: Vec::new(), projects, next: 0 };
        for _ in 0..10 * projects {
            fleet.run_one();
        }
        fleet.board.refresh(&fleet.state);
        fleet
    }

    /// The next project in turn has a run.
    fn run_one(&mut self) {
        let project = format!("project-{:05}", self.next * 7 % self.projects);
        // The runs of a project are an hour apart whatever the number of projects.
        let place = self.next * 36_000 / self.projects;
        let data = events::run(&project, events::scatter(self.next));
        let mut envelope = events::placed(place, "validation.completed", &data);
        envelope.stamp.seq = self.next + 1;
        self.state.fold(&envelope, &mut self.touched);
        self.touched.drain(..).for_each(|touched| self.board.touch(touched));
        self.next += 1;
    }

    /// Microseconds a changed project takes to be looked at again.
    fn refresh(&mut self) -> f64 {
        let mut each = Vec::new();
        for _ in 0..Self::FLUSHES {
            for _ in 0..Self::CHANGED {
                self.run_one();
            }
            let begun = Instant::now();
            let refreshed = black_box(self.board.refresh(&self.state));
            let took = begun.elapsed().as_secs_f64() * 1e6;
            each.push(took / refreshed.pages.len() as f64);
        }
        // Whatever else the machine did meanwhile is in some of them, but not in half.
        quantile(&each, 0.5)
    }
}
