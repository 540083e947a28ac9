//! Durable ingest against a bare SQLite.

use super::report::{Aim, figure, note, ratio, title};
use super::{events, http, server};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Barrier;
use std::time::Instant;

const ROUNDS: usize = 7;
/// Batches a round, over all connections.
const BATCHES: usize = 200;
const PER_BATCH: u64 = 500;
const CONNECTIONS: usize = 4;
const PROJECTS: u64 = 500;

pub fn run() {
    title("ingest: NDJSON batches of 500 events over 4 connections, each answered once on disk");
    note(
        "floor: SQLite in WAL mode, synchronous=FULL, on the same disk; the body of each request as",
    );
    note("one blob, a commit each, one connection. Rows: the same, but a row for each event.");
    let server = server::Server::full();
    let floor = database(&server.dir.path().join("floor.db"));
    let rows = database(&server.dir.path().join("rows.db"));
    let (mut ours, mut blobs, mut each) = (Vec::new(), Vec::new(), Vec::new());
    let mut first = 0;
    // The first round warms up: files grow, caches fill.
    for round in 0..=ROUNDS {
        let bodies = bodies(&mut first);
        let a = rate(|| post(&server, &bodies));
        let b = rate(|| bodies.iter().for_each(|body| insert(&floor, [body.as_slice()])));
        let lines =
            |body: &[u8]| body.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
        let split: Vec<Vec<Vec<u8>>> = bodies.iter().map(|body| lines(body)).collect();
        let c =
            rate(|| split.iter().for_each(|lines| insert(&rows, lines.iter().map(Vec::as_slice))));
        if round > 0 {
            ours.push(a);
            blobs.push(b);
            each.push(c);
        }
        if round == 1 {
            let bytes: usize = bodies.iter().map(Vec::len).sum();
            note(&format!(
                "an event has {} bytes on average",
                bytes / BATCHES / PER_BATCH as usize
            ));
        }
    }
    figure("bellwether", &ours, "events/s", None);
    figure("floor, a blob a batch", &blobs, "events/s", None);
    figure("floor, a row an event", &each, "events/s", None);
    figure("ratio to blobs", &ratio(&ours, &blobs), "", Some(Aim::AtLeast(0.5)));
    figure("ratio to rows", &ratio(&ours, &each), "", None);
}

fn bodies(first: &mut u64) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    for _ in 0..BATCHES {
        bodies.push(events::lines(*first, PER_BATCH, PROJECTS));
        *first += PER_BATCH;
    }
    bodies
}

/// Events a second.
fn rate(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    (BATCHES as u64 * PER_BATCH) as f64 / begun.elapsed().as_secs_f64()
}

fn post(server: &server::Server, bodies: &[Vec<u8>]) {
    let start = &Barrier::new(CONNECTIONS);
    std::thread::scope(|scope| {
        for share in bodies.chunks(BATCHES / CONNECTIONS) {
            scope.spawn(move || {
                let mut connection = http::Http::connect(server.address);
                start.wait();
                share.iter().for_each(|body| connection.post(body));
            });
        }
    });
}

fn database(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection.execute_batch("CREATE TABLE bytes (id INTEGER PRIMARY KEY, it BLOB)").unwrap();
    connection
}

fn insert<'a>(connection: &Connection, rows: impl IntoIterator<Item = &'a [u8]>) {
    let transaction = connection.unchecked_transaction().unwrap();
    let mut insert = transaction.prepare_cached("INSERT INTO bytes (it) VALUES (?1)").unwrap();
    for row in rows {
        insert.execute([row]).unwrap();
    }
    drop(insert);
    transaction.commit().unwrap();
}
