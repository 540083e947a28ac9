//! Projects on the overview.

use crate::domain::summary::{Errors, ProjectCounts, Validations};
use crate::ui::chart::{Bars, Sparkline};
use crate::ui::format;
use crate::ui::widgets::{Card, Icon, IconName};
use crate::wire::Timestamp;
use leptos::prelude::*;

/// Error types named on the tile.
const TYPES: usize = 3;

/// Projects by health, and how their validations went.
#[component]
pub fn ProjectsCard(
    counts: Memo<ProjectCounts>,
    validations: Memo<Validations>,
    #[prop(into)] as_of: Signal<Timestamp>,
) -> impl IntoView {
    let more = Signal::derive(move || format!("{} ›", format::count(counts.get().total)));
    let rate = move || validations.with(|v| v.totals.success_rate);
    let runs = move || validations.with(|v| v.totals.total);
    let hours = Signal::derive(move || {
        validations.with(|v| {
            let rate = |passed: u64, failed: u64| {
                (passed + failed > 0).then(|| passed as f64 / (passed + failed) as f64)
            };
            v.trend.iter().map(|hour| rate(hour.passed, hour.failed)).collect::<Vec<_>>()
        })
    });
    let share = move |class: &'static str, pick: fn(&ProjectCounts) -> u64| {
        move || {
            let n = pick(&counts.get());
            (n > 0).then(|| view! { <i class=class style:flex=n.to_string()></i> })
        }
    };
    let entry = move |status: &'static str, pick: fn(&ProjectCounts) -> u64| {
        view! {
            <a href=format!("/projects?status={status}")>
                <b>{move || format::count(pick(&counts.get()))}</b>
                {format!(" {status}")}
            </a>
        }
    };
    view! {
        <Card title="Projects" as_of=as_of class="c3" more=("/projects", more)>
            <div class="big">
                {move || rate().map_or_else(|| "—".to_owned(), format::percent)}
                <small>" success, 24 h"</small>
            </div>
            <div class="sub">{move || format!("{} validations", format::count(runs()))}</div>
            <div class="seg" aria-hidden="true">
                {share("ok", |c| c.healthy)}
                {share("warn", |c| c.warning)}
                {share("crit", |c| c.critical)}
                {share("unk", |c| c.unknown)}
            </div>
            <div class="leg">
                {entry("healthy", |c| c.healthy)}
                {entry("warning", |c| c.warning)}
                {entry("critical", |c| c.critical)}
                {entry("unknown", |c| c.unknown)}
            </div>
            <Sparkline points=hours label="Success rate by the hour, last 24 h".to_owned() class="accent" />
        </Card>
    }
}

/// Errors of all projects.
#[component]
pub fn ErrorsCard(errors: Memo<Errors>, #[prop(into)] as_of: Signal<Timestamp>) -> impl IntoView {
    let hours = Signal::derive(move || {
        errors.with(|e| e.trend.iter().map(|hour| Some(hour.count as f64)).collect::<Vec<_>>())
    });
    let change = move || {
        let change = errors.with(|errors| errors.change);
        change.map(|change| {
            let (icon, class) = match change {
                0.0 => (IconName::Flat, ""),
                c if c > 0.0 => (IconName::Up, "bad"),
                _ => (IconName::Down, "good"),
            };
            let text = format!(" {} against the day before", format::percent(change.abs()));
            view! { <span class=format!("change {class}")><Icon name=icon />{text}</span> }
        })
    };
    let none = move || errors.with(|errors| errors.change.is_none());
    let types = move || {
        errors.with(|errors| {
            let top = errors.by_type.iter().take(TYPES);
            top.map(|one| {
                let (kind, count) = (one.kind.to_string(), format::count(one.count));
                view! { <li><span title=kind.clone()>{kind.clone()}</span><b>{count}</b></li> }
            })
            .collect_view()
        })
    };
    view! {
        <Card title="Errors" as_of=as_of class="c3" more=("/projects?sort=-errors", Signal::derive(|| "By project ›".to_owned()))>
            <div class="big">
                {move || format::count(errors.with(|errors| errors.total))}
                <small>" errors, 24 h"</small>
            </div>
            <div class="sub">
                {change}
                {move || none().then_some("none in the 24 h before")}
            </div>
            <ul class="tops">{types}</ul>
            <Bars points=hours label="Errors by the hour, last 24 h".to_owned() class="muted" />
        </Card>
    }
}
