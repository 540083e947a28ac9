//! Users: who may sign in.
//!
//! Nobody can give what they do not have: a role is given, and somebody who has it is changed, only
//! by those who may do all that it allows.

use super::caller::{Caller, NOBODY};
use super::own::{self, Act};
use super::turns::{ACCESS, turn};
use crate::domain::access::state::{State, User};
use crate::domain::access::{
    Event as AccessEvent, NewUser, Permissions, Provider, UserChanged, UserCreated, UserItem,
    UserNamed, UserPatch, UsersPage, Via,
};
use crate::domain::{Event, check};
use crate::pipeline::publish::Published;
use crate::server::App;
use crate::server::page::{Page, PageParams};
use crate::wire::{ApiError, ErrorKind};
use std::sync::Arc;

/// Who does what nobody in particular does.
const RESERVED: [&str; 4] = [NOBODY, "startup", "command line", "bellwether"];
/// Most users there may be.
const MAX: usize = 10_000;

/// Users by name.
///
/// # Errors
/// 422 at the parameter that cannot be.
pub fn list(shown: &Published, params: &PageParams) -> Result<UsersPage, ApiError> {
    let state = &shown.state.access;
    let all = state.users.values().collect();
    let Page { items, next } = params.of(all, |user: &&Arc<User>| user.name.clone())?;
    let items = items.into_iter().map(|user| item(state, user)).collect();
    Ok(UsersPage { as_of: shown.as_of, items, next })
}

/// One user.
///
/// # Errors
/// 404.
pub fn get(shown: &Published, name: &str) -> Result<UserItem, ApiError> {
    let state = &shown.state.access;
    known(state, name).map(|user| item(state, user))
}

fn known<'a>(state: &'a State, name: &str) -> Result<&'a Arc<User>, ApiError> {
    let unknown = || ApiError::not_found(format!("there is no user {name}"));
    state.users.get(name).ok_or_else(unknown)
}

fn item(state: &State, user: &User) -> UserItem {
    UserItem {
        username: user.name.clone(),
        email: user.email.clone(),
        full_name: user.full_name.clone(),
        role: user.role.clone(),
        permissions: state.role(&user.role).unwrap_or_default(),
        disabled: user.disabled,
        provider: user.provider.as_ref().map(|provider| provider.issuer.clone()),
        created_at: user.created_at,
        last_login_at: user.last_login_at,
        sessions: user.sessions.len() as u32,
    }
}

/// Makes a user. The first one made on an open board must be able to do everything, for it ends the
/// time in which anybody on this machine could.
///
/// # Errors
/// 422 at the member that cannot be, 409 if the name is taken, 403 for a role that allows more than
/// the caller may do.
pub async fn create(app: &App, caller: &Caller, new: NewUser) -> Result<UserItem, ApiError> {
    name("username", &new.username)?;
    profile(new.email.as_deref(), new.full_name.as_deref())?;
    let _turn = turn(app, caller).await?;
    let shown = app.hub.published();
    let state = &shown.state.access;
    let granted = grantable(state, caller, &new.role)?;
    if state.users.contains_key(new.username.as_str()) {
        return Err(conflict(format!("there is a user {} already", new.username)));
    }
    roomy(state)?;
    // Whoever has the data directory can make an admin whenever they want.
    let last_chance = state.is_empty() && caller.via != Via::CommandLine;
    if last_chance && !granted.covers(Permissions::ALL) {
        let detail = "the first user must be able to do everything: make them admin";
        return Err(ApiError::invalid("/role", detail));
    }
    let password = app.access.passwords.hash(&new.username, &new.password.0).await?;
    let text = |text: Option<String>| text.filter(|text| !text.is_empty()).map(Arc::from);
    let user: Arc<str> = new.username.into();
    let created = UserCreated {
        user: user.clone(),
        role: new.role.into(),
        password: Some(password),
        email: text(new.email),
        full_name: text(new.full_name),
        provider: None,
    };
    make(app, caller, created).await
}

/// Whether there may be one more.
fn roomy(state: &State) -> Result<(), ApiError> {
    if state.users.len() < MAX {
        return Ok(());
    }
    Err(conflict(format!("there are {MAX} users, which is as many as there may be")))
}

