//! The board's end of the feed: one socket, the topics that pages follow on it, and how it is.
//!
//! What is shown always has a position; a delta that does not follow it is never applied, the
//! topic is asked for again instead.

mod follow;
pub mod topics;
pub use follow::{Mirror, follow, follow_doc};
pub use topics::{Part, Receiver};

#[cfg(feature = "hydrate")]
mod socket;
#[cfg(feature = "hydrate")]
pub use socket::run;

use crate::domain::Topic;
use crate::domain::access::Me;
use crate::wire::{ClientMsg, Cursor, Timestamp};
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use leptos::prelude::*;
use std::sync::Arc;
use topics::Topics;

/// How the socket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// Not opened yet; without JavaScript it never will be.
    Waiting,
    /// Everything shown is as the server has it.
    Live,
    /// Open again, and still receiving what was missed.
    CatchingUp {
        /// Events between what is shown and the server's head.
        events: u64,
    },
    /// Closed; another attempt is due.
    Down {
        /// When it was lost, by the server's clock.
        since: Timestamp,
        /// When the next attempt is due, by the server's clock.
        retry_at: Timestamp,
    },
}

/// What the socket task is told by the page.
#[derive(Debug)]
pub enum Said {
    /// Send this.
    Message(ClientMsg),
    /// Do not wait for the next attempt.
    RetryNow,
}

/// The feed, as pages use it.
#[derive(Debug, Clone, Copy)]
pub struct Live {
    /// How the socket is.
    pub connection: RwSignal<Connection>,
    /// The server's time, once a second; none before the browser half runs.
    pub now: RwSignal<Option<Timestamp>>,
    /// When everything shown was last known to hold, by the server's clock.
    pub heard: RwSignal<Option<Timestamp>>,
    /// What the server's clock is ahead of the browser's.
    pub offset_ms: StoredValue<i64>,
    /// Who looked when the page was rendered.
    pub me: StoredValue<Option<Arc<Me>>>,
    /// Whether the page is about to be another, since one signs out.
    pub leaving: StoredValue<bool>,
    /// Who follows what, up to where.
    pub topics: StoredValue<Topics>,
    outbox: StoredValue<UnboundedSender<Said>>,
    /// The socket task's end of what it is told, until it takes it.
    pub inbox: StoredValue<Option<UnboundedReceiver<Said>>>,
}

impl Default for Live {
    fn default() -> Self {
        let (outbox, inbox) = unbounded();
        Self {
            connection: RwSignal::new(Connection::Waiting),
            now: RwSignal::new(None),
            heard: RwSignal::new(None),
            offset_ms: StoredValue::new(0),
            me: StoredValue::new(None),
            leaving: StoredValue::new(false),
            topics: StoredValue::new(Topics::default()),
            outbox: StoredValue::new(outbox),
            inbox: StoredValue::new(Some(inbox)),
        }
    }
}

impl Live {
    /// The feed of this page.
    pub fn expect() -> Self {
        use_context().unwrap_or_default()
    }

    /// Hands `receive` everything on `topic` after `cursor`, or a snapshot first if there is none.
    /// Returns what [`Self::unsubscribe`] takes.
    pub fn subscribe(self, topic: &Topic, cursor: Option<Cursor>, receive: Receiver) -> u64 {
        let name = topic.to_string();
        let (id, first) =
            self.topics.try_update_value(|t| t.add(&name, cursor, receive)).unwrap_or_default();
        if let Some(message) = first {
            self.say(message);
        }
        id
    }

    /// Ends a subscription.
    pub fn unsubscribe(self, id: u64) {
        if let Some(message) = self.topics.try_update_value(|t| t.remove(id)).flatten() {
            self.say(message);
        }
    }

    /// Tries again at once.
    pub fn retry_now(self) {
        self.tell(Said::RetryNow);
    }

    /// Whether what is shown may have changed without this page knowing.
    pub fn is_down(self) -> bool {
        matches!(self.connection.get(), Connection::Down { .. })
    }

    fn say(self, message: ClientMsg) {
        // Before the socket is open there is nobody to tell: opening it subscribes to everything.
        if matches!(
            self.connection.try_get_untracked(),
            Some(Connection::Live | Connection::CatchingUp { .. })
        ) {
            self.tell(Said::Message(message));
        }
    }

    fn tell(self, said: Said) {
        self.outbox.try_with_value(|outbox| outbox.unbounded_send(said));
    }
}
