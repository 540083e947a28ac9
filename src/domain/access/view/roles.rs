//! The page at `/users/roles`: which roles there are, and what each allows.

use super::frame::tabs;
use super::matrix::matrix;
use super::words::labels;
use crate::domain::access::api::{define_role, remove_role, roles};
use crate::domain::access::{RoleItem, RoleSpec};
use crate::ui::address::{Asked, use_asked};
use crate::ui::widgets::{
    Answers, Ask, AskList, Field, Form, IconName, Kind, List, ListPage, Sending, Watched, act,
    ask_list, counted, dynamic, items, loaded, new_button, read_list, rows,
};
use crate::wire::ApiError;
use leptos::prelude::*;
use leptos_meta::Title;
use std::sync::Arc;

const PATH: &str = "/users/roles";
const COLUMNS: &[(&str, &str)] = &[("Role", "lead"), ("Allows", "wrap"), ("Held by", ""), ("", "")];

/// The page at `/users/roles`.
#[component]
pub fn RolesList() -> impl IntoView {
    let asked = use_asked(&[]);
    let ask = ask_list(|_| roles());
    let page = read_list(asked, &ask);
    view! {
        <Title text="Roles · Bellwether" />
        {tabs()}
        {loaded(page, move |page| list(page, asked, ask.clone()))}
    }
}

fn list(first: ListPage, asked: Memo<Asked>, ask: AskList) -> AnyView {
    let page = Watched::new(first, asked, ask);
    let ask = Ask::new(Callback::new(move |()| page.again()));
    let all = move |json: &Arc<str>| items::<RoleItem>(json).unwrap_or_default();
    let new = Callback::new(move |()| {
        let names = page.items.with_untracked(all).into_iter().map(|role| role.name).collect();
        ask.with(definition(None, names));
    });
    let list = List {
        label: "Roles",
        path: PATH,
        word: "role",
        columns: COLUMNS,
        rows: rows(move |role: &RoleItem| row(role, ask)),
        empty: |_| ().into_any(),
        beside: Some(new_button("New role", new)),
    };
    view! {
        {list.view(page, asked)}
        {dynamic(move || Some(matrix(&page.items.with(all))))}
        {ask.view("Role")}
    }
    .into_any()
}

fn row(role: &RoleItem, ask: Ask) -> Vec<AnyView> {
    let held = match (role.users, role.tokens) {
        (0, 0) => "nobody".to_owned(),
        (users, 0) => counted(users as usize, "user", false),
        (0, tokens) => counted(tokens as usize, "token", false),
        (users, tokens) => {
            format!(
                "{}, {}",
                counted(users as usize, "user", false),
                counted(tokens as usize, "token", false)
            )
        }
    };
    let name = role.name.to_string();
    let built_in = role.built_in.then(|| view! { <span class="tag">"built in"</span> });
    vec![
        view! { <b>{name}</b> {built_in} <span class="about">{role.description.to_string()}</span> }.into_any(),
        labels(role.permissions),
        held.into_any(),
        acts(role, ask),
    ]
}

fn acts(role: &RoleItem, ask: Ask) -> AnyView {
    if role.built_in {
        return ().into_any();
    }
    let named = |verb: &str| format!("{verb} {}", role.name);
    let on = |make: fn(RoleItem) -> Form| {
        let role = role.clone();
        Callback::new(move |()| ask.with(make(role.clone())))
    };
    view! {
        <span class="row">
            {act(IconName::Shield, "Change", named("Change"), on(|role| definition(Some(role), Vec::new())))}
            {act(IconName::Cross, "Remove", named("Remove"), on(removal))}
        </span>
    }
    .into_any()
}

/// A role that is new, and called otherwise than `taken`; or another meaning of one.
fn definition(had: Option<RoleItem>, taken: Vec<Arc<str>>) -> Form {
    let (name, title) = match &had {
        Some(role) => (Some(role.name.clone()), format!("Change {}", role.name)),
        None => (None, "New role".to_owned()),
    };
    let first = name.is_none().then(|| Field::new("name", "Name", Kind::Text));
    let mut description =
        Field::new("description", "Description", Kind::Text).hint("Whom it is for.");
    let mut permissions = Field::new("permissions", "Allows", Kind::Permissions).optional();
    if let Some(role) = &had {
        description = description.filled(&role.description);
        permissions = permissions.filled(role.permissions.names());
    }
    let send = move |answers: &Answers| -> Sending {
        let name = name.clone().unwrap_or_else(|| answers.get("name").into());
        let spec = RoleSpec {
            description: answers.get("description"),
            permissions: answers.permissions(),
        };
        if taken.contains(&name) {
            let error = ApiError::invalid("/name", format!("there is a role {name} already"));
            return Box::pin(std::future::ready(Err(error)));
        }
        Box::pin(define_role(name, spec))
    };
    Form {
        title,
        text: "What it allows is in force at once, for everyone who has it.".to_owned(),
        fields: first.into_iter().chain([description, permissions]).collect(),
        verb: "Save",
        danger: false,
        send: Box::new(send),
    }
}

fn removal(role: RoleItem) -> Form {
    let title = format!("Remove the role {}?", role.name);
    let send = move |_: &Answers| -> Sending { Box::pin(remove_role(role.name.clone())) };
    Form {
        title,
        text: "Only a role that nobody has can be removed.".to_owned(),
        fields: Vec::new(),
        verb: "Remove",
        danger: true,
        send: Box::new(send),
    }
}
