//! The laws of the fold and of the feed, over any sequence of events.
//!
//! `PROPTEST_CASES` says how many sequences each law is tried on.

mod story;

use crate::process::PATIENCE;
use bellwether::domain::alerts::{AlertItem, AlertsDelta, AlertsPage};
use bellwether::domain::projects::{self, ProjectDetail, ProjectId, ProjectsDelta, ProjectsView};
use bellwether::domain::range::{Range, RangeParams};
use bellwether::domain::summary::{Summary, SummaryDelta, Ticker, TickerDelta};
use bellwether::domain::system::{SystemDelta, SystemPage};
use bellwether::domain::trading::valuation::Valuation;
use bellwether::domain::trading::{Portfolio, PortfolioDelta, TradesDelta, TradesPage};
use bellwether::domain::work::{
    AgentItem, AgentsDelta, AgentsView, TaskDelta, TaskItem, TasksDelta, TasksPage, Utilisation,
    WorkDelta, WorkPage,
};
use bellwether::domain::{Envelope, State, Topic, work};
use bellwether::pipeline::aggregate::{Aggregate, Parts};
use bellwether::pipeline::board::Board;
use bellwether::pipeline::checkpoint::Checkpointer;
use bellwether::pipeline::clock::Clock;
use bellwether::pipeline::history::{self, History};
use bellwether::pipeline::hub::{Delta, Hub, RingLimits};
use bellwether::pipeline::journal::{self, Appender, Committed, Draft, Options, Reader};
use bellwether::pipeline::local::Gauges;
use bellwether::pipeline::meters::Meters;
use bellwether::pipeline::publish::Published;
use bellwether::pipeline::ticker;
use bellwether::wire::Timestamp;
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use story::{events, fold, journal, one, spoken};

/// As many cases as the environment says, or `default`.
fn cases(default: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(asked.unwrap_or(default))
    }
}

/// A journal at work in a directory, on a clock of the test's.
struct Writing {
    appender: Appender,
    committed: Receiver<Committed>,
    thread: std::thread::JoinHandle<()>,
    status: Arc<journal::JournalStatus>,
    clock: Arc<AtomicI64>,
}

impl Writing {
    fn open(dir: &std::path::Path, now: i64) -> Self {
        let clock = Arc::new(AtomicI64::new(now));
        let (sender, committed) = sync_channel(64);
        let options = Options { dir: dir.to_owned(), max_bytes: None };
        let started = journal::start(options, Clock::Manual(clock.clone()), sender).unwrap();
        assert_eq!(started.recovery.damage, None);
        let (appender, thread, status) = (started.appender, started.thread, started.status);
        Self { appender, committed, thread, status, clock }
    }

    fn append(&self, drafts: Vec<Draft>) -> journal::Receipt {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self.appender.append(drafts)).unwrap()
    }

    /// Folds what is committed, up to `seq`: a producer is answered before its events come here.
    fn fold(&self, state: &mut State, seq: u64) {
        while state.seq < seq {
            let batch = self.committed.recv_timeout(PATIENCE).expect("what was answered comes");
            batch.envelopes.iter().for_each(|envelope| state.replay(envelope));
        }
    }

    /// Ends the writer, and folds all that is left.
    fn close(self, state: &mut State) {
        drop(self.appender);
        for batch in &self.committed {
            batch.envelopes.iter().for_each(|envelope| state.replay(envelope));
        }
        self.thread.join().unwrap();
    }
}

fn replayed(dir: &std::path::Path) -> State {
    let (reader, mut state) = (Reader::open(dir).unwrap(), State::default());
    loop {
        let batch = reader.read(state.seq).unwrap();
        if batch.is_empty() {
            return state;
        }
        batch.iter().for_each(|envelope| state.replay(envelope));
    }
}

/// An agent but for the shares of its time, which hold as of when it last moved.
fn timeless(agent: &AgentItem) -> AgentItem {
    AgentItem { utilisation: Utilisation::default(), ..agent.clone() }
}

/// An alert but for how it flaps, which holds as of when it last changed.
fn calm(item: &AlertItem) -> AlertItem {
    AlertItem { flap_score: 0.0, flapping: false, ..item.clone() }
}

