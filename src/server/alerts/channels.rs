//! Channels over HTTP, and what still waits in them.
//!
//! The secret of a channel is never read back, and stays with the place it was given for: whoever
//! has a channel lead elsewhere must know it.

use super::ids;
use super::routes::MANAGE;
use super::setup::created;
use crate::domain::alerts::state::State as Alerts;
use crate::domain::alerts::{
    Channel, ChannelItem, ChannelKind, ChannelSpec, ChannelTest, Event as AlertEvent,
    NotificationItem, Removed, Requeued,
};
use crate::domain::{Event, check};
use crate::notify::{self, Taken, Target};
use crate::pipeline::publish::Published;
use crate::server::access::{self, Act, Caller};
use crate::server::body::{Settable, SpecBody};
use crate::server::needs::Routes;
use crate::server::page::{Asked, Listed};
use crate::server::{App, problem};
use crate::wire::{ApiError, ErrorKind};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// Most channels there may be.
const MAX: usize = 200;
/// Notifications a minute, where nobody has said how many.
const RATE: f64 = 30.0;
/// Most notifications a minute, at most.
const MAX_RATE: f64 = 600.0;
/// What whoever changes channels waits for.
const TURN: &str = "channels";

/// What is waiting and what was given up, by channel.
pub type Counts<'a> = HashMap<&'a str, (u32, u32)>;

/// Every channel, by name.
///
/// # Errors
/// None: one whose address cannot be read says so itself.
pub async fn list(app: &App) -> Result<Vec<ChannelItem>, ApiError> {
    let shown = app.hub.published();
    let alerts = &shown.state.alerts;
    let counts = counts(alerts);
    let mut items: Vec<_> =
        alerts.channels.values().map(|channel| item(app, alerts, &counts, channel)).collect();
    items.sort_by_cached_key(place);
    Ok(items)
}

/// Where a channel stands among all.
fn place(item: &ChannelItem) -> (String, Arc<str>) {
    (item.name.to_lowercase(), item.id.clone())
}

/// One channel.
///
/// # Errors
/// 404.
pub fn get(app: &App, id: &str) -> Result<ChannelItem, ApiError> {
    shown_as(app, &app.hub.published(), id)
}

fn shown_as(app: &App, shown: &Published, id: &str) -> Result<ChannelItem, ApiError> {
    let alerts = &shown.state.alerts;
    known(alerts, id).map(|channel| item(app, alerts, &counts(alerts), channel))
}

fn known<'a>(alerts: &'a Alerts, id: &str) -> Result<&'a Arc<Channel>, ApiError> {
    let unknown = || ApiError::not_found(format!("there is no channel {id}"));
    alerts.channels.get(id).ok_or_else(unknown)
}

/// What is waiting and what was given up; channels with neither are left out.
pub fn counts(alerts: &Alerts) -> Counts<'_> {
    let mut counts = Counts::new();
    for one in alerts.outbox.waiting.values() {
        counts.entry(&one.queued.channel).or_default().0 += 1;
    }
    for one in alerts.outbox.dead.values() {
        counts.entry(&one.queued.channel).or_default().1 += 1;
    }
    counts
}

fn item(app: &App, alerts: &Alerts, counts: &Counts<'_>, channel: &Channel) -> ChannelItem {
    let log = alerts.outbox.channels.get(&channel.id);
    let (waiting, dead) = counts.get(&*channel.id).copied().unwrap_or_default();
    let (url, has_secret, closed) = match app.notify.sealer.open(&channel.id, &channel.target) {
        Ok(target) => (target.url, target.secret.is_some(), None),
        Err(why) => (String::new(), false, Some(why)),
    };
    ChannelItem {
        id: channel.id.clone(),
        name: channel.name.clone(),
        kind: channel.kind,
        url,
        has_secret,
        matcher: channel.matcher.clone(),
        rate_per_min: channel.rate_per_min,
        send_resolved: channel.send_resolved,
        enabled: channel.enabled,
        to: channel.to.clone(),
        from: channel.from.clone(),
        username: channel.username.clone(),
        waiting,
        dead,
        last_sent_at: log.and_then(|log| log.sent_at),
        last_error: closed.or_else(|| log.and_then(|log| log.error.clone())),
    }
}

