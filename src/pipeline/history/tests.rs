mod alerts;
mod metrics;
mod trading;
mod work;

use super::*;
use crate::domain::Event;
use crate::domain::projects::{Metrics, TrendPoint};
use crate::domain::range::{Range, RangeParams};
use crate::pipeline::journal::{self, Draft, Journal, Store};
use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

/// 2026-01-02T03:04:05.678Z
const NOW: i64 = 1_767_323_045_678;
const PATIENCE: Duration = Duration::from_secs(20);

fn ms(ago: i64) -> Timestamp {
    Timestamp::from_ms(NOW - ago)
}

fn id(name: &str) -> ProjectId {
    name.to_owned().try_into().unwrap()
}

fn range(params: &RangeParams) -> Range {
    Range::parse(params, "1h", Timestamp::from_ms(NOW)).unwrap()
}

fn stepped(window: &str, step: &str) -> Range {
    range(&RangeParams { step: Some(step.to_owned()), ..RangeParams::last(window) })
}

fn event(kind: &str, data: serde_json::Value) -> Event {
    Event::decode(kind, &data.to_string()).unwrap().unwrap()
}

fn run(project: &str, status: &str, duration_ms: f64, errors: u32) -> Event {
    let errors = json!([{ "type": "E", "count": errors }]);
    let data = json!({ "project": project, "status": status, "duration_ms": duration_ms,
        "errors": errors });
    event("validation.completed", data)
}

/// A journal and the history of it.
struct Kept {
    dir: TempDir,
    journal: Store,
    history: Option<History>,
    runtime: tokio::runtime::Runtime,
    retain_days: u32,
}

impl Kept {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = journal::Options { dir: dir.path().to_owned(), max_bytes: None };
        let journal = Store::open(&options).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut kept = Self { dir, journal, history: None, runtime, retain_days: 90 };
        kept.start();
        kept
    }

    fn start(&mut self) {
        self.history = Some(
            History::start(Options {
                dir: self.dir.path().to_owned(),
                journal: self.journal.head(),
                retain_days: self.retain_days,
            })
            .unwrap(),
        );
        self.settle();
    }

    fn stop(&mut self) {
        self.history.take().unwrap().stop();
    }

    fn history(&self) -> &History {
        self.history.as_ref().unwrap()
    }

    /// Makes events durable, and returns the batch that follows.
    fn append(&mut self, events: &[(Timestamp, Event)]) -> Batch {
        let before = self.journal.head().seq;
        let draft = |(time, event): &(Timestamp, Event)| {
            let id = uuid::Uuid::now_v7().to_string().into();
            Draft::new(Some(*time), "test".into(), id, false, None, event.clone())
        };
        let drafts: Vec<Draft> = events.iter().map(draft).collect();
        let at = Timestamp::from_ms(NOW);
        self.journal.append(at, &drafts.iter().collect::<Vec<_>>()).unwrap();
        let envelopes = Reader::open(self.dir.path()).unwrap().read(before).unwrap();
        Batch { last_seq: self.journal.head().seq, at, envelopes, samples: Vec::new() }
    }

    fn send(&mut self, events: &[(Timestamp, Event)]) {
        let batch = self.append(events);
        self.history().feed(batch);
        self.settle();
    }

    fn score(&self, series: Series, time: Timestamp, value: f64) {
        let last_seq = self.journal.head().seq;
        let samples = vec![Sample { series, time, value }];
        self.history().feed(Batch { last_seq, at: time, envelopes: Vec::new(), samples });
    }

    /// Waits until history has come to the journal's head.
    fn settle(&self) {
        let head = self.journal.head().seq;
        eventually(|| self.history().position() >= head);
    }

    fn trend(&self, project: &str, range: Range) -> Vec<TrendPoint> {
        self.runtime.block_on(self.history().project_trend(&id(project), range)).unwrap()
    }

    fn metrics(&self, project: Option<&str>, range: Range) -> Metrics {
        let project = project.map(id);
        let now = Timestamp::from_ms(NOW);
        self.runtime.block_on(self.history().metrics(project.as_ref(), range, now)).unwrap()
    }

    fn runs(&self, project: &str) -> Vec<u64> {
        let page = self.runtime.block_on(self.history().runs(&id(project), 500, None)).unwrap();
        page.0.iter().map(|run| run.seq).collect()
    }

    /// Everything that can be asked, but for scores.
    fn answers(&self) -> Vec<String> {
        let mut all = Vec::new();
        for window in ["1h", "24h", "7d", "30d", "400d"] {
            let range = range(&RangeParams::last(window));
            for project in ["a", "b"] {
                let trend = self.trend(project, range);
                all.push(format!(
                    "{:?}",
                    trend.iter().filter(|p| p.errors > 0).collect::<Vec<_>>()
                ));
                all.push(format!("{:?}", self.metrics(Some(project), range).validations));
            }
            let metrics = self.metrics(None, range);
            all.push(format!("{:?} {:?}", metrics.validations, metrics.errors));
            all.push(format!("{:?}", metrics.response_time_ms.p95));
            let rates = self.runtime.block_on(self.history().rates(range)).unwrap();
            all.push(format!(
                "{:?}",
                rates.iter().map(|p| (p.events, p.passed)).collect::<Vec<_>>()
            ));
            let host = self.runtime.block_on(self.history().host(&"h".into(), range)).unwrap();
            all.push(format!("{:?}", host.iter().filter(|p| p.cpu.is_some()).collect::<Vec<_>>()));
        }
        all.push(format!("{:?} {:?}", self.runs("a"), self.runs("b")));
        all
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(history) = self.history.take() {
            history.stop();
        }
    }
}

