//! Users, roles, tokens and sessions as the journal leaves them.

use super::{
    BuiltIn, Event, Grant, Hash, Permissions, Provider, SessionKind, SessionOpened, TokenCreated,
    UserChanged, UserCreated,
};
use crate::wire::{Seq, Stamp, Timestamp};
use imbl::{OrdMap, OrdSet, Vector};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Sessions a user may have; the oldest makes room for one more.
pub const MAX_SESSIONS: usize = 50;

/// Everyone who may be let in.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// Users, by name.
    pub users: OrdMap<Arc<str>, Arc<User>>,
    /// Roles that were defined, by name.
    pub roles: OrdMap<Arc<str>, Arc<Role>>,
    /// API tokens, by id.
    pub tokens: OrdMap<Arc<str>, Arc<Token>>,
    /// Sessions, by id.
    pub sessions: OrdMap<Arc<str>, Arc<Session>>,
    /// When each session is over, soonest first.
    pub ending: OrdSet<(Timestamp, Arc<str>)>,
    /// Where anything last changed that decides who may do what.
    pub changed: Seq,
}

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The name.
    pub name: Arc<str>,
    /// The role.
    pub role: Arc<str>,
    /// The password's PHC string.
    pub password: Option<Hash>,
    /// Address for mail.
    pub email: Option<Arc<str>>,
    /// The name people go by.
    pub full_name: Option<Arc<str>>,
    /// Who vouches for them.
    pub provider: Option<Provider>,
    /// Whether they are kept out.
    pub disabled: bool,
    /// Since when they are known.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub last_login_at: Option<Timestamp>,
    /// Their sessions, oldest first.
    pub sessions: Vector<Arc<str>>,
    /// Where their role, password or standing last changed.
    pub changed: Seq,
}

/// A named set of permissions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// Whom it is for.
    pub description: Arc<str>,
    /// What it allows.
    pub permissions: Permissions,
}

/// An API token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// Its id.
    pub id: Arc<str>,
    /// What it is called.
    pub name: Arc<str>,
    /// BLAKE3 of its secret.
    pub hash: Hash,
    /// What it allows.
    pub grant: Grant,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: Arc<str>,
    /// When it was last used, and from where, as far as it was noted.
    pub used: Option<(Timestamp, Arc<str>)>,
}

/// A user that has signed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: Arc<str>,
    /// Who.
    pub user: Arc<str>,
    /// What it is for.
    pub kind: SessionKind,
    /// BLAKE3 of the cookie's secret.
    pub hash: Option<Hash>,
    /// Which refresh token is good.
    pub generation: u32,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last renewed.
    pub renewed_at: Timestamp,
    /// Until when it lasts.
    pub expires_at: Timestamp,
    /// From where.
    pub address: Arc<str>,
    /// With what.
    pub agent: Arc<str>,
}

impl State {
    /// Whether there is no user yet.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// What a role allows; none if there is no such role.
    pub fn role(&self, name: &str) -> Option<Permissions> {
        let built_in = BuiltIn::named(name).map(|role| role.permissions);
        built_in.or_else(|| self.roles.get(name).map(|role| role.permissions))
    }

    /// What a grant allows now.
    pub fn granted(&self, grant: &Grant) -> Permissions {
        match grant {
            Grant::Role(role) => self.role(role).unwrap_or_default(),
            Grant::Permissions(permissions) => *permissions,
        }
    }

    /// A user who is not kept out, and what they may do.
    pub fn active(&self, name: &str) -> Option<(&Arc<User>, Permissions)> {
        let user = self.users.get(name).filter(|user| !user.disabled)?;
        Some((user, self.role(&user.role).unwrap_or_default()))
    }

    /// A session that lasts at `now`, if its user is not kept out.
    pub fn session(&self, id: &str, now: Timestamp) -> Option<&Arc<Session>> {
        let session = self.sessions.get(id).filter(|session| session.expires_at > now)?;
        self.active(&session.user).map(|_| session)
    }

    /// A token that is good at `now`.
    pub fn token(&self, id: &str, now: Timestamp) -> Option<&Arc<Token>> {
        self.tokens.get(id).filter(|token| !token.is_over(now))
    }

    /// The user whom a provider vouches for.
    pub fn vouched(&self, provider: &Provider) -> Option<&Arc<User>> {
        self.users.values().find(|user| user.provider.as_ref() == Some(provider))
    }

    /// Whether anybody but `user` may do everything.
    pub fn has_admin_without(&self, user: &str) -> bool {
        let others = self.users.values().filter(|other| *other.name != *user && !other.disabled);
        let mut roles = others.map(|other| self.role(&other.role).unwrap_or_default());
        roles.any(|permissions| permissions.covers(Permissions::ALL))
    }

