//! The bell: how many alerts need somebody, on every page and in the tab's title, with a sound and
//! a notification for those who want them.
//!
//! The numbers are those of the summary. Only those who may not see that, or who want to be told
//! of each alert, follow the topic of alerts. The icon of the tab, the sound and the notification
//! are made by `bell.js`, by the attributes of the button.

use crate::domain::Topic;
use crate::domain::alerts::{AlertItem, AlertNumbers};
use crate::domain::health::Severity;
use crate::ui::live::{Part, follow};
use crate::ui::me::may;
use crate::ui::overview::SummaryFeed;
use crate::ui::widgets::{Icon, IconName, dynamic, text, words};
use leptos::html;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Under what the choices are kept; `bell.js` reads them.
const CHOICES: [(&str, &str); 2] =
    [("alert-sound", "Sound"), ("alert-notify", "Browser notifications")];

/// How many alerts need somebody, and how many of those are critical.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Loud {
    /// All of them.
    pub all: u64,
    /// The critical ones.
    pub critical: u64,
}

impl From<AlertNumbers> for Loud {
    fn from(numbers: AlertNumbers) -> Self {
        Self { all: numbers.loud, critical: numbers.loud_critical }
    }
}

/// What the bell needs of what the topic of alerts tells, whole or changed.
#[derive(Deserialize)]
struct Told {
    numbers: AlertNumbers,
    #[serde(default, alias = "upsert")]
    items: Vec<AlertItem>,
    #[serde(default)]
    remove: Vec<Arc<str>>,
}

/// An alert that is new and needs somebody, as `bell.js` reads it.
#[derive(Serialize)]
struct News {
    id: Arc<str>,
    title: String,
    body: String,
    critical: bool,
}

/// What the bell knows.
#[derive(Clone, Copy)]
struct Bell {
    rendered: Loud,
    heard: RwSignal<Option<Loud>>,
    news: RwSignal<Option<String>>,
    /// Ids of the alerts that need somebody; none before the first that was told.
    known: StoredValue<Option<BTreeSet<Arc<str>>>>,
    wanted: [RwSignal<bool>; 2],
}

impl Bell {
    /// As the server found it, handed on in the page.
    fn new() -> Self {
        let rendered = SharedValue::new(|| use_context::<Loud>().unwrap_or_default());
        Self {
            rendered: rendered.into_inner(),
            heard: RwSignal::new(None),
            news: RwSignal::new(None),
            known: StoredValue::new(None),
            wanted: [RwSignal::new(false), RwSignal::new(false)],
        }
    }

    fn receive(self, part: Part<'_>) -> serde_json::Result<()> {
        let told: Told = serde_json::from_str(part.data)?;
        self.heard.try_set(Some(told.numbers.into()));
        let first = self.known.try_with_value(Option::is_none).unwrap_or_default();
        let news = self.known.try_update_value(|known| {
            let had = known.take().unwrap_or_default();
            let mut now = if part.whole { BTreeSet::new() } else { had.clone() };
            for id in &told.remove {
                now.remove(id);
            }
            let mut news = Vec::new();
            for item in told.items {
                if !item.is_loud() {
                    now.remove(&item.id);
                    continue;
                }
                now.insert(item.id.clone());
                if !had.contains(&item.id) {
                    let critical = item.severity == Severity::Critical;
                    let AlertItem { id, title, message: body, .. } = item;
                    news.push(News { id, title, body, critical });
                }
            }
            *known = Some(now);
            news
        });
        if let Some(news) = news.filter(|news| !first && !news.is_empty()) {
            self.news.try_set(serde_json::to_string(&news).ok());
        }
        Ok(())
    }

