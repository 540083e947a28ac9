//! The integration tests: one target, so that it links once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what clippy lets a test do, the functions that tests share may do too"
)]

mod access;
mod alerts;
mod alerts_past;
mod alerts_socket;
mod around;
mod back_test;
mod badges;
mod celery;
mod channels;
mod cli;
mod commands;
mod crash;
mod disk;
mod edge;
mod edge_process;
mod edge_tls;
mod events;
mod examples;
mod github;
mod harness;
mod history;
mod http;
mod import_alertmanager;
mod jobs;
mod lists;
mod live;
mod metrics;
mod notify;
mod oidc;
mod openapi;
mod pings;
mod process;
mod reads;
mod replay;
mod sarif;
mod settings;
mod sockets;
mod telemetry;
mod tidy;
mod trading;
mod trading_figures;
mod trading_import;
mod work;