#[track_caller]
fn eventually(mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "not in time");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn sample(cpu: f64, rx_bytes: u64) -> Event {
    let data = json!({ "host": "h", "cpu": { "usage_percent": cpu, "cores": 1 },
        "network": { "rx_bytes": rx_bytes, "tx_bytes": 0 } });
    event("host.sampled", data)
}

fn some_events() -> Vec<(Timestamp, Event)> {
    let mut events = Vec::new();
    for i in 0..200_i64 {
        let ago = i * 7_919_000 % (20 * DAY_MS);
        let status = ["passed", "failed", "error", "skipped"][i as usize % 4];
        let project = ["a", "b"][i as usize % 2];
        events.push((ms(ago), run(project, status, i as f64, i as u32 % 3)));
        let data = json!({ "project": project, "duration_ms": i * 3 });
        events.push((ms(ago / 100), event("request.observed", data)));
        events.push((ms(1_000_000 - i * 2_000), sample(i as f64 / 2.0, i as u64 * 1_000)));
    }
    events
}

#[test]
fn a_restart_changes_nothing() {
    let mut kept = Kept::new();
    for part in some_events().chunks(50) {
        kept.send(part);
    }
    let before = kept.answers();
    kept.stop();
    kept.start();
    assert!(kept.answers() == before);
    // What became durable while history was away is found in the journal.
    kept.stop();
    kept.append(&[(ms(1_000), run("a", "passed", 1.0, 0))]);
    kept.start();
    assert_eq!(kept.runs("a").len(), 101);
}

#[test]
fn a_batch_that_comes_again_counts_once() {
    let mut kept = Kept::new();
    let batch = kept.append(&some_events());
    let again = || Batch {
        last_seq: batch.last_seq,
        at: batch.at,
        envelopes: batch.envelopes.clone(),
        samples: Vec::new(),
    };
    kept.history().feed(again());
    kept.settle();
    let before = kept.answers();
    kept.history().feed(again());
    kept.send(&[(ms(0), event("request.observed", json!({ "project": "c", "duration_ms": 1 })))]);
    assert_eq!(kept.answers()[1], before[1]);
    assert_eq!(kept.runs("a").len(), 100);
}

#[test]
fn a_file_that_is_gone_is_made_anew_from_the_journal() {
    let mut kept = Kept::new();
    kept.send(&some_events());
    let before = kept.answers();
    kept.stop();
    store::remove(kept.dir.path()).unwrap();
    kept.start();
    assert!(kept.answers() == before);
}

