//! Hosts on the overview.

use crate::domain::summary::HostsBrief;
use crate::ui::chart::Sparkline;
use crate::ui::format;
use crate::ui::widgets::Card;
use crate::wire::Timestamp;
use leptos::prelude::*;

/// The busiest host, and those that have gone quiet.
#[component]
pub fn SystemCard(
    hosts: Memo<HostsBrief>,
    #[prop(into)] as_of: Signal<Timestamp>,
) -> impl IntoView {
    let more = Signal::derive(move || match hosts.with(|hosts| hosts.total) {
        1 => "1 host ›".to_owned(),
        n => format!("{} hosts ›", format::count(n)),
    });
    let quiet = Signal::derive(move || {
        hosts.with(|hosts| match hosts.quiet.as_slice() {
            [] => None,
            [one] => Some(format!("{one} has gone quiet")),
            [one, rest @ ..] => Some(format!("{one} and {} more have gone quiet", rest.len())),
        })
    });
    let percent = |value: f64| format!("{} %", format::decimal(value, 0));
    let cpu = move || {
        hosts.with(|h| h.cpu.map_or_else(|| "—".to_owned(), |cpu| percent(cpu.usage_percent)))
    };
    let rest = move || {
        hosts.with(|h| {
            let parts = [
                h.memory.map(|memory| format!("memory {}", percent(memory.percent))),
                h.disk.map(|disk| format!("disk {}", percent(disk.percent))),
                h.load1.map(|load| format!("load {}", format::decimal(load, 1))),
            ];
            parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
        })
    };
    let name = move || hosts.with(|hosts| hosts.host.as_ref().map(|name| format!(" CPU, {name}")));
    let trend = Signal::derive(move || {
        hosts.with(|h| h.cpu_trend.iter().map(|&v| Some(f64::from(v))).collect::<Vec<_>>())
    });
    let none = move || hosts.with(|hosts| hosts.host.is_none());
    view! {
        <Card title="System" as_of=as_of quiet=quiet class="c3" more=("/system", more)>
            <div class="big">
                {cpu}
                <small>{move || name().unwrap_or_else(|| " CPU".to_owned())}</small>
            </div>
            <div class="sub">{rest}</div>
            {move || none().then(|| view! { <p class="hint">"No host reports now."</p> })}
            <Sparkline points=trend label="CPU use of the last samples".to_owned() class="accent" height=72 zero=true />
        </Card>
    }
}
