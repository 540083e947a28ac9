//! The one writer: takes all that has queued up, commits it as one record, then answers.

use super::status::JournalStatus;
use super::{
    AppendError, Checkpoint, Committed, Draft, Journal, JournalError, Options, Reader, Receipt,
    Recovery, Store, dedup::Window, salvage,
};
use crate::domain::Envelope;
use crate::pipeline::clock::Clock;
use crate::wire::{Cursor, Seq, Timestamp};
use std::collections::HashSet;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Requests that may wait.
const MAX_REQUESTS: usize = 8_192;
/// KiB of events that may wait.
const MAX_QUEUED_KIB: usize = 64 << 10;
/// Events of one commit, unless a single request brings more.
const GROUP: usize = 10_000;
/// How long a journal that failed is left alone before it is opened afresh.
const RETRY: Duration = Duration::from_secs(1);
enum Command {
    Append(Request),
    Checkpoint(Checkpoint),
    Compact(Timestamp),
    Close,
}

struct Request {
    drafts: Vec<Draft>,
    reply: oneshot::Sender<Result<Receipt, AppendError>>,
    /// Room in the queue, given back when the request is answered.
    _room: OwnedSemaphorePermit,
}

/// The way into the journal. Cheap to clone; the journal closes when the last one is gone.
#[derive(Clone)]
pub struct Appender {
    commands: SyncSender<Command>,
    room: Arc<Semaphore>,
    status: Arc<JournalStatus>,
}

impl Appender {
    /// Appends events, and returns once they are durable.
    ///
    /// # Errors
    /// None of them was kept, and why.
    pub async fn append(&self, drafts: Vec<Draft>) -> Result<Receipt, AppendError> {
        let bytes: usize = drafts.iter().map(Draft::size).sum();
        let kib = (bytes >> 10).clamp(1, MAX_QUEUED_KIB) as u32;
        let full = AppendError::Full { retry_after_s: 1 };
        let room = self.room.clone().try_acquire_many_owned(kib).map_err(|_| full.clone())?;
        let count = drafts.len() as u64;
        let (reply, answer) = oneshot::channel();
        let request = Request { drafts, reply, _room: room };
        self.status.queued.fetch_add(count, Ordering::Relaxed);
        let sent = self.commands.try_send(Command::Append(request));
        let result = match sent {
            Ok(()) => answer.await.unwrap_or(Err(AppendError::Closed)),
            Err(TrySendError::Full(_)) => Err(full),
            Err(TrySendError::Disconnected(_)) => Err(AppendError::Closed),
        };
        self.status.queued.fetch_sub(count, Ordering::Relaxed);
        result
    }

    /// Keeps a state to replay from; `false` if the queue has no room for it now.
    pub fn checkpoint(&self, checkpoint: Checkpoint) -> bool {
        self.commands.try_send(Command::Checkpoint(checkpoint)).is_ok()
    }

    /// Takes no more events, and ends the stream of committed ones; checkpoints are still kept
    /// until the last [`Appender`] is gone.
    pub fn close(&self) {
        let _ = self.commands.send(Command::Close);
    }

    /// Forgets what was received before `before` and a checkpoint covers.
    pub fn compact(&self, before: Timestamp) {
        let _ = self.commands.try_send(Command::Compact(before));
    }
}

/// A journal at work.
pub struct Started {
    /// The way in.
    pub appender: Appender,
    /// How it is.
    pub status: Arc<JournalStatus>,
    /// Where it stood when it was opened.
    pub cursor: Cursor,
    /// What had to be mended.
    pub recovery: Recovery,
    /// The writer; it ends when the last [`Appender`] is gone.
    pub thread: std::thread::JoinHandle<()>,
}