#[test]
fn a_file_that_is_discarded_serves_until_the_next_start_and_is_then_made_anew() {
    let mut kept = Kept::new();
    kept.send(&some_events());
    discard(kept.dir.path()).unwrap();
    kept.send(&[(ms(1_000), run("a", "passed", 1.0, 0))]);
    let before = kept.answers();
    let db = rusqlite::Connection::open(store::file(kept.dir.path())).unwrap();
    db.execute_batch("DELETE FROM runs").unwrap();
    drop(db);
    kept.stop();
    kept.start();
    assert!(kept.answers() == before);
}

#[test]
fn a_file_that_cannot_be_trusted_is_made_anew() {
    let mut kept = Kept::new();
    kept.send(&some_events());
    let before = kept.answers();
    for spoil in [
        "UPDATE meta SET schema = 0",
        "UPDATE meta SET position = 1000000",
        "UPDATE meta SET epoch = 'another'",
        "DROP TABLE meta",
    ] {
        kept.stop();
        let db = rusqlite::Connection::open(store::file(kept.dir.path())).unwrap();
        db.execute_batch(&format!("DELETE FROM runs; {spoil}")).unwrap();
        drop(db);
        kept.start();
        assert!(kept.answers() == before, "{spoil}");
    }
    kept.stop();
    std::fs::write(store::file(kept.dir.path()), b"no database at all, but a text").unwrap();
    kept.start();
    assert!(kept.answers() == before);
}

#[test]
fn damage_that_a_reader_finds_is_mended() {
    let mut kept = Kept::new();
    kept.send(&some_events());
    let before = kept.metrics(Some("a"), stepped("24h", "1h")).validations;
    let db = rusqlite::Connection::open(store::file(kept.dir.path())).unwrap();
    db.execute_batch("UPDATE project_rollups SET data = x'00'").unwrap();
    drop(db);
    let now = Timestamp::from_ms(NOW);
    let range = stepped("24h", "5m");
    let (history, a) = (kept.history().clone(), id("a"));
    let ask = || kept.runtime.block_on(history.metrics(Some(&a), range, now));
    assert_eq!(ask().unwrap_err().status, 503);
    eventually(|| ask().is_ok_and(|metrics| metrics.validations == before));
}

#[test]
fn scores_hold_until_they_change() {
    let mut kept = Kept::new();
    kept.send(&[(ms(0), run("a", "passed", 1.0, 0))]);
    let score = |ago: i64, value| kept.score(Series::ProjectScore(id("a")), ms(ago), value);
    score(3 * 3_600_000, 70.0);
    score(40 * 60_000, 80.0);
    score(20 * 60_000, 90.0);
    kept.score(Series::OverallScore, ms(60_000), 55.0);
    kept.history().feed(Batch { last_seq: 1, at: ms(0), envelopes: vec![], samples: vec![] });
    let scores =
        || -> Vec<_> { kept.trend("a", stepped("1h", "10m")).iter().map(|p| p.score).collect() };
    let expect = [70.0, 70.0, 80.0, 80.0, 90.0, 90.0, 90.0].map(Some);
    eventually(|| scores() == expect);
    let all = kept.metrics(None, stepped("1h", "30m")).health_trend;
    assert_eq!(all.iter().map(|p| p.score).collect::<Vec<_>>(), [None, None, Some(55.0)]);
    assert!(kept.trend("b", stepped("1h", "10m")).iter().all(|p| p.score.is_none()));
}

#[test]
fn runs_are_paged_newest_first_by_their_own_time() {
    let mut kept = Kept::new();
    let at = |ago| (ms(ago), run("a", "passed", 1.0, 0));
    kept.send(&[at(5_000), at(1_000), at(3_000), at(3_000), at(9_000)]);
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = kept.runtime.block_on(kept.history().runs(&id("a"), 2, after));
        let (runs, next) = page.unwrap();
        seen.extend(runs.iter().map(|run| run.seq));
        let Some(next) = next else { break };
        let (at, seq) = next.split_once('-').unwrap();
        after = Some((Timestamp::from_ms(at.parse().unwrap()), seq.parse().unwrap()));
    }
    assert_eq!(seen, [2, 4, 3, 1, 5]);
}