async fn make(app: &App, caller: &Caller, created: UserCreated) -> Result<UserItem, ApiError> {
    let (user, role) = (created.user.clone(), created.role.clone());
    let act = Act::by(caller, "user.create").on(user.clone()).because(format!("role {role}"));
    let event = Event::Access(AccessEvent::UserCreated(created));
    let shown = own::record(app, act, vec![event]).await?;
    get(&shown, &user)
}

/// The user whom a provider vouches for, made or brought up to date.
///
/// # Errors
/// 403 if they are kept out, their role is none, or their name belongs to somebody else; 422 if it
/// cannot be one; 409 if there are too many users.
pub async fn vouched(
    app: &App,
    from: &Caller,
    vouched: UserCreated,
    provider: &Provider,
) -> Result<Arc<User>, ApiError> {
    name("username", &vouched.user)?;
    // Whoever comes from the provider was let in by nothing yet that could have changed.
    let _turn = app.access.turns.of(ACCESS).await;
    let shown = app.hub.published();
    let state = &shown.state.access;
    let find = |shown: &Published| {
        let user = shown.state.access.vouched(provider).cloned();
        user.ok_or_else(|| ApiError::new(ErrorKind::Internal, "the user is not there"))
    };
    let refused = |detail: String| ApiError::new(ErrorKind::Forbidden, detail);
    if state.role(&vouched.role).is_none() {
        return Err(refused(format!("there is no role {} any more", vouched.role)));
    }
    let Some(user) = state.vouched(provider) else {
        if state.users.contains_key(&vouched.user) {
            return Err(refused(format!("the name {} belongs to another user here", vouched.user)));
        }
        roomy(state)?;
        make(app, from, vouched).await?;
        return find(&app.hub.published());
    };
    if user.disabled {
        return Err(refused(format!("the user {} is kept out", user.name)));
    }
    let differs = |new: &Option<Arc<str>>, old: &Option<Arc<str>>| new.is_some() && new != old;
    let changed = UserChanged {
        user: user.name.clone(),
        role: (vouched.role != user.role).then_some(vouched.role),
        email: Some(vouched.email).filter(|email| differs(email, &user.email)).flatten(),
        full_name: Some(vouched.full_name).filter(|name| differs(name, &user.full_name)).flatten(),
        ..UserChanged::default()
    };
    if changed == (UserChanged { user: user.name.clone(), ..UserChanged::default() }) {
        return Ok(user.clone());
    }
    let act = Act::by(from, "user.change").on(user.name.clone()).because("as the provider says");
    let event = Event::Access(AccessEvent::UserChanged(changed));
    find(&*own::record(app, act, vec![event]).await?)
}

/// Changes a user.
///
/// # Errors
/// 404, 422 at the member that cannot be, 403 if the user or the new role may do more than the
/// caller, 409 if nobody could manage users any more.
pub async fn change(
    app: &App,
    caller: &Caller,
    name: &str,
    patch: UserPatch,
) -> Result<UserItem, ApiError> {
    profile(patch.email.as_deref(), patch.full_name.as_deref())?;
    let _turn = turn(app, caller).await?;
    let shown = app.hub.published();
    let state = &shown.state.access;
    let user = touchable(state, caller, name)?;
    if let Some(role) = &patch.role {
        let granted = grantable(state, caller, role)?;
        if !granted.covers(Permissions::ALL) {
            stays_managed(state, name, "/role")?;
        }
    }
    if patch.disabled == Some(true) {
        stays_managed(state, name, "/disabled")?;
    }
    if patch.password.is_some() && user.provider.is_some() {
        let detail = "signs in elsewhere, and has no password here";
        return Err(ApiError::invalid("/password", detail));
    }
    let password = match &patch.password {
        Some(password) => Some(app.access.passwords.hash(name, &password.0).await?),
        None => None,
    };
    let changes = [
        patch.role.as_ref().map(|role| format!("role {role}")),
        password.as_ref().map(|_| "password".to_owned()),
        patch.disabled.map(|out| if out { "disabled" } else { "enabled" }.to_owned()),
        patch.email.as_ref().map(|_| "email".to_owned()),
        patch.full_name.as_ref().map(|_| "full name".to_owned()),
    ];
    let changes: Vec<String> = changes.into_iter().flatten().collect();
    if changes.is_empty() {
        return Ok(item(state, user));
    }
    let changed = UserChanged {
        user: user.name.clone(),
        role: patch.role.map(Arc::from),
        password,
        disabled: patch.disabled,
        email: patch.email.map(Arc::from),
        full_name: patch.full_name.map(Arc::from),
        keep: caller.session().cloned().filter(|_| caller.user() == Some(&user.name)),
    };
    let act = Act::by(caller, "user.change").on(user.name.clone()).because(changes.join(", "));
    let event = Event::Access(AccessEvent::UserChanged(changed));
    let shown = own::record(app, act, vec![event]).await?;
    get(&shown, name)
}

