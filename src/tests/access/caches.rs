//! Answers that are kept: for every read, a second one is answered with what the first made, a
//! write that matters makes the next one fresh, one that does not matter leaves it, and nobody is
//! answered with what was made for somebody else.

use super::Secured;
use bellwether::server::answers;
use bellwether::server::needs::{Entry, Needs};
use bellwether::server::router;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How often something is tried that the clock may come between.
const TRIES: usize = 10;

/// A read, and what may be written.
struct Case {
    /// As the routes have it.
    route: &'static str,
    /// What is asked for.
    path: &'static str,
    /// What changes it.
    matters: Write,
    /// What does not.
    other: Write,
    /// What one must be allowed to ask.
    needs: &'static str,
}

#[derive(Clone, Copy)]
enum Write {
    /// An event of this type: its data, in which `#` is another number each time.
    Event(&'static str, &'static str),
    /// A request: method, path and body, in which `#` is likewise.
    Ask(&'static str, &'static str, &'static str),
    /// An event that was there before.
    Again,
}

use Write::{Again, Ask, Event};

const RUN: Write =
    Event("validation.completed", r#"{"project":"p","status":"passed","duration_ms":#}"#);
const PRICE: Write = Event("price.updated", r#"{"symbol":"X","price":#}"#);
const STEP: Write = Event("task.progress", r##"{"task":"t","note":"#"}"##);
const DEAD: Write = Event("task.dead_lettered", r##"{"task":"dead-#","error":"e"}"##);
const RAISED: Write = Event(
    "alert.raised",
    r##"{"alert":"disk-#","title":"disk","severity":"warning","source":"nagios"}"##,
);
const VALUE: Write = Event("metric.observed", r#"{"name":"m","value":#,"labels":{"a":"b"}}"#);
const RULE: Write = Ask(
    "POST",
    "/api/v1/alert-rules",
    r##"{"name":"rule #","severity":"warning","on":{"absent":{"source":"s","after_s":900}}}"##,
);
const CHANNEL: Write = Ask(
    "POST",
    "/api/v1/channels",
    r##"{"name":"channel #","kind":"webhook","url":"https://example.com/hook"}"##,
);
const ROLE: Write =
    Ask("POST", "/api/v1/roles", r##"{"name":"role-#","permissions":["view_projects"]}"##);
const PING: Write = Ask("POST", "/api/v1/pings", r##"{"project":"job #","every_s":60}"##);
const TOKEN: Write = Ask("POST", "/api/v1/tokens", r##"{"name":"token #","role":"viewer"}"##);

const fn case(
    route: &'static str,
    path: &'static str,
    needs: &'static str,
    matters: Write,
    other: Write,
) -> Case {
    Case { route, path, matters, other, needs }
}

/// Reads of things that have an id nobody knows before are asked for with the id of the first
/// (`{first:LIST}`).
const CASES: &[Case] = &[
    case("/dashboard/projects", "/dashboard/projects?q=p", "view_projects", RUN, PRICE),
    case("/dashboard/projects/{project}", "/dashboard/projects/p", "view_projects", RUN, PRICE),
    case(
        "/dashboard/projects/{project}/runs",
        "/dashboard/projects/p/runs",
        "view_projects",
        RUN,
        PRICE,
    ),
    case("/dashboard/metrics", "/dashboard/metrics", "view_metrics", RUN, Again),
    case("/api/v1/pings", "/api/v1/pings", "view_projects", PING, PRICE),
    case("/api/v1/tasks", "/api/v1/tasks", "view_agents", STEP, PRICE),
    case("/api/v1/tasks/dead-letter", "/api/v1/tasks/dead-letter", "view_agents", DEAD, PRICE),
    case("/api/v1/tasks/{id}", "/api/v1/tasks/t", "view_agents", STEP, PRICE),
    case(
        "/api/v1/agents",
        "/api/v1/agents",
        "view_agents",
        Event("agent.state_changed", r##"{"agent":"a","state":"working","task":"t-#"}"##),
        PRICE,
    ),
    case(
        "/api/v1/agents/{id}",
        "/api/v1/agents/a",
        "view_agents",
        Event("agent.state_changed", r##"{"agent":"a","state":"working","task":"t-#"}"##),
        PRICE,
    ),
    case(
        "/api/v1/jobs",
        "/api/v1/jobs",
        "view_agents",
        Ask("POST", "/api/v1/tasks/retry", r#"{"ids":["dead"]}"#),
        PRICE,
    ),
    case("/api/v1/jobs/{id}", "/api/v1/jobs/{first:/api/v1/jobs}", "view_agents", STEP, PRICE),
    case("/api/v1/commands/{id}", "/api/v1/commands/{command}", "view_agents", STEP, PRICE),
    case("/api/v1/alerts", "/api/v1/alerts", "view_alerts", RAISED, PRICE),
    case(
        "/api/v1/alerts/{id}",
        "/api/v1/alerts/{first:/api/v1/alerts}",
        "view_alerts",
        RAISED,
        Again,
    ),
    case("/api/v1/alert-rules", "/api/v1/alert-rules", "manage_rules", RULE, PRICE),
    case("/api/v1/alert-rules/{id}", "/api/v1/alert-rules/findings", "manage_rules", RULE, PRICE),
    case(
        "/api/v1/silences",
        "/api/v1/silences",
        "view_alerts",
        Ask("POST", "/api/v1/silences", r##"{"match":{"host":"h-#"},"for_s":600,"comment":"c"}"##),
        PRICE,
    ),
    case("/api/v1/maintenance", "/api/v1/maintenance", "manage_rules", RULE, PRICE),
    case("/api/v1/channels", "/api/v1/channels", "manage_rules", CHANNEL, PRICE),
    case(
        "/api/v1/channels/{id}",
        "/api/v1/channels/{first:/api/v1/channels}",
        "manage_rules",
        CHANNEL,
        PRICE,
    ),
    case("/api/v1/notifications", "/api/v1/notifications", "manage_rules", RAISED, PRICE),
    case(
        "/api/v1/settings",
        "/api/v1/settings",
        "manage_rules",
        Ask("PATCH", "/api/v1/settings", r#"{"work.stuck_after_s":#}"#),
        PRICE,
    ),
    case("/api/v1/users", "/api/v1/users", "manage_users", ROLE, PRICE),
    case("/api/v1/users/{username}", "/api/v1/users/root", "manage_users", ROLE, PRICE),
    case("/api/v1/roles", "/api/v1/roles", "manage_users", ROLE, PRICE),
    case("/api/v1/roles/{name}", "/api/v1/roles/viewer", "manage_users", ROLE, PRICE),
    case("/api/v1/tokens", "/api/v1/tokens", "manage_tokens", TOKEN, PRICE),
    case(
        "/api/v1/tokens/{id}",
        "/api/v1/tokens/{first:/api/v1/tokens}",
        "manage_tokens",
        TOKEN,
        PRICE,
    ),
    case("/api/v1/audit", "/api/v1/audit", "view_audit_logs", ROLE, PRICE),
    case("/api/v1/metrics", "/api/v1/metrics", "view_metrics", VALUE, Again),
    case("/api/v1/metrics/{name}", "/api/v1/metrics/m", "view_metrics", VALUE, STEP),
    case("/api/v1/metrics/{name}/range", "/api/v1/metrics/m/range", "view_metrics", VALUE, STEP),
    case("/api/v1/metrics/{name}/latest", "/api/v1/metrics/m/latest", "view_metrics", VALUE, Again),
    case("/api/v1/portfolio", "/api/v1/portfolio", "view_portfolio", PRICE, STEP),
    case(
        "/api/v1/trades",
        "/api/v1/trades",
        "view_trades",
        Event("trade.executed", r#"{"symbol":"X","side":"buy","quantity":1,"price":#}"#),
        STEP,
    ),
];

/// Reads that are answered otherwise, and why.
const OTHERWISE: &[(&str, &str)] = &[
    ("/dashboard/summary", "made once a flush, for all"),
    ("/api/v1/system", "made once a flush, for all"),
    ("/api/dashboard/state", "made once a flush, for all"),
    ("/api/v1/metrics/cache", "counts what the others do"),
    ("/api/v1/commands", "waits for what comes"),
    ("/metrics", "counts what the others do"),
    ("/api/v1/alerts.atom", "no JSON"),
    ("/api/v1/events", "may go on"),
    ("/api/v1/me/pins", "each has a board of their own"),
];

struct Board {
    secured: Secured,
    command: String,
    number: std::cell::Cell<u64>,
}

impl Board {
    async fn start() -> Self {
        let secured = Secured::start().await;
        let board = Self { secured, command: String::new(), number: std::cell::Cell::new(1_000) };
        let events = json!([
            { "type": "task.queued", "source": "owner", "data": { "task": "t", "queue": "q" } },
            { "type": "task.queued", "source": "owner", "data": { "task": "dead", "queue": "q" } },
            { "type": "task.dead_lettered", "source": "owner", "data": { "task": "dead", "error": "e" } },
            { "type": "agent.online", "data": { "agent": "a" } },
            { "type": "cash.moved", "data": { "amount": 1000 } },
            { "type": "trade.executed", "data": { "symbol": "X", "side": "buy", "quantity": 2, "price": 10 } },
        ]);
        board.secured.by_admin("POST", "/api/v1/events?wait=applied", Some(events)).await;
        for write in [RUN, PRICE, VALUE, RAISED, CHANNEL] {
            board.write(write).await;
        }
        let path = "/api/v1/tasks/dead/retry";
        let asked = board.secured.by_admin("POST", path, Some(json!({}))).await;
        let command = asked["command"]["id"]
            .as_str()
            .or(asked["id"].as_str())
            .unwrap_or_else(|| panic!("{asked}"));
        let command = command.to_owned();
        board.write(Ask("POST", "/api/v1/tasks/retry", r#"{"ids":["dead"]}"#)).await;
        board
            .secured
            .server
            .until_by(&board.secured.admin, "/api/v1/alerts", |all| all[0]["id"].is_string())
            .await;
        Self { command, ..board }
    }

    async fn write(&self, write: Write) {
        let number = self.number.replace(self.number.get() + 1).to_string();
        let filled = |text: &str| serde_json::from_str(&text.replace('#', &number)).unwrap();
        match write {
            Event(kind, data) => {
                let data: Value = filled(data);
                let event = json!({ "type": kind, "source": "owner", "data": data });
                self.secured.by_admin("POST", "/api/v1/events?wait=applied", Some(event)).await;
            }
            Ask(method, path, body) => {
                self.secured.by_admin(method, path, Some(filled(body))).await;
            }
            Again => {
                let event = json!({ "type": "cash.moved", "source": "owner", "id": "once", "data": { "amount": 1 } });
                self.secured.by_admin("POST", "/api/v1/events?wait=applied", Some(event)).await;
            }
        }
    }

    async fn path(&self, case: &Case) -> String {
        let path = case.path.replace("{command}", &self.command);
        let Some((before, list)) = path.split_once("{first:") else { return path };
        let all = self.secured.by_admin("GET", list.trim_end_matches('}'), None).await;
        let first = all.get("items").unwrap_or(&all)[0]["id"].clone();
        format!("{before}{}", first.as_str().unwrap_or_else(|| panic!("{list}: {all}")))
    }

    /// What was found and made so far.
    async fn counts(&self) -> (u64, u64) {
        let all = self.secured.by_admin("GET", "/api/v1/metrics/cache", None).await;
        let count = |name: &str| all["answers"][name].as_u64().unwrap();
        (count("hits"), count("misses"))
    }

    /// Reads; says whether the answer was found, and what it is without its age.
    async fn read(&self, path: &str) -> (bool, Value) {
        let (hits, misses) = self.counts().await;
        let mut answer = self.secured.by_admin("GET", path, None).await;
        let (hits, misses) = {
            let (h, m) = self.counts().await;
            (h - hits, m - misses)
        };
        assert_eq!(hits + misses, 1, "{path} is counted once");
        if let Some(members) = answer.as_object_mut() {
            members.remove("as_of");
            members.remove("cursor");
        }
        (hits == 1, answer)
    }

    /// Reads after a write; says whether the answer was found at least once though something was
    /// written: now and then the clock, or what the board itself notes, comes between.
    async fn kept_over(&self, write: Option<Write>, path: &str) -> bool {
        for _ in 0..TRIES {
            let (_, before) = self.read(path).await;
            if let Some(write) = write {
                self.write(write).await;
            }
            let (found, after) = self.read(path).await;
            if found {
                assert_eq!(before, after, "{path}: what is found is what was made");
                return true;
            }
        }
        false
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_read_is_made_once_and_again_when_it_matters() {
    let board = Board::start().await;
    // From now on it was there before.
    board.write(Again).await;
    for case in CASES {
        let path = board.path(case).await;
        assert!(board.kept_over(None, &path).await, "{path}: a second read is found");
        assert!(
            board.kept_over(Some(case.other), &path).await,
            "{path}: found after another write"
        );
        board.read(&path).await;
        board.write(case.matters).await;
        let (found, _) = board.read(&path).await;
        assert!(!found, "{path}: made anew after a write that matters");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_dated_anew() {
    let board = Board::start().await;
    let read = async || board.secured.by_admin("GET", "/api/v1/agents", None).await;
    let mut found = false;
    for _ in 0..TRIES {
        let before = read().await;
        board.write(PRICE).await;
        let (hits, _) = board.counts().await;
        let after = read().await;
        if board.counts().await.0 == hits {
            continue;
        }
        found = true;
        assert_eq!(before["items"], after["items"]);
        let seq = |answer: &Value| answer["cursor"]["seq"].as_u64().unwrap();
        assert!(seq(&after) > seq(&before), "{after}");
        assert!(after["as_of"].as_str() >= before["as_of"].as_str());
        break;
    }
    assert!(found);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_answered_with_what_was_made_for_somebody_else() {
    let board = Board::start().await;
    let nobody =
        board.secured.token(json!({ "name": "nobody", "permissions": ["write_events"] })).await;
    for case in CASES {
        let path = board.path(case).await;
        board.read(&path).await;
        let refused = board.secured.ask("GET", &path, &nobody, None).await;
        assert_eq!(refused.status, 403, "{path}");
        assert!(refused.json()["detail"].as_str().unwrap().contains(case.needs), "{path}");
        assert_eq!(board.secured.ask("GET", &path, "", None).await.status, 401, "{path}");
        let name = case.route.replace(['/', '{', '}'], " ");
        let spec = json!({ "name": name.trim(), "permissions": [case.needs] });
        let some = board.secured.token(spec).await;
        let (hits, _) = board.counts().await;
        assert_eq!(board.secured.ask("GET", &path, &some, None).await.status, 200, "{path}");
        assert_eq!(board.counts().await.0, hits, "{path}: made for whoever may do less");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_made_once_a_flush() {
    let board = Board::start().await;
    for path in ["/api/dashboard/state", "/api/v1/system", "/dashboard/summary"] {
        let views = async || {
            let all = board.secured.by_admin("GET", "/api/v1/metrics/cache", None).await;
            let count = |name: &str| all["views"][name].as_u64().unwrap();
            (count("hits"), count("misses"))
        };
        let mut seen = (false, false);
        for _ in 0..50 {
            if seen == (true, true) {
                break;
            }
            // A write makes it anew, and a second read of that is found, unless the board moves on.
            board.write(RUN).await;
            let (hits, misses) = views().await;
            board.secured.by_admin("GET", path, None).await;
            board.secured.by_admin("GET", path, None).await;
            let now = views().await;
            assert_eq!(now.0 + now.1 - hits - misses, 2, "{path}");
            seen = (seen.0 || now.0 > hits, seen.1 || now.1 > misses);
        }
        assert_eq!(seen, (true, true), "{path}: found, and made anew");
    }
    // The page tells once a second what has only been counted.
    let counted = |page: &Value| page["internals"]["cache"]["hit_rate"].is_number();
    let Secured { server, admin } = &board.secured;
    let system = server.until_by(admin, "/api/v1/system", counted).await;
    for member in ["hits", "misses", "hit_rate", "entries", "evictions"] {
        for cache in ["views", "answers", "history"] {
            assert!(!system["internals"]["cache"][cache][member].is_null() || member == "hit_rate");
        }
        assert!(!system["internals"]["cache"][member].is_null(), "{member}");
    }
}

// Routes of pages are found by rendering them, which takes a runtime.
#[tokio::test]
async fn every_read_there_is_has_a_case() {
    let reads: BTreeSet<String> = router::table()
        .into_iter()
        .filter(|Entry { method, needs, .. }| method == "GET" && matches!(needs, Needs::All(_)))
        .map(|entry| entry.path)
        .filter(|path| !path.starts_with("/api/ui/") && !path.starts_with("/ws/"))
        .collect();
    let cases: BTreeSet<String> = CASES.iter().map(|case| case.route.to_owned()).collect();
    let kept: BTreeSet<String> = answers::kept().map(str::to_owned).collect();
    assert_eq!(kept, cases, "what is kept is tried");
    let otherwise = OTHERWISE.iter().map(|(path, _)| (*path).to_owned());
    let known: BTreeSet<String> = cases.into_iter().chain(otherwise).collect();
    assert_eq!(reads, known, "each read is kept, or it is said why not");
}