/// A board's figures that a fresh one over the same state must show as well.
#[track_caller]
fn check_board(board: &Board, state: &State) -> Result<(), TestCaseError> {
    let mut fresh = Board::over(state);
    fresh.refresh(state);
    prop_assert_eq!(&board.projects, &fresh.projects);
    prop_assert_eq!(&board.findings, &fresh.findings);
    prop_assert_eq!(&board.hosts, &fresh.hosts);
    prop_assert_eq!(board.counts(), fresh.counts());
    prop_assert_eq!(board.health(), fresh.health());
    prop_assert_eq!(board.alerts(), fresh.alerts());
    prop_assert_eq!(board.alert_numbers, fresh.alert_numbers);
    prop_assert_eq!(&board.found, &fresh.found);
    let calm = |board: &Board| board.alerts.values().map(|item| calm(item)).collect::<Vec<_>>();
    prop_assert_eq!(calm(board), calm(&fresh));
    prop_assert_eq!(board.attention(), fresh.attention());
    prop_assert_eq!(board.hosts_brief(), fresh.hosts_brief());
    prop_assert_eq!(board.work_findings(100), fresh.work_findings(100));
    let timeless =
        |board: &Board| board.agents.values().map(|agent| timeless(agent)).collect::<Vec<_>>();
    prop_assert_eq!(timeless(board), timeless(&fresh));
    prop_assert_eq!(board.next_deadline(state), fresh.next_deadline(state));
    prop_assert_eq!(worth(&board.valuation, state), worth(&fresh.valuation, state));
    Ok(())
}

/// The portfolio in its usual currency.
fn worth(valuation: &Valuation, state: &State) -> Portfolio {
    valuation.portfolio(&state.trading, &"USD".into(), state.now, Default::default())
}

/// What a page shows but for its history, made from what is published.
fn page(shown: &Published, id: &ProjectId) -> Option<ProjectDetail> {
    let item = shown.projects.get(id)?;
    let live = projects::health::detail(shown.state.projects.by_id.get(id)?, shown.state.now);
    Some(ProjectDetail {
        as_of: Timestamp::default(),
        cursor: Default::default(),
        item: (**item).clone(),
        findings: shown.findings.get(id).map(|all| all.to_vec()).unwrap_or_default(),
        windows: live.windows,
        response_time_ms: live.response_time_ms,
        runs: live.runs,
        errors: live.errors,
        range: Range::parse(&RangeParams::default(), "24h", Timestamp::default()).ok()?,
        trend: Vec::new(),
    })
}

/// A frame, with its data as it was written: exact figures have more digits than a `Value` holds.
#[derive(serde::Deserialize)]
struct Frame<'a> {
    from: u64,
    seq: u64,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// A browser: what it holds of each topic, and where it stands.
struct Client {
    summary: Summary,
    outline: Summary,
    projects: ProjectsView,
    system: SystemPage,
    ticker: Ticker,
    pages: Vec<(ProjectId, Option<ProjectDetail>)>,
    agents: AgentsView,
    tasks: BTreeMap<Arc<str>, TaskItem>,
    work: WorkPage,
    alerts: AlertsPage,
    portfolio: Portfolio,
    trades: TradesPage,
    at: Vec<(Topic, u64)>,
}

impl Client {
    fn snapshot(shown: &Published, topics: &[Topic]) -> Self {
        let of = |topic: &Topic| match topic {
            Topic::Project(id) => Some((id.clone(), page(shown, id))),
            _ => None,
        };
        Self {
            summary: read(shown.json(&Topic::Summary)),
            outline: read(shown.json(&Topic::Outline)),
            projects: ProjectsView::from_page(read(shown.json(&Topic::Projects))),
            system: read(shown.json(&Topic::System)),
            ticker: read(shown.json(&Topic::Events)),
            pages: topics.iter().filter_map(of).collect(),
            agents: AgentsView::from_page(read(shown.json(&Topic::Agents))),
            tasks: read::<TasksPage>(shown.json(&Topic::Tasks))
                .items
                .into_iter()
                .map(|task| (task.id.clone(), task))
                .collect(),
            work: read(shown.json(&Topic::Work)),
            alerts: read(shown.json(&Topic::Alerts)),
            portfolio: read(shown.json(&Topic::Portfolio)),
            trades: read(shown.json(&Topic::Trades)),
            at: topics.iter().map(|topic| (topic.clone(), shown.seq)).collect(),
        }
    }

