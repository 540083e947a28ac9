//! Access: who makes a request, what they may do, and how that changes.

pub mod account;
pub mod caller;
mod keys;
mod login;
pub mod oidc;
pub mod own;
mod params;
mod password;
pub mod roles;
pub mod secret;
pub mod session;
pub mod start;
mod throttle;
mod tickets;
pub mod tokens;
mod turns;
pub mod users;
mod uses;

pub mod audit;
pub mod routes;

pub use caller::{Caller, Credential, allowed, known};
pub use own::{Act, record};
pub use params::AuditParams;
pub use start::Refused;
pub use throttle::Measures;

use crate::domain::access::state::State;
use crate::domain::access::{Permission, Permissions, Via};
use crate::pipeline::publish::Published;
use crate::server::App;
use crate::wire::{ApiError, Timestamp};
use keys::Keys;
use oidc::Oidc;
use own::Denials;
use password::Passwords;
use std::path::Path;
use std::sync::Arc;
use throttle::Throttle;
use tickets::Tickets;
use turns::Turns;
use uses::Uses;

/// What was chosen at the start.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Whether only this machine can reach the port.
    pub loopback: bool,
    /// The role of whoever shows no credentials.
    pub anonymous: Option<Arc<str>>,
    /// Whether one can sign in elsewhere (OpenID Connect).
    pub provider: bool,
    /// What that is called.
    pub provider_name: Option<Arc<str>>,
    /// How.
    pub oidc: Option<oidc::Settings>,
    /// How often one may try to sign in.
    pub measures: Measures,
    /// How long a ticket is good; 30 seconds if it is not said.
    pub ticket: Option<std::time::Duration>,
}

/// What deciding about access takes besides the state.
pub struct Access {
    /// Keys that tokens are signed with.
    pub keys: Keys,
    /// The hashing of passwords.
    pub passwords: Passwords,
    /// Failed attempts to sign in.
    pub throttle: Throttle,
    /// Tickets for sockets.
    pub tickets: Tickets,
    /// When tokens were last used.
    pub uses: Uses,
    /// One change at a time.
    pub turns: Turns,
    /// Where else one can sign in.
    pub oidc: Option<Oidc>,
    /// What was chosen at the start.
    pub policy: Policy,
    denials: Denials,
}

/// What anybody may be let do without credentials, if that is chosen.
const VIEWS: Permissions = Permissions::of(&[
    Permission::ViewProjects,
    Permission::ViewMetrics,
    Permission::ViewAlerts,
    Permission::ViewAgents,
    Permission::ViewPortfolio,
    Permission::ViewTrades,
    Permission::ViewSystem,
]);

impl Access {
    /// Opens the keys of a data directory.
    ///
    /// # Errors
    /// They cannot be used; why.
    pub fn open(dir: &Path, policy: Policy, now: Timestamp) -> Result<Self, String> {
        Ok(Self {
            keys: Keys::open(dir, now)?,
            passwords: Passwords::new().map_err(|error| error.detail)?,
            throttle: Throttle::new(policy.measures),
            tickets: Tickets::new(policy.ticket.unwrap_or(tickets::GOOD_FOR)),
            uses: Uses::default(),
            turns: Turns::default(),
            denials: Denials::default(),
            oidc: policy.oidc.clone().map(Oidc::new),
            policy,
        })
    }

    /// Takes from the sessions that are open where users sign in from.
    pub fn remember(&self, shown: &Published) {
        for session in shown.state.access.sessions.values() {
            self.throttle.remember(&session.user, &session.address);
        }
    }

    /// Whether anybody on this machine is let in.
    pub fn is_open(&self, state: &State) -> bool {
        state.is_empty() && self.policy.loopback && !self.policy.provider
    }

    /// Who somebody without credentials is.
    pub fn without_credentials(&self, state: &State, address: Option<Arc<str>>) -> Caller {
        let nobody = Caller::nobody(address);
        if self.is_open(state) {
            let role = Some("admin".into());
            return Caller { permissions: Permissions::ALL, via: Via::Open, role, ..nobody };
        }
        let Some(role) = &self.policy.anonymous else { return nobody };
        let granted = state.role(role).unwrap_or_default();
        let permissions = granted.without(Permissions::ALL.without(VIEWS));
        Caller { role: Some(role.clone()), permissions, ..nobody }
    }
}

/// Makes a new key, which signs from now on; returns its `kid`.
///
/// # Errors
/// 503 if it cannot be kept.
pub async fn rotate(app: &App, caller: &Caller, retire: bool) -> Result<String, ApiError> {
    let _turn = app.access.turns.of("keys").await;
    let kid = app.access.keys.rotate(app.clock.now(), retire).map_err(|error| {
        tracing::error!(error, "no new key can be kept");
        ApiError::unavailable("the new key cannot be kept", 10)
    })?;
    let act = Act::by(caller, "key.rotate").on(kid.clone());
    let act = if retire { act.because("those before it are retired") } else { act };
    own::record(app, act, Vec::new()).await?;
    Ok(kid)
}
