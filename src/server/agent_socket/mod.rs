//! `WS /ws/agent`: an agent's own socket. It sends its events and is told what to do.
//!
//! Who speaks is said in the address (`?source=S&agent=A`) or in a first message:
//!
//! | the agent says | and is answered |
//! |---|---|
//! | `{"type":"hello","source","agent","name","capabilities","interval_s"}` | `{"type":"welcome","source","agent","at","heartbeat_s"}` |
//! | a CloudEvent, or an array of them | `{"type":"accepted","id","accepted","duplicates","rejected","cursor"}` once they are durable, or `{"type":"rejected","id","pointer","detail","rejected"}` when not one is valid; with `status` and `retry_after_s` when the server takes nothing now. `id` is the event's own |
//! | `{"type":"ack","id","status":"done"｜"refused","detail"}` | `{"type":"acked","id","status"}` or `error` |
//! | `{"type":"ping"}` | `{"type":"pong"}` |
//!
//! and it is told `{"type":"command","id","command","task_id","deadline"}`, again and again until it
//! answers. `source` is the only thing that must be said; an event that names no source is from it,
//! and its commands are those for it: every socket of a source is told all of them.

mod messages;
mod presence;

pub use presence::Presence;

use super::needs::Needs;
use super::socket::{self, Allowance, Feed, Gone, Knock, Line};
use super::{App, problem, work};
use crate::domain::access::{Permission, Permissions};
use crate::domain::check;
use crate::domain::work::{AgentSeen, CommandItem, Event as WorkEvent};
use crate::wire::ApiError;
use axum::extract::rejection::QueryRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Utf8Bytes, WebSocketUpgrade, close_code};
use axum::extract::{Query, State};
use axum::response::Response;
use messages::{Hello, Message};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

const NEEDED: Permissions = Permissions::of(&[Permission::WriteEvents]);
/// What one must be allowed to open it.
pub const NEEDS: Needs = Needs::Socket(NEEDED);
/// How often it is looked at what is due, at the most.
const LOOK: Duration = Duration::from_secs(1);

/// Who speaks, as it stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Speaker {
    source: Option<String>,
    agent: Option<String>,
}

impl Speaker {
    /// # Errors
    /// 422 at the name that cannot be.
    fn read(self) -> Result<Option<Hello>, ApiError> {
        let invalid =
            |error: crate::domain::DataError| ApiError::invalid(error.pointer, error.detail);
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let Some(source) = given(self.source) else {
            return match given(self.agent) {
                Some(_) => Err(ApiError::invalid("/source", "say whose agent it is: ?source=")),
                None => Ok(None),
            };
        };
        check::text("source", &source, crate::intake::cloudevents::MAX_ATTRIBUTE)
            .map_err(invalid)?;
        let agent = given(self.agent);
        check::some_name("agent", agent.as_deref()).map_err(invalid)?;
        Ok(Some(Hello::of(source.into(), agent.map(Arc::from))))
    }
}

/// Upgrades the request.
///
/// # Errors
/// 400 if it is none for a WebSocket, 422 for a name that cannot be.
pub async fn agent(
    State(app): State<App>,
    knock: Knock,
    speaker: Result<Query<Speaker>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let Query(speaker) = speaker.map_err(problem::malformed)?;
    let hello = speaker.read()?;
    socket::upgrade(app, knock, NEEDED, upgrade, Agent::ALLOWANCE, move |line| serve(line, hello))
}

async fn serve(line: Line, hello: Option<Hello>) {
    let app = line.app.clone();
    let mut agent = Agent { line, hello, source: "".into(), agent: None, told: HashMap::new() };
    // Why it ended does not matter: the agent may come back.
    let _ = socket::converse(&mut agent).await;
    if let Some(name) = agent.agent {
        app.presence.leave(&app, name, agent.source);
    }
}

/// An agent's end of the conversation.
struct Agent {
    line: Line,
    /// What it said of itself in the address, until the conversation begins.
    hello: Option<Hello>,
    /// Who its events are from where they do not say so, and whose commands it is told.
    source: Arc<str>,
    /// Which agent it is, if it said so.
    agent: Option<Arc<str>>,
    /// When each open command was last told.
    told: HashMap<Arc<str>, Instant>,
}

impl Feed for Agent {
    /// More than other sockets: an agent says what it does, step by step.
    const ALLOWANCE: Allowance = Allowance { burst: 1_000, per_second: 200 };

    fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    async fn begin(&mut self) -> Result<(), Gone> {
        let hello = match self.hello.take() {
            Some(hello) => hello,
            None => self.wait_for_hello().await?,
        };
        self.greet(hello).await?;
        self.tell().await
    }

    async fn shown(&mut self) -> Result<(), Gone> {
        self.tell().await
    }

    async fn heard(&mut self, text: Utf8Bytes) -> Result<(), Gone> {
        match Message::read(&text) {
            Ok(Message::Hello(hello))
                if hello.source.as_ref().is_some_and(|s| *s != self.source) =>
            {
                self.line.error("conflict", "this socket speaks for another source already").await
            }
            Ok(Message::Hello(hello)) => self.greet(hello).await,
            Ok(Message::Ack { id, ack }) => self.ack(&id, ack).await,
            Ok(Message::Ping) => self.line.send(r#"{"type":"pong"}"#.into()).await,
            Ok(Message::Events { id }) => self.take(&text, id).await,
            Err(why) => self.line.error("malformed", &why).await,
        }
    }

    fn every(&self) -> Option<Duration> {
        Some(LOOK.min(self.line.app.patience.repeat / 4))
    }

    async fn due(&mut self) -> Result<(), Gone> {
        self.vouch().await;
        self.tell().await
    }
}

impl Agent {
    /// Waits until the agent says who it is.
    async fn wait_for_hello(&mut self) -> Result<Hello, Gone> {
        let until = Instant::now() + self.line.app.patience.hello;
        let shutdown = self.line.app.shutdown.clone();
        let mut head = self.line.app.hub.watch();
        loop {
            let message = tokio::select! {
                message = self.line.recv() => message,
                _ = head.changed() => {
                    self.line.look_again().await?;
                    continue;
                }
                () = sleep_until(until) => {
                    return self.line.close(close_code::POLICY, "no hello came in time").await;
                }
                () = shutdown.cancelled() => {
                    return self.line.close(close_code::AWAY, "shutting down").await;
                }
            };
            let Some(text) = self.line.read(message).await? else { continue };
            match Message::read(&text) {
                Ok(Message::Hello(hello)) if hello.source.is_some() => return Ok(hello),
                Ok(Message::Hello(_)) => self.line.error("malformed", "say your `source`").await?,
                Ok(Message::Ping) => self.line.send(r#"{"type":"pong"}"#.into()).await?,
                Ok(_) => self.line.error("no_hello", "say hello first, with your `source`").await?,
                Err(why) => self.line.error("malformed", &why).await?,
            }
        }
    }

    /// Says for the agent that it is there, as long as its socket shows it, so that one with nothing
    /// to tell does not count as offline. One that has said how often it will be heard of is held
    /// to its word.
    async fn vouch(&mut self) {
        let app = &self.line.app;
        let Some(name) = self.agent.as_ref().filter(|_| self.line.is_alive()) else { return };
        let shown = app.hub.published();
        let (work, settings) = (&shown.state.work, &shown.state.settings.work);
        let Some(agent) = work.agents.get(name) else { return };
        let quiet = app.clock.now().since(agent.heard_at);
        let held = agent.interval_s.is_some() || !agent.is_online();
        if held || quiet * 2 < agent.patience_ms(settings) {
            return;
        }
        let event = WorkEvent::AgentHeartbeat(AgentSeen::named(name.clone()));
        presence::say(app, &self.source, event).await;
    }

    /// Tells of every command that waits for an answer, but for what was told a moment ago.
    async fn tell(&mut self) -> Result<(), Gone> {
        let (repeat, now) = (self.line.app.patience.repeat, Instant::now());
        let shown = self.line.app.hub.published();
        let open: Vec<Arc<CommandItem>> =
            work::open_for(&self.line.app, &shown, &self.source).cloned().collect();
        drop(shown);
        if !self.told.is_empty() {
            let open: HashSet<&str> = open.iter().map(|command| &*command.id).collect();
            self.told.retain(|id, _| open.contains(&**id));
        }
        let told = |id: &Arc<str>| self.told.get(id).is_some_and(|at| *at + repeat > now);
        let due: Vec<_> = open.into_iter().filter(|command| !told(&command.id)).collect();
        if due.is_empty() {
            return Ok(());
        }
        work::deliver(&self.line.app, &due).await;
        for command in due {
            self.told.insert(command.id.clone(), now);
            self.line.send(messages::command(&command)).await?;
        }
        Ok(())
    }
}
