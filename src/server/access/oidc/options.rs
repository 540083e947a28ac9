//! Who the provider is, and what its word is worth here: as it is given, and as it is checked.

use super::claims::Rule;
use crate::domain::access::Secret;
use http::Uri;
use serde::Deserialize;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Holds the client's secret, where no file does.
pub const SECRET: &str = "BELLWETHER_OIDC_CLIENT_SECRET";
/// What is asked for unless it is said otherwise.
const SCOPE: &str = "openid profile email";
/// Longest any option may be, in bytes.
const MAX: usize = 1_000;

/// Options as flags, the environment and the table `[oidc]` give them.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Sign in with OpenID Connect")]
pub struct Options {
    /// The provider's issuer identifier; https, or http on this machine
    #[arg(
        id = "oidc_issuer",
        long = "oidc-issuer",
        env = "BELLWETHER_OIDC_ISSUER",
        value_name = "URL"
    )]
    pub issuer: Option<String>,
    /// What the provider knows this board as
    #[arg(
        id = "oidc_client_id",
        long = "oidc-client-id",
        env = "BELLWETHER_OIDC_CLIENT_ID",
        value_name = "ID"
    )]
    pub client_id: Option<String>,
    /// File that holds the client's secret, or else BELLWETHER_OIDC_CLIENT_SECRET does; a public
    /// client has none
    #[arg(
        id = "oidc_client_secret_file",
        long = "oidc-client-secret-file",
        env = "BELLWETHER_OIDC_CLIENT_SECRET_FILE",
        value_name = "FILE"
    )]
    pub client_secret_file: Option<PathBuf>,
    /// The secret itself, which stands on no command line.
    #[arg(skip)]
    #[serde(skip)]
    pub client_secret: Option<Secret>,
    /// What the button calls the provider [default: its host]
    #[arg(id = "oidc_name", long = "oidc-name", env = "BELLWETHER_OIDC_NAME", value_name = "NAME")]
    pub name: Option<String>,
    /// What is asked for [default: "openid profile email"]
    #[arg(
        id = "oidc_scope",
        long = "oidc-scope",
        env = "BELLWETHER_OIDC_SCOPE",
        value_name = "SCOPE"
    )]
    pub scope: Option<String>,
    /// The claim that lists a user's groups; dots lead into objects [default: groups]
    #[arg(
        id = "oidc_groups_claim",
        long = "oidc-groups-claim",
        env = "BELLWETHER_OIDC_GROUPS_CLAIM",
        value_name = "CLAIM"
    )]
    pub groups_claim: Option<String>,
    /// The role of a group; repeat it, the first that fits wins. `*=ROLE` is everybody's; whoever
    /// has none does not get in
    #[arg(
        id = "oidc_role",
        long = "oidc-role",
        env = "BELLWETHER_OIDC_ROLE",
        value_name = "GROUP=ROLE",
        value_delimiter = ';'
    )]
    pub role: Vec<String>,
    /// The claim that names a user [default: preferred_username]
    #[arg(
        id = "oidc_username_claim",
        long = "oidc-username-claim",
        env = "BELLWETHER_OIDC_USERNAME_CLAIM",
        value_name = "CLAIM"
    )]
    pub username_claim: Option<String>,
}

/// Options that were checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The issuer, to the letter.
    pub issuer: Arc<str>,
    /// The client.
    pub client_id: Arc<str>,
    /// Its secret; none for a public client.
    pub client_secret: Option<Secret>,
    /// What the provider is called.
    pub name: Arc<str>,
    /// What is asked for; `openid` is in it.
    pub scope: Arc<str>,
    /// The claim that lists groups.
    pub groups_claim: Arc<str>,
    /// The claim that names users.
    pub username_claim: Arc<str>,
    /// Whose role is which, in the order they are tried.
    pub roles: Vec<Rule>,
    /// Where browsers find this board, without a slash at the end; as they address it, if none.
    pub public_url: Option<Arc<str>>,
    /// What nobody needs to set, but tests do.
    pub pace: Pace,
}

