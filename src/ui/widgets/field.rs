//! Fields of forms: what they are filled with, and what is wrong beside each.

use super::dynamic;
use crate::domain::access::Permission;
use crate::wire::ApiError;
use leptos::prelude::*;

/// What was wrong when a form was sent.
pub(super) type Trouble = RwSignal<Option<ApiError>>;

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

/// Something that is wrong, said.
pub(super) fn wrong(said: String) -> AnyView {
    view! { <p class="wrong">{said}</p> }.into_any()
}

/// Whether a pointer leads to the field of this name, or into it.
pub(super) fn is_at(pointer: &str, name: &str) -> bool {
    let rest = pointer.strip_prefix('/').and_then(|rest| rest.strip_prefix(name));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A field with its label, and beside it what is wrong with it. `of` is what the form is called in
/// ids: a page may have two of the same field.
pub(super) fn labelled(field: Field, trouble: Trouble, of: &str) -> AnyView {
    let Field { name, label, hint, kind, value, required, group } = field;
    let class = format!("field {group}");
    let said = move || {
        trouble.with(|error| {
            let mut errors = error.as_ref()?.errors.iter();
            let here = errors.find(|field| is_at(&field.pointer, name))?;
            Some(here.detail.clone())
        })
    };
    let (id, about) = (format!("{of}-{name}"), format!("about-{of}-{name}"));
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
