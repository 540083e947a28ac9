//! Attributes and bodies: values of any type.

use super::proto::{AnyValue, KeyValue, Resource};
use crate::intake::measured::{self, Labels};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Attributes of a resource that become labels of all that it sends.
const LABELS: [(&str, &str); 3] =
    [("service.name", "service"), ("service.instance.id", "instance"), ("host.name", "host")];

impl AnyValue {
    /// As JSON; what is no number in JSON is null.
    pub fn to_json(&self) -> Value {
        match self {
            Self { string_value: Some(text), .. } => Value::String(text.clone()),
            Self { bool_value: Some(truth), .. } => Value::Bool(*truth),
            Self { int_value: Some(number), .. } => Value::from(*number),
            Self { double_value: Some(number), .. } => Value::from(*number),
            Self { array_value: Some(array), .. } => {
                Value::Array(array.values.iter().map(Self::to_json).collect())
            }
            Self { kvlist_value: Some(list), .. } => Value::Object(object(&list.values)),
            Self { bytes_value: Some(bytes), .. } => Value::String(BASE64_STANDARD.encode(bytes)),
            _ => Value::Null,
        }
    }

    /// As the value of a label: text as it is, all else as JSON.
    pub fn to_label(&self) -> Arc<str> {
        match self {
            Self { string_value: Some(text), .. } => text.as_str().into(),
            _ => match self.to_json() {
                Value::Null => "".into(),
                Value::String(text) => text.into(),
                other => other.to_string().into(),
            },
        }
    }

    /// A whole number, also if it is written as text.
    pub fn to_integer(&self) -> Option<i64> {
        self.int_value.or_else(|| self.string_value.as_ref()?.trim().parse().ok())
    }
}

fn object(pairs: &[KeyValue]) -> Map<String, Value> {
    let json = |value: &Option<AnyValue>| value.as_ref().map_or(Value::Null, AnyValue::to_json);
    pairs.iter().map(|pair| (pair.key.clone(), json(&pair.value))).collect()
}

/// The value of an attribute.
pub fn find<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a AnyValue> {
    attributes.iter().find(|pair| pair.key == key)?.value.as_ref()
}

/// The text of an attribute, if it has one that is not empty.
pub fn find_text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    find(attributes, key)?.string_value.as_deref().filter(|text| !text.is_empty())
}

/// Attributes as labels.
pub fn labels(attributes: &[KeyValue]) -> impl Iterator<Item = (Arc<str>, Arc<str>)> {
    let label = |value: &AnyValue| value.to_label();
    attributes
        .iter()
        .filter_map(move |it| Some((it.key.as_str().into(), label(it.value.as_ref()?))))
}

/// Who sends, as far as that is told.
pub struct Origin {
    /// The name of the service, if it has one.
    pub service: Option<Arc<str>>,
    /// Whose events these are: the service's, or those of whoever sends them.
    pub source: Arc<str>,
    /// What tells its series from those of others.
    pub labels: Labels,
}

impl Origin {
    /// Of a resource that `sender` sends for.
    pub fn of(resource: Option<&Resource>, sender: &Arc<str>) -> Self {
        let attributes = resource.map_or(&[][..], |resource| &resource.attributes);
        let service = find_text(attributes, "service.name");
        let source = service.and_then(|name| measured::source(name, "otlp"));
        let labels = LABELS.into_iter().filter_map(|(attribute, label)| {
            let value = find(attributes, attribute)?.to_label();
            (!value.is_empty()).then(|| (label.into(), value))
        });
        Self {
            service: service.map(Into::into),
            source: source.unwrap_or_else(|| sender.clone()),
            labels: labels.collect(),
        }
    }
}
