//! What the server itself has to say: commands, answers to them, settings, who signed in. It goes
//! through the journal as all else does, together with a line of the audit log that says who did it
//! and from where, and is answered once the board shows it.

use super::caller::Caller;
use crate::domain::Event;
use crate::domain::access::{Audited, Event as AccessEvent, Outcome};
use crate::pipeline::journal::Draft;
use crate::pipeline::publish::Published;
use crate::server::App;
use crate::server::limits::TokenBucket;
use crate::wire::ApiError;
use std::sync::{Arc, Mutex, PoisonError};

/// What somebody does, as the audit log has it.
#[derive(Debug)]
#[must_use]
pub struct Act<'a> {
    caller: &'a Caller,
    action: &'static str,
    target: Option<Arc<str>>,
    outcome: Outcome,
    detail: Option<Arc<str>>,
}

impl<'a> Act<'a> {
    /// Somebody does `action`, a word like `user.create`.
    pub fn by(caller: &'a Caller, action: &'static str) -> Self {
        Self { caller, action, target: None, outcome: Outcome::Done, detail: None }
    }

    /// To whom or what.
    pub fn on(mut self, target: impl Into<Arc<str>>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// What else is to be known; never a secret.
    pub fn because(mut self, detail: impl Into<Arc<str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// How it went.
    pub fn which(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    fn line(self) -> Event {
        let Self { caller, action, target, outcome, detail } = self;
        Event::Access(AccessEvent::Audited(Audited {
            actor: caller.name.clone(),
            via: Some(caller.via.name().into()),
            address: caller.address.clone(),
            action: action.into(),
            target,
            outcome,
            detail,
        }))
    }
}

/// Appends events of the server's own with what the audit log says of them, and returns what is
/// shown once they are in it.
///
/// # Errors
/// 429 or 503: none of them was kept. 503 also if they were, but are not shown in time.
pub async fn record(
    app: &App,
    act: Act<'_>,
    mut events: Vec<Event>,
) -> Result<Arc<Published>, ApiError> {
    events.push(act.line());
    record_quietly(app, events).await
}

/// As [`record`], for what nobody did that the audit log would name.
///
/// # Errors
/// As [`record`].
pub async fn record_quietly(app: &App, events: Vec<Event>) -> Result<Arc<Published>, ApiError> {
    let drafts = events.into_iter().map(Draft::own).collect();
    let cursor = app.ingest.keep(drafts).await?;
    if app.ingest.shows(cursor.seq).await {
        Ok(app.hub.published())
    } else {
        Err(ApiError::unavailable("it is kept, but not shown yet; read it again", 1))
    }
}

/// Denials that are noted at once, and a second after that: whoever is denied must not be able to
/// fill the journal with it.
const DENIALS: (u16, u16) = (50, 2);

/// How many denials may be noted now, and how many were not.
#[derive(Debug)]
pub struct Denials(Mutex<(TokenBucket, u64)>);

impl Default for Denials {
    fn default() -> Self {
        Self(Mutex::new((TokenBucket::full(DENIALS.0, DENIALS.1), 0)))
    }
}

impl Denials {
    /// How many were left out before one that may be noted.
    fn take(&self) -> Option<u64> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (bucket, left_out) = &mut *held;
        if bucket.take() {
            return Some(std::mem::take(left_out));
        }
        *left_out += 1;
        None
    }
}

/// Notes that somebody was denied something. Does not wait for it.
pub fn denied(app: &App, act: Act<'_>) {
    let Some(left_out) = app.access.denials.take() else { return };
    let act = match (left_out, &act.detail) {
        (0, _) => act,
        (more, Some(detail)) => {
            let detail = format!("{detail}; {more} more like it were not noted before this one");
            act.because(detail)
        }
        (more, None) => act.because(format!("{more} more were not noted before this one")),
    };
    let draft = Draft::own(act.which(Outcome::Denied).line());
    let ingest = app.ingest.clone();
    app.sockets.spawn(async move {
        if let Err(error) = ingest.keep(vec![draft]).await {
            tracing::warn!(%error, "a denial is not kept");
        }
    });
}
