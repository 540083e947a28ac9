//! Users, roles and sessions, and who may change them.

use super::{PASSWORD, Secured, browse, form, sign_in};
use crate::harness::Server;
use serde_json::{Value, json};

/// The status and the place of a refusal.
async fn refused(
    secured: &Secured,
    method: &str,
    path: &str,
    by: &str,
    body: Value,
) -> (u16, String) {
    let body = Some(body).filter(|body| !body.is_null());
    let answer = secured.ask(method, path, by, body).await;
    assert!(answer.status >= 400, "{method} {path}: {}", answer.status);
    let place = answer.json()["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned();
    (answer.status, place)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_user_must_be_able_to_manage_users_and_closes_the_board() {
    let server = Server::start().await;
    let viewer = json!({ "username": "v", "password": PASSWORD, "role": "viewer" });
    let answer = server.json("POST", "/api/v1/users", viewer).await;
    assert_eq!((answer.status, &answer.json()["errors"][0]["pointer"]), (422, &json!("/role")));
    assert_eq!(server.get("/dashboard/summary").await.status, 200);
    let admin = json!({ "username": "root", "password": PASSWORD, "role": "admin" });
    let answer = server.json("POST", "/api/v1/users", admin).await;
    assert_eq!(answer.status, 201);
    assert!(!String::from_utf8(answer.body).unwrap().contains("argon2"));
    assert_eq!(server.get("/dashboard/summary").await.status, 401);
    assert_eq!(server.get("/healthz").await.status, 200);
    assert_eq!(server.get("/readyz").await.status, 200);
    assert_eq!(server.get("/metrics").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_made_changed_and_removed() {
    let secured = Secured::start().await;
    let new = json!({ "username": "ann", "password": PASSWORD, "role": "viewer",
        "email": "ann@example.org", "full_name": "Ann Example" });
    let made = secured.by_admin("POST", "/api/v1/users", Some(new.clone())).await;
    assert_eq!((&made["username"], &made["role"]), (&json!("ann"), &json!("viewer")));
    let path = "/api/v1/users/ann";
    assert_eq!(secured.by_admin("GET", path, None).await["email"], "ann@example.org");
    let changed = json!({ "role": "operator", "full_name": "" });
    let changed = secured.by_admin("PUT", path, Some(changed)).await;
    assert_eq!((&changed["role"], &changed["full_name"]), (&json!("operator"), &Value::Null));
    let list = secured.by_admin("GET", "/api/v1/users?limit=1", None).await;
    assert_eq!(list["items"][0]["username"], "ann");
    let after = format!("/api/v1/users?limit=1&after={}", list["next"].as_str().unwrap());
    let rest = secured.by_admin("GET", &after, None).await;
    assert_eq!((&rest["items"][0]["username"], &rest["next"]), (&json!("root"), &Value::Null));
    let admin = &secured.admin;
    assert_eq!(refused(&secured, "POST", "/api/v1/users", admin, new).await.0, 409);
    for (body, place) in [
        (json!({ "username": "b", "password": "short", "role": "viewer" }), "/password"),
        (json!({ "username": "b", "password": PASSWORD, "role": "king" }), "/role"),
        (json!({ "username": "", "password": PASSWORD, "role": "viewer" }), "/username"),
        (json!({ "username": "a/b", "password": PASSWORD, "role": "viewer" }), "/username"),
        (json!({ "username": "b", "password": PASSWORD }), "/role"),
        (
            json!({ "username": "b", "password": PASSWORD, "role": "viewer", "email": "x" }),
            "/email",
        ),
    ] {
        let got = refused(&secured, "POST", "/api/v1/users", admin, body.clone()).await;
        assert_eq!(got, (422, place.to_owned()), "{body}");
    }
    secured.by_admin("DELETE", path, None).await;
    assert_eq!(refused(&secured, "GET", path, admin, Value::Null).await.0, 404);
    assert_eq!(refused(&secured, "DELETE", path, admin, Value::Null).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_who_can_manage_users_stays() {
    let secured = Secured::start().await;
    let (admin, path) = (&secured.admin, "/api/v1/users/root");
    assert_eq!(refused(&secured, "DELETE", path, admin, Value::Null).await.0, 409);
    assert_eq!(refused(&secured, "PUT", path, admin, json!({ "role": "viewer" })).await.0, 409);
    assert_eq!(refused(&secured, "PUT", path, admin, json!({ "disabled": true })).await.0, 409);
    secured.user("other", "admin").await;
    secured.by_admin("PUT", path, Some(json!({ "role": "viewer" }))).await;
    let other = "/api/v1/users/other";
    assert_eq!(refused(&secured, "DELETE", other, admin, Value::Null).await.0, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_what_they_do_not_have() {
    let secured = Secured::start().await;
    let spec = json!({ "permissions": ["manage_users", "manage_tokens", "view_agents"] });
    secured.by_admin("PUT", "/api/v1/roles/clerk", Some(spec)).await;
    let clerk = secured.token(json!({ "name": "clerk", "role": "clerk" })).await;
    let user = |role: &str| json!({ "username": "x", "password": PASSWORD, "role": role });
    let token = |role: &str| json!({ "name": "x", "role": role });
    let all = json!({ "name": "x", "permissions": ["write_events"] });
    for (method, path, body) in [
        ("POST", "/api/v1/users", user("admin")),
        ("POST", "/api/v1/users", user("viewer")),
        ("PUT", "/api/v1/users/root", json!({ "password": "taken over!" })),
        ("DELETE", "/api/v1/users/root", Value::Null),
        ("POST", "/api/v1/tokens", token("producer")),
        ("POST", "/api/v1/tokens", all),
        ("PUT", "/api/v1/roles/clerk", json!({ "permissions": ["manage_rules"] })),
        ("PUT", "/api/v1/roles/other", json!({ "permissions": ["write_events"] })),
    ] {
        let (status, _) = refused(&secured, method, path, &clerk, body.clone()).await;
        assert_eq!(status, 403, "{method} {path} {body}");
    }
    let answer = secured.ask("POST", "/api/v1/users", &clerk, Some(user("clerk"))).await;
    assert_eq!(answer.status, 201, "what one has one can give");
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_defined_and_mean_what_they_say_at_once() {
    let secured = Secured::start().await;
    let path = "/api/v1/roles/watch";
    let spec = json!({ "description": "Screens", "permissions": ["view_agents"] });
    assert_eq!(secured.ask("PUT", path, &secured.admin, Some(spec)).await.status, 201);
    let token = secured.token(json!({ "name": "screen", "role": "watch" })).await;
    assert_eq!(secured.ask("GET", "/api/v1/agents", &token, None).await.status, 200);
    let spec = json!({ "permissions": ["view_projects"] });
    assert_eq!(secured.ask("PUT", path, &secured.admin, Some(spec)).await.status, 200);
    assert_eq!(secured.ask("GET", "/api/v1/agents", &token, None).await.status, 403);
    assert_eq!(secured.ask("GET", "/dashboard/summary", &token, None).await.status, 200);
    let admin = &secured.admin;
    assert_eq!(refused(&secured, "DELETE", path, admin, Value::Null).await.0, 409, "it is used");
    let fixed = json!({ "permissions": [] });
    assert_eq!(refused(&secured, "PUT", "/api/v1/roles/viewer", admin, fixed).await.0, 409);
    let wrong = json!({ "permissions": ["fly"] });
    assert_eq!(refused(&secured, "PUT", path, admin, wrong).await.0, 422);
    let list = secured.by_admin("GET", "/api/v1/roles", None).await;
    let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["admin", "operator", "trader", "viewer", "producer", "watch"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_other_sessions() {
    let secured = Secured::start().await;
    secured.user("ann", "viewer").await;
    let (here, there) =
        (sign_in(&secured.server, "ann").await, sign_in(&secured.server, "ann").await);
    let access = |tokens: &Value| tokens["access_token"].as_str().unwrap().to_owned();
    let (here, there) = (access(&here), access(&there));
    let path = "/api/v1/me/password";
    let wrong = json!({ "current": "not it at all", "password": "another password" });
    assert_eq!(refused(&secured, "PUT", path, &here, wrong).await, (422, "/current".to_owned()));
    let weak = json!({ "current": PASSWORD, "password": "short" });
    assert_eq!(refused(&secured, "PUT", path, &here, weak).await, (422, "/password".to_owned()));
    let good = json!({ "current": PASSWORD, "password": "another password" });
    assert_eq!(secured.ask("PUT", path, &here, Some(good)).await.status, 204);
    assert_eq!(secured.ask("GET", "/api/v1/me", &here, None).await.status, 200);
    assert_eq!(secured.ask("GET", "/api/v1/me", &there, None).await.status, 401);
    let old = [("username", "ann"), ("password", PASSWORD)];
    assert_eq!(form(&secured.server, "/token", &old).await.status, 401);
    let new = [("username", "ann"), ("password", "another password")];
    assert_eq!(form(&secured.server, "/token", &new).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_by_their_own_user_alone() {
    let secured = Secured::start().await;
    secured.user("ann", "viewer").await;
    secured.user("bob", "viewer").await;
    let access = |tokens: &Value| tokens["access_token"].as_str().unwrap().to_owned();
    let ann = access(&sign_in(&secured.server, "ann").await);
    let other = access(&sign_in(&secured.server, "ann").await);
    let bob = access(&sign_in(&secured.server, "bob").await);
    let _cookie = browse(&secured.server, "ann").await;
    let list = secured.ask("GET", "/api/v1/me/sessions", &ann, None).await.json();
    let items = list["items"].as_array().unwrap();
    let kinds: Vec<_> = items.iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["browser", "api", "api"]);
    assert_eq!(items.iter().filter(|item| item["current"] == true).count(), 1);
    let id = items.iter().find(|item| item["kind"] == "api" && item["current"] == false).unwrap();
    let path = format!("/api/v1/me/sessions/{}", id["id"].as_str().unwrap());
    assert_eq!(refused(&secured, "DELETE", &path, &bob, Value::Null).await.0, 404);
    assert_eq!(secured.ask("DELETE", &path, &ann, None).await.status, 204);
    assert_eq!(secured.ask("GET", "/api/v1/me", &other, None).await.status, 401);
    assert_eq!(secured.ask("GET", "/api/v1/me", &ann, None).await.status, 200);
    let by_token = refused(&secured, "GET", "/api/v1/me/sessions", &secured.admin, Value::Null);
    assert_eq!(by_token.await.0, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_did_what_is_in_the_log() {
    let secured = Secured::start().await;
    secured.user("ann", "operator").await;
    let ann = sign_in(&secured.server, "ann").await["access_token"].as_str().unwrap().to_owned();
    let event = json!([{ "type": "task.queued", "data": { "task": "t" } },
        { "type": "task.failed", "data": { "task": "t", "error": "no" } }]);
    secured.by_admin("POST", "/api/v1/events?wait=applied", Some(event)).await;
    assert_eq!(secured.ask("POST", "/api/v1/tasks/t/retry", &ann, None).await.status, 202);
    assert_eq!(secured.ask("GET", "/api/v1/users", &ann, None).await.status, 403);
    let set = json!({ "work.stuck_after_s": 77 });
    secured.by_admin("PATCH", "/api/v1/settings", Some(set)).await;
    form(&secured.server, "/token", &[("username", "ann"), ("password", "wrong wrong")]).await;
    let asked = "/api/v1/audit?limit=100";
    let begun = std::time::Instant::now();
    let log = loop {
        let log = secured.by_admin("GET", asked, None).await;
        let denied = |item: &&Value| item["outcome"] == "denied";
        if log["items"].as_array().unwrap().iter().filter(denied).count() == 2 {
            break log;
        }
        assert!(begun.elapsed() < crate::harness::PATIENCE, "{log:#}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let line = |action: &str, actor: &str| {
        let mut items = log["items"].as_array().unwrap().iter();
        let found = items.find(|item| item["action"] == action && item["actor"] == actor);
        found.unwrap_or_else(|| panic!("{action} by {actor} in {log:#}")).clone()
    };
    assert_eq!(line("user.create", "root token")["target"], "ann");
    assert_eq!(line("user.create", "anonymous")["target"], "root");
    assert_eq!(line("session.open", "ann")["outcome"], "done");
    assert_eq!(line("session.open", "anonymous")["outcome"], "denied");
    assert_eq!(line("task.retry", "ann")["target"], "t");
    assert_eq!(line("access.deny", "ann")["target"], "GET /api/v1/users");
    assert_eq!(line("settings.change", "root token")["detail"], "work.stuck_after_s = 77");
    let by = secured.by_admin("GET", "/api/v1/audit?actor=ann&action=task", None).await;
    assert_eq!(by["items"].as_array().unwrap().len(), 1);
    let first = secured.by_admin("GET", "/api/v1/audit?limit=1", None).await;
    let next = first["next"].as_str().unwrap();
    let second = format!("/api/v1/audit?limit=1&after={next}");
    let second = secured.by_admin("GET", &second, None).await;
    assert_ne!(first["items"][0]["seq"], second["items"][0]["seq"]);
    for (format, kind) in [("csv", "text/csv; charset=utf-8"), ("ndjson", "application/x-ndjson")] {
        let path = format!("/api/v1/audit?format={format}");
        let export = secured.ask("GET", &path, &secured.admin, None).await;
        assert_eq!(export.header("content-type"), Some(kind));
        let lines = String::from_utf8(export.body).unwrap().lines().count();
        assert!(lines >= log["items"].as_array().unwrap().len(), "{format}: {lines}");
    }
}
