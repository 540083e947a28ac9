//! What happens to users, roles, tokens and sessions, and who did what. Only the server itself
//! appends these. No secret is in any of them: passwords are argon2id hashes (PHC strings), tokens
//! and session cookies BLAKE3 hashes of 256 random bits.

use super::{Outcome, Permissions, SessionKind};
use crate::domain::vocabulary::events;
use crate::domain::{DataError, Validate, check};
use crate::wire::{Seq, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

events! {
    /// An event of access.
    Event {
        "user.created" => UserCreated(UserCreated),
        "user.changed" => UserChanged(UserChanged),
        "user.removed" => UserRemoved(UserNamed),
        "role.defined" => RoleDefined(RoleDefined),
        "role.removed" => RoleRemoved(RoleNamed),
        "token.created" => TokenCreated(TokenCreated),
        "token.revoked" => TokenRevoked(TokenNamed),
        "token.used" => TokenUsed(TokenUsed),
        "session.opened" => SessionOpened(SessionOpened),
        "session.renewed" => SessionRenewed(SessionRenewed),
        "session.ended" => SessionEnded(SessionNamed),
        "audit.recorded" => Audited(Audited),
    }
}

/// The hash of a secret. What prints it prints nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash(pub Arc<str>);

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(…)")
    }
}

/// Somebody may sign in from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserCreated {
    /// The name to sign in with.
    pub user: Arc<str>,
    /// The role.
    pub role: Arc<str>,
    /// The password's PHC string; none for those who sign in elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Hash>,
    /// Address for mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Arc<str>>,
    /// The name people go by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<Arc<str>>,
    /// Who vouches for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
}

/// Where a user signs in who has no password here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// The OpenID issuer.
    pub issuer: Arc<str>,
    /// Whom it calls so (`sub`).
    pub subject: Arc<str>,
}

/// A user was changed; what is left out stays.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct UserChanged {
    /// Whom.
    pub user: Arc<str>,
    /// The new role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Arc<str>>,
    /// The new password's PHC string. Every session ends, but for `keep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Hash>,
    /// Whether they are kept out. Every session ends if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// The new address for mail; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Arc<str>>,
    /// The new name people go by; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<Arc<str>>,
    /// The session that set the password, which goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<Arc<str>>,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserNamed {
    /// The name.
    pub user: Arc<str>,
}

/// A role means these permissions from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleDefined {
    /// Its name.
    pub role: Arc<str>,
    /// Whom it is for.
    #[serde(default)]
    pub description: Arc<str>,
    /// What it allows.
    pub permissions: Permissions,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleNamed {
    /// Its name.
    pub role: Arc<str>,
}

/// A token may be used from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenCreated {
    /// Its id.
    pub token: Arc<str>,
    /// What it is called.
    pub name: Arc<str>,
    /// BLAKE3 of its secret, in hexadecimal.
    pub hash: Hash,
    /// What it allows.
    pub grant: Grant,
    /// Until when; for good if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Who made it.
    pub created_by: Arc<str>,
}

/// What a token allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// What this role allows, whatever that is when it is used.
    Role(Arc<str>),
    /// These.
    Permissions(Permissions),
}

/// A token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenNamed {
    /// Its id.
    pub token: Arc<str>,
}

/// A token was used; told once in a while, not every time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenUsed {
    /// Its id.
    pub token: Arc<str>,
    /// From where.
    pub address: Arc<str>,
}

/// Somebody has signed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionOpened {
    /// Its id.
    pub session: Arc<str>,
    /// Who.
    pub user: Arc<str>,
    /// What it is for.
    pub kind: SessionKind,
    /// BLAKE3 of the cookie's secret, in hexadecimal; none for programs, whose tokens are signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Hash>,
    /// Until when it lasts unless it is renewed.
    pub expires_at: Timestamp,
    /// From where.
    pub address: Arc<str>,
    /// With what.
    pub agent: Arc<str>,
    /// Where the user's role, password or standing had last changed when they showed who they are.
    /// If that is not so any more, no session is opened.
    pub changed: Seq,
}

/// The refresh token of a session was exchanged for the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionRenewed {
    /// Its id.
    pub session: Arc<str>,
    /// How often that has been done; only the refresh token that says so is good.
    pub generation: u32,
    /// Until when it lasts now.
    pub expires_at: Timestamp,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionNamed {
    /// Its id.
    pub session: Arc<str>,
}

/// Who did what, or tried to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Audited {
    /// Who.
    pub actor: Arc<str>,
    /// How they were let in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Arc<str>>,
    /// From which address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Arc<str>>,
    /// What, as `thing.verb`.
    pub action: Arc<str>,
    /// Whom or what it was done to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Arc<str>>,
    /// How it went.
    pub outcome: Outcome,
    /// What else is to be known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Arc<str>>,
}

impl Validate for UserCreated {
    fn validate(&self) -> Result<(), DataError> {
        check::name("user", &self.user)
    }
}
impl Validate for UserChanged {}
impl Validate for UserNamed {}
impl Validate for RoleDefined {
    fn validate(&self) -> Result<(), DataError> {
        check::name("role", &self.role)
    }
}
impl Validate for RoleNamed {}
impl Validate for TokenCreated {}
impl Validate for TokenNamed {}
impl Validate for TokenUsed {}
impl Validate for SessionOpened {}
impl Validate for SessionRenewed {}
impl Validate for SessionNamed {}
impl Validate for Audited {}
