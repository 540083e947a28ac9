//! The verdict with its reasons, and the score with what it lacks.

use crate::domain::health::{Finding, Health, Status};
use crate::ui::live::Live;
use crate::ui::me::may;
use crate::ui::shell::needs;
use crate::ui::widgets::{Age, AsOf, Icon, Verdict};
use crate::wire::Timestamp;
use leptos::prelude::*;

/// Reasons shown before "and n more", of everything and of one domain.
const SHOWN: (usize, usize) = (6, 4);

/// The verdict over everything, or over one domain.
#[component]
pub fn VerdictBanner(
    /// The verdict.
    health: Memo<Health>,
    /// As of when it holds.
    #[prop(into)]
    as_of: Signal<Timestamp>,
    /// Whether there is a score to it.
    #[prop(default = true)]
    scored: bool,
) -> impl IntoView {
    let live = Live::expect();
    let verdict = Memo::new(move |_| Verdict::from(health.with(|health| health.status)));
    // Kept outside of what is drawn anew with every change of the verdict.
    let unfolded = RwSignal::new(false);
    let limit = if scored { SHOWN.0 } else { SHOWN.1 };
    let reasons = move || {
        health.with(|health| {
            let more = (health.findings_total as usize).saturating_sub(limit);
            let shown = health.findings.iter().take(limit).map(reason).collect_view();
            let rest = (more > 0).then(|| {
                let others = health.findings.iter().skip(limit).map(reason).collect_view();
                let listed = move |event: leptos::ev::Event| {
                    let details = event_target::<web_sys::HtmlElement>(&event);
                    unfolded.set(details.has_attribute("open"));
                };
                view! {
                    <details class="others" open=unfolded.get_untracked() on:toggle=listed>
                        <summary>{format!("and {more} more")}</summary>
                        <div class="why">{others}</div>
                    </details>
                }
            });
            let calm = health.findings.is_empty().then_some(match health.status {
                Status::Unknown => "Nobody has reported yet, or everybody has gone quiet.",
                _ => "No rule has found anything.",
            });
            view! {
                {calm.map(|text| view! { <span class="calm">{text}</span> })}
                {shown}
                {rest}
            }
        })
    };
    view! {
        <section class=move || banner(verdict.get().class, live.is_down()) class:plain=!scored aria-label="Verdict">
            <div>
            <div class="word" role="status">
                {move || view! { <Icon name=verdict.get().icon /> }}
                {move || verdict.get().word}
            </div>
                <AsOf at=as_of />
            </div>
            <div class="why">{reasons}</div>
            {scored.then(|| view! { <Score health=health /> })}
        </section>
    }
}

/// Classes of the banner: it fades, as tiles do, when the verdict may be another by now.
fn banner(colour: &str, stale: bool) -> String {
    format!("verdict {colour}{}", if stale { " stale" } else { "" })
}

fn reason(finding: &Finding) -> impl IntoView + use<> {
    let verdict = Verdict::from(finding.severity);
    // Led to is only what one may see.
    let link = Some(finding.evidence.link.clone());
    let link = link.filter(|link| may(needs(link.split('?').next().unwrap_or_default())));
    let name = finding.subject.split_once('/').map_or("", |(_, name)| name);
    let (before, bold, after) = around(&finding.message, name);
    let title = format!("{} Resolved by: {}", finding.message, finding.resolve);
    view! {
        <a href=link title=title class=verdict.class>
            <Icon name=verdict.icon />
            <span class="sr">{verdict.word}": "</span>
            <span class="message">{before}<b>{bold}</b>{after}</span>
            <i><Age at=finding.since /></i>
        </a>
    }
}

/// `text` before, at and after the first `name` in it.
fn around(text: &str, name: &str) -> (String, String, String) {
    match text.split_once(name).filter(|_| !name.is_empty()) {
        Some((before, after)) => (before.to_owned(), name.to_owned(), after.to_owned()),
        None => (text.to_owned(), String::new(), String::new()),
    }
}

/// The score as a bar: what is left of 100, and each part that is not.
#[component]
fn Score(health: Memo<Health>) -> impl IntoView {
    let score = move || health.with(|health| health.score);
    let parts = move || {
        health.with(|health| {
            let costly = health.findings.iter().filter(|finding| finding.points > 0);
            let parts = costly.map(|finding| {
                let class = Verdict::from(finding.severity).class;
                let title = format!("−{}: {}", finding.points, finding.message);
                view! { <i class=class style:flex=finding.points.to_string() title=title></i> }
            });
            let left = health.score.unwrap_or(0);
            let rest = (left > 0).then(|| view! { <i class="ok" style:flex=left.to_string()></i> });
            view! { {rest} {parts.collect_view()} }
        })
    };
    let said = move || match score() {
        Some(score) => format!("{score} of 100; {} points are missing", 100 - score.min(100)),
        None => "Score unknown".to_owned(),
    };
    view! {
        <div class="score" aria-label=said role="img">
            <div class="v">
                {move || score().map_or_else(|| "—".to_owned(), |score| score.to_string())}
                <small>" of 100"</small>
            </div>
            <div class="parts">{parts}</div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, name: &str, expect: (&str, &str, &str)) {
        let (a, b, c) = around(text, name);
        assert_eq!((a.as_str(), b.as_str(), c.as_str()), expect);
    }

    #[test]
    fn the_subject_stands_out() {
        check("The CPU of w-1 is busy.", "w-1", ("The CPU of ", "w-1", " is busy."));
        check("Too many wait.", "w-1", ("Too many wait.", "", ""));
        check("Too many wait.", "", ("Too many wait.", "", ""));
    }
}
