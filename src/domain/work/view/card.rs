//! Agents and tasks on the overview.

use crate::domain::summary::{AgentCounts, TaskCounts};
use crate::ui::format;
use crate::ui::widgets::Card;
use crate::wire::Timestamp;
use leptos::prelude::*;

/// Agents and tasks on the overview.
#[component]
pub fn WorkCard(
    /// Agents by state.
    agents: Memo<AgentCounts>,
    /// Tasks by status.
    tasks: Memo<TaskCounts>,
    /// As of when they hold.
    #[prop(into)]
    as_of: Signal<Timestamp>,
) -> impl IntoView {
    let share = move |class: &'static str, pick: fn(&AgentCounts) -> u64| {
        move || {
            let n = pick(&agents.get());
            (n > 0).then(|| view! { <i class=class style:flex=n.to_string()></i> })
        }
    };
    let entry = move |word: &'static str, pick: fn(&AgentCounts) -> u64| {
        let href = format!("/work/agents?state={word}");
        view! { <a href=href><b>{move || format::count(pick(&agents.get()))}</b>{format!(" {word}")}</a> }
    };
    let running = move || tasks.with(|t| t.assigned + t.working);
    let hour = move || {
        let TaskCounts { completed_last_hour: done, failed_last_hour: failed, dead_letter, .. } =
            tasks.get();
        let all = done + failed;
        let rate = (failed > 0)
            .then(|| format!(", {} failed", format::percent(failed as f64 / all as f64)));
        let dead =
            (dead_letter > 0).then(|| format!(", {} dead letters", format::count(dead_letter)));
        let (rate, dead) = (rate.unwrap_or_default(), dead.unwrap_or_default());
        format!("{} done last hour{rate}{dead}", format::count(done))
    };
    let more = Signal::derive(move || match agents.with(|agents| agents.total) {
        1 => "1 agent ›".to_owned(),
        n => format!("{} agents ›", format::count(n)),
    });
    let nobody = move || agents.with(|agents| agents.total == 0);
    view! {
        <Card title="Work" as_of=as_of class="c3" more=("/work", more)>
            <div class="big">
                {move || format::count(tasks.with(|tasks| tasks.queued))}
                <small>" queued · " {move || format::count(running())} " running"</small>
            </div>
            <div class="sub">{hour}</div>
            <div class="seg" aria-hidden="true" class:none=nobody>
                {share("accent", |a| a.working)}
                {share("accent half", |a| a.assigned)}
                {share("ok", |a| a.idle)}
                {share("warn", |a| a.blocked)}
                {share("unk", |a| a.offline)}
            </div>
            <div class="leg">
                {entry("working", |a| a.working)}
                {entry("assigned", |a| a.assigned)}
                {entry("idle", |a| a.idle)}
                {entry("blocked", |a| a.blocked)}
                {entry("offline", |a| a.offline)}
            </div>
            {move || nobody().then(|| view! { <p class="hint">"No agent has reported yet."</p> })}
        </Card>
    }
}
