//! What has just completed.

use super::words::{ms, task_href, usd};
use crate::domain::work::Completion;
use crate::ui::format;
use crate::ui::widgets::{Age, Card, dynamic};
use crate::wire::Timestamp;
use leptos::prelude::*;

/// Lines shown.
const SHOWN: usize = 8;

/// The newest completions, as they come.
pub fn done_card(completions: Memo<Vec<Completion>>, as_of: Timestamp) -> AnyView {
    let newest =
        move || completions.with(|all| all.iter().take(SHOWN).cloned().collect::<Vec<_>>());
    let none = Memo::new(move |_| completions.with(Vec::is_empty));
    view! {
        <Card title="Just completed" as_of=as_of class="c4">
            {dynamic(move || none.get().then(|| view! { <p class="calm">"Nothing has completed yet."</p> }.into_any()))}
            <ol class="lines done" aria-label="Newest completions">
                <For each=newest key=|done| (done.task_id.clone(), done.completed_at) children=line />
            </ol>
        </Card>
    }
    .into_any()
}

fn line(done: Completion) -> AnyView {
    let text = done.description.clone().unwrap_or_else(|| done.task_id.to_string());
    let cost = [
        done.tokens_used.map(|n| format!("{} tokens", format::compact(n as f64))),
        done.cost_usd.map(usd),
    ];
    let by = done.agent_id.as_deref().map(|agent| format!("by {agent}"));
    let facts = [Some(done.queue.to_string()), by].into_iter().chain(cost);
    let title = facts.flatten().collect::<Vec<_>>().join(", ");
    view! {
        <li title=title>
            <a class="grow cut" href=task_href(&done.task_id)>{text}</a>
            <span>{ms(done.duration_ms)}</span>
            <span class="muted when"><Age at=done.completed_at /></span>
        </li>
    }
    .into_any()
}
