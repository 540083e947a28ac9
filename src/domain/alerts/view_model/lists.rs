//! Short lists as pages read them.

use crate::wire::Timestamp;
use serde::{Deserialize, Serialize};

/// A list that is never paged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed<T> {
    /// When this was known to be so.
    pub as_of: Timestamp,
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next page begins; never anywhere.
    pub next: Option<String>,
}

impl<T> Listed<T> {
    /// The whole of a list.
    pub const fn all(as_of: Timestamp, items: Vec<T>) -> Self {
        Self { as_of, items, next: None }
    }
}
