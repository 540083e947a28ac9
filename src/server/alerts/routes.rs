//! Where alerts are found over HTTP.

use super::answers;
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
    Routes::default().get("/api/v1/alerts", VIEW, answers::list).get(
        "/api/v1/alerts/{id}",
        VIEW,
        answers::one,
    )
}

/// Routes that change something.
pub fn writes() -> Routes {
    Routes::default()
        .post("/api/v1/alerts/acknowledge", ACKNOWLEDGE, answers::acknowledge_several)
        .post("/api/v1/alerts/silence", ACKNOWLEDGE, answers::silence_several)
        .post("/api/v1/alerts/{id}/acknowledge", ACKNOWLEDGE, answers::acknowledge)
        .post("/api/v1/alerts/{id}/silence", ACKNOWLEDGE, answers::silence)
}
