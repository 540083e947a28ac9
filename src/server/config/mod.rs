//! Settings: by flag, then environment, then file, then default.

mod partial;

pub use partial::{GITHUB_SECRET, Partial, from_env};

use super::access::{Measures, oidc};
use super::edge::{Networks, Origins, Tls};
use super::limits::Allowed;
use super::listen::Edge;
use super::socket::{Pace, Patience};
use crate::domain::access::Secret;
use crate::domain::settings::Changes;
use crate::notify;
use crate::pipeline::hub::RingLimits;
use crate::pipeline::scrape::Scraping;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// What `serve` runs with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Where the journal and the history are kept.
    pub data_dir: PathBuf,
    /// Whether this machine is sampled.
    pub sampler: bool,
    /// Days the journal keeps events for, at least.
    pub retain_days: u32,
    /// Size the journal may not grow beyond, in MiB; no limit if none is set.
    pub journal_max_mb: Option<u64>,
    /// Settings of the board that take effect while it runs, as they were given at the start.
    pub board: Changes,
    /// What connections are secured with, if they are.
    pub tls: Option<Arc<Tls>>,
    /// Proxies whose word on the client is believed.
    pub trusted: Networks,
    /// Other origins whose pages may use this server.
    pub origins: Origins,
    /// How much one address or user may ask for.
    pub limits: Allowed,
    /// The role of those who say nothing of who they are, if they have one.
    pub anonymous: Option<String>,
    /// The password of the user `admin`, who is made if there is no user at all.
    pub admin_password: Option<Secret>,
    /// Where else one can sign in, if anywhere.
    pub oidc: Option<oidc::Settings>,
    /// Where people find the board: an origin (`https://board.example`).
    pub public_url: Option<String>,
    /// Whether channels may lead to private addresses.
    pub notify_allow_private: bool,
    /// What is scraped, and how often.
    pub scrape: Scraping,
    /// What GitHub signs its webhooks with, if it is to send any.
    pub github_secret: Option<Secret>,
    /// Whether badges are for those alone who may see projects.
    pub private_badges: bool,
    /// What nobody needs to set, but tests do.
    pub tuning: Tuning,
}

/// Limits and intervals that are right as they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tuning {
    /// Heartbeats of sockets.
    pub pace: Pace,
    /// How patient the sockets of agents and dashboards are.
    pub patience: Patience,
    /// How much of the past a topic keeps for resuming clients.
    pub ring: RingLimits,
    /// How often one may try to sign in.
    pub sign_in: Measures,
    /// What strangers may cost before they have said anything.
    pub edge: Edge,
    /// How patient deliveries are.
    pub delivery: notify::Tuning,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            data_dir: PathBuf::from("data"),
            sampler: true,
            retain_days: 90,
            journal_max_mb: None,
            board: Changes::new(),
            tls: None,
            trusted: Networks::default(),
            origins: Origins::default(),
            limits: Allowed::default(),
            anonymous: None,
            admin_password: None,
            oidc: None,
            public_url: None,
            notify_allow_private: false,
            scrape: Scraping::default(),
            github_secret: None,
            private_badges: false,
            tuning: Tuning::default(),
        }
    }
}
