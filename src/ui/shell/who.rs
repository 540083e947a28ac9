//! Who is signed in, with what they can do about it; and what is said while nobody can.

use super::gate::sign_in;
use super::pages::ACCOUNT;
use crate::domain::access::Via;
use crate::ui::live::Live;
use crate::ui::me::{is_known, me};
use crate::ui::widgets::{Icon, IconName};
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Who looks: a button that opens a small menu, or a link to where one signs in.
pub fn who() -> AnyView {
    let here = use_location();
    if !is_known() {
        let next = move || format!("{}{}", here.pathname.get(), search(&here.search.get()));
        return (move || sign_in(&next())).into_any();
    }
    let me = me();
    let menu = NodeRef::<html::Div>::new();
    // It lies above the page, and would stay when the page is another.
    Effect::new(move |last: Option<String>| {
        let path = here.pathname.get();
        if last.is_some_and(|last| last != path)
            && let Some(menu) = menu.get_untracked()
        {
            // Fails only if it is closed already.
            let _ = menu.hide_popover();
        }
        path
    });
    let name = me.full_name.clone().unwrap_or_else(|| me.username.clone()).to_string();
    let name = if me.via == Via::Open { "Everyone".to_owned() } else { name };
    let role = me.role.as_ref().map(|role| role.to_string());
    let live = Live::expect();
    let out = (me.via == Via::Session).then(|| {
        view! {
            <form method="post" action="/logout" on:submit=move |_| live.leaving.set_value(true)>
                <button type="submit">"Sign out"</button>
            </form>
        }
    });
    view! {
        <button type="button" class="pill who" popovertarget="who" title="Who is signed in">
            <Icon name=IconName::Person />
            <span class="wide cut">{name.clone()}</span>
            <span class="sr">", account"</span>
        </button>
        <div id="who" class="menu" popover="auto" node_ref=menu>
            <p class="id">
                <b>{name}</b>
                <span class="muted">{role}</span>
            </p>
            <a href=ACCOUNT.path>{ACCOUNT.name}</a>
            {out}
        </div>
    }
    .into_any()
}

fn search(search: &str) -> String {
    if search.is_empty() { String::new() } else { format!("?{}", search.trim_start_matches('?')) }
}

/// What is said on every page while anybody on this machine is let in.
pub fn open_to_all() -> Option<AnyView> {
    let banner = || {
        view! {
            <p class="open-board" role="note">
                <Icon name=IconName::Warning />
                <span>"No users yet: anyone on this machine is let in."</span>
                <a href="/login" rel="external">"Create the first admin"</a>
            </p>
        }
    };
    me().open.then(|| banner().into_any())
}
