//! What an agent says, and what it is answered.

use super::{Agent, Gone, presence};
use crate::domain::check;
use crate::domain::work::{AgentSeen, AgentState, CommandItem, Event as WorkEvent};
use crate::domain::{Validate, vocabulary};
use crate::intake::cloudevents::MAX_ATTRIBUTE;
use crate::pipeline::ingest::Posted;
use crate::server::work::{self, Ack, Order};
use axum::extract::ws::Utf8Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// Who speaks.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Hello {
    /// Who owns the tasks.
    #[serde(default)]
    pub source: Option<Arc<str>>,
    /// Which agent it is.
    #[serde(default)]
    agent: Option<Arc<str>>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    capabilities: Option<Vec<String>>,
    #[serde(default)]
    state: Option<AgentState>,
    #[serde(default)]
    interval_s: Option<f64>,
}

impl Hello {
    pub fn of(source: Arc<str>, agent: Option<Arc<str>>) -> Self {
        Self { source: Some(source), agent, ..Self::default() }
    }

    /// What it says of the agent, if it names one.
    fn seen(self) -> Option<AgentSeen> {
        let Self { agent, name, capabilities, state, interval_s, .. } = self;
        Some(AgentSeen { agent: agent?, name, capabilities, state, interval_s })
    }
}

/// A message of an agent.
#[derive(Debug)]
pub(super) enum Message {
    Hello(Hello),
    Ack {
        id: String,
        ack: Ack,
    },
    Ping,
    /// Anything else is taken for events; the id is that of a single one.
    Events {
        id: Option<Value>,
    },
}

impl Message {
    /// # Errors
    /// What is wrong with a message that is no event.
    pub fn read(text: &str) -> Result<Self, String> {
        #[derive(Default, Deserialize)]
        struct Head {
            #[serde(default, rename = "type")]
            kind: Option<Value>,
            #[serde(default)]
            id: Option<Value>,
        }
        #[derive(Deserialize)]
        struct AckMessage {
            id: String,
            #[serde(flatten)]
            ack: Ack,
        }
        fn said<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
            vocabulary::read(text).map_err(|error| format!("{}: {}", error.pointer, error.detail))
        }
        // What is no object has neither.
        let head: Head = serde_json::from_str(text).unwrap_or_default();
        match head.kind.as_ref().and_then(Value::as_str) {
            Some("hello") => {
                let hello: Hello = said(text)?;
                if let Some(source) = &hello.source {
                    let named = check::text("source", source, MAX_ATTRIBUTE);
                    named.map_err(|error| format!("{}: {}", error.pointer, error.detail))?;
                }
                Ok(Self::Hello(Hello {
                    source: hello.source.filter(|source| !source.is_empty()),
                    ..hello
                }))
            }
            Some("ack") => {
                let AckMessage { id, ack } = said(text)?;
                Ok(Self::Ack { id, ack })
            }
            Some("ping") => Ok(Self::Ping),
            _ => Ok(Self::Events { id: head.id.filter(Value::is_string) }),
        }
    }
}

/// The message that tells of a command.
pub(super) fn command(item: &CommandItem) -> Utf8Bytes {
    #[derive(Serialize)]
    struct Told<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        #[serde(flatten)]
        order: Order<'a>,
    }
    let told = Told { kind: "command", order: Order::of(item) };
    serde_json::to_string(&told).unwrap_or_default().into()
}

impl Agent {
    /// Takes in who speaks, and says so.
    pub(super) async fn greet(&mut self, hello: Hello) -> Result<(), Gone> {
        if let Some(source) = &hello.source {
            self.source = source.clone();
        }
        if let Some(seen) = hello.seen() {
            if let Err(error) = seen.validate() {
                let why = format!("{}: {}", error.pointer, error.detail);
                return self.line.error("malformed", &why).await;
            }
            self.arrive(seen).await;
        }
        let welcome = json!({
            "type": "welcome",
            "protocol": 1,
            "source": self.source,
            "agent": self.agent,
            "at": self.line.app.clock.now(),
            "heartbeat_s": self.line.app.pace.heartbeat.as_secs(),
        });
        self.line.send(welcome.to_string().into()).await
    }

