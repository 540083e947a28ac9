//! What may follow the question mark of metrics: labels are parameters of their own (`label.k=v`).

use super::reads::Asked;
use crate::domain::alerts::rule::Aggregation;
use crate::domain::check;
use crate::domain::metrics::LabelSet;
use crate::domain::range::RangeParams;
use crate::server::params::word;
use crate::wire::{ApiError, FieldError};
use std::collections::HashMap;
use std::sync::Arc;

/// What a parameter begins with that a series must have as a label.
const LABEL: &str = "label.";
/// Most labels a series can be asked to have, or series can be kept apart by.
const MAX_LABELS: usize = 32;

/// Parameters as they stand in an address; of one that comes twice, the last counts.
#[derive(Debug, Clone, Default)]
pub struct Params {
    /// Labels that a series must have.
    pub labels: LabelSet,
    given: HashMap<String, String>,
}

impl Params {
    /// Sorts pairs of names and values.
    pub fn of(pairs: Vec<(String, String)>) -> Self {
        let mut params = Self::default();
        for (name, value) in pairs {
            match name.strip_prefix(LABEL) {
                Some(label) => params.labels.insert(label.into(), value.into()).map(|_| ()),
                None => params.given.insert(name, value).map(|_| ()),
            };
        }
        params
    }

    /// A parameter.
    pub fn get(&self, name: &str) -> Option<String> {
        self.given.get(name).cloned()
    }

    /// The range that is asked for, in the words of the board.
    pub fn range(&self) -> RangeParams {
        RangeParams {
            window: self.get("window"),
            from: self.get("start_time"),
            to: self.get("end_time"),
            step: self.get("step"),
        }
    }

    /// Which series of a metric, and how.
    pub fn asked(self, name: String) -> Asked {
        let (aggregation, by) = (self.get("aggregation"), self.get("by"));
        Asked { name, labels: self.labels, aggregation, by }
    }

    /// The same choice as the part of an address, but for where the page begins.
    pub fn choice(&self) -> Vec<(String, String)> {
        let labels = self.labels.iter();
        let labels = labels.map(|(label, value)| (format!("{LABEL}{label}"), value.to_string()));
        let mut all: Vec<_> = self.given.clone().into_iter().chain(labels).collect();
        all.retain(|(name, _)| name != "after");
        all.sort();
        all
    }
}

/// How the values of a step become one; their mean if it is not said.
pub fn aggregation(text: &Option<String>, errors: &mut Vec<FieldError>) -> Aggregation {
    let named = |name: &str| Aggregation::ALL.into_iter().find(|how| how.name() == name);
    let all = Aggregation::ALL.into_iter().map(Aggregation::name);
    word("aggregation", text, named, all, errors).unwrap_or(Aggregation::Avg)
}

/// Labels whose series are kept apart: none keeps every series apart, an empty text merges all.
pub fn by(text: &Option<String>, errors: &mut Vec<FieldError>) -> Option<Vec<Arc<str>>> {
    let text = text.as_deref()?;
    let mut labels: Vec<Arc<str>> =
        text.split(',').map(str::trim).filter(|label| !label.is_empty()).map(Arc::from).collect();
    labels.sort();
    labels.dedup();
    if labels.len() > MAX_LABELS {
        errors.push(FieldError::new("/by", format!("must name at most {MAX_LABELS} labels")));
    }
    let wrong = labels.iter().find_map(|label| check::name("by", label).err());
    errors.extend(wrong.map(|wrong| FieldError::new(wrong.pointer, wrong.detail)));
    Some(labels)
}

/// An error about a range, in the words of these addresses.
pub fn renamed(mut error: ApiError) -> ApiError {
    let named = |text: &str| text.replace("`to`", "`end_time`");
    for field in &mut error.errors {
        field.pointer = match field.pointer.as_str() {
            "/from" => "/start_time".to_owned(),
            "/to" => "/end_time".to_owned(),
            other => other.to_owned(),
        };
        field.detail = named(&field.detail);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Params {
        Params::of(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// What is refused of a choice.
    #[track_caller]
    fn check(query: &str, expect: &[&str]) {
        let (params, mut errors) = (read(query), Vec::new());
        aggregation(&params.get("aggregation"), &mut errors);
        by(&params.get("by"), &mut errors);
        let got: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(got, expect, "{query}");
    }

    #[test]
    fn what_cannot_be_is_named() {
        check("", &[]);
        check("aggregation=p99&by=a,b&label.aggregation=x", &[]);
        check("aggregation=&by=", &[]);
        check("aggregation=median&by=%00", &["/aggregation", "/by"]);
    }

    #[test]
    fn labels_are_parameters_of_their_own() {
        let params = read("label.queue=a%26b&label.=x&step=1m&after=7&label.queue=c");
        let labels: Vec<_> = params.labels.iter().map(|(k, v)| (&**k, &**v)).collect();
        assert_eq!(labels, [("", "x"), ("queue", "c")]);
        let choice = params.choice();
        let names: Vec<_> = choice.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["label.", "label.queue", "step"]);
    }

    #[test]
    fn left_out_and_empty_are_not_the_same() {
        assert_eq!(by(&None, &mut Vec::new()), None);
        assert_eq!(by(&Some(String::new()), &mut Vec::new()), Some(Vec::new()));
        let both = by(&Some("b, a,b".into()), &mut Vec::new());
        assert_eq!(both, Some(vec!["a".into(), "b".into()]));
    }
}
