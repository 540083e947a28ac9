//! Reading matchers at the edge.

use super::{MIN_SEVERITY, Matcher};
use crate::domain::health::Severity;
use crate::domain::{DataError, check};

/// Most labels of a matcher, and most values of one.
const MAX: usize = 32;

impl Matcher {
    /// Checks it; `field` is where it stands.
    ///
    /// # Errors
    /// What cannot be, at its member.
    pub fn check(&self, field: &str) -> Result<(), DataError> {
        let too_many = |field: &str| {
            Err(DataError::at(format!("/{field}"), format!("must hold at most {MAX} entries")))
        };
        if self.0.len() > MAX {
            return too_many(field);
        }
        for (label, wanted) in &self.0 {
            let field = format!("{field}/{}", check::escape(label));
            check::name(&field, label)?;
            if wanted.list().len() > MAX {
                return too_many(&field);
            }
            if wanted.list().is_empty() {
                return Err(DataError::at(format!("/{field}"), "must name at least one value"));
            }
            for value in wanted.list() {
                check::text(&field, value, check::MAX_NAME)?;
                let pattern = **label == *"severity" && value.contains('*');
                let severity = matches!(&**label, "severity" | MIN_SEVERITY);
                if severity && !pattern && Severity::named(value).is_none() {
                    let detail = "must be info, warning or critical";
                    return Err(DataError::at(format!("/{field}"), detail));
                }
            }
        }
        Ok(())
    }
}
