//! Where the browser half begins.

use super::app::App;
use super::live::{Live, run};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::wasm_bindgen;

/// Takes over the page that the server rendered. Called by `boot.js`.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(|| {
        let live = Live::default();
        provide_context(live);
        // After the page is taken over, so that what arrives finds its place.
        Effect::new(move |_| spawn_local(run(live)));
        view! { <App /> }
    });
}
