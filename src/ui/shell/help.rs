//! The list of keys.

use super::keys::KEYS;
use super::{Overlay, palette::Dialog};
use leptos::prelude::*;

/// The list of keys, when it is asked for.
#[component]
pub fn Help() -> impl IntoView {
    view! {
        <Dialog opens=Overlay::Help label="Keys">
            <h2>"Keys"</h2>
            <dl class="keys">
                {KEYS
                    .iter()
                    .map(|(keys, what)| {
                        view! {
                            <dt>
                                {keys.split(' ').map(|key| view! { <kbd>{key}</kbd> }).collect_view()}
                            </dt>
                            <dd>{*what}</dd>
                        }
                    })
                    .collect_view()}
            </dl>
        </Dialog>
    }
}
