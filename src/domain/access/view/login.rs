//! Where people sign in. Rendered by the server alone: nothing of the board is loaded before that.

use crate::wire::encoded;
use leptos::prelude::*;

/// What the form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in.
    SignIn,
    /// To make the first admin of a board that is open.
    First,
}

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginPage {
    /// What the form is for.
    pub purpose: Purpose,
    /// The name that was typed before.
    pub username: String,
    /// Where to go on.
    pub next: String,
    /// What was wrong with what was sent.
    pub problem: Option<String>,
    /// What the other way to sign in is called, if there is one.
    pub provider: Option<String>,
}

/// The form.
#[component]
pub fn Login(page: LoginPage) -> impl IntoView {
    let first = page.purpose == Purpose::First;
    let elsewhere = format!("/login/oidc?next={}", encoded(&page.next));
    let action = if first { "/login/first" } else { "/login" };
    view! {
        <main class="login">
            <h1>"Bellwether"</h1>
            {page.problem.map(|problem| view! { <p role="alert">{problem}</p> })}
            <form method="post" action=action>
                <input type="hidden" name="next" value=page.next />
                <label>
                    "User name" <input name="username" autocomplete="username" required value=page.username />
                </label>
                <label>
                    "Password"
                    <input
                        name="password"
                        type="password"
                        required
                        autocomplete=if first { "new-password" } else { "current-password" }
                    />
                </label>
                {first
                    .then(|| {
                        view! {
                            <label>
                                "Password again"
                                <input name="again" type="password" required autocomplete="new-password" />
                            </label>
                        }
                    })}
                <button type="submit">{if first { "Create the first admin" } else { "Sign in" }}</button>
            </form>
            {page
                .provider
                .map(|name| view! { <a href=elsewhere>{format!("Sign in with {name}")}</a> })}
        </main>
    }
}