/// Saves a channel: a new one if no id is given, otherwise that one. Of one that is there, name,
/// address and secret stay where they are left out.
///
/// # Errors
/// 404 for an id that is not there, 409 if a new one's is taken or there are too many, 422 at the
/// member that cannot be, 503 if the secret cannot be sealed.
pub async fn save(
    app: &App,
    caller: &Caller,
    id: Option<&str>,
    spec: ChannelSpec,
) -> Result<ChannelItem, ApiError> {
    let _turn = app.access.turns.of(TURN).await;
    let shown = app.hub.published();
    let alerts = &shown.state.alerts;
    let old = id.map(|id| known(alerts, id)).transpose()?;
    let name = match (old, spec.name.trim()) {
        (Some(old), "") => old.name.clone(),
        (_, name) => name.to_owned(),
    };
    check::name("name", &name).map_err(ids::at)?;
    spec.matcher.check("match").map_err(ids::at)?;
    let id = match old {
        Some(old) => {
            if spec.id.as_ref().is_some_and(|id| *id != old.id) {
                return Err(ApiError::invalid("/id", "cannot be changed"));
            }
            old.id.clone()
        }
        None if alerts.channels.len() >= MAX => {
            let detail = format!("there are {MAX} channels, which is as many as there may be");
            return Err(ApiError::new(ErrorKind::Conflict, detail));
        }
        None => {
            let given = spec.id.as_deref().filter(|id| !id.is_empty());
            ids::new(given, &name, |id| alerts.channels.contains_key(id))?
        }
    };
    let target = target(app, old, &spec)?;
    notify::check(&app.notify.net, &spec, &target)?;
    let rate = spec.rate_per_min.unwrap_or(RATE);
    if !(rate > 0.0 && rate <= MAX_RATE) {
        let detail = format!("must be more than 0 and at most {MAX_RATE}");
        return Err(ApiError::invalid("/rate_per_min", detail));
    }
    let sealed = app.notify.sealer.seal(&id, &target).map_err(|why| {
        tracing::error!(why, "a channel cannot be sealed");
        ApiError::unavailable(why, 10)
    })?;
    let said = format!("{} at {}", spec.kind.name(), notify::place(&target.url));
    let action = if old.is_some() { "channel.change" } else { "channel.create" };
    let act = Act::by(caller, action).on(id.clone()).because(said);
    let channel = Channel {
        id: id.clone(),
        name,
        kind: spec.kind,
        target: sealed,
        matcher: spec.matcher,
        rate_per_min: rate,
        send_resolved: spec.send_resolved,
        enabled: spec.enabled,
        to: spec.to,
        from: spec.from.filter(|from| !from.is_empty()),
        username: target.username,
        actor: caller.name.clone(),
    };
    let event = Event::Alerts(AlertEvent::ChannelSaved(channel));
    let shown = access::record(app, act, vec![event]).await?;
    shown_as(app, &shown, &id)
}

/// What a channel comes to lead to, with what was there before.
fn target(app: &App, old: Option<&Arc<Channel>>, spec: &ChannelSpec) -> Result<Target, ApiError> {
    let url = spec.url.trim();
    let secret = spec.secret.clone();
    let username = spec.username.clone().filter(|name| !name.is_empty());
    let Some(old) = old else {
        let secret = secret.filter(|secret| !secret.is_empty());
        return Ok(Target { url: url.to_owned(), secret, username });
    };
    let before = match app.notify.sealer.open(&old.id, &old.target) {
        Ok(before) => before,
        // What was there cannot be read any more: both are to be given again.
        Err(why) if url.is_empty() => return Err(ApiError::invalid("/url", why)),
        Err(why) if secret.is_none() => {
            let detail = format!("give it again, or an empty one if there is none: {why}");
            return Err(ApiError::invalid("/secret", detail));
        }
        Err(_) => Target { url: String::new(), secret: None, username: None },
    };
    let url = if url.is_empty() { before.url.clone() } else { url.to_owned() };
    let secret = match secret {
        Some(given) => Some(given).filter(|secret| !secret.is_empty()),
        None if before.secret.is_none() => None,
        None => {
            let same = spec.kind == old.kind && notify::same_place(&url, &before.url);
            // What signs is not shown to where it leads.
            let signs = spec.kind == ChannelKind::Webhook && old.kind == ChannelKind::Webhook;
            if !same && !signs {
                let detail = "give it again: it was given for another place";
                return Err(ApiError::invalid("/secret", detail));
            }
            before.secret
        }
    };
    Ok(Target { url, secret, username })
}

/// Removes a channel, and what waits in it.
///
/// # Errors
/// 404.
pub async fn remove(app: &App, caller: &Caller, id: &str) -> Result<(), ApiError> {
    let _turn = app.access.turns.of(TURN).await;
    let id = known(&app.hub.published().state.alerts, id)?.id.clone();
    let act = Act::by(caller, "channel.remove").on(id.clone());
    let removed = Removed { id, actor: caller.name.clone() };
    let event = Event::Alerts(AlertEvent::ChannelRemoved(removed));
    access::record(app, act, vec![event]).await.map(drop)
}

/// Sends a test message, whether or not the channel is enabled.
///
/// # Errors
/// 404. What the channel says is in the answer.
pub async fn test(app: &App, caller: &Caller, id: &str) -> Result<ChannelTest, ApiError> {
    let channel = known(&app.hub.published().state.alerts, id)?.clone();
    let notification = uuid::Uuid::now_v7().to_string();
    let begun = Instant::now();
    let sent = app.notify.test(&channel, &notification, app.clock.now()).await;
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (success, detail) = match sent {
        Ok(Taken { said, but: None }) => (true, said),
        Ok(Taken { said, but: Some(but) }) => (true, format!("{said}; {but}")),
        Err(failure) => (false, failure.why),
    };
    let how = if success { "it got through" } else { "it did not get through" };
    let act = Act::by(caller, "channel.test").on(channel.id.clone()).because(how);
    access::record(app, act, Vec::new()).await?;
    Ok(ChannelTest { success, detail, took_ms })
}

