//! The past of work: tasks, their steps, and what queues did.

use super::*;
use crate::domain::work::history::Found;
use crate::domain::work::{
    Filtered, QueuePoint, TaskDetail, TaskFilter, TaskItem, TaskStatus, TaskStep, TasksPage,
};
use std::collections::HashMap;

#[derive(Debug, PartialEq)]
struct Known {
    item: TaskItem,
    result: Option<serde_json::Value>,
    history: Vec<TaskStep>,
}

impl Kept {
    fn queue(&self, name: Option<&str>, range: Range) -> Vec<QueuePoint> {
        let name = name.map(Into::into);
        self.runtime.block_on(self.history().queue(name, range)).unwrap()
    }

    fn found(&self, filter: &TaskFilter, limit: usize, after: Option<&TaskItem>) -> Found {
        let after = after.map(|task| (task.updated_at, task.id.clone()));
        let found = self.runtime.block_on(self.history().tasks(filter, limit, after)).unwrap();
        let (items, total, more) = found;
        Found { items, total, more }
    }

    fn known(&self, id: &str) -> Option<Known> {
        let known = self.runtime.block_on(self.history().task(id)).unwrap()?;
        let (item, result, history) = known;
        Some(Known { item, result, history })
    }

    fn count(&self, sql: &str) -> i64 {
        let db = rusqlite::Connection::open(store::file(self.dir.path())).unwrap();
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Every row about tasks, and what each queue did.
    fn work(&self) -> Vec<String> {
        let db = rusqlite::Connection::open(store::file(self.dir.path())).unwrap();
        let mut all = Vec::new();
        for (sql, columns) in
            [("SELECT * FROM tasks ORDER BY id", 11), ("SELECT * FROM task_events", 4)]
        {
            let mut statement = db.prepare(sql).unwrap();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let value = |i| format!("{:?}", row.get_ref(i).unwrap());
                all.push((0..columns).map(value).collect::<Vec<_>>().join(" "));
            }
        }
        for queue in [None, Some("default"), Some("q0"), Some("q1")] {
            for window in ["1h", "7d"] {
                let points = self.queue(queue, range(&RangeParams::last(window)));
                let any = |p: &&QueuePoint| p.completed + p.failed > 0 || p.wait_p50_ms.is_some();
                all.extend(points.iter().filter(any).map(|p| format!("{queue:?} {p:?}")));
            }
        }
        all
    }
}

fn task(kind: &str, id: &str, more: serde_json::Value) -> Event {
    let mut data = json!({ "task": id });
    let members = data.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    event(kind, data)
}

fn filter(json: serde_json::Value) -> TaskFilter {
    serde_json::from_value(json).unwrap()
}

fn ids(found: &Found) -> Vec<&str> {
    found.items.iter().map(|task| &*task.id).collect()
}

#[test]
fn a_task_is_kept_with_all_that_happened_to_it() {
    let mut kept = Kept::new();
    let queued = json!({ "queue": "build", "description": "Build it", "priority": 1 });
    let failed = json!({ "agent": "a", "error": "no space", "attempt": 1, "will_retry": true });
    kept.send(&[
        (ms(9_000), task("task.queued", "t", queued)),
        (ms(8_000), task("task.assigned", "t", json!({ "agent": "a" }))),
        (ms(7_000), task("task.started", "t", json!({ "agent": "a" }))),
    ]);
    kept.send(&[(ms(6_000), task("task.failed", "t", failed))]);
    let done = json!({ "agent": "b", "duration_ms": 1500, "tokens_used": 7, "cost_usd": 0.25,
        "result": { "ok": [1] } });
    kept.send(&[
        (ms(4_000), task("task.started", "t", json!({ "agent": "b" }))),
        (ms(2_000), task("task.completed", "t", done)),
        // Late: it is told, and moves nothing.
        (ms(5_000), task("task.progress", "t", json!({ "note": "half", "percent": 50 }))),
    ]);
    let known = kept.known("t").unwrap();
    let (item, steps) = (&known.item, &known.history);
    assert_eq!(
        (item.status, &*item.queue, item.updated_at),
        (TaskStatus::Completed, "build", ms(2_000))
    );
    assert_eq!((item.agent.as_deref(), item.duration_ms), (Some("b"), Some(1500.0)));
    assert_eq!((item.tokens_used, item.cost_usd), (Some(7), Some(0.25)));
    assert_eq!((item.description.as_deref(), item.ended_at), (Some("Build it"), Some(ms(2_000))));
    assert_eq!(known.result, Some(json!({ "ok": [1] })));
    let kinds: Vec<&str> = steps.iter().map(|step| &*step.kind).collect();
    let begun = ["task.queued", "task.assigned", "task.started", "task.failed"];
    assert_eq!(kinds[..4], begun);
    assert_eq!(kinds[4..], ["task.progress", "task.started", "task.completed"]);
    assert_eq!((steps[4].text.as_deref(), steps[4].percent), (Some("half"), Some(50.0)));
    assert_eq!((steps[3].text.as_deref(), steps[3].attempt), (Some("no space"), Some(1)));
    assert_eq!(kept.known("u"), None);
}

