//! The socket: opened, kept, lost, and opened again.

use super::{Connection, Live, Said};
use crate::domain::access::Via;
use crate::domain::access::api::me;
use crate::wire::{ClientMsg, ErrorKind, Frame, Timestamp};
use futures::channel::mpsc::UnboundedReceiver;
use futures::{FutureExt, SinkExt, StreamExt, select};
use gloo_net::websocket::{Message, WebSocketError, futures::WebSocket};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Waits before an attempt double from the first to the last of these, in milliseconds; half of
/// each is chance, so that the clients of a restarted server do not all come at once.
const BACKOFF_MS: (u32, u32) = (500, 15_000);
/// Missed heartbeats after which the line counts as dead.
const MISSED: u32 = 2;
/// Until the server has said how often it sends heartbeats.
const HEARTBEAT_S: u32 = 15;
/// Code with which the server closes the socket of somebody who is signed in no more, may do other
/// things now, or has not said who they are (RFC 6455, section 7.4.1).
const POLICY: u16 = 1008;
/// How long opening may take: longer than the server waits for somebody to say who they are.
const OPEN_WITHIN_MS: u32 = 12_000;

/// Runs for as long as the page is open.
pub async fn run(live: Live) {
    let Some(mut inbox) = live.inbox.try_update_value(Option::take).flatten() else { return };
    spawn_local(tick(live));
    let mut attempt = 0;
    loop {
        let opened = session(live, &mut inbox).await;
        attempt = if opened { 0 } else { attempt + 1 };
        wait(live, &mut inbox, attempt).await;
    }
}

/// The browser's clock, in epoch milliseconds.
fn browser_ms() -> i64 {
    js_sys::Date::now() as i64
}

/// Moves the page's clock. It follows the server's: the offset is taken from what it says.
async fn tick(live: Live) {
    loop {
        let now = server_now(live);
        live.now.set(Some(now));
        // On the full second, so that all clocks of the page turn together.
        let rest = 1_000 - now.ms().rem_euclid(1_000);
        TimeoutFuture::new(u32::try_from(rest).unwrap_or(1_000)).await;
    }
}

fn server_now(live: Live) -> Timestamp {
    Timestamp::from_ms(browser_ms() + live.offset_ms.try_get_value().unwrap_or(0))
}

/// Waits for the next attempt, or until told not to.
async fn wait(live: Live, inbox: &mut UnboundedReceiver<Said>, attempt: u32) {
    let (first, last) = BACKOFF_MS;
    let whole = first.saturating_mul(1 << attempt.min(10)).min(last);
    let wait = whole / 2 + (f64::from(whole / 2) * js_sys::Math::random()) as u32;
    let now = server_now(live);
    let since = match live.connection.get_untracked() {
        Connection::Down { since, .. } => since,
        _ => live.heard.get_untracked().unwrap_or(now),
    };
    let retry_at = now.plus(i64::from(wait));
    live.connection.set(Connection::Down { since, retry_at });
    let mut timer = TimeoutFuture::new(wait).fuse();
    loop {
        select! {
            () = timer => return,
            said = inbox.next() => match said {
                Some(Said::RetryNow) | None => return,
                // Whatever pages want meanwhile is asked for when the socket opens.
                Some(Said::Message(_)) => {}
            },
        }
    }
}

fn address() -> Option<String> {
    let location = window().location();
    let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
    Some(format!("{scheme}://{}/dashboard/live", location.host().ok()?))
}

