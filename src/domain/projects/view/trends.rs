//! A project's history as charts over a range that is chosen in the address.

use crate::domain::projects::api::project_detail;
use crate::domain::projects::{ProjectId, TrendPoint};
use crate::domain::range::Range;
use crate::ui::chart::{Kind, Series, TimeChart};
use crate::ui::format::Unit;
use crate::ui::range::{RangePicker, use_fresh, use_range, use_zoom};
use crate::ui::widgets::Card;
use crate::wire::{Timestamp, Unread};
use leptos::prelude::*;

/// What a project shows when no range is asked for.
pub const USUAL: &str = "24h";

/// The part of a project's page that is its history.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Trend {
    /// What it spans, and in which steps.
    pub range: Range,
    /// Oldest first.
    pub trend: Vec<TrendPoint>,
}

/// Score, success, run times and errors over time.
#[component]
pub fn Trends(
    project: ProjectId,
    /// As the server rendered them.
    rendered: Trend,
    /// The newest run; history is read again when it is another one.
    newest: Memo<Option<u64>>,
    #[prop(into)] as_of: Signal<Timestamp>,
) -> impl IntoView {
    let range = use_range(USUAL);
    let trend = use_fresh(
        rendered,
        move || range.get(),
        move || newest.get(),
        move |range| {
            let project = project.to_string();
            async move {
                let all = project_detail(project, range.window, range.from, range.to, range.step);
                // Nothing else of the page is needed, and so nothing else of it is read.
                Ok(Unread::from_json(all.await?.into_json()))
            }
        },
    );
    let (from, to) = (
        Signal::derive(move || trend.with(|all| all.range.from)),
        Signal::derive(move || trend.with(|all| all.range.to)),
    );
    let series = move |name: &'static str, class, kind, pick: fn(&TrendPoint) -> Option<f64>| {
        Signal::derive(move || {
            let points = trend.with(|all| all.trend.iter().map(|p| (p.at, pick(p))).collect());
            vec![Series { name: name.to_owned(), class, points, kind }]
        })
    };
    let zoom = use_zoom();
    view! {
        <Card title="History" as_of=as_of class="c12">
            <RangePicker usual=USUAL />
            <div class="charts">
                <TimeChart
                    title="Score".to_owned()
                    series=series("score", "accent", Kind::Step, |p| p.score)
                    from=from to=to unit=Unit::Score zero=true max=100.0 on_zoom=zoom
                />
                <TimeChart
                    title="Success rate".to_owned()
                    series=series("success", "ok", Kind::Line, |p| p.success_rate)
                    from=from to=to unit=Unit::Ratio zero=true max=1.0 on_zoom=zoom
                />
                <TimeChart
                    title="Run time, p95".to_owned()
                    series=series("p95", "accent", Kind::Line, |p| p.p95_ms)
                    from=from to=to unit=Unit::Ms zero=true on_zoom=zoom
                />
                <TimeChart
                    title="Errors".to_owned()
                    series=series("errors", "crit", Kind::Bars, |p| Some(p.errors as f64))
                    from=from to=to unit=Unit::Count zero=true on_zoom=zoom
                />
            </div>
        </Card>
    }
}
