//! Where alerts are found over HTTP.

use super::{answers, back_test, channels, feed, setup};
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
    Routes::default()
        .get("/api/v1/alerts", VIEW, answers::list)
        .get("/api/v1/alerts.atom", VIEW, feed::feed)
        .get("/api/v1/alerts/{id}", VIEW, answers::one)
        .get("/api/v1/alert-rules", MANAGE, setup::list_rules)
        .get("/api/v1/alert-rules/{id}", MANAGE, setup::get_rule)
        .get("/api/v1/silences", VIEW, setup::list_silences)
        .get("/api/v1/maintenance", MANAGE, setup::list_windows)
        .merge(channels::reads())
}

/// Routes that change something.
pub fn writes() -> Routes {
    Routes::default()
        .post("/api/v1/alerts/acknowledge", ACKNOWLEDGE, answers::acknowledge_several)
        .post("/api/v1/alerts/silence", ACKNOWLEDGE, answers::silence_several)
        .post("/api/v1/alerts/{id}/acknowledge", ACKNOWLEDGE, answers::acknowledge)
        .post("/api/v1/alerts/{id}/silence", ACKNOWLEDGE, answers::silence)
        .post("/api/v1/alerts/{id}/close", ACKNOWLEDGE, setup::close_alert)
        .post("/api/v1/alert-rules", MANAGE, setup::create_rule)
        .post("/api/v1/alert-rules/test", MANAGE, back_test::test_rule)
        .put("/api/v1/alert-rules/{id}", MANAGE, setup::change_rule)
        .delete("/api/v1/alert-rules/{id}", MANAGE, setup::remove_rule)
        .post("/api/v1/silences", ACKNOWLEDGE, setup::create_silence)
        .delete("/api/v1/silences/{id}", ACKNOWLEDGE, setup::end_silence)
        .post("/api/v1/maintenance", MANAGE, setup::create_window)
        .put("/api/v1/maintenance/{id}", MANAGE, setup::change_window)
        .delete("/api/v1/maintenance/{id}", MANAGE, setup::remove_window)
        .delete("/api/v1/sources/{name}", MANAGE, setup::forget_source)
        .merge(channels::writes())
}
