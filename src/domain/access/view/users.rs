//! The page at `/users`: who may sign in, and with which role.

use super::frame::tabs;
use super::words::choices;
use crate::domain::access::api::{change_user, create_user, remove_user, roles, users};
use crate::domain::access::{NewUser, RoleItem, Secret, UserItem, UserPatch};
use crate::ui::address::{Asked, use_asked};
use crate::ui::me::me;
use crate::ui::widgets::{
    Answers, Ask, AskList, Badge, Field, Form, IconName, Kind, List, ListPage, Sending, Verdict,
    Watched, act, ago, ask_list, loaded, new_button, read_list, rows,
};
use leptos::prelude::*;
use leptos_meta::Title;
use std::sync::Arc;

const PATH: &str = "/users";
const COLUMNS: &[(&str, &str)] = &[
    ("Name", "lead"),
    ("Role", ""),
    ("Standing", ""),
    ("Signed in", "num"),
    ("Sessions", "num"),
    ("", ""),
];

/// The page at `/users`.
#[component]
pub fn UsersList() -> impl IntoView {
    let asked = use_asked(&["after"]);
    let ask = ask_list(|asked: Asked| users(None, asked.get("after")));
    let page = read_list(asked, &ask);
    let known = read_list(asked, &ask_list(|_| roles()));
    view! {
        <Title text="Users · Bellwether" />
        {tabs()}
        {loaded(page, move |page| {
            let ask = ask.clone();
            loaded(known, move |known| list(page.clone(), &known, asked, ask.clone()))
        })}
    }
}

fn list(first: ListPage, known: &ListPage, asked: Memo<Asked>, ask: AskList) -> AnyView {
    let known: Arc<[RoleItem]> = known.read().unwrap_or_default().into();
    let page = Watched::new(first, asked, ask);
    let ask = Ask::new(Callback::new(move |()| page.again()));
    let (myself, given) = (me().username.clone(), known.clone());
    let new = Callback::new(move |()| ask.with(creation(&known)));
    let list = List {
        label: "Users",
        path: PATH,
        word: "user",
        columns: COLUMNS,
        rows: rows(move |user: &UserItem| row(user, *user.username == *myself, ask, &given)),
        empty: |_| nobody(),
        beside: Some(new_button("New user", new)),
    };
    view! { {list.view(page, asked)} {ask.view("User")} }.into_any()
}

fn nobody() -> AnyView {
    view! {
        <div class="empty">
            <p class="empty-title">"There are no users yet"</p>
            <p>"Until there is one, anyone on this machine is let in. The first must be an admin."</p>
        </div>
    }
    .into_any()
}

fn row(user: &UserItem, myself: bool, ask: Ask, known: &Arc<[RoleItem]>) -> Vec<AnyView> {
    let name = user.username.clone();
    let about = [user.full_name.clone(), user.email.clone()];
    let about: Vec<String> = about.into_iter().flatten().map(|text| text.to_string()).collect();
    let standing = match user.disabled {
        true => Verdict { icon: IconName::Pause, word: "disabled", class: "unk" },
        false => Verdict { icon: IconName::Ok, word: "active", class: "ok" },
    };
    let seen = match user.last_login_at {
        Some(at) => ago(at),
        None => view! { <span class="muted">"never"</span> }.into_any(),
    };
    let elsewhere = user.provider.clone();
    let provider = elsewhere.clone().map(|provider| {
        view! { <span class="tag" title=provider.to_string()>"signs in elsewhere"</span> }
    });
    let role = user.permissions.names();
    vec![
        view! {
            <b>{name.to_string()}</b>
            {myself.then(|| view! { <span class="tag">"you"</span> })}
            {provider}
            <span class="about">{about.join(", ")}</span>
        }
        .into_any(),
        view! { <span title=role>{user.role.to_string()}</span> }.into_any(),
        view! { <Badge verdict=standing /> }.into_any(),
        seen,
        user.sessions.to_string().into_any(),
        acts(user, ask, known, elsewhere.is_some()),
    ]
}

