//! Forms: fields by name, what is wrong beside each, and questions in a dialog.

use super::dynamic;
use crate::domain::access::{Permission, Permissions};
use crate::ui::me::{is_known, leave_if_signed_out};
use crate::ui::shell::{Dialog, Overlay};
use crate::wire::ApiError;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::{FormData, HtmlElement, HtmlFormElement};

/// What a field is filled with.
#[derive(Clone)]
pub enum Kind {
    /// Words.
    Text,
    /// An address for mail.
    Mail,
    /// A password; which one, as browsers know it (`autocomplete`).
    Password(&'static str),
    /// A number.
    Number,
    /// Several lines of words.
    Lines,
    /// A time, in UTC.
    Moment,
    /// Yes or no; the value is empty for no.
    Tick,
    /// One of these: values with their words.
    Choice(Vec<(String, String)>),
    /// Any of these: values with their words; the value is those that are ticked, with blanks
    /// between them.
    Several(Vec<(String, String)>),
    /// Any of the permissions; the value is the names of those that are ticked.
    Permissions,
}

/// A field.
#[derive(Clone)]
pub struct Field {
    /// Its name: the member of what is sent, to which errors point.
    pub name: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// What else is to be known.
    pub hint: &'static str,
    /// What it is filled with.
    pub kind: Kind,
    /// What it is filled with at first.
    pub value: String,
    /// Whether it must be filled.
    pub required: bool,
    /// Class that says when it is there, if not always.
    pub group: &'static str,
}

impl Field {
    /// A field that must be filled.
    pub fn new(name: &'static str, label: &'static str, kind: Kind) -> Self {
        Self { name, label, hint: "", kind, value: String::new(), required: true, group: "" }
    }

    /// The same with something more to be known.
    #[must_use]
    pub fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    /// The same, filled already.
    #[must_use]
    pub fn filled(self, value: impl ToString) -> Self {
        Self { value: value.to_string(), ..self }
    }

    /// The same, which is there only while a style says so.
    #[must_use]
    pub fn group(self, group: &'static str) -> Self {
        Self { group, ..self }
    }

    /// The same, which may be left empty.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { required: false, ..self }
    }
}

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

type Trouble = RwSignal<Option<ApiError>>;

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
    form_with(form, done, back, None)
}

