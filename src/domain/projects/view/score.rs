//! The score of a project, part by part.

use crate::domain::health::Finding;
use crate::domain::projects::ProjectItem;
use crate::ui::widgets::{Age, Card, Icon, Verdict};
use crate::wire::Timestamp;
use leptos::prelude::*;

/// The score, what it lacks and why, and what would bring it back.
#[component]
pub fn ScoreCard(
    #[prop(into)] item: Signal<ProjectItem>,
    findings: Memo<Vec<Finding>>,
    #[prop(into)] as_of: Signal<Timestamp>,
) -> impl IntoView {
    let score = Memo::new(move |_| item.with(|item| item.score));
    let parts = move || {
        findings.with(|found| {
            let costly = found.iter().filter(|finding| finding.points > 0);
            let parts = costly.map(|finding| {
                let class = Verdict::from(finding.severity).class;
                view! { <i class=class style:flex=finding.points.to_string() title=finding.message.clone()></i> }
            });
            let left = score.get().unwrap_or(0);
            let rest = (left > 0).then(|| view! { <i class="ok" style:flex=left.to_string()></i> });
            view! { {rest} {parts.collect_view()} }
        })
    };
    let why_none = move || {
        score
            .get()
            .is_none()
            .then_some("Unknown: what is known is too old, or too little, for a score.")
    };
    let calm = move || {
        (score.get().is_some() && findings.with(Vec::is_empty))
            .then_some("No rule has found anything.")
    };
    view! {
        <Card title="Score" as_of=as_of class="c4">
            <div class="big">
                {move || score.get().map_or_else(|| "—".to_owned(), |score| score.to_string())}
                <small>" of 100"</small>
            </div>
            <div class="parts" aria-hidden="true">{parts}</div>
            <p class="sub">{why_none}{calm}</p>
            <ul class="findings">{move || findings.with(|all| all.iter().map(finding).collect_view())}</ul>
        </Card>
    }
}

fn finding(finding: &Finding) -> impl IntoView + use<> {
    let verdict = Verdict::from(finding.severity);
    let points = match finding.points {
        0 => "0".to_owned(),
        points => format!("−{points}"),
    };
    let sample = finding.evidence.sample.clone();
    view! {
        <li class=verdict.class>
            <Icon name=verdict.icon />
            <div>
                <p><span class="sr">{verdict.word}": "</span>{finding.message.clone()}</p>
                {sample.map(|sample| view! { <pre class="sample" tabindex="0">{sample}</pre> })}
                <p class="resolve">
                    <span>"Turns green by: " {finding.resolve.clone()}</span>
                    <span>"since " <Age at=finding.since /></span>
                </p>
            </div>
            <b class="points" title="Points taken off 100">{points}</b>
        </li>
    }
}
