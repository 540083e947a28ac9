//! Matchers and labels as people write them: one a line, as `label=value`.

use crate::domain::alerts::rule::Labels;
use crate::domain::alerts::{AlertItem, MIN_SEVERITY, Matcher, Wanted};
use crate::ui::widgets::{Field, Kind, Verdict};
use crate::wire::ApiError;
use leptos::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Alerts named before "and so many more".
const SHOWN: usize = 5;

/// A label and its value.
type Pair = (Arc<str>, Arc<str>);

/// Each line's name and value.
///
/// # Errors
/// 422 at `pointer` for a line that is none.
fn pairs(text: &str, pointer: &str) -> Result<Vec<Pair>, ApiError> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let pair = |line: &str| match line.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().into(), value.trim().into()))
        }
        _ => Err(ApiError::invalid(pointer, format!("{line} must read label=value"))),
    };
    lines.map(pair).collect()
}

/// A matcher: a label that is named on several lines may be any of them.
///
/// # Errors
/// 422 at `/match`.
pub fn matcher(text: &str) -> Result<Matcher, ApiError> {
    let mut all: BTreeMap<Arc<str>, Vec<Arc<str>>> = BTreeMap::new();
    for (name, value) in pairs(text, "/match")? {
        all.entry(name).or_default().push(value);
    }
    let wanted = |mut values: Vec<Arc<str>>| match values.pop() {
        Some(one) if values.is_empty() => Wanted::One(one),
        last => Wanted::Any(values.into_iter().chain(last).collect()),
    };
    Ok(Matcher(all.into_iter().map(|(name, values)| (name, wanted(values))).collect()))
}

/// Labels.
///
/// # Errors
/// 422 at `pointer`.
pub fn labels(text: &str, pointer: &str) -> Result<Labels, ApiError> {
    Ok(pairs(text, pointer)?.into_iter().collect())
}

/// A matcher as it is written.
pub fn text_of(matcher: &Matcher) -> String {
    let lines = matcher.0.iter().flat_map(|(name, wanted)| {
        wanted.list().iter().map(move |value| format!("{name}={value}\n"))
    });
    lines.collect()
}

/// Labels as they are written.
pub fn text_of_labels(labels: &Labels) -> String {
    labels.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
}

/// A matcher in words.
pub fn said(matcher: &Matcher) -> String {
    let part = |(name, wanted): (&Arc<str>, &Wanted)| {
        let values = wanted.list().join(" or ");
        match &**name {
            MIN_SEVERITY => format!("{values} or worse"),
            name => format!("{name} {values}"),
        }
    };
    match matcher.is_empty() {
        true => "every alert".to_owned(),
        false => matcher.0.iter().map(part).collect::<Vec<_>>().join(", "),
    }
}

/// The field for a matcher.
pub fn field(matcher: &Matcher) -> Field {
    Field::new("match", "Which alerts", Kind::Lines)
        .filled(text_of(matcher))
        .hint("One label=value a line, all must fit; the same label again is another choice, and * is any text. Every alert has severity, rule, subject and source; min_severity is the least. Empty is every alert.")
        .optional()
}

/// What a matcher hits of these alerts, in words.
pub fn preview(matcher: &Matcher, items: &[AlertItem]) -> AnyView {
    let hit: Vec<&AlertItem> =
        items.iter().filter(|item| matcher.matches(item.severity, &item.labels)).collect();
    let line = |item: &&AlertItem| {
        let verdict = Verdict::from(item.severity);
        view! { <li><span class=format!("st {}", verdict.class)>{verdict.word}</span><span class="cut">{item.title.clone()}</span></li> }
            .into_any()
    };
    let lines: Vec<AnyView> = hit.iter().take(SHOWN).map(line).collect();
    let said = match hit.len() {
        0 => "No alert that is active now".to_owned(),
        1 => "1 alert that is active now".to_owned(),
        n => format!("{n} alerts that are active now"),
    };
    let rest = hit.len().saturating_sub(SHOWN);
    let rest = (rest > 0).then(|| view! { <li class="muted">{format!("and {rest} more")}</li> });
    view! { <p>{said}</p><ul class="lines">{lines}{rest}</ul> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, json: &str, in_words: &str) {
        let read = matcher(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        assert_eq!(matcher(&text_of(&read)).unwrap(), read, "as it is written");
        assert_eq!(said(&read), in_words);
    }

    #[test]
    fn matchers_are_written_line_by_line() {
        check("", "{}", "every alert");
        check(" team = pay* \n\n", r#"{"team":"pay*"}"#, "team pay*");
        check("a=1\na=2\nb=x=y", r#"{"a":["1","2"],"b":"x=y"}"#, "a 1 or 2, b x=y");
        check("min_severity=warning", r#"{"min_severity":"warning"}"#, "warning or worse");
    }

    #[test]
    fn what_is_no_pair_is_refused_at_its_field() {
        for text in ["team", "=x", "a=1\nb"] {
            assert_eq!(matcher(text).unwrap_err().errors[0].pointer, "/match", "{text}");
        }
    }
}