    /// Takes what lies between its cursors and the head, as it comes over the wire.
    fn follow(&mut self, hub: &Hub) {
        for (topic, at) in std::mem::take(&mut self.at) {
            let mut cursor = at;
            for frame in hub.since(&topic, at).unwrap() {
                let text = frame.text_from(cursor, &topic, hub.epoch());
                let Frame { from, seq, data } = serde_json::from_str(&text).unwrap();
                assert_eq!(from, cursor, "no gap on {topic}");
                cursor = seq;
                self.apply(&topic, data.get().as_bytes());
            }
            self.at.push((topic, cursor));
        }
    }

    fn apply(&mut self, topic: &Topic, data: &[u8]) {
        match topic {
            Topic::Summary => self.summary.apply(read::<SummaryDelta>(data)),
            Topic::Outline => self.outline.apply(read::<SummaryDelta>(data)),
            Topic::Projects => self.projects.apply(read::<ProjectsDelta>(data)),
            Topic::System => self.system.apply(read::<SystemDelta>(data)),
            Topic::Events => self.ticker.apply(read::<TickerDelta>(data)),
            Topic::Project(id) => {
                let page = self.pages.iter_mut().find(|(of, _)| of == id);
                if let Some((_, Some(page))) = page {
                    page.apply(read(data));
                }
            }
            Topic::Agents => self.agents.apply(read::<AgentsDelta>(data)),
            Topic::Tasks => {
                for task in read::<TasksDelta>(data).upsert {
                    self.tasks.insert(task.id.clone(), task);
                }
                self.tasks.retain(|_, task| !task.status.is_over());
            }
            Topic::Work => self.work.apply(read::<WorkDelta>(data)),
            Topic::Alerts => self.alerts.apply(read::<AlertsDelta>(data)),
            Topic::Portfolio => self.portfolio.apply(read::<PortfolioDelta>(data)),
            Topic::Trades => self.trades.apply(read::<TradesDelta>(data)),
            Topic::Task(_) => panic!("nobody follows {topic}"),
            _ => panic!("{topic} has no deltas"),
        }
    }

    /// Holds what is shown now, and what a fresh look at the state shows.
    fn check(&self, shown: &Published, folded: &[Envelope]) -> Result<(), TestCaseError> {
        let mut fresh = Board::over(&shown.state);
        fresh.refresh(&shown.state);
        let rows: Vec<_> = fresh.projects.values().map(|item| (**item).clone()).collect();
        prop_assert_eq!(self.projects.items.values().cloned().collect::<Vec<_>>(), rows);
        prop_assert_eq!(&self.summary.health, &fresh.health());
        let position = (self.outline.as_of, self.outline.cursor.clone());
        let mut outline = self.summary.clone().outline();
        (outline.as_of, outline.cursor) = position;
        prop_assert_eq!(&self.outline, &outline);
        prop_assert_eq!(self.summary.projects, fresh.counts());
        prop_assert_eq!(&self.summary.attention, &fresh.attention());
        prop_assert_eq!(&self.summary.hosts, &fresh.hosts_brief());
        prop_assert_eq!(self.summary.alerts, fresh.alerts());
        let now = shown.state.now;
        let (validations, errors) = projects::brief::brief(&shown.state.projects.totals, now);
        prop_assert_eq!((&self.summary.validations, &self.summary.errors), (&validations, &errors));
        let work = work::state::counts(&shown.state.work, now);
        prop_assert_eq!((self.summary.agents, self.summary.tasks), work);
        prop_assert_eq!(&self.system.hosts, &fresh.hosts.values().cloned().collect::<Vec<_>>());
        let local = fresh.hosts.get("h0");
        prop_assert_eq!(self.system.cpu, local.and_then(|host| host.cpu));
        let held: Vec<_> = self.agents.items.values().map(timeless).collect();
        let agents: Vec<_> = fresh.agents.values().map(|agent| timeless(agent)).collect();
        prop_assert_eq!(held, agents);
        let state = &shown.state.work;
        let held: Vec<_> = self.tasks.values().cloned().collect();
        let tasks: Vec<_> = state.tasks.values().map(|t| work::build::task(state, t)).collect();
        prop_assert_eq!(held, tasks);
        let (findings, settings) = (fresh.work_findings(100), &shown.state.settings.work);
        let cursor = self.work.cursor.clone();
        let board = work::build::page(state, &findings, now, settings, cursor);
        prop_assert_eq!(self.work.diff(&board), WorkDelta::default());
        let held: Vec<_> = self.alerts.items.iter().map(calm).collect();
        let mut alerts: Vec<_> = fresh.alerts.values().map(|item| calm(item)).collect();
        alerts.sort_by(AlertItem::worst_first);
        prop_assert_eq!(held, alerts);
        prop_assert_eq!(self.alerts.numbers, fresh.alert_numbers);
        prop_assert_eq!(&self.alerts.silences, &shown.state.alerts.silence_items());
        let portfolio = worth(&Valuation::over(&shown.state.trading, None), &shown.state);
        let (as_of, cursor) = (now, Default::default());
        prop_assert_eq!(&Portfolio { as_of, cursor, ..self.portfolio.clone() }, &portfolio);
        let trades = &shown.trades().value;
        prop_assert_eq!((&self.trades.items, self.trades.total), (&trades.items, trades.total));
        let lines: Vec<_> =
            folded.iter().rev().filter_map(ticker::line).take(Ticker::KEPT).collect();
        prop_assert_eq!(&self.ticker.lines, &lines);
        for (id, held) in &self.pages {
            let (Some(held), Some(mut now)) = (held.clone(), page(shown, id)) else { continue };
            // A page keeps more runs than the state does.
            let newest = held.runs.iter().take(now.runs.len()).cloned().collect::<Vec<_>>();
            prop_assert_eq!(&newest, &now.runs);
            now.runs.clone_from(&held.runs);
            prop_assert_eq!(held, now);
        }
        Ok(())
    }
}

