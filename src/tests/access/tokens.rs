//! Signing in by programs: tokens, how they are renewed, and what ends them.

use super::{PASSWORD, Secured, form, sign_in};
use crate::harness::Server;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bellwether::server::access::Measures;
use bellwether::server::config::Tuning;
use serde_json::{Value, json};
use std::time::Duration;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

async fn status(secured: &Secured, token: &str) -> u16 {
    secured.ask("GET", "/api/v1/me", token, None).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_signs_in_and_is_who_it_says() {
    let secured = Secured::start().await;
    secured.user("vera", "viewer").await;
    let tokens = sign_in(&secured.server, "vera").await;
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("bearer"), &json!(900)));
    let user = &tokens["user"];
    assert_eq!((text(user, "username"), text(user, "role")), ("vera", "viewer"));
    assert!(user["permissions"].as_array().unwrap().contains(&json!("view_agents")));
    for name in ["email", "full_name"] {
        assert!(user.get(name).is_some(), "{name}");
    }
    let me = secured.ask("GET", "/api/v1/me", text(&tokens, "access_token"), None).await.json();
    assert_eq!(text(&me, "username"), "vera");
    let refused = secured.ask("GET", "/api/v1/users", text(&tokens, "access_token"), None).await;
    assert_eq!(refused.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_user_and_a_wrong_password_are_answered_alike() {
    let secured = Secured::start().await;
    secured.user("out", "viewer").await;
    secured.by_admin("PUT", "/api/v1/users/out", Some(json!({ "disabled": true }))).await;
    let mut answers = Vec::new();
    for (name, password) in [("root", "wrong"), ("nobody", "wrong"), ("out", PASSWORD)] {
        let fields = [("username", name), ("password", password)];
        let answer = form(&secured.server, "/token", &fields).await;
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").is_some());
        answers.push(answer.json());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_that_cannot_be_are_refused() {
    let secured = Secured::start().await;
    let server = &secured.server;
    let missing = form(server, "/token", &[("username", "root")]).await;
    assert_eq!(
        (missing.status, &missing.json()["errors"][0]["pointer"]),
        (422, &json!("/password"))
    );
    let twice = [("username", "root"), ("username", "x"), ("password", PASSWORD)];
    assert_eq!(form(server, "/token", &twice).await.status, 422);
    let grant = [("grant_type", "client_credentials"), ("username", "a"), ("password", "b")];
    assert_eq!(form(server, "/token", &grant).await.status, 422);
    let kind = json!({ "username": "root", "password": PASSWORD });
    assert_eq!(server.json("POST", "/token", kind).await.status, 415);
    let long = "x".repeat(70_000);
    let answer = form(server, "/token", &[("username", "root"), ("password", &long)]).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_good_once_and_using_it_twice_ends_the_session() {
    let secured = Secured::start().await;
    let first = sign_in(&secured.server, "root").await;
    let refresh = |token: String| {
        let server = &secured.server;
        async move { form(server, "/token/refresh", &[("refresh_token", &token)]).await }
    };
    let second = refresh(text(&first, "refresh_token").to_owned()).await;
    assert_eq!(second.status, 200);
    let second = second.json();
    assert_ne!(text(&first, "refresh_token"), text(&second, "refresh_token"));
    assert_eq!(status(&secured, text(&second, "access_token")).await, 200);
    // Somebody has the first one still.
    assert_eq!(refresh(text(&first, "refresh_token").to_owned()).await.status, 401);
    for good_no_more in [&first, &second] {
        assert_eq!(status(&secured, text(good_no_more, "access_token")).await, 401);
        assert_eq!(refresh(text(good_no_more, "refresh_token").to_owned()).await.status, 401);
    }
    let audit = secured.by_admin("GET", "/api/v1/audit?action=session.refresh", None).await;
    assert_eq!(audit["items"][0]["outcome"], "denied", "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_refresh_at_once_one_is_refused() {
    let secured = Secured::start().await;
    let first = sign_in(&secured.server, "root").await;
    let fields = [("refresh_token", text(&first, "refresh_token"))];
    let (a, b) = tokio::join!(
        form(&secured.server, "/token/refresh", &fields),
        form(&secured.server, "/token/refresh", &fields)
    );
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_is_no_refresh_token_and_the_reverse() {
    let secured = Secured::start().await;
    let tokens = sign_in(&secured.server, "root").await;
    let access = [("refresh_token", text(&tokens, "access_token"))];
    assert_eq!(form(&secured.server, "/token/refresh", &access).await.status, 401);
    assert_eq!(status(&secured, text(&tokens, "refresh_token")).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_access_token_at_once() {
    let secured = Secured::start().await;
    let tokens = sign_in(&secured.server, "root").await;
    let other = sign_in(&secured.server, "root").await;
    let access = text(&tokens, "access_token");
    let out = secured.ask("POST", "/logout", access, None).await;
    assert_eq!(out.status, 204);
    assert_eq!(status(&secured, access).await, 401);
    let fields = [("refresh_token", text(&tokens, "refresh_token"))];
    assert_eq!(form(&secured.server, "/token/refresh", &fields).await.status, 401);
    assert_eq!(status(&secured, text(&other, "access_token")).await, 200, "other sessions go on");
    assert_eq!(secured.ask("POST", "/logout", &secured.admin, None).await.status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_were_tampered_with_are_refused() {
    let secured = Secured::start().await;
    let tokens = sign_in(&secured.server, "root").await;
    let access = text(&tokens, "access_token");
    let parts: Vec<&str> = access.split('.').collect();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
    let header = |alg: &str| {
        let mut header: Value =
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
        header["alg"] = json!(alg);
        BASE64_URL_SAFE_NO_PAD.encode(header.to_string())
    };
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut claims: Value = serde_json::from_slice(&claims).unwrap();
        change(&mut claims);
        BASE64_URL_SAFE_NO_PAD.encode(claims.to_string())
    };
    let mut forged = vec![
        format!("{}.{}.", header("none"), parts[1]),
        format!("{}.{}.{}", header("none"), parts[1], parts[2]),
        format!("{}.{}.{}", header("HS512"), parts[1], parts[2]),
        format!("{}.{}.{}", header("RS256"), parts[1], parts[2]),
        format!(
            "{}.{}.{}",
            parts[0],
            changed(&|it| it["exp"] = json!(99_999_999_999_u64)),
            parts[2]
        ),
        format!("{}.{}.{}", parts[0], changed(&|it| it["sub"] = json!("nobody")), parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{access}x"),
        secured.admin[..secured.admin.len() - 1].to_owned(),
        secured.admin.replace("bw_", "bw_0"),
        "bw_".to_owned(),
    ];
    let mut last = secured.admin.clone().into_bytes();
    let end = last.len() - 2;
    last[end] = if last[end] == b'A' { b'B' } else { b'A' };
    forged.push(String::from_utf8(last).unwrap());
    for token in forged {
        assert_eq!(status(&secured, &token).await, 401, "{token}");
    }
    assert_eq!(status(&secured, access).await, 200);
    let other = Secured::start().await;
    assert_eq!(status(&other, access).await, 401, "the key of another server");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_the_address_is_refused() {
    let secured = Secured::start().await;
    for name in ["token", "access_token", "api_key"] {
        let path = format!("/dashboard/summary?{name}={}", secured.admin);
        let answer = secured.server.get(&path).await;
        assert_eq!(answer.status, 401, "{name}");
        let said = String::from_utf8(answer.body).unwrap();
        assert!(!said.contains(&secured.admin) && said.contains("Authorization"), "{said}");
    }
    let path = format!("/dashboard/live?token={}", secured.admin);
    assert_eq!(secured.socket(&path, &[]).await.err(), Some(401));
}

#[tokio::test(flavor = "multi_thread")]
async fn api_tokens_end_when_they_say_and_when_they_are_revoked() {
    let secured = Secured::start().await;
    let made = json!({ "name": "ci", "role": "producer" });
    let made = secured.by_admin("POST", "/api/v1/tokens", Some(made)).await;
    let (token, id) = (text(&made, "token"), text(&made, "id"));
    assert!(token.starts_with("bw_") && token.contains(id));
    let event = json!({ "type": "task.queued", "data": { "task": "t" } });
    let sent = secured.ask("POST", "/api/v1/events?wait=applied", token, Some(event)).await;
    assert_eq!(sent.status, 200);
    let list = secured.by_admin("GET", "/api/v1/tokens", None).await;
    let ours = list["items"].as_array().unwrap().iter().find(|item| item["id"] == id).unwrap();
    assert!(ours["last_used_at"].is_string() && ours.get("token").is_none(), "{ours}");
    assert!(!list.to_string().contains(&token[19..]), "a secret in a list");
    secured.by_admin("DELETE", &format!("/api/v1/tokens/{id}"), None).await;
    assert_eq!(status(&secured, token).await, 401);
    let past = json!({ "name": "ci", "role": "producer", "expires_at": "2001-01-01T00:00:00Z" });
    let refused = secured.ask("POST", "/api/v1/tokens", &secured.admin, Some(past)).await;
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["pointer"]),
        (422, &json!("/expires_at"))
    );
    let soon = bellwether::pipeline::clock::Clock::default().now().plus(700).to_string();
    let short = json!({ "name": "ci", "permissions": ["view_agents"], "expires_at": soon });
    let short = secured.token(short).await;
    let begun = std::time::Instant::now();
    while status(&secured, &short).await == 200 {
        assert!(begun.elapsed() < crate::harness::PATIENCE, "it never ends");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_from_the_token_that_sends_them() {
    let secured = Secured::start().await;
    let token = secured.token(json!({ "name": "nightly", "role": "producer" })).await;
    let event = json!({ "type": "task.queued", "data": { "task": "t" } });
    secured.ask("POST", "/api/v1/events?wait=applied", &token, Some(event)).await;
    let task = secured.by_admin("GET", "/api/v1/tasks/t", None).await;
    assert_eq!(task["source"], "nightly", "{task}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_server_may_say_is_refused_from_outside() {
    let secured = Secured::start().await;
    for kind in
        ["user.created", "session.opened", "audit.recorded", "token.created", "role.defined"]
    {
        let event = json!({ "type": kind, "data": { "user": "x", "role": "admin" } });
        let answer = secured.ask("POST", "/api/v1/events", &secured.admin, Some(event)).await;
        assert_eq!(answer.status, 422, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_and_nobody_is_locked_out() {
    let mut measures = Measures::default();
    measures.account.burst = 3;
    measures.known.burst = 3;
    let tuning = Tuning { sign_in: measures, ..Tuning::default() };
    let secured = Secured::tuned(tuning).await;
    for name in ["victim", "nobody"] {
        let statuses = async |times: usize| {
            let mut seen = Vec::new();
            for _ in 0..times {
                let fields = [("username", name), ("password", "guess")];
                let answer = form(&secured.server, "/token", &fields).await;
                assert!(answer.status != 429 || answer.header("retry-after").is_some());
                seen.push(answer.status);
            }
            seen
        };
        assert_eq!(statuses(5).await, [401, 401, 401, 429, 429], "{name}");
    }
    // Somebody else, from the same place, is not concerned.
    sign_in(&secured.server, "root").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_tokens_outlive_a_restart() {
    let secured = Secured::start().await;
    let tokens = sign_in(&secured.server, "root").await;
    let (server, admin) = (secured.server.restart().await, secured.admin);
    let secured = Secured { server, admin };
    assert_eq!(status(&secured, text(&tokens, "access_token")).await, 200);
    assert_eq!(status(&secured, &secured.admin).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_signs_and_the_old_one_is_good_for_a_while() {
    let secured = Secured::start().await;
    let tokens = sign_in(&secured.server, "root").await;
    let kid = secured.by_admin("POST", "/api/v1/keys/rotate", None).await;
    let fresh = sign_in(&secured.server, "root").await;
    let header = text(&fresh, "access_token").split('.').next().unwrap();
    let header: Value =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    assert_eq!((&header["kid"], &header["alg"]), (&kid["kid"], &json!("HS256")));
    for tokens in [tokens, fresh] {
        assert_eq!(status(&secured, text(&tokens, "access_token")).await, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_for_commands_ends_with_the_token() {
    let secured = Secured::start().await;
    let made = json!({ "name": "t", "role": "producer" });
    let made = secured.by_admin("POST", "/api/v1/tokens", Some(made)).await;
    let token = text(&made, "token");
    let path = format!("/api/v1/tokens/{}", text(&made, "id"));
    let waiting = secured.ask("GET", "/api/v1/commands?source=s&wait=60", token, None);
    let revoking = async {
        // Once it has been used it waits.
        loop {
            let list = secured.by_admin("GET", "/api/v1/tokens", None).await;
            let mut items = list["items"].as_array().unwrap().iter();
            if items.any(|item| item["id"] == made["id"] && item["last_used_at"].is_string()) {
                break;
            }
        }
        secured.by_admin("DELETE", &path, None).await;
    };
    let (answer, ()) = tokio::join!(waiting, revoking);
    assert_eq!(answer.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_revoked_token_was_still_sending_is_not_taken() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let secured = Secured::start().await;
    let made = json!({ "name": "t", "role": "producer" });
    let made = secured.by_admin("POST", "/api/v1/tokens", Some(made)).await;
    let body = json!({ "type": "task.queued", "data": { "task": "late" } }).to_string();
    let mut stream = tokio::net::TcpStream::connect(secured.server.address).await.unwrap();
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nauthorization: Bearer {}\r\n\
         expect: 100-continue\r\n\r\n",
        body.len(),
        text(&made, "token")
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // That it is told to go on means that the token was good and the body is waited for.
    let mut told = [0; 12];
    stream.read_exact(&mut told).await.unwrap();
    assert_eq!(&told, b"HTTP/1.1 100");
    let path = format!("/api/v1/tokens/{}", text(&made, "id"));
    secured.by_admin("DELETE", &path, None).await;
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("HTTP/1.1 401"), "{answer}");
    let task = secured.ask("GET", "/api/v1/tasks/late", &secured.admin, None).await;
    assert_eq!(task.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_a_command_is_told() {
    let secured = Secured::start().await;
    let producer = secured.token(json!({ "name": "owner", "role": "producer" })).await;
    let events = json!([{ "type": "task.queued", "data": { "task": "t" } },
        { "type": "task.dead_lettered", "data": { "task": "t" } }]);
    secured.ask("POST", "/api/v1/events?wait=applied", &producer, Some(events)).await;
    let asked = secured.by_admin("POST", "/api/v1/tasks/t/retry", None).await;
    let path = format!("/api/v1/commands/{}/ack", text(&asked, "id"));
    let done = json!({ "status": "done" });
    assert_eq!(secured.ask("POST", &path, &producer, Some(done)).await.status, 200);
    let task = secured.by_admin("GET", "/api/v1/tasks/t", None).await;
    let steps = task["history"].as_array().unwrap();
    let who = |kind: &str| {
        let step = steps.iter().find(|step| step["type"] == kind);
        step.unwrap_or_else(|| panic!("{kind} in {task:#}"))["source"].clone()
    };
    assert_eq!(who("command.requested"), "root token");
    assert_eq!(who("command.settled"), "owner");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_nobody_knows_are_refused_where_they_would_matter() {
    let secured = Secured::start().await;
    let typo = json!({ "name": "t", "role": "viewer", "expires": "2030-01-01T00:00:00Z" });
    let answer = secured.ask("POST", "/api/v1/tokens", &secured.admin, Some(typo)).await;
    assert_eq!(answer.status, 422);
    let typo = json!({ "disable": true });
    let answer = secured.ask("PUT", "/api/v1/users/root", &secured.admin, Some(typo)).await;
    assert_eq!(answer.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_makes_none_that_outlasts_it() {
    let secured = Secured::start().await;
    let spec = json!({ "name": "t", "role": "admin", "expires_at": "2099-01-01T00:00:00Z" });
    let token = secured.token(spec).await;
    let make = async |until: Value| {
        let spec = json!({ "name": "u", "role": "viewer", "expires_at": until });
        secured.ask("POST", "/api/v1/tokens", &token, Some(spec)).await.status
    };
    assert_eq!(make(Value::Null).await, 422);
    assert_eq!(make(json!("2099-01-01T00:00:01Z")).await, 422);
    assert_eq!(make(json!("2098-01-01T00:00:00Z")).await, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_shows_something_bad_is_counted_where_they_are() {
    let secured = Secured::start().await;
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let headers = [kind, ("authorization", "Basic YTpi")];
    let body = "username=root&password=guess-guess";
    let answer = secured.server.request("POST", "/token", &headers, body).await;
    assert_eq!(answer.status, 401);
    secured
        .server
        .until_by(&secured.admin, "/api/v1/audit?outcome=denied", |log| {
            let line = &log["items"][0];
            line["target"] == "root" && line["address"] == "127.0.0.1"
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_sign_in_for_while_the_board_is_open() {
    let server = Server::start().await;
    let me = server.get("/api/v1/me").await.json();
    assert_eq!(
        (&me["via"], &me["open"], &me["username"]),
        (&json!("open"), &json!(true), &json!("anonymous"))
    );
    let fields = [("username", "root"), ("password", PASSWORD)];
    assert_eq!(form(&server, "/token", &fields).await.status, 401);
}