    /// Keeps up with what changes.
    fn keep(self) {
        let summary = may(Topic::Summary.needs());
        let wanted = Memo::new(move |_| !summary || self.wanted.iter().any(|on| on.get()));
        // Within a scope of its own, so that it ends when it is wanted no more.
        let owner = StoredValue::new(None::<Owner>);
        let here = Owner::current();
        Effect::new(move |_| {
            if let Some(owner) = owner.try_update_value(Option::take).flatten() {
                owner.cleanup();
            }
            self.known.set_value(None);
            if wanted.get()
                && let Some(here) = &here
            {
                let scope = here.child();
                scope.with(|| follow(Topic::Alerts, None, move |part| self.receive(part)));
                owner.set_value(Some(scope));
            } else {
                self.heard.set(None);
            }
        });
        Effect::new(move |_| {
            let storage = window().local_storage().ok().flatten();
            for ((key, _), on) in CHOICES.iter().zip(self.wanted) {
                let kept = storage.as_ref().and_then(|storage| storage.get_item(key).ok()?);
                on.set(kept.as_deref() == Some("on"));
            }
        });
    }

    fn loud(self) -> Memo<Loud> {
        let feed = SummaryFeed::expect();
        Memo::new(move |_| {
            let summed =
                feed.with(|s| Loud { all: s.alerts.loud, critical: s.alerts.loud_critical });
            summed.or_else(|| self.heard.get()).unwrap_or(self.rendered)
        })
    }

    /// What is switched on and off at the bell.
    fn choice(self, (key, word): (&'static str, &'static str), on: RwSignal<bool>) -> AnyView {
        let turn = move |event| {
            let chosen = event_target_checked(&event);
            if let Some(storage) = window().local_storage().ok().flatten() {
                // A browser that keeps nothing has the choice until the page is closed.
                let _ = storage.set_item(key, if chosen { "on" } else { "off" });
            }
            on.set(chosen);
        };
        view! {
            <label class="option js">
                <input type="checkbox" id=key prop:checked=on on:change=turn />
                <span>{word}</span>
            </label>
        }
        .into_any()
    }
}

/// How many need somebody, in words.
fn said(all: u64) -> String {
    match all {
        0 => "No alert needs somebody".to_owned(),
        1 => "1 alert needs somebody".to_owned(),
        n => format!("{n} alerts need somebody"),
    }
}

/// The bell with its small menu; nothing for those who may not see alerts.
pub fn bell() -> AnyView {
    if !may(Topic::Alerts.needs()) {
        return ().into_any();
    }
    let bell = Bell::new();
    bell.keep();
    let loud = bell.loud();
    let menu = NodeRef::<html::Div>::new();
    let path = use_location().pathname;
    // It lies above the page, and would stay when the page is another.
    Effect::new(move |last: Option<String>| {
        let here = path.get();
        if last.is_some_and(|last| last != here)
            && let Some(menu) = menu.get_untracked()
        {
            // Fails only if it is closed already.
            let _ = menu.hide_popover();
        }
        here
    });
    // The server writes the title last, when all that reacts may be gone already.
    let rendered = loud.get_untracked();
    let title = move |text: String| match loud.try_get().unwrap_or(rendered).all {
        0 => text,
        n => format!("({n}) {text}"),
    };
    let worst = move || match loud.get() {
        Loud { all: 0, .. } => None,
        Loud { critical: 0, .. } => Some("warn"),
        _ => Some("crit"),
    };
    let class = words(move || format!("icon-button bell {}", worst().unwrap_or_default()));
    let count = dynamic(move || {
        let all = loud.get().all;
        let short = if all > 99 { "99+".to_owned() } else { all.to_string() };
        (all > 0).then(|| view! { <b aria-hidden="true">{short}</b> }.into_any())
    });
    let [sound, notify] = bell.wanted;
    let [of_sound, of_notify] = CHOICES;
    view! {
        <Title formatter=title />
        <button
            type="button"
            id="bell"
            class=class
            popovertarget="bell-menu"
            title="Alerts"
            data-worst=worst
            data-news=move || bell.news.get()
        >
            <Icon name=IconName::Brand />
            {count}
            <span class="sr" role="status">{text(move || said(loud.get().all))}</span>
        </button>
        <div id="bell-menu" class="menu" popover="auto" node_ref=menu>
            <p class="id"><b>{text(move || said(loud.get().all))}</b></p>
            <a href="/alerts">"Alerts"</a>
            <fieldset class="js">
                <legend>"Tell me of new ones by"</legend>
                {bell.choice(of_sound, sound)}
                {bell.choice(of_notify, notify)}
            </fieldset>
        </div>
    }
    .into_any()
}
