//! The explorer: any metric over any range; what is shown stands in the address.

use super::catalogue::catalogue;
use super::course::{Course, Told};
use super::look::{Look, PATH, USUAL, read, use_look};
use super::picker::{Names, known, picker};
use super::pin::pinning;
use crate::domain::metrics::api::metric_names;
use crate::domain::metrics::{MetricCourse, MetricName};
use crate::ui::address::Asked;
use crate::ui::format;
use crate::ui::me::{Permission, may};
use crate::ui::range::{RangePicker, use_zoom};

use crate::ui::shell::{METRICS, page_tabs};
use crate::ui::widgets::{
    Icon, IconName, Reading, Watched, ask_list, copy_button, dynamic, items, loaded, read_list,
    reading, words,
};
use crate::wire::ApiError;
use leptos::prelude::*;
use leptos_meta::Title;
use std::sync::Arc;

/// Pixels of the chart.
const HEIGHT: u32 = 320;

/// The page at `/explore`.
#[component]
pub fn Explorer() -> impl IntoView {
    let look = use_look();
    let every = Memo::new(|_| Asked::default());
    let ask = ask_list(|_: Asked| metric_names());
    let names = read_list(every, &ask);
    let first = (look.get_untracked().metric, course_of(look));
    let title = move || match look.get().metric {
        metric if metric.is_empty() => "Metrics · Bellwether".to_owned(),
        metric => format!("{metric} · Bellwether"),
    };
    view! {
        <Title text=words(title) />
        {page_tabs("Metrics", &METRICS)}
        {loaded(names, move |page| {
            let watched = Watched::new(page, every, ask.clone());
            let first = StoredValue::new(Some(first.clone()));
            let names: Names = Memo::new(move |_| {
                Arc::new(watched.items.with(|json| items::<MetricName>(json)).unwrap_or_default())
            });
            let metric = Memo::new(move |_| look.get().metric);
            dynamic(move || Some(match metric.get() {
                none if none.is_empty() => catalogue(names, watched),
                metric => {
                    // What was read for the page as it was rendered is of the metric it was for.
                    let rendered = first.try_update_value(Option::take).flatten();
                    let rendered = rendered.filter(|(of, _)| *of == metric).map(|(_, first)| first);
                    explored(names, look, rendered.unwrap_or_else(|| course_of(look)))
                }
            }))
        })}
    }
}

fn course_of(look: Memo<Look>) -> Reading<MetricCourse> {
    reading(move || {
        let look = look.get_untracked();
        async move {
            match look.metric.is_empty() {
                // There is nothing to ask about.
                true => Err(ApiError::not_found("no metric is picked")),
                false => read(look).await,
            }
        }
    })
}

/// One metric: the form, and its course or why there is none.
fn explored(names: Names, look: Memo<Look>, first: Reading<MetricCourse>) -> AnyView {
    let watched = StoredValue::new(false);
    let metric = look.get_untracked().metric;
    // What could not be read is read again when something else is asked for.
    Effect::new(move |last: Option<Look>| {
        let now = look.get();
        if last.is_some_and(|last| last != now) && now.metric == metric && !watched.get_value() {
            first.refetch();
        }
        now
    });
    view! {
        <section class="card explore-form" aria-label="What is shown">
            {picker(names, look)}
            {notes(names, look)}
        </section>
        {loaded(first, move |course| {
            watched.set_value(true);
            let told = Told { look: look.get_untracked(), course };
            shown(Course::watch(told, look), look)
        })}
    }
    .into_any()
}

/// The range, and what else is to be known of the metric.
fn notes(names: Names, look: Memo<Look>) -> AnyView {
    let known = known(names, look);
    let lost = move || {
        let lost = known.with(|known| known.as_ref().map(|known| known.overflow)).unwrap_or(0);
        let values = if lost == 1 { "value" } else { "values" };
        (lost > 0).then(|| {
            format!(
                "{} {values} of this metric found no place: it has too many series.",
                format::count(lost)
            )
        })
    };
    view! {
        <div class="row explore-notes">
            <RangePicker usual=USUAL />
            {dynamic(move || lost().map(|lost| view! { <span class="hint bad">{lost}</span> }.into_any()))}
            <a class="more" href=PATH>"All metrics"</a>
        </div>
    }
    .into_any()
}

/// The course: what can be done with it, and the chart.
fn shown(course: Course, look: Memo<Look>) -> AnyView {
    let told = course.told;
    let csv = words(move || told.with(|told| told.look.csv_href(&told.course.range)));
    let rule = may(Permission::ManageRules).then(|| {
        let to = words(move || look.get().rule_href());
        view! { <a class="button small" href=to><Icon name=IconName::Flag />"Alert rule"</a> }
    });
    let link = Box::new(|| window().location().href().unwrap_or_default());
    let body = move || {
        let none = told.with(|told| told.course.series.is_empty());
        if none { nothing(told.with(|told| told.look.clone())) } else { ().into_any() }
    };
    let zoom = use_zoom();
    view! {
        <section class="card explore" aria-label="Course">
            <div class="row explore-head">
                {pinning(look)}
                {copy_button("Copy link", "button small js", link)}
                <a class="button small" href=csv rel="external" download=""><Icon name=IconName::Down />"CSV"</a>
                {rule}
            </div>
            {dynamic(move || Some(body()))}
            {course.chart(HEIGHT, false, zoom)}
            {course.foot()}
        </section>
    }
    .into_any()
}

/// No series is what is asked for.
fn nothing(look: Look) -> AnyView {
    let all = (!look.labels.is_empty()).then(|| {
        let href = Look { labels: Default::default(), by: None, ..look.clone() }.href();
        view! { <a class="button small" href=href>"Without labels"</a> }
    });
    let said = match look.labels.is_empty() {
        true => "Nothing is kept of any of its series yet.",
        false => "It has no series with these labels.",
    };
    view! { <p class="row calm"><span>{said}</span>{all}</p> }.into_any()
}
