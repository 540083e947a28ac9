//! How wide an element really is; known only in the browser.

use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// Observes until it is dropped.
struct Observer {
    observer: web_sys::ResizeObserver,
    _callback: Closure<dyn FnMut()>,
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Keeps `width` at the element's width in pixels. It changes only after hydration, so that the
/// browser's first rendering equals the server's.
pub fn follow(node: NodeRef<Div>, width: RwSignal<f64>) {
    Effect::new(move |_| {
        let Some(element) = node.get() else { return };
        let measured = element.clone();
        let callback = Closure::<dyn FnMut()>::new(move || {
            let now = f64::from(measured.client_width());
            if now > 0.0 && width.try_get_untracked().is_some_and(|before| before != now) {
                width.try_set(now);
            }
        });
        let made = web_sys::ResizeObserver::new(callback.as_ref().unchecked_ref());
        let Ok(observer) = made else { return };
        observer.observe(&element);
        // Lives as long as this run of the effect.
        StoredValue::new_local(Observer { observer, _callback: callback });
    });
}
