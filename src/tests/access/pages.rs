//! Pages: what one may not see is not in the HTML.

use super::Secured;
use bellwether::domain::access::{BuiltIn, Permission, Permissions};
use serde_json::json;

/// What is on the board, and what one must be allowed to see it.
const SEEDS: &[(&str, Permission)] = &[
    ("zebra-project", Permission::ViewProjects),
    ("zebra-agent", Permission::ViewAgents),
    ("zebra-task", Permission::ViewAgents),
    ("zebra-host", Permission::ViewSystem),
    ("zebra-user", Permission::ManageUsers),
    ("zebra-role", Permission::ManageUsers),
    ("zebra-token", Permission::ManageTokens),
];

const PAGES: &[(&str, Permissions)] = &[
    ("/", Permissions::NONE),
    ("/projects", Permissions::of(&[Permission::ViewProjects])),
    ("/projects/zebra-project", Permissions::of(&[Permission::ViewProjects])),
    ("/work", Permissions::of(&[Permission::ViewAgents])),
    ("/work/agents", Permissions::of(&[Permission::ViewAgents])),
    ("/work/tasks", Permissions::of(&[Permission::ViewAgents])),
    ("/work/dead-letters", Permissions::of(&[Permission::ViewAgents])),
    ("/system", Permissions::of(&[Permission::ViewSystem])),
    ("/account", Permissions::NONE),
    ("/users", Permissions::of(&[Permission::ManageUsers])),
    ("/users/roles", Permissions::of(&[Permission::ManageUsers])),
    ("/tokens", Permissions::of(&[Permission::ManageTokens])),
    ("/audit", Permissions::of(&[Permission::ViewAuditLogs])),
    ("/nothing-is-here", Permissions::NONE),
];

/// Links of the navigation, and what one must be allowed for them.
const LINKS: &[(&str, Permission)] = &[
    ("/projects", Permission::ViewProjects),
    ("/work", Permission::ViewAgents),
    ("/system", Permission::ViewSystem),
    ("/users", Permission::ManageUsers),
    ("/tokens", Permission::ManageTokens),
    ("/audit", Permission::ViewAuditLogs),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_one_may_not_see_is_not_in_the_html() {
    let secured = Secured::start().await;
    let events = json!([
        { "type": "validation.completed", "data": { "project": "zebra-project", "status": "failed",
            "errors": [{ "type": "E", "message": "no" }] } },
        { "type": "agent.online", "data": { "agent": "zebra-agent" } },
        { "type": "task.queued", "data": { "task": "zebra-task" } },
        { "type": "task.dead_lettered", "data": { "task": "zebra-task", "error": "no", "retry_count": 3 } },
        { "type": "host.sampled", "data": { "host": "zebra-host",
            "cpu": { "usage_percent": 25.0, "cores": 4 } } },
    ]);
    secured.by_admin("POST", "/api/v1/events?wait=applied", Some(events)).await;
    secured.user("zebra-user", "viewer").await;
    let role = json!({ "permissions": ["view_agents"] });
    secured.by_admin("PUT", "/api/v1/roles/zebra-role", Some(role)).await;
    secured.token(json!({ "name": "zebra-token", "role": "viewer" })).await;
    let mut shown = 0;
    for role in BuiltIn::ALL {
        let token = secured.token(json!({ "name": role.name, "role": role.name })).await;
        for (path, needed) in PAGES {
            let answer = secured.ask("GET", path, &token, None).await;
            let html = String::from_utf8(answer.body).unwrap();
            let expect = match *path {
                "/nothing-is-here" => 404,
                _ if role.permissions.covers(*needed) => 200,
                _ => 403,
            };
            assert_eq!(answer.status, expect, "{path} by {}", role.name);
            // What stands in the address is told to whoever typed it.
            for (name, needed) in SEEDS.iter().filter(|(name, _)| !path.contains(name)) {
                let there = html.contains(name);
                let may = role.permissions.has(*needed);
                assert!(may || !there, "{name} on {path} by {}", role.name);
                shown += usize::from(there);
            }
            for (link, needed) in LINKS {
                let there = html.contains(&format!("href=\"{link}\""));
                let may = role.permissions.has(*needed);
                assert!(may || !there, "a link to {link} on {path} by {}", role.name);
                shown += usize::from(there);
            }
        }
    }
    assert!(shown > 50, "whoever may see it does: {shown}");
}
