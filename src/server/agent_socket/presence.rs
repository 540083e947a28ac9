//! Which agents hold a socket. One whose last socket is gone counts as offline only after a while,
//! unless it comes back or is heard of otherwise: networks fail more often than agents do.

use crate::domain::Event;
use crate::domain::work::{AgentSeen, Event as WorkEvent};
use crate::pipeline::journal::Draft;
use crate::server::App;
use crate::wire::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::AbortHandle;

/// Which agents hold a socket.
#[derive(Debug, Default)]
pub struct Presence {
    seats: Mutex<HashMap<Arc<str>, Seat>>,
}

/// An agent's sockets.
#[derive(Debug, Default)]
struct Seat {
    open: usize,
    /// Calls the agent offline in a while, once no socket is open.
    leaving: Option<AbortHandle>,
}

impl Presence {
    fn seats(&self) -> MutexGuard<'_, HashMap<Arc<str>, Seat>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An agent has opened a socket.
    pub fn come(&self, agent: &Arc<str>) {
        let mut seats = self.seats();
        let seat = seats.entry(agent.clone()).or_default();
        seat.open += 1;
        if let Some(leaving) = seat.leaving.take() {
            leaving.abort();
        }
    }

    /// A socket of an agent is gone.
    pub fn leave(&self, app: &App, agent: Arc<str>, source: Arc<str>) {
        let mut seats = self.seats();
        let Some(seat) = seats.get_mut(&agent) else { return };
        seat.open = seat.open.saturating_sub(1);
        if seat.open > 0 {
            return;
        }
        let gone_at = app.clock.now();
        let task = app.sockets.spawn(leave(app.clone(), agent, source, gone_at));
        seat.leaving = Some(task.abort_handle());
    }

    /// Forgets an agent that has no socket; returns whether it had none.
    fn forget(&self, agent: &str) -> bool {
        let mut seats = self.seats();
        let gone = seats.get(agent).is_none_or(|seat| seat.open == 0);
        if gone {
            seats.remove(agent);
        }
        gone
    }
}

/// Calls an agent offline if nothing was heard of it for a while. A server that stops says nothing:
/// it is not the agent that has gone.
async fn leave(app: App, agent: Arc<str>, source: Arc<str>, gone_at: Timestamp) {
    tokio::select! {
        () = tokio::time::sleep(app.patience.grace) => {}
        () = app.shutdown.cancelled() => return,
    }
    if !app.presence.forget(&agent) {
        return;
    }
    let shown = app.hub.published();
    let known = shown.state.work.agents.get(&agent);
    if !known.is_some_and(|agent| agent.is_online() && agent.heard_at <= gone_at) {
        return;
    }
    say(&app, &source, WorkEvent::AgentOffline(AgentSeen::named(agent))).await;
}

/// Appends what an agent's socket says of it. A journal that takes nothing is no reason to end the
/// conversation.
pub(super) async fn say(app: &App, source: &Arc<str>, event: WorkEvent) {
    let id = uuid::Uuid::now_v7().to_string().into();
    let draft = Draft::new(None, source.clone(), id, false, None, Event::Work(event));
    if let Err(error) = app.ingest.keep(vec![draft]).await {
        tracing::warn!(%error, "an agent has come or gone, but that is not kept");
    }
}
