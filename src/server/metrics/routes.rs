//! Routes of metrics.

use super::answers;
use crate::domain::{Permission, Permissions};
use crate::server::needs::{Needs, Routes};

/// Seeing metrics; a board of one's own shows nothing else. What some metrics take besides is looked
/// at where they are read.
const VIEW: Needs = Needs::All(Permissions::of(&[Permission::ViewMetrics]));

/// Those that read.
pub fn reads() -> Routes {
    Routes::default()
        .get("/api/v1/metrics", VIEW, answers::list)
        .get("/api/v1/metrics/{name}", VIEW, answers::course)
        .get("/api/v1/metrics/{name}/range", VIEW, answers::course)
        .get("/api/v1/metrics/{name}/latest", VIEW, answers::latest)
        .get("/api/v1/me/pins", VIEW, answers::list_pins)
}

/// Those that change something.
pub fn writes() -> Routes {
    Routes::default().post("/api/v1/me/pins", VIEW, answers::pin).delete(
        "/api/v1/me/pins/{id}",
        VIEW,
        answers::unpin,
    )
}
