//! Sockets.

use crate::server::openapi::op::{Op, get, param, text};
use crate::wire::ClientMsg;
use serde_json::{Value, json};
use utoipa::{PartialSchema as _, ToSchema as _};

const ENTER: &str = "Who asks is known by the session cookie (with an allowed `Origin`), by `Authorization: Bearer`, by `?ticket=` of `POST /api/v1/ws-ticket`, or by a first message `{\"token\":\"…\"}` within 10 seconds; else the socket is closed with 1008.";

fn socket(path: &'static str, id: &'static str, summary: &'static str, more: &'static str) -> Op {
    let ticket: Value = text("ticket", "A ticket, good once.");
    get(path, id, summary).more(more).query([ticket]).answers_as(101, ENTER, []).fails(&[400, 426])
}

/// What it answers to.
pub fn operations() -> Vec<Op> {
    let mut live = socket("/dashboard/live", "live", "All topics, as they change.",
        "One JSON object a text frame. The server says `welcome`, then for each topic `snapshot` (whose `data` is the REST answer of the topic, unpaged) and `delta`s, of which each follows the `seq` that was sent last (`from`); `heartbeat` every 15 seconds when idle. The client says any `ClientMsg`. A client that was away resumes at its `epoch` and `seq`, and is sent only what it missed.")
        .query([
            text("topics", "Topics, separated by commas: `summary`, `projects`, `project:ID`, `agents`, `tasks`, `task:ID`, `work`, `alerts`, `metrics`, `portfolio`, `trades`, `system`, `events`."),
            text("epoch", "Identity of the journal's past, of the position that was seen last."),
            param("seq", "The position that was seen last.", json!({ "type": "integer", "minimum": 0 })),
        ]);
    live.schemas.push((ClientMsg::name().into_owned(), ClientMsg::schema()));
    ClientMsg::schemas(&mut live.schemas);
    vec![
        live,
        socket("/ws/dashboard", "ws_dashboard", "Work, as it changes.",
            "`{\"type\":\"snapshot\",\"data\":…,\"alerts\":[…]}` as `GET /api/dashboard/state`, then `{\"type\":\"events\",\"data\":[…]}` at most every 100 milliseconds. The client says `request_snapshot`, `retry_task`, `cancel_task` or `acknowledge_alert`."),
        socket("/ws/alerts", "ws_alerts", "Alerts, as they change.",
            "`{\"type\":\"alert\",\"timestamp\",\"data\"}` with an `AlertItem`, after `welcome`."),
        socket("/ws/metrics", "ws_metrics", "Measurements, as they come.",
            "`{\"type\":\"metrics\",\"timestamp\",\"data\":{name:{value,timestamp,labels}}}`, after `welcome`."),
        socket("/ws/portfolio", "ws_portfolio", "The portfolio, as it changes.",
            "`{\"type\":\"portfolio\",\"timestamp\",\"data\":{total_value,cash,positions_value}}`, after `welcome`."),
        socket("/ws/trades", "ws_trades", "Trades, as they come.",
            "`{\"type\":\"trade\",\"timestamp\",\"data\":{id,symbol,side,quantity,price,executed_at}}`, after `welcome`."),
        socket("/ws/agent", "ws_agent", "The other way round: events of an agent, and commands for it.",
            "The agent sends CloudEvents as text frames, is told `{\"type\":\"command\",\"id\",\"command\",\"task_id\",\"deadline\"}` and answers `{\"type\":\"ack\",\"id\",\"status\",\"detail\"}`.")
            .query([text("source", "Whose commands, unless a first frame `hello` says so.")]),
    ]
}
