//! A rule's fields, and the rule that they make.

use super::matching::{labels, text_of_labels};
use super::spans;
use crate::domain::alerts::rule::{
    Aggregation, AlertRule, On, OnAbsent, OnFinding, OnMetric, OnSpec, Op, RuleSpec, Thing,
};
use crate::domain::health::Severity;
use crate::ui::format;
use crate::ui::widgets::{Answers, Field, Kind};
use crate::wire::{ApiError, FieldError};
use std::sync::Arc;

fn choice(values: impl IntoIterator<Item = (&'static str, &'static str)>) -> Kind {
    let owned = |(value, words): (&str, &str)| (value.to_owned(), words.to_owned());
    Kind::Choice(values.into_iter().map(owned).collect())
}

fn same(names: impl IntoIterator<Item = &'static str>) -> Kind {
    choice(names.into_iter().map(|name| (name, name)))
}

/// A number to be edited; nothing where there is none yet.
fn number(v: f64) -> String {
    if v.is_finite() { format::trimmed(v, 6).replace(',', "") } else { String::new() }
}

/// The fields, filled with what a rule says.
pub fn fields(rule: Option<&AlertRule>) -> Vec<Field> {
    let text = |pick: fn(&AlertRule) -> Option<String>| rule.and_then(pick).unwrap_or_default();
    let severity = |any: &'static str| {
        choice([("", any)].into_iter().chain(Severity::ALL.map(|one| (one.name(), one.name()))))
    };
    let for_s = rule.map(|rule| rule.for_s).filter(|s| *s > 0.0).map(spans::written);
    let keep = rule.map(|rule| rule.keep_firing_for_s).filter(|s| *s > 0.0).map(spans::written);
    let first = [
        Field::new("name", "Name", Kind::Text)
            .filled(text(|rule| Some(rule.name.clone())))
            .hint("What its alerts are called where there is nothing better."),
        Field::new("kind", "Watches", choice(KINDS)).filled(kind_of(rule)),
    ];
    let last = [
        Field::new("severity", "Severity", severity("as the finding says, or a warning"))
            .filled(text(|rule| rule.severity.map(|one| one.name().to_owned())))
            .hint("How bad its alerts are."),
        Field::new("for_s", "Waits for", Kind::Text)
            .filled(for_s.unwrap_or_default())
            .hint("How long the condition must hold before it fires: 90s, 5m, 2h or 1d. At once if empty.")
            .optional(),
        Field::new("keep_firing_for_s", "Keeps firing for", Kind::Text)
            .filled(keep.unwrap_or_default())
            .hint("How long it goes on once the condition is gone, so that it does not come and go.")
            .optional(),
        Field::new("labels", "Labels", Kind::Lines)
            .filled(rule.map(|rule| text_of_labels(&rule.labels)).unwrap_or_default())
            .hint("One label=value a line, to choose channels and silences by.")
            .optional(),
        Field::new("owner", "Owner", Kind::Text)
            .filled(text(|rule| rule.owner.clone()))
            .hint("Who looks after what it watches.")
            .optional(),
        Field::new("runbook", "Runbook", Kind::Text)
            .filled(text(|rule| rule.runbook.clone()))
            .hint("Address of the page that says what to do.")
            .optional(),
        Field::new("enabled", "It is looked at", Kind::Tick)
            .filled(if rule.is_none_or(|rule| rule.enabled) { "yes" } else { "" })
            .optional(),
    ];
    let mut all: Vec<Field> = first.into();
    all.extend(of_finding(rule, severity("any")));
    all.extend(of_metric(rule));
    all.extend(of_absent(rule));
    all.extend(last);
    all
}

const KINDS: [(&str, &str); 3] = [
    ("finding", "findings, or alerts of other systems"),
    ("metric", "a metric"),
    ("absent", "that something has gone quiet"),
];

const fn kind_of(rule: Option<&AlertRule>) -> &'static str {
    match rule {
        Some(AlertRule { on: On::Metric(_), .. }) => "metric",
        Some(AlertRule { on: On::Absent(_), .. }) => "absent",
        _ => "finding",
    }
}

fn of_finding(rule: Option<&AlertRule>, severity: Kind) -> [Field; 2] {
    let on = match rule.map(|rule| &rule.on) {
        Some(On::Finding(on)) => Some(on.clone()),
        _ => None,
    };
    let least = on.as_ref().and_then(|on| on.severity).map(Severity::name).unwrap_or_default();
    [
        Field::new("on/finding/rule", "Finding", Kind::Text)
            .filled(on.map(|on| on.rule.to_string()).unwrap_or_default())
            .hint("The finding's rule, work.task.stuck say; * is any text. Alerts of other systems are alert.external.")
            .optional()
            .group("if-finding"),
        Field::new("on/finding/severity", "Of severity", severity)
            .filled(least)
            .hint("The least severity of the finding.")
            .group("if-finding"),
    ]
}

