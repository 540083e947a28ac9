//! Settings as one source gives them, and how sources add up.

use super::{Settings, Tuning};
use crate::domain::access::Secret;
use crate::domain::settings::{self, Changes};
use crate::pipeline::scrape::Scraping;
use crate::server::access::oidc;
use crate::server::edge::{self, Networks, Origins, Tls};
use crate::server::limits::Allowed;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The environment's name of what GitHub signs its webhooks with.
pub const GITHUB_SECRET: &str = "BELLWETHER_GITHUB_SECRET";

/// Settings as a source gives them: those left out are left to the next source.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partial {
    /// As [`Settings::listen`].
    pub listen: Option<SocketAddr>,
    /// As [`Settings::data_dir`].
    pub data_dir: Option<PathBuf>,
    /// Leaves this machine unsampled.
    pub no_sampler: Option<bool>,
    /// As [`Settings::retain_days`].
    pub retain_days: Option<u32>,
    /// As [`Settings::journal_max_mb`].
    pub journal_max_mb: Option<u64>,
    /// PEM file of the certificate and those that vouch for it.
    pub tls_cert: Option<PathBuf>,
    /// PEM file of the certificate's private key.
    pub tls_key: Option<PathBuf>,
    /// As [`Settings::trusted`]; a list, or a text with commas.
    #[serde(default, deserialize_with = "listed")]
    pub trusted_proxy: Option<Vec<String>>,
    /// As [`Settings::origins`]; a list, or a text with commas.
    #[serde(default, deserialize_with = "listed")]
    pub cors_origin: Option<Vec<String>>,
    /// Connections at once from an address; 0 is no limit.
    pub limit_connections: Option<u32>,
    /// Requests a second from an address and from a user; 0 is no limit.
    pub limit_requests: Option<u32>,
    /// Sockets at once from an address and from a user; 0 is no limit.
    pub limit_sockets: Option<u32>,
    /// Limits programs on this machine too.
    pub limit_loopback: Option<bool>,
    /// As [`Settings::anonymous`].
    pub anonymous: Option<String>,
    /// As [`Settings::public_url`].
    pub public_url: Option<String>,
    /// As [`Settings::notify_allow_private`].
    pub notify_allow_private: Option<bool>,
    /// Targets that are scraped, as `URL` or `JOB=URL`; a list, or a text with commas.
    #[serde(default, deserialize_with = "listed")]
    pub scrape: Option<Vec<String>>,
    /// Seconds between two scrapes of a target.
    pub scrape_interval_s: Option<u32>,
    /// File that holds [`Settings::github_secret`].
    pub github_secret_file: Option<PathBuf>,
    /// As [`Settings::github_secret`], from the environment alone.
    #[serde(skip)]
    pub github_secret: Option<Secret>,
    /// As [`Settings::private_badges`].
    pub private_badges: Option<bool>,
    /// As [`Settings::oidc`].
    #[serde(default)]
    pub oidc: oidc::Options,
    /// The settings of the board that begin with `work.`.
    #[serde(default)]
    pub work: Map<String, Value>,
}

