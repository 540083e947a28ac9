//! Signing in with OpenID Connect: the authorization code flow with PKCE (OpenID Connect Core 1.0,
//! section 3.1; RFC 7636; RFC 9700). The provider says who somebody is and which groups they are
//! in; what that lets them do here is up to the rules that were given at the start.

mod claims;
mod options;
mod pending;
mod provider;
mod routes;
mod token;

pub use claims::Rule;
pub use options::{Options, Pace, SECRET, Settings};
pub use routes::routes;

use pending::Pending;
use provider::Client;

/// A provider, and who is there to sign in.
pub struct Oidc {
    client: Client,
    pending: Pending,
}

impl Oidc {
    /// One that nobody was sent to yet.
    pub fn new(settings: Settings) -> Self {
        Self { client: Client::new(settings), pending: Pending::default() }
    }

    /// Whose role is which.
    pub fn rules(&self) -> &[Rule] {
        &self.client.settings.roles
    }
}