fn read<T: DeserializeOwned>(json: &[u8]) -> T {
    serde_json::from_slice(json).unwrap()
}

fn typed<T: DeserializeOwned>(json: serde_json::Value) -> T {
    serde_json::from_value(json).unwrap()
}

/// An aggregate over `state`, as the server has one, and its hub.
fn aggregate(writing: &Writing, history: &History, state: State) -> (Aggregate, Hub) {
    let meters = Arc::new(Meters::default());
    let gauges = Gauges::new("h0".into(), meters, writing.status.clone(), history.clone());
    let parts = Parts {
        state,
        lines: Vec::new(),
        history: history.clone(),
        gauges: Arc::new(gauges),
        epoch: "epoch".into(),
        deadline: tokio::sync::watch::Sender::new(None),
        checkpoint: Checkpointer::new(writing.appender.clone(), history.clone(), 90),
    };
    let (aggregate, first) = Aggregate::new(parts);
    (aggregate, Hub::new("epoch".into(), first, RingLimits::default()))
}

fn topics() -> Vec<Topic> {
    let pages = ["p0", "p1"].map(|p| Topic::Project(p.to_owned().try_into().unwrap()));
    let work = [Topic::Agents, Topic::Tasks, Topic::Work, Topic::Alerts];
    let trading = [Topic::Portfolio, Topic::Trades];
    Topic::ALWAYS.into_iter().chain(pages).chain(work).chain(trading).collect()
}

/// Snapshot at `cut`, then deltas, a flush every `step` events; compared at the end of each.
fn check_feed(journal: &[Envelope], cut: usize, step: usize) -> Result<(), TestCaseError> {
    thread_local!(static WRITING: (tempfile::TempDir, Writing, History) = {
        unkept()
    });
    WRITING.with(|(_, writing, history)| {
        let (mut aggregate, hub) = aggregate(writing, history, fold(&journal[..0]));
        topics().iter().for_each(|topic| hub.join(topic));
        let mut show = |envelopes: &[Envelope]| {
            aggregate.absorb(Committed { envelopes: envelopes.to_vec() });
            aggregate.flush(&hub);
        };
        journal[..cut].chunks(step).for_each(&mut show);
        let mut client = Client::snapshot(&hub.published(), &topics());
        client.check(&hub.published(), &journal[..cut])?;
        let mut at = cut;
        for chunk in journal[cut..].chunks(step) {
            show(chunk);
            at += chunk.len();
            // Not after each: a client may take several frames at once.
            if !at.is_multiple_of(3) {
                client.follow(&hub);
                client.check(&hub.published(), &journal[..at])?;
            }
        }
        client.follow(&hub);
        prop_assert_eq!(hub.published().state.hash().unwrap(), fold(journal).hash().unwrap());
        client.check(&hub.published(), journal)
    })
}