    /// Takes in an event.
    pub fn fold(&mut self, stamp: &Stamp, event: &Event) {
        match event {
            Event::UserCreated(created) => self.create(stamp, created),
            Event::UserChanged(changed) => self.change(stamp, changed),
            Event::UserRemoved(removed) => {
                if let Some(user) = self.users.remove(&removed.user) {
                    user.sessions.iter().for_each(|session| self.end(session));
                }
            }
            Event::RoleDefined(defined) => {
                let (description, permissions) = (defined.description.clone(), defined.permissions);
                self.roles
                    .insert(defined.role.clone(), Arc::new(Role { description, permissions }));
            }
            Event::RoleRemoved(removed) => {
                self.roles.remove(&removed.role);
            }
            Event::TokenCreated(created) => {
                self.tokens.insert(created.token.clone(), Arc::new(Token::new(stamp, created)));
            }
            Event::TokenRevoked(revoked) => {
                self.tokens.remove(&revoked.token);
            }
            Event::TokenUsed(used) => {
                if let Some(token) = self.tokens.get_mut(&used.token) {
                    Arc::make_mut(token).used = Some((stamp.time, used.address.clone()));
                }
            }
            Event::SessionOpened(opened) => self.open(stamp, opened),
            Event::SessionRenewed(renewed) => {
                if let Some(session) = self.sessions.get_mut(&renewed.session) {
                    let session = Arc::make_mut(session);
                    self.ending.remove(&(session.expires_at, session.id.clone()));
                    self.ending.insert((renewed.expires_at, session.id.clone()));
                    session.generation = renewed.generation;
                    session.renewed_at = stamp.time;
                    session.expires_at = renewed.expires_at;
                }
            }
            Event::SessionEnded(ended) => self.close(&ended.session),
            Event::Audited(_) => {}
        }
        let decides =
            !matches!(event, Event::TokenUsed(_) | Event::SessionRenewed(_) | Event::Audited(_));
        if decides {
            self.changed = stamp.seq;
        }
    }

    /// Forgets the sessions that are over at `now`.
    pub fn advance(&mut self, now: Timestamp) {
        while let Some((_, id)) = self.ending.get_min().filter(|(at, _)| *at <= now).cloned() {
            self.close(&id);
        }
    }

    fn create(&mut self, stamp: &Stamp, created: &UserCreated) {
        let user = User {
            name: created.user.clone(),
            role: created.role.clone(),
            password: created.password.clone(),
            email: created.email.clone(),
            full_name: created.full_name.clone(),
            provider: created.provider.clone(),
            disabled: false,
            created_at: stamp.time,
            last_login_at: None,
            sessions: Vector::new(),
            changed: stamp.seq,
        };
        self.users.entry(created.user.clone()).or_insert_with(|| Arc::new(user));
    }

    fn change(&mut self, stamp: &Stamp, changed: &UserChanged) {
        let Some(user) = self.users.get_mut(&changed.user) else { return };
        let user = Arc::make_mut(user);
        let some = |text: &Arc<str>| Some(text.clone()).filter(|text| !text.is_empty());
        if let Some(email) = &changed.email {
            user.email = some(email);
        }
        if let Some(name) = &changed.full_name {
            user.full_name = some(name);
        }
        if let Some(role) = &changed.role {
            user.role = role.clone();
        }
        if let Some(password) = &changed.password {
            user.password = Some(password.clone());
        }
        if let Some(disabled) = changed.disabled {
            user.disabled = disabled;
        }
        if changed.role.is_some() || changed.password.is_some() || changed.disabled.is_some() {
            user.changed = stamp.seq;
        }
        if changed.password.is_some() || changed.disabled == Some(true) {
            let keep = changed.keep.as_ref();
            let (kept, ended): (Vector<_>, Vector<_>) =
                std::mem::take(&mut user.sessions).into_iter().partition(|id| Some(id) == keep);
            user.sessions = kept;
            ended.iter().for_each(|session| self.end(session));
        }
    }

    fn open(&mut self, stamp: &Stamp, opened: &SessionOpened) {
        let Some(user) = self.users.get_mut(&opened.user) else { return };
        let user = Arc::make_mut(user);
        if user.disabled || user.changed != opened.changed {
            return;
        }
        user.last_login_at = Some(stamp.time);
        user.sessions.push_back(opened.session.clone());
        let oldest = (user.sessions.len() > MAX_SESSIONS).then(|| user.sessions.pop_front());
        let session = Session {
            id: opened.session.clone(),
            user: opened.user.clone(),
            kind: opened.kind,
            hash: opened.hash.clone(),
            generation: 0,
            created_at: stamp.time,
            renewed_at: stamp.time,
            expires_at: opened.expires_at,
            address: opened.address.clone(),
            agent: opened.agent.clone(),
        };
        self.ending.insert((session.expires_at, session.id.clone()));
        self.sessions.insert(session.id.clone(), Arc::new(session));
        if let Some(oldest) = oldest.flatten() {
            self.end(&oldest);
        }
    }

    /// Ends a session and takes it from its user.
    fn close(&mut self, id: &Arc<str>) {
        let user = self.sessions.get(id).map(|session| session.user.clone());
        if let Some(user) = user.and_then(|name| self.users.get_mut(&name)) {
            Arc::make_mut(user).sessions.retain(|one| one != id);
        }
        self.end(id);
    }

    fn end(&mut self, id: &Arc<str>) {
        if let Some(session) = self.sessions.remove(id) {
            self.ending.remove(&(session.expires_at, id.clone()));
        }
    }
}

impl Token {
    fn new(stamp: &Stamp, created: &TokenCreated) -> Self {
        Self {
            id: created.token.clone(),
            name: created.name.clone(),
            hash: created.hash.clone(),
            grant: created.grant.clone(),
            expires_at: created.expires_at,
            created_at: stamp.time,
            created_by: created.created_by.clone(),
            used: None,
        }
    }

    /// Whether it was good only until before `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

#[cfg(test)]
mod tests;
