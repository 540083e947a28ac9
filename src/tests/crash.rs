//! `kill -9` at random points under load: nothing acknowledged is lost, nothing is doubled.
//!
//! `BELLWETHER_CRASHES` says how many kills (20 if it is not set), `BELLWETHER_SEED` repeats a run.

use crate::process::{PATIENCE, Served, agent, ask, journaled, until, verify};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SENDERS: usize = 4;

/// A small generator that a seed repeats (Marsaglia, "Xorshift RNGs", 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What the senders and the one who kills know of each other.
#[derive(Default)]
struct Shared {
    /// Where the server is now.
    url: Mutex<String>,
    acknowledged: AtomicUsize,
    enough: AtomicBool,
}

/// Batch `n` of a sender: NDJSON, and the ids in it.
fn batch(sender: usize, n: usize, events: u64) -> (String, Vec<(String, String)>) {
    let mut body = String::new();
    let mut ids = Vec::new();
    for i in 0..events {
        let (source, id) = (format!("sender-{sender}"), format!("{n}-{i}"));
        body.push_str(&format!(
            r#"{{"type":"validation.completed","source":"{source}","id":"{id}","data":{{"project":"p{sender}","status":"passed","duration_ms":{i}}}}}"#
        ));
        body.push('\n');
        ids.push((source, id));
    }
    (body, ids)
}

/// Sends batch after batch, each until it is acknowledged; returns the ids that were.
fn send(sender: usize, seed: u64, shared: &Shared) -> BTreeSet<(String, String)> {
    let mut random = Random(seed + 1 + sender as u64);
    let mut agent = agent();
    let mut acknowledged = BTreeSet::new();
    for n in 0.. {
        if shared.enough.load(Ordering::Acquire) {
            break;
        }
        let (body, ids) = batch(sender, n, 1 + random.below(40));
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < PATIENCE, "batch {n} of sender {sender} is never taken");
            let url = format!("{}/api/v1/events", shared.url.lock().unwrap());
            let kind = "application/x-ndjson";
            let Some(answer) = ask(&agent, &url, Some((kind, body.clone()))) else {
                // Dead, or not yet there again.
                agent = crate::process::agent();
                std::thread::sleep(Duration::from_millis(2));
                continue;
            };
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
            let answer = answer.json();
            let counted =
                answer["accepted"].as_u64().unwrap() + answer["duplicates"].as_u64().unwrap();
            assert_eq!(counted, ids.len() as u64, "{answer}");
            break;
        }
        acknowledged.extend(ids);
        shared.acknowledged.fetch_add(1, Ordering::AcqRel);
    }
    acknowledged
}

#[test]
fn crash_loses_nothing_acknowledged_and_doubles_nothing() {
    let crashes = setting("BELLWETHER_CRASHES", 20);
    let seed = setting("BELLWETHER_SEED", 20_261_124);
    eprintln!("{crashes} crashes, seed {seed}");
    let dir = tempfile::tempdir().unwrap();
    let mut random = Random(seed.max(1));
    let shared = Arc::new(Shared::default());
    let mut server = Served::start(dir.path(), &[]);
    shared.url.lock().unwrap().clone_from(&server.url);
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let shared = shared.clone();
            std::thread::spawn(move || send(sender, seed, &shared))
        })
        .collect();
    for crash in 0..crashes {
        // A point under load: after some batches were taken, and some microseconds into the next.
        let goal = shared.acknowledged.load(Ordering::Acquire) + random.below(40) as usize;
        let begun = Instant::now();
        while shared.acknowledged.load(Ordering::Acquire) < goal {
            assert!(begun.elapsed() < PATIENCE, "nothing is taken any more, crash {crash}");
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_micros(random.below(8_000)));
        server.kill();
        server = Served::start(dir.path(), &[]);
        shared.url.lock().unwrap().clone_from(&server.url);
    }
    shared.enough.store(true, Ordering::Release);
    let acknowledged: BTreeSet<_> =
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect();

    // The journal answers before the state shows it; what it comes to must be all of it.
    until("the state shows every acknowledged event once", || {
        let summary = server.get("/dashboard/summary").json();
        summary["validations"]["total"].as_u64() == Some(acknowledged.len() as u64)
    });
    let (ended, _) = server.signal("-TERM");
    assert_eq!(ended.code(), Some(0));
    let journaled = journaled(dir.path());
    let doubled: Vec<_> = journaled.iter().filter(|(_, count)| **count > 1).collect();
    assert!(doubled.is_empty(), "doubled: {doubled:?}");
    let lost: Vec<_> = acknowledged.iter().filter(|id| !journaled.contains_key(id)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    // Every batch was sent until it was acknowledged, so that there is nothing else.
    assert_eq!(journaled.len(), acknowledged.len());
    let (exit, figures) = verify(dir.path());
    assert_eq!((exit, figures["events"].clone()), (Some(0), acknowledged.len().to_string()));
    eprintln!("{} events acknowledged, each there once", acknowledged.len());
}
