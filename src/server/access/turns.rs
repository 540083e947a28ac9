//! Changes that look before they leap: two that look at the same thing take turns.

use super::caller::{Caller, unauthenticated};
use crate::server::App;
use crate::wire::ApiError;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use tokio::sync::{Mutex, MutexGuard};

/// What whoever changes users, roles or tokens waits for.
pub const ACCESS: &str = "access";

/// Waits until nobody else changes users, roles or tokens.
///
/// # Errors
/// 401 if the caller is not any more who they were when they asked: an open board may have got its
/// first user meanwhile.
pub async fn turn<'a>(
    app: &'a App,
    caller: &Caller,
) -> Result<Option<MutexGuard<'a, ()>>, ApiError> {
    let turn = app.access.turns.of(ACCESS).await;
    let shown = app.hub.published();
    if caller.still_holds(&app.access, &shown.state.access, app.clock.now()) {
        return Ok(turn);
    }
    Err(unauthenticated("what let you in has just changed; sign in again"))
}

/// Locks; things that share one only wait for nothing now and then.
const LOCKS: usize = 64;

/// Whose turn it is.
#[derive(Debug)]
pub struct Turns([Mutex<()>; LOCKS]);

impl Default for Turns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl Turns {
    /// Waits until nobody else is at `what`.
    pub async fn of(&self, what: &str) -> Option<MutexGuard<'_, ()>> {
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        let place = hasher.finish() as usize % LOCKS;
        match self.0.get(place) {
            Some(lock) => Some(lock.lock().await),
            None => None,
        }
    }
}
