//! `bellwether serve`: the server itself.

use crate::domain::access::Secret;
use crate::server::access::{Refused, oidc};
use crate::server::config::{self, Partial, Settings};
use crate::server::edge::Tls;
use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind};

/// Holds the password of the first admin, for where nobody can type it.
const ADMIN_PASSWORD: &str = "BELLWETHER_ADMIN_PASSWORD";
/// Sent when a file would grow beyond the limit set for the process (`ulimit -f`).
const SIGXFSZ: i32 = 25;
/// How long what cannot be broken off may take once all else has ended.
const LAST: Duration = Duration::from_secs(1);

/// Serve the board, its REST interface and its live feed.
///
/// Settings come from flags, then the environment, then the settings file, then the defaults.
/// Thresholds that can be changed while it runs (GET /api/v1/settings names them) are given as
/// BELLWETHER_WORK_STUCK_AFTER_S=300 or in the file's table [work]. What is given at the start
/// takes the place of what was set before.
/// As long as there is no user, whoever is on this machine is let in, and no other address is
/// listened on. BELLWETHER_ADMIN_PASSWORD makes the user `admin` if there is none.
/// `listening on http://ADDR` (https with a certificate) on standard output says that it is ready;
/// the log goes to standard error, and BELLWETHER_LOG=debug has it say more. SIGTERM and SIGINT end
/// it cleanly.
#[derive(Debug, clap::Args)]
#[command(after_help = "First event:\n  curl -H 'content-type: application/json' \\\n       \
    -d '{\"type\":\"validation.completed\",\"data\":{\"project\":\"demo\",\"status\":\"passed\"}}' \\\n       \
    http://127.0.0.1:3000/api/v1/events")]
pub struct Args {
    /// Address to listen on; with port 0, a free one [default: 127.0.0.1:3000]
    #[arg(long, env = "BELLWETHER_LISTEN", value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Where the journal and the history are kept [default: data]
    #[arg(long, env = "BELLWETHER_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Settings file (TOML); its keys are the names of these flags
    #[arg(long, env = "BELLWETHER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Do not sample this machine's processors, memory, disk and network
    #[arg(long, env = "BELLWETHER_NO_SAMPLER", num_args = 0..=1, default_missing_value = "true",
        require_equals = true, value_name = "BOOL", hide_possible_values = true)]
    no_sampler: Option<bool>,
    /// Days the journal keeps events for, at least [default: 90]
    #[arg(long, env = "BELLWETHER_RETAIN_DAYS", value_name = "DAYS")]
    retain_days: Option<u32>,
    /// Size in MiB the journal may not grow beyond; events are refused (503) instead
    #[arg(long, env = "BELLWETHER_JOURNAL_MAX_MB", value_name = "MIB")]
    journal_max_mb: Option<u64>,
    /// Serve https with this certificate (PEM, those that vouch for it after it); it is read again
    /// when it changes, and on SIGHUP
    #[arg(long, env = "BELLWETHER_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate (PEM)
    #[arg(long, env = "BELLWETHER_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Proxy whose Forwarded or X-Forwarded-* headers are believed; may be given again
    #[arg(long, env = "BELLWETHER_TRUSTED_PROXY", value_name = "IP|CIDR", value_delimiter = ',')]
    trusted_proxy: Option<Vec<String>>,
    /// Origin whose pages may use this server (https://a.example); may be given again
    #[arg(long, env = "BELLWETHER_CORS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    cors_origin: Option<Vec<String>>,
    /// Connections at once from an address; 0 is no limit [default: 1000]
    #[arg(long, env = "BELLWETHER_LIMIT_CONNECTIONS", value_name = "N")]
    limit_connections: Option<u32>,
    /// Requests a second from an address and from a user; 0 is no limit [default: 1000]
    #[arg(long, env = "BELLWETHER_LIMIT_REQUESTS", value_name = "N")]
    limit_requests: Option<u32>,
    /// Sockets at once from an address and from a user; 0 is no limit [default: 1000]
    #[arg(long, env = "BELLWETHER_LIMIT_SOCKETS", value_name = "N")]
    limit_sockets: Option<u32>,
    /// Limit programs on this machine too
    #[arg(long, env = "BELLWETHER_LIMIT_LOOPBACK", num_args = 0..=1, default_missing_value = "true",
        require_equals = true, value_name = "BOOL", hide_possible_values = true)]
    limit_loopback: Option<bool>,
    /// Role of those who do not say who they are; without it they are let in nowhere
    #[arg(long, env = "BELLWETHER_ANONYMOUS", value_name = "ROLE")]
    anonymous: Option<String>,
    /// Where people find the board, for links and sign-in (https://board.example)
    #[arg(long, env = "BELLWETHER_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// Let channels lead to private addresses, this machine's among them
    #[arg(long, env = "BELLWETHER_NOTIFY_ALLOW_PRIVATE", num_args = 0..=1,
        default_missing_value = "true", require_equals = true, value_name = "BOOL",
        hide_possible_values = true)]
    notify_allow_private: Option<bool>,
    /// Scrape the metrics of URL (Prometheus' text format or OpenMetrics); JOB=URL names it, and a
    /// name and password, or :TOKEN, before its host are sent as Authorization; may be given again
    #[arg(
        long,
        env = "BELLWETHER_SCRAPE",
        value_name = "URL",
        value_delimiter = ',',
        hide_env_values = true
    )]
    scrape: Option<Vec<String>>,
    /// Seconds between two scrapes of a target, 5 to 3600 [default: 15]
    #[arg(long, env = "BELLWETHER_SCRAPE_INTERVAL_S", value_name = "S")]
    scrape_interval_s: Option<u32>,
    /// File that holds what GitHub signs its webhooks with, or else BELLWETHER_GITHUB_SECRET does
    #[arg(long, env = "BELLWETHER_GITHUB_SECRET_FILE", value_name = "FILE")]
    github_secret_file: Option<PathBuf>,
    /// Show badges to those alone who may see projects
    #[arg(long, env = "BELLWETHER_PRIVATE_BADGES", num_args = 0..=1, default_missing_value = "true",
        require_equals = true, value_name = "BOOL", hide_possible_values = true)]
    private_badges: Option<bool>,
    #[command(flatten)]
    oidc: Box<oidc::Options>,
}