/// Removes a user, with every session.
///
/// # Errors
/// 404, 403 if the user may do more than the caller, 409 if nobody could manage users any more.
pub async fn remove(app: &App, caller: &Caller, name: &str) -> Result<(), ApiError> {
    let _turn = turn(app, caller).await?;
    let shown = app.hub.published();
    let state = &shown.state.access;
    let user = touchable(state, caller, name)?.name.clone();
    stays_managed(state, name, "")?;
    let act = Act::by(caller, "user.remove").on(user.clone());
    let event = Event::Access(AccessEvent::UserRemoved(UserNamed { user }));
    own::record(app, act, vec![event]).await.map(drop)
}

/// A user who may do no more than the caller.
fn touchable<'a>(state: &'a State, caller: &Caller, name: &str) -> Result<&'a Arc<User>, ApiError> {
    let user = known(state, name)?;
    covers(caller, state.role(&user.role).unwrap_or_default(), "is somebody who may do")?;
    Ok(user)
}

/// What a role allows, if the caller may do all of it.
///
/// # Errors
/// 422 at `/role` for one there is not, 403 for one that allows more.
pub fn grantable(state: &State, caller: &Caller, role: &str) -> Result<Permissions, ApiError> {
    let unknown = || ApiError::invalid("/role", format!("there is no role {role}"));
    let granted = state.role(role).ok_or_else(unknown)?;
    covers(caller, granted, "gives")?;
    Ok(granted)
}

/// Whether the caller may do all of `granted`.
///
/// # Errors
/// 403 naming what is missing.
pub fn covers(caller: &Caller, granted: Permissions, what: &str) -> Result<(), ApiError> {
    let missing = granted.without(caller.permissions);
    if missing.is_empty() {
        return Ok(());
    }
    let detail = format!("this {what} more than you may do yourself: {}", missing.names());
    Err(ApiError::new(ErrorKind::Forbidden, detail))
}

fn stays_managed(state: &State, without: &str, pointer: &str) -> Result<(), ApiError> {
    let admin = state.active(without).is_some_and(|(_, may)| may.covers(Permissions::ALL));
    if !admin || state.has_admin_without(without) {
        return Ok(());
    }
    let detail = format!("{without} is the last who may do everything");
    Err(conflict(detail.clone()).with_field(pointer, detail))
}

fn conflict(detail: String) -> ApiError {
    ApiError::new(ErrorKind::Conflict, detail)
}

/// A name that is safe wherever it is shown or typed.
///
/// # Errors
/// 422 at `/{field}`.
pub fn name(field: &str, value: &str) -> Result<(), ApiError> {
    check::name(field, value).map_err(|error| ApiError::invalid(error.pointer, error.detail))?;
    if value.contains(['/', '\\', '?', '#', '%']) || value == "." || value == ".." {
        return Err(ApiError::invalid(format!("/{field}"), "must not hold / \\ ? # or %"));
    }
    if RESERVED.iter().any(|name| value.eq_ignore_ascii_case(name)) {
        return Err(ApiError::invalid(format!("/{field}"), "is a name of the server's own"));
    }
    if value.len() > 100 {
        return Err(ApiError::invalid(format!("/{field}"), "must be at most 100 bytes long"));
    }
    Ok(())
}

fn profile(email: Option<&str>, full_name: Option<&str>) -> Result<(), ApiError> {
    let wrong = |error: crate::domain::DataError| ApiError::invalid(error.pointer, error.detail);
    check::some_text("email", email, 254).map_err(wrong)?;
    if email.is_some_and(|email| !email.is_empty() && !email.contains('@')) {
        return Err(ApiError::invalid("/email", "must be an address for mail"));
    }
    check::some_text("full_name", full_name, 200).map_err(wrong)
}