/// How patient and how eager we are with the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long an answer may take.
    pub timeout: Duration,
    /// How long what the provider says of itself, and its keys, are good.
    pub good_for: Duration,
    /// Least time between two looks at its keys, and after a failure.
    pub again_after: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            good_for: Duration::from_secs(3_600),
            again_after: Duration::from_secs(60),
        }
    }
}

impl Options {
    /// With the secret that the environment holds, if it does.
    #[must_use]
    pub fn with_secret(self, secret: Option<String>) -> Self {
        let secret = secret.filter(|text| !text.trim().is_empty()).map(Secret);
        Self { client_secret: secret.or(self.client_secret), ..self }
    }

    /// What `self` leaves out is taken from `next`.
    #[must_use]
    pub fn or(self, next: Self) -> Self {
        let secret = self.client_secret.or(next.client_secret);
        Self {
            issuer: self.issuer.or(next.issuer),
            client_id: self.client_id.or(next.client_id),
            // The secret in the environment goes before a file that the settings file names.
            client_secret_file: self
                .client_secret_file
                .or(next.client_secret_file.filter(|_| secret.is_none())),
            client_secret: secret,
            name: self.name.or(next.name),
            scope: self.scope.or(next.scope),
            groups_claim: self.groups_claim.or(next.groups_claim),
            role: if self.role.is_empty() { next.role } else { self.role },
            username_claim: self.username_claim.or(next.username_claim),
        }
    }

    /// Fills in the defaults and checks what must hold; none if there is no provider.
    ///
    /// # Errors
    /// Which option cannot be, and what can.
    pub fn settle(self) -> Result<Option<Settings>, String> {
        let Some(issuer) = self.issuer.clone() else {
            let given = Self { client_secret: None, ..self } != Self::default();
            return if given { Err("--oidc-issuer is missing".to_owned()) } else { Ok(None) };
        };
        let host = trusted(&issuer).map_err(|why| format!("--oidc-issuer {issuer}: {why}"))?;
        if issuer.contains(['?', '#']) {
            return Err(format!("--oidc-issuer {issuer}: it has no query and no fragment"));
        }
        let client_id = self.client_id.clone().filter(|id| !id.trim().is_empty());
        let client_id = client_id.ok_or("--oidc-client-id is missing")?;
        let roles = self.role.iter().map(|text| Rule::read(text)).collect::<Result<Vec<_>, _>>()?;
        if roles.is_empty() {
            let detail = "--oidc-role is missing: nobody would get in. Give --oidc-role \
                GROUP=ROLE, or --oidc-role '*=viewer' for everybody";
            return Err(detail.to_owned());
        }
        let scope = self.scope.clone().unwrap_or_else(|| SCOPE.to_owned());
        if !scope.split_whitespace().any(|word| word == "openid") {
            return Err(format!("--oidc-scope {scope}: it must hold openid"));
        }
        let settings = Settings {
            client_secret: self.secret()?,
            name: text("name", self.name, host)?,
            scope: text("scope", Some(scope), String::new())?,
            groups_claim: text("groups-claim", self.groups_claim, "groups".to_owned())?,
            username_claim: text(
                "username-claim",
                self.username_claim,
                "preferred_username".to_owned(),
            )?,
            issuer: text("issuer", Some(issuer), String::new())?,
            client_id: text("client-id", Some(client_id), String::new())?,
            roles,
            public_url: None,
            pace: Pace::default(),
        };
        Ok(Some(settings))
    }

    fn secret(&self) -> Result<Option<Secret>, String> {
        let Some(path) = &self.client_secret_file else { return Ok(self.client_secret.clone()) };
        if self.client_secret.is_some() {
            return Err(format!("give either --oidc-client-secret-file or {SECRET}"));
        }
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("--oidc-client-secret-file {shown}: {error}"))?;
        let text = text.trim();
        if text.is_empty() || text.len() > MAX {
            return Err(format!("--oidc-client-secret-file {shown}: it holds no secret"));
        }
        Ok(Some(Secret(text.to_owned())))
    }
}

