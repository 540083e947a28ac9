//! What happens to settings. Only the server itself appends these.

use super::Settings;
use crate::domain::vocabulary::events;
use crate::domain::{DataError, Validate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

events! {
    /// An event of the settings.
    Event {
        "settings.changed" => Changed(Changed),
    }
}

/// Somebody has set settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// The new values, by full name.
    pub changes: BTreeMap<Arc<str>, f64>,
    /// Who.
    pub actor: Arc<str>,
}

impl Validate for Changed {
    fn validate(&self) -> Result<(), DataError> {
        let unknown = self.changes.keys().find(|key| Settings::named(key).is_none());
        unknown.map_or(Ok(()), |key| Err(DataError::at("/changes", format!("no setting {key}"))))
    }
}

impl Settings {
    /// Takes in a change.
    pub fn fold(&mut self, event: &Event) {
        let Event::Changed(changed) = event;
        for (key, value) in &changed.changes {
            self.set(key, *value);
        }
    }
}
