//! What is told of users, roles, tokens, sessions and the audit log.

use super::Permissions;
use crate::wire::{Seq, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use utoipa::ToSchema;

/// How a request is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// There are no users yet, and the request comes from this machine.
    Open,
    /// Nobody signed in, and what anybody may see was chosen at the start.
    Anonymous,
    /// A browser's session.
    Session,
    /// A short-lived access token of a session.
    AccessToken,
    /// An API token.
    ApiToken,
    /// The command line, by the data directory.
    CommandLine,
}

impl Via {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Anonymous => "anonymous",
            Self::Session => "session",
            Self::AccessToken => "access_token",
            Self::ApiToken => "api_token",
            Self::CommandLine => "command_line",
        }
    }
}

/// Who makes a request, and what they may do: `GET /api/v1/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The user's or token's name; `anonymous` for nobody.
    pub username: Arc<str>,
    /// Address for mail, if it was given.
    pub email: Option<Arc<str>>,
    /// The name people go by, if it was given.
    pub full_name: Option<Arc<str>>,
    /// The role; none for a token with permissions of its own.
    pub role: Option<Arc<str>>,
    /// What is allowed.
    pub permissions: Permissions,
    /// How the request is let in.
    pub via: Via,
    /// Whether anybody on this machine is let in, for there is no user yet.
    pub open: bool,
}

/// One user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserItem {
    /// The name to sign in with.
    pub username: Arc<str>,
    /// Address for mail.
    pub email: Option<Arc<str>>,
    /// The name people go by.
    pub full_name: Option<Arc<str>>,
    /// The role.
    pub role: Arc<str>,
    /// What the role allows now.
    pub permissions: Permissions,
    /// Whether they are kept out.
    pub disabled: bool,
    /// Who vouches for them, if they sign in elsewhere (an OpenID issuer).
    pub provider: Option<Arc<str>>,
    /// Since when they are known.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub last_login_at: Option<Timestamp>,
    /// Sessions that are open.
    pub sessions: u32,
}

/// Users by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsersPage {
    /// As of when.
    pub as_of: Timestamp,
    /// The users.
    pub items: Vec<UserItem>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// One role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoleItem {
    /// Its name.
    pub name: Arc<str>,
    /// Whom it is for.
    pub description: Arc<str>,
    /// What it allows.
    pub permissions: Permissions,
    /// Whether it is there from the start, and cannot be changed.
    pub built_in: bool,
    /// Users that have it.
    pub users: u32,
    /// Tokens that have it.
    pub tokens: u32,
}

/// Roles, built-in ones first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RolesPage {
    /// As of when.
    pub as_of: Timestamp,
    /// The roles.
    pub items: Vec<RoleItem>,
    /// Where the next page begins, if there is another.
    pub next: Option<String>,
}

/// One API token; never its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenItem {
    /// What it is revoked by.
    pub id: Arc<str>,
    /// What it is called; the `source` of its events where they name none.
    pub name: Arc<str>,
    /// Its role; none if it has permissions of its own.
    pub role: Option<Arc<str>>,
    /// What it allows now.
    pub permissions: Permissions,
    /// Until when; for good if none.
    pub expires_at: Option<Timestamp>,
    /// Whether that is over.
    pub expired: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: Arc<str>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// From where.
    pub last_used_from: Option<Arc<str>>,
}

/// Tokens, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokensPage {
    /// As of when.
    pub as_of: Timestamp,
    /// The tokens.
    pub items: Vec<TokenItem>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// A token that was just made, with its secret, which is never told again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewToken {
    /// The secret: `bw_` and what follows.
    pub token: Secret,
    /// The rest.
    #[serde(flatten)]
    pub item: TokenItem,
}

/// Text that is a secret. What prints it prints nothing of it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    /// A browser, by its cookie.
    Browser,
    /// A program, by access and refresh tokens.
    Api,
}

/// One session of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionItem {
    /// What it is ended by.
    pub id: Arc<str>,
    /// What it is for.
    pub kind: SessionKind,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When its tokens were last renewed, or it was opened.
    pub renewed_at: Timestamp,
    /// Until when it lasts.
    pub expires_at: Timestamp,
    /// From where they signed in.
    pub address: Arc<str>,
    /// With what (`User-Agent`).
    pub agent: Arc<str>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Sessions of the user who asks, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionsPage {
    /// As of when.
    pub as_of: Timestamp,
    /// The sessions.
    pub items: Vec<SessionItem>,
    /// Where the next page begins, if there is another.
    pub next: Option<String>,
}

/// How something that was tried went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AuditOutcome)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was not allowed, or the credentials were wrong.
    Denied,
}

impl Outcome {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Denied => "denied",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Done, Self::Denied].into_iter().find(|one| one.name() == name)
    }
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditItem {
    /// Its position in the journal.
    #[schema(value_type = u64)]
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// Who: a user's or token's name, `anonymous`, `startup` or `command line`.
    pub actor: Arc<str>,
    /// How they were let in.
    pub via: Option<Arc<str>>,
    /// From which address.
    pub address: Option<Arc<str>>,
    /// What, as `thing.verb` (`user.create`, `task.retry`, `session.open`).
    pub action: Arc<str>,
    /// Whom or what it was done to.
    pub target: Option<Arc<str>>,
    /// How it went.
    pub outcome: Outcome,
    /// What else is to be known.
    pub detail: Option<Arc<str>>,
}

/// The audit log, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    /// As of when.
    pub as_of: Timestamp,
    /// Its lines.
    pub items: Vec<AuditItem>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// Which lines of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Who.
    pub actor: Option<Arc<str>>,
    /// What; `user` means everything about users.
    pub action: Option<Arc<str>>,
    /// Whom or what it was done to.
    pub target: Option<Arc<str>>,
    /// From where.
    pub address: Option<Arc<str>>,
    /// How it went.
    pub outcome: Option<Outcome>,
    /// From then on.
    pub from: Option<Timestamp>,
    /// Until before then.
    pub to: Option<Timestamp>,
}

/// A user to be made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NewUser {
    /// The name to sign in with.
    pub username: String,
    /// The password.
    pub password: Secret,
    /// The role.
    pub role: String,
    /// Address for mail.
    #[serde(default)]
    pub email: Option<String>,
    /// The name people go by.
    #[serde(default)]
    pub full_name: Option<String>,
}

/// What is to be changed of a user; what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UserPatch {
    /// The new role.
    pub role: Option<String>,
    /// The new password.
    pub password: Option<Secret>,
    /// Whether they are kept out.
    pub disabled: Option<bool>,
    /// The new address for mail; empty for none.
    pub email: Option<String>,
    /// The new name people go by; empty for none.
    pub full_name: Option<String>,
}

/// What a role is to mean.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RoleSpec {
    /// Whom it is for.
    #[serde(default)]
    pub description: String,
    /// What it allows.
    pub permissions: Permissions,
}

/// A token to be made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenSpec {
    /// What it is called.
    pub name: String,
    /// Its role; or
    #[serde(default)]
    pub role: Option<String>,
    /// permissions of its own.
    #[serde(default)]
    pub permissions: Option<Permissions>,
    /// Until when it is good; for good if none.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// A change of one's own password.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PasswordChange {
    /// The one that is good until then.
    pub current: Secret,
    /// The one that is good from then on.
    pub password: Secret,
}
