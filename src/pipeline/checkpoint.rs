//! When to keep a checkpoint of the state, and when to forget what it covers.

use super::history::History;
use super::journal::{Appender, Checkpoint};
use crate::domain::State;
use crate::wire::Seq;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Events after which a checkpoint is worth its cost: what a replay does in about a second.
const EVERY_EVENTS: Seq = 200_000;
/// Time after which one is kept, however few events there were.
const EVERY: Duration = Duration::from_secs(600);
/// How often old events are looked for.
const COMPACT_EVERY: Duration = Duration::from_secs(3600);
/// How long history may take to reach a checkpoint.
const PATIENCE: Duration = Duration::from_secs(60);
const DAY_MS: i64 = 86_400_000;

/// Keeps checkpoints, on a thread of their own: encoding a large state takes longer than a flush
/// may.
///
/// A checkpoint is kept only once history has come as far, so that a start from it never leaves
/// history with a gap.
pub struct Checkpointer {
    appender: Appender,
    history: History,
    retain_days: u32,
    kept: (Seq, Instant),
    compacted: Instant,
    busy: Arc<AtomicBool>,
}

impl Checkpointer {
    /// For a journal and a history; events older than `retain_days` are forgotten.
    pub fn new(appender: Appender, history: History, retain_days: u32) -> Self {
        let now = Instant::now();
        let busy = Arc::new(AtomicBool::new(false));
        Self { appender, history, retain_days, kept: (0, now), compacted: now, busy }
    }

    /// Keeps a checkpoint if it is time.
    pub fn consider(&mut self, state: &State) {
        let (seq, at) = self.kept;
        let due = state.seq >= seq + EVERY_EVENTS || (state.seq > seq && at.elapsed() >= EVERY);
        if due && !self.busy.swap(true, Ordering::AcqRel) {
            self.kept = (state.seq, Instant::now());
            let (state, appender) = (state.clone(), self.appender.clone());
            let (history, busy) = (self.history.clone(), self.busy.clone());
            std::thread::spawn(move || {
                keep(&state, &appender, &history);
                busy.store(false, Ordering::Release);
            });
        }
        if self.compacted.elapsed() >= COMPACT_EVERY {
            self.compacted = Instant::now();
            self.appender.compact(state.now.plus(-i64::from(self.retain_days) * DAY_MS));
        }
    }

    /// Keeps one now, so that the next start need not replay.
    pub fn keep_last(&self, state: &State) {
        if state.seq > self.kept.0 {
            keep(state, &self.appender, &self.history);
        }
    }
}

fn keep(state: &State, appender: &Appender, history: &History) {
    let begun = Instant::now();
    while history.position() < state.seq {
        if begun.elapsed() > PATIENCE {
            tracing::warn!("history is too far behind; no checkpoint is kept");
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    match (state.encode(), state.hash()) {
        (Ok(bytes), Ok(hash)) => {
            let (seq, at) = (state.seq, state.now);
            appender.checkpoint(Checkpoint { seq, at, hash, state: bytes });
        }
        (Err(error), _) | (_, Err(error)) => tracing::error!(%error, "the state cannot be encoded"),
    }
}
