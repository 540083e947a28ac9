//! Alerts as a table. One that changes redraws its own row alone.

use super::commander::Commander;
use super::groups::{Line, Shown};
use super::picked::Picked;
use super::words::{href, notes, subject_name};
use crate::domain::alerts::AlertItem;
use crate::ui::format;
use crate::ui::live::Live;
use crate::ui::widgets::{
    Badge, Icon, IconName, Verdict, act, dynamic, flashes, keyed, one_of, part_of, since, words,
};
use leptos::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the rows of a table have in common.
#[derive(Clone, Copy)]
pub struct Table {
    /// The alerts.
    pub items: Memo<Vec<AlertItem>>,
    /// Which lines there are.
    pub lines: Memo<Vec<Line>>,
    /// What was unfolded, or folded.
    pub turned: RwSignal<BTreeSet<Arc<str>>>,
    /// What people do.
    pub commander: Commander,
    /// What is selected.
    pub picked: Picked,
}

impl Table {
    /// The table.
    pub fn view(self, label: &'static str) -> AnyView {
        let lines = self.lines;
        let ids = move || lines.with(|all| all.iter().map(|line| line.key.clone()).collect());
        let row = move |key: Arc<str>| match key.starts_with("group:") {
            true => self.head(key),
            false => self.row(key),
        };
        let all = self.commander.allowed.then(|| self.box_of_all());
        view! {
            <table class="rows alerts" aria-label=label>
                <thead>
                    <tr>
                        {all}
                        <th class="sev">"Severity"</th>
                        <th>"Alert"</th>
                        <th class="stand">"How it stands"</th>
                        <th class="about wide">"About"</th>
                        <th class="num age">"For"</th>
                        <th class="acts js"><span class="sr">"Commands"</span></th>
                    </tr>
                </thead>
                <tbody>{keyed(ids, row)}</tbody>
            </table>
        }
        .into_any()
    }

    fn box_of_all(self) -> AnyView {
        let ids = Memo::new(move |_| {
            self.lines.with(|all| {
                let alerts = all.iter().filter(|line| matches!(line.what, Shown::Alert { .. }));
                alerts.map(|line| line.key.clone()).collect::<Vec<_>>()
            })
        });
        let on = Memo::new(move |_| ids.with(|ids| ids.iter().all(|id| self.picked.has(id))));
        let toggle =
            move |event| self.picked.set(ids.get_untracked(), event_target_checked(&event));
        view! {
            <th class="box js"><input type="checkbox" aria-label="Select all of these" prop:checked=on on:change=toggle /></th>
        }
        .into_any()
    }

    fn turn(self, key: &Arc<str>) {
        self.turned.update(|turned| {
            if !turned.remove(key) {
                turned.insert(key.clone());
            }
        });
    }

    /// What tells whether something is unfolded, as a button.
    fn fold(self, key: Arc<str>, open: Memo<bool>, label: AnyView) -> AnyView {
        let state = words(move || open.get().to_string());
        view! {
            <button type="button" class="fold js" aria-expanded=state on:click=move |_| self.turn(&key)>
                <i class="mark" aria-hidden="true"></i>
                {label}
            </button>
        }
        .into_any()
    }

    fn head(self, key: Arc<str>) -> AnyView {
        let of = key.clone();
        let line = one_of(self.lines, move |line: &Line| line.key == of);
        let head = Memo::new(move |_| match line.get()?.what {
            Shown::Head { name, worst, ids, open } => Some((name, worst, ids, open)),
            Shown::Alert { .. } => None,
        });
        let open = Memo::new(move |_| head.with(|head| head.as_ref().is_some_and(|head| head.3)));
        let said = Memo::new(move |_| {
            let (name, worst, ids, _) = head.get()?;
            Some((name, worst, ids.len()))
        });
        let label = dynamic(move || {
            let (name, worst, n) = said.get()?;
            let verdict = Verdict::from(worst);
            let label = view! {
                <span class=format!("key {}", verdict.class)><Icon name=verdict.icon /></span>
                <b>{name}</b>
                <span class="muted">{format!("{n} alerts")}</span>
            };
            Some(label.into_any())
        });
        let items = move || {
            let ids: BTreeSet<Arc<str>> =
                head.get_untracked().map(|head| head.2).unwrap_or_default().into_iter().collect();
            let all = self.items.get_untracked().into_iter();
            all.filter(|item| ids.contains(&item.id)).collect::<Vec<_>>()
        };
        let acts = self.commander.allowed.then(|| {
            let seen = Callback::new(move |()| self.commander.acknowledge(items(), None));
            let quiet = Callback::new(move |()| self.commander.silence(items()));
            view! {
                {act(IconName::Projects, "All", "Acknowledge all of this group".to_owned(), seen)}
                {act(IconName::Quiet, "All", "Silence all of this group".to_owned(), quiet)}
            }
            .into_any()
        });
        let columns = if self.commander.allowed { "6" } else { "5" };
        view! {
            <tr class="head-of">
                <td colspan=columns>{self.fold(key, open, label)}</td>
                <td class="acts js"><span class="row">{acts}</span></td>
            </tr>
        }
        .into_any()
    }