/// As [`form`], with something else that it can be sent to.
pub fn form_with(
    form: Arc<Form>,
    done: Callback<()>,
    back: Option<Callback<()>>,
    other: Option<Other>,
) -> AnyView {
    let (busy, trouble, known) = (RwSignal::new(false), Trouble::new(None), is_known());
    let names: Vec<&'static str> = form.fields.iter().map(|field| field.name).collect();
    let fields: Vec<AnyView> =
        form.fields.iter().cloned().map(|field| labelled(field, trouble)).collect();
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
                {field.map(|field| labelled(field, trouble))}
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

fn wrong(said: String) -> AnyView {
    view! { <p class="wrong">{said}</p> }.into_any()
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

/// Whether a pointer leads to the field of this name, or into it.
fn is_at(pointer: &str, name: &str) -> bool {
    let rest = pointer.strip_prefix('/').and_then(|rest| rest.strip_prefix(name));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn focus(form: &HtmlFormElement, pointer: Option<&str>) {
    let name = pointer.and_then(|pointer| pointer.strip_prefix('/'));
    let found = name.and_then(|name| form.query_selector(&format!("[name={name:?}]")).ok()?);
    if let Some(field) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        // A field that takes no focus is named beside itself all the same.
        let _ = field.focus();
    }
}

fn labelled(field: Field, trouble: Trouble) -> AnyView {
    let Field { name, label, hint, kind, value, required, group } = field;
    let class = format!("field {group}");
    let said = move || {
        trouble.with(|error| {
            let mut errors = error.as_ref()?.errors.iter();
            let here = errors.find(|field| is_at(&field.pointer, name))?;
            Some(here.detail.clone())
        })
    };
    let (id, about) = (format!("field-{name}"), format!("about-{name}"));
    let rest = view! {
        <span id=about.clone()>
            {(!hint.is_empty()).then(|| view! { <small>{hint}</small> })}
            <span role="alert">{dynamic(move || said().map(wrong))}</span>
        </span>
    };
    let (typed, complete) = match kind {
        Kind::Text => ("text", "off"),
        Kind::Mail => ("email", "off"),
        Kind::Password(which) => ("password", which),
        Kind::Number => ("number", "off"),
        Kind::Moment => ("datetime-local", "off"),
        Kind::Lines => {
            return view! {
                <div class=class>
                    <label for=id.clone()>{label}</label>
                    <textarea name=name id=id rows="3" spellcheck="false" aria-describedby=about>{value}</textarea>
                    {rest}
                </div>
            }
            .into_any();
        }
        Kind::Tick => {
            return view! {
                <div class=class>
                    <label class="option">
                        <input type="checkbox" name=name value="yes" checked=!value.is_empty() aria-describedby=about />
                        <span>{label}</span>
                    </label>
                    {rest}
                </div>
            }
            .into_any();
        }
        Kind::Several(values) => {
            let ticked: Vec<&str> = value.split(' ').collect();
            let boxes = values.into_iter().map(|(of, words)| {
                let on = ticked.contains(&of.as_str());
                view! {
                    <label class="option"><input type="checkbox" name=name value=of checked=on /><span>{words}</span></label>
                }
                .into_any()
            });
            let boxes: Vec<AnyView> = boxes.collect();
            return view! {
                <fieldset class=class aria-describedby=about>
                    <legend>{label}</legend>
                    {rest}
                    <div class="row wrap">{boxes}</div>
                </fieldset>
            }
            .into_any();
        }
        Kind::Choice(values) => {
            let option = |(of, words): (String, String)| {
                let here = of == value;
                view! { <option value=of selected=here>{words}</option> }.into_any()
            };
            let options: Vec<AnyView> = values.into_iter().map(option).collect();
            return view! {
                <div class=class>
                    <label for=id.clone()>{label}</label>
                    <select name=name id=id aria-describedby=about>{options}</select>
                    {rest}
                </div>
            }
            .into_any();
        }
        Kind::Permissions => {
            let ticked: Vec<&str> = value.split(", ").collect();
            let ticked = |one: &Permission| ticked_box(*one, ticked.contains(&one.name()));
            let boxes: Vec<AnyView> = Permission::ALL.iter().map(ticked).collect();
            return view! {
                <fieldset class="field matrix" aria-describedby=about>
                    <legend>{label}</legend>
                    {rest}
                    <div class="boxes">{boxes}</div>
                </fieldset>
            }
            .into_any();
        }
    };
    view! {
        <div class=class>
            <label for=id.clone()>{label}</label>
            <input
                type=typed
                step="any"
                name=name
                id=id
                value=value
                required=required
                autocomplete=complete
                spellcheck="false"
                aria-describedby=about
            />
            {rest}
        </div>
    }
    .into_any()
}

fn ticked_box(one: Permission, on: bool) -> AnyView {
    view! {
        <label class="option">
            <input type="checkbox" name="permissions" value=one.name() checked=on />
            <span><b>{one.name()}</b><small>{one.does()}</small></span>
        </label>
    }
    .into_any()
}

/// Asks with a form, in a dialog.
#[derive(Clone, Copy)]
pub struct Ask {
    overlay: RwSignal<Overlay>,
    asked: RwSignal<Option<Arc<Form>>>,
    done: Callback<()>,
}

impl Ask {
    /// `done` is told whenever a form was sent.
    pub fn new(done: Callback<()>) -> Self {
        Self { overlay: use_context().unwrap_or_default(), asked: RwSignal::new(None), done }
    }

    /// Asks with this form.
    pub fn with(self, form: Form) {
        self.asked.set(Some(Arc::new(form)));
        self.overlay.set(Overlay::Question);
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
        let open = Memo::new(move |_| self.overlay.get() == Overlay::Question);
        let shown = move || self.asked.get().filter(|_| open.get());
        view! {
            <Dialog opens=Overlay::Question label=label>
                {dynamic(move || shown().map(|asked| form(asked, done, Some(back))))}
            </Dialog>
        }
        .into_any()
    }
}
