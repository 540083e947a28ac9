//! Where people sign in. Rendered by the server alone: nothing of the board is loaded before that,
//! and it needs no script.

use crate::ui::widgets::{Icon, IconName};
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
    let LoginPage { purpose, username, next, problem, provider } = page;
    let first = purpose == Purpose::First;
    let (action, title, verb, complete) = match purpose {
        Purpose::SignIn => ("/login", "Sign in", "Sign in", "current-password"),
        Purpose::First => {
            ("/login/first", "The first admin", "Create the first admin", "new-password")
        }
    };
    let about = match (first, next.as_str()) {
        (true, _) => {
            "This board has no users yet: anyone on this machine is let in. From the first admin on, \
             everyone must sign in."
                .to_owned()
        }
        (false, "/") => "To see the board, say who you are.".to_owned(),
        (false, next) => {
            let path = next.split('?').next().unwrap_or_default();
            format!("To see {}, say who you are.", crate::wire::decoded(path))
        }
    };
    // The name is right more often than the password.
    let (to_name, to_password) = (username.is_empty(), !username.is_empty());
    let wrong = problem.is_some().then_some("problem");
    let elsewhere = provider.map(|name| {
        let href = match next.as_str() {
            "/" => "/login/oidc".to_owned(),
            next => format!("/login/oidc?next={}", crate::wire::encoded(next)),
        };
        view! {
            <p class="or"><span>"or"</span></p>
            <a class="button" href=href>{format!("Sign in with {name}")}</a>
        }
    });
    view! {
        <main class="login">
            <p class="brand"><Icon name=IconName::Brand /><span>"Bellwether"</span></p>
            <section class="card" aria-labelledby="title">
                <h1 id="title">{title}</h1>
                <p class="muted">{about}</p>
                {problem
                    .map(|problem| {
                        view! {
                            <p class="problem" id="problem" role="alert">
                                <Icon name=IconName::Warning />
                                <span>{sentence(&problem)}</span>
                            </p>
                        }
                    })}
                <form method="post" action=action>
                    <input type="hidden" name="next" value=next />
                    <div class="field">
                        <label for="username">"User name"</label>
                        <input
                            id="username"
                            name="username"
                            autocomplete="username"
                            autocapitalize="none"
                            spellcheck="false"
                            required
                            value=username
                            autofocus=to_name
                            aria-describedby=wrong
                        />
                    </div>
                    <div class="field">
                        <label for="password">"Password"</label>
                        <input
                            id="password"
                            name="password"
                            type="password"
                            required
                            autocomplete=complete
                            autofocus=to_password
                            aria-describedby=wrong.or(first.then_some("hint"))
                        />
                        {first.then(|| view! { <small id="hint">"At least 8 characters."</small> })}
                    </div>
                    {first
                        .then(|| {
                            view! {
                                <div class="field">
                                    <label for="again">"Password again"</label>
                                    <input id="again" name="again" type="password" required autocomplete=complete />
                                </div>
                            }
                        })}
                    <button type="submit" class="button primary">{verb}</button>
                </form>
                {elsewhere}
            </section>
            <p class="hint">{if first { "Or look around first: " } else { "The operations board that never lies." }}
                {first.then(|| view! { <a href="/">"to the board"</a> })}
            </p>
        </main>
    }
}

/// What is wrong, as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(sentence(text), expect);
    }

    #[test]
    fn problems_are_sentences() {
        check("the two passwords are not the same", "The two passwords are not the same.");
        check("Done.", "Done.");
    }
}
