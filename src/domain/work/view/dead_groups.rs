//! Dead letters whose errors are alike, largest group first; one group is open at a time.

use super::dead::{Dead, PATH, filter, open_group, panel};
use super::words::counted;
use crate::domain::work::{DeadGroup, RetryRequest};
use crate::ui::format;
use crate::ui::widgets::{Age, Icon, IconName, dynamic, keyed, one_of, part_of, text, words};
use leptos::prelude::*;
use std::sync::Arc;

/// Asks for every dead letter rather than one group.
pub const ALL: &str = "all";

/// Each group, then all dead letters.
pub fn groups(dead: Dead) -> AnyView {
    let doc = dead.doc;
    let all = Memo::new(move |_| doc.with(|doc| doc.dead.clone()));
    let prints =
        move || all.with(|all| all.iter().map(|g| g.fingerprint.clone()).collect::<Vec<_>>());
    let row = move |print: Arc<str>| {
        let group = {
            let print = print.clone();
            one_of(all, move |group: &DeadGroup| group.fingerprint == print)
        };
        let head = error_head(group);
        let count = Signal::derive(move || group.with(|g| g.as_ref().map_or(0, |g| g.count)));
        entry(dead, print, count, head)
    };
    let narrowed = move || dead.asked.with(|asked| !asked.is("q", "") || !asked.is("queue", ""));
    let total = Signal::derive(move || {
        let open = dead.asked.with(open_group).as_deref() == Some(ALL);
        let matching = dead.page.with(|page| page.as_ref().map(|page| page.total as u64));
        let all = doc.with(|doc| doc.tasks.dead_letter);
        matching.filter(|_| open && narrowed()).unwrap_or(all)
    });
    let word = move || if narrowed() { "All that match the filter" } else { "All dead letters" };
    let word = move || word().to_owned();
    let head = view! { <span class="pattern">{text(word)}</span> }.into_any();
    view! {
        <ul class="groups">
            {keyed(prints, row)}
            {entry(dead, ALL.into(), total, head)}
        </ul>
    }
    .into_any()
}

/// What is alike in a group's errors, when they happened, and the newest of them.
fn error_head(group: Memo<Option<DeadGroup>>) -> AnyView {
    let group: Signal<Option<DeadGroup>> = group.into();
    let sample = part_of(group, |group| group.sample.clone());
    view! {
        <span class="pattern" title=sample>{part_of(group, |group| group.pattern.clone())}</span>
        <span class="times muted">
            "last " <Age at=part_of(group, |group| group.last_at) />
            <span class="wide">", first " <Age at=part_of(group, |group| group.first_at) /></span>
        </span>
    }
    .into_any()
}

/// A line that opens and closes, with its tasks while it is open.
fn entry(dead: Dead, group: Arc<str>, count: Signal<u64>, head: AnyView) -> AnyView {
    let Dead { asked, question, commander, .. } = dead;
    let open = {
        let group = group.clone();
        Memo::new(move |_| asked.with(open_group).as_deref() == Some(&*group))
    };
    let to = {
        let group = group.clone();
        words(move || {
            let here = asked.get();
            let next = if open.get() {
                here.with("group", "").with("q", "").with("queue", "")
            } else {
                here.with("group", &group)
            };
            next.href(PATH)
        })
    };
    let retry = {
        let group = group.clone();
        move |_| {
            let here = asked.get_untracked().with("group", &group);
            question.ask(RetryRequest { filter: Some(filter(&here)), ..RetryRequest::default() });
        }
    };
    let doc = dead.doc;
    let sample = Memo::new(move |_| {
        doc.with(|doc| {
            doc.dead.iter().find(|g| g.fingerprint == group).map(|found| found.sample.clone())
        })
    });
    let label = words(move || format!("Retry all… {}", counted(count.get(), "task")));
    let newest = move || {
        let text = sample.get()?;
        Some(view! { <pre class="sample" tabindex="0">{text}</pre> }.into_any())
    };
    let opened = move || vec![dynamic(newest), panel(dead)].into_any();
    let retry = commander.allowed.then(|| {
        view! {
            <button type="button" class="button small js" aria-label=label on:click=retry>
                <Icon name=IconName::Retry />
                <span class="wide">"Retry all…"</span>
            </button>
        }
    });
    view! {
        <li class="group" class:open=open>
            <div class="row line">
                <a href=to data-row-link="" data-noscroll="" aria-expanded=words(move || open.get().to_string())>
                    <span class="mark" aria-hidden="true"></span>
                    <b class="num">{text(move || format::count(count.get()))}</b>
                    {head}
                </a>
                {retry}
            </div>
            {dynamic(move || open.get().then(opened))}
        </li>
    }
    .into_any()
}
