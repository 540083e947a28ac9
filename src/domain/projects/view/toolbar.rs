//! What is asked for stands in the address, so that a list can be shared and works without
//! JavaScript: the form sends it, links change one part of it.

use crate::domain::projects::{ProjectsParams, Sort};
use crate::wire::encoded;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

/// What the address asks for.
pub fn use_params() -> Memo<ProjectsParams> {
    let query = use_query_map();
    Memo::new(move |_| {
        query.with(|query| ProjectsParams {
            status: query.get("status"),
            kind: query.get("kind"),
            tag: query.get("tag"),
            q: query.get("q"),
            sort: query.get("sort"),
            limit: None,
            after: query.get("after"),
        })
    })
}

/// The address of the list for `params`.
pub fn href(params: &ProjectsParams) -> String {
    let parts = [
        ("status", &params.status),
        ("kind", &params.kind),
        ("tag", &params.tag),
        ("q", &params.q),
        ("sort", &params.sort),
        ("after", &params.after),
    ];
    let mut href = String::from("/projects");
    for (name, value) in parts {
        if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
            href.push(if href.contains('?') { '&' } else { '?' });
            href.push_str(name);
            href.push('=');
            href.push_str(&encoded(value));
        }
    }
    href
}

/// A choice: values with their words, what is chosen now, and the same with another chosen.
struct Choice {
    label: &'static str,
    values: &'static [(&'static str, &'static str)],
    chosen: fn(&ProjectsParams) -> Option<&str>,
    choose: fn(ProjectsParams, Option<String>) -> ProjectsParams,
}

static KINDS: Choice = Choice {
    label: "Kind",
    values: &[("", "Any kind"), ("job", "Jobs")],
    chosen: |params| params.kind.as_deref(),
    choose: |params, kind| ProjectsParams { kind, after: None, ..params },
};

static STATUS: Choice = Choice {
    label: "Status",
    values: &STATUSES,
    chosen: |params| params.status.as_deref(),
    choose: |params, status| ProjectsParams { status, after: None, ..params },
};

/// Links to what can be chosen.
fn segments(params: Memo<ProjectsParams>, of: &'static Choice) -> AnyView {
    let link = |&(value, word): &(&'static str, &'static str)| {
        let to = move || {
            let value = Some(value.to_owned()).filter(|value| !value.is_empty());
            href(&(of.choose)(params.get(), value))
        };
        let here =
            move || params.with(|p| (of.chosen)(p).unwrap_or_default() == value).then_some("true");
        view! { <a href=to data-noscroll="" aria-current=here>{word}</a> }.into_any()
    };
    let links: Vec<AnyView> = of.values.iter().map(link).collect();
    view! { <div class="segments" role="group" aria-label=of.label>{links}</div> }.into_any()
}

const STATUSES: [(&str, &str); 5] = [
    ("", "All"),
    ("critical", "Critical"),
    ("warning", "Warning"),
    ("unknown", "Unknown"),
    ("healthy", "Healthy"),
];

/// Filter, statuses and tags.
#[component]
pub fn Toolbar(
    params: Memo<ProjectsParams>,
    /// Every tag with its count; none before the whole list has come.
    #[prop(into)]
    tags: Signal<Vec<(String, usize)>>,
) -> impl IntoView {
    let navigate = use_navigate();
    let ask = move |next: ProjectsParams| {
        let options =
            NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
        navigate(&href(&next), options);
    };
    let filter = {
        let ask = ask.clone();
        move |event| {
            let q = Some(event_target_value(&event));
            ask(ProjectsParams { q, after: None, ..params.get_untracked() });
        }
    };
    let choose = move |event| {
        let tag = Some(event_target_value(&event));
        ask(ProjectsParams { tag, after: None, ..params.get_untracked() });
    };
    view! {
        <form class="toolbar" method="get" action="/projects" role="search">
            <input
                type="search"
                name="q"
                class="filter"
                data-filter=""
                placeholder="Filter by name or owner  ( / )"
                aria-label="Filter by name or owner"
                autocomplete="off"
                value=params.get_untracked().q
                prop:value=move || params.get().q.unwrap_or_default()
                on:input=filter
            />
            {segments(params, &STATUS)}
            {segments(params, &KINDS)}
            <label class="select">
                <span class="sr">"Tag"</span>
                <select name="tag" on:change=choose>
                    <option value="" selected=move || params.with(|p| p.tag.is_none())>"Any tag"</option>
                    {move || {
                        let mut all = tags.get();
                        let chosen = params.get().tag.filter(|tag| !tag.is_empty());
                        if let Some(tag) = chosen.clone().filter(|tag| all.iter().all(|(t, _)| t != tag)) {
                            all.insert(0, (tag, 0));
                        }
                        all.into_iter()
                            .map(|(tag, count)| {
                                let here = chosen.as_ref() == Some(&tag);
                                let text = if count > 0 { format!("{tag} ({count})") } else { tag.clone() };
                                view! { <option value=tag selected=here>{text}</option> }
                            })
                            .collect_view()
                    }}
                </select>
            </label>
            {move || params.get().status.map(|status| view! { <input type="hidden" name="status" value=status /> })}
            {move || params.get().kind.map(|kind| view! { <input type="hidden" name="kind" value=kind /> })}
            {move || params.get().sort.map(|sort| view! { <input type="hidden" name="sort" value=sort /> })}
            <noscript><button type="submit" class="button">"Apply"</button></noscript>
        </form>
    }
}

/// The head of a column that sorts: a link that sorts by it, and then the other way round.
#[component]
pub fn SortHead(
    params: Memo<ProjectsParams>,
    /// What it sorts by, as `sort` in the address.
    key: &'static str,
    /// What it says.
    word: &'static str,
    #[prop(optional)] class: &'static str,
) -> impl IntoView {
    let now = move || {
        let sort = params.with(|p| p.sort.as_deref().and_then(Sort::parse)).unwrap_or_default();
        (sort.name().trim_start_matches('-') == key).then_some(sort.descending)
    };
    let to = move || {
        let sort = if now() == Some(false) { format!("-{key}") } else { key.to_owned() };
        href(&ProjectsParams { sort: Some(sort), after: None, ..params.get() })
    };
    let order = move || match now() {
        Some(true) => Some("descending"),
        Some(false) => Some("ascending"),
        None => None,
    };
    view! {
        <th class=class aria-sort=order>
            <a href=to data-noscroll="">{word}<span class="arrow" aria-hidden="true">{move || match now() {
                Some(true) => "↓",
                Some(false) => "↑",
                None => "",
            }}</span></a>
        </th>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(params: ProjectsParams, expect: &str) {
        assert_eq!(href(&params), expect);
    }

    #[test]
    fn the_address_holds_what_is_asked_for() {
        let some = |text: &str| Some(text.to_owned());
        check(ProjectsParams::default(), "/projects");
        check(ProjectsParams { q: some(""), ..Default::default() }, "/projects");
        let all = ProjectsParams { q: some("a b"), sort: some("-errors"), ..Default::default() };
        check(all, "/projects?q=a%20b&sort=-errors");
    }
}