fn acts(user: &UserItem, ask: Ask, known: &Arc<[RoleItem]>, elsewhere: bool) -> AnyView {
    let named = |verb: &str| format!("{verb} {}", user.username);
    let on = |make: Box<dyn Fn(&UserItem) -> Form + Send + Sync>| {
        let user = user.clone();
        Callback::new(move |()| ask.with(make(&user)))
    };
    let known = known.clone();
    let change = on(Box::new(move |user| change(user, &known)));
    let password = (!elsewhere).then(|| {
        act(IconName::Key, "Password", named("Set the password of"), on(Box::new(password)))
    });
    let (icon, word) =
        if user.disabled { (IconName::Play, "Enable") } else { (IconName::Pause, "Disable") };
    view! {
        <span class="row">
            {act(IconName::Person, "Change", named("Change"), change)}
            {password}
            {act(icon, word, named(word), on(Box::new(standing)))}
            {act(IconName::Cross, "Remove", named("Remove"), on(Box::new(removal)))}
        </span>
    }
    .into_any()
}

fn creation(known: &[RoleItem]) -> Form {
    let send = |answers: &Answers| -> Sending {
        let new = NewUser {
            username: answers.get("username"),
            password: Secret(answers.exact("password")),
            role: answers.get("role"),
            email: answers.some("email"),
            full_name: answers.some("full_name"),
        };
        Box::pin(create_user(new))
    };
    Form {
        title: "New user".to_owned(),
        text: String::new(),
        fields: vec![
            Field::new("username", "User name", Kind::Text)
                .hint("To sign in with; it cannot be changed."),
            Field::new("full_name", "Full name", Kind::Text).optional(),
            Field::new("email", "Mail", Kind::Mail).optional(),
            Field::new("role", "Role", Kind::Choice(choices(known))).filled("viewer"),
            Field::new("password", "Password", Kind::Password("new-password"))
                .hint("At least 8 characters."),
        ],
        verb: "Create",
        danger: false,
        send: Box::new(send),
    }
}

fn patching(user: &UserItem, patch: UserPatch) -> Sending {
    let name = user.username.clone();
    Box::pin(change_user(name, patch))
}

fn change(user: &UserItem, known: &[RoleItem]) -> Form {
    let had = user.clone();
    let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
    let send = move |answers: &Answers| -> Sending {
        let other = |new: String, old: &str| Some(new).filter(|new| new != old);
        let patch = UserPatch {
            role: other(answers.get("role"), &had.role),
            email: other(answers.get("email"), had.email.as_deref().unwrap_or_default()),
            full_name: other(
                answers.get("full_name"),
                had.full_name.as_deref().unwrap_or_default(),
            ),
            ..UserPatch::default()
        };
        patching(&had, patch)
    };
    Form {
        title: format!("Change {}", user.username),
        text: "Another role is in force at once: open pages are loaded anew.".to_owned(),
        fields: vec![
            Field::new("role", "Role", Kind::Choice(choices(known))).filled(&user.role),
            Field::new("full_name", "Full name", Kind::Text)
                .filled(text(&user.full_name))
                .optional(),
            Field::new("email", "Mail", Kind::Mail).filled(text(&user.email)).optional(),
        ],
        verb: "Save",
        danger: false,
        send: Box::new(send),
    }
}

fn password(user: &UserItem) -> Form {
    let had = user.clone();
    let send = move |answers: &Answers| -> Sending {
        let password = Some(Secret(answers.exact("password")));
        patching(&had, UserPatch { password, ..UserPatch::default() })
    };
    Form {
        title: format!("Set the password of {}", user.username),
        text: "Every session of theirs ends.".to_owned(),
        fields: vec![
            Field::new("password", "New password", Kind::Password("new-password"))
                .hint("At least 8 characters."),
        ],
        verb: "Set password",
        danger: false,
        send: Box::new(send),
    }
}

fn standing(user: &UserItem) -> Form {
    let had = user.clone();
    let send = move |_: &Answers| -> Sending {
        patching(&had, UserPatch { disabled: Some(!had.disabled), ..UserPatch::default() })
    };
    let (verb, text) = match user.disabled {
        true => ("Enable", "They can sign in again, with the password they had."),
        false => ("Disable", "They are signed out at once, and kept out until they are enabled."),
    };
    Form {
        title: format!("{verb} {}?", user.username),
        text: text.to_owned(),
        fields: Vec::new(),
        verb,
        danger: !user.disabled,
        send: Box::new(send),
    }
}

fn removal(user: &UserItem) -> Form {
    let name = user.username.clone();
    let send = move |_: &Answers| -> Sending { Box::pin(remove_user(name.clone())) };
    Form {
        title: format!("Remove {}?", user.username),
        text: "They are signed out at once. What they did stays in the audit log.".to_owned(),
        fields: Vec::new(),
        verb: "Remove",
        danger: true,
        send: Box::new(send),
    }
}
