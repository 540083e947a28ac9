//! A project's row, wherever rows of projects are shown.

use super::job::{mark, schedule};
use crate::domain::projects::{ProjectItem, Trend};
use crate::ui::chart::Bars;
use crate::ui::format;
use crate::ui::live::Live;
use crate::ui::widgets::{Badge, Icon, IconName, ScoreBar, Verdict, dynamic, flashes, since};
use leptos::prelude::*;

/// The heads of the columns, where they do not sort.
#[component]
pub fn ProjectsHead() -> impl IntoView {
    view! {
        <thead>
            <tr>
                <th>"Project"</th>
                <th>"Status"</th>
                <th>"Score"</th>
                <th class="num wide">"Success"</th>
                <th class="num wide">"p95"</th>
                <th class="wide">"Errors, 24 h"</th>
                <th class="num">"Last run"</th>
            </tr>
        </thead>
    }
}

/// One project. It lights up for a moment when it changes.
#[component]
pub fn ProjectRow(#[prop(into)] item: Signal<Option<ProjectItem>>) -> impl IntoView {
    fn part<T: Send + Sync + PartialEq + Clone + Default + 'static>(
        item: Signal<Option<ProjectItem>>,
        pick: fn(&ProjectItem) -> T,
    ) -> Memo<T> {
        Memo::new(move |_| item.with(|item| item.as_ref().map(pick)).unwrap_or_default())
    }
    let live = Live::expect();
    let name =
        part(item, |item| (item.name.clone(), item.project.href(), item.project.to_string()));
    let tags = part(item, |item| item.tags.clone());
    let job = part(item, |item| item.job.as_ref().map(schedule));
    let verdict = Memo::new(move |_| {
        item.with(|item| {
            Verdict::from(
                item.as_ref().map_or(crate::domain::projects::ProjectStatus::Unknown, |i| i.status),
            )
        })
    });
    let why = part(item, |item| {
        let parts = item.score_parts.iter();
        parts.map(|part| format!("−{}: {}", part.points, part.why)).collect::<Vec<_>>().join("\n")
    });
    let success = part(item, |item| item.success_rate.map_or_else(dash, format::percent));
    let p95 = part(item, |item| item.duration_ms.p95.map_or_else(dash, format::duration));
    let errors =
        part(item, |item| item.error_hours.iter().map(|&n| Some(f64::from(n))).collect::<Vec<_>>());
    let error_count = part(item, |item| item.error_count);
    let trend = part(item, |item| item.error_trend);
    let last = part(item, |item| item.last_validation_at);
    let stale = part(item, |item| item.stale);
    let age =
        Memo::new(move |_| last.get().map_or_else(|| "never".to_owned(), |at| since(live, at)));
    let flash = flashes(item);
    view! {
        <tr class=flash class:stale=stale>
            <td class="name">
                <a href=move || name.get().1 title=move || name.get().2 data-row-link="">{move || name.get().0}</a>
                <span class="tags">
                    {dynamic(move || job.get().map(mark))}
                    {move || tags.get().into_iter().take(3).map(|tag| view! { <span class="tag">{tag}</span> }).collect_view()}
                </span>
            </td>
            <td><Badge verdict=verdict /></td>
            <td class="score-cell" title=why><ScoreBar score=part(item, |item| item.score) /></td>
            <td class="num wide">{success}</td>
            <td class="num wide">{p95}</td>
            <td class="wide errors">
                <span class="errors-bars"><Bars points=errors label="Errors by the hour".to_owned() class="muted" height=20 /></span>
                <span class="num">{move || format::count(error_count.get())}</span>
                {move || trend_icon(trend.get())}
            </td>
            <td class="num" title=move || last.get().map(format::iso)>{age}</td>
        </tr>
    }
}

fn dash() -> String {
    "—".to_owned()
}

fn trend_icon(trend: Trend) -> impl IntoView {
    let (icon, class, word) = match trend {
        Trend::Rising => (IconName::Up, "bad", "rising"),
        Trend::Falling => (IconName::Down, "good", "falling"),
        Trend::Flat => return None,
    };
    Some(
        view! { <span class=format!("change {class}") title=word><Icon name=icon /><span class="sr">{word}</span></span> },
    )
}
