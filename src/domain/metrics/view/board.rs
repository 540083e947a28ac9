//! A board of one's own: charts that were pinned, in the order in which they were.

use super::course::{Course, Told};
use super::look::{Look, PATH, read};
use super::pin::unpinning;
use crate::domain::metrics::api::pins;
use crate::domain::metrics::{MetricCourse, Pin, Pins};
use crate::ui::shell::{METRICS, page_tabs};

use crate::ui::widgets::{Ask, IconName, act, dynamic, keyed, loaded, reading, text};
use crate::wire::{ApiError, Timestamp, Unread};
use futures::future::join_all;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use serde::Deserialize;
use std::sync::Arc;

/// Pixels of a chart.
const HEIGHT: u32 = 150;

/// The board with what its charts show.
#[derive(Debug, Clone, Deserialize)]
struct Board {
    pins: Pins,
    /// In the order of the pins.
    courses: Vec<Result<MetricCourse, ApiError>>,
}

/// The page at `/board`.
#[component]
pub fn OwnBoard() -> impl IntoView {
    let board = reading(whole);
    view! {
        <Title text="My board · Bellwether" />
        {page_tabs("Metrics", &METRICS)}
        {loaded(board, shown)}
    }
}

/// Reads the pins, and then what each of them shows. What is carried is not read on the way.
async fn whole() -> Result<Unread<Board>, ApiError> {
    let pins = pins().await?;
    let looks = pins.read()?.items.into_iter().map(|pin| read(Look::of(&pin.chart)));
    let courses = join_all(looks).await.into_iter().map(|course| match course {
        Ok(course) => format!("{{\"Ok\":{}}}", course.into_json()),
        Err(error) => {
            format!("{{\"Err\":{}}}", Unread::of(&error).map(Unread::into_json).unwrap_or_default())
        }
    });
    let courses = courses.collect::<Vec<_>>().join(",");
    Ok(Unread::from_json(format!("{{\"pins\":{},\"courses\":[{courses}]}}", pins.into_json())))
}

fn shown(board: Board) -> AnyView {
    let Board { pins, courses } = board;
    let ids: Vec<Arc<str>> = pins.items.iter().map(|pin| pin.id.clone()).collect();
    let ids = RwSignal::new(ids);
    // The one that is to be taken off, until it is.
    let leaving = StoredValue::new(None::<Arc<str>>);
    let ask = Ask::new(Callback::new(move |()| {
        if let Some(id) = leaving.get_value() {
            ids.update(|ids| ids.retain(|one| *one != id));
        }
    }));
    let all: Arc<[(Pin, Result<MetricCourse, ApiError>)]> =
        pins.items.into_iter().zip(courses).collect();
    let tile = move |id: Arc<str>| {
        let found = all.iter().find(|(pin, _)| pin.id == id).cloned();
        found.map(|(pin, course)| tile(pin, course, leaving, ask)).into_any()
    };
    let count = move || match ids.with(Vec::len) {
        1 => "1 chart, which only you see".to_owned(),
        n => format!("{n} charts, which only you see"),
    };
    let none = move || ids.with(Vec::is_empty).then(empty);
    view! {
        <p class="hint" role="status">{text(count)}</p>
        <div class="pins">{keyed(move || ids.get(), tile)}</div>
        {dynamic(none)}
        {ask.view("Take off")}
    }
    .into_any()
}

fn empty() -> AnyView {
    view! {
        <section class="card" aria-label="Nothing is pinned">
            <div class="empty">
                <p class="empty-title">"Nothing is pinned to your board yet"</p>
                <p>"Look at a metric in the explorer and choose “Pin to my board”. The chart is then kept here, with its labels and its range, and goes on by itself."</p>
                <p class="row"><a class="button" href=PATH>"Explorer"</a></p>
            </div>
        </section>
    }
    .into_any()
}

fn tile(
    pin: Pin,
    course: Result<MetricCourse, ApiError>,
    leaving: StoredValue<Option<Arc<str>>>,
    ask: Ask,
) -> AnyView {
    let look = Look::of(&pin.chart);
    let title = match pin.chart.title.is_empty() {
        true => look.metric.clone(),
        false => pin.chart.title.clone(),
    };
    let (href, about) = (look.href(), about(&look));
    let heading = format!("pin-{}", pin.id);
    let off = {
        let (pin, title) = (pin.clone(), title.clone());
        Callback::new(move |()| {
            leaving.set_value(Some(pin.id.clone()));
            ask.with(unpinning(&pin, &title));
        })
    };
    let label = format!("Take off {title}");
    let body = match course {
        Ok(course) => chart(look, course),
        Err(error) => view! { <p class="calm" role="alert">{error.to_string()}</p> }.into_any(),
    };
    view! {
        <section class="card pin" aria-labelledby=heading.clone()>
            <div class="row">
                <h2 id=heading.clone()><a class="link" href=href data-row-link="">{title}</a></h2>
                <span class="grow"></span>
                {act(IconName::Cross, "Take off", label, off)}
            </div>
            <p class="sub">{about}</p>
            {body}
        </section>
    }
    .into_any()
}

fn chart(look: Look, course: MetricCourse) -> AnyView {
    let asked = Memo::new({
        let look = look.clone();
        move |_| look.clone()
    });
    let navigate = use_navigate();
    let told = Told { look: look.clone(), course };
    // A stretch of it is looked at in the explorer.
    let zoom = Callback::new(move |(from, to): (Timestamp, Timestamp)| {
        let range = crate::domain::range::RangeParams::between(from, to);
        navigate(&Look { range, ..look.clone() }.href(), NavigateOptions::default());
    });
    let course = Course::watch(told, asked);
    view! { {course.chart(HEIGHT, true, zoom)} {course.foot()} }.into_any()
}

/// What a chart shows, in words.
fn about(look: &Look) -> String {
    let labels = look.labels.iter().map(|(label, value)| format!("{label}={value}"));
    let by = match look.by.as_deref() {
        None => None,
        Some("") => Some("all as one".to_owned()),
        Some(by) => Some(format!("by {}", by.replace(',', ", "))),
    };
    let mut parts = vec![format!("{} of {}", look.aggregation, look.metric)];
    parts.extend(labels);
    parts.extend(by);
    parts.push(format!("last {}", look.window()));
    parts.join(", ")
}