#[test]
fn what_came_of_a_task_is_what_its_last_completion_says() {
    let mut kept = Kept::new();
    let done = |result| task("task.completed", "t", json!({ "result": result }));
    kept.send(&[(ms(5_000), done(json!(1)))]);
    kept.send(&[(ms(9_000), done(json!("late")))]);
    assert_eq!(kept.known("t").unwrap().result, Some(json!(1)));
    let again = task("task.queued", "t", json!({}));
    kept.send(&[(ms(3_000), again), (ms(2_000), task("task.completed", "t", json!({})))]);
    assert_eq!(kept.known("t").unwrap().result, None);
}

#[test]
fn a_queue_has_its_counts_waits_and_run_times() {
    let mut kept = Kept::new();
    let mut events = Vec::new();
    for i in 1..=100_i64 {
        let id = format!("t{i}");
        let begun = ms(1_800_000);
        events.push((begun, task("task.queued", &id, json!({ "queue": "q" }))));
        events.push((begun.plus(i * 10), task("task.assigned", &id, json!({ "agent": "a" }))));
        events.push((begun.plus(i * 10), task("task.started", &id, json!({ "agent": "a" }))));
        // Told by half of them; the others are seen to take as long.
        let mut done = json!({ "tokens_used": i, "cost_usd": 0.1 });
        if i % 2 == 0 {
            done["duration_ms"] = json!(i * 1_000);
        }
        events.push((begun.plus(i * 1_010), task("task.completed", &id, done)));
    }
    // A late word about the wait counts for nothing.
    events.push((ms(1_799_000), task("task.assigned", "t1", json!({ "agent": "b" }))));
    for part in events.chunks(37) {
        kept.send(part);
    }
    for name in [Some("q"), None] {
        let points = kept.queue(name, stepped("1h", "1h"));
        let begun = ms(1_800_000).floor(3_600_000);
        let near = |of: Option<f64>, exact: f64| {
            let of = of.unwrap();
            assert!((of - exact).abs() <= exact * 0.010_001, "{of} is not {exact}");
        };
        let sum = |of: fn(&QueuePoint) -> u64| points.iter().map(of).sum::<u64>();
        assert_eq!((sum(|p| p.completed), sum(|p| p.failed), sum(|p| p.tokens)), (100, 0, 5_050));
        let cost: f64 = points.iter().map(|p| p.cost_usd).sum();
        assert!((cost - 10.0).abs() < 1e-9, "{cost}");
        let point = points.iter().find(|p| p.at == begun).unwrap();
        near(point.wait_p50_ms, 500.0);
        near(point.wait_p95_ms, 950.0);
        near(point.run_p95_ms, 95_000.0);
    }
    assert!(kept.queue(Some("r"), stepped("1h", "1h")).iter().all(|p| p.completed == 0));
}

#[test]
fn depths_hold_until_they_change() {
    let mut kept = Kept::new();
    kept.send(&[(ms(0), task("task.queued", "t", json!({ "queue": "q" })))]);
    kept.score(Series::QueueDepth(Some("q".into())), ms(40 * 60_000), 3.0);
    kept.score(Series::QueueDepth(None), ms(20 * 60_000), 5.0);
    let depths = |name| -> Vec<_> {
        kept.queue(name, stepped("1h", "20m")).iter().map(|p| p.depth).collect()
    };
    eventually(|| depths(None).last() == Some(&Some(5.0)));
    assert_eq!(depths(Some("q")), [None, Some(3.0), Some(3.0), Some(3.0)]);
    assert_eq!(depths(None), [None, None, Some(5.0), Some(5.0)]);
}

