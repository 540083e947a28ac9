//! The page at `/account`: who one is, what one may do, and where one is signed in.

use super::sessions::sessions_card;
use crate::domain::access::api::set_password;
use crate::domain::access::{Me, PasswordChange, Permission, Secret, Via};
use crate::ui::me::me;
use crate::ui::shell::elsewhere;
use crate::ui::widgets::{Answers, Field, Form, Icon, IconName, Kind, Sending, dynamic, form};
use crate::wire::ApiError;
use leptos::prelude::*;
use leptos_meta::Title;
use std::sync::Arc;

/// The page at `/account`.
#[component]
pub fn AccountPage() -> impl IntoView {
    let me = me();
    let session = me.via == Via::Session;
    view! {
        <Title text="Account · Bellwether" />
        <div class="grid top">
            {person(&me)}
            {match session {
                true => password(),
                false => standing(&me),
            }}
        </div>
        {session.then(sessions_card)}
    }
}

fn person(me: &Me) -> AnyView {
    let fact = |name: &'static str, value: Option<String>| {
        value.map(|value| view! { <dt>{name}</dt> <dd>{value}</dd> }.into_any())
    };
    let text = |text: &Option<Arc<str>>| text.as_ref().map(|text| text.to_string());
    let facts = [
        fact("User name", Some(me.username.to_string())),
        fact("Full name", text(&me.full_name)),
        fact("Mail", text(&me.email)),
        fact("Role", text(&me.role)),
    ];
    let facts: Vec<AnyView> = facts.into_iter().flatten().collect();
    let may: Vec<AnyView> = Permission::ALL.iter().map(|one| line(*one, me)).collect();
    view! {
        <section class="card c8" aria-labelledby="person">
            <h2 id="person">"Who you are here"</h2>
            <dl class="facts person">{facts}</dl>
            <h2 id="allowed">"What you may do"</h2>
            <ul class="allowed" aria-labelledby="allowed">{may}</ul>
        </section>
    }
    .into_any()
}

fn line(one: Permission, me: &Me) -> AnyView {
    let has = me.permissions.has(one);
    let (icon, word) = if has { (IconName::Projects, "") } else { (IconName::Flat, "not: ") };
    view! {
        <li class:no=!has title=one.name()>
            <Icon name=icon />
            <span><span class="sr">{word}</span>{one.does()}</span>
        </li>
    }
    .into_any()
}

/// What there is to say to whoever is no user.
fn standing(me: &Me) -> AnyView {
    let (title, why) = match me.via {
        Via::Open => (
            "This board is open",
            "There are no users yet, so anyone on this machine is let in and may do everything. \
             The first admin ends that.",
        ),
        Via::Anonymous => (
            "You have not signed in",
            "What you see is what anyone may see. Sign in to see what is yours.",
        ),
        _ => ("This is a token", "A token has neither sessions nor a password."),
    };
    let first = me.open.then(|| {
        view! { <p class="row"><a class="button primary" href="/login" rel="external">"Create the first admin"</a></p> }
    });
    let links = (!me.open).then(elsewhere);
    view! {
        <section class="card c4" aria-labelledby="standing">
            <h2 id="standing">{title}</h2>
            <div class="empty"><p>{why}</p>{first}{links}</div>
        </section>
    }
    .into_any()
}

fn password() -> AnyView {
    let done = RwSignal::new(false);
    let send = move |answers: &Answers| -> Sending {
        done.set(false);
        let password = answers.exact("password");
        if password != answers.exact("again") {
            let error = ApiError::invalid("/again", "is not the same as the new password");
            return Box::pin(std::future::ready(Err(error)));
        }
        let current = Secret(answers.exact("current"));
        let change = PasswordChange { current, password: Secret(password) };
        Box::pin(set_password(change))
    };
    let asked = Form {
        title: String::new(),
        text: "Every other session of yours ends.".to_owned(),
        fields: vec![
            Field::new("current", "Current password", Kind::Password("current-password")),
            Field::new("password", "New password", Kind::Password("new-password"))
                .hint("At least 8 characters."),
            Field::new("again", "New password again", Kind::Password("new-password")),
        ],
        verb: "Change password",
        danger: false,
        send: Box::new(send),
    };
    let said = move || {
        let said = || view! { <p class="said good">"The password was changed."</p> }.into_any();
        done.get().then(said)
    };
    view! {
        <section class="card c4 js" aria-labelledby="password">
            <h2 id="password">"Password"</h2>
            <div role="status">{dynamic(said)}</div>
            {form(Arc::new(asked), Callback::new(move |()| done.set(true)), None)}
        </section>
    }
    .into_any()
}
