//! A chart's values as a table: for screen readers, and for anyone who wants the figures.

use super::time_chart::{Chart, moment};
use crate::ui::format;
use leptos::prelude::*;
use std::sync::Arc;

/// A longer table would be read by nobody and weigh on every page.
const MOST_ROWS: usize = 120;

/// Rows of text, evenly taken from all there are.
#[derive(Debug, PartialEq)]
struct Rows {
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
    total: usize,
}

/// The table, closed at first. While it is closed nobody can read it, so it is not kept current.
pub fn table(chart: Chart) -> impl IntoView {
    let open = RwSignal::new(false);
    let rows = Memo::new(move |before: Option<&Arc<Rows>>| match before {
        Some(before) if !open.get() => before.clone(),
        _ => Arc::new(rows(chart)),
    });
    let toggle = move |ev: leptos::ev::Event| {
        open.set(event_target::<web_sys::Element>(&ev).has_attribute("open"));
    };
    view! {
        <details class="ch-table" on:toggle=toggle>
            <summary>"Show as table"</summary>
            <div class="ch-scroll" tabindex="0" role="group" aria-label="Values">{move || body(&rows.get())}</div>
        </details>
    }
}

fn rows(chart: Chart) -> Rows {
    let times = chart.times.get();
    let last = times.len().saturating_sub(1);
    let shown = times.len().min(MOST_ROWS);
    let picked = (0..shown).filter_map(|i| times.get(i * last / shown.saturating_sub(1).max(1)));
    chart.series.with(|series| Rows {
        heads: series.iter().map(|s| s.name.clone()).collect(),
        rows: picked
            .map(|t| {
                let values = series.iter().map(|s| chart.text(s.at(*t)));
                std::iter::once(moment(*t)).chain(values).collect()
            })
            .collect(),
        total: times.len(),
    })
}

fn body(table: &Rows) -> AnyView {
    let caption = if table.total > table.rows.len() {
        let (shown, total) = (table.rows.len() as u64, table.total as u64);
        format!("{} of {} times, evenly spaced", format::count(shown), format::count(total))
    } else {
        "All times in this range".to_owned()
    };
    let heads: Vec<_> = table
        .heads
        .iter()
        .map(|name| view! { <th scope="col" class="ch-num">{name.clone()}</th> })
        .collect();
    let rows: Vec<_> = table.rows.iter().map(|row| line(row)).collect();
    view! {
        <table>
            <caption>{caption}", UTC"</caption>
            <thead>
                <tr>
                    <th scope="col">"Time"</th>
                    {heads}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn line(row: &[String]) -> AnyView {
    let mut cells = row.iter().cloned();
    let time = cells.next();
    let values: Vec<_> = cells.map(|text| view! { <td class="ch-num">{text}</td> }).collect();
    view! {
        <tr>
            <th scope="row">{time}</th>
            {values}
        </tr>
    }
    .into_any()
}
