//! A project's runs, error types and percentiles, as tables.

use crate::domain::projects::{ErrorCount, Percentiles, Run, RunError, Trend, WindowTotals};
use crate::ui::format;
use crate::ui::widgets::{Age, Badge, Card, Icon, IconName};
use crate::wire::Timestamp;
use leptos::prelude::*;

fn duration(ms: Option<f64>) -> String {
    ms.map_or_else(|| "—".to_owned(), format::duration)
}

/// Results over windows, and how long runs and requests take.
#[component]
pub fn FiguresCard(
    windows: Memo<Vec<WindowTotals>>,
    durations: Memo<Percentiles>,
    responses: Memo<Percentiles>,
    #[prop(into)] as_of: Signal<Timestamp>,
) -> impl IntoView {
    let span = |seconds: u64| match seconds {
        3_600 => "1 h",
        86_400 => "24 h",
        _ => "7 d",
    };
    let totals = move || {
        windows.with(|all| {
            all.iter()
                .map(|w| {
                    let rate = w.success_rate.map_or_else(|| "—".to_owned(), format::percent);
                    view! {
                        <tr>
                            <th scope="row">{span(w.window_s)}</th>
                            <td class="num">{rate}</td>
                            <td class="num">{format::count(w.passed)}</td>
                            <td class="num">{format::count(w.failed)}</td>
                            <td class="num">{format::count(w.error)}</td>
                            <td class="num">{format::count(w.skipped)}</td>
                        </tr>
                    }
                })
                .collect_view()
        })
    };
    let row = |word: &'static str, of: Memo<Percentiles>| {
        let cell = move |pick: fn(&Percentiles) -> Option<f64>| {
            view! { <td class="num">{move || duration(of.with(pick))}</td> }
        };
        view! {
            <tr>
                <th scope="row">{word}</th>
                {cell(|p| p.p50)}
                {cell(|p| p.p90)}
                {cell(|p| p.p95)}
                {cell(|p| p.p99)}
            </tr>
        }
    };
    view! {
        <Card title="Figures" as_of=as_of class="c4">
            <div class="scroll-x">
                <table class="figures">
                    <thead>
                        <tr>
                            <th>"Runs"</th><th class="num">"Success"</th><th class="num">"passed"</th>
                            <th class="num">"failed"</th><th class="num">"error"</th><th class="num">"skipped"</th>
                        </tr>
                    </thead>
                    <tbody>{totals}</tbody>
                </table>
                <table class="figures">
                    <thead>
                        <tr>
                            <th>"Time, 24 h"</th><th class="num">"p50"</th><th class="num">"p90"</th>
                            <th class="num">"p95"</th><th class="num">"p99"</th>
                        </tr>
                    </thead>
                    <tbody>{row("validations", durations)}{row("requests", responses)}</tbody>
                </table>
            </div>
            <p class="hint">"Percentiles are within 1 % of the exact value."</p>
        </Card>
    }
}

/// Types of errors, most frequent first.
#[component]
pub fn ErrorTypesCard(
    errors: Memo<Vec<ErrorCount>>,
    #[prop(into)] as_of: Signal<Timestamp>,
) -> impl IntoView {
    let rows = move || errors.with(|all| all.iter().map(error_type).collect_view());
    let none = move || errors.with(Vec::is_empty);
    view! {
        <Card title="Errors, 24 h" as_of=as_of class="c4">
            {move || none().then(|| view! { <p class="calm">"None in the last two days."</p> })}
            <ul class="error-types" tabindex="0" aria-label="Types of errors">{rows}</ul>
        </Card>
    }
}

fn error_type(error: &ErrorCount) -> impl IntoView + use<> {
    let (icon, class, word) = match error.trend {
        Trend::Rising => (IconName::Up, "bad", "rising"),
        Trend::Falling => (IconName::Down, "good", "falling"),
        Trend::Flat => (IconName::Flat, "", "flat"),
    };
    let before = format!("{} in the 24 h before", format::count(error.previous));
    view! {
        <li>
            <div class="row">
                <b>{error.kind.to_string()}</b>
                <span class=format!("change {class}") title=before><Icon name=icon />{word}</span>
                <span class="grow"></span>
                <b class="num">{format::count(error.count)}</b>
            </div>
            <p class="message" title=error.message.clone()>{error.message.clone()}</p>
            <p class="hint">"last seen " <Age at=error.last_at /></p>
        </li>
    }
}

/// The newest runs with their errors.
#[component]
pub fn RunsCard(runs: Memo<Vec<Run>>, #[prop(into)] as_of: Signal<Timestamp>) -> impl IntoView {
    let none = move || runs.with(Vec::is_empty);
    view! {
        <Card title="Runs" as_of=as_of class="c12">
            {move || none().then(|| view! { <p class="calm">"No run has been reported yet."</p> })}
            <ol class="runs" tabindex="0" aria-label="Newest runs">
                <For each=move || runs.get() key=|run| run.seq children=run />
            </ol>
        </Card>
    }
}

fn run(run: Run) -> impl IntoView {
    let Run { at, status, duration_ms, checks, errors, branch, commit, url, .. } = run;
    let checks = checks.map(|c| {
        let skipped =
            if c.skipped > 0 { format!(", {} skipped", c.skipped) } else { String::new() };
        format!("{} of {} checks passed{skipped}", c.passed, c.total)
    });
    let commit = commit.map(|commit| commit.chars().take(10).collect::<String>());
    let head = view! {
        <Badge verdict=crate::ui::widgets::Verdict::from(status) />
        <span class="when"><Age at=at /></span>
        <span class="num">{duration(duration_ms)}</span>
        <span class="checks">{checks}</span>
        <span class="grow"></span>
        {branch.map(|branch| view! { <code class="wide">{branch}</code> })}
        {commit.map(|commit| view! { <code class="wide">{commit}</code> })}
        {url.filter(|url| is_web(url)).map(|url| view! {
            <a href=url rel="noreferrer noopener" target="_blank"><Icon name=IconName::External /><span class="sr">"The run's own page"</span></a>
        })}
    };
    let count: u64 = errors.iter().map(|error| u64::from(error.count)).sum();
    if errors.is_empty() {
        return view! { <li><div class="run">{head}</div></li> }.into_any();
    }
    let word = if count == 1 { "error" } else { "errors" };
    view! {
        <li>
            <details>
                <summary class="run">{head}<span class="bad">{format!("{} {word}", format::count(count))}</span></summary>
                <ul class="run-errors">{errors.into_iter().map(run_error).collect_view()}</ul>
            </details>
        </li>
    }
    .into_any()
}

/// Whether an address may become a link: a producer's `javascript:` must not.
pub fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

fn run_error(error: RunError) -> impl IntoView {
    let place = error.file.map(|file| match error.line {
        Some(line) => format!("{file}:{line}"),
        None => file,
    });
    view! {
        <li>
            <b>{error.kind.to_string()}</b>
            {(error.count > 1).then(|| format!(" ×{}", error.count))}
            {place.map(|place| view! { " " <code>{place}</code> })}
            <pre class="sample" tabindex="0">{error.message}</pre>
        </li>
    }
}