#[test]
fn traffic_is_what_counters_gained_and_survives_resets() {
    let mut kept = Kept::new();
    let begin = Timestamp::from_ms(NOW).floor(60_000).plus(-60_000);
    let at = |second: i64, rx| (begin.plus(second * 1_000), rx);
    for (time, rx) in [at(0, 1_000), at(2, 3_000), at(4, 500), at(6, 1_500), at(5, 99_999)] {
        kept.send(&[(time, sample(rx as f64 / 1_000.0, rx))]);
    }
    let points = kept.runtime.block_on(kept.history().host(&"h".into(), stepped("2m", "1m")));
    let point = points.unwrap().into_iter().find(|point| point.at == begin).unwrap();
    // 2,000 bytes in 2 s, nothing over the reset, 1,000 in 2 s; the late one says nothing.
    assert_eq!(point.rx_bytes_per_s, Some(750.0));
    assert_eq!((point.cpu_min, point.cpu_max), (Some(0.5), Some(99.999)));
    assert_eq!((point.memory, point.load1), (None, None));
}

#[test]
fn what_is_old_is_forgotten() {
    let mut kept = Kept::new();
    kept.retain_days = 3;
    let old = run("a", "passed", 1.0, 0);
    kept.send(&[(ms(5 * DAY_MS), old.clone()), (ms(0), old)]);
    kept.stop();
    let mut store = store::Store::open(kept.dir.path(), &kept.journal.head()).unwrap();
    store.prune(&mut store::Sweep::default(), 10, 3 * DAY_MS).unwrap();
    drop(store);
    let db = rusqlite::Connection::open(store::file(kept.dir.path())).unwrap();
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM runs"), 1);
    let steps = "SELECT count(*) FROM project_rollups WHERE series = 'a' AND res =";
    assert_eq!([0, 1, 2, 3].map(|res| count(&format!("{steps} {res}"))), [1, 2, 2, 2]);
    drop(db);
    kept.start();
}

#[test]
fn the_cache_answers_until_a_write_that_matters() {
    let mut kept = Kept::new();
    kept.send(&[(ms(0), run("a", "passed", 1.0, 0)), (ms(0), run("b", "passed", 1.0, 0))]);
    let range = stepped("1h", "1m");
    let counts = |kept: &Kept| {
        let cache = kept.history().cache_internals();
        (cache.hits, cache.misses)
    };
    let total = |kept: &Kept| kept.metrics(Some("a"), range).validations.total;
    assert_eq!((total(&kept), counts(&kept)), (1, (0, 1)));
    assert_eq!((total(&kept), counts(&kept)), (1, (1, 1)));
    kept.send(&[(ms(0), run("b", "passed", 1.0, 0))]);
    assert_eq!((total(&kept), counts(&kept)), (1, (2, 1)));
    kept.send(&[(ms(0), run("a", "passed", 1.0, 0))]);
    assert_eq!((total(&kept), counts(&kept)), (2, (2, 2)));
    // Figures of all of them are moved by any.
    assert_eq!(kept.metrics(None, range).validations.total, 4);
    kept.send(&[(ms(0), run("b", "passed", 1.0, 0))]);
    assert_eq!(kept.metrics(None, range).validations.total, 5);
    assert_eq!(counts(&kept), (2, 4));
}

#[test]
fn the_same_question_at_the_same_time_is_answered_once() {
    let kept = Kept::new();
    let range = stepped("1h", "1m");
    let history = kept.history();
    let ask = || async { history.rates(range).await.unwrap().len() };
    let all =
        kept.runtime.block_on(async { futures::future::join_all((0..8).map(|_| ask())).await });
    assert_eq!(all, vec![61; 8]);
    let cache = history.cache_internals();
    assert_eq!((cache.misses, cache.hits), (1, 7));
}

