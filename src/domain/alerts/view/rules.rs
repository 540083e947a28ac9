//! The page at `/alerts/rules`: what becomes an alert.

use super::rule_words::{spec_of, watches};
use super::spans;
use super::words::{rule_href, tabs};
use crate::domain::alerts::RuleItem;
use crate::domain::alerts::api::{alert_rules, remove_alert_rule, save_alert_rule};
use crate::domain::alerts::rule::{On, RuleSpec};
use crate::domain::health::Severity;
use crate::ui::address::use_asked;
use crate::ui::shell::NEW_RULE;
use crate::ui::widgets::{
    Answers, Ask, Form, Icon, IconName, List, Sending, Verdict, Watched, act, ask_list, loaded,
    read_list, rows,
};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use std::sync::Arc;

const PATH: &str = "/alerts/rules";
const COLUMNS: &[(&str, &str)] = &[
    ("Rule", "lead"),
    ("Watches", "wrap"),
    ("Severity", ""),
    ("Waits", ""),
    ("Now", ""),
    ("Owner", "name"),
    ("", ""),
];

/// The page at `/alerts/rules`.
#[component]
pub fn AlertRules() -> impl IntoView {
    let asked = use_asked(&[]);
    let ask = ask_list(|_| alert_rules());
    let page = read_list(asked, &ask);
    view! {
        <Title text="Alert rules · Bellwether" />
        {tabs()}
        {loaded(page, move |first| {
            let page = Watched::new(first, asked, ask.clone());
            let ask = Ask::new(Callback::new(move |()| page.again()));
            let new = view! { <a class="button primary" href=NEW_RULE.path><Icon name=IconName::Plus />"New rule"</a> };
            let list = List {
                label: "Alert rules",
                path: PATH,
                word: "rule",
                columns: COLUMNS,
                rows: rows(move |rule: &RuleItem| row(rule, page, ask)),
                empty: |_| ().into_any(),
                beside: Some(new.into_any()),
            };
            view! { {list.view(page, asked)} {ask.view("Alert rule")} }.into_any()
        })}
    }
}

fn row(item: &RuleItem, page: Watched, ask: Ask) -> Vec<AnyView> {
    let RuleItem { rule, built_in, firing, pending } = item.clone();
    let name = rule.name.clone();
    let off = (!rule.enabled).then(|| view! { <span class="tag">"off"</span> });
    let built = built_in.then(|| view! { <span class="tag">"built in"</span> });
    // What is no finding has no severity of its own.
    let own = (!matches!(rule.on, On::Finding(_))).then_some(Severity::Warning);
    let severity = match rule.severity.or(own) {
        Some(severity) => {
            let verdict = Verdict::from(severity);
            view! { <span class=format!("st {}", verdict.class)><Icon name=verdict.icon />{verdict.word}</span> }
                .into_any()
        }
        None => view! { <span class="muted">"as found"</span> }.into_any(),
    };
    let waits = [(rule.for_s, "for "), (rule.keep_firing_for_s, "keeps on ")]
        .into_iter()
        .filter(|(s, _)| *s > 0.0)
        .map(|(s, word)| format!("{word}{}", spans::said(s)))
        .collect::<Vec<_>>()
        .join(", ");
    let firing = (firing > 0).then(|| {
        let to = format!("/alerts?rule={}", crate::wire::encoded(&rule.id));
        view! { <a class="st crit" href=to>{format!("{firing} firing")}</a> }
    });
    let pending =
        (pending > 0).then(|| view! { <span class="muted">{format!(" {pending} pending")}</span> });
    let turn = {
        let spec = RuleSpec { enabled: !rule.enabled, ..spec_of(&rule) };
        let id = rule.id.clone();
        Callback::new(move |()| {
            switch(page, Box::pin(save_alert_rule(Some(id.clone()), spec.clone())))
        })
    };
    let (icon, word) = switched(rule.enabled);
    let remove = (!built_in).then(|| {
        let (id, name) = (rule.id.clone(), name.clone());
        let on = Callback::new(move |()| ask.with(removal(id.clone(), &name)));
        act(IconName::Cross, "Remove", format!("Remove {}", rule.name), on)
    });
    let href = rule_href(&rule.id);
    vec![
        view! { <a class="link" href=href.clone()><b>{name.clone()}</b></a> {built} {off} <code class="muted about">{rule.id.to_string()}</code> }
            .into_any(),
        watches(&rule.on).into_any(),
        severity,
        waits.into_any(),
        view! { {firing} {pending} }.into_any(),
        rule.owner.clone().into_any(),
        view! {
            <span class="row">
                {act(icon, word, format!("{word} {name}"), turn)}
                <a class="button small" href=href aria-label=format!("Edit {name}") title="Edit"><Icon name=IconName::Edit /><span class="word-of">"Edit"</span></a>
                {remove}
            </span>
        }
        .into_any(),
    ]
}

/// What turns something on or off.
pub const fn switched(on: bool) -> (IconName, &'static str) {
    if on { (IconName::Pause, "Turn off") } else { (IconName::Play, "Turn on") }
}

/// Does something to what is on a list, and reads it again.
pub fn switch(page: Watched, doing: Sending) {
    spawn_local(async move {
        match doing.await {
            Ok(()) => page.again(),
            Err(error) => _ = page.trouble.try_set(Some(error.to_string())),
        }
    });
}

fn removal(id: Arc<str>, name: &str) -> Form {
    let send = move |_: &Answers| -> Sending { Box::pin(remove_alert_rule(id.clone())) };
    Form {
        title: format!("Remove {name}?"),
        text: "Its alerts are over at once. What it found stays in the history.".to_owned(),
        fields: Vec::new(),
        verb: "Remove",
        danger: true,
        send: Box::new(send),
    }
}
