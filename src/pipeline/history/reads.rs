//! Connections for readers: a few, opened when first needed and then kept.

use crate::wire::{ApiError, ErrorKind};
use rusqlite::{Connection, OpenFlags};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Queries at a time.
const CONNECTIONS: usize = 4;
/// How long a query waits for its turn, and how long it may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The way in for readers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Readers {
    path: Arc<PathBuf>,
    turns: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    /// Counts the files there were: a connection to an older one is not used again.
    generation: Arc<AtomicU64>,
}

/// Why a query has no answer.
#[derive(Debug)]
pub enum ReadError {
    /// It had to wait, or took, too long.
    Slow,
    /// The database said so.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Slow => Self::unavailable("history takes too long to answer", 2),
            ReadError::Sqlite(error) => {
                tracing::error!(%error, "history cannot be read");
                Self::new(ErrorKind::Unavailable, "history cannot be read now")
            }
        }
    }
}

impl Readers {
    pub fn new(path: PathBuf) -> Self {
        Self {
            path: Arc::new(path),
            turns: Arc::new(Semaphore::new(CONNECTIONS)),
            idle: Arc::default(),
            generation: Arc::default(),
        }
    }

    /// Leaves all connections: the file is another one now.
    pub fn forget(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.idle().clear();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a query, which sees one state of the database throughout.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ReadError> {
        let turn = tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned());
        let Ok(Ok(turn)) = turn.await else { return Err(ReadError::Slow) };
        let (interrupt, interruptible) = tokio::sync::oneshot::channel();
        let readers = self.clone();
        let running = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let generation = readers.generation.load(Ordering::Acquire);
            let connection = readers.connection()?;
            let _ = interrupt.send(connection.get_interrupt_handle());
            let tx = connection.unchecked_transaction()?;
            let answer = query(&tx)?;
            tx.finish()?;
            let mut idle = readers.idle();
            if generation == readers.generation.load(Ordering::Acquire) {
                idle.push(connection);
            }
            Ok(answer)
        });
        match tokio::time::timeout(PATIENCE, running).await {
            Ok(Ok(answered)) => answered.map_err(ReadError::Sqlite),
            Ok(Err(_)) => Err(ReadError::Slow),
            Err(_) => {
                if let Ok(handle) = interruptible.await {
                    handle.interrupt();
                }
                Err(ReadError::Slow)
            }
        }
    }

    fn connection(&self) -> rusqlite::Result<Connection> {
        if let Some(connection) = self.idle().pop() {
            return Ok(connection);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&*self.path, flags)?;
        connection.busy_timeout(Duration::from_secs(2))?;
        Ok(connection)
    }
}
