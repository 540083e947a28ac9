//! What is asked for stands in the address, so that it can be shared and works without JavaScript.

use super::widgets::dynamic;
use crate::wire::{decoded, encoded};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_params_map, use_query_map};

/// Which page of a list; it says nothing about which list.
const AFTER: &str = "after";

/// What an address asks for, by name, in the order of the names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked(Vec<(&'static str, String)>);

impl Asked {
    /// What is asked for under this name, if anything.
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }

    /// Whether exactly this is asked for; an empty `value` stands for nothing.
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.0.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value) == value
    }

    /// Whether anything but another page is asked for.
    pub fn chooses(&self) -> bool {
        self.0.iter().any(|(name, _)| *name != AFTER)
    }

    /// The same with another value, from the first page on; an empty one asks for nothing.
    #[must_use]
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut values = self.0.clone();
        values.retain(|(known, _)| *known != name && *known != AFTER);
        if !value.is_empty() {
            values.push((name, value.to_owned()));
        }
        Self(values)
    }

    /// All of it but `name` and the page, for the hidden members of a form.
    pub fn without(&self, name: &str) -> Vec<(&'static str, String)> {
        self.0.iter().filter(|(known, _)| *known != name && *known != AFTER).cloned().collect()
    }

    /// The address below `path` that asks for this.
    pub fn href(&self, path: &str) -> String {
        let mut href = path.to_owned();
        for (name, value) in &self.0 {
            href.push(if href.contains('?') { '&' } else { '?' });
            href.push_str(name);
            href.push('=');
            href.push_str(&encoded(value));
        }
        href
    }
}

/// Names and values of an address's query. The router decodes twice what it hands out, which a
/// value with a percent sign does not survive.
pub fn pairs(search: &str) -> Vec<(String, String)> {
    let text = |part: &str| decoded(&part.replace('+', " "));
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((text(name), text(value)))
    };
    search.trim_start_matches('?').split('&').filter_map(pair).collect()
}

/// What the address of this page asks for under these names.
pub fn use_asked(names: &'static [&'static str]) -> Memo<Asked> {
    let query = use_query_map();
    Memo::new(move |_| {
        query.with(|query| {
            let given = |name: &&'static str| {
                query.get(name).filter(|value| !value.is_empty()).map(|value| (*name, value))
            };
            Asked(names.iter().filter_map(given).collect())
        })
    })
}

/// The last part of the address, decoded once; of the page that was here until it is gone.
pub fn use_name(below: &'static str) -> Memo<String> {
    let (params, path) = (use_params_map(), use_location().pathname);
    Memo::new(move |last: Option<&String>| {
        // Read, since a memo that is only tracked is never made and so never changes.
        params.with(|_| ());
        let here = path.with_untracked(|path| path.strip_prefix(below).map(decoded));
        here.or_else(|| last.cloned()).unwrap_or_default()
    })
}

/// Goes to an address in place of this one, without scrolling.
pub fn use_ask() -> Callback<String> {
    let navigate = use_navigate();
    Callback::new(move |href: String| {
        let options =
            NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
        navigate(&href, options);
    })
}

/// Links to the first and the next page.
pub fn pager(path: &'static str, asked: Memo<Asked>, next: Memo<Option<String>>) -> AnyView {
    let first = move || {
        let here = asked.get();
        let link = |href| view! { <a class="button small" href=href>"First page"</a> }.into_any();
        (!here.is("after", "")).then(|| link(here.with("after", "").href(path)))
    };
    let next = move || {
        let href = asked.get().with("after", &next.get()?).href(path);
        Some(view! { <a class="button small" href=href>"Next page"</a> }.into_any())
    };
    view! { <p class="row pager">{dynamic(first)} {dynamic(next)}</p> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(asked: &Asked, expect: &str) {
        assert_eq!(asked.href("/work/tasks"), expect);
    }

    #[test]
    fn values_are_decoded_once() {
        let all = pairs("?metric=a+b&label.path=%2Fx%2520y&q=&broken&d=%25");
        let all: Vec<_> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(all, [("metric", "a b"), ("label.path", "/x%20y"), ("q", ""), ("d", "%")]);
        assert!(pairs("").is_empty());
    }

    #[test]
    fn the_address_holds_what_is_asked_for() {
        let nothing = Asked::default();
        check(&nothing, "/work/tasks");
        let second = nothing.with("status", "failed").with("after", "x y");
        check(&second, "/work/tasks?status=failed&after=x%20y");
        assert!(second.is("status", "failed") && second.is("queue", "") && second.chooses());
        check(&second.with("q", "a&b"), "/work/tasks?status=failed&q=a%26b");
        check(&second.with("status", ""), "/work/tasks");
        assert_eq!(second.without("q"), [("status", "failed".to_owned())]);
        assert!(!nothing.with("after", "x").chooses());
    }
}
