//! The past of work: what it takes to keep tasks, against a bare SQLite that writes as many rows.

use super::report::{figure, note, ratio, title};
use super::{events, server};
use bellwether::domain::Envelope;
use bellwether::pipeline::history::{Batch, History, Options};
use bellwether::pipeline::journal::{self, Store};
use bellwether::wire::Cursor;
use rusqlite::{Connection, params};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

/// Tasks that come together, as in a busy flush; as many that came before are done meanwhile.
const TOGETHER: u64 = 500;
/// Batches a round.
const BATCHES: u64 = 20;
const ROUNDS: usize = 5;

pub fn run() {
    title("past: 10,000 tasks of 4 events, as rows, steps and rollups of 4 queues, 500 at a time");
    note(
        "floor: bare SQLite, the same settings, transactions and number of rows: for each task one",
    );
    note(
        "of 300 bytes, written and later written over, and four of 150 bytes; no rollups, no lists",
    );
    let dir = server::directory();
    let fed = Fed::start(dir.path());
    let floor = tables(&dir.path().join("floor.db"));
    let (mut next, mut ours, mut bare) = (0, Vec::new(), Vec::new());
    for round in 0..=ROUNDS as u64 {
        let batches: Vec<Batch> = (0..BATCHES).map(|_| batch(&mut next)).collect();
        let a = rate(|| fed.keep(batches));
        let b = rate(|| (0..BATCHES).for_each(|i| write(&floor, round * BATCHES + i)));
        if round > 0 {
            ours.push(a);
            bare.push(b);
        }
    }
    fed.history.stop();
    figure("bellwether", &ours, "events/s", None);
    figure("floor", &bare, "events/s", None);
    figure("ratio", &ratio(&ours, &bare), "", None);
}

/// Events a second.
fn rate(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    (4 * TOGETHER * BATCHES) as f64 / begun.elapsed().as_secs_f64()
}

/// A history over an empty journal: it is fed by hand.
pub struct Fed {
    pub history: History,
}

impl Fed {
    pub fn start(dir: &Path) -> Self {
        drop(Store::open(&journal::Options { dir: dir.to_owned(), max_bytes: None }).unwrap());
        let journal = Cursor { epoch: "bench".into(), seq: 0 };
        let options = Options { dir: dir.to_owned(), journal, retain_days: 90 };
        Self { history: History::start(options).unwrap() }
    }

    /// Feeds batches and waits until they are committed.
    pub fn keep(&self, batches: Vec<Batch>) {
        let last = batches.last().map_or(0, |batch| batch.last_seq);
        batches.into_iter().for_each(|batch| self.history.feed(batch));
        while self.history.position() < last {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

/// Events as a batch.
pub fn together(envelopes: Vec<Envelope>) -> Batch {
    let last = &envelopes[envelopes.len() - 1].stamp;
    let (last_seq, at) = (last.seq, last.at);
    Batch { last_seq, at, envelopes, samples: Vec::new() }
}

/// Tasks that are queued, and those of the batch before from assignment to completion.
fn batch(next: &mut u64) -> Batch {
    let mut envelopes: Vec<Envelope> = Vec::new();
    for _ in 0..TOGETHER {
        let number = *next / 4;
        let queue = ["build", "review", "deploy", "triage"][(number % 4) as usize];
        let queued = json!({"task": format!("task-{number}"), "queue": queue,
            "description": "Summarise the review of the change"});
        let older = number.saturating_sub(TOGETHER);
        let (task, agent) = (format!("task-{older}"), format!("agent-{}", older % 200));
        let worked = json!({"task": task, "agent": agent});
        let done = json!({"task": task, "agent": agent, "duration_ms": 900 + number % 700,
            "tokens_used": 5_000, "cost_usd": 0.02});
        let all = [
            ("task.queued", &queued),
            ("task.assigned", &worked),
            ("task.started", &worked),
            ("task.completed", &done),
        ];
        for (kind, data) in all {
            envelopes.push(events::placed(*next, kind, data));
            *next += 1;
        }
    }
    together(envelopes)
}

/// A database with the settings of that of history.
pub fn database(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "NORMAL").unwrap();
    connection.pragma_update(None, "cache_size", -(16 << 10)).unwrap();
    connection
}

fn tables(path: &Path) -> Connection {
    let connection = database(path);
    let tables = "CREATE TABLE tasks (id TEXT PRIMARY KEY, it BLOB);
        CREATE TABLE steps (id INTEGER PRIMARY KEY, it BLOB);";
    connection.execute_batch(tables).unwrap();
    connection
}

/// The rows of a batch, in a transaction.
fn write(connection: &Connection, batch: u64) {
    let (task, step) = ([7_u8; 300], [7_u8; 150]);
    let transaction = connection.unchecked_transaction().unwrap();
    let mut row =
        transaction.prepare_cached("INSERT OR REPLACE INTO tasks VALUES (?1, ?2)").unwrap();
    let mut insert = transaction.prepare_cached("INSERT INTO steps (it) VALUES (?1)").unwrap();
    for number in batch * TOGETHER..(batch + 1) * TOGETHER {
        for number in [number, number.saturating_sub(TOGETHER)] {
            row.execute(params![format!("task-{number}"), task]).unwrap();
        }
        for _ in 0..4 {
            insert.execute([&step[..]]).unwrap();
        }
    }
    drop((row, insert));
    transaction.commit().unwrap();
}
