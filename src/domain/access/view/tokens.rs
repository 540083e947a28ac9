//! The page at `/tokens`: what lets programs in.

use super::frame::tabs;
use super::words::{choices, labels};
use crate::domain::access::api::{create_token, revoke_token, role_names, tokens};
use crate::domain::access::{NewToken, RoleItem, TokenItem, TokenSpec};
use crate::ui::address::{Asked, use_asked};
use crate::ui::format;
use crate::ui::live::Live;
use crate::ui::widgets::{
    Answers, Ask, AskList, Field, Form, IconName, Kind, List, ListPage, Sending, Snippet, Watched,
    act, ago, ask_list, dynamic, loaded, new_button, read_list, rows,
};
use crate::wire::Timestamp;
use leptos::prelude::*;
use leptos_meta::Title;
use std::sync::Arc;

const PATH: &str = "/tokens";
const COLUMNS: &[(&str, &str)] = &[
    ("Token", "lead"),
    ("Allows", "wrap"),
    ("Last used", ""),
    ("Expires", ""),
    ("Made", ""),
    ("", ""),
];
/// For how many days a token may be good.
const DAYS: [(&str, &str); 5] = [
    ("30", "in 30 days"),
    ("90", "in 90 days"),
    ("365", "in a year"),
    ("1", "tomorrow"),
    ("", "never"),
];
const DAY_MS: i64 = 86_400_000;

/// The page at `/tokens`.
#[component]
pub fn TokensList() -> impl IntoView {
    let asked = use_asked(&["after"]);
    let ask = ask_list(|asked: Asked| tokens(None, asked.get("after")));
    let page = read_list(asked, &ask);
    let known = read_list(asked, &ask_list(|_| role_names()));
    view! {
        <Title text="Tokens · Bellwether" />
        {tabs()}
        {loaded(page, move |page| {
            let ask = ask.clone();
            loaded(known, move |known| list(page.clone(), &known, asked, ask.clone()))
        })}
    }
}

fn list(first: ListPage, known: &ListPage, asked: Memo<Asked>, ask: AskList) -> AnyView {
    let known: Vec<RoleItem> = known.read().unwrap_or_default();
    let page = Watched::new(first, asked, ask);
    let live = Live::expect();
    let ask = Ask::new(Callback::new(move |()| page.again()));
    let made = RwSignal::new(None::<Arc<NewToken>>);
    let new = Callback::new(move |()| ask.with(creation(&known, made, live)));
    let list = List {
        label: "Tokens",
        path: PATH,
        word: "token",
        columns: COLUMNS,
        rows: rows(move |token: &TokenItem| row(token, ask)),
        empty: |_| nothing(),
        beside: Some(new_button("New token", new)),
    };
    view! {
        {dynamic(move || made.get().map(|token| secret(&token, made)))}
        {list.view(page, asked)}
        {ask.view("Token")}
    }
    .into_any()
}

fn nothing() -> AnyView {
    view! {
        <div class="empty">
            <p class="empty-title">"There are no tokens"</p>
            <p>"A token lets a program in: a pipeline that sends events, a worker, a dashboard of your own."</p>
        </div>
    }
    .into_any()
}

/// The secret of a token that was just made; it is not told again.
fn secret(token: &NewToken, made: RwSignal<Option<Arc<NewToken>>>) -> AnyView {
    let (secret, name) = (token.token.0.clone(), token.item.name.to_string());
    let line = format!("curl {{origin}}/api/v1/me -H 'authorization: Bearer {secret}'");
    view! {
        <section class="card secret" aria-labelledby="secret">
            <h2 id="secret" role="status">{format!("The token {name} was made")}</h2>
            <p class="muted">"Copy it now: it is shown this once, and kept as a hash alone."</p>
            <Snippet line=secret />
            <p class="muted">"To try it:"</p>
            <Snippet line=line />
            <p class="row">
                <button type="button" class="button" on:click=move |_| made.set(None)>"I have copied it"</button>
            </p>
        </section>
    }
    .into_any()
}

fn row(token: &TokenItem, ask: Ask) -> Vec<AnyView> {
    let muted = |text: &'static str| view! { <span class="muted">{text}</span> }.into_any();
    // Years matter here.
    let day = |at: Timestamp| at.to_string().chars().take(10).collect::<String>();
    let allows = match &token.role {
        Some(role) => {
            view! { <span title=token.permissions.names()>{role.to_string()}</span> }.into_any()
        }
        None => labels(token.permissions),
    };
    let used = match token.last_used_at {
        Some(at) => {
            let from = token.last_used_from.clone().map(|from| format!(" from {from}"));
            view! { {ago(at)} <span class="muted">{from}</span> }.into_any()
        }
        None => muted("never"),
    };
    let expires = match (token.expires_at, token.expired) {
        (Some(at), true) => {
            view! { <span class="bad" title=format::iso(at)>{format!("expired {}", day(at))}</span> }
                .into_any()
        }
        (Some(at), false) => view! { <span title=format::iso(at)>{day(at)}</span> }.into_any(),
        (None, _) => muted("never"),
    };
    let made = view! { {ago(token.created_at)} <span class="muted">{format!(" by {}", token.created_by)}</span> };
    let (id, name) = (token.id.clone(), token.name.to_string());
    let (label, asked) = (format!("Revoke {name}"), name.clone());
    let revoke = Callback::new(move |()| ask.with(revocation(id.clone(), &asked)));
    vec![
        view! { <b>{name}</b> <code class="muted about">{token.id.to_string()}</code> }.into_any(),
        allows,
        used,
        expires,
        made.into_any(),
        view! { <span class="row">{act(IconName::Cross, "Revoke", label, revoke)}</span> }
            .into_any(),
    ]
}

fn creation(known: &[RoleItem], made: RwSignal<Option<Arc<NewToken>>>, live: Live) -> Form {
    let own = (String::new(), "permissions of its own…".to_owned());
    let roles = choices(known).into_iter().chain([own]).collect();
    let days = DAYS.map(|(days, words)| (days.to_owned(), words.to_owned())).to_vec();
    let send = move |answers: &Answers| -> Sending {
        let role = answers.some("role");
        let permissions = role.is_none().then(|| answers.permissions());
        let now = live.now.try_get_untracked().flatten().unwrap_or(Timestamp::from_ms(0));
        let days = answers.get("expires_at").parse::<i64>().ok();
        let expires_at = days.map(|days| now.plus(days * DAY_MS));
        let spec = TokenSpec { name: answers.get("name"), role, permissions, expires_at };
        Box::pin(async move {
            made.try_set(Some(Arc::new(create_token(spec).await?)));
            Ok(())
        })
    };
    Form {
        title: "New token".to_owned(),
        text: "Give it no more than its program needs.".to_owned(),
        fields: vec![
            Field::new("name", "Name", Kind::Text)
                .hint("The source of its events where they name none."),
            Field::new("role", "Role", Kind::Choice(roles)).filled("producer"),
            Field::new("permissions", "Permissions", Kind::Permissions).optional(),
            Field::new("expires_at", "Expires", Kind::Choice(days)).filled("90"),
        ],
        verb: "Create",
        danger: false,
        send: Box::new(send),
    }
}

fn revocation(id: Arc<str>, name: &str) -> Form {
    let send = move |_: &Answers| -> Sending { Box::pin(revoke_token(id.clone())) };
    Form {
        title: format!("Revoke {name}?"),
        text: "Whatever uses it is shut out at once. It cannot be made good again.".to_owned(),
        fields: Vec::new(),
        verb: "Revoke",
        danger: true,
        send: Box::new(send),
    }
}
