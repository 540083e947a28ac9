//! Names and latest values of a chart's series; a click switches one off or on.

use super::time_chart::Chart;
use super::tone;
use leptos::prelude::*;

/// The legend; nothing for a single series, which the title names.
pub fn legend(chart: Chart) -> impl IntoView {
    let names = Memo::new(move |_| {
        chart.series.with(|s| s.iter().map(|s| (s.name.clone(), s.class)).collect::<Vec<_>>())
    });
    move || {
        let names = names.get();
        (names.len() > 1).then(|| {
            let items: Vec<_> = names
                .into_iter()
                .enumerate()
                .map(|(i, (name, class))| item(chart, i, name, class))
                .collect();
            view! { <span class="ch-legend">{items}</span> }
        })
    }
}

fn item(chart: Chart, i: usize, name: String, class: &'static str) -> AnyView {
    let latest = Memo::new(move |_| {
        let (from, to) = chart.frame.with(|f| (f.from, f.to));
        chart.series.with(|s| chart.text(s.get(i).and_then(|s| s.latest(from, to))))
    });
    let label = name.clone();
    let sought = name.clone();
    let on = Memo::new(move |_| chart.hidden.with(|hidden| !hidden.contains(&sought)));
    let toggle = move |_| {
        chart.hidden.update(|hidden| match hidden.iter().position(|n| *n == name) {
            Some(at) => drop(hidden.swap_remove(at)),
            None => hidden.push(name.clone()),
        });
    };
    view! {
        <button
            type="button"
            class=tone("ch-key", class)
            aria-pressed=move || if on.get() { "true" } else { "false" }
            on:click=toggle
        >
            <i></i>
            <span>{label}</span>
            <b>{move || latest.get()}</b>
        </button>
    }
    .into_any()
}