proptest! {
    #![proptest_config(cases(96))]

    /// A checkpoint anywhere and the rest folded on top is a replay: equal, and the same bytes.
    #[test]
    fn incremental_state_is_rebuilt_state(journal in journal(120), cut in 0.0..=1.0_f64) {
        let cut = (journal.len() as f64 * cut) as usize;
        let whole = fold(&journal);
        let mut state = State::decode(&fold(&journal[..cut]).encode().unwrap()).unwrap();
        journal[cut..].iter().for_each(|envelope| state.replay(envelope));
        prop_assert_eq!(&state, &whole);
        prop_assert_eq!(state.encode().unwrap(), whole.encode().unwrap());
        prop_assert_eq!(state.hash().unwrap(), whole.hash().unwrap());
    }

    /// The board kept up by what was touched and what was due is a board made afresh.
    #[test]
    fn the_board_kept_up_is_a_board_made_afresh(journal in journal(80), step in 1..12_usize) {
        let mut state = State::default();
        let mut board = Board::over(&state);
        for chunk in journal.chunks(step) {
            for envelope in chunk {
                let mut touched = Vec::new();
                state.fold(envelope, &mut touched);
                touched.into_iter().for_each(|touched| board.touch(touched));
            }
            board.refresh(&state);
            check_board(&board, &state)?;
        }
    }

    /// Until the next deadline nothing that the board holds changes, so that a tick then is enough.
    #[test]
    fn nothing_changes_before_the_deadline(journal in journal(60), part in 0.0..1.0_f64) {
        let mut state = fold(&journal);
        let mut board = Board::over(&state);
        board.refresh(&state);
        for _ in 0..12 {
            let Some(due) = board.next_deadline(&state) else { break };
            prop_assert!(due > state.now);
            for now in [state.now.plus((due.since(state.now) as f64 * part) as i64), due.plus(-1)] {
                state.now = now.min(due.plus(-1));
                let mut fresh = Board::over(&state);
                fresh.refresh(&state);
                prop_assert_eq!(&board.projects, &fresh.projects);
                prop_assert_eq!(&board.findings, &fresh.findings);
                prop_assert_eq!(&board.hosts, &fresh.hosts);
                prop_assert_eq!(board.health(), fresh.health());
            }
            let mut touched = Vec::new();
            state.advance(due, &mut touched);
            touched.into_iter().for_each(|touched| board.touch(touched));
            board.refresh(&state);
            check_board(&board, &state)?;
        }
    }
}

proptest! {
    #![proptest_config(cases(48))]

    /// Law 3: a snapshot anywhere and the deltas after it are what a fresh look shows.
    #[test]
    fn snapshot_and_deltas_are_what_is_shown(
        journal in journal(90), cut in 0.0..=1.0_f64, step in 1..15_usize,
    ) {
        let cut = (journal.len() as f64 * cut) as usize;
        check_feed(&journal, cut, step)?;
    }
}

/// A page may be followed from between two flushes on: what happened since the first is told.
#[test]
fn what_happened_just_before_a_page_was_followed_is_told() {
    let (_dir, writing, history) = unkept();
    let (mut aggregate, hub) = aggregate(&writing, &history, State::default());
    let task = r#"{"task":"t"}"#;
    let absorb = |aggregate: &mut Aggregate, seq, kind| {
        aggregate.absorb(Committed { envelopes: vec![one(seq, kind, task)] });
    };
    absorb(&mut aggregate, 1, "task.queued");
    aggregate.flush(&hub);
    let (topic, cursor) = (Topic::Task("t".into()), hub.published().seq);
    absorb(&mut aggregate, 2, "task.assigned");
    hub.join(&topic);
    absorb(&mut aggregate, 3, "task.started");
    aggregate.flush(&hub);
    absorb(&mut aggregate, 4, "task.completed");
    aggregate.flush(&hub);
    let mut told = Vec::new();
    for frame in hub.since(&topic, cursor).unwrap() {
        let frame: serde_json::Value = serde_json::from_str(&frame.text).unwrap();
        let delta: TaskDelta = typed(frame["data"].clone());
        told.extend(delta.history.into_iter().map(|step| step.kind));
    }
    assert_eq!(told, ["task.assigned", "task.started", "task.completed"]);
}