/// One socket from its opening to its end; whether it ever opened.
async fn session(live: Live, inbox: &mut UnboundedReceiver<Said>) -> bool {
    let Some(Ok(socket)) = address().map(|at| WebSocket::open(&at)) else { return false };
    let (mut sink, stream) = socket.split();
    let mut stream = stream.fuse();
    let mut silence = TimeoutFuture::new(OPEN_WITHIN_MS).fuse();
    let (mut opened, mut patience_ms) = (false, HEARTBEAT_S * 1_000 * (MISSED + 1));
    loop {
        select! {
            message = stream.next() => {
                let text = match message {
                    Some(Ok(Message::Text(text))) => text,
                    Some(Err(WebSocketError::ConnectionClose(event))) => {
                        if event.code == POLICY {
                            look_again(live).await;
                        }
                        return opened;
                    }
                    _ => return opened,
                };
                silence = TimeoutFuture::new(patience_ms).fuse();
                let Ok(frame) = serde_json::from_str::<Frame>(&text) else { continue };
                if frame.kind == "welcome" {
                    opened = true;
                    patience_ms = frame.heartbeat_s.unwrap_or(HEARTBEAT_S) * 1_000 * (MISSED + 1);
                }
                for message in hear(live, &frame) {
                    if send(&mut sink, &message).await.is_err() {
                        return opened;
                    }
                }
            }
            said = inbox.next() => match said {
                Some(Said::Message(message)) => {
                    if send(&mut sink, &message).await.is_err() {
                        return opened;
                    }
                }
                Some(Said::RetryNow) => {}
                None => return opened,
            },
            () = silence => return opened,
        }
    }
}

type Sink = futures::stream::SplitSink<WebSocket, Message>;

async fn send(sink: &mut Sink, message: &ClientMsg) -> Result<(), ()> {
    let text = serde_json::to_string(message).map_err(drop)?;
    sink.send(Message::Text(text)).await.map_err(drop)
}

/// Takes a frame in; returns what to answer.
fn hear(live: Live, frame: &Frame) -> Vec<ClientMsg> {
    if let (Some(at), "welcome" | "heartbeat") = (frame.at, frame.kind) {
        live.offset_ms.try_set_value(at.ms() - browser_ms());
    }
    live.heard.set(Some(server_now(live)));
    match frame.kind {
        "welcome" => welcome(live, frame),
        "pong" => {
            live.connection.set(Connection::Live);
            Vec::new()
        }
        "snapshot" | "delta" => deliver(live, frame),
        _ => Vec::new(),
    }
}

/// The socket was closed since something about whoever looks has changed. If they are who they were
/// all the same (their own password is another, say), nothing that is shown is wrong.
async fn look_again(live: Live) {
    let is = match me().await {
        Ok(is) => is.read().ok(),
        Err(error) if error.code == ErrorKind::Unauthenticated => None,
        // The server is away: it is asked again by the next socket.
        Err(_) => return,
    };
    let was = live.me.try_get_value().flatten();
    // Whoever was nobody, and is still, sees what nobody may.
    let nobody = was.as_ref().is_none_or(|was| was.via == Via::Anonymous) && is.is_none();
    if !nobody && is.as_ref() != was.as_deref() {
        reload(live);
    }
}

/// Loads the page anew: as it is for whoever looks now, or where one signs in.
fn reload(live: Live) {
    if live.leaving.try_get_value() == Some(true) {
        return;
    }
    // A browser that cannot goes on saying that the line is down.
    let _ = window().location().reload();
}

/// Asks for everything that is followed, and for an answer that comes after all of it.
fn welcome(live: Live, frame: &Frame) -> Vec<ClientMsg> {
    let (mut messages, behind) = live
        .topics
        .try_with_value(|topics| (topics.opening(), frame.epoch.and_then(|e| topics.behind(e))))
        .unwrap_or_default();
    let missed = behind.zip(frame.seq).map_or(0, |(mine, head)| head.saturating_sub(mine));
    live.connection.set(Connection::CatchingUp { events: missed });
    messages.push(ClientMsg::Ping);
    messages
}

fn deliver(live: Live, frame: &Frame) -> Vec<ClientMsg> {
    let Some(data) = frame.data.map(serde_json::value::RawValue::get) else { return Vec::new() };
    let (takers, ask) =
        live.topics.try_update_value(|topics| topics.route(frame)).unwrap_or_default();
    let mut asks: Vec<ClientMsg> = ask.into_iter().collect();
    let whole = frame.kind == "snapshot";
    for (receive, cursor) in takers {
        let at = frame.at.unwrap_or_else(|| server_now(live));
        let taken = receive(super::Part { whole, cursor: &cursor, at, data });
        if let Err(error) = taken {
            leptos::logging::warn!("a frame of {:?} cannot be read: {error}", frame.topic);
            // A change that cannot be read may be mended by the whole; the whole cannot.
            if let (false, Some(topic)) = (whole, &frame.topic) {
                asks.push(ClientMsg::RequestSnapshot { topic: topic.to_string() });
            }
        }
    }
    asks
}