#[test]
fn a_write_that_fails_is_tried_again_and_feeding_does_not_wait_for_it() {
    let mut kept = Kept::new();
    kept.send(&[(ms(0), run("a", "passed", 1.0, 0))]);
    let db = rusqlite::Connection::open(store::file(kept.dir.path())).unwrap();
    // Whoever holds the write lock makes the thread's writes fail.
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = Instant::now();
    for _ in 0..3 * QUEUE {
        let batch = kept.append(&[(ms(0), run("a", "passed", 1.0, 0))]);
        kept.history().feed(batch);
    }
    assert!(begun.elapsed() < FEED_PATIENCE / 2, "{:?}", begun.elapsed());
    assert_eq!(kept.history().position(), 1);
    let late = kept.history().caught_up(kept.journal.head().seq);
    assert!(!kept.runtime.block_on(late));
    db.execute_batch("ROLLBACK").unwrap();
    kept.settle();
    assert_eq!(kept.runs("a").len(), 1 + 3 * QUEUE);
    assert_eq!(
        kept.metrics(Some("a"), stepped("1h", "1m")).validations.total,
        1 + 3 * QUEUE as u64
    );
}

#[derive(Debug, Clone)]
struct Raw {
    ago: i64,
    project: &'static str,
    status: &'static str,
    duration: f64,
    errors: u32,
}

fn raws() -> impl Strategy<Value = Vec<Raw>> {
    let raw = (
        prop_oneof![0..3_600_000_i64, 0..3 * DAY_MS, 0..40 * DAY_MS],
        prop_oneof![Just("a"), Just("b")],
        prop_oneof![Just("passed"), Just("failed"), Just("error"), Just("skipped")],
        1.0..1e6_f64,
        0..4_u32,
    );
    let raw = raw.prop_map(|(ago, project, status, duration, errors)| Raw {
        ago,
        project,
        status,
        duration,
        errors,
    });
    prop::collection::vec(raw, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Rollups answer as a count over the raw events does, in whatever order and batches they came.
    #[test]
    fn rollups_equal_a_brute_force_count(raws in raws(), batch in 1..20_usize) {
        let mut kept = Kept::new();
        let events: Vec<_> = raws
            .iter()
            .map(|raw| (ms(raw.ago), run(raw.project, raw.status, raw.duration, raw.errors)))
            .collect();
        for part in events.chunks(batch) {
            kept.send(part);
        }
        for (window, step) in [("1h", "10s"), ("24h", "5m"), ("7d", "1h"), ("30d", "6h"), ("90d", "1d")] {
            let range = stepped(window, step);
            for point in kept.trend("a", range) {
                let within = |raw: &&Raw| {
                    let at = ms(raw.ago);
                    raw.project == "a" && at >= point.at && at < point.at.plus(range.step_ms)
                };
                let inside: Vec<&Raw> = raws.iter().filter(within).collect();
                let of = |status| inside.iter().filter(|raw| raw.status == status).count() as f64;
                let ran = inside.len() as f64 - of("skipped");
                prop_assert_eq!(point.success_rate, (ran > 0.0).then(|| of("passed") / ran));
                prop_assert_eq!(point.errors, inside.iter().map(|raw| u64::from(raw.errors)).sum::<u64>());
                let mut times: Vec<f64> =
                    inside.iter().filter(|raw| raw.status != "skipped").map(|raw| raw.duration).collect();
                times.sort_by(f64::total_cmp);
                match point.p95_ms {
                    None => prop_assert!(times.is_empty()),
                    Some(p95) => {
                        let exact = times[(0.95 * (times.len() - 1) as f64) as usize];
                        prop_assert!((p95 - exact).abs() <= exact * 0.010_001, "{} {}", p95, exact);
                    }
                }
            }
            let all = kept.metrics(None, range);
            let inside = raws.iter().filter(|raw| ms(raw.ago) >= range.from).count() as u64;
            prop_assert_eq!(all.validations.total, inside);
        }
    }
}
