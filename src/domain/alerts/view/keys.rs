//! Keys that work on a list of alerts.

use crate::ui::shell::{Overlay, step, typing};
use leptos::ev;
use leptos::prelude::*;
use std::sync::Arc;

/// Listens for as long as the calling component lives. `act` is told the key and the alert whose
/// row has the focus, and says whether that meant anything. Does nothing on the server.
pub fn listen(act: impl Fn(&str, Option<Arc<str>>) -> bool + Send + Sync + 'static) {
    let overlay = use_context::<RwSignal<Overlay>>().unwrap_or_default();
    let act = Arc::new(act);
    Effect::new(move |_| {
        let act = act.clone();
        let handle = window_event_listener(ev::keydown, move |event| {
            let modified = event.ctrl_key() || event.meta_key() || event.alt_key();
            // What follows a `g` was taken already.
            if event.default_prevented()
                || modified
                || typing(&event)
                || overlay.get_untracked() != Overlay::None
            {
                return;
            }
            let focused = document().active_element();
            let row = focused.and_then(|element| element.closest("[data-alert]").ok()?);
            let id = row.as_ref().and_then(|row| row.get_attribute("data-alert"));
            let meant = match event.key().as_str() {
                "ArrowDown" => row.is_some() && step(1),
                "ArrowUp" => row.is_some() && step(-1),
                key => act(key, id.map(Arc::from)),
            };
            if meant {
                event.prevent_default();
            }
        });
        on_cleanup(move || handle.remove());
    });
}
