//! Forms: what is filled in, where it is sent, and questions in a dialog.

use super::dynamic;
use super::field::{Field, Trouble, is_at, labelled, wrong};
use crate::domain::access::{Permission, Permissions};
use crate::ui::me::{is_known, leave_if_signed_out};
use crate::ui::shell::{Dialog, Overlay};
use crate::wire::ApiError;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use wasm_bindgen::JsCast;
use web_sys::{FormData, HtmlElement, HtmlFormElement};

/// What was filled in.
pub struct Answers(Option<FormData>);

impl Answers {
    /// What a form holds now.
    pub fn of(form: &HtmlFormElement) -> Self {
        Self(FormData::new_with_form(form).ok())
    }

    /// What a field holds, without spaces around it.
    pub fn get(&self, name: &str) -> String {
        self.exact(name).trim().to_owned()
    }

    /// What a field holds, as it is.
    pub fn exact(&self, name: &str) -> String {
        let value = self.0.as_ref().map(|data| data.get(name));
        value.and_then(|value| value.as_string()).unwrap_or_default()
    }

    /// What a field holds, if anything.
    pub fn some(&self, name: &str) -> Option<String> {
        Some(self.get(name)).filter(|text| !text.is_empty())
    }

    /// A number, if there is one.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.get(name).parse().ok()
    }

    /// What is ticked of several.
    pub fn ticked(&self, name: &str) -> Vec<String> {
        let Some(data) = &self.0 else { return Vec::new() };
        let ticked = data.get_all(name);
        (0..ticked.length()).filter_map(|i| ticked.get(i).as_string()).collect()
    }

    /// The permissions that are ticked.
    pub fn permissions(&self) -> Permissions {
        let ticked = self.ticked("permissions").into_iter();
        ticked.filter_map(|name| name.parse::<Permission>().ok()).collect()
    }
}

/// What comes of sending a form.
pub type Sending = Pin<Box<dyn Future<Output = Result<(), ApiError>>>>;

/// A form.
pub struct Form {
    /// What it is for.
    pub title: String,
    /// What is to be known before it is sent.
    pub text: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// What its button says.
    pub verb: &'static str,
    /// Whether it takes something away for good.
    pub danger: bool,
    /// Sends it.
    pub send: Box<dyn Fn(&Answers) -> Sending + Send + Sync>,
}

/// Something else that a form can be sent to.
pub struct Other {
    /// What its button says.
    pub verb: &'static str,
    /// A field that stands beside the button, if any.
    pub field: Option<Field>,
    /// Sends the form there.
    pub send: Box<dyn Fn(&Answers) -> Sending + Send + Sync>,
}

/// A form as people see it. `done` is told once it was sent; `back` leaves it.
pub fn form(form: Arc<Form>, done: Callback<()>, back: Option<Callback<()>>) -> AnyView {
    whole(form, done, back, None, "field")
}

/// As [`form`], with something else that it can be sent to.
pub fn form_with(
    form: Arc<Form>,
    done: Callback<()>,
    back: Option<Callback<()>>,
    other: Option<Other>,
) -> AnyView {
    whole(form, done, back, other, "field")
}

