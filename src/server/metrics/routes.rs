//! Routes of metrics.

use crate::server::needs::Routes;

/// Those that read.
pub fn reads() -> Routes {
    Routes::default()
}

/// Those that change something.
pub fn writes() -> Routes {
    Routes::default()
}
