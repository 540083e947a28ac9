//! What happened to a task, step by step, with the time between them.

use super::words::{agent_href, ms};
use crate::domain::work::TaskStep;
use crate::ui::format;
use crate::ui::widgets::{Card, Icon, IconName, dynamic};
use crate::wire::Timestamp;
use leptos::prelude::*;

/// The steps, newest first: what matters most is how it stands.
pub fn timeline_card(history: Memo<Vec<TaskStep>>, as_of: Timestamp) -> AnyView {
    // Each step with the time of the one before it.
    let steps = move || {
        history.with(|all| {
            let before = std::iter::once(None).chain(all.iter().map(|step| Some(step.at)));
            let mut steps: Vec<_> = all.iter().cloned().zip(before).collect();
            steps.reverse();
            steps
        })
    };
    let count = Memo::new(move |_| history.with(Vec::len));
    view! {
        <Card title="What happened" as_of=as_of class="c8">
            <ol class="timeline" tabindex="0" aria-label="Steps, newest first">
                <For
                    each=steps
                    key=|(step, before)| (step.seq, *before)
                    children=|(step, before)| line(step, before)
                />
            </ol>
            {dynamic(move || (count.get() == 0).then(|| view! { <p class="calm">"Nothing is kept of it any more."</p> }.into_any()))}
        </Card>
    }
    .into_any()
}

fn line(step: TaskStep, before: Option<Timestamp>) -> AnyView {
    let TaskStep { at, kind, source, agent, text, percent, attempt, duration_ms, command, .. } =
        step;
    let (icon, class, word) = look(&kind, command.is_some());
    let gap = before.map(|before| format!("+{}", format::duration(at.since(before) as f64)));
    let percent = percent.map(|percent| format!("{} %", format::decimal(percent, 0)));
    let facts = [
        percent,
        attempt.map(|n| format!("try {n}")),
        duration_ms.map(|v| format!("ran {}", ms(Some(v)))),
    ];
    let facts = facts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    view! {
        <li class=class>
            <Icon name=icon />
            <div class="what">
                <p class="row">
                    <b>{word}</b>
                    {agent.map(|agent| view! { <a class="link cut" href=agent_href(&agent)>{agent.to_string()}</a> })}
                    <span class="muted">{facts}</span>
                    <span class="grow"></span>
                    <span class="muted cut wide">{source.to_string()}</span>
                </p>
                {text.map(|text| view! { <p class="said">{text}</p> })}
            </div>
            <p class="when">
                <time datetime=at.to_string() title=format::iso(at)>{format::day(at)} " " {format::clock(at)}</time>
                <span class="muted">{gap}</span>
            </p>
        </li>
    }
    .into_any()
}

/// Shape, colour and words of an event type.
fn look(kind: &str, commanded: bool) -> (IconName, &'static str, String) {
    let (icon, class) = match kind {
        "task.queued" => (IconName::Waiting, "unk"),
        "task.assigned" => (IconName::Assigned, "acc"),
        "task.started" | "task.progress" => (IconName::Play, "acc"),
        "task.completed" => (IconName::Ok, "ok"),
        "task.failed" => (IconName::Warning, "warn"),
        "task.dead_lettered" => (IconName::Critical, "crit"),
        "task.cancelled" => (IconName::Cross, "unk"),
        _ if commanded => (IconName::Retry, "acc"),
        _ => (IconName::Info, "unk"),
    };
    let word = kind.strip_prefix("task.").unwrap_or(kind).replace(['.', '_'], " ");
    (icon, class, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: &str, commanded: bool, expect: (IconName, &str)) {
        let (icon, _, word) = look(kind, commanded);
        assert_eq!((icon, word.as_str()), expect);
    }

    #[test]
    fn steps_are_named_in_words() {
        check("task.dead_lettered", false, (IconName::Critical, "dead lettered"));
        check("command.requested", true, (IconName::Retry, "command requested"));
        check("something.else", false, (IconName::Info, "something else"));
    }
}
