//! A rule's page: its fields, and a test of it on the past.

use super::back_test::result;
use super::rule_draft::draft;
use super::rule_form::{at_fields, fields, spec};
use super::words::tabs;
use crate::domain::alerts::api::{alert_rule, save_alert_rule, test_alert_rule};
use crate::domain::alerts::rule::AlertRule;
use crate::domain::alerts::{BackTest, BackTestRequest, RuleItem};
use crate::ui::address::use_name;
use crate::ui::widgets::{
    Answers, Field, Form, Kind, Other, Sending, dynamic, form_with, loaded, reading,
};
use crate::wire::ApiError;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use std::sync::Arc;

const LIST: &str = "/alerts/rules";

/// The page at `/alerts/rules/new`. The address may say which metric the rule is about.
#[component]
pub fn NewRule() -> impl IntoView {
    let draft = use_location().search.with_untracked(|search| draft(search));
    view! {
        <Title text="New alert rule · Bellwether" />
        {tabs()}
        {editor(None, draft.as_ref())}
    }
}

/// The page at `/alerts/rules/:rule`.
#[component]
pub fn RulePage() -> impl IntoView {
    let name = use_name("/alerts/rules/");
    move || {
        let id = name.get();
        let title = format!("{id} · Bellwether");
        let rule = reading(move || alert_rule(id.clone()));
        view! {
            <Title text=title />
            {tabs()}
            {loaded(rule, |item| editor(Some(item), None))}
        }
    }
}

fn editor(item: Option<RuleItem>, draft: Option<&AlertRule>) -> AnyView {
    let tested = RwSignal::new(None::<Arc<BackTest>>);
    let navigate = use_navigate();
    let leave = Callback::new(move |()| navigate(LIST, NavigateOptions::default()));
    let id = item.as_ref().map(|item| item.rule.id.clone());
    let of_save = id.clone();
    let send = move |answers: &Answers| -> Sending {
        let (id, spec) = (of_save.clone(), spec(answers, of_save.clone()));
        Box::pin(async move { save_alert_rule(id, spec?).await.map_err(at_fields) })
    };
    let test = move |answers: &Answers| -> Sending {
        let spec = spec(answers, id.clone());
        let days = answers.number("days");
        Box::pin(async move {
            let days = days.ok_or_else(|| ApiError::invalid("/days", "must be a number"))?;
            let request = BackTestRequest { rule: spec?, days };
            let found = test_alert_rule(request).await.map_err(at_fields)?;
            tested.try_set(Some(Arc::new(found)));
            Ok(())
        })
    };
    let asked = Form {
        title: String::new(),
        text: match &item {
            Some(item) if item.built_in => {
                "This rule is there from the start: it can be changed, not removed.".to_owned()
            }
            _ => String::new(),
        },
        fields: fields(item.as_ref().map(|item| &item.rule).or(draft)),
        verb: "Save",
        danger: false,
        send: Box::new(send),
    };
    let other = Other {
        verb: "Test",
        field: Some(
            Field::new("days", "On the last so many days", Kind::Number).filled(7).optional(),
        ),
        send: Box::new(test),
    };
    let shown = move || tested.get().map(|found| result(&found));
    view! {
        <div class="grid top">
            <section class="card c4 rule-form" aria-label="Rule">
                {form_with(Arc::new(asked), leave, Some(leave), Some(other))}
            </section>
            <section class="card c8 tested" aria-label="Test on the past" aria-live="polite">
                <h2>"What it would have done"</h2>
                {dynamic(move || shown().or_else(|| Some(untested())))}
            </section>
        </div>
    }
    .into_any()
}

fn untested() -> AnyView {
    view! {
        <p class="calm">"A test takes the rule through the past as it was kept, and shows when it would have fired, before anybody is told of anything."</p>
    }
    .into_any()
}
