//! One's own sessions, and the end of any other.

use super::words;
use crate::domain::access::api::{end_session, sessions};
use crate::domain::access::{SessionItem, SessionKind};
use crate::ui::address::use_asked;
use crate::ui::format;
use crate::ui::widgets::{
    Answers, Ask, Form, IconName, List, Sending, Watched, act, ago, ask_list, loaded, read_list,
    rows,
};
use leptos::prelude::*;
use std::sync::Arc;

const COLUMNS: &[(&str, &str)] =
    &[("With", "lead"), ("From", ""), ("Since", ""), ("Lasts until", ""), ("", "")];

/// The list of them.
pub fn sessions_card() -> AnyView {
    let asked = use_asked(&[]);
    let ask = ask_list(|_| sessions());
    loaded(read_list(asked, &ask), move |first| {
        let page = Watched::new(first, asked, ask.clone());
        let ask = Ask::new(Callback::new(move |()| page.again()));
        let list = List {
            label: "Sessions",
            path: "/account",
            word: "session",
            columns: COLUMNS,
            rows: rows(move |session: &SessionItem| row(session, ask)),
            empty: |_| ().into_any(),
            beside: None,
        };
        view! { {list.view(page, asked)} {ask.view("Session")} }.into_any()
    })
}

fn row(session: &SessionItem, ask: Ask) -> Vec<AnyView> {
    let with = match session.kind {
        SessionKind::Browser => words::agent(&session.agent),
        SessionKind::Api => format!("a program ({})", words::agent(&session.agent)),
    };
    let here = session.current.then(|| view! { <span class="tag">"this one"</span> });
    let end = (!session.current).then(|| {
        let (id, name) = (session.id.clone(), with.clone());
        let label = format!("End the session of {name}");
        let on = Callback::new(move |()| ask.with(ending(id.clone(), &name)));
        view! { <span class="row">{act(IconName::Cross, "End", label, on)}</span> }
    });
    let until = session.expires_at;
    vec![
        view! { <b title=session.agent.to_string()>{with}</b> {here} }.into_any(),
        (!session.address.is_empty()).then(|| session.address.to_string()).into_any(),
        ago(session.created_at),
        view! { <span title=format::iso(until)>{format::day(until)}</span> }.into_any(),
        end.into_any(),
    ]
}

fn ending(id: Arc<str>, name: &str) -> Form {
    let send = move |_: &Answers| -> Sending { Box::pin(end_session(id.clone())) };
    Form {
        title: format!("End the session of {name}?"),
        text: "It is signed out at once.".to_owned(),
        fields: Vec::new(),
        verb: "End",
        danger: true,
        send: Box::new(send),
    }
}