impl Partial {
    /// Reads a settings file.
    ///
    /// # Errors
    /// The file cannot be read, or holds an unknown key or a value that cannot be.
    pub fn from_file(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// What `self` leaves out is taken from `next`.
    #[must_use]
    pub fn or(self, next: Self) -> Self {
        Self {
            listen: self.listen.or(next.listen),
            data_dir: self.data_dir.or(next.data_dir),
            no_sampler: self.no_sampler.or(next.no_sampler),
            retain_days: self.retain_days.or(next.retain_days),
            journal_max_mb: self.journal_max_mb.or(next.journal_max_mb),
            tls_cert: self.tls_cert.or(next.tls_cert),
            tls_key: self.tls_key.or(next.tls_key),
            trusted_proxy: self.trusted_proxy.or(next.trusted_proxy),
            cors_origin: self.cors_origin.or(next.cors_origin),
            limit_connections: self.limit_connections.or(next.limit_connections),
            limit_requests: self.limit_requests.or(next.limit_requests),
            limit_sockets: self.limit_sockets.or(next.limit_sockets),
            limit_loopback: self.limit_loopback.or(next.limit_loopback),
            anonymous: self.anonymous.or(next.anonymous),
            public_url: self.public_url.or(next.public_url),
            notify_allow_private: self.notify_allow_private.or(next.notify_allow_private),
            scrape: self.scrape.or(next.scrape),
            scrape_interval_s: self.scrape_interval_s.or(next.scrape_interval_s),
            // Where one source names the one, the other's of the next source is not meant.
            github_secret_file: self
                .github_secret_file
                .or(next.github_secret_file.filter(|_| self.github_secret.is_none())),
            github_secret: self.github_secret.or(next.github_secret),
            private_badges: self.private_badges.or(next.private_badges),
            oidc: self.oidc.or(next.oidc),
            work: next.work.into_iter().chain(self.work).collect(),
        }
    }

    /// Fills in the defaults and checks what must hold.
    ///
    /// # Errors
    /// Which setting cannot be, and what can.
    pub fn settle(self) -> Result<Settings, String> {
        let default = Settings::default();
        let public_url = self.public_url.map(|url| edge::origin(&url)).transpose();
        let public_url = public_url.map_err(|why| format!("public_url: {why}"))?;
        let settings = Settings {
            listen: self.listen.unwrap_or(default.listen),
            data_dir: self.data_dir.unwrap_or(default.data_dir),
            sampler: !self.no_sampler.unwrap_or(false),
            retain_days: self.retain_days.unwrap_or(default.retain_days),
            journal_max_mb: self.journal_max_mb,
            board: board(self.work)?,
            tls: secured(self.tls_cert, self.tls_key)?,
            trusted: Networks::parse(&self.trusted_proxy.unwrap_or_default())
                .map_err(|why| format!("trusted_proxy: {why}"))?,
            origins: Origins::parse(&self.cors_origin.unwrap_or_default())
                .map_err(|why| format!("cors_origin: {why}"))?,
            limits: Allowed {
                connections: self.limit_connections.unwrap_or(default.limits.connections),
                requests: self.limit_requests.unwrap_or(default.limits.requests),
                sockets: self.limit_sockets.unwrap_or(default.limits.sockets),
                loopback: self.limit_loopback.unwrap_or(default.limits.loopback),
            },
            anonymous: self.anonymous,
            admin_password: None,
            oidc: self.oidc.settle(public_url.as_deref())?,
            public_url,
            notify_allow_private: self.notify_allow_private.unwrap_or(false),
            scrape: Scraping::parse(&self.scrape.unwrap_or_default(), self.scrape_interval_s)?,
            github_secret: github_secret(self.github_secret_file.as_deref(), self.github_secret)?,
            private_badges: self.private_badges.unwrap_or(false),
            tuning: Tuning::default(),
        };
        if settings.retain_days == 0 {
            return Err("retain_days must be at least 1".to_owned());
        }
        if settings.journal_max_mb.is_some_and(|mb| mb == 0) {
            return Err("journal_max_mb must be at least 1".to_owned());
        }
        Ok(settings)
    }
}

/// What GitHub signs with, from a file or from the environment.
fn github_secret(file: Option<&Path>, given: Option<Secret>) -> Result<Option<Secret>, String> {
    let given = given.filter(|secret| !secret.0.trim().is_empty());
    let Some(path) = file else { return Ok(given) };
    if given.is_some() {
        return Err(format!("give either --github-secret-file or {GITHUB_SECRET}"));
    }
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("--github-secret-file {shown}: {error}"))?;
    match text.trim() {
        "" => Err(format!("--github-secret-file {shown}: it holds no secret")),
        text => Ok(Some(Secret(text.to_owned()))),
    }
}

/// A list, or a text with commas.
fn listed<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a list of texts, or a text with commas")]
    enum Listed {
        Text(String),
        List(Vec<String>),
    }
    Ok(Some(match Listed::deserialize(from)? {
        Listed::Text(text) => text.split(',').map(|one| one.trim().to_owned()).collect(),
        Listed::List(list) => list,
    }))
}

/// TLS, if it is asked for.
fn secured(cert: Option<PathBuf>, key: Option<PathBuf>) -> Result<Option<Arc<Tls>>, String> {
    match (cert, key) {
        (Some(cert), Some(key)) => Tls::load(&cert, &key).map(Arc::new).map(Some),
        (None, None) => Ok(None),
        (Some(_), None) => Err("tls_cert is given without tls_key".to_owned()),
        (None, Some(_)) => Err("tls_key is given without tls_cert".to_owned()),
    }
}

/// The settings of the board that a table `[work]` names.
fn board(work: Map<String, Value>) -> Result<Changes, String> {
    let whole = Map::from_iter([("work".to_owned(), Value::Object(work))]);
    settings::parse(&whole).map_err(|error| error.detail)
}

