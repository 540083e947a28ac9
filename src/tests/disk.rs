//! A disk that is full, a directory that is taken, and a server that is told to end.

use crate::process::{Answer, Served, command, until, verify, wait};
use bellwether::pipeline::journal::Reader;
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// An event that zstd makes no smaller than about 30 kB.
fn bulky(n: u64) -> Value {
    let mut noise = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::new();
    while text.len() < 40_000 {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        text.push_str(&format!("{noise:016x}"));
    }
    let errors = json!([{"type": "E", "message": text}]);
    json!({"type": "validation.completed", "source": "disk", "id": n.to_string(),
           "data": {"project": "p", "status": "failed", "errors": errors}})
}

/// Sends bulky events from `n` on until one is turned away; returns its number and the answer.
fn fill(server: &Served, mut n: u64) -> (u64, Answer) {
    loop {
        let answer = server.post(&bulky(n));
        match answer.status {
            200 => n += 1,
            _ => return (n, answer),
        }
        assert!(n < 1_000, "the disk is never full");
    }
}

#[track_caller]
fn check_refused(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.content_type, "application/problem+json");
    assert!(answer.retry_after.as_ref().unwrap().parse::<u32>().unwrap() >= 1);
    assert_eq!(answer.json()["code"], "unavailable");
}

/// Reads are answered as if nothing were wrong, and show what was acknowledged.
#[track_caller]
fn check_reads(server: &Served, events: u64) {
    until("the state shows all", || {
        let answer = server.get("/dashboard/summary");
        assert_eq!(answer.status, 200);
        answer.json()["validations"]["total"].as_u64() == Some(events)
    });
    assert_eq!(server.get("/healthz").status, 200);
    assert_eq!(server.get("/dashboard/projects/p").status, 200);
}

#[test]
fn a_full_journal_refuses_reads_on_and_recovers_with_a_larger_limit() {
    let dir = tempfile::tempdir().unwrap();
    let server = Served::start(dir.path(), &["--journal-max-mb", "1"]);
    let (taken, refused) = fill(&server, 0);
    assert!(taken > 3, "some room there was");
    check_refused(&refused);
    assert_eq!(server.get("/readyz").status, 503);
    check_reads(&server, taken);
    let (ended, _) = server.signal("-TERM");
    assert_eq!(ended.code(), Some(0));

    let server = Served::start(dir.path(), &["--journal-max-mb", "8"]);
    assert_eq!(server.get("/readyz").status, 200);
    // What was refused was not kept; what was taken still is.
    let events = json!([bulky(taken), bulky(taken - 1)]);
    let answer = server.post(&events).json();
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(1), &json!(1)));
    check_reads(&server, taken + 1);
}

/// Sets the size that a file of the process may not grow beyond.
fn limit(server: &Served, bytes: &str) {
    let pid = server.child.id().to_string();
    // The soft limit alone: raising the hard one again may not be permitted.
    let set = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:")]).status();
    assert!(set.expect("prlimit is there").success());
}

#[test]
fn a_disk_that_fills_and_empties_is_noticed_while_running() {
    let dir = tempfile::tempdir().unwrap();
    let server = Served::start(dir.path(), &[]);
    let (accepted, _) = (server.post(&bulky(0)), ());
    assert_eq!(accepted.status, 200);
    limit(&server, "1000000");
    let (taken, refused) = fill(&server, 1);
    check_refused(&refused);
    assert_eq!(server.get("/readyz").status, 503);
    check_reads(&server, taken);
    check_refused(&server.post(&bulky(taken)));

    limit(&server, "unlimited");
    until("it recovers", || server.get("/readyz").status == 200);
    assert_eq!(server.post(&bulky(taken)).status, 200);
    check_reads(&server, taken + 1);
    let (ended, _) = server.signal("-TERM");
    assert_eq!(ended.code(), Some(0));
    let (exit, figures) = verify(dir.path());
    assert_eq!((exit, figures["events"].clone()), (Some(0), (taken + 1).to_string()));
}

/// Ends a server that holds events, and an open connection, by a signal.
#[track_caller]
fn check_ends(signal: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = Served::start(dir.path(), &[]);
    assert_eq!(server.post(&json!([bulky(0), bulky(1)])).status, 200);
    let address = server.url.strip_prefix("http://").unwrap();
    let idle = std::net::TcpStream::connect(address).unwrap();
    let (ended, took) = server.signal(signal);
    drop(idle);
    assert_eq!(ended.code(), Some(0), "{signal}");
    assert!(took < Duration::from_secs(5), "{signal} took {took:?}");
    let reader = Reader::open(dir.path()).unwrap();
    let kept = reader.load_checkpoint(true).unwrap().expect("a checkpoint is kept");
    assert_eq!(kept.seq, reader.span().unwrap().unwrap().1, "and it is of the end");
}

#[test]
fn signals_end_it_cleanly_within_five_seconds() {
    check_ends("-TERM");
    check_ends("-INT");
}

#[test]
fn a_second_server_on_the_same_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let first = Served::start(dir.path(), &[]);
    let mut second = command(dir.path(), &[]).spawn().unwrap();
    let ended = wait(&mut second);
    let (mut out, mut why) = (String::new(), String::new());
    second.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    second.stderr.take().unwrap().read_to_string(&mut why).unwrap();
    assert_eq!((ended.code(), out.as_str()), (Some(1), ""));
    let expect = format!("error: {} is in use by another server", dir.path().display());
    assert!(why.contains(&expect), "{why}");
    assert_eq!(first.post(&bulky(0)).status, 200, "the first goes on");
    first.kill();
    // The lock goes with its process, however that ended.
    assert_eq!(Served::start(dir.path(), &[]).signal("-TERM").0.code(), Some(0));
}

/// A checkpoint that is not what the journal says, made by `change`.
#[track_caller]
fn check_tampered(change: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = Served::start(dir.path(), &[]);
    assert_eq!(server.post(&json!([bulky(0), bulky(1)])).status, 200);
    server.signal("-TERM");
    let (exit, figures) = verify(dir.path());
    assert_eq!((exit, figures["events"].as_str()), (Some(0), "2"));
    assert!(figures["seq"].parse::<u64>().unwrap() >= 2);
    assert_eq!(figures["state"].len(), 64);
    tamper(dir.path(), change);
    assert_eq!(verify(dir.path()).0, Some(1), "{change}");
    // The server does not start from it, but from what the journal says.
    let server = Served::start(dir.path(), &[]);
    check_reads(&server, 2);
    server.signal("-TERM");
    assert_eq!(verify(dir.path()).0, Some(0), "{change}");
}

fn tamper(dir: &Path, change: &str) {
    let journal = rusqlite::Connection::open(dir.join("journal.db")).unwrap();
    assert_eq!(journal.execute(&format!("UPDATE checkpoints SET {change}"), []).unwrap(), 1);
}

#[test]
fn verify_sees_a_checkpoint_that_was_tampered_with() {
    check_tampered("hash = replace(hash, substr(hash, 1, 4), 'dead')");
    check_tampered("state = x'28b52ffd'");
    let other = bellwether::domain::State::default().encode().unwrap();
    let packed = zstd::bulk::compress(&other, 3).unwrap();
    let hex: String = packed.iter().map(|byte| format!("{byte:02x}")).collect();
    check_tampered(&format!("state = x'{hex}'"));
}
