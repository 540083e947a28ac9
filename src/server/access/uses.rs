//! When and from where tokens were last used. It is known at once, and noted in the journal once in
//! a while: a line for every request would be more than what the requests bring.

use crate::domain::Event;
use crate::domain::access::state::Token;
use crate::domain::access::{Event as AccessEvent, TokenUsed};
use crate::pipeline::journal::Draft;
use crate::server::App;
use crate::wire::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Least time between two notes in the journal about one token, in milliseconds.
const NOTE_EVERY_MS: i64 = 300_000;

/// When and from where tokens were last used.
#[derive(Debug, Default)]
pub struct Uses(Mutex<HashMap<Arc<str>, Used>>);

#[derive(Debug, Clone)]
struct Used {
    at: Timestamp,
    address: Arc<str>,
    /// When it was last noted.
    noted: Timestamp,
}

impl Uses {
    fn all(&self) -> MutexGuard<'_, HashMap<Arc<str>, Used>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token is used now.
    pub fn note(&self, app: &App, token: &Token, address: Option<&Arc<str>>, now: Timestamp) {
        let address = address.cloned().unwrap_or_else(|| "".into());
        let kept = token.used.as_ref().map_or(Timestamp::default(), |(at, _)| *at);
        let due = {
            let mut all = self.all();
            let used = all.entry(token.id.clone()).or_insert_with(|| Used {
                at: now,
                address: address.clone(),
                noted: kept,
            });
            (used.at, used.address) = (now, address.clone());
            let due = now.since(used.noted) >= NOTE_EVERY_MS;
            if due {
                used.noted = now;
            }
            due
        };
        if !due {
            return;
        }
        let used = AccessEvent::TokenUsed(TokenUsed { token: token.id.clone(), address });
        let ingest = app.ingest.clone();
        app.sockets.spawn(async move {
            if let Err(error) = ingest.keep(vec![Draft::own(Event::Access(used))]).await {
                tracing::debug!(%error, "that a token was used is not kept");
            }
        });
    }

    /// When and from where a token was last used, as far as is known.
    pub fn last(&self, token: &Token) -> Option<(Timestamp, Arc<str>)> {
        let here = self.all().get(&token.id).map(|used| (used.at, used.address.clone()));
        here.or_else(|| token.used.clone())
    }

    /// Forgets tokens that are not among `known` any more.
    pub fn forget(&self, token: &str) {
        self.all().remove(token);
    }
}