    /// The agent is there: unless the board shows so already and it says nothing new of itself,
    /// that is an event.
    async fn arrive(&mut self, seen: AgentSeen) {
        let app = self.line.app.clone();
        if self.agent.as_ref() != Some(&seen.agent) {
            if let Some(had) = self.agent.take() {
                app.presence.leave(&app, had, self.source.clone());
            }
            app.presence.come(&seen.agent);
            self.agent = Some(seen.agent.clone());
        }
        let shown = app.hub.published();
        let known = shown.state.work.agents.get(&seen.agent);
        let online = known.is_some_and(|agent| agent.is_online());
        let says_nothing = AgentSeen::named(seen.agent.clone()) == seen;
        let event = match (online, says_nothing) {
            (true, true) => return,
            // It is on its task still, if the socket alone was lost.
            (true, false) => WorkEvent::AgentHeartbeat(seen),
            (false, _) => WorkEvent::AgentOnline(seen),
        };
        presence::say(&app, &self.source, event).await;
    }

    /// Takes in events.
    pub(super) async fn take(&mut self, text: &str, id: Option<Value>) -> Result<(), Gone> {
        let posted = self.line.app.ingest.post(text, &self.source).await;
        let accepted = matches!(posted, Ok(Posted::Accepted(_)));
        let kind = if accepted { "accepted" } else { "rejected" };
        let mut answer = match posted {
            Ok(Posted::Accepted(accepted)) => Value::Object(accepted),
            Ok(Posted::Rejected(rejected)) => {
                let first = rejected.first();
                json!({
                    "pointer": first.map(|first| &first.pointer),
                    "detail": first.map(|first| &first.detail),
                    "rejected": rejected,
                })
            }
            Err(error) => json!({
                "pointer": "",
                "detail": error.detail,
                "status": error.status,
                "retry_after_s": error.retry_after_s,
            }),
        };
        if let Some(members) = answer.as_object_mut() {
            members.insert("type".to_owned(), kind.into());
            members.extend(id.map(|id| ("id".to_owned(), id)));
        }
        self.line.send(answer.to_string().into()).await
    }

    /// Takes in the answer to a command.
    pub(super) async fn ack(&mut self, id: &str, ack: Ack) -> Result<(), Gone> {
        let app = self.line.app.clone();
        let caller = &self.line.caller;
        let settled = match ack.read() {
            Ok((status, detail)) => Box::pin(work::ack(&app, caller, id, status, detail)).await,
            Err(error) => Err(error),
        };
        match settled {
            Ok(item) => {
                let acked = json!({"type": "acked", "id": id, "status": item.status});
                self.line.send(acked.to_string().into()).await
            }
            Err(error) => {
                let code = match error.status {
                    404 => "not_found",
                    409 => "conflict",
                    422 => "malformed",
                    _ => "unavailable",
                };
                let error = json!({
                    "type": "error", "code": code, "id": id, "message": error.detail,
                });
                self.line.send(error.to_string().into()).await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let read = match Message::read(text) {
            Ok(Message::Hello(hello)) => format!("hello {:?} {:?}", hello.source, hello.agent),
            Ok(Message::Ack { id, ack }) => {
                format!("ack {id} {:?}", ack.read().map_err(|e| e.status))
            }
            Ok(Message::Ping) => "ping".to_owned(),
            Ok(Message::Events { id }) => format!("events {id:?}"),
            Err(why) => why,
        };
        assert_eq!(read, expect, "{text}");
    }

    #[test]
    fn messages_are_told_apart() {
        check(r#"{"type":"hello","source":"s","agent":"a"}"#, r#"hello Some("s") Some("a")"#);
        check(r#"{"type":"hello","source":""}"#, "hello None None");
        check(
            r#"{"type":"hello","source":7}"#,
            "/source: invalid type: integer `7`, expected a string",
        );
        check(r#"{"type":"ack","id":"c","status":"done"}"#, "ack c Ok((Done, None))");
        check(r#"{"type":"ack","id":"c","status":"lost"}"#, "ack c Err(422)");
        check(r#"{"type":"ack","status":"done"}"#, "/id: missing field `id`");
        check(r#"{"type":"ping"}"#, "ping");
        check(r#"{"type":"task.queued","id":"e"}"#, r#"events Some(String("e"))"#);
        check("[]", "events None");
        check("nonsense", "events None");
    }
}