fn whole(
    form: Arc<Form>,
    done: Callback<()>,
    back: Option<Callback<()>>,
    other: Option<Other>,
    of: &'static str,
) -> AnyView {
    let (busy, trouble, known) = (RwSignal::new(false), Trouble::new(None), is_known());
    let names: Vec<&'static str> = form.fields.iter().map(|field| field.name).collect();
    let fields: Vec<AnyView> =
        form.fields.iter().cloned().map(|field| labelled(field, trouble, of)).collect();
    let (title, about) = (form.title.clone(), form.text.clone());
    let (verb, class) = (form.verb, if form.danger { "button danger" } else { "button primary" });
    let run = move |element: HtmlFormElement, sent: Sending, saved: bool| {
        busy.set(true);
        trouble.set(None);
        spawn_local(async move {
            match sent.await {
                Ok(()) if saved => {
                    element.reset();
                    done.try_run(());
                }
                Ok(()) => {}
                Err(error) => {
                    leave_if_signed_out(&error, known);
                    let at = error.errors.first().map(|field| field.pointer.clone());
                    trouble.try_set(Some(error));
                    focus(&element, at.as_deref());
                }
            }
            busy.try_set(false);
        });
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let element = event_target::<HtmlFormElement>(&event);
        let sent = (form.send)(&Answers::of(&element));
        run(element, sent, true);
    };
    let other = other.map(|Other { verb, field, send }| {
        let click = move |event: leptos::ev::MouseEvent| {
            let button = event_target::<HtmlElement>(&event);
            let form = button.closest("form").ok().flatten();
            if let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
                let sent = send(&Answers::of(&form));
                run(form, sent, false);
            }
        };
        view! {
            <div class="row other">
                {field.map(|field| labelled(field, trouble, of))}
                <button type="button" class="button" on:click=click disabled=busy>{verb}</button>
            </div>
        }
        .into_any()
    });
    let back = back.map(|back| {
        view! { <button type="button" class="button" on:click=move |_| back.run(())>"Not now"</button> }
    });
    let rest = move || trouble.with(|error| Some(remaining(error.as_ref()?, &names)));
    view! {
        <form class="question form" on:submit=submit>
            {(!title.is_empty()).then(|| view! { <h2>{title}</h2> })}
            {(!about.is_empty()).then(|| view! { <p class="muted">{about}</p> })}
            <div role="alert">{dynamic(move || rest().flatten().map(wrong))}</div>
            {fields}
            {other}
            <div class="row answers">
                <button type="submit" class=class disabled=busy>{verb}</button>
                {back}
            </div>
        </form>
    }
    .into_any()
}

/// What is wrong with none of the fields.
fn remaining(error: &ApiError, names: &[&'static str]) -> Option<String> {
    let ours = |pointer: &str| names.iter().any(|name| is_at(pointer, name));
    if error.errors.is_empty() {
        return Some(error.to_string());
    }
    let rest = error.errors.iter().filter(|field| !ours(&field.pointer));
    let said: Vec<String> =
        rest.map(|field| format!("{} {}", field.pointer.trim_matches('/'), field.detail)).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

fn focus(form: &HtmlFormElement, pointer: Option<&str>) {
    let name = pointer.and_then(|pointer| pointer.strip_prefix('/'));
    let found = name.and_then(|name| form.query_selector(&format!("[name={name:?}]")).ok()?);
    if let Some(field) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        // A field that takes no focus is named beside itself all the same.
        let _ = field.focus();
    }
}

/// How many have asked so far; no two are the same.
static ASKING: AtomicU32 = AtomicU32::new(0);

/// Asks with a form, in a dialog.
#[derive(Clone, Copy)]
pub struct Ask {
    /// Itself among the overlays: a page may have several that ask.
    mine: Overlay,
    overlay: RwSignal<Overlay>,
    asked: RwSignal<Option<Arc<Form>>>,
    done: Callback<()>,
}

impl Ask {
    /// `done` is told whenever a form was sent.
    pub fn new(done: Callback<()>) -> Self {
        let mine = Overlay::Form(ASKING.fetch_add(1, Ordering::Relaxed));
        let overlay = use_context().unwrap_or_default();
        Self { mine, overlay, asked: RwSignal::new(None), done }
    }

    /// Asks with this form.
    pub fn with(self, form: Form) {
        self.asked.set(Some(Arc::new(form)));
        self.overlay.set(self.mine);
    }

    fn close(self) {
        self.overlay.try_set(Overlay::None);
    }

    /// The dialog, closed until something is asked.
    pub fn view(self, label: &'static str) -> AnyView {
        let done = Callback::new(move |()| {
            self.close();
            self.done.try_run(());
        });
        let back = Callback::new(move |()| self.close());
        // A form that was left is not there any more, with what was typed in it.
        let open = Memo::new(move |_| self.overlay.get() == self.mine);
        let shown = move || self.asked.get().filter(|_| open.get());
        view! {
            <Dialog opens=self.mine label=label>
                {dynamic(move || shown().map(|asked| whole(asked, done, Some(back), None, "asked")))}
            </Dialog>
        }
        .into_any()
    }
}