#[test]
fn words_are_taken_literally_and_whatever_their_case() {
    let mut kept = Kept::new();
    let named = |id: &str, description: &str| {
        (ms(0), task("task.queued", id, json!({ "description": description })))
    };
    let error = task("task.failed", "t4", json!({ "error": r"100% of C:\tmp is used" }));
    kept.send(&[
        named("t1", "Rebuild 50% of the image"),
        named("t2", "Rebuild 50 of the images"),
        named("t_3", "Nothing"),
        (ms(0), error),
    ]);
    let having = |words: &str| {
        let found = kept.found(&filter(json!({ "q": words })), 10, None);
        found.items.iter().map(|task| task.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(having("50%"), ["t1"]);
    assert_eq!(having("REBUILD"), ["t1", "t2"]);
    assert_eq!(having("t_"), ["t_3"]);
    assert_eq!(having(r"c:\T"), ["t4"]);
    assert_eq!(having("").len(), 4);
}

#[test]
fn counting_ends_where_nobody_counts_on() {
    let mut kept = Kept::new();
    let many = TasksPage::MAX_COUNTED as i64 + 5;
    let queued = |i| (ms(i), task("task.queued", &format!("t{i:05}"), json!({ "queue": "q" })));
    kept.send(&(0..many).map(queued).collect::<Vec<_>>());
    for filter in [filter(json!({})), filter(json!({ "queue": "q", "q": "t" }))] {
        let found = kept.found(&filter, 2, None);
        assert_eq!((found.total, found.more), (TasksPage::MAX_COUNTED, true));
        assert_eq!(ids(&found), ["t00000", "t00001"]);
    }
}

#[test]
fn steps_that_are_never_told_are_forgotten() {
    let mut kept = Kept::new();
    let step =
        |i: i64| (ms(1_200_000 - i), task("task.progress", "t", json!({ "percent": i % 100 })));
    for part in (0..1_203).collect::<Vec<_>>().chunks(400) {
        kept.send(&part.iter().map(|&i| step(i)).collect::<Vec<_>>());
    }
    let history = kept.known("t").unwrap().history;
    assert_eq!(history.len(), TaskDetail::MAX_STEPS);
    assert_eq!(history[0].at, ms(1_200_000 - (1_203 - 500)));
    assert_eq!(history[499].at, ms(1_200_000 - 1_202));
    assert!(kept.count("SELECT count(*) FROM task_events") <= 1_000);
}

#[test]
fn what_ended_long_ago_is_forgotten_and_what_waits_is_not() {
    let mut kept = Kept::new();
    let at = |days: i64, kind: &str, id: &str| (ms(days * DAY_MS), task(kind, id, json!({})));
    kept.send(&[
        at(5, "task.completed", "done"),
        at(5, "task.cancelled", "unwanted"),
        at(5, "task.failed", "failed"),
        at(5, "task.dead_lettered", "dead"),
        at(5, "task.queued", "waiting"),
        at(1, "task.completed", "fresh"),
    ]);
    kept.score(Series::QueueDepth(Some("default".into())), ms(5 * DAY_MS), 3.0);
    kept.stop();
    let mut store = store::Store::open(kept.dir.path(), &kept.journal.head()).unwrap();
    store.prune(&mut store::Sweep::default(), 10, 3 * DAY_MS).unwrap();
    drop(store);
    kept.start();
    assert_eq!(ids(&kept.found(&TaskFilter::default(), 10, None)), ["fresh", "dead", "waiting"]);
    assert_eq!(kept.count("SELECT count(*) FROM task_events"), 3);
    assert_eq!(kept.count("SELECT count(*) FROM queue_depths WHERE res = 0"), 0);
    assert_eq!(kept.count("SELECT count(*) FROM queue_depths WHERE res = 2"), 1);
    // A word about one that was forgotten makes it known again.
    kept.send(&[at(0, "task.queued", "done")]);
    assert_eq!(kept.known("done").unwrap().item.created_at, ms(0));
}

#[test]
fn answers_about_work_are_kept_until_work_is_written() {
    let mut kept = Kept::new();
    kept.send(&[(ms(0), task("task.queued", "t", json!({})))]);
    let misses = |kept: &Kept| kept.history().cache_internals().misses;
    let ask = |kept: &Kept| {
        let found = kept.found(&TaskFilter::default(), 10, None);
        let steps = kept.known("t").map_or(0, |known| known.history.len());
        let completed = kept.queue(None, stepped("1h", "1h")).iter().map(|p| p.completed).sum();
        (found.total, steps, completed)
    };
    assert_eq!((ask(&kept), misses(&kept)), ((1, 1, 0), 3));
    kept.send(&[(ms(0), run("a", "passed", 1.0, 0))]);
    assert_eq!((ask(&kept), misses(&kept)), ((1, 1, 0), 3));
    kept.send(&[(ms(0), task("task.completed", "t", json!({})))]);
    assert_eq!((ask(&kept), misses(&kept)), ((1, 2, 1), 6));
}

#[derive(Debug, Clone)]
struct Word {
    ago: i64,
    kind: &'static str,
    task: usize,
    queue: Option<usize>,
    amount: u32,
}

impl Word {
    fn event(&self) -> (Timestamp, Event) {
        let mut data = match self.kind {
            "task.completed" => json!({ "duration_ms": self.amount, "tokens_used": self.amount,
                "cost_usd": f64::from(self.amount) / 1e6, "result": self.amount }),
            "task.failed" => json!({ "error": format!("broke {}%", self.amount),
                "will_retry": self.amount.is_multiple_of(2), "agent": format!("a{}", self.amount % 3) }),
            "task.dead_lettered" => json!({ "error": format!("gave up {}", self.amount) }),
            "task.queued" => json!({ "description": format!("Do_{}", self.amount) }),
            _ => json!({ "agent": format!("a{}", self.amount % 3) }),
        };
        if let Some(queue) = self.queue.filter(|_| self.kind == "task.queued") {
            data["queue"] = json!(format!("q{queue}"));
        }
        (ms(self.ago), task(self.kind, &format!("t{}", self.task), data))
    }
}

fn words() -> impl Strategy<Value = Vec<Word>> {
    let kinds = prop::sample::select(vec![
        "task.queued",
        "task.assigned",
        "task.started",
        "task.progress",
        "task.completed",
        "task.failed",
        "task.dead_lettered",
        "task.cancelled",
    ]);
    let ago = prop_oneof![0..3_600_000_i64, 0..3 * DAY_MS];
    let word = (ago, kinds, 0..6_usize, prop::option::of(0..2_usize), 1..10_000_u32);
    let word =
        word.prop_map(|(ago, kind, task, queue, amount)| Word { ago, kind, task, queue, amount });
    prop::collection::vec(word, 1..80)
}

/// What a word adds, and to which queue: that of the newest word that named one for its task.
fn counted(words: &[Word]) -> Vec<(String, &Word)> {
    let mut queues: HashMap<usize, (i64, String)> = HashMap::new();
    let mut all = Vec::new();
    for word in words {
        if word.kind == "task.queued" {
            let had = queues.get(&word.task);
            let newest = had.is_none_or(|(ago, _)| word.ago <= *ago);
            if newest {
                let kept = had.map_or_else(|| "default".to_owned(), |(_, name)| name.clone());
                let name = word.queue.map_or(kept, |queue| format!("q{queue}"));
                queues.insert(word.task, (word.ago, name));
            }
        }
        if matches!(word.kind, "task.completed" | "task.failed") {
            let name = queues.get(&word.task).map_or("default", |(_, name)| name);
            all.push((name.to_owned(), word));
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Queues answer as a count over the raw events does, whatever came late.
    #[test]
    fn queues_equal_a_brute_force_count(words in words(), batch in 1..20_usize) {
        let mut kept = Kept::new();
        for part in words.chunks(batch) {
            kept.send(&part.iter().map(Word::event).collect::<Vec<_>>());
        }
        let counted = counted(&words);
        for (window, step) in [("1h", "10s"), ("24h", "5m"), ("7d", "1h"), ("30d", "1d")] {
            let range = stepped(window, step);
            for name in [None, Some("default"), Some("q0"), Some("q1")] {
                for point in kept.queue(name, range) {
                    let inside: Vec<&Word> = counted
                        .iter()
                        .filter(|(queue, _)| name.is_none_or(|name| name == queue))
                        .map(|(_, word)| *word)
                        .filter(|w| ms(w.ago) >= point.at && ms(w.ago) < point.at.plus(range.step_ms))
                        .collect();
                    let of = |kind| inside.iter().filter(|w| w.kind == kind).count() as u64;
                    prop_assert_eq!(point.completed, of("task.completed"));
                    prop_assert_eq!(point.failed, of("task.failed"));
                    let done = inside.iter().filter(|w| w.kind == "task.completed");
                    let mut times: Vec<u64> = done.map(|w| u64::from(w.amount)).collect();
                    times.sort_unstable();
                    prop_assert_eq!(point.tokens, times.iter().sum::<u64>());
                    let cost = times.iter().sum::<u64>() as f64 / 1e6;
                    prop_assert!((point.cost_usd - cost).abs() < 1e-9);
                    match point.run_p95_ms {
                        None => prop_assert!(times.is_empty()),
                        Some(p95) => {
                            let exact = times[(0.95 * (times.len() - 1) as f64) as usize] as f64;
                            prop_assert!((p95 - exact).abs() <= exact * 0.010_001, "{} {}", p95, exact);
                        }
                    }
                }
            }
        }
    }

    /// The tables are the same however the events were batched, after a restart, and made anew.
    #[test]
    fn the_tables_follow_from_the_journal(words in words(), batch in 1..20_usize) {
        let mut kept = Kept::new();
        let events: Vec<_> = words.iter().map(Word::event).collect();
        for part in events.chunks(batch) {
            kept.send(part);
        }
        let before = kept.work();
        kept.stop();
        kept.start();
        prop_assert_eq!(&kept.work(), &before);
        kept.stop();
        store::remove(kept.dir.path()).unwrap();
        kept.start();
        prop_assert_eq!(&kept.work(), &before);
    }

    /// A list is what choosing among all tasks gives, in its order and page by page.
    #[test]
    fn lists_equal_choosing_by_hand(words in words(), limit in 1..4_usize) {
        let mut kept = Kept::new();
        kept.send(&words.iter().map(Word::event).collect::<Vec<_>>());
        let all = kept.found(&TaskFilter::default(), 100, None);
        let seen: std::collections::BTreeSet<_> = words.iter().map(|w| w.task).collect();
        prop_assert_eq!((all.total, all.items.len(), all.more), (seen.len(), seen.len(), false));
        let print = all.items.iter().find_map(|task| task.fingerprint.clone());
        for filter in [
            filter(json!({})),
            filter(json!({ "status": "completed" })),
            filter(json!({ "status": "dead_letter", "queue": "default" })),
            filter(json!({ "queue": "q0" })),
            filter(json!({ "agent": "a1" })),
            filter(json!({ "agent": "a1", "q": "%" })),
            filter(json!({ "q": "DO_1" })),
            filter(json!({ "fingerprint": print })),
        ] {
            let meant = |task: &&TaskItem| filter.matches(Filtered {
                id: &task.id,
                status: task.status,
                queue: &task.queue,
                agent: task.agent.as_deref(),
                fingerprint: task.fingerprint.as_deref(),
                description: task.description.as_deref(),
                error: task.last_error.as_deref(),
            });
            let mut expect: Vec<&TaskItem> = all.items.iter().filter(meant).collect();
            expect.sort_by(|a, b| b.updated_at.cmp(&a.updated_at).then_with(|| a.id.cmp(&b.id)));
            let mut got: Vec<TaskItem> = Vec::new();
            loop {
                let page = kept.found(&filter, limit, got.last());
                prop_assert_eq!(page.total, expect.len());
                prop_assert!(page.items.len() <= limit);
                got.extend(page.items.iter().cloned());
                prop_assert_eq!(page.more, got.len() < expect.len());
                if !page.more {
                    break;
                }
            }
            prop_assert_eq!(got.iter().collect::<Vec<_>>(), expect);
        }
    }
}