    fn row(self, id: Arc<str>) -> AnyView {
        let (of, at) = (id.clone(), id.clone());
        let item = one_of(self.items, move |item: &AlertItem| item.id == of);
        let line = one_of(self.lines, move |line: &Line| line.key == at);
        let shown: Signal<Option<AlertItem>> = item.into();
        let live = Live::expect();
        let title = part_of(shown, |item| item.title.clone());
        let message = part_of(shown, |item| item.message.clone());
        let subject = part_of(shown, |item| item.subject.to_string());
        let link = part_of(shown, |item| item.link.clone());
        let began = part_of(shown, |item| item.fired_at.unwrap_or(item.created_at));
        let age = Memo::new(move |_| since(live, began.get()));
        let verdict = Memo::new(move |_| {
            item.with(|item| item.as_ref().map(|item| Verdict::from(item.severity)))
        });
        let badge = dynamic(move || {
            let verdict = verdict.get()?;
            Some(view! { <Badge verdict=verdict /> }.into_any())
        });
        let hushed =
            Memo::new(move |_| item.with(|item| item.as_ref().is_some_and(|item| !item.is_loud())));
        let below = Memo::new(move |_| {
            line.with(|line| {
                matches!(line.as_ref().map(|l| &l.what), Some(Shown::Alert { below: true, .. }))
            })
        });
        let notes = Memo::new(move |_| {
            let now = untrack(|| live.now.get());
            item.with(|item| {
                let item = item.as_ref();
                item.map(|item| notes(item, now.unwrap_or(item.created_at))).unwrap_or_default()
            })
        });
        let standing = dynamic(move || {
            let notes = notes.get().into_iter();
            Some(notes.map(super::words::Note::view).collect::<Vec<_>>().into_any())
        });
        let about = dynamic(move || {
            let (subject, link) = (subject.get(), link.get());
            let name = subject_name(&subject).to_owned();
            let link = Some(link).filter(|link| !link.is_empty() && *link != "/");
            Some(view! { <a class="link" href=link title=subject>{name}</a> }.into_any())
        });
        let chosen = {
            let id = id.clone();
            Memo::new(move |_| self.picked.has(&id))
        };
        let select = self.commander.allowed.then(|| {
            let id = id.clone();
            let label = words(move || format!("Select {}", title.get()));
            let toggle = move |event| self.picked.set([id.clone()], event_target_checked(&event));
            view! {
                <td class="box js"><input type="checkbox" aria-label=label prop:checked=chosen on:change=toggle /></td>
            }
        });
        let lit = flashes(shown);
        let class = words(move || {
            let on = |class, on: bool| if on { class } else { "" };
            let (hushed, chosen) = (on("hushed", hushed.get()), on("chosen", chosen.get()));
            format!("{hushed} {chosen} {} {}", on("below", below.get()), lit.get())
        });
        let iso = words(move || format::iso(began.get()));
        view! {
            <tr class=class data-alert=id.to_string()>
                {select}
                <td class="sev">{badge}</td>
                <td class="alert">
                    <a href=href(&id) data-row-link="">{title}</a>
                    {self.covers(id.clone(), line)}
                    <span class="said">{message}</span>
                </td>
                <td class="stand">{standing}</td>
                <td class="about wide">{about}</td>
                <td class="num age" title=iso>{age}</td>
                <td class="acts js"><span class="row">{self.commander.buttons(item)}</span></td>
            </tr>
        }
        .into_any()
    }

    /// What an alert covers, to be unfolded.
    fn covers(self, id: Arc<str>, line: Memo<Option<Line>>) -> AnyView {
        let covers = Memo::new(move |_| match line.get()?.what {
            Shown::Alert { covers, open, .. } if covers > 0 => Some((covers, open)),
            _ => None,
        });
        let open = Memo::new(move |_| covers.get().is_some_and(|(_, open)| open));
        let count = Memo::new(move |_| covers.get().map(|(n, _)| n));
        dynamic(move || {
            let n = count.get()?;
            Some(self.fold(id.clone(), open, format!("covers {n}").into_any()))
        })
    }
}
