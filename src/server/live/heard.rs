//! What a client says, and what it is told in return.

use super::{Client, Gone, MAX_TOPICS};
use crate::domain::Topic;
use crate::domain::access::Permission;
use crate::domain::work::CommandKind;
use crate::server::{alerts, socket, work};
use crate::wire::ClientMsg;

impl Client {
    pub(super) async fn welcome(&mut self, names: &[String]) -> Result<(), Gone> {
        let shown = self.line.app.hub.published();
        let caller = &self.line.caller;
        let there = |name: &&String| match name.parse::<Topic>() {
            Ok(topic) if caller.may(topic.needs()).is_err() => false,
            Ok(Topic::Project(id)) => shown.projects.contains_key(&id),
            Ok(_) => true,
            Err(_) => false,
        };
        let topics: Vec<&String> = names.iter().filter(there).take(MAX_TOPICS).collect();
        let welcome = serde_json::json!({
            "type": "welcome",
            "protocol": 1,
            "user": self.line.caller.name,
            "topics": topics,
            "heartbeat_s": self.line.app.pace.heartbeat.as_secs(),
            "at": self.line.app.clock.now(),
            "epoch": shown.cursor.epoch,
            "seq": shown.seq,
        });
        self.line.send(welcome.to_string().into()).await
    }

    pub(super) async fn hear(&mut self, text: &str) -> Result<(), Gone> {
        match serde_json::from_str::<ClientMsg>(text) {
            Ok(message) => self.obey(message).await,
            Err(error) => self.line.error("malformed", &error.to_string()).await,
        }
    }

    pub(super) async fn obey(&mut self, message: ClientMsg) -> Result<(), Gone> {
        match message {
            ClientMsg::Subscribe { topics } => {
                for name in topics.iter().take(MAX_TOPICS) {
                    self.subscribe(name).await?;
                }
                Ok(())
            }
            ClientMsg::Unsubscribe { topics } => {
                for name in topics.iter().take(MAX_TOPICS) {
                    self.unsubscribe(name).await?;
                }
                Ok(())
            }
            ClientMsg::Resume { topic, epoch, seq } => self.resume(&topic, &epoch, seq).await,
            ClientMsg::RequestSnapshot { topic } => self.subscribe(&topic).await,
            ClientMsg::Ping => self.line.send(r#"{"type":"pong"}"#.into()).await,
            ClientMsg::RetryTask { id, task_id } => {
                self.command("retry_task", CommandKind::Retry, id, &task_id).await
            }
            ClientMsg::CancelTask { id, task_id } => {
                self.command("cancel_task", CommandKind::Cancel, id, &task_id).await
            }
            ClientMsg::AcknowledgeAlert { id, alert_id } => self.acknowledge(id, &alert_id).await,
        }
    }

    /// Asks the owner of a task to do something with it.
    async fn command(
        &mut self,
        name: &str,
        kind: CommandKind,
        id: Option<String>,
        task: &str,
    ) -> Result<(), Gone> {
        // Apart, because every client would carry the room it takes for as long as it is connected.
        let asked = match self.line.caller.may(Permission::RetryTasks) {
            Ok(()) => Box::pin(work::command(&self.line.app, &self.line.caller, kind, task)).await,
            Err(error) => Err(error),
        };
        let (status, detail) = socket::outcome(&asked);
        let result = serde_json::json!({
            "type": "result",
            "id": id.as_deref().unwrap_or(task),
            "command": name,
            "task_id": task,
            "status": status,
            "command_id": asked.as_ref().ok().map(|command| &command.id),
            "detail": detail,
        });
        self.line.send(result.to_string().into()).await
    }

    /// Says that the caller has seen an alert.
    async fn acknowledge(&mut self, id: Option<String>, alert: &str) -> Result<(), Gone> {
        let seen = match self.line.caller.may(Permission::AcknowledgeAlerts) {
            Ok(()) => {
                Box::pin(alerts::acknowledge(&self.line.app, &self.line.caller, alert, None)).await
            }
            Err(error) => Err(error),
        };
        let (status, detail) = socket::outcome(&seen);
        let result = serde_json::json!({
            "type": "result",
            "id": id.as_deref().unwrap_or(alert),
            "command": "acknowledge_alert",
            "alert_id": alert,
            "status": status,
            "detail": detail,
        });
        self.line.send(result.to_string().into()).await
    }
}
