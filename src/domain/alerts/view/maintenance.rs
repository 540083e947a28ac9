//! Maintenance windows: silences that come again, or are known before.

use super::matching::{field, matcher, said};
use super::rules::{switch, switched};
use super::spans;
use super::words::moment;
use crate::domain::alerts::api::{maintenance, remove_maintenance, save_maintenance};
use crate::domain::alerts::{MaintenanceItem, MaintenanceSpec, Matcher, Schedule, Weekday};
use crate::ui::address::Asked;
use crate::ui::format;
use crate::ui::me::{Permission, may};
use crate::ui::widgets::{
    Answers, Ask, AskList, Field, Form, IconName, Kind, List, ListPage, Sending, Watched, act,
    ask_list, new_button, rows, utc_time,
};
use crate::wire::ApiError;
use leptos::prelude::*;
use std::sync::Arc;

const COLUMNS: &[(&str, &str)] = &[
    ("Maintenance window", "lead"),
    ("Which alerts", "wrap"),
    ("When", "wrap"),
    ("Now", ""),
    ("", ""),
];
const DAYS: [(Weekday, &str, &str); 7] = [
    (Weekday::Mon, "mon", "Mon"),
    (Weekday::Tue, "tue", "Tue"),
    (Weekday::Wed, "wed", "Wed"),
    (Weekday::Thu, "thu", "Thu"),
    (Weekday::Fri, "fri", "Fri"),
    (Weekday::Sat, "sat", "Sat"),
    (Weekday::Sun, "sun", "Sun"),
];

/// What asks for the windows.
pub fn ask() -> AskList {
    ask_list(|_| maintenance())
}

/// The windows.
pub fn list(first: ListPage, asked: Memo<Asked>, ask: AskList) -> AnyView {
    let page = Watched::new(first, asked, ask);
    let allowed = may(Permission::ManageRules);
    let ask = Ask::new(Callback::new(move |()| page.again()));
    let new = Callback::new(move |()| ask.with(editing(None)));
    let list = List {
        label: "Maintenance windows",
        path: "/alerts/silences",
        word: "maintenance window",
        columns: COLUMNS,
        rows: rows(move |item: &MaintenanceItem| row(item, page, ask, allowed)),
        empty: |_| {
            view! { <p class="calm">"None. A window keeps alerts quiet while they are expected: every Sunday night, or once."</p> }
                .into_any()
        },
        beside: allowed.then(|| new_button("New window", new)),
    };
    view! { {list.view(page, asked)} {ask.view("Maintenance window")} }.into_any()
}

/// When a window is open, in words.
fn when(schedule: &Schedule) -> String {
    let long = spans::said(schedule.duration_s);
    if let Some(once) = schedule.once {
        return format!("once, at {} UTC, for {long}", format::day_clock(once));
    }
    let named = DAYS.iter().filter(|(day, ..)| schedule.days.contains(day));
    let days = named.map(|(_, _, word)| *word).collect::<Vec<_>>().join(", ");
    let days = if days.is_empty() { "every day".to_owned() } else { days };
    format!("{days} at {} {}, for {long}", schedule.at, schedule.time_zone)
}

fn row(item: &MaintenanceItem, page: Watched, ask: Ask, allowed: bool) -> Vec<AnyView> {
    let name = item.name.clone();
    let off = (!item.enabled).then(|| view! { <span class="tag">"off"</span> });
    let now = match (item.open_until, item.next) {
        (Some(until), _) => {
            view! { <span class="st acc">{format!("open until {}", moment(until, until))}</span> }
                .into_any()
        }
        (None, Some(next)) => {
            view! { <span class="muted">{format!("next {}", format::day_clock(next))}</span> }
                .into_any()
        }
        (None, None) => ().into_any(),
    };
    let acts = allowed.then(|| {
        let turn = {
            let (id, spec) = (item.id.clone(), spec_of(item, !item.enabled));
            Callback::new(move |()| {
                switch(page, Box::pin(save_maintenance(Some(id.clone()), spec.clone())));
            })
        };
        let edit = {
            let item = item.clone();
            Callback::new(move |()| ask.with(editing(Some(&item))))
        };
        let remove = {
            let (id, name) = (item.id.clone(), name.clone());
            Callback::new(move |()| ask.with(removal(id.clone(), &name)))
        };
        let (icon, word) = switched(item.enabled);
        view! {
            {act(icon, word, format!("{word} {name}"), turn)}
            {act(IconName::Edit, "Edit", format!("Edit {name}"), edit)}
            {act(IconName::Cross, "Remove", format!("Remove {name}"), remove)}
        }
    });
    vec![
        view! { <b>{name.clone()}</b> {off} }.into_any(),
        said(&item.matcher).into_any(),
        when(&item.schedule).into_any(),
        now,
        view! { <span class="row">{acts}</span> }.into_any(),
    ]
}