/// The settings of the board that the environment holds, as a table `[work]` would name them:
/// `work.stuck_after_s` is `BELLWETHER_WORK_STUCK_AFTER_S`.
///
/// # Errors
/// A value is no number.
pub fn from_env(var: impl Fn(&str) -> Option<String>) -> Result<Map<String, Value>, String> {
    let mut work = Map::new();
    for setting in settings::Settings::all() {
        let Some(name) = setting.key.strip_prefix("work.") else { continue };
        let variable = format!("BELLWETHER_WORK_{}", name.to_ascii_uppercase());
        let Some(text) = var(&variable).filter(|text| !text.trim().is_empty()) else { continue };
        let number = text.trim().parse::<f64>().ok().and_then(serde_json::Number::from_f64);
        let number = number.ok_or_else(|| {
            let (min, max) = (setting.min, setting.max);
            format!("{variable}={text}: {} must be a number from {min} to {max}", setting.key)
        })?;
        work.insert(name.to_owned(), Value::Number(number));
    }
    Ok(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, expect: Result<Partial, &str>) {
        let read = toml::from_str::<Partial>(file).map_err(|error| error.to_string());
        match (read, expect) {
            (Ok(read), Ok(expect)) => assert_eq!(read, expect),
            (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
            (read, expect) => panic!("{read:?}, expected {expect:?}"),
        }
    }

    #[test]
    fn files_hold_the_names_of_flags() {
        let listen = Partial { listen: "127.0.0.1:0".parse().ok(), ..Partial::default() };
        check("listen = '127.0.0.1:0'", Ok(listen));
        check("no_sampler = true", Ok(Partial { no_sampler: Some(true), ..Partial::default() }));
        check("lisen = '127.0.0.1:0'", Err("lisen"));
        check("listen = 'here'", Err("listen"));
    }

    #[test]
    fn the_secret_of_github_comes_from_one_place() {
        let dir = tempfile::tempdir().unwrap();
        let (full, empty) = (dir.path().join("full"), dir.path().join("empty"));
        std::fs::write(&full, "hush\n").unwrap();
        std::fs::write(&empty, "\n").unwrap();
        let secret = |text: &str| Some(Secret(text.to_owned()));
        assert_eq!(github_secret(Some(&full), None), Ok(secret("hush")));
        assert_eq!(github_secret(None, secret("given")), Ok(secret("given")));
        assert_eq!(github_secret(None, secret(" ")), Ok(None));
        assert!(github_secret(Some(&full), secret("given")).unwrap_err().contains(GITHUB_SECRET));
        assert!(github_secret(Some(&empty), None).unwrap_err().contains("no secret"));
        let none = github_secret(Some(&dir.path().join("none")), None);
        assert!(none.unwrap_err().contains("--github-secret-file"));
        // A source that gives a secret does not mean the file of the next.
        let env = Partial { github_secret: secret("given"), ..Partial::default() };
        let file = Partial { github_secret_file: Some(full), ..Partial::default() };
        assert_eq!(env.or(file).settle().unwrap().github_secret, secret("given"));
    }

    #[test]
    fn earlier_sources_win() {
        let flag = Partial { retain_days: Some(1), ..Partial::default() };
        let file = Partial { retain_days: Some(2), no_sampler: Some(true), ..Partial::default() };
        let settings = flag.or(file).settle().unwrap();
        assert_eq!((settings.retain_days, settings.sampler), (1, false));
    }

    #[test]
    fn settings_of_the_board_are_given_by_environment_before_file() {
        let file: Partial =
            toml::from_str("[work]\nstuck_after_s = 60\nfailure_rate_critical = 0.25").unwrap();
        let held = |name: &str| (name == "BELLWETHER_WORK_STUCK_AFTER_S").then(|| "30".to_owned());
        let env = Partial { work: from_env(held).unwrap(), ..Partial::default() };
        let board = env.or(file).settle().unwrap().board;
        let got: Vec<(&str, f64)> = board.iter().map(|(key, value)| (&**key, *value)).collect();
        assert_eq!(got, [("work.failure_rate_critical", 0.25), ("work.stuck_after_s", 30.0)]);
    }

    #[test]
    fn what_the_board_cannot_be_set_to_is_refused_with_its_range() {
        let refused = |file: &str| toml::from_str::<Partial>(file).unwrap().settle().unwrap_err();
        assert!(refused("[work]\nstuck_after_s = 0").contains("from 1 to 604800"));
        assert!(refused("[work]\nstuck_after = 1").contains("no setting work.stuck_after"));
        let words = from_env(|_| Some("soon".to_owned())).unwrap_err();
        assert!(words.contains("must be a number from"), "{words}");
    }
}
