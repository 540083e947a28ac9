//! The one writer: takes all that has queued up, merges it in memory, commits it at once.

use super::cache::Scope;
use super::store::{self, Pending, Store, Sweep};
use super::{Batch, Options, Sample, Series, Shared};
use crate::domain::metrics::state::State as Places;
use crate::domain::{Envelope, Event};
use crate::pipeline::changed::Part;
use crate::pipeline::journal::{JournalError, Reader};
use crate::wire::{Seq, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long the thread sleeps when nothing comes.
const IDLE: Duration = Duration::from_millis(100);
/// The same while trades are to be matched again: others need the processor, too.
const BREATH: Duration = Duration::from_millis(2);
/// Events merged into one transaction.
const GROUP: usize = 50_000;
/// First and longest wait after a write that went wrong.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));
/// How often old rows are looked for, and of how many series at a time: 20,000 projects take
/// less than an hour.
const PRUNE: (Duration, usize) = (Duration::from_secs(10), 100);

/// What is to be committed.
#[derive(Default)]
struct Work {
    pending: Pending,
    /// What it is about.
    parts: BTreeSet<Part>,
    position: Seq,
    at: Timestamp,
    events: usize,
}

pub struct Writer {
    options: Options,
    store: Store,
    journal: Reader,
    shared: Arc<Shared>,
    sweep: Sweep,
    pruned: Instant,
    /// Received, and to be taken only once what was let go before it has been read.
    held: Option<Batch>,
}

impl Writer {
    pub fn new(options: Options, store: Store, journal: Reader, shared: Arc<Shared>) -> Self {
        let (sweep, pruned, held) = (Sweep::default(), Instant::now(), None);
        Self { options, store, journal, shared, sweep, pruned, held }
    }

    /// Runs until it is told to stop and nothing waits any more.
    pub fn run(mut self, inbox: &Receiver<Batch>) {
        loop {
            self.mend();
            let first = match self.held.take() {
                Some(held) => Ok(held),
                None if self.shared.missed.load(Ordering::Acquire) => {
                    Err(RecvTimeoutError::Timeout)
                }
                None => inbox.recv_timeout(self.patience()),
            };
            // Looked at after something was received: whoever lets a batch go says so before
            // sending the next one.
            if self.shared.missed.swap(false, Ordering::AcqRel) && !self.catch_up() {
                return;
            }
            let mut next = match first {
                Ok(batch) => Some(batch),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if next.is_none() && self.shared.stopping.load(Ordering::Acquire) {
                return;
            }
            let mut work = Work::default();
            while let Some(batch) = next.take() {
                work.take(self.store.position(), batch, &mut self.store.places);
                if work.events < GROUP {
                    next = inbox.try_recv().ok();
                }
                if self.shared.missed.load(Ordering::Acquire) {
                    self.held = next.take();
                }
            }
            if work.position == 0 {
                self.match_again();
            } else if !self.commit(&work) {
                return;
            }
            self.prune();
        }
    }

    /// Reads from the journal what the file lacks; `false` if it was told to stop.
    fn catch_up(&mut self) -> bool {
        if self.store.position() == 0 {
            self.begin();
        }
        loop {
            let envelopes = match self.journal.read(self.store.position()) {
                Ok(envelopes) => envelopes,
                Err(error @ JournalError::Damaged { .. }) => {
                    // Only behind a checkpoint, or the journal would have been cut there.
                    tracing::error!(%error, "history lacks a part of the past");
                    return true;
                }
                Err(error) => {
                    tracing::warn!(%error, "the journal cannot be read for history; trying again");
                    if !self.pause(BACKOFF.1) {
                        return false;
                    }
                    continue;
                }
            };
            let Some(last) = envelopes.last() else { return true };
            let (last_seq, at) = (last.stamp.seq, last.stamp.at);
            let mut work = Work::default();
            let batch = Batch { last_seq, at, envelopes, samples: Vec::new() };
            work.take(self.store.position(), batch, &mut self.store.places);
            if !self.commit(&work) {
                return false;
            }
        }
    }

    /// Where the journal has forgotten its beginning, begins with the state that it keeps instead.
    fn begin(&mut self) {
        let base = match self.journal.base() {
            Ok(Some(base)) => base,
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, "history begins without what was there before");
                return;
            }
        };
        let (state, seq, at) = base;
        tracing::warn!(seq, %at, "history begins where the journal does");
        if let Err(error) = self.store.begin(&state, seq, at) {
            self.failed(&error);
        }
    }

    /// How long to wait for a batch.
    fn patience(&self) -> Duration {
        let busy = self.store.is_behind() && !self.shared.failing.load(Ordering::Acquire);
        if busy { BREATH } else { IDLE }
    }

    /// Commits, however often it takes; `false` if it was told to stop before it could.
    fn commit(&mut self, work: &Work) -> bool {
        let mut wait = BACKOFF.0;
        let matched = loop {
            match self.store.commit(&work.pending, work.position, work.at) {
                Ok(matched) => break matched,
                // What `work` holds is in the journal.
                Err(error) if self.failed(&error) => return true,
                Err(_) => {}
            }
            if !self.pause(wait) {
                return false;
            }
            wait = (wait * 2).min(BACKOFF.1);
        };
        self.worked();
        self.show(work, matched);
        true
    }

    /// Matches some of the trades again that late ones came before, while nothing else is to do.
    fn match_again(&mut self) {
        if !self.store.is_behind() {
            return;
        }
        match self.store.match_again() {
            Ok(matched) => {
                self.worked();
                if matched {
                    let scopes = [Scope::Trades, Scope::Part(Part::Trading)];
                    self.shared.cache.touch(scopes.into_iter());
                }
            }
            Err(error) => {
                self.failed(&error);
            }
        }
    }

    /// Says that a write went wrong; returns whether that is because the file is damaged.
    fn failed(&self, error: &rusqlite::Error) -> bool {
        if !self.shared.failing.swap(true, Ordering::AcqRel) {
            tracing::error!(%error, "history cannot be written; trying again");
        }
        let damaged = store::is_damage(error);
        if damaged {
            self.shared.damaged.store(true, Ordering::Release);
        }
        damaged
    }

    fn worked(&self) {
        if self.shared.failing.swap(false, Ordering::AcqRel) {
            tracing::info!("history can be written again");
        }
    }

    /// Lets readers see what was committed: first that their answers are old, then that it is
    /// there.
    fn show(&self, work: &Work, matched: bool) {
        let project = |name: &Arc<str>| Scope::Project(name.clone());
        let projects = work.pending.projects.touched().map(project);
        let hosts = work.pending.system.touched().cloned().map(Scope::Host);
        let tasks = (!work.pending.work.is_empty()).then_some(Scope::Work);
        let metrics = work.pending.metrics.touched().cloned().map(Scope::Metric);
        let traded = &work.pending.trading;
        let past = traded.earliest().is_some_and(|at| self.shared.cache.asked_before(at));
        let trading = [
            (!traded.is_empty()).then_some(Scope::Trading),
            (matched || traded.has_trades()).then_some(Scope::Trades),
            past.then_some(Scope::TradingPast),
        ];
        let trading = trading.into_iter().flatten();
        let parts = work.parts.iter().copied().chain(matched.then_some(Part::Trading));
        let parts = parts.map(Scope::Part);
        let all = projects.chain(hosts).chain(tasks).chain(metrics).chain(trading).chain(parts);
        self.shared.cache.touch(all);
        self.shared.at.store(self.store.at().ms(), Ordering::Release);
        self.shared.position.send_replace(self.store.position());
    }

    /// Makes the file anew if a reader or a write found it damaged.
    fn mend(&mut self) {
        if !self.shared.damaged.swap(false, Ordering::AcqRel) {
            return;
        }
        tracing::error!("history is damaged; it is made anew");
        let made = store::remove(self.options.dir())
            .map_err(Into::into)
            .and_then(|()| Store::open(self.options.dir(), &self.options.journal));
        match made {
            Ok(store) => {
                self.store = store;
                self.sweep = Sweep::default();
                self.shared.readers.forget();
                self.shared.cache.forget();
                self.shared.position.send_replace(self.store.position());
                self.shared.missed.store(true, Ordering::Release);
            }
            Err(error) => {
                tracing::error!(%error, "history cannot be made anew; trying again");
                self.shared.damaged.store(true, Ordering::Release);
                self.pause(BACKOFF.1);
            }
        }
    }

    fn prune(&mut self) {
        let (every, count) = PRUNE;
        if self.pruned.elapsed() < every {
            return;
        }
        self.pruned = Instant::now();
        if let Err(error) = self.store.prune(&mut self.sweep, count, self.options.runs_ms()) {
            tracing::warn!(%error, "old history was not forgotten");
        }
    }

    /// Sleeps; `false` if it was told to stop.
    fn pause(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while Instant::now() < until {
            if self.shared.stopping.load(Ordering::Acquire) {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }
}

impl Work {
    /// Takes in a batch; events up to `have` are in the tables already.
    fn take(&mut self, have: Seq, batch: Batch, places: &mut Places) {
        let Batch { last_seq, at, envelopes, samples } = batch;
        let have = have.max(self.position);
        for Envelope { stamp, event } in envelopes.into_iter().filter(|e| e.stamp.seq > have) {
            self.events += 1;
            self.parts.extend(Part::of(&event));
            if event.counts() {
                self.pending.system.count(&stamp);
            }
            match event {
                Event::Projects(event) => self.pending.projects.add(&stamp, &event),
                Event::System(event) => self.pending.system.add(&stamp, &event),
                Event::Work(event) => self.pending.work.add(stamp, event),
                Event::Access(event) => self.pending.access.add(&stamp, event),
                Event::Alerts(event) => self.pending.alerts.add(stamp, event),
                Event::Metrics(event) => self.pending.metrics.add(places, &stamp, &event),
                Event::Trading(event) => self.pending.trading.add(stamp, event),
                Event::Settings(_) => {}
            }
        }
        for Sample { series, time, value } in samples {
            self.parts.insert(match series {
                Series::ProjectScore(_) | Series::OverallScore => Part::Projects,
                Series::QueueDepth(_) => Part::Work,
            });
            match series {
                Series::ProjectScore(id) => self.pending.projects.score(Some(&id), time, value),
                Series::OverallScore => self.pending.projects.score(None, time, value),
                Series::QueueDepth(queue) => self.pending.work.depth(queue.as_ref(), time, value),
            }
        }
        (self.position, self.at) = (self.position.max(last_seq), self.at.max(at));
    }
}