fn spec_of(item: &MaintenanceItem, enabled: bool) -> MaintenanceSpec {
    let MaintenanceItem { id, name, matcher, schedule, .. } = item.clone();
    MaintenanceSpec { id: Some(id), name, matcher, schedule, enabled }
}

fn editing(item: Option<&MaintenanceItem>) -> Form {
    let id = item.map(|item| item.id.clone());
    let send = move |answers: &Answers| -> Sending {
        let (id, spec) = (id.clone(), spec(answers));
        Box::pin(async move { save_maintenance(id, spec?).await })
    };
    let schedule = item.map(|item| &item.schedule);
    let text = |pick: &dyn Fn(&Schedule) -> String| schedule.map(pick).unwrap_or_default();
    let days = DAYS.map(|(_, value, word)| (value.to_owned(), word.to_owned())).to_vec();
    let ticked = DAYS.iter().filter(|(day, ..)| schedule.is_some_and(|s| s.days.contains(day)));
    let ticked = ticked.map(|(_, value, _)| *value).collect::<Vec<_>>().join(" ");
    let once = schedule.and_then(|schedule| schedule.once);
    let times = [("weekly", "again and again"), ("once", "once")];
    let times = times.map(|(value, word)| (value.to_owned(), word.to_owned())).to_vec();
    let fields = vec![
        Field::new("name", "Name", Kind::Text)
            .filled(item.map(|item| item.name.clone()).unwrap_or_default()),
        field(&item.map_or_else(Matcher::default, |item| item.matcher.clone())),
        Field::new("times", "Opens", Kind::Choice(times)).filled(if once.is_some() {
            "once"
        } else {
            "weekly"
        }),
        Field::new("schedule/days", "On", Kind::Several(days))
            .filled(ticked)
            .hint("Every day, if none is ticked.")
            .optional()
            .group("if-weekly"),
        Field::new("schedule/at", "At", Kind::Text)
            .filled(text(&|schedule| schedule.at.clone()))
            .hint("Time of day, HH:MM.")
            .optional()
            .group("if-weekly"),
        Field::new("schedule/time_zone", "Time zone", Kind::Text)
            .filled(schedule.map_or("UTC", |schedule| &schedule.time_zone))
            .hint("Europe/Berlin, say: it opens at that hour in summer and in winter.")
            .optional()
            .group("if-weekly"),
        Field::new("schedule/once", "At, UTC", Kind::Moment)
            .filled(
                once.map(|at| at.to_string().chars().take(16).collect::<String>())
                    .unwrap_or_default(),
            )
            .optional()
            .group("if-once"),
        Field::new("schedule/duration_s", "For", Kind::Text)
            .filled(schedule.map_or_else(|| "1h".to_owned(), |s| spans::written(s.duration_s)))
            .hint("How long it stays open: 30m, 2h or 1d."),
        Field::new("enabled", "It is kept to", Kind::Tick)
            .filled(if item.is_none_or(|item| item.enabled) { "yes" } else { "" })
            .optional(),
    ];
    Form {
        title: item.map_or_else(|| "New maintenance window".to_owned(), |item| item.name.clone()),
        text: String::new(),
        fields,
        verb: "Save",
        danger: false,
        send: Box::new(send),
    }
}

fn spec(answers: &Answers) -> Result<MaintenanceSpec, ApiError> {
    let ticked = answers.ticked("schedule/days");
    let days = DAYS.iter().filter(|(_, value, _)| ticked.iter().any(|one| one == value));
    let long = spans::seconds(&answers.get("schedule/duration_s"), "/schedule/duration_s")?;
    let wrong = || ApiError::invalid("/schedule/once", "pick a time");
    let again = answers.get("times") != "once";
    let once = match again {
        true => None,
        false => {
            let text = answers.some("schedule/once").ok_or_else(wrong)?;
            Some(utc_time(text).parse().map_err(|_| wrong())?)
        }
    };
    Ok(MaintenanceSpec {
        id: None,
        name: answers.get("name"),
        matcher: matcher(&answers.exact("match"))?,
        schedule: Schedule {
            days: days.filter(|_| again).map(|(day, ..)| *day).collect(),
            at: if again { answers.get("schedule/at") } else { String::new() },
            once,
            duration_s: long.unwrap_or_default(),
            time_zone: answers.some("schedule/time_zone").unwrap_or_else(|| "UTC".to_owned()),
        },
        enabled: answers.some("enabled").is_some(),
    })
}

fn removal(id: Arc<str>, name: &str) -> Form {
    let send = move |_: &Answers| -> Sending { Box::pin(remove_maintenance(id.clone())) };
    Form {
        title: format!("Remove {name}?"),
        text: "It opens no more. A silence that it has made ends with it.".to_owned(),
        fields: Vec::new(),
        verb: "Remove",
        danger: true,
        send: Box::new(send),
    }
}
