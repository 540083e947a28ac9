//! The HTTP side: what is open, to whom, and how it is answered.

pub mod access;
pub mod agent_socket;
pub mod alerts;
pub mod answers;
pub mod assets;
pub mod badges;
pub mod body;
pub mod channel_socket;
pub mod config;
pub mod dashboard_socket;
pub mod docs;
pub mod edge;
pub mod export;
pub mod guard;
pub mod health;
pub mod hooks;
pub mod limits;
pub mod listen;
pub mod live;
pub mod markup;
pub mod metrics;
pub mod needs;
pub mod openapi;
pub mod page;
pub mod pages;
pub mod params;
pub mod peer;
pub mod pings;
pub mod position;
pub mod present;
pub mod problem;
pub mod read;
pub mod router;
pub mod server_fns;
pub mod settings;
pub mod socket;
pub mod tables;
pub mod tail;
pub mod trading;
pub mod work;

use crate::domain::access::Permissions;
use crate::notify::Notify;
use crate::pipeline::clock::Clock;
use crate::pipeline::history::History;
use crate::pipeline::hub::Hub;
use crate::pipeline::ingest::IngestState;
use crate::pipeline::journal::JournalStatus;
use crate::pipeline::local::Gauges;
use crate::pipeline::publish::Doc;
use crate::wire::ApiError;
use crate::wire::{ErrorKind, Unread};
use axum::extract::FromRef;
use serde::Serialize;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What every request may use. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// What is shown, and the frames that lead to it.
    pub hub: Arc<Hub>,
    /// Lists and ranges of the past.
    pub history: History,
    /// The way in for events.
    pub ingest: IngestState,
    /// Figures of the process itself.
    pub gauges: Arc<Gauges>,
    /// How the journal is.
    pub journal: Arc<JournalStatus>,
    /// The time.
    pub clock: Clock,
    /// Heartbeats of sockets.
    pub pace: socket::Pace,
    /// How patient the sockets of agents and dashboards are.
    pub patience: socket::Patience,
    /// Agents whose sockets are open.
    pub presence: Arc<agent_socket::Presence>,
    /// When commands were last handed out.
    pub offers: Arc<work::Offers>,
    /// Answers that are kept.
    pub answers: answers::Answers,
    /// Tests of alert rules on the past.
    pub back_tests: Arc<alerts::back_test::BackTests>,
    /// Those who read the journal.
    pub tails: Arc<tail::Tails>,
    /// Who may do what, besides what the journal says.
    pub access: Arc<access::Access>,
    /// How much one address or user may ask for.
    pub limits: Arc<limits::Limits>,
    /// Other origins whose pages may use this server.
    pub origins: edge::Origins,
    /// What channels are sent through.
    pub notify: Arc<Notify>,
    /// What hooks are signed with.
    pub hooks: Arc<hooks::Hooks>,
    /// Whether badges are for those alone who may see projects.
    pub private_badges: bool,
    /// What connections may cost.
    pub edge: listen::Edge,
    /// Every open socket.
    pub sockets: TaskTracker,
    /// Ends every socket and stream.
    pub shutdown: CancellationToken,
}

impl App {
    /// Where others find this board: where it was said to be, or else where `peer` found it. Empty if
    /// neither is known.
    pub fn base(&self, peer: Option<&peer::Peer>) -> String {
        let given = self.notify.public_url.as_deref().map(str::to_owned);
        given.or_else(|| peer.and_then(peer::Peer::origin)).unwrap_or_default()
    }
}

impl FromRef<App> for IngestState {
    fn from_ref(app: &App) -> Self {
        app.ingest.clone()
    }
}

/// The application, from within a server function whose caller may do all of `needed`.
///
/// # Errors
/// 401 or 403, as [`Caller::may`](access::Caller::may); 500 outside a request.
pub fn allowed(needed: impl Into<Permissions>) -> Result<App, ApiError> {
    caller(needed).map(|(app, _)| app)
}

/// As [`allowed`], with who that is.
///
/// # Errors
/// As [`allowed`].
pub fn caller(needed: impl Into<Permissions>) -> Result<(App, access::Caller), ApiError> {
    access::allowed(needed)
}

/// What is shown of `doc`, as it is encoded already.
///
/// # Errors
/// 500; never, since it is JSON.
pub fn shown<T: Serialize>(doc: &Doc<T>) -> Result<Unread<T>, ApiError> {
    let json = String::from_utf8(doc.json().to_vec());
    json.map(Unread::from_json)
        .map_err(|_| ApiError::new(ErrorKind::Internal, "the answer is no text"))
}