/// What waits, and what was given up, newest first.
pub fn notifications(app: &App) -> Vec<NotificationItem> {
    app.hub.published().state.alerts.outbox.items()
}

/// Tries a dead letter again.
///
/// # Errors
/// 404 if there is none of this id.
pub async fn requeue(app: &App, caller: &Caller, id: &str) -> Result<(), ApiError> {
    let _turn = app.access.turns.of(TURN).await;
    let shown = app.hub.published();
    let gone = || ApiError::not_found(format!("no notification {id} was given up"));
    let dead = shown.state.alerts.outbox.dead.get(id).ok_or_else(gone)?;
    let notification = dead.queued.notification.clone();
    let act = Act::by(caller, "notification.retry").on(notification.clone());
    let act = act.because(format!("channel {}", dead.queued.channel));
    let requeued = Requeued { notification, actor: caller.name.clone() };
    let event = Event::Alerts(AlertEvent::Requeued(requeued));
    access::record(app, act, vec![event]).await.map(drop)
}

/// Routes that answer with what is shown.
pub fn reads() -> Routes {
    Routes::default()
        .get("/api/v1/channels", MANAGE, read_channels)
        .get("/api/v1/channels/{id}", MANAGE, read_channel)
        .get("/api/v1/notifications", MANAGE, read_notifications)
}

/// Routes that change something, or reach somebody.
pub fn writes() -> Routes {
    Routes::default()
        .post("/api/v1/channels", MANAGE, create_channel)
        .put("/api/v1/channels/{id}", MANAGE, change_channel)
        .delete("/api/v1/channels/{id}", MANAGE, remove_channel)
        .post("/api/v1/channels/{id}/test", MANAGE, test_channel)
        .post("/api/v1/notifications/{id}/retry", MANAGE, retry_notification)
}

type Name = Result<Path<String>, PathRejection>;

impl Settable for ChannelSpec {
    const ONLY_TOLD: &'static [&'static str] =
        &["has_secret", "waiting", "dead", "last_sent_at", "last_error"];
}

/// `GET /api/v1/channels`
async fn read_channels(
    State(app): State<App>,
    asked: Asked,
) -> Result<Json<Listed<ChannelItem>>, ApiError> {
    let all = list(&app).await?;
    Listed::page(&app, asked, all, place)
}

/// `GET /api/v1/channels/{id}`
async fn read_channel(State(app): State<App>, id: Name) -> Result<Json<ChannelItem>, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    get(&app, &id).map(Json)
}

/// `POST /api/v1/channels`: 201 with where it is.
async fn create_channel(
    State(app): State<App>,
    caller: Caller,
    SpecBody(spec): SpecBody<ChannelSpec>,
) -> Result<Response, ApiError> {
    let item = save(&app, &caller, None, spec).await?;
    Ok(created("/api/v1/channels", &item.id, &item))
}

/// `PUT /api/v1/channels/{id}`
async fn change_channel(
    State(app): State<App>,
    caller: Caller,
    id: Name,
    SpecBody(spec): SpecBody<ChannelSpec>,
) -> Result<Json<ChannelItem>, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    save(&app, &caller, Some(&id), spec).await.map(Json)
}

/// `DELETE /api/v1/channels/{id}`
async fn remove_channel(
    State(app): State<App>,
    caller: Caller,
    id: Name,
) -> Result<StatusCode, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    remove(&app, &caller, &id).await.map(|()| StatusCode::NO_CONTENT)
}

/// `POST /api/v1/channels/{id}/test`
async fn test_channel(
    State(app): State<App>,
    caller: Caller,
    id: Name,
) -> Result<Json<ChannelTest>, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    test(&app, &caller, &id).await.map(Json)
}

/// `GET /api/v1/notifications`: newest first.
async fn read_notifications(
    State(app): State<App>,
    asked: Asked,
) -> Result<Json<Listed<NotificationItem>>, ApiError> {
    let newest = |item: &NotificationItem| Reverse((item.created_at, item.id.clone()));
    Listed::page(&app, asked, notifications(&app), newest)
}

/// `POST /api/v1/notifications/{id}/retry`: 202 with the notification, which waits again.
async fn retry_notification(
    State(app): State<App>,
    caller: Caller,
    id: Name,
) -> Result<Response, ApiError> {
    let Path(id) = id.map_err(problem::malformed)?;
    let dead = notifications(&app).into_iter().find(|item| *item.id == *id);
    requeue(&app, &caller, &id).await?;
    // It may have got through already.
    let now = notifications(&app).into_iter().find(|item| *item.id == *id);
    let item = now.or(dead.map(|dead| NotificationItem { dead: false, ..dead }));
    Ok((StatusCode::ACCEPTED, Json(item)).into_response())
}
