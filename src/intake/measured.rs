//! What is shared by the formats that carry measurements.

use super::Incoming;
use crate::domain::alerts::state::Sources;
use crate::domain::metrics::{Event as MetricEvent, Observed};
use crate::domain::vocabulary::check;
use crate::domain::{DataError, Event, Validate};
use crate::wire::{ApiError, ErrorKind, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What tells a series from others of its name.
pub type Labels = BTreeMap<Arc<str>, Arc<str>>;

/// Most values of one request, or of one scrape.
pub const MAX_VALUES: usize = 100_000;

/// 413: there are more than [`MAX_VALUES`].
pub(super) fn too_many() -> ApiError {
    let detail = format!("more than {MAX_VALUES} values in one request; send fewer at a time");
    ApiError::new(ErrorKind::TooLarge, detail)
}

/// Who says it, as that is named elsewhere: the board itself goes by one of the names, and is not
/// to be mixed up with what somebody says of it. `None` if it cannot be a name.
pub fn source(name: &str, by: &str) -> Option<Arc<str>> {
    let name = name.trim();
    check::name("source", name).ok()?;
    if name == Sources::OWN { Some(format!("{name} ({by})").into()) } else { Some(name.into()) }
}

/// What a value counts, if it counts anything that has a name.
pub(super) fn unit(unit: &str) -> Option<Arc<str>> {
    let unit = unit.trim();
    (unit != "1" && check::name("unit", unit).is_ok()).then(|| unit.into())
}

/// A value with its time in nanoseconds since the epoch, 0 for none. The same value of the same
/// series at the same time has the same id, so that what is sent twice counts once.
///
/// # Errors
/// The value, the name or a label cannot be.
pub fn observed(
    source: &Arc<str>,
    observed: Observed,
    nanos: i128,
    by: &str,
) -> Result<Incoming, DataError> {
    observed.validate()?;
    let time = time(nanos)?;
    let id_given = time.is_some();
    let id = if id_given { id(&observed, nanos, by) } else { fresh() };
    let event = Event::Metrics(MetricEvent::Observed(observed));
    Ok(Incoming { time, source: source.clone(), id, id_given, subject: None, event })
}

/// A time in nanoseconds since the epoch; none if it is 0.
pub(super) fn time(nanos: i128) -> Result<Option<Timestamp>, DataError> {
    if nanos == 0 {
        return Ok(None);
    }
    let ms = i64::try_from(nanos.div_euclid(1_000_000)).ok();
    let within = Timestamp::FIRST.ms()..=Timestamp::LAST.ms();
    match ms.filter(|ms| within.contains(ms)) {
        Some(ms) => Ok(Some(Timestamp::from_ms(ms))),
        None => Err(DataError::at("/time", "must be between the years 0 and 9999")),
    }
}

/// An id that nothing else has.
pub(super) fn fresh() -> Arc<str> {
    uuid::Uuid::now_v7().to_string().into()
}

fn id(observed: &Observed, nanos: i128, by: &str) -> Arc<str> {
    let mut hasher = blake3::Hasher::new();
    let mut text = |text: &str| {
        hasher.update(text.as_bytes()).update(&[0]);
    };
    text(&observed.name);
    for (name, value) in &observed.labels {
        text(name);
        text(value);
    }
    hasher.update(&nanos.to_le_bytes()).update(&observed.value.to_bits().to_le_bytes());
    hash(hasher, by)
}

/// An id from the first half of a hash.
pub(super) fn hash(hasher: blake3::Hasher, by: &str) -> Arc<str> {
    let hash = hasher.finalize().to_hex();
    format!("{by}-{}", hash.get(..32).unwrap_or_default()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_board_is_told_from_what_is_said_of_it() {
        assert_eq!(source("bellwether", "otlp").as_deref(), Some("bellwether (otlp)"));
        assert_eq!(source(" shop ", "otlp").as_deref(), Some("shop"));
        assert_eq!(source("", "otlp"), None);
        assert_eq!(source("a\nb", "otlp"), None);
    }

    #[test]
    fn the_same_value_twice_is_the_same_event() {
        let value = |value: f64, label: &str| Observed {
            name: "m".into(),
            value,
            unit: None,
            labels: Labels::from([("a".into(), label.into())]),
        };
        let made = |value: Observed, nanos| observed(&"s".into(), value, nanos, "otlp").unwrap();
        let first = made(value(1.0, "x"), 5_000_000);
        assert_eq!(first, made(value(1.0, "x"), 5_000_000));
        assert_eq!(first.time, Some(Timestamp::from_ms(5)));
        for other in [
            made(value(2.0, "x"), 5_000_000),
            made(value(1.0, "y"), 5_000_000),
            made(value(1.0, "x"), 5_000_001),
        ] {
            assert!(other.id_given && other.id != first.id, "{other:?}");
        }
        assert!(!made(value(1.0, "x"), 0).id_given);
        let refused = observed(&"s".into(), value(1.0, "x"), i128::MAX, "otlp").unwrap_err();
        assert_eq!(refused.pointer, "/time");
    }
}
