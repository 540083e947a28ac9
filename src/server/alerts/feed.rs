//! Alerts as a feed (Atom, RFC 4287): `/api/v1/alerts.atom`.

use super::reads::{self, AlertsParams};
use crate::domain::alerts::AlertItem;
use crate::server::markup::escaped;
use crate::server::peer::Peer;
use crate::server::{App, problem};
use crate::wire::{ApiError, Timestamp};
use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::fmt::Write as _;

/// `GET /api/v1/alerts.atom`: the newest alerts; what chooses those of `/api/v1/alerts` does here.
///
/// # Errors
/// As `/api/v1/alerts`.
pub async fn feed(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    params: Result<Query<AlertsParams>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(params) = params.map_err(problem::malformed)?;
    let page = reads::list(&app, &params).await?;
    let base = app.base(peer.as_ref().map(|Extension(peer)| peer));
    let epoch = app.hub.published().cursor.epoch.to_string();
    let kind = [(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")];
    Ok((kind, atom(&base, &epoch, page.as_of, &page.items)).into_response())
}

/// The feed. A feed without alerts is as old as the board's knowledge that there are none.
fn atom(base: &str, board: &str, as_of: Timestamp, alerts: &[AlertItem]) -> String {
    let newest = alerts.iter().map(changed).max().unwrap_or(as_of);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    let base = escaped(base);
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<feed xmlns=\"http://www.w3.org/2005/Atom\">\n<title>Bellwether: alerts</title>\n\
         <id>urn:bellwether:{board}:alerts</id>\n<updated>{newest}</updated>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{base}/api/v1/alerts.atom\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{base}/alerts\"/>\n"
    );
    for alert in alerts {
        entry(&mut out, &base, board, alert);
    }
    out.push_str("</feed>\n");
    out
}

fn entry(out: &mut String, base: &str, board: &str, alert: &AlertItem) {
    let severity = alert.severity.name();
    let state = alert.state.name();
    let _ = write!(
        out,
        "<entry>\n<id>urn:bellwether:{board}:alert:{id}</id>\n<title>[{severity}] {title}</title>\n\
         <published>{created}</published>\n<updated>{updated}</updated>\n\
         <author><name>{source}</name></author>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{base}/alerts/{at}\"/>\n\
         <category term=\"{severity}\"/>\n<category term=\"{state}\"/>\n\
         <content type=\"text\">{message} ({state}) {resolve}</content>\n</entry>\n",
        id = escaped(&alert.id),
        title = escaped(&alert.title),
        created = alert.created_at,
        updated = changed(alert),
        source = escaped(&alert.source),
        at = escaped(&crate::wire::encoded(&alert.id)),
        message = escaped(&alert.message),
        resolve = escaped(&alert.resolve),
    );
}

/// When something last happened to it.
fn changed(alert: &AlertItem) -> Timestamp {
    let times = [alert.fired_at, alert.resolved_at, alert.acknowledged_at];
    times.into_iter().flatten().fold(alert.created_at, Timestamp::max)
}