/// Opens the journal, mends it if need be, and starts its writer. What becomes durable from now on
/// goes to `committed`, in order; when that is full, the writer waits.
///
/// # Errors
/// The directory is in use, or cannot be used.
pub fn start(
    options: Options,
    clock: Clock,
    committed: SyncSender<Committed>,
) -> Result<Started, JournalError> {
    std::fs::create_dir_all(&options.dir)?;
    let lock = lock(&options)?;
    let (store, recovery) = salvage::open(&options)?;
    let window = store.load_window()?;
    let status = Arc::new(JournalStatus::default());
    status.writable.store(true, Ordering::Release);
    status.head.store(store.head().seq, Ordering::Release);
    status.size.store(store.size(), Ordering::Relaxed);
    let checkpoint = Reader::open(&options.dir)?.newest_mark()?.map_or(0, |(seq, _)| seq);
    status.checkpoint.store(checkpoint, Ordering::Relaxed);
    let (commands, inbox) = sync_channel(MAX_REQUESTS);
    let cursor = store.head();
    let (head, at) = (cursor.seq, store.at());
    let room = Arc::new(Semaphore::new(MAX_QUEUED_KIB));
    let appender = Appender { commands, room, status: status.clone() };
    let writer = Writer {
        options,
        clock,
        committed: Some(committed),
        status: status.clone(),
        store: Some(store),
        failed: None,
        window,
        head,
        at,
        _lock: lock,
    };
    let thread =
        std::thread::Builder::new().name("journal".to_owned()).spawn(move || writer.run(&inbox))?;
    Ok(Started { appender, status, cursor, recovery, thread })
}