fn of_metric(rule: Option<&AlertRule>) -> Vec<Field> {
    let on = match rule.map(|rule| &rule.on) {
        Some(On::Metric(on)) => Some(on),
        _ => None,
    };
    let text = |pick: &dyn Fn(&OnMetric) -> String| on.map(pick).unwrap_or_default();
    let (ways, ops) = (Aggregation::ALL.map(Aggregation::name), Op::ALL.map(Op::name));
    let fields = [
        Field::new("on/metric", "Metric", Kind::Text)
            .filled(text(&|on| on.metric.to_string()))
            .hint("Its name, as metric.observed sends it."),
        Field::new("on/labels", "Of series with", Kind::Lines)
            .filled(text(&|on| text_of_labels(&on.labels)))
            .hint("One label=value a line; each series that has them is looked at by itself."),
        Field::new("on/aggregation", "Taken as", same(ways))
            .filled(text(&|on| on.aggregation.name().to_owned()))
            .hint("How the values of the window become one."),
        Field::new("on/window_s", "Over the last", Kind::Text)
            .filled(on.map_or_else(|| "5m".to_owned(), |on| spans::written(on.window_s)))
            .hint("Length of the window: 90s, 5m, 2h or 1d."),
        Field::new("on/op", "Is", same(ops)).filled(text(&|on| on.op.name().to_owned())),
        Field::new("on/threshold", "Threshold", Kind::Number)
            .filled(text(&|on| number(on.threshold)))
            .hint("In the metric's unit; a multiple, if it is compared with its past."),
        Field::new("on/past_s", "Compared with its past of", Kind::Text)
            .filled(text(&|on| on.past_s.map(spans::written).unwrap_or_default()))
            .hint("So long before, 1d or 7d say; with the threshold itself if empty."),
    ];
    fields.map(|field| field.optional().group("if-metric")).into()
}

fn of_absent(rule: Option<&AlertRule>) -> [Field; 3] {
    let on = match rule.map(|rule| &rule.on) {
        Some(On::Absent(on)) => Some(on),
        _ => None,
    };
    let fields = [
        Field::new("of", "What", same(Thing::ALL.map(Thing::name)))
            .filled(on.map_or("source", |on| on.of.name())),
        Field::new("on/absent/name", "Which", Kind::Text)
            .filled(on.map_or_else(|| "*".to_owned(), |on| on.name.to_string()))
            .hint("Its name; * is any text."),
        Field::new("on/absent/after_s", "After", Kind::Text)
            .filled(on.and_then(|on| on.after_s).map(spans::written).unwrap_or_default())
            .hint("How long it may be quiet; learned from how often it comes if empty."),
    ];
    fields.map(|field| field.optional().group("if-absent"))
}

/// The rule that the fields make.
///
/// # Errors
/// 422 at the field that cannot be read; what it may be the server says.
pub fn spec(answers: &Answers, id: Option<Arc<str>>) -> Result<RuleSpec, ApiError> {
    let span = |name: &str| spans::seconds(&answers.get(name), &format!("/{name}"));
    Ok(RuleSpec {
        id,
        name: answers.get("name"),
        severity: Severity::named(&answers.get("severity")),
        for_s: span("for_s")?.unwrap_or_default(),
        keep_firing_for_s: span("keep_firing_for_s")?.unwrap_or_default(),
        owner: answers.some("owner"),
        runbook: answers.some("runbook"),
        labels: labels(&answers.exact("labels"), "/labels")?,
        enabled: answers.some("enabled").is_some(),
        on: on(answers)?,
    })
}

fn on(answers: &Answers) -> Result<OnSpec, ApiError> {
    let text = |name: &str| -> Arc<str> { answers.get(name).into() };
    let span = |name: &str| spans::seconds(&answers.get(name), &format!("/{name}"));
    Ok(match answers.get("kind").as_str() {
        "metric" => {
            let (way, op) = (answers.get("on/aggregation"), answers.get("on/op"));
            OnSpec {
                metric: Some(text("on/metric")),
                labels: Some(labels(&answers.exact("on/labels"), "/on/labels")?),
                aggregation: Aggregation::ALL.into_iter().find(|one| one.name() == way),
                window_s: span("on/window_s")?,
                op: Op::ALL.into_iter().find(|one| one.name() == op),
                threshold: answers.number("on/threshold"),
                past_s: span("on/past_s")?,
                ..OnSpec::default()
            }
        }
        "absent" => {
            let of = answers.get("of");
            let of = Thing::ALL.into_iter().find(|one| one.name() == of).unwrap_or(Thing::Source);
            let (name, after_s) = (text("on/absent/name"), span("on/absent/after_s")?);
            OnSpec::from(On::Absent(OnAbsent { of, name, after_s }))
        }
        _ => {
            let severity = Severity::named(&answers.get("on/finding/severity"));
            let finding = OnFinding { rule: text("on/finding/rule"), severity };
            OnSpec { finding: Some(finding), ..OnSpec::default() }
        }
    })
}

/// An error of the server at the fields as they are called here.
pub fn at_fields(mut error: ApiError) -> ApiError {
    for FieldError { pointer, .. } in &mut error.errors {
        if let Some(rest) = pointer.strip_prefix("/rule/") {
            *pointer = format!("/{rest}");
        }
        let thing = pointer.strip_prefix("/on/absent/").unwrap_or_default();
        if Thing::ALL.iter().any(|of| of.name() == thing) {
            "/on/absent/name".clone_into(pointer);
        }
    }
    error
}
