//! Words for what is told of access.

use crate::domain::access::{Outcome, Permissions, RoleItem};
use crate::ui::widgets::{IconName, Verdict};
use leptos::prelude::*;

/// Browsers by what their `User-Agent` holds, the more telling first.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];
/// Systems likewise.
const SYSTEMS: [(&str, &str); 6] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// What a `User-Agent` stands for, as people call it; its beginning if that is not known.
pub fn agent(text: &str) -> String {
    let known = |names: &[(&str, &'static str)]| {
        names.iter().find(|(part, _)| text.contains(part)).map(|(_, name)| *name)
    };
    match (known(&BROWSERS), known(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ if text.is_empty() => "unknown".to_owned(),
        _ => text.chars().take(40).collect(),
    }
}

/// How something that was tried went.
pub const fn outcome(outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Done => Verdict { icon: IconName::Ok, word: "done", class: "ok" },
        Outcome::Denied => Verdict { icon: IconName::Critical, word: "denied", class: "crit" },
    }
}

/// Permissions as small labels, whose titles say what each allows.
pub fn labels(permissions: Permissions) -> AnyView {
    if permissions == Permissions::ALL {
        return view! { <span class="tag">"everything"</span> }.into_any();
    }
    let label = |one: crate::domain::access::Permission| {
        view! { <span class="tag" title=one.does()>{one.name()}</span> }.into_any()
    };
    let labels: Vec<AnyView> = permissions.iter().map(label).collect();
    view! { <span class="labels">{labels}</span> }.into_any()
}

/// Roles to choose one from, with what each is for.
pub fn choices(roles: &[RoleItem]) -> Vec<(String, String)> {
    let words = |role: &RoleItem| match &*role.description {
        "" => role.name.to_string(),
        description => format!("{}: {description}", role.name),
    };
    roles.iter().map(|role| (role.name.to_string(), words(role))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(agent(text), expect);
    }

    #[test]
    fn browsers_are_called_by_their_names() {
        check(
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        );
        check(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Edge on Windows",
        );
        check(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari on iPhone",
        );
        check("curl/8.5.0", "curl");
        check("", "unknown");
        check("something of one's own", "something of one's own");
    }
}
