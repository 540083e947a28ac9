//! Every list is told a page at a time, in the same way.

use crate::access::{Secured, sign_in};
use serde_json::{Value, json};

/// Those whose pages all are made in one way.
const LISTS: [&str; 12] = [
    "/api/v1/users",
    "/api/v1/roles",
    "/api/v1/tokens",
    "/api/v1/channels",
    "/api/v1/notifications",
    "/api/v1/alert-rules",
    "/api/v1/silences",
    "/api/v1/maintenance",
    "/api/v1/jobs",
    "/api/v1/pings",
    "/api/v1/me/pins",
    "/api/v1/me/sessions",
];

/// Three of each but of notifications.
async fn filled() -> (Secured, String) {
    let secured = Secured::start().await;
    let mut events = Vec::new();
    for n in 0..3 {
        let name = format!("n{n}");
        secured.user(&name, "admin").await;
        secured.token(json!({ "name": name, "role": "viewer" })).await;
        events.extend([
            json!({ "type": "task.queued", "source": "q", "data": { "task": name } }),
            json!({ "type": "task.dead_lettered", "source": "q", "data": { "task": name } }),
        ]);
        for (path, body) in [
            ("/api/v1/roles", json!({ "name": name, "permissions": ["view_projects"] })),
            (
                "/api/v1/channels",
                json!({ "name": name, "kind": "webhook", "url": "https://example.com/hook" }),
            ),
            (
                "/api/v1/alert-rules",
                json!({ "name": name, "on": { "metric": "m", "op": ">", "threshold": 1 } }),
            ),
            ("/api/v1/silences", json!({ "match": { "source": name }, "for_s": 3600 + n })),
            (
                "/api/v1/maintenance",
                json!({ "name": name, "match": { "source": name }, "schedule": {
                    "days": ["sat"], "at": "22:00", "duration_s": 7200 } }),
            ),
            ("/api/v1/pings", json!({ "project": name, "every_s": 3600 })),
            ("/api/v1/me/pins", json!({ "title": name, "metric": "m" })),
        ] {
            secured.by_admin("POST", path, Some(body)).await;
        }
    }
    let events = Some(Value::Array(events));
    secured.by_admin("POST", "/api/v1/events?wait=applied", events).await;
    for n in 0..3 {
        let body = json!({ "ids": [format!("n{n}")] });
        secured.by_admin("POST", "/api/v1/tasks/retry", Some(body)).await;
    }
    for _ in 0..2 {
        sign_in(&secured.server, "root").await;
    }
    let access =
        sign_in(&secured.server, "root").await["access_token"].as_str().unwrap().to_owned();
    for n in 0..3 {
        let pin = json!({ "title": format!("own {n}"), "metric": "m" });
        let made = secured.ask("POST", "/api/v1/me/pins", &access, Some(pin)).await;
        assert_eq!(made.status, 201);
    }
    (secured, access)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_is_paged_alike() {
    let (secured, user) = filled().await;
    for list in LISTS {
        let get = |query: String| {
            let path = format!("{list}?{query}");
            async { secured.ask("GET", &{ path }, &user, None).await }
        };
        let bad = get("limit=0&after=x".to_owned()).await;
        let wrong = bad.json()["errors"].clone();
        assert_eq!(bad.status, 422, "{list}");
        assert_eq!(
            (&wrong[0]["pointer"], &wrong[1]["pointer"]),
            (&json!("/limit"), &json!("/after")),
            "{list}"
        );
        let whole = get(String::new()).await.json();
        let items = whole["items"].as_array().unwrap();
        let least = if list.ends_with("notifications") { 0 } else { 3 };
        assert!(items.len() >= least && whole["as_of"].is_string(), "{list} {whole}");
        assert_eq!(whole.get("next"), Some(&Value::Null), "{list}");
        let (mut paged, mut query) = (Vec::new(), "limit=1".to_owned());
        loop {
            let page = get(query).await.json();
            let page_items = page["items"].as_array().unwrap();
            assert!(page_items.len() <= 1, "{list}");
            paged.extend(page_items.iter().map(name));
            let Some(next) = page["next"].as_str() else { break };
            query = format!("limit=1&after={next}");
        }
        assert_eq!(paged, items.iter().map(name).collect::<Vec<_>>(), "{list}");
    }
}

/// What tells an entry from the others.
fn name(item: &Value) -> String {
    let members = ["id", "username", "name"];
    let named = members.iter().find_map(|member| item[member].as_str());
    named.unwrap_or_else(|| panic!("{item}")).to_owned()
}
