//! Pinning a chart to one's own board, and taking it off.

use super::look::Look;
use crate::domain::metrics::Pin;
use crate::domain::metrics::api::{pin, unpin};
use crate::ui::widgets::{Answers, Ask, Field, Form, Icon, IconName, Kind, Sending, dynamic};
use leptos::prelude::*;

/// How long a stretch a pinned chart may show.
const WINDOWS: [&str; 6] = ["15m", "1h", "6h", "24h", "7d", "30d"];

/// The button that pins what is shown, and the question that it asks.
pub fn pinning(look: Memo<Look>) -> AnyView {
    let pinned = RwSignal::new(false);
    let ask = Ask::new(Callback::new(move |()| pinned.set(true)));
    let click = move |_| {
        pinned.set(false);
        ask.with(question(look.get_untracked()));
    };
    let said = move || {
        let link = || view! { <a class="link" href="/board">"Pinned to your board"</a> }.into_any();
        pinned.get().then(link)
    };
    view! {
        <span role="status">{dynamic(said)}</span>
        <button type="button" class="button small js" on:click=click>
            <Icon name=IconName::Plus />
            "Pin to my board"
        </button>
        {ask.view("Pin")}
    }
    .into_any()
}

fn question(look: Look) -> Form {
    let window = look.window().to_owned();
    let mut windows: Vec<(String, String)> =
        WINDOWS.map(|one| (one.to_owned(), one.to_owned())).into();
    // One that is not offered is still what is shown.
    if !windows.iter().any(|(one, _)| *one == window) {
        windows.push((window.clone(), window.clone()));
    }
    let fields = vec![
        Field::new("title", "Title", Kind::Text)
            .filled(&look.metric)
            .hint("What the chart is called on your board."),
        Field::new("window", "Shows the last", Kind::Choice(windows)).filled(window),
    ];
    let send = move |answers: &Answers| -> Sending {
        let chart = look.chart(answers.get("title"), answers.get("window"));
        Box::pin(async move { pin(chart).await.map(drop) })
    };
    Form {
        title: "Pin to your board".to_owned(),
        text: "Nobody else sees your board.".to_owned(),
        fields,
        verb: "Pin",
        danger: false,
        send: Box::new(send),
    }
}

/// Asks whether a chart is to be taken off.
pub fn unpinning(of: &Pin, title: &str) -> Form {
    let id = of.id.to_string();
    let send = move |_: &Answers| -> Sending {
        let id = id.clone();
        Box::pin(async move { unpin(id).await })
    };
    Form {
        title: format!("Take {title} off your board?"),
        text: "What it shows stays in the explorer.".to_owned(),
        fields: Vec::new(),
        verb: "Take it off",
        danger: true,
        send: Box::new(send),
    }
}
