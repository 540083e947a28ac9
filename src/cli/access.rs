//! `bellwether user`, `bellwether token` and `bellwether key`: access, from the command line.
//!
//! Whoever can read the data directory may do all of this. It works while the server runs, which is
//! asked over a socket in the data directory, and while it does not.

use super::{Outcome, directory};
use crate::domain::access::Permission;
use clap::Subcommand;
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Longest password that is read, in bytes.
const MAX_PASSWORD: u64 = 4 << 10;

/// Make and change users.
#[derive(Debug, clap::Args)]
pub struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Make a user; from the first one on, everybody must sign in
    Add {
        /// The name to sign in with
        name: String,
        /// The role: admin, operator, trader, viewer, producer, or one of your own
        #[arg(long)]
        role: String,
        /// Read the password from standard input (the only way; arguments are seen by others)
        #[arg(long, required = true)]
        password_stdin: bool,
        /// Address for mail
        #[arg(long)]
        email: Option<String>,
        /// The name people go by
        #[arg(long)]
        full_name: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Set a user's password, and end every session of theirs
    Password {
        /// The user
        name: String,
        /// Read the password from standard input
        #[arg(long, required = true)]
        password_stdin: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Remove a user
    Remove {
        /// The user
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// List users
    List {
        #[command(flatten)]
        place: Place,
    },
}

/// Make and revoke API tokens.
#[derive(Debug, clap::Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token, and print it alone on standard output; it is never shown again
    Add {
        /// What it is called; the source of its events where they name none
        name: String,
        /// The role, such as producer
        #[arg(long, required_unless_present = "permission", conflicts_with = "permission")]
        role: Option<String>,
        /// A permission, such as write_events; may be given several times
        #[arg(long, value_name = "PERMISSION")]
        permission: Vec<Permission>,
        /// Until when it is good (RFC 3339); for good if not given
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Make a token good no more
    Revoke {
        /// Its id, as `token list` shows it
        id: String,
        #[command(flatten)]
        place: Place,
    },
    /// List tokens
    List {
        #[command(flatten)]
        place: Place,
    },
}

/// Manage the keys that access tokens are signed with.
#[derive(Debug, clap::Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a new key, which signs from now on; those before it stay good for what they have signed
    Rotate {
        /// Have those before it good for nothing any more, as when one has leaked: programs sign in
        /// again
        #[arg(long)]
        retire: bool,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, clap::Args)]
struct Place {
    /// The data directory
    #[arg(long, env = "BELLWETHER_DATA_DIR", value_name = "DIR")]
    data_dir: PathBuf,
}

impl Place {
    /// What the server, or one that is started for this alone, answers.
    fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, String> {
        let (status, answer) = directory::ask(&self.data_dir, method, path, body.as_ref())?;
        if (200..300).contains(&status) {
            return Ok(answer);
        }
        let errors = list(&answer, "errors");
        let fields = errors.map(|error| {
            let pointer = text(error, "pointer").trim_start_matches('/');
            let detail = text(error, "detail");
            if pointer.is_empty() { detail.to_owned() } else { format!("{pointer} {detail}") }
        });
        let fields = fields.collect::<Vec<_>>().join("; ");
        let detail = text(&answer, "detail").to_owned();
        Err(if fields.is_empty() { detail } else { fields })
    }
}

/// The password on standard input, without the end of its line.
fn password() -> Result<String, String> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(MAX_PASSWORD).read_to_string(&mut text);
    read.map_err(|error| format!("cannot read the password: {error}"))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.contains('\n') {
        return Err("the password must be one line".to_owned());
    }
    Ok(line.to_owned())
}

/// Makes and changes users.
///
/// # Errors
/// It cannot be done; why.
pub fn user(args: UserArgs) -> Outcome {
    match args.command {
        UserCommand::Add { name, role, email, full_name, place, .. } => {
            let password = password()?;
            let body = json!({ "username": name, "role": role, "password": password,
                "email": email, "full_name": full_name });
            place.ask("POST", "/api/v1/users", Some(body))?;
            eprintln!("added user {name}, {role}");
        }
        UserCommand::Password { name, place, .. } => {
            let body = json!({ "password": password()? });
            place.ask("PUT", &at("users", &name), Some(body))?;
            eprintln!("set the password of {name}");
        }
        UserCommand::Remove { name, place } => {
            place.ask("DELETE", &at("users", &name), None)?;
            eprintln!("removed user {name}");
        }
        UserCommand::List { place } => {
            each(&place, "/api/v1/users", |user| {
                let out =
                    if user.get("disabled") == Some(&Value::Bool(true)) { "disabled" } else { "" };
                println!("{}\t{}\t{out}", text(user, "username"), text(user, "role"));
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes and revokes tokens.
///
/// # Errors
/// It cannot be done; why.
pub fn token(args: TokenArgs) -> Outcome {
    match args.command {
        TokenCommand::Add { name, role, permission, expires_at, place } => {
            let permissions: Vec<&str> = permission.iter().map(|one| one.name()).collect();
            let permissions = Some(permissions).filter(|all| !all.is_empty());
            let body = json!({ "name": name, "role": role, "permissions": permissions,
                "expires_at": expires_at });
            let made = place.ask("POST", "/api/v1/tokens", Some(body))?;
            println!("{}", text(&made, "token"));
            eprintln!("made token {}, {name}; it is not shown again", text(&made, "id"));
        }
        TokenCommand::Revoke { id, place } => {
            place.ask("DELETE", &at("tokens", &id), None)?;
            eprintln!("revoked token {id}");
        }
        TokenCommand::List { place } => {
            each(&place, "/api/v1/tokens", |token| {
                let expired =
                    if token.get("expired") == Some(&Value::Bool(true)) { "expired" } else { "" };
                let used = Some(text(token, "last_used_at")).filter(|at| !at.is_empty());
                let used = used.unwrap_or("never used");
                println!("{}\t{}\t{used}\t{expired}", text(token, "id"), text(token, "name"));
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Manages keys.
///
/// # Errors
/// It cannot be done; why.
pub fn key(args: KeyArgs) -> Outcome {
    let KeyCommand::Rotate { retire, place } = args.command;
    let made = place.ask("POST", &format!("/api/v1/keys/rotate?retire={retire}"), None)?;
    eprintln!("key {} signs from now on", text(&made, "kid"));
    Ok(ExitCode::SUCCESS)
}

/// Shows every entry of a list, page by page.
fn each(place: &Place, path: &str, show: impl Fn(&Value)) -> Result<(), String> {
    let mut after = String::new();
    loop {
        let page = place.ask("GET", &format!("{path}?limit=500&after={after}"), None)?;
        list(&page, "items").for_each(&show);
        match text(&page, "next") {
            "" => return Ok(()),
            next => after = crate::wire::encoded(next),
        }
    }
}

fn at(list: &str, name: &str) -> String {
    format!("/api/v1/{list}/{}", crate::wire::encoded(name))
}

/// The text of a member; empty if it has none.
fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The entries of a member that is a list.
fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}
