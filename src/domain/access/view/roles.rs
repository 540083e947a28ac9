//! The page at `/users/roles`: which roles there are, and what each allows.

use super::frame::{List, counted, new_button, tabs};
use super::matrix::matrix;
use super::words::labels;
use crate::domain::access::api::{define_role, remove_role, roles};
use crate::domain::access::{RoleItem, RoleSpec, RolesPage};
use crate::ui::address::{Asked, use_asked};
use crate::ui::widgets::{
    Answers, Ask, Field, Form, IconName, Kind, Sending, act, dynamic, loaded, reading, table,
    watched,
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
    let page = reading(roles);
    view! {
        <Title text="Roles · Bellwether" />
        {tabs()}
        {loaded(page, move |page| list(page, asked))}
    }
}

fn list(first: RolesPage, asked: Memo<Asked>) -> AnyView {
    let page = watched(first, asked, |_| roles());
    let shown = page.shown;
    let ask = Ask::new(Callback::new(move |()| page.again()));
    let items = Memo::new(move |_| shown.with(|page| page.items.clone()));
    let rows = move || {
        let row = |role: &RoleItem| row(role, ask);
        Some(items.with(|items| table("Roles", COLUMNS, items.iter().map(row))))
    };
    let new = Callback::new(move |()| {
        let names = items.with_untracked(|all| all.iter().map(|role| role.name.clone()).collect());
        ask.with(definition(None, names));
    });
    let list = List {
        label: "Roles",
        path: PATH,
        asked,
        count: Memo::new(move |_| shown.with(|page| counted(page.items.len(), "role", false))),
        as_of: Memo::new(move |_| shown.with(|page| page.as_of)),
        next: Memo::new(|_| None),
        new: Some(new_button("New role", new)),
    };
    view! {
        {list.view(page, dynamic(rows))}
        {dynamic(move || Some(items.with(|items| matrix(items))))}
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
        Box::pin(async move { define_role(name, spec).await.map(drop) })
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
    let send = move |_: &Answers| -> Sending {
        let name = role.name.clone();
        Box::pin(async move { remove_role(name).await })
    };
    Form {
        title,
        text: "Only a role that nobody has can be removed.".to_owned(),
        fields: Vec::new(),
        verb: "Remove",
        danger: true,
        send: Box::new(send),
    }
}