/// Makes sure that no other server uses the directory.
fn lock(options: &Options) -> Result<File, JournalError> {
    let file =
        File::options().create(true).truncate(false).write(true).open(options.dir.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(JournalError::Locked(options.dir.clone())),
        Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

struct Writer {
    options: Options,
    clock: Clock,
    /// None once the journal takes no more events.
    committed: Option<SyncSender<Committed>>,
    status: Arc<JournalStatus>,
    /// None after a failure, until a fresh handle works: an fsync that failed says nothing about
    /// what is on disk, and trying it again on the same handle can report success falsely
    /// (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020).
    store: Option<Store>,
    failed: Option<(Instant, String)>,
    window: Window,
    head: Seq,
    at: Timestamp,
    _lock: File,
}

impl Writer {
    fn run(mut self, inbox: &Receiver<Command>) {
        loop {
            let first = match inbox.recv_timeout(RETRY) {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            self.reopen_when_due();
            let mut group = Vec::new();
            let mut rest = first;
            let mut events = 0;
            while let Some(command) = rest.take() {
                match command {
                    Command::Append(request) => {
                        events += request.drafts.len();
                        group.push(request);
                    }
                    Command::Checkpoint(checkpoint) => self.checkpoint(&checkpoint),
                    Command::Compact(before) => self.compact(before),
                    Command::Close => self.committed = None,
                }
                if events < GROUP {
                    rest = inbox.try_recv().ok();
                }
            }
            if !group.is_empty() && self.committed.is_some() {
                self.commit(group);
            }
        }
    }

    /// Commits a group, answers it and hands it on.
    fn commit(&mut self, group: Vec<Request>) {
        let at = self.clock.now().max(self.at);
        let mut fresh: Vec<&Draft> = Vec::new();
        let mut seen = HashSet::new();
        let mut receipts = Vec::with_capacity(group.len());
        for request in &group {
            let before = fresh.len();
            fresh.extend(request.drafts.iter().filter(|draft| match draft.key {
                None => true,
                Some(key) => !self.window.contains(key) && seen.insert(key),
            }));
            let accepted = fresh.len() - before;
            let seq = if accepted == 0 { None } else { Some(self.head + fresh.len() as Seq) };
            receipts.push((accepted, request.drafts.len() - accepted, seq));
        }
        let written = if fresh.is_empty() { self.known() } else { self.write(at, &fresh) };
        let result = written.map(|epoch| {
            let first = self.head + 1;
            let envelopes: Vec<Envelope> =
                fresh.iter().zip(first..).map(|(draft, seq)| draft.at(seq, at)).collect();
            (epoch, envelopes)
        });
        drop(fresh);
        let (epoch, envelopes) = match result {
            Ok(written) => written,
            Err(detail) => {
                for request in group {
                    let detail = detail.clone();
                    let error = AppendError::Unwritable { detail, retry_after_s: 1 };
                    let _ = request.reply.send(Err(error));
                }
                return;
            }
        };
        if let Some(last) = envelopes.last() {
            self.head = last.stamp.seq;
            self.at = at;
            self.window.remember(at, seen.into_iter().collect());
        }
        for (request, (accepted, duplicates, seq)) in group.into_iter().zip(receipts) {
            let cursor = Cursor { epoch: epoch.clone(), seq: seq.unwrap_or(self.head) };
            let _ = request.reply.send(Ok(Receipt { accepted, duplicates, cursor }));
        }
        self.hand_on(envelopes);
    }

    /// Gives durable events to whoever folds them, waiting while that one is behind.
    fn hand_on(&self, envelopes: Vec<Envelope>) {
        if let Some(committed) = self.committed.as_ref().filter(|_| !envelopes.is_empty()) {
            // Nobody folds any more only when the server is about to end.
            let _ = committed.send(Committed { envelopes });
        }
    }

    /// Nothing is to be written: all of it is there already.
    fn known(&self) -> Result<Arc<str>, String> {
        match (&self.store, &self.failed) {
            (Some(store), _) => Ok(store.head().epoch),
            (None, failed) => Err(failed.as_ref().map_or_else(String::new, |(_, why)| why.clone())),
        }
    }

    fn write(&mut self, at: Timestamp, drafts: &[&Draft]) -> Result<Arc<str>, String> {
        let Some(store) = &mut self.store else { return self.known() };
        let begun = Instant::now();
        match store.append(at, drafts) {
            Ok(()) => {
                let head = store.head();
                self.status.committed(head.seq, store.size(), begun.elapsed());
                Ok(head.epoch)
            }
            Err(error) => Err(self.fail(&error)),
        }
    }

    /// Gives up the handle.
    fn fail(&mut self, error: &JournalError) -> String {
        let detail = error.to_string();
        tracing::error!(%error, "the journal cannot be written; events are refused until it can");
        self.store = None;
        self.failed = Some((Instant::now(), detail.clone()));
        self.status.writable.store(false, Ordering::Release);
        detail
    }

    /// Opens the journal afresh after a failure. What the failed commit did write is found there
    /// and handed on: it is durable, though its producer was told to try again.
    fn reopen_when_due(&mut self) {
        let due = self.failed.as_ref().is_some_and(|(since, _)| since.elapsed() >= RETRY);
        if !due {
            return;
        }
        match self.reopen() {
            Ok(()) => {
                tracing::info!("the journal can be written again");
                self.failed = None;
                self.status.writable.store(true, Ordering::Release);
            }
            Err(error) => {
                self.failed = Some((Instant::now(), error.to_string()));
            }
        }
    }

    fn reopen(&mut self) -> Result<(), JournalError> {
        let mut store = Store::open(&self.options)?;
        let landed = Reader::open(&self.options.dir)?.read(self.head)?;
        if let Some(last) = landed.last() {
            (self.head, self.at) = (last.stamp.seq, last.stamp.at);
            self.window = store.load_window()?;
            self.status.head.store(self.head, Ordering::Release);
            self.hand_on(landed);
        }
        store.probe()?;
        self.store = Some(store);
        Ok(())
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) {
        let Some(store) = &mut self.store else { return };
        match store.checkpoint(checkpoint) {
            Ok(()) => self.status.checkpoint.store(checkpoint.seq, Ordering::Relaxed),
            Err(error) => tracing::warn!(%error, "no checkpoint was kept"),
        }
    }

    fn compact(&mut self, before: Timestamp) {
        let Some(store) = &mut self.store else { return };
        if let Err(error) = store.compact(before) {
            tracing::warn!(%error, "old events were not forgotten");
        }
        self.status.size.store(store.size(), Ordering::Relaxed);
    }
}