fn text(name: &str, given: Option<String>, default: String) -> Result<Arc<str>, String> {
    let text = given.unwrap_or(default);
    if text.trim().is_empty() || text.len() > MAX || text.contains(char::is_control) {
        return Err(format!("--oidc-{name}: it must be a line of 1 to {MAX} bytes"));
    }
    Ok(text.into())
}

/// The host of an address that nobody in between can have changed an answer of: https, or http on
/// this machine (RFC 9700, section 2.6).
///
/// # Errors
/// Why it is none.
pub fn trusted(address: &str) -> Result<String, String> {
    let uri: Uri = address.parse().map_err(|_| "it is no address".to_owned())?;
    let host = uri.host().filter(|host| !host.is_empty()).ok_or("it names no host")?.to_owned();
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("it must not hold a password".to_owned());
    }
    match uri.scheme_str() {
        Some("https") => Ok(host),
        Some("http") if is_here(&host) => Ok(host),
        _ => Err("it must begin with https://, or with http:// on a loopback address".to_owned()),
    }
}

fn is_here(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Options {
        Options {
            issuer: Some("https://id.example/realms/one".to_owned()),
            client_id: Some("bellwether".to_owned()),
            role: vec!["*=viewer".to_owned()],
            ..Options::default()
        }
    }

    #[track_caller]
    fn check(options: Options, refused: Option<&str>) {
        let settled = options.settle();
        match (settled, refused) {
            (Ok(_), None) => {}
            (Err(why), Some(part)) => assert!(why.contains(part), "{why}"),
            (settled, refused) => panic!("{settled:?}, expected {refused:?}"),
        }
    }

    #[test]
    fn what_cannot_be_is_said_at_the_start() {
        check(good(), None);
        assert!(Options::default().settle().unwrap().is_none());
        check(Options { issuer: None, ..good() }, Some("--oidc-issuer is missing"));
        check(Options { client_id: None, ..good() }, Some("--oidc-client-id is missing"));
        check(Options { role: Vec::new(), ..good() }, Some("nobody would get in"));
        check(Options { role: vec!["ops".to_owned()], ..good() }, Some("--oidc-role ops"));
        check(Options { scope: Some("profile".to_owned()), ..good() }, Some("openid"));
        check(Options { name: Some(" ".to_owned()), ..good() }, Some("--oidc-name"));
        let file = Some(PathBuf::from("missing/secret"));
        check(Options { client_secret_file: file.clone(), ..good() }, Some("missing/secret"));
        let both = Options { client_secret_file: file, ..good() }.with_secret(Some("s".to_owned()));
        check(both, Some("either"));
    }

    #[test]
    fn an_issuer_is_one_nobody_in_between_can_speak_for() {
        for (issuer, refused) in [
            ("http://127.0.0.1:9000", None),
            ("http://[::1]:9000/dex", None),
            ("http://localhost", None),
            ("http://id.example", Some("https://")),
            ("http://localhost.example", Some("https://")),
            ("ftp://id.example", Some("https://")),
            ("id.example", Some("https://")),
            ("https://me:word@id.example", Some("password")),
            ("https://id.example?x=1", Some("no query")),
            ("/here", Some("names no host")),
        ] {
            check(Options { issuer: Some(issuer.to_owned()), ..good() }, refused);
        }
    }

    #[test]
    fn a_secret_is_never_printed() {
        let options = good().with_secret(Some("hush-hush".to_owned()));
        assert!(!format!("{options:?}").contains("hush"));
        let settings = options.settle().unwrap().unwrap();
        assert!(!format!("{settings:?}").contains("hush"));
        assert_eq!(settings.client_secret.unwrap().0, "hush-hush");
    }

    #[test]
    fn earlier_sources_win() {
        let file: Options =
            toml::from_str("issuer = 'https://a'\nclient_secret_file = 'x'\nrole = ['a=viewer']")
                .unwrap();
        let env = Options { role: vec!["b=admin".to_owned()], ..Options::default() };
        let both = env.with_secret(Some("s".to_owned())).or(file);
        assert_eq!(both.role, ["b=admin"]);
        assert_eq!((both.issuer.as_deref(), both.client_secret_file), (Some("https://a"), None));
        assert!(toml::from_str::<Options>("client_secret = 'in clear'").is_err());
    }
}
