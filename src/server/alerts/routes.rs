//! Where alerts are found over HTTP.

use super::channels;
use crate::domain::{Permission, Permissions};
use crate::server::needs::{Needs, Routes};

/// Seeing alerts.
pub const VIEW: Needs = Needs::All(Permissions::of(&[Permission::ViewAlerts]));
/// Saying that one looks after them.
pub const ACKNOWLEDGE: Needs = Needs::All(Permissions::of(&[Permission::AcknowledgeAlerts]));
/// Setting rules and channels.
pub const MANAGE: Needs = Needs::All(Permissions::of(&[Permission::ManageRules]));

/// Routes that answer with what is shown.
pub fn reads() -> Routes {
    Routes::default().merge(channels::reads())
}

/// Routes that change something.
pub fn writes() -> Routes {
    Routes::default().merge(channels::writes())
}
