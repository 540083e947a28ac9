//! Every read there is, with what changes it and what does not.

/// A read, and what may be written.
pub struct Case {
    /// As the routes have it.
    pub route: &'static str,
    /// What follows it; or the whole address, where the route leaves room for names.
    asked: &'static str,
    /// What one must be allowed to ask.
    pub needs: &'static str,
    /// What changes it.
    pub matters: &'static [Write],
    /// What does not.
    pub other: Write,
}

impl Case {
    /// What is asked for. A thing that has an id nobody knows before is asked for by that of the
    /// first in a list (`{first:LIST}`), or of the command that was given at the start.
    pub fn path(&self) -> String {
        let whole = self.asked.starts_with('/');
        if whole { self.asked.to_owned() } else { format!("{}{}", self.route, self.asked) }
    }
}

#[derive(Clone, Copy)]
pub enum Write {
    /// An event of this type: its data, in which `#` is another number each time.
    Event(&'static str, &'static str),
    /// A request: method, path and body, in which `#` is likewise, as is `{first:LIST}` in a path.
    Ask(&'static str, &'static str, &'static str),
    /// One that matters, though the answer looks the same after it.
    Beside(&'static Write),
    /// An event that was there before.
    Again,
}

use Write::{Again, Ask, Beside, Event};

pub const RUN: Write =
    Event("validation.completed", r#"{"project":"p","status":"passed","duration_ms":#}"#);
const STEP: Write = Event("task.progress", r##"{"task":"t","note":"#"}"##);
const DEAD: Write = Event("task.dead_lettered", r##"{"task":"dead-#","error":"e"}"##);
const QUEUED: Write = Event("task.queued", r##"{"task":"new-#","queue":"q"}"##);
const STATE: Write =
    Event("agent.state_changed", r##"{"agent":"a","state":"working","task":"t-#"}"##);
pub const RAISED: Write = Event(
    "alert.raised",
    r##"{"alert":"disk-#","title":"disk","severity":"warning","source":"nagios"}"##,
);
pub const VALUE: Write = Event("metric.observed", r#"{"name":"m","value":#,"labels":{"a":"b"}}"#);
const SERIES: Write = Event("metric.observed", r##"{"name":"m","value":1,"labels":{"a":"#"}}"##);
pub const HOST: Write = Event("host.sampled", r#"{"host":"h","load":[#,1,1]}"#);
/// Of what is held.
pub const PRICE: Write = Event("price.updated", r#"{"symbol":"X","price":#}"#);
/// Of a currency that is held.
pub const RATE: Write = Event("price.updated", r#"{"symbol":"EURUSD","price":#}"#);
const CASH: Write = Event("cash.moved", r#"{"amount":#}"#);
const TRADE: Write =
    Event("trade.executed", r#"{"symbol":"X","side":"buy","quantity":1,"price":#}"#);
const PERIODS: Write = Ask("PATCH", "/api/v1/settings", r#"{"trading.periods_per_year":1.#}"#);

const PING: Write = Ask("POST", "/api/v1/pings", r##"{"project":"job #","every_s":60}"##);
/// A job that goes on for long.
pub const RETRY: Write = Ask(
    "POST",
    "/api/v1/tasks/retry",
    r#"{"ids":["dead","dead-1","dead-2","dead-3"],"rate_per_s":0.001}"#,
);
const CANCEL: Write = Ask("POST", "/api/v1/tasks/t/cancel", "{}");
const PAUSE: Write = Ask("POST", "/api/v1/jobs/{first:/api/v1/jobs}/pause", "{}");
const DONE: Write = Ask("POST", "/api/v1/commands/{command}/ack", r#"{"status":"done"}"#);
const ACKNOWLEDGE: Write =
    Ask("POST", "/api/v1/alerts/{first:/api/v1/alerts}/acknowledge", r##"{"comment":"#"}"##);
const SILENCE: Write =
    Ask("POST", "/api/v1/silences", r##"{"match":{"host":"h-#"},"for_s":600,"comment":"c"}"##);
const WINDOW: Write = Ask(
    "POST",
    "/api/v1/maintenance",
    r##"{"name":"window #","match":{"host":"h-#"},"schedule":{"at":"03:00","duration_s":600}}"##,
);
const RULE: Write = Ask(
    "POST",
    "/api/v1/alert-rules",
    r##"{"name":"rule #","severity":"warning","on":{"absent":{"source":"s","after_s":900}}}"##,
);
pub const MY_RULE: Write = Ask(
    "POST",
    "/api/v1/alert-rules",
    r#"{"id":"mine","name":"mine","severity":"info","on":{"absent":{"source":"s","after_s":900}}}"#,
);
const OTHER_RULE: Write = Ask(
    "PUT",
    "/api/v1/alert-rules/mine",
    r##"{"name":"mine #","severity":"info","on":{"absent":{"source":"s","after_s":900}}}"##,
);
pub const CHANNEL: Write = Ask(
    "POST",
    "/api/v1/channels",
    r##"{"name":"channel #","kind":"webhook","url":"https://example.com/hook"}"##,
);
const OTHER_CHANNEL: Write = Ask(
    "PUT",
    "/api/v1/channels/{first:/api/v1/channels}",
    r##"{"name":"channel #","kind":"webhook","url":"https://example.com/hook"}"##,
);
const SETTING: Write = Ask("PATCH", "/api/v1/settings", r#"{"work.stuck_after_s":#}"#);
const USER: Write = Ask(
    "POST",
    "/api/v1/users",
    r##"{"username":"u-#","password":"correct horse battery","role":"viewer"}"##,
);
const RENAMED: Write = Ask("PUT", "/api/v1/users/root", r##"{"full_name":"root #"}"##);
pub const ROLE: Write =
    Ask("POST", "/api/v1/roles", r##"{"name":"role-#","permissions":["view_projects"]}"##);
pub const MY_ROLE: Write =
    Ask("POST", "/api/v1/roles", r#"{"name":"mine","permissions":["view_projects"]}"#);
const OTHER_ROLE: Write = Ask(
    "PUT",
    "/api/v1/roles/mine",
    r##"{"description":"mine #","permissions":["view_projects"]}"##,
);
const TOKEN: Write = Ask("POST", "/api/v1/tokens", r##"{"name":"token #","role":"viewer"}"##);
const PIN: Write = Ask("POST", "/api/v1/me/pins", r##"{"metric":"m","title":"#"}"##);
const LOOK: Write = Ask("GET", "/dashboard/projects?q=#", "");

const PORTFOLIO: &[Write] = &[TRADE, CASH, RATE, PRICE, Beside(&PERIODS)];
const EVERYTHING: &str =
    "view_projects view_metrics view_alerts view_agents view_portfolio view_trades";

const fn case(
    route: &'static str,
    asked: &'static str,
    needs: &'static str,
    matters: &'static [Write],
    other: Write,
) -> Case {
    Case { route, asked, needs, matters, other }
}

/// Reads of programs that are kept.
pub const REST: &[Case] = &[
    case("/dashboard/projects", "?q=p", "view_projects", &[RUN], PRICE),
    case("/dashboard/projects/{project}", "/dashboard/projects/p", "view_projects", &[RUN], PRICE),
    case(
        "/dashboard/projects/{project}/runs",
        "/dashboard/projects/p/runs",
        "view_projects",
        &[RUN],
        PRICE,
    ),
    case("/dashboard/metrics", "", "view_metrics", &[RUN], Again),
    case("/api/v1/pings", "", "view_projects", &[PING], PRICE),
    case("/api/v1/tasks", "", "view_agents", &[STEP, DEAD], PRICE),
    case("/api/v1/tasks/dead-letter", "", "view_agents", &[DEAD], PRICE),
    case("/api/v1/tasks/{id}", "/api/v1/tasks/t", "view_agents", &[STEP], PRICE),
    case("/api/v1/agents", "", "view_agents", &[STATE], PRICE),
    case("/api/v1/agents/{id}", "/api/v1/agents/a", "view_agents", &[STATE], PRICE),
    case("/api/v1/jobs", "", "view_agents", &[RETRY], PRICE),
    case("/api/v1/jobs/{id}", "/api/v1/jobs/{first:/api/v1/jobs}", "view_agents", &[PAUSE], PRICE),
    case("/api/v1/commands/{id}", "/api/v1/commands/{command}", "view_agents", &[DONE], PRICE),
    case("/api/v1/alerts", "", "view_alerts", &[RAISED], PRICE),
    case("/api/v1/alerts.atom", "", "view_alerts", &[RAISED], PRICE),
    case(
        "/api/v1/alerts/{id}",
        "/api/v1/alerts/{first:/api/v1/alerts}",
        "view_alerts",
        &[ACKNOWLEDGE],
        Again,
    ),
    case("/api/v1/alert-rules", "", "manage_rules", &[RULE], PRICE),
    case(
        "/api/v1/alert-rules/{id}",
        "/api/v1/alert-rules/mine",
        "manage_rules",
        &[OTHER_RULE],
        PRICE,
    ),
    case("/api/v1/silences", "", "view_alerts", &[SILENCE], PRICE),
    case("/api/v1/maintenance", "", "manage_rules", &[WINDOW], PRICE),
    case("/api/v1/channels", "", "manage_rules", &[CHANNEL], PRICE),
    case(
        "/api/v1/channels/{id}",
        "/api/v1/channels/{first:/api/v1/channels}",
        "manage_rules",
        &[OTHER_CHANNEL],
        PRICE,
    ),
    // What is told is on its way a little later.
    case("/api/v1/notifications", "", "manage_rules", &[Beside(&RAISED)], PRICE),
    case("/api/v1/settings", "", "manage_rules", &[SETTING], PRICE),
    case("/api/v1/users", "", "manage_users", &[USER], PRICE),
    case("/api/v1/users/{username}", "/api/v1/users/root", "manage_users", &[RENAMED], PRICE),
    case("/api/v1/roles", "", "manage_users", &[ROLE], PRICE),
    case("/api/v1/roles/{name}", "/api/v1/roles/mine", "manage_users", &[OTHER_ROLE], PRICE),
    case("/api/v1/tokens", "", "manage_tokens", &[TOKEN], PRICE),
    case(
        "/api/v1/tokens/{id}",
        "/api/v1/tokens/{first:/api/v1/tokens}",
        "manage_tokens",
        &[Beside(&TOKEN)],
        PRICE,
    ),
    case("/api/v1/audit", "", "view_audit_logs", &[ROLE], PRICE),
    case("/api/v1/metrics", "", "view_metrics", &[VALUE], Again),
    case("/api/v1/metrics/{name}", "/api/v1/metrics/m", "view_metrics", &[VALUE], STEP),
    case("/api/v1/metrics/{name}/range", "/api/v1/metrics/m/range", "view_metrics", &[VALUE], STEP),
    case(
        "/api/v1/metrics/{name}/latest",
        "/api/v1/metrics/m/latest",
        "view_metrics",
        &[VALUE],
        Again,
    ),
    case("/api/v1/portfolio", "", "view_portfolio", PORTFOLIO, STEP),
    case("/api/v1/portfolio", "?account=default", "view_portfolio", PORTFOLIO, STEP),
    case("/api/v1/portfolio", "?currency=EUR", "view_portfolio", PORTFOLIO, STEP),
    case("/api/v1/portfolio", "?include_history=true", "view_portfolio", PORTFOLIO, STEP),
    case("/api/v1/trades", "", "view_trades", &[TRADE], STEP),
];

/// Reads of pages that are kept.
pub const PAGES: &[Case] = &[
    case("/api/ui/project", "?project=p", "view_projects", &[RUN], PRICE),
    case("/api/ui/rates", "", "view_projects", &[RUN], Again),
    case("/api/ui/pings", "", "view_projects", &[PING], PRICE),
    case("/api/ui/host", "?host=h", "view_system", &[HOST], PRICE),
    case("/api/ui/agent", "?agent=a", "view_agents", &[STATE], PRICE),
    case("/api/ui/task", "?task=t", "view_agents", &[STEP], PRICE),
    case("/api/ui/queue", "?queue=q", "view_agents", &[QUEUED], PRICE),
    case("/api/ui/users", "", "manage_users", &[USER], PRICE),
    case("/api/ui/roles", "", "manage_users", &[ROLE], PRICE),
    case("/api/ui/role_names", "", "manage_tokens", &[ROLE], PRICE),
    case("/api/ui/tokens", "", "manage_tokens", &[TOKEN], PRICE),
    case("/api/ui/audit", "", "view_audit_logs", &[ROLE], PRICE),
    case("/api/ui/alert", "?alert={first:/api/v1/alerts}", "view_alerts", &[ACKNOWLEDGE], Again),
    case("/api/ui/alert_history", "", "view_alerts", &[RAISED], PRICE),
    case("/api/ui/maintenance", "", "view_alerts", &[WINDOW], PRICE),
    case("/api/ui/alert_rules", "", "manage_rules", &[RULE], PRICE),
    case("/api/ui/alert_rule", "?rule=mine", "manage_rules", &[OTHER_RULE], PRICE),
    case("/api/ui/channels", "", "manage_rules", &[CHANNEL], PRICE),
    case("/api/ui/notifications", "", "manage_rules", &[Beside(&RAISED)], PRICE),
    case("/api/ui/portfolio", "", "view_portfolio", PORTFOLIO, STEP),
    case("/api/ui/equity", "", "view_portfolio", PORTFOLIO, STEP),
    case("/api/ui/trades", "", "view_trades", &[TRADE], STEP),
    case("/api/ui/metric_names", "", "view_metrics", &[SERIES], ROLE),
    case("/api/ui/metric", "?metric=m", "view_metrics", &[VALUE], STEP),
];

/// Reads that are made once a flush, for all, whatever was written.
pub const VIEWS: &[Case] = &[
    case("/dashboard/summary", "", "view_projects", &[RUN], Again),
    case("/api/v1/system", "", "view_system", &[HOST], Again),
    case("/api/dashboard/state", "", "view_agents", &[DEAD], Again),
    case("/api/ui/work", "", "view_agents", &[DEAD], Again),
    case("/api/ui/ticker", "", EVERYTHING, &[RUN], Again),
    case("/api/ui/alerts", "", "view_alerts", &[RAISED], Again),
];

/// Reads that are made anew for whoever asks, and why.
pub const MADE_ANEW: &[(Case, &str)] = &[
    (case("/api/v1/metrics/cache", "", "view_metrics", &[LOOK], Again), "counts what is kept"),
    (case("/metrics", "", "view_metrics", &[LOOK], Again), "counts what the process does"),
    (
        case("/api/v1/commands", "?source=owner", "write_events", &[CANCEL], Again),
        "waits for what comes, and notes that it was handed out",
    ),
    (
        case("/api/v1/events", "?type=validation.*", EVERYTHING, &[RUN], Again),
        "goes on as long as somebody follows, and is as long as the journal",
    ),
    (
        case("/api/v1/me/pins", "", "view_metrics", &[PIN], Again),
        "a few charts, looked up by whose they are",
    ),
    (
        case("/api/ui/pins", "", "view_metrics", &[PIN], Again),
        "a few charts, looked up by whose they are",
    ),
];

/// Reads that tell whoever asks of themselves, which is looked up by who that is.
pub const OWN: &[&str] = &["/api/v1/me", "/api/v1/me/sessions", "/api/ui/me", "/api/ui/sessions"];

/// What is open to all and told to all alike, and why it is not kept.
pub const OPEN: &[(&str, &str)] = &[
    ("/healthz", "says how the process is now"),
    ("/readyz", "says how the process is now"),
    ("/badge/{file}", "made of one row that is shown"),
    ("/api/openapi.json", "the same as long as the process runs"),
    ("/api/docs", "the same as long as the process runs"),
    ("/docs", "the same as long as the process runs"),
    ("/docs/{page}", "the same as long as the process runs"),
    ("/login", "a form"),
    ("/login/oidc", "begins something"),
    ("/login/oidc/callback", "ends something"),
    ("/ping/{token}", "a write, for programs that can do no more than GET"),
    ("/ping/{token}/start", "a write"),
    ("/ping/{token}/fail", "a write"),
    ("/ping/{token}/{exit_code}", "a write"),
];
