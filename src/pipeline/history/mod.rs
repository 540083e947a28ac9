//! The past: lists and rollups, projected from the journal into a database file of their own.
//!
//! One thread writes, fed over a bounded channel; readers have connections of their own. The file
//! holds its position in the journal, kept in the same transaction as the rows, so an event is
//! never missing and never counted twice, whatever ends when. It is derived: whenever it cannot be
//! trusted (another version, damage, another past of the journal) it is thrown away and made anew
//! from the journal. Levels (scores, depths of queues) are not in the journal, but follow from the
//! state as it was; they are noted as they change while the server runs, and are not made anew.
//!
//! **Back-pressure.** [`History::feed`] waits while the thread is behind, and so holds back the
//! aggregate, the journal and the producers. It does not wait for a thread that cannot write (a
//! full disk) or is stopping: then the batch is let go, and the thread reads it from the journal
//! when it can write again. So the live board goes on, and nothing but levels is lost.

mod alerts;
mod cache;
mod metrics;
mod queries;
mod reads;
mod store;
#[cfg(test)]
mod tests;
mod thread;
mod trading;

pub use metrics::{MAX_SERIES, MetricFound, MetricPoints, MetricQuery, Windowed};
pub use store::discard;
pub use trading::{TradesQuery, Whose};

use super::changed::Part;
use super::journal::Reader;
use crate::domain::Envelope;
use crate::domain::projects::ProjectId;
use crate::domain::system::CacheInternals;
use crate::wire::{Cursor, Seq, Timestamp};
use cache::{Cache, Scope};
use reads::Readers;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Batches that may wait.
const QUEUE: usize = 16;
/// How long a feeder waits for a thread that is merely behind, before the batch is left to be
/// read from the journal.
const FEED_PATIENCE: Duration = Duration::from_secs(10);
/// How long a reader waits for history to reach the state.
const READ_PATIENCE: Duration = Duration::from_secs(2);
/// How long a start waits for history to be made anew before it serves without all of it.
const START_PATIENCE: Duration = Duration::from_secs(60);
const DAY_MS: i64 = 86_400_000;

/// What a level is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Series {
    /// The score of one project, 0 to 100.
    ProjectScore(ProjectId),
    /// The score of everything.
    OverallScore,
    /// How many tasks wait in a queue; in all of them together if none is named.
    QueueDepth(Option<Arc<str>>),
}

/// A level as of a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Of what.
    pub series: Series,
    /// Since when.
    pub time: Timestamp,
    /// How much.
    pub value: f64,
}

/// What has happened since the batch before.
#[derive(Debug)]
pub struct Batch {
    /// Position of the state after it.
    pub last_seq: Seq,
    /// Journal time there.
    pub at: Timestamp,
    /// Every event, in order.
    pub envelopes: Vec<Envelope>,
    /// Levels that are others now.
    pub samples: Vec<Sample>,
}

/// How history is kept.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory.
    pub dir: PathBuf,
    /// The journal's identity and head.
    pub journal: Cursor,
    /// Days that runs, and tasks that are over, are kept for.
    pub retain_days: u32,
}

/// The past. Cheap to clone.
#[derive(Clone)]
pub struct History {
    shared: Arc<Shared>,
    batches: SyncSender<Batch>,
    thread: Arc<Mutex<Option<std::thread::JoinHandle<()>>>>,
}

/// What the thread, feeders and readers share.
struct Shared {
    /// Position of what is committed.
    position: watch::Sender<Seq>,
    /// Journal time there, in epoch milliseconds.
    at: AtomicI64,
    /// Something is in the journal that the channel will not bring.
    missed: AtomicBool,
    /// The last write went wrong.
    failing: AtomicBool,
    /// A reader found the file damaged.
    damaged: AtomicBool,
    stopping: AtomicBool,
    readers: Readers,
    cache: Cache,
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").field("position", &self.position()).finish_non_exhaustive()
    }
}

impl History {
    /// Opens the file, throws it away if it does not go with the journal, and starts the thread,
    /// which first reads from the journal what the file lacks.
    ///
    /// # Errors
    /// The directory cannot be used.
    pub fn start(options: Options) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let store = store::Store::open(&options.dir, &options.journal)?;
        let journal = Reader::open(&options.dir)?;
        let (batches, inbox) = sync_channel(QUEUE);
        let shared = Arc::new(Shared {
            position: watch::Sender::new(store.position()),
            at: AtomicI64::new(store.at().ms()),
            missed: AtomicBool::new(true),
            failing: AtomicBool::new(false),
            damaged: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            readers: Readers::new(store::file(&options.dir)),
            cache: Cache::new(),
        });
        let writer = thread::Writer::new(options, store, journal, shared.clone());
        let thread = std::thread::Builder::new()
            .name("history".to_owned())
            .spawn(move || writer.run(&inbox))?;
        Ok(Self { shared, batches, thread: Arc::new(Mutex::new(Some(thread))) })
    }

    /// Hands on a batch; see the module for how long that may take.
    pub fn feed(&self, batch: Batch) {
        let begun = Instant::now();
        let mut batch = batch;
        loop {
            match self.batches.try_send(batch) {
                Ok(()) => return,
                Err(TrySendError::Full(back)) => batch = back,
                Err(TrySendError::Disconnected(_)) => return,
            }
            let hopeless = self.shared.failing.load(Ordering::Acquire)
                || self.shared.stopping.load(Ordering::Acquire)
                || begun.elapsed() > FEED_PATIENCE;
            if hopeless {
                self.shared.missed.store(true, Ordering::Release);
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Position of the last event that is in the tables.
    pub fn position(&self) -> Seq {
        *self.shared.position.borrow()
    }

    /// Journal time of the last event that is in the tables.
    pub fn at(&self) -> Timestamp {
        Timestamp::from_ms(self.shared.at.load(Ordering::Acquire))
    }

    /// Waits, at most 2 seconds, until history has come to `seq`; says whether it has.
    pub async fn caught_up(&self, seq: Seq) -> bool {
        let mut position = self.shared.position.subscribe();
        let there = position.wait_for(|have| *have >= seq);
        tokio::time::timeout(READ_PATIENCE, there).await.is_ok_and(|there| there.is_ok())
    }

    /// Moves with every write about one of these parts, also where no event came: trades that are
    /// matched again, levels. To be asked once [`Self::caught_up`] and before what is read: that may
    /// be newer than this says, never older.
    pub fn version(&self, parts: &[Part]) -> u64 {
        let of = |part: &Part| self.shared.cache.version(&Scope::Part(*part));
        parts.iter().map(of).max().unwrap_or_default()
    }

    /// Waits until history has come to `seq`, or cannot be written.
    pub(super) async fn made(&self, seq: Seq) {
        let begun = Instant::now();
        while self.position() < seq && !self.shared.failing.load(Ordering::Acquire) {
            if begun.elapsed() > START_PATIENCE {
                tracing::warn!("history is not complete yet; it is made while the server runs");
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Writes what still waits, ends the thread and closes the file. Blocks.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }

    /// How the cache of range queries does.
    pub fn cache_internals(&self) -> CacheInternals {
        self.shared.cache.internals()
    }
}

impl Options {
    const fn runs_ms(&self) -> i64 {
        self.retain_days as i64 * DAY_MS
    }

    fn dir(&self) -> &Path {
        &self.dir
    }
}
