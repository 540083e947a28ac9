//! The sole owner of the state: folds what the journal has made durable, and shows it.
//!
//! A flush comes at once when 100 ms have passed since the last one, else at the next boundary:
//! a lone event is shown in milliseconds, and nobody is told more than ten times a second.

mod alerts;
mod lines;
mod trading;
mod views;
mod work;

use super::board::{Board, Refreshed};
use super::changed::Changed;
use super::checkpoint::Checkpointer;
use super::depths::Depths;
use super::history::{Batch, History, Sample, Series};
use super::hub::{Change, Hub};
use super::journal::Committed;
use super::local::Gauges;
use super::publish::{Doc, Published};
use crate::domain::projects::{self, ProjectDelta, ProjectsDelta};
use crate::domain::state::State;
use crate::domain::summary::{Summary, SummaryDelta, Ticker, TickerLine};
use crate::domain::system::{SystemDelta, SystemPage};
use crate::domain::work::health::Found;
use crate::domain::{Envelope, Topic, Touched};
use crate::wire::{Cursor, Seq, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Least time between two flushes.
const FLUSH_EVERY: Duration = Duration::from_millis(100);
/// How long the thread sleeps when nothing comes.
const IDLE: Duration = Duration::from_millis(500);
/// Least time between two messages about nothing but the server's insides.
const INSIDES_EVERY: Duration = Duration::from_secs(1);
/// Envelopes handed to history at once when flushes cannot keep up.
const MAX_HELD: usize = 20_000;

/// Folds, looks again at what was touched, and shows it.
pub struct Aggregate {
    state: State,
    board: Board,
    history: History,
    gauges: Arc<Gauges>,
    epoch: Arc<str>,
    views: Views,
    /// Where each part last changed.
    changed: Changed,
    /// Folded since the last flush, for history.
    held: Vec<Envelope>,
    /// Whether some of what was folded since then is not held any more.
    held_cut: bool,
    /// What the event in hand changed; kept for its room.
    touched: Vec<Touched>,
    /// Tasks whose page somebody follows, and what has happened to each since the last flush.
    watched: BTreeMap<Arc<str>, work::Watched>,
    /// Ticker lines since the last flush, newest first.
    lines: VecDeque<TickerLine>,
    skipped: u64,
    overall: Option<u32>,
    depths: Depths,
    /// What the rules about work find.
    work_findings: Found,
    /// When the server's insides were last shown.
    insides_shown: Instant,
    /// When the server was started.
    started: Instant,
    deadline: watch::Sender<Option<Timestamp>>,
    checkpoint: Checkpointer,
}

/// What readers were last shown, and where each part last changed.
struct Views {
    summary: (Summary, Seq),
    system: (SystemPage, Seq),
    ticker: (Ticker, Seq),
    projects_version: Seq,
}

/// What an aggregate is made of.
pub struct Parts {
    /// The state so far.
    pub state: State,
    /// What came in last, newest first.
    pub lines: Vec<TickerLine>,
    /// Where envelopes and scores go.
    pub history: History,
    /// Figures of the process itself.
    pub gauges: Arc<Gauges>,
    /// Identity of the journal's past.
    pub epoch: Arc<str>,
    /// Told when something next changes by time alone.
    pub deadline: watch::Sender<Option<Timestamp>>,
    /// Given the state after each flush, to keep a checkpoint of it when it is time.
    pub checkpoint: Checkpointer,
}

impl Aggregate {
    /// Looks at all of the state once, and says what is to be shown first.
    pub fn new(parts: Parts) -> (Self, Published) {
        let Parts { state, lines, history, gauges, epoch, deadline, checkpoint } = parts;
        let mut board = Board::over(&state);
        let refreshed = board.refresh(&state);
        let cursor = Cursor { epoch: epoch.clone(), seq: state.seq };
        let figures = gauges.read();
        let system = views::system_page(&state, &board, &figures, cursor.clone());
        let ticker = Ticker { as_of: state.now, cursor: cursor.clone(), lines };
        let summary = views::summary(&state, &board, &figures, cursor);
        let seq = state.seq;
        let mut aggregate = Self {
            views: Views {
                summary: (summary, seq),
                system: (system, seq),
                ticker: (ticker, seq),
                projects_version: seq,
            },
            changed: Changed::all(seq),
            held: Vec::new(),
            held_cut: false,
            touched: Vec::new(),
            watched: BTreeMap::new(),
            work_findings: Found::default(),
            lines: VecDeque::new(),
            skipped: 0,
            overall: None,
            depths: Depths::default(),
            insides_shown: Instant::now(),
            started: Instant::now(),
            state,
            board,
            history,
            gauges,
            epoch,
            deadline,
            checkpoint,
        };
        aggregate.work_findings = aggregate.board.work_findings(work::MAX_FINDINGS);
        aggregate.feed_history(&refreshed);
        let next = aggregate.board.next_deadline(&aggregate.state);
        aggregate.deadline.send_replace(next);
        let first = aggregate.published();
        (aggregate, first)
    }

    /// Runs until the journal ends.
    pub fn run(mut self, committed: &Receiver<Committed>, hub: &Hub) {
        let mut flushed = Instant::now().checked_sub(FLUSH_EVERY);
        let mut dirty = false;
        loop {
            let since = flushed.map_or(FLUSH_EVERY, |at| at.elapsed());
            if dirty && since >= FLUSH_EVERY {
                self.flush(hub);
                flushed = Some(Instant::now());
                dirty = false;
                continue;
            }
            let wait = if dirty { FLUSH_EVERY.saturating_sub(since) } else { IDLE };
            match committed.recv_timeout(wait) {
                Ok(batch) => {
                    self.absorb(batch);
                    dirty = true;
                }
                Err(RecvTimeoutError::Timeout) if self.insides_moved() => hub.nudge.notify_one(),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if dirty {
            self.flush(hub);
        }
        self.checkpoint.keep_last(&self.state);
    }

    /// Whether the intake counts something that nobody has been shown yet: refused and repeated
    /// events leave no trace in the journal, and a rate falls though nothing comes.
    fn insides_moved(&self) -> bool {
        self.insides_shown.elapsed() >= INSIDES_EVERY
            && self.gauges.internals().ingest != self.views.system.0.internals.ingest
    }

    /// Folds a batch.
    pub fn absorb(&mut self, batch: Committed) {
        for envelope in batch.envelopes {
            self.state.fold(&envelope, &mut self.touched);
            self.changed.event(&envelope.event, envelope.stamp.seq);
            self.touched.drain(..).for_each(|touched| self.board.touch(touched));
            self.watch(&envelope);
            self.held.push(envelope);
        }
        if self.held.len() >= MAX_HELD {
            self.take_lines();
            self.feed_history(&Refreshed::default());
            self.held_cut = true;
        }
    }

    /// Shows what was folded since the last flush, and says what it changed.
    pub fn flush(&mut self, hub: &Hub) {
        self.take_lines();
        let mut asked = hub.on_demand();
        let refreshed = self.board.refresh(&self.state);
        self.changed.refreshed(&refreshed, self.state.seq);
        let mut changes = Vec::new();
        self.show_summary(&mut changes);
        self.show_projects(&refreshed, &asked, &mut changes);
        self.show_trading(&refreshed, &asked, hub, &mut changes);
        self.tell_channels(&mut asked, &mut changes);
        self.show_work(&refreshed, &mut asked, hub, &mut changes);
        self.show_alerts(&refreshed, &asked, &mut changes);
        self.show_system(&refreshed, &mut changes);
        self.show_ticker(&mut changes);
        self.feed_history(&refreshed);
        self.gauges.applied.store(self.state.seq, Ordering::Release);
        hub.publish(self.published(), changes, &asked);
        self.deadline.send_replace(self.board.next_deadline(&self.state));
        self.checkpoint.consider(&self.state);
    }

    fn show_summary(&mut self, changes: &mut Vec<Change>) {
        let cursor = self.cursor();
        let next = views::summary(&self.state, &self.board, &self.gauges.read(), cursor);
        let (shown, version) = &mut self.views.summary;
        let delta = shown.diff(&next);
        if delta == Default::default() {
            (shown.as_of, shown.cursor) = (next.as_of, next.cursor);
            return;
        }
        push(changes, Topic::Summary, &delta);
        let outline = SummaryDelta { hosts: None, ..delta.clone() };
        if outline != SummaryDelta::default() {
            push(changes, Topic::Outline, &outline);
        }
        shown.apply(delta);
        (shown.as_of, shown.cursor) = (next.as_of, next.cursor);
        *version = self.state.seq;
    }

    fn show_projects(&mut self, refreshed: &Refreshed, asked: &[Topic], changes: &mut Vec<Change>) {
        if !refreshed.projects.is_empty() || !refreshed.gone.is_empty() {
            let delta = ProjectsDelta {
                total: self.board.projects.len(),
                upsert: refreshed.projects.iter().map(|item| (**item).clone()).collect(),
                remove: refreshed.gone.clone(),
            };
            push(changes, Topic::Projects, &delta);
            self.views.projects_version = self.state.seq;
        }
        for topic in asked {
            let Topic::Project(id) = topic else { continue };
            if refreshed.pages.contains(id)
                && let Some(delta) = self.page_delta(id)
            {
                push(changes, topic.clone(), &delta);
            }
        }
    }

    fn page_delta(&self, id: &projects::ProjectId) -> Option<ProjectDelta> {
        let item = self.board.projects.get(id)?;
        let project = self.state.projects.by_id.get(id)?;
        let live = projects::health::detail(project, self.state.now);
        Some(ProjectDelta {
            item: (**item).clone(),
            findings: self.board.findings.get(id).map(|all| all.to_vec()).unwrap_or_default(),
            windows: live.windows,
            response_time_ms: live.response_time_ms,
            errors: live.errors,
            runs: live.runs,
        })
    }

    fn show_system(&mut self, refreshed: &Refreshed, changes: &mut Vec<Change>) {
        let figures = self.gauges.read();
        let host = self.board.hosts.get(&figures.host);
        let delta = SystemDelta {
            cpu: host.and_then(|host| host.cpu),
            memory: host.and_then(|host| host.memory),
            disk: host.and_then(|host| host.disk),
            process: figures.process,
            internals: figures.internals,
            upsert: refreshed.hosts.clone(),
        };
        let cursor = self.cursor();
        let (shown, version) = &mut self.views.system;
        (shown.as_of, shown.cursor) = (self.state.now, cursor);
        // The insides move with every event; that is worth a message once a second, not ten times.
        if delta.upsert.is_empty() && self.insides_shown.elapsed() < INSIDES_EVERY {
            return;
        }
        self.insides_shown = Instant::now();
        push(changes, Topic::System, &delta);
        shown.apply(delta);
        *version = self.state.seq;
    }

    fn feed_history(&mut self, refreshed: &Refreshed) {
        let time = self.state.now;
        let mut samples: Vec<Sample> = refreshed
            .scores
            .iter()
            .filter_map(|(id, score)| {
                let value = f64::from((*score)?);
                Some(Sample { series: Series::ProjectScore(id.clone()), time, value })
            })
            .collect();
        let overall = self.views.summary.0.health.score;
        if overall != self.overall {
            self.overall = overall;
            samples.extend(overall.map(|score| Sample {
                series: Series::OverallScore,
                time,
                value: f64::from(score),
            }));
        }
        samples.extend(self.depths.changes(&self.state.work, &refreshed.queues, time));
        if self.held.is_empty() && samples.is_empty() {
            return;
        }
        let envelopes = std::mem::take(&mut self.held);
        self.history.feed(Batch { last_seq: self.state.seq, at: time, envelopes, samples });
    }

    fn cursor(&self) -> Cursor {
        Cursor { epoch: self.epoch.clone(), seq: self.state.seq }
    }

    fn published(&self) -> Published {
        fn doc<T: Clone + Serialize>((value, version): &(T, Seq)) -> Arc<Doc<T>> {
            Arc::new(Doc::new(value.clone(), *version))
        }
        Published {
            seq: self.state.seq,
            cursor: self.cursor(),
            as_of: self.state.now,
            changed: self.changed,
            state: self.state.clone(),
            summary: doc(&self.views.summary),
            outline: OnceLock::new(),
            system: doc(&self.views.system),
            ticker: doc(&self.views.ticker),
            projects: self.board.projects.clone(),
            projects_version: self.views.projects_version,
            findings: self.board.findings.clone(),
            projects_all: OnceLock::new(),
            agents: self.board.agents.clone(),
            alerts: self.board.alerts.clone(),
            alert_numbers: self.board.alert_numbers,
            found: self.board.found.clone(),
            alerts_all: OnceLock::new(),
            valuation: self.board.valuation.clone(),
            portfolio: OnceLock::new(),
            trades: OnceLock::new(),
            channels: Default::default(),
            work_findings: self.work_findings.clone(),
            agents_all: OnceLock::new(),
            tasks_all: OnceLock::new(),
            work: OnceLock::new(),
            uptime_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            dashboard: OnceLock::new(),
            dashboard_text: OnceLock::new(),
        }
    }
}

fn push<T: Serialize>(changes: &mut Vec<Change>, topic: Topic, delta: &T) {
    match serde_json::to_string(delta) {
        Ok(data) => changes.push(Change { topic, data }),
        Err(error) => tracing::error!(%topic, %error, "a delta cannot be encoded"),
    }
}