/// More than history is given at once; the ticker still shows the newest, in order.
#[test]
fn a_flood_is_shown_like_a_trickle() {
    let flood = spoken(20_100);
    check_feed(&flood, 0, flood.len()).unwrap();
    check_feed(&flood, 60, 20_010).unwrap();
}

/// A channel tells of everything or has its clients told all that there is: it leaves nothing out.
#[test]
fn of_a_flood_the_channels_are_told_all_that_there_is() {
    let (_dir, writing, history) = unkept();
    let (mut aggregate, hub) = aggregate(&writing, &history, State::default());
    let channels = [Topic::TradesSocket, Topic::MetricsSocket];
    channels.iter().for_each(|topic| hub.join(topic));
    let mut told = |range: std::ops::Range<usize>| {
        let cursor = hub.published().seq;
        let trade = r#"{"symbol":"S","side":"buy","quantity":1,"price":1}"#;
        let metric = r#"{"name":"m","value":1}"#;
        let envelopes = range.map(|seq| match seq % 2 {
            0 => one(seq, "trade.executed", trade),
            _ => one(seq, "metric.observed", metric),
        });
        aggregate.absorb(Committed { envelopes: envelopes.collect() });
        aggregate.flush(&hub);
        let lines = |frames: Vec<Arc<Delta>>| -> usize {
            frames.iter().map(|frame| frame.text.lines().count()).sum()
        };
        channels.each_ref().map(|topic| hub.since(topic, cursor).ok().map(lines))
    };
    assert_eq!(told(1..101), [Some(50), Some(1)], "each trade, and each series once");
    assert_eq!(told(101..20_200), [None, None], "more than is held: both are told all");
    assert_eq!(told(20_200..20_202), [Some(1), Some(1)], "and from then on what changes");
    let all = hub.published().all_of(&Topic::TradesSocket);
    assert_eq!((all.messages.len(), all.left_out), (200, 10_100 - 200));
}

proptest! {
    #![proptest_config(cases(16))]

    /// What comes again changes nothing: not within a batch, not later, not after a restart.
    #[test]
    fn a_redelivered_event_changes_nothing(
        events in events(40), again in prop::collection::vec((any::<prop::sample::Index>(), 1..8_usize), 1..6),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let draft = |i: usize| events[i].draft(&format!("source-{}", i % 3), &i.to_string());
        let mut writing = Writing::open(dir.path(), story::START);
        let mut state = State::default();
        for chunk in (0..events.len()).collect::<Vec<_>>().chunks(7) {
            writing.clock.fetch_add(60_000, Ordering::AcqRel);
            let twice: Vec<Draft> = chunk.iter().chain(chunk.first()).map(|&i| draft(i)).collect();
            let receipt = writing.append(twice);
            prop_assert_eq!((receipt.accepted, receipt.duplicates), (chunk.len(), 1));
            writing.fold(&mut state, receipt.cursor.seq);
        }
        let (hash, head) = (state.hash().unwrap(), writing.status.head());
        for (round, (from, n)) in again.iter().enumerate() {
            if round % 2 == 1 {
                writing.close(&mut state);
                writing = Writing::open(dir.path(), story::START + 86_400_000);
            }
            writing.clock.fetch_add(3_600_000, Ordering::AcqRel);
            let from = from.index(events.len());
            let redelivered: Vec<Draft> = (from..events.len()).take(*n).map(draft).collect();
            let sent = redelivered.len();
            let receipt = writing.append(redelivered);
            prop_assert_eq!((receipt.accepted, receipt.duplicates), (0, sent));
            prop_assert_eq!((receipt.cursor.seq, writing.status.head()), (head, head));
        }
        writing.close(&mut state);
        prop_assert_eq!(state.hash().unwrap(), hash.clone());
        prop_assert_eq!(replayed(dir.path()).hash().unwrap(), hash);
    }
}

/// A journal, and a history that keeps nothing: these stories are not in the journal, so there is
/// nothing to keep of them.
fn unkept() -> (tempfile::TempDir, Writing, History) {
    let dir = tempfile::tempdir().unwrap();
    let writing = Writing::open(dir.path(), 0);
    let (journal, retain_days) = (Default::default(), 90);
    let options = history::Options { dir: dir.path().to_owned(), journal, retain_days };
    let history = History::start(options).unwrap();
    history.stop();
    (dir, writing, history)
}
