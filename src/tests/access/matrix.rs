//! Every route and every topic, by every role: what is let through and what is not.

use super::Secured;
use bellwether::domain::Topic;
use bellwether::domain::access::{BuiltIn, Permission, Permissions};
use bellwether::server::needs::{Entry, Needs};
use bellwether::server::router;
use serde_json::json;
use std::collections::BTreeSet;

/// What a route needs, as the contract has it.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Open {
    /// To all.
    All,
    /// To whoever is known.
    Known,
    /// To whoever has these, separated by blanks.
    To(&'static str),
    /// As [`Self::To`], and it is a page.
    Page(&'static str),
    /// As [`Self::To`], once it is upgraded.
    Socket(&'static str),
}

use Open::{All, Known, Page, Socket, To};

const EVERYTHING: &str =
    "view_projects view_metrics view_alerts view_agents view_portfolio view_trades";

/// Every route there is. One that is missing here fails the test, and so does one that is gone.
const ROUTES: &[(&str, &str, Open)] = &[
    ("GET", "/healthz", All),
    ("GET", "/readyz", All),
    ("GET", "/api/openapi.json", All),
    ("GET", "/api/docs", All),
    ("GET", "/metrics", To("view_metrics")),
    ("GET", "/login", All),
    ("POST", "/login", All),
    ("GET", "/login/oidc", All),
    ("GET", "/login/oidc/callback", All),
    ("POST", "/login/first", All),
    ("GET", "/login/oidc", All),
    ("GET", "/login/oidc/callback", All),
    // It says itself who has nothing to sign out of.
    ("POST", "/logout", All),
    ("POST", "/token", All),
    ("POST", "/token/refresh", All),
    ("POST", "/api/v1/events", To("write_events")),
    ("POST", "/api/v1/import/junit", To("write_events")),
    ("POST", "/api/v1/import/sarif", To("write_events")),
    // What lets it in is that it is signed.
    ("POST", "/api/v1/hooks/github", All),
    ("GET", "/api/v1/pings", To("view_projects")),
    ("POST", "/api/v1/pings", To("write_events")),
    ("DELETE", "/api/v1/pings/{id}", To("write_events")),
    // What lets it in is its address.
    ("GET", "/ping/{token}", All),
    ("POST", "/ping/{token}", All),
    ("GET", "/ping/{token}/start", All),
    ("POST", "/ping/{token}/start", All),
    ("GET", "/ping/{token}/fail", All),
    ("POST", "/ping/{token}/fail", All),
    ("GET", "/ping/{token}/{exit_code}", All),
    ("POST", "/ping/{token}/{exit_code}", All),
    ("GET", "/badge/{file}", All),
    ("GET", "/dashboard/summary", To("view_projects")),
    ("GET", "/dashboard/projects", To("view_projects")),
    ("GET", "/dashboard/projects/{project}", To("view_projects")),
    ("GET", "/dashboard/projects/{project}/runs", To("view_projects")),
    ("GET", "/dashboard/metrics", To("view_metrics")),
    ("GET", "/dashboard/live", Socket("")),
    ("GET", "/api/v1/events", To(EVERYTHING)),
    ("GET", "/api/v1/alerts.atom", To("view_alerts")),
    ("GET", "/docs", All),
    ("GET", "/docs/{page}", All),
    ("GET", "/api/dashboard/state", To("view_agents")),
    ("GET", "/api/v1/tasks", To("view_agents")),
    ("GET", "/api/v1/tasks/dead-letter", To("view_agents")),
    ("GET", "/api/v1/tasks/{id}", To("view_agents")),
    ("GET", "/api/v1/agents", To("view_agents")),
    ("GET", "/api/v1/agents/{id}", To("view_agents")),
    ("GET", "/api/v1/jobs", To("view_agents")),
    ("GET", "/api/v1/jobs/{id}", To("view_agents")),
    ("POST", "/api/v1/tasks/retry", To("retry_tasks")),
    ("POST", "/api/v1/tasks/{id}/retry", To("retry_tasks")),
    ("POST", "/api/v1/tasks/{id}/cancel", To("retry_tasks")),
    ("POST", "/api/v1/jobs/{id}/pause", To("retry_tasks")),
    ("POST", "/api/v1/jobs/{id}/resume", To("retry_tasks")),
    ("POST", "/api/v1/jobs/{id}/cancel", To("retry_tasks")),
    ("GET", "/api/v1/commands", To("write_events")),
    ("GET", "/api/v1/commands/{id}", To("view_agents")),
    ("POST", "/api/v1/commands/{id}/ack", To("write_events")),
    ("GET", "/ws/dashboard", Socket("view_agents")),
    ("GET", "/ws/agent", Socket("write_events")),
    ("GET", "/ws/alerts", Socket("view_alerts")),
    ("GET", "/ws/metrics", Socket("view_metrics")),
    ("GET", "/ws/portfolio", Socket("view_portfolio")),
    ("GET", "/ws/trades", Socket("view_trades")),
    ("POST", "/api/v1/import/alertmanager", To("write_events")),
    ("GET", "/api/v1/alerts", To("view_alerts")),
    ("GET", "/api/v1/alerts/{id}", To("view_alerts")),
    ("POST", "/api/v1/alerts/acknowledge", To("acknowledge_alerts")),
    ("POST", "/api/v1/alerts/silence", To("acknowledge_alerts")),
    ("POST", "/api/v1/alerts/{id}/acknowledge", To("acknowledge_alerts")),
    ("POST", "/api/v1/alerts/{id}/silence", To("acknowledge_alerts")),
    ("POST", "/api/v1/alert-rules/test", To("manage_rules")),
    ("GET", "/api/v1/system", To("view_system")),
    ("GET", "/api/v1/metrics/cache", To("view_metrics")),
    ("GET", "/api/v1/settings", To("manage_rules")),
    ("PATCH", "/api/v1/settings", To("manage_rules")),
    ("GET", "/api/v1/channels", To("manage_rules")),
    ("POST", "/api/v1/channels", To("manage_rules")),
    ("GET", "/api/v1/channels/{id}", To("manage_rules")),
    ("PUT", "/api/v1/channels/{id}", To("manage_rules")),
    ("DELETE", "/api/v1/channels/{id}", To("manage_rules")),
    ("POST", "/api/v1/channels/{id}/test", To("manage_rules")),
    ("GET", "/api/v1/notifications", To("manage_rules")),
    ("POST", "/api/v1/notifications/{id}/retry", To("manage_rules")),
    ("POST", "/api/v1/alerts/{id}/close", To("acknowledge_alerts")),
    ("GET", "/api/v1/alert-rules", To("manage_rules")),
    ("POST", "/api/v1/alert-rules", To("manage_rules")),
    ("GET", "/api/v1/alert-rules/{id}", To("manage_rules")),
    ("PUT", "/api/v1/alert-rules/{id}", To("manage_rules")),
    ("DELETE", "/api/v1/alert-rules/{id}", To("manage_rules")),
    ("GET", "/api/v1/silences", To("view_alerts")),
    ("POST", "/api/v1/silences", To("acknowledge_alerts")),
    ("DELETE", "/api/v1/silences/{id}", To("acknowledge_alerts")),
    ("GET", "/api/v1/maintenance", To("manage_rules")),
    ("POST", "/api/v1/maintenance", To("manage_rules")),
    ("PUT", "/api/v1/maintenance/{id}", To("manage_rules")),
    ("DELETE", "/api/v1/maintenance/{id}", To("manage_rules")),
    ("DELETE", "/api/v1/sources/{name}", To("manage_rules")),
    ("GET", "/api/v1/portfolio", To("view_portfolio")),
    ("GET", "/api/v1/trades", To("view_trades")),
    ("POST", "/api/v1/import/trades", To("write_events")),
    ("POST", "/api/v1/write", To("write_events")),
    ("POST", "/v1/metrics", To("write_events")),
    ("POST", "/v1/traces", To("write_events")),
    ("POST", "/v1/logs", To("write_events")),
    ("GET", "/api/v1/metrics", To("view_metrics")),
    ("GET", "/api/v1/metrics/{name}", To("view_metrics")),
    ("GET", "/api/v1/metrics/{name}/range", To("view_metrics")),
    ("GET", "/api/v1/metrics/{name}/latest", To("view_metrics")),
    ("GET", "/api/v1/me/pins", To("view_metrics")),
    ("POST", "/api/v1/me/pins", To("view_metrics")),
    ("DELETE", "/api/v1/me/pins/{id}", To("view_metrics")),
    ("POST", "/api/v1/ws-ticket", Known),
    ("GET", "/api/v1/me", Known),
    ("GET", "/api/v1/me/sessions", Known),
    ("DELETE", "/api/v1/me/sessions/{id}", Known),
    ("PUT", "/api/v1/me/password", Known),
    ("GET", "/api/v1/users", To("manage_users")),
    ("POST", "/api/v1/users", To("manage_users")),
    ("GET", "/api/v1/users/{username}", To("manage_users")),
    ("PUT", "/api/v1/users/{username}", To("manage_users")),
    ("DELETE", "/api/v1/users/{username}", To("manage_users")),
    ("GET", "/api/v1/roles", To("manage_users")),
    ("POST", "/api/v1/roles", To("manage_users")),
    ("GET", "/api/v1/roles/{name}", To("manage_users")),
    ("PUT", "/api/v1/roles/{name}", To("manage_users")),
    ("DELETE", "/api/v1/roles/{name}", To("manage_users")),
    ("GET", "/api/v1/tokens", To("manage_tokens")),
    ("POST", "/api/v1/tokens", To("manage_tokens")),
    ("GET", "/api/v1/tokens/{id}", To("manage_tokens")),
    ("DELETE", "/api/v1/tokens/{id}", To("manage_tokens")),
    ("POST", "/api/v1/keys/rotate", To("manage_users")),
    ("GET", "/api/v1/audit", To("view_audit_logs")),
    // It leads whoever is known to what they may see.
    ("GET", "/", Page("")),
    ("GET", "/account", Page("")),
    ("GET", "/users", Page("manage_users")),
    ("GET", "/users/roles", Page("manage_users")),
    ("GET", "/tokens", Page("manage_tokens")),
    ("GET", "/audit", Page("view_audit_logs")),
    ("GET", "/projects", Page("view_projects")),
    ("GET", "/projects/{project}", Page("view_projects")),
    ("GET", "/pings", Page("view_projects write_events")),
    ("GET", "/work", Page("view_agents")),
    ("GET", "/work/agents", Page("view_agents")),
    ("GET", "/work/agents/{agent}", Page("view_agents")),
    ("GET", "/work/tasks", Page("view_agents")),
    ("GET", "/work/tasks/{task}", Page("view_agents")),
    ("GET", "/work/dead-letters", Page("view_agents")),
    ("GET", "/system", Page("view_system")),
    ("GET", "/alerts", Page("view_alerts")),
    ("GET", "/alerts/history", Page("view_alerts")),
    ("GET", "/alerts/silences", Page("view_alerts")),
    ("GET", "/alerts/rules", Page("manage_rules")),
    ("GET", "/alerts/rules/new", Page("manage_rules")),
    ("GET", "/alerts/rules/{rule}", Page("manage_rules")),
    ("GET", "/alerts/channels", Page("manage_rules")),
    ("GET", "/alerts/{alert}", Page("view_alerts")),
    ("GET", "/portfolio", Page("view_portfolio")),
    ("GET", "/trades", Page("view_trades")),
    ("GET", "/explore", Page("view_metrics")),
    ("GET", "/board", Page("view_metrics")),
];

/// What pages call; those that are [`ACTS`] by POST, all others by GET.
const FOR_PAGES: &[(&str, Open)] = &[
    ("project", To("view_projects")),
    ("rates", To("view_projects")),
    ("ticker", To(EVERYTHING)),
    ("host", To("view_system")),
    ("agent", To("view_agents")),
    ("task", To("view_agents")),
    ("work", To("view_agents")),
    ("queue", To("view_agents")),
    ("command", To("retry_tasks")),
    ("retry", To("retry_tasks")),
    ("job", To("retry_tasks")),
    ("me", Known),
    ("sessions", Known),
    ("end_session", Known),
    ("password", Known),
    ("users", To("manage_users")),
    ("create_user", To("manage_users")),
    ("change_user", To("manage_users")),
    ("remove_user", To("manage_users")),
    ("roles", To("manage_users")),
    ("define_role", To("manage_users")),
    ("remove_role", To("manage_users")),
    ("tokens", To("manage_tokens")),
    ("create_token", To("manage_tokens")),
    ("revoke_token", To("manage_tokens")),
    ("role_names", To("manage_tokens")),
    ("audit", To("view_audit_logs")),
    ("alerts", To("view_alerts")),
    ("alert", To("view_alerts")),
    ("alert_history", To("view_alerts")),
    ("maintenance", To("view_alerts")),
    ("acknowledge_alerts", To("acknowledge_alerts")),
    ("silence_alerts", To("acknowledge_alerts")),
    ("create_silence", To("acknowledge_alerts")),
    ("end_silence", To("acknowledge_alerts")),
    ("save_maintenance", To("manage_rules")),
    ("remove_maintenance", To("manage_rules")),
    ("alert_rules", To("manage_rules")),
    ("alert_rule", To("manage_rules")),
    ("save_alert_rule", To("manage_rules")),
    ("remove_alert_rule", To("manage_rules")),
    ("test_alert_rule", To("manage_rules")),
    ("channels", To("manage_rules")),
    ("save_channel", To("manage_rules")),
    ("remove_channel", To("manage_rules")),
    ("test_channel", To("manage_rules")),
    ("notifications", To("manage_rules")),
    ("requeue_notification", To("manage_rules")),
    ("portfolio", To("view_portfolio")),
    ("equity", To("view_portfolio")),
    ("trades", To("view_trades")),
    ("import_trades", To("write_events")),
    ("metric_names", To("view_metrics")),
    ("metric", To("view_metrics")),
    ("pings", To("view_projects")),
    ("create_ping", To("write_events")),
    ("remove_ping", To("write_events")),
    ("pins", To("view_metrics")),
    ("pin", To("view_metrics")),
    ("unpin", To("view_metrics")),
];

/// What changes something, or takes a body.
const ACTS: &[&str] = &[
    "command",
    "retry",
    "job",
    "end_session",
    "password",
    "create_user",
    "change_user",
    "remove_user",
    "define_role",
    "remove_role",
    "create_token",
    "revoke_token",
    "acknowledge_alerts",
    "silence_alerts",
    "create_silence",
    "end_silence",
    "save_maintenance",
    "remove_maintenance",
    "save_alert_rule",
    "remove_alert_rule",
    "test_alert_rule",
    "save_channel",
    "remove_channel",
    "test_channel",
    "requeue_notification",
    "import_trades",
    "create_ping",
    "remove_ping",
    "pin",
    "unpin",
];

fn expected() -> Vec<(String, String, Open)> {
    let own = |(method, path, open): &(&str, &str, Open)| {
        ((*method).to_owned(), (*path).to_owned(), *open)
    };
    let pages = FOR_PAGES.iter().map(|(name, open)| {
        let method = if ACTS.contains(name) { "POST" } else { "GET" };
        (method.to_owned(), format!("/api/ui/{name}"), *open)
    });
    ROUTES.iter().map(own).chain(pages).collect()
}

fn named(permissions: &str) -> Permissions {
    permissions.split_whitespace().map(|name| name.parse::<Permission>().unwrap()).collect()
}

// Routes of pages are found by rendering them, which takes a runtime.
#[tokio::test]
async fn every_route_is_in_the_table_with_what_it_needs() {
    let there: BTreeSet<_> = router::table()
        .into_iter()
        .map(|Entry { method, path, needs }| {
            let needs = match needs {
                Needs::Nothing => "all".to_owned(),
                Needs::Known => "known".to_owned(),
                Needs::All(permissions) => permissions.names(),
                Needs::Page(permissions) => format!("page: {}", permissions.names()),
                Needs::Socket(permissions) => format!("socket: {}", permissions.names()),
            };
            format!("{method} {path} {needs}")
        })
        .collect();
    let known: BTreeSet<_> = expected()
        .into_iter()
        .map(|(method, path, open)| {
            let needs = match open {
                All => "all".to_owned(),
                Known => "known".to_owned(),
                To(permissions) => named(permissions).names(),
                Page(permissions) => format!("page: {}", named(permissions).names()),
                Socket(permissions) => format!("socket: {}", named(permissions).names()),
            };
            format!("{method} {path} {needs}")
        })
        .collect();
    let new: Vec<_> = there.difference(&known).collect();
    let gone: Vec<_> = known.difference(&there).collect();
    assert!(new.is_empty() && gone.is_empty(), "not in the table: {new:#?}, gone: {gone:#?}");
}

#[tokio::test]
async fn every_server_function_has_a_route() {
    let table = router::table();
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        let routed = table.iter().any(|entry| entry.path == path && entry.method == method);
        assert!(routed, "{method} {path}");
    }
}

/// The path with something in the place of every name.
fn filled(path: &str) -> String {
    let part =
        |part: &str| if part.starts_with('{') { "nobody".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Whether the answer is that of somebody who is let through, whatever comes after that.
#[track_caller]
fn check(asked: &str, open: Open, who: Option<Permissions>, status: u16) {
    let may = match (open, who) {
        (All, _) => true,
        (Known, who) => who.is_some(),
        (To(needed) | Page(needed) | Socket(needed), Some(who)) => who.covers(named(needed)),
        (Socket(_), None) => true,
        (To(_) | Page(_), None) => false,
    };
    let denied = match (open, who) {
        (_, None) => 401,
        (_, Some(_)) => 403,
    };
    if may {
        // Signing in without a name, and being asked to upgrade, is answered by the route itself.
        assert!(![401, 403].contains(&status) && status < 500, "{asked}: {status}");
    } else {
        assert_eq!(status, denied, "{asked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_by_every_role() {
    let secured = Secured::start().await;
    let mut callers = vec![("nobody".to_owned(), String::new(), None)];
    for role in BuiltIn::ALL {
        let token = secured.token(json!({ "name": role.name, "role": role.name })).await;
        callers.push((role.name.to_owned(), token, Some(role.permissions)));
    }
    for permission in Permission::ALL {
        let spec = json!({ "name": permission.name(), "permissions": [permission.name()] });
        let token = secured.token(spec).await;
        callers.push((permission.name().to_owned(), token, Some((*permission).into())));
    }
    for (name, token, permissions) in &callers {
        for (method, path, open) in expected() {
            // Signing out ends what the rest is asked with; webhooks are refused until there is
            // something to sign them with.
            if path == "/logout" || path == "/api/v1/hooks/github" {
                continue;
            }
            let answer = secured.ask(&method, &filled(&path), token, None).await;
            check(&format!("{method} {path} by {name}"), open, *permissions, answer.status);
            if answer.status == 403 && !matches!(open, Page(_)) {
                let detail = answer.json()["detail"].as_str().unwrap().to_owned();
                let missing = match open {
                    To(needed) | Socket(needed) => named(needed).without(permissions.unwrap()),
                    _ => Permissions::NONE,
                };
                assert!(detail.contains(&missing.names()), "{path}: {detail}");
            }
            if answer.status == 401 {
                let how = answer.header("www-authenticate");
                assert!(how.is_some_and(|how| how.starts_with("Bearer")), "{path}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_topic_by_every_role() {
    let secured = Secured::start().await;
    let run = json!([{ "type": "validation.completed", "data": { "project": "p", "status": "passed" }},
        { "type": "task.queued", "data": { "task": "t" }}]);
    secured.by_admin("POST", "/api/v1/events?wait=applied", Some(run)).await;
    let topics = [
        ("summary", "view_projects"),
        ("projects", "view_projects"),
        ("project:p", "view_projects"),
        ("events", EVERYTHING),
        ("system", "view_system"),
        ("agents", "view_agents"),
        ("tasks", "view_agents"),
        ("task:t", "view_agents"),
        ("work", "view_agents"),
        ("portfolio", "view_portfolio"),
        ("trades", "view_trades"),
    ];
    for role in BuiltIn::ALL {
        let token = secured.token(json!({ "name": role.name, "role": role.name })).await;
        let mut socket = secured.socket_by("/dashboard/live", &token).await.unwrap();
        let welcome = socket.next().await;
        assert_eq!(welcome["user"], role.name);
        for (topic, needed) in topics {
            assert_eq!(topic.parse::<Topic>().unwrap().needs(), named(needed), "{topic}");
            socket.say(json!({ "type": "subscribe", "topics": [topic] })).await;
            socket.say(json!({ "type": "ping" })).await;
            let first = loop {
                let message = socket.next().await;
                if message["topic"] == topic || message["type"] == "error" {
                    break message;
                }
            };
            if role.permissions.covers(named(needed)) {
                assert_eq!(first["type"], "snapshot", "{topic} by {}", role.name);
            } else {
                assert_eq!(first["code"], "forbidden", "{topic} by {}: {first}", role.name);
            }
            socket.next_of("pong").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_on_sockets_need_their_permission() {
    let secured = Secured::start().await;
    for (role, status) in [("viewer", "forbidden"), ("operator", "not_found")] {
        let token = secured.token(json!({ "name": role, "role": role })).await;
        let mut live = secured.socket_by("/dashboard/live", &token).await.unwrap();
        for command in ["retry_task", "cancel_task"] {
            live.say(json!({ "type": command, "task_id": "t" })).await;
            assert_eq!(live.next_of("result").await["status"], status, "{command} by {role}");
        }
        live.say(json!({ "type": "acknowledge_alert", "alert_id": "a" })).await;
        assert_eq!(live.next_of("result").await["status"], status);
        let mut dashboard = secured.socket_by("/ws/dashboard", &token).await.unwrap();
        dashboard.say(json!({ "type": "retry_task", "task_id": "t" })).await;
        let expect = if role == "viewer" { "error" } else { "not_found" };
        assert_eq!(dashboard.next_of("retry_result").await["status"], expect, "{role}");
        let mut alerts = secured.socket_by("/ws/alerts", &token).await.unwrap();
        alerts.say(json!({ "type": "acknowledge_alert", "alert_id": "a" })).await;
        assert_eq!(alerts.next_of("result").await["status"], status, "{role}");
    }
}
