//! What a page reads before it can be shown.

use crate::ui::me::{is_known, leave_if_signed_out};
use crate::wire::Unread;
use crate::wire::{ApiError, ErrorKind};
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
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

/// Something that is being read, or has been: as the server rendered it, until it is asked for
/// again.
pub struct Reading<T> {
    json: Resource<Result<String, ApiError>>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Reading<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Reading<T> {}

impl<T: DeserializeOwned> Reading<T> {
    /// What was read, once it is.
    pub fn get(self) -> Option<Result<T, ApiError>> {
        let json = self.json.get()?;
        Some(json.and_then(|json| Unread::from_json(json).read()))
    }

    /// Reads it again.
    pub fn refetch(self) {
        self.json.refetch();
    }
}

/// An answer that is awaited, unread.
pub type Asking = Pin<Box<dyn Future<Output = Result<String, ApiError>> + Send>>;

/// Reads something, once for the server's page and the browser's.
pub fn reading<T: 'static, F>(ask: impl Fn() -> F + Send + Sync + 'static) -> Reading<T>
where
    F: Future<Output = Result<Unread<T>, ApiError>> + Send + 'static,
{
    let ask = move || -> Asking {
        let answer = ask();
        Box::pin(async move { answer.await.map(Unread::into_json) })
    };
    Reading { json: resource(Box::new(ask)), of: PhantomData }
}

fn resource(ask: Box<dyn Fn() -> Asking + Send + Sync>) -> Resource<Result<String, ApiError>> {
    Resource::new(|| (), move |()| ask())
}

/// Shows what is read, or why it cannot be.
pub fn loaded<T: DeserializeOwned + 'static>(
    from: Reading<T>,
    make: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    let json = from.json;
    show(json, Arc::new(move |text| Ok(make(Unread::from_json(text).read()?))))
}

type Make = Arc<dyn Fn(String) -> Result<AnyView, ApiError> + Send + Sync>;

fn show(json: Resource<Result<String, ApiError>>, make: Make) -> AnyView {
    view! {
        <Transition fallback=|| view! { <p class="loading" role="status">"Reading…"</p> }>
            {move || {
                let make = make.clone();
                Suspend::new(async move {
                    let made = json.await.and_then(|text| make(text));
                    made.unwrap_or_else(|error| {
                        problem(&error, Callback::new(move |()| json.refetch()))
                    })
                })
            }}
        </Transition>
    }
    .into_any()
}

/// An error as people read it.
pub fn problem(error: &ApiError, again: Callback<()>) -> AnyView {
    PageStatus::answer(error.status);
    let (known, said) = (is_known(), error.clone());
    Effect::new(move |_| leave_if_signed_out(&said, known));
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
