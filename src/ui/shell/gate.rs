//! What is shown in place of a page that one may not see.

use super::pages::{ACCOUNT, PAGES, needs, seen};
use crate::domain::access::Via;
use crate::ui::me::{is_known, me};
use crate::ui::widgets::PageStatus;
use crate::wire::encoded;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

/// The page at `path`, or what is shown to those who may not see it. Nothing is read for them.
pub fn gated(
    path: &'static str,
    page: fn() -> AnyView,
) -> impl Fn() -> AnyView + Clone + Send + 'static {
    move || {
        let me = me();
        let missing = needs(path).without(me.permissions);
        if missing.is_empty() { page() } else { refused(&missing.names()) }
    }
}

/// What one is, in a sentence.
fn standing() -> String {
    let me = me();
    match (&me.role, me.via) {
        (Some(role), Via::Anonymous) => format!("Whoever has not signed in is {role}."),
        (None, Via::Anonymous) => "You have not signed in.".to_owned(),
        (Some(role), _) => format!("You are {}, and your role is {role}.", me.username),
        (None, _) => format!("You are {}.", me.username),
    }
}

fn refused(missing: &str) -> AnyView {
    PageStatus::answer(403);
    view! {
        <Title text="Not permitted · Bellwether" />
        <section class="card">
            <div class="empty" role="alert">
                <p class="empty-title">"You may not see this page"</p>
                <p>"It needs " <code>{missing.to_owned()}</code> ". " {standing()}</p>
                {elsewhere()}
            </div>
        </section>
    }
    .into_any()
}

/// Links to what else one may see.
pub fn elsewhere() -> AnyView {
    let link = |path: &'static str, name: &'static str| {
        view! { <a class="button" href=path>{name}</a> }.into_any()
    };
    let here = use_location().pathname.get_untracked();
    let pages = seen(&PAGES).into_iter().filter(|page| page.path != here);
    let mut links: Vec<AnyView> = pages.map(|page| link(page.path, page.name)).collect();
    if is_known() && ACCOUNT.path != here {
        links.push(link(ACCOUNT.path, "Your account"));
    }
    view! { <p class="row wrap">{links}{sign_in("/")}</p> }.into_any()
}

/// The link to where one signs in, and comes back from to `next`; none for those who have.
pub fn sign_in(next: &str) -> Option<AnyView> {
    let href = match next {
        "/" => "/login".to_owned(),
        next => format!("/login?next={}", encoded(next)),
    };
    // Not a page of the router's.
    let link = || view! { <a class="button primary" href=href rel="external">"Sign in"</a> };
    (!is_known()).then(|| link().into_any())
}
