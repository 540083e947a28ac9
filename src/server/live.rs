//! `WS /dashboard/live`: topics as a snapshot and the deltas that follow it.
//!
//! A connection is a set of cursors: when the hub shows a new position, it writes what lies
//! between them and the head.

mod heard;
mod topics;

use super::peer::Peer;
use super::socket::{self, Feed, Gone, Line};
use super::{App, problem};
use crate::domain::Topic;
use crate::wire::{ApiError, Seq};
use axum::extract::rejection::QueryRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Utf8Bytes, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Topics one connection may hold.
const MAX_TOPICS: usize = 64;
/// Where to begin, as it stands in the address.
#[derive(Debug, Deserialize)]
pub struct BeginParams {
    /// Comma-separated topics.
    #[serde(default)]
    topics: String,
    /// Epoch of `seq`.
    epoch: Option<String>,
    /// Position to resume every topic from.
    seq: Option<String>,
}

/// Where to begin.
#[derive(Default)]
struct Begin {
    /// Names of topics, each once.
    topics: Vec<String>,
    /// Position to resume every topic from.
    from: Option<(String, Seq)>,
}

impl BeginParams {
    fn read(self) -> Result<Begin, ApiError> {
        let mut topics: Vec<String> = Vec::new();
        for name in self.topics.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if !topics.iter().any(|known| known == name) {
                topics.push(name.to_owned());
            }
        }
        let seq: Option<Seq> = match self.seq.as_deref() {
            None | Some("") => None,
            Some(text) => Some(
                text.parse().map_err(|_| ApiError::invalid("/seq", "must be a whole number"))?,
            ),
        };
        Ok(Begin { topics, from: self.epoch.zip(seq) })
    }
}

/// Upgrades the request.
///
/// # Errors
/// 400 if it is none for a WebSocket, 422 for a position that cannot be.
pub async fn live(
    State(app): State<App>,
    peer: Peer,
    params: Result<Query<BeginParams>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let Query(params) = params.map_err(problem::malformed)?;
    let begin = params.read()?;
    socket::upgrade(app, &peer, upgrade, Client::ALLOWANCE, move |line| serve(line, begin))
}

async fn serve(line: Line, begin: Begin) {
    let hub = line.app.hub.clone();
    let mut client = Client { line, begin, cursors: BTreeMap::new() };
    // Why it ended is the client's business; what is left to do is the same.
    let _ = socket::converse(&mut client).await;
    for topic in client.cursors.keys() {
        hub.leave(topic);
    }
}

struct Client {
    line: Line,
    /// Where it began; empty once it has.
    begin: Begin,
    cursors: BTreeMap<Topic, Seq>,
}

impl Feed for Client {
    fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    async fn begin(&mut self) -> Result<(), Gone> {
        let Begin { topics, from } = std::mem::take(&mut self.begin);
        self.welcome(&topics).await?;
        for name in &topics {
            match &from {
                Some((epoch, seq)) => self.resume(name, epoch, *seq).await?,
                None => self.subscribe(name).await?,
            }
        }
        Ok(())
    }

    async fn shown(&mut self) -> Result<(), Gone> {
        self.pump().await
    }

    async fn heard(&mut self, text: Utf8Bytes) -> Result<(), Gone> {
        self.hear(&text).await
    }
}
