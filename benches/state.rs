//! Reading the whole board of agents and tasks at once, while it changes.

use super::http;
use super::report::{Aim, figure, note, quantile, ratio, title};
use super::server::Server;
use super::snapshot::Nginx;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const AGENTS: u64 = 2_000;
const TASKS: u64 = 100_000;
const READS: usize = 500;
const ROUNDS: usize = 3;
const PATH: &str = "/api/dashboard/state";

pub fn run() {
    title("state: GET /api/dashboard/state, 2,000 agents and 100,000 tasks that wait or run");
    note("500 reads 10 ms apart, while 50 tasks move every 100 ms: each flush makes it anew");
    let server = Server::full();
    fill(&server);
    let mut connection = http::Http::connect(server.address);
    connection.send(&http::get(PATH, "identity"));
    let (head, body) = connection.receive();
    note(&format!("{} bytes; floor: nginx, a static file with the same bytes", body.len()));
    let nginx = Nginx::version().map(|_| Nginx::start(head, body));
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(moving(&server, || reads(server.address, PATH)));
        if let Some(nginx) = &nginx {
            floor.push(moving(&server, || reads(nginx.address, "/body")));
        }
    }
    let p = |rounds: &[Vec<f64>], q| -> Vec<f64> {
        rounds.iter().map(|times| quantile(times, q)).collect()
    };
    figure("bellwether, p50", &p(&ours, 0.5), "ms", None);
    figure("bellwether, p99", &p(&ours, 0.99), "ms", Some(Aim::AtMost(20.0)));
    if !floor.is_empty() {
        figure("floor, p50", &p(&floor, 0.5), "ms", None);
        figure("floor, p99", &p(&floor, 0.99), "ms", None);
        figure("ratio of p99", &ratio(&p(&ours, 0.99), &p(&floor, 0.99)), "", None);
    }
}

/// Milliseconds of each read.
fn reads(address: SocketAddr, path: &str) -> Vec<f64> {
    let mut connection = http::Http::connect(address);
    let request = http::get(path, "identity");
    let mut read = || {
        std::thread::sleep(Duration::from_millis(10));
        let begun = Instant::now();
        connection.send(&request);
        connection.receive();
        begun.elapsed().as_secs_f64() * 1e3
    };
    (0..READS).map(|_| read()).collect()
}

/// Runs `work` while tasks move.
fn moving<T>(server: &Server, work: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut connection = http::Http::connect(server.address);
            let mut turn = 0;
            while !over.load(Ordering::Relaxed) {
                let moves = (0..50).map(|i| {
                    let number = (turn * 50 + i) % TASKS;
                    let data = json!({"task": format!("task-{number}"), "percent": turn % 100,
                        "agent": format!("agent-{}", number % AGENTS)});
                    ("task.progress", data)
                });
                connection.send(&http::post(&lines(moves), true));
                connection.receive();
                turn += 1;
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let done = work();
        over.store(true, Ordering::Relaxed);
        done
    })
}

/// Agents that are there, and tasks in four queues.
fn fill(server: &Server) {
    let mut connection = http::Http::connect(server.address);
    let agents = (0..AGENTS).map(|i| {
        let data = json!({"agent": format!("agent-{i}"), "name": format!("Agent {i}"),
            "capabilities": ["code", "review"], "interval_s": 3_600});
        ("agent.online", data)
    });
    connection.post(&lines(agents));
    for first in (0..TASKS).step_by(5_000) {
        let tasks = (first..first + 5_000).map(|i| {
            let queue = ["build", "review", "deploy", "triage"][(i % 4) as usize];
            let data = json!({"task": format!("task-{i}"), "queue": queue, "priority": i % 4,
                "description": format!("Summarise the review of change {i}")});
            ("task.queued", data)
        });
        connection.send(&http::post(&lines(tasks), true));
        connection.receive();
    }
}

fn lines(all: impl Iterator<Item = (&'static str, Value)>) -> Vec<u8> {
    let line = |(kind, data)| format!("{}\n", json!({"type": kind, "data": data}));
    all.map(line).collect::<String>().into_bytes()
}
