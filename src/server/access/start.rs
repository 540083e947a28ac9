//! Who there is when the server starts: the first admin, and whether it may listen at all.

use super::caller::Caller;
use super::oidc::Oidc;
use super::{VIEWS, users};
use crate::domain::access::NewUser;
use crate::server::App;
use crate::server::config::Settings;
use std::fmt;

/// The first admin, where nobody types a name.
const ADMIN: &str = "admin";

/// The server does not start like this; why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// Makes the first admin if a password for one was given, and looks whether somebody could be kept
/// out.
///
/// # Errors
/// Nobody could be; or what was given cannot be.
pub async fn prepare(app: &App, settings: &Settings) -> Result<(), Refused> {
    let empty = |app: &App| app.hub.published().state.access.is_empty();
    if let Some(password) = settings.admin_password.clone().filter(|_| empty(app)) {
        let caller = Caller { name: "startup".into(), ..Caller::command_line() };
        let new = NewUser {
            username: ADMIN.to_owned(),
            password,
            role: "admin".to_owned(),
            email: None,
            full_name: None,
        };
        let made = users::create(app, &caller, new).await;
        made.map_err(|error| Refused(format!("BELLWETHER_ADMIN_PASSWORD: {}", error.detail)))?;
    }
    if let Some(role) = &app.access.policy.anonymous {
        let shown = app.hub.published();
        let Some(granted) = shown.state.access.role(role) else {
            return Err(Refused(format!("--anonymous {role}: there is no such role")));
        };
        let more = granted.without(VIEWS);
        if !more.is_empty() {
            return Err(Refused(format!(
                "--anonymous {role}: the role lets anybody do more than look ({}); take viewer, or \
                 a role of your own",
                more.names()
            )));
        }
    }
    for rule in app.access.oidc.iter().flat_map(Oidc::rules) {
        if app.hub.published().state.access.role(&rule.role).is_none() {
            let (group, role) = (&rule.group, &rule.role);
            return Err(Refused(format!("--oidc-role {group}={role}: there is no role {role}")));
        }
    }
    if app.access.policy.loopback || app.access.policy.provider || !empty(app) {
        return Ok(());
    }
    let (listen, dir) = (settings.listen, settings.data_dir.display());
    Err(Refused(format!(
        "refusing to listen on {listen}: there are no users yet, so anyone who reaches the port \
         would be let in. Make an admin first:\n  \
         bellwether user add NAME --role admin --password-stdin --data-dir {dir}\n\
         or start with BELLWETHER_ADMIN_PASSWORD set, or listen on 127.0.0.1 and make one there"
    )))
}
