//! `WS /ws/dashboard`: all of work at once, and then what happens, for dashboards of others.
//!
//! | sent | when |
//! |---|---|
//! | `{"type":"snapshot","data":…,"alerts":[…]}` | at first, when asked for, and when a client has fallen behind; `data` is the answer of `GET /api/dashboard/state` |
//! | `{"type":"events","data":[…]}` | as things happen, at most every 100 ms |
//! | `retry_result`, `cancel_result`, `alert_ack_result`, `pong`, `error` | in answer |

use super::needs::Needs;
use super::socket::{self, Feed, Gone, Knock, Line};
use super::{App, alerts, work};
use crate::domain::Topic;
use crate::domain::access::{Permission, Permissions};
use crate::domain::work::{CommandKind, dashboard};
use crate::pipeline::hub::Fallen;
use crate::pipeline::publish::Published;
use crate::wire::{ApiError, Seq};
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Utf8Bytes, WebSocketUpgrade};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

const NEEDED: Permissions = Topic::DashboardSocket.needs();
/// What one must be allowed to open it.
pub const NEEDS: Needs = Needs::Socket(NEEDED);
/// Least time between two messages with events.
const APART: Duration = Duration::from_millis(100);
/// What every message with events begins with.
const HEAD: &str = r#"{"type":"events","data":["#;

/// Upgrades the request.
///
/// # Errors
/// 400 if it is none for a WebSocket.
pub async fn dashboard(
    State(app): State<App>,
    knock: Knock,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    socket::upgrade(app, knock, NEEDED, upgrade, Dashboard::ALLOWANCE, serve)
}

async fn serve(line: Line) {
    let hub = line.app.hub.clone();
    hub.join(&Topic::DashboardSocket);
    let mut client = Dashboard { line, cursor: 0, told: None };
    // Why it ended is the client's business.
    let _ = socket::converse(&mut client).await;
    hub.leave(&Topic::DashboardSocket);
}

/// What a client may say.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    RequestSnapshot,
    RetryTask {
        task_id: String,
    },
    CancelTask {
        task_id: String,
    },
    AcknowledgeAlert {
        #[serde(alias = "alert_id")]
        rule_id: String,
    },
    Ping,
}

struct Dashboard {
    line: Line,
    /// Position that the client has seen.
    cursor: Seq,
    /// When it was last told of events.
    told: Option<Instant>,
}

impl Feed for Dashboard {
    fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    async fn begin(&mut self) -> Result<(), Gone> {
        self.snapshot().await
    }

    async fn shown(&mut self) -> Result<(), Gone> {
        let since = self.line.app.hub.since(&Topic::DashboardSocket, self.cursor);
        let Ok(frames) = since.map_err(|Fallen| ()) else {
            self.line.app.hub.meters.resyncs.fetch_add(1, Ordering::Relaxed);
            return self.snapshot().await;
        };
        let Some(last) = frames.last() else { return Ok(()) };
        self.cursor = last.seq;
        match frames.as_slice() {
            [one] => self.tell(one.text.clone()).await,
            // One message of what lay between, since each would have to wait for its turn.
            several => {
                let inner = several.iter().filter_map(|frame| inner(&frame.text));
                let all: Vec<&str> = inner.collect();
                self.tell(format!("{HEAD}{}]}}", all.join(",")).into()).await
            }
        }
    }

    async fn heard(&mut self, text: Utf8Bytes) -> Result<(), Gone> {
        match serde_json::from_str(&text) {
            Ok(Said::RequestSnapshot) => self.snapshot().await,
            Ok(Said::RetryTask { task_id }) => self.command(CommandKind::Retry, &task_id).await,
            Ok(Said::CancelTask { task_id }) => self.command(CommandKind::Cancel, &task_id).await,
            Ok(Said::AcknowledgeAlert { rule_id }) => self.acknowledge(&rule_id).await,
            Ok(Said::Ping) => self.line.send(r#"{"type":"pong"}"#.into()).await,
            Err(error) => self.line.error("malformed", &error.to_string()).await,
        }
    }

    fn every(&self) -> Option<Duration> {
        Some(self.line.app.patience.metrics)
    }

    async fn due(&mut self) -> Result<(), Gone> {
        let metrics = metrics(&self.line.app.hub.published());
        self.tell(format!("{HEAD}{metrics}]}}").into()).await
    }
}

impl Dashboard {
    async fn snapshot(&mut self) -> Result<(), Gone> {
        let shown = self.line.app.hub.published();
        self.cursor = shown.seq;
        self.line.send(shown.dashboard_snapshot().clone()).await
    }

    /// Tells of events, as soon as it may be.
    async fn tell(&mut self, text: Utf8Bytes) -> Result<(), Gone> {
        if let Some(told) = self.told {
            sleep_until(told + APART).await;
        }
        self.told = Some(Instant::now());
        self.line.send(text).await
    }

    /// Says that the caller has seen the alerts of a rule.
    async fn acknowledge(&mut self, rule: &str) -> Result<(), Gone> {
        let seen = match self.line.caller.may(Permission::AcknowledgeAlerts) {
            Ok(()) => {
                Box::pin(alerts::acknowledge(&self.line.app, &self.line.caller, rule, None)).await
            }
            Err(error) => Err(error),
        };
        let (status, detail) = match &seen {
            Ok(_) => ("acknowledged", None),
            Err(error) if error.status == 404 => ("not_found", Some(&error.detail)),
            Err(error) => ("error", Some(&error.detail)),
        };
        let answer = json!({
            "type": "alert_ack_result",
            "rule_id": rule,
            "status": status,
            "detail": detail,
        });
        self.line.send(answer.to_string().into()).await
    }

    /// Asks the owner of a task to do something with it. The words of the answer are those that
    /// such dashboards know: a task that can not be asked for is not found among those that can.
    async fn command(&mut self, kind: CommandKind, task: &str) -> Result<(), Gone> {
        let asked = match self.line.caller.may(Permission::RetryTasks) {
            Ok(()) => Box::pin(work::command(&self.line.app, &self.line.caller, kind, task)).await,
            Err(error) => Err(error),
        };
        let (result, done) = match kind {
            CommandKind::Retry => ("retry_result", "requeued"),
            CommandKind::Cancel => ("cancel_result", "cancelled"),
        };
        let (status, detail) = match &asked {
            Ok(_) => (done, None),
            Err(error) if matches!(error.status, 404 | 409) => ("not_found", Some(&error.detail)),
            Err(error) => ("error", Some(&error.detail)),
        };
        let answer = json!({
            "type": result,
            "task_id": task,
            "status": status,
            "command_id": asked.as_ref().ok().map(|command| &command.id),
            "detail": detail,
        });
        self.line.send(answer.to_string().into()).await
    }
}

/// The events of a message.
fn inner(text: &str) -> Option<&str> {
    text.strip_prefix(HEAD)?.strip_suffix("]}")
}

/// Throughput and the queue in numbers.
fn metrics(shown: &Published) -> String {
    let state = &shown.state.work;
    let [idle, assigned, working, blocked, offline] = state.index.agents;
    let online = idle + assigned + working + blocked;
    json!({
        "type": "metrics_snapshot",
        "timestamp": shown.as_of.ms(),
        "uptime_ms": shown.uptime_ms,
        "health": dashboard::status(state, &shown.work_findings.findings),
        "queue": dashboard::counts(state),
        "throughput": dashboard::hour_figures(state, shown.as_of),
        "agents": {
            "total": online + offline, "online": online, "idle": idle, "assigned": assigned,
            "working": working, "blocked": blocked, "offline": offline,
        },
    })
    .to_string()
}
