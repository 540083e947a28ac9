//! Routes of trading.

use crate::server::needs::Routes;

/// Those that read.
pub fn reads() -> Routes {
    Routes::default()
}
