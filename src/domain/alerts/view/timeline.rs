//! What happened to an alert, step by step, and who did what.

use super::words::moment;
use crate::domain::alerts::TimelineItem;
use crate::ui::format;
use crate::ui::widgets::{Card, Icon, IconName, dynamic};
use crate::wire::Timestamp;
use leptos::prelude::*;

/// The steps, newest first: what matters most is how it stands.
pub fn timeline_card(steps: Memo<Vec<TimelineItem>>, as_of: Timestamp) -> AnyView {
    let all = move || {
        steps.with(|all| {
            let before = std::iter::once(None).chain(all.iter().map(|step| Some(step.at)));
            let lines = all.iter().zip(before).map(|(step, before)| line(step, before));
            let mut lines: Vec<AnyView> = lines.collect();
            lines.reverse();
            Some(lines.into_any())
        })
    };
    view! {
        <Card title="What happened" as_of=as_of>
            <ol class="timeline" tabindex="0" aria-label="Steps, newest first">{dynamic(all)}</ol>
        </Card>
    }
    .into_any()
}

fn line(step: &TimelineItem, before: Option<Timestamp>) -> AnyView {
    let TimelineItem { at, what, actor, detail, .. } = step.clone();
    let (icon, class, word) = look(&what);
    let gap = before.map(|before| format!("+{}", format::duration(at.since(before) as f64)));
    let word = if word.is_empty() { what.replace('_', " ") } else { word.to_owned() };
    let detail = detail.map(|text| readable(text, at));
    let by = actor.map(|actor| view! { <span class="muted">{format!("by {actor}")}</span> });
    view! {
        <li class=class>
            <Icon name=icon />
            <div class="what">
                <p class="row wrap"><b>{word}</b>{by}</p>
                {detail.map(|text| view! { <p class="said">{text}</p> })}
            </div>
            <p class="when">
                <time datetime=at.to_string() title=format::iso(at)>{format::day(at)} " " {format::clock(at)}</time>
                <span class="muted">{gap}</span>
            </p>
        </li>
    }
    .into_any()
}

/// A detail whose end of a silence, `until …`, is written as people write it.
fn readable(detail: String, now: Timestamp) -> String {
    let Some(rest) = detail.strip_prefix("until ") else { return detail };
    let (first, more) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
    let (end, colon) = first.strip_suffix(':').map_or((first, ""), |end| (end, ":"));
    match end.parse() {
        Ok(end) => format!("until {}{colon}{more}", moment(end, now)),
        Err(_) => detail,
    }
}

/// Shape, colour and words of what happened; no words where it says so itself.
fn look(what: &str) -> (IconName, &'static str, &'static str) {
    match what {
        "pending" => (IconName::Waiting, "unk", "Its condition holds"),
        "fired" => (IconName::Flag, "crit", "It fired"),
        "holds" => (IconName::Flag, "crit", "Its condition holds again"),
        "clearing" => (IconName::Waiting, "ok", "Its condition is gone; it goes on for a while"),
        "unknown" => (IconName::Unknown, "unk", "Nobody knows whether it holds"),
        "changed" => (IconName::Edit, "unk", "It says something else"),
        "resolved" => (IconName::Ok, "ok", "It was resolved"),
        "dropped" => (IconName::Ok, "ok", "Its condition went away before it fired"),
        "acknowledged" => (IconName::Projects, "acc", "Acknowledged"),
        "silenced" => (IconName::Quiet, "unk", "Silenced"),
        "covered" => (IconName::Down, "unk", "Another alert is its cause"),
        "uncovered" => (IconName::Up, "unk", "It has no other cause any more"),
        "told" => (IconName::Send, "acc", "Told"),
        _ => (IconName::Info, "unk", ""),
    }
}
