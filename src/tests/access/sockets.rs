//! Sockets: who may open one, by what, and what closes it.

use super::{PASSWORD, Secured, browse, sign_in};
use crate::harness::{Server, Socket};
use bellwether::server::config::Tuning;
use bellwether::server::socket::Patience;
use serde_json::{Value, json};
use std::time::Duration;

const LIVE: &str = "/dashboard/live?topics=agents";
/// RFC 6455, section 7.4.1.
const POLICY: Option<u16> = Some(1008);

/// Reads until the first snapshot: the socket is let in.
async fn is_in(socket: &mut Socket, user: &str) {
    assert_eq!(socket.next_of("welcome").await["user"], user);
    socket.next_of("snapshot").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_the_header_opens_one() {
    let secured = Secured::start().await;
    let mut socket = secured.socket_by(LIVE, &secured.admin).await.unwrap();
    is_in(&mut socket, "root token").await;
    assert_eq!(secured.socket_by(LIVE, "bw_nonsense").await.err(), Some(401));
    let viewer = secured.token(json!({ "name": "v", "role": "viewer" })).await;
    assert_eq!(secured.socket_by("/ws/agent?source=s", &viewer).await.err(), Some(403));
    let producer = secured.token(json!({ "name": "p", "role": "producer" })).await;
    assert_eq!(secured.socket_by("/ws/dashboard", &producer).await.err(), Some(403));
    let mut agent = secured.socket_by("/ws/agent?source=s", &producer).await.unwrap();
    agent.next_of("welcome").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_opens_one_for_pages_of_ours_alone() {
    let secured = Secured::start().await;
    let cookie = browse(&secured.server, "root").await;
    let own = format!("http://{}", secured.server.address);
    let open = async |origin: Option<&str>| {
        let mut headers = vec![("cookie", cookie.as_str())];
        headers.extend(origin.map(|origin| ("origin", origin)));
        secured.socket(LIVE, &headers).await
    };
    is_in(&mut open(Some(&own)).await.unwrap(), "root").await;
    for foreign in ["http://evil.example", "null", "https://127.0.0.1"] {
        assert_eq!(open(Some(foreign)).await.err(), Some(403), "{foreign}");
    }
    // Without an origin it is no browser, and the cookie does not count.
    let mut socket = open(None).await.unwrap();
    socket.say(json!({ "type": "subscribe", "topics": ["agents"] })).await;
    assert_eq!(socket.next().await["code"], "unauthenticated");
    assert_eq!(socket.closed().await, POLICY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_opens_one_once() {
    let secured = Secured::start().await;
    let made = secured.by_admin("POST", "/api/v1/ws-ticket", None).await;
    assert_eq!(made["expires_in"], 30);
    let path = format!("{LIVE}&ticket={}", made["ticket"].as_str().unwrap());
    is_in(&mut secured.socket(&path, &[]).await.unwrap(), "root token").await;
    assert_eq!(secured.socket(&path, &[]).await.err(), Some(401));
    assert_eq!(secured.socket(&format!("{LIVE}&ticket=x"), &[]).await.err(), Some(401));
    assert_eq!(secured.ask("POST", "/api/v1/ws-ticket", "", None).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_message_opens_one() {
    let secured = Secured::start().await;
    let access = sign_in(&secured.server, "root").await;
    let mut socket = secured.socket("/ws/dashboard", &[]).await.unwrap();
    socket.say(json!({ "token": access["access_token"] })).await;
    socket.next_of("snapshot").await;
    let mut live = secured.socket(LIVE, &[]).await.unwrap();
    live.say(json!({ "token": secured.admin })).await;
    is_in(&mut live, "root token").await;
    // Once in, saying it again changes nothing.
    live.say(json!({ "token": "bw_nonsense" })).await;
    live.say(json!({ "type": "ping" })).await;
    live.next_of("pong").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_shows_nothing_good_is_sent_away() {
    let hello = Duration::from_millis(300);
    let patience = Patience { hello, ..Patience::default() };
    let secured = Secured::tuned(Tuning { patience, ..Tuning::default() }).await;
    let viewer = secured.token(json!({ "name": "v", "role": "producer" })).await;
    for path in [LIVE, "/ws/dashboard", "/ws/agent?source=s"] {
        let mut silent = secured.socket(path, &[]).await.unwrap();
        assert_eq!(silent.closed().await, POLICY, "{path}: silent");
        for first in [json!({ "token": "nonsense" }), json!({ "token": "bw_x" })] {
            let mut socket = secured.socket(path, &[]).await.unwrap();
            socket.say(first.clone()).await;
            assert_eq!(socket.next().await["code"], "unauthenticated", "{path}: {first}");
            assert_eq!(socket.closed().await, POLICY, "{path}: {first}");
        }
    }
    let mut socket = secured.socket("/ws/dashboard", &[]).await.unwrap();
    socket.say(json!({ "type": "request_snapshot" })).await;
    assert_eq!(socket.next().await["code"], "unauthenticated");
    assert_eq!(socket.closed().await, POLICY);
    let mut socket = secured.socket("/ws/dashboard", &[]).await.unwrap();
    socket.say(json!({ "token": viewer })).await;
    assert_eq!(socket.next().await["code"], "forbidden");
    assert_eq!(socket.closed().await, POLICY);
}

#[tokio::test(flavor = "multi_thread")]
async fn oversized_and_flooding_frames_close_it() {
    let secured = Secured::start().await;
    let mut socket = secured.socket("/ws/dashboard", &[]).await.unwrap();
    socket.say_text("x".repeat(70_000)).await;
    assert_eq!(socket.closed().await, Some(1009));
    let mut live = secured.socket_by(LIVE, &secured.admin).await.unwrap();
    for _ in 0..500 {
        live.say(json!({ "type": "ping" })).await;
    }
    assert_eq!(live.closed().await, POLICY);
    let mut socket = secured.socket("/ws/dashboard", &[]).await.unwrap();
    socket.say_text("x".repeat(60_000)).await;
    assert_eq!(socket.next().await["code"], "unauthenticated");
    assert_eq!(socket.closed().await, POLICY, "before anybody is in");
}

/// Opens sockets of every kind for a user, does something, and expects that they are closed.
async fn closed_by(secured: &Secured, user: &str, what: impl AsyncFnOnce(&Secured, Value)) {
    let tokens = sign_in(&secured.server, user).await;
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    let mut live = secured.socket_by(LIVE, &access).await.unwrap();
    is_in(&mut live, user).await;
    let mut dashboard = secured.socket_by("/ws/dashboard", &access).await.unwrap();
    dashboard.next_of("snapshot").await;
    let begun = std::time::Instant::now();
    what(secured, tokens).await;
    assert_eq!(live.closed().await, POLICY);
    assert_eq!(dashboard.closed().await, POLICY);
    // Far above what it takes; that it is below a second is shown by hand and in the browser.
    assert!(begun.elapsed() < crate::harness::PATIENCE);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_closes_them() {
    let secured = Secured::start().await;
    closed_by(&secured, "root", async |secured, tokens| {
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(secured.ask("POST", "/logout", access, None).await.status, 204);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_role_or_password_closes_them() {
    let secured = Secured::start().await;
    secured.user("ann", "viewer").await;
    for change in [
        json!({ "role": "operator" }),
        json!({ "password": PASSWORD.replace('c', "k") }),
        json!({ "password": PASSWORD }),
        json!({ "disabled": true }),
    ] {
        closed_by(&secured, "ann", async |secured, _| {
            secured.by_admin("PUT", "/api/v1/users/ann", Some(change.clone())).await;
        })
        .await;
        let back = json!({ "disabled": false, "password": PASSWORD });
        secured.by_admin("PUT", "/api/v1/users/ann", Some(back)).await;
    }
    closed_by(&secured, "ann", async |secured, _| {
        secured.by_admin("DELETE", "/api/v1/users/ann", None).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_means_something_else_closes_them() {
    let secured = Secured::start().await;
    let path = "/api/v1/roles/watch";
    secured.by_admin("PUT", path, Some(json!({ "permissions": ["view_agents"] }))).await;
    let token = secured.token(json!({ "name": "t", "role": "watch" })).await;
    let mut socket = secured.socket_by(LIVE, &token).await.unwrap();
    is_in(&mut socket, "t").await;
    let mut other = secured.socket_by(LIVE, &secured.admin).await.unwrap();
    is_in(&mut other, "root token").await;
    secured.by_admin("PUT", path, Some(json!({ "permissions": [] }))).await;
    assert_eq!(socket.closed().await, POLICY);
    other.say(json!({ "type": "ping" })).await;
    other.next_of("pong").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_revoked_or_over_closes_them() {
    let secured = Secured::start().await;
    let made = json!({ "name": "t", "role": "viewer" });
    let made = secured.by_admin("POST", "/api/v1/tokens", Some(made)).await;
    let mut socket = secured.socket_by(LIVE, made["token"].as_str().unwrap()).await.unwrap();
    is_in(&mut socket, "t").await;
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    secured.by_admin("DELETE", &path, None).await;
    assert_eq!(socket.closed().await, POLICY);
    let soon = bellwether::pipeline::clock::Clock::default().now().plus(1_500).to_string();
    let short = json!({ "name": "short", "role": "viewer", "expires_at": soon });
    let short = secured.token(short).await;
    let mut socket = secured.socket_by(LIVE, &short).await.unwrap();
    is_in(&mut socket, "short").await;
    assert_eq!(socket.closed().await, POLICY);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_revoked_opens_nothing_though_the_ticket_is_good_still() {
    let secured = Secured::start().await;
    let made = json!({ "name": "t", "role": "viewer" });
    let made = secured.by_admin("POST", "/api/v1/tokens", Some(made)).await;
    let token = made["token"].as_str().unwrap();
    let ticket = secured.ask("POST", "/api/v1/ws-ticket", token, None).await.json();
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    secured.by_admin("DELETE", &path, None).await;
    let path = format!("{LIVE}&ticket={}", ticket["ticket"].as_str().unwrap());
    let mut socket = secured.socket(&path, &[]).await.unwrap();
    assert_eq!(socket.message().await.unwrap_err().map(|frame| frame.code.into()), POLICY);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_says_nothing_is_closed_too() {
    let secured = Secured::start().await;
    let made = json!({ "name": "t", "role": "producer" });
    let made = secured.by_admin("POST", "/api/v1/tokens", Some(made)).await;
    let token = made["token"].as_str().unwrap();
    let mut silent = secured.socket_by("/ws/agent", token).await.unwrap();
    let mut busy = secured.socket_by("/ws/agent?source=s", token).await.unwrap();
    busy.next_of("welcome").await;
    silent.say(json!({ "type": "ping" })).await;
    silent.next_of("pong").await;
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    secured.by_admin("DELETE", &path, None).await;
    assert_eq!((silent.closed().await, busy.closed().await), (POLICY, POLICY));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_user_closes_what_was_open_to_all() {
    let server = Server::start().await;
    let mut socket = server.live("topics=agents").await;
    is_in(&mut socket, "anonymous").await;
    // Clients that always show a token are let in as well.
    socket.say(json!({ "token": "whatever" })).await;
    socket.say(json!({ "type": "ping" })).await;
    socket.next_of("pong").await;
    let user = json!({ "username": "root", "password": PASSWORD, "role": "admin" });
    assert_eq!(server.json("POST", "/api/v1/users", user).await.status, 201);
    assert_eq!(socket.closed().await, POLICY);
}
