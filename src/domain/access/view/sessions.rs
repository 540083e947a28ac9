//! One's own sessions, and the end of any other.

use super::frame::{List, counted};
use super::words;
use crate::domain::access::api::{end_session, sessions};
use crate::domain::access::{SessionItem, SessionKind, SessionsPage};
use crate::ui::address::Asked;
use crate::ui::format;
use crate::ui::widgets::{
    Age, Answers, Ask, Form, IconName, Sending, act, dynamic, table, watched,
};
use leptos::prelude::*;
use std::sync::Arc;

const COLUMNS: &[(&str, &str)] =
    &[("With", "lead"), ("From", ""), ("Since", ""), ("Lasts until", ""), ("", "")];

/// The list of them.
pub fn sessions_card(first: SessionsPage, asked: Memo<Asked>) -> AnyView {
    let page = watched(first, asked, |_| sessions());
    let shown = page.shown;
    let ask = Ask::new(Callback::new(move |()| page.again()));
    let items = Memo::new(move |_| shown.with(|page| page.items.clone()));
    let rows = move || {
        let row = |session: &SessionItem| row(session, ask);
        Some(items.with(|items| table("Sessions", COLUMNS, items.iter().map(row))))
    };
    let list = List {
        label: "Sessions",
        path: "/account",
        asked,
        count: Memo::new(move |_| shown.with(|page| counted(page.items.len(), "session", false))),
        as_of: Memo::new(move |_| shown.with(|page| page.as_of)),
        next: Memo::new(|_| None),
        new: None,
    };
    view! { {list.view(page, dynamic(rows))} {ask.view("Session")} }.into_any()
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
        session.address.to_string().into_any(),
        view! { <Age at=session.created_at /> " ago" }.into_any(),
        view! { <span title=format::iso(until)>{format::day(until)}</span> }.into_any(),
        end.into_any(),
    ]
}

fn ending(id: Arc<str>, name: &str) -> Form {
    let send = move |_: &Answers| -> Sending {
        let id = id.clone();
        Box::pin(async move { end_session(id).await })
    };
    Form {
        title: format!("End the session of {name}?"),
        text: "It is signed out at once.".to_owned(),
        fields: Vec::new(),
        verb: "End",
        danger: true,
        send: Box::new(send),
    }
}
