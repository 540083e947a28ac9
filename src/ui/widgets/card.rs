//! A tile: a title, one figure with what belongs to it, and its age.

use super::AsOf;
use crate::ui::live::Live;
use crate::wire::Timestamp;
use leptos::prelude::*;

/// A tile of a page. It fades, and says so, when its figures may be old.
#[component]
pub fn Card(
    /// What it is about.
    #[prop(into)]
    title: Signal<String>,
    /// As of when its figures hold.
    #[prop(into)]
    as_of: Signal<Timestamp>,
    /// Why they are old though the line is up, if they are.
    #[prop(into, optional)]
    quiet: Signal<Option<String>>,
    /// Where to see more: address and words.
    #[prop(into, optional)]
    more: Option<(&'static str, Signal<String>)>,
    /// Classes, for its place in the grid.
    #[prop(optional)]
    class: &'static str,
    /// What it shows.
    children: Children,
) -> impl IntoView {
    let live = Live::expect();
    let stale = Memo::new(move |_| live.is_down() || quiet.with(Option::is_some));
    let id = heading_id(&title.get_untracked());
    view! {
        <section class=format!("card {class}") class:stale=stale aria-labelledby=id.clone()>
            <h2 id=id.clone()>
                {title}
                {more.map(|(href, words)| view! { <a class="more" href=href>{words}</a> })}
            </h2>
            {children()}
            <AsOf at=as_of quiet=quiet />
        </section>
    }
}

fn heading_id(title: &str) -> String {
    let letters =
        title.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    std::iter::once("card-").map(str::to_owned).chain(letters.map(String::from)).collect()
}
