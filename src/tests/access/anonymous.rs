//! A screen on the wall: what anybody may see, and nothing else.

use super::{PASSWORD, Secured, browse};
use crate::harness::Server;
use serde_json::{Value, json};

async fn screen() -> Server {
    let server = Server::changed(|all| {
        all.anonymous = Some("viewer".to_owned());
        all.admin_password = Some(bellwether::domain::access::Secret(PASSWORD.to_owned()));
    });
    server.await
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_looks_and_nobody_touches() {
    let server = screen().await;
    let me = server.get("/api/v1/me").await.json();
    let who = (&me["username"], &me["role"], &me["via"]);
    assert_eq!(who, (&json!("anonymous"), &json!("viewer"), &json!("anonymous")));
    for (path, status) in [
        ("/dashboard/summary", 200),
        ("/api/v1/agents", 200),
        ("/", 200),
        ("/work", 200),
        ("/api/v1/system", 401),
        ("/api/v1/users", 401),
        ("/system", 401),
        ("/users", 401),
    ] {
        assert_eq!(server.get(path).await.status, status, "{path}");
    }
    let html = [("accept", "text/html")];
    let page = server.request("GET", "/users", &html, "").await;
    assert_eq!((page.status, page.header("location")), (303, Some("/login?next=%2Fusers")));
    for (path, body) in [
        ("/api/v1/events", json!({ "type": "task.queued", "data": { "task": "t" } })),
        ("/api/v1/tasks/t/retry", Value::Null),
        ("/api/v1/users", json!({ "username": "eve", "password": PASSWORD, "role": "admin" })),
    ] {
        assert_eq!(server.json("POST", path, body).await.status, 401, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_is_live_and_whoever_signs_in_there_is_somebody() {
    let server = screen().await;
    let mut socket = server.live("topics=summary,system").await;
    let welcome = socket.next().await;
    assert_eq!((&welcome["user"], &welcome["topics"]), (&json!("anonymous"), &json!(["summary"])));
    socket.next_of("snapshot").await;
    assert_eq!(socket.next_of("error").await["code"], "forbidden");
    socket.say(json!({ "type": "retry_task", "task_id": "t" })).await;
    assert_eq!(socket.next_of("result").await["status"], "forbidden");
    let cookie = browse(&server, "admin").await;
    let me = server.request("GET", "/api/v1/me", &[("cookie", &cookie)], "").await.json();
    assert_eq!(me["username"], "admin");
    let secured = Secured { server, admin: String::new() };
    let bad = secured.ask("GET", "/dashboard/summary", "bw_nonsense", None).await;
    assert_eq!(bad.status, 401, "what is shown must be good");
}
