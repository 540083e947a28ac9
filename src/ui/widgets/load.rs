//! What a page reads before it can be shown.

use crate::wire::{ApiError, ErrorKind};
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

/// The HTTP status a page answers with. The server provides one while it renders; the browser,
/// which answers nobody, does not.
#[derive(Debug, Clone)]
pub struct PageStatus(Arc<AtomicU16>);

impl Default for PageStatus {
    fn default() -> Self {
        Self(Arc::new(AtomicU16::new(200)))
    }
}

impl PageStatus {
    /// Has the page that is being rendered answer with `status`.
    pub fn answer(status: u16) {
        if let Some(page) = use_context::<Self>() {
            page.0.store(status, Ordering::Relaxed);
        }
    }

    /// What the rendered page answers with.
    pub fn get(&self) -> u16 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Shows what `resource` brings, or why it brings nothing.
#[component]
pub fn Loaded<T, F, V>(
    /// What is read.
    resource: Resource<Result<T, ApiError>>,
    /// Makes the page of it.
    children: F,
) -> impl IntoView
where
    T: Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
    F: Fn(T) -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    view! {
        <Transition fallback=|| view! { <p class="loading" role="status">"Reading…"</p> }>
            {move || {
                let children = children.clone();
                Suspend::new(async move {
                    match resource.await {
                        Ok(read) => children(read).into_any(),
                        Err(error) => problem(&error, Callback::new(move |()| resource.refetch())),
                    }
                })
            }}
        </Transition>
    }
}

/// As [`Loaded`], with its parts boxed: what pages share is compiled once for each type that is read.
pub fn loaded<T>(
    resource: Resource<Result<T, ApiError>>,
    make: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> AnyView
where
    T: Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    let make: Arc<dyn Fn(T) -> AnyView + Send + Sync> = Arc::new(make);
    view! { <Loaded resource=resource children=move |read| make(read) /> }.into_any()
}

/// An error as people read it.
pub fn problem(error: &ApiError, again: Callback<()>) -> AnyView {
    PageStatus::answer(error.status);
    let missing = error.code == ErrorKind::NotFound;
    let title = error.title.clone();
    let detail = error.detail.clone();
    view! {
        <div class="empty" role="alert">
            <p class="empty-title">{title}</p>
            <p>{detail}</p>
            <p class="row">
                <a class="button" href="/">"Overview"</a>
                {(!missing)
                    .then(|| {
                        view! {
                            <button type="button" class="button" on:click=move |_| again.run(())>
                                "Try again"
                            </button>
                        }
                    })}
            </p>
        </div>
    }
    .into_any()
}