impl Args {
    fn settings(self) -> Result<Settings, String> {
        let file = self.config.as_deref().map(Partial::from_file).transpose()?.unwrap_or_default();
        let password = std::env::var(ADMIN_PASSWORD).ok().filter(|text| !text.is_empty());
        let settings = Partial {
            listen: self.listen,
            data_dir: self.data_dir,
            no_sampler: self.no_sampler,
            retain_days: self.retain_days,
            journal_max_mb: self.journal_max_mb,
            tls_cert: self.tls_cert,
            tls_key: self.tls_key,
            trusted_proxy: self.trusted_proxy,
            cors_origin: self.cors_origin,
            limit_connections: self.limit_connections,
            limit_requests: self.limit_requests,
            limit_sockets: self.limit_sockets,
            limit_loopback: self.limit_loopback,
            anonymous: self.anonymous,
            public_url: self.public_url,
            notify_allow_private: self.notify_allow_private,
            scrape: self.scrape,
            scrape_interval_s: self.scrape_interval_s,
            github_secret_file: self.github_secret_file,
            github_secret: std::env::var(config::GITHUB_SECRET).ok().map(Secret),
            private_badges: self.private_badges,
            oidc: self.oidc.with_secret(std::env::var(oidc::SECRET).ok()),
            work: config::from_env(|name| std::env::var(name).ok())?,
        }
        .or(file)
        .settle()?;
        Ok(Settings { admin_password: password.map(Secret), ..settings })
    }
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// The settings cannot be, the port is taken, or the data directory cannot be used.
pub fn run(args: Args) -> super::Outcome {
    let settings = match args.settings() {
        Ok(settings) => settings,
        Err(why) => {
            eprintln!("error: {why}");
            return Ok(ExitCode::from(2));
        }
    };
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("BELLWETHER_LOG")
                .unwrap_or_else(|_| "info".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        // Held until the end: a file that may not grow is a full disk, not a reason to die.
        let _told = tokio::signal::unix::signal(SignalKind::from_raw(SIGXFSZ))?;
        let listener = tokio::net::TcpListener::bind(settings.listen)
            .await
            .map_err(|error| format!("cannot listen on {}: {error}", settings.listen))?;
        let address = listener.local_addr()?;
        let scheme = if settings.tls.is_some() { "https" } else { "http" };
        if let Some(tls) = settings.tls.clone() {
            tokio::spawn(renew(tls, tokio::signal::unix::signal(SignalKind::hangup())?));
        }
        let ready = move || {
            println!("listening on {scheme}://{address}");
            let _ = std::io::stdout().flush();
        };
        let run = crate::server::router::run(listener, settings, ready, asked_to_stop());
        match run.await {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(error) if error.is::<Refused>() => {
                eprintln!("error: {error}");
                Ok(ExitCode::from(2))
            }
            Err(error) => Err(error as Box<dyn Error>),
        }
    });
    // Whatever still reads for somebody who has been told that the server goes is not waited for.
    runtime.shutdown_timeout(LAST);
    ended
}

/// Has the certificate read again on SIGHUP.
async fn renew(tls: Arc<Tls>, mut told: Signal) {
    while told.recv().await.is_some() {
        tls.look_again();
    }
}

/// Completes on SIGINT or SIGTERM.
pub(super) async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = interrupt.await;
        }
    }
}
