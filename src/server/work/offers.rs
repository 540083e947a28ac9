//! When commands were last handed out: a client that polls again and again is not given the same
//! ones at once, since that would have it spin until it has answered them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long a command that was handed out is held back from those who wait.
const HOLD: Duration = Duration::from_secs(1);

/// When commands were last handed out.
#[derive(Debug, Default)]
pub struct Offers {
    at: Mutex<HashMap<Arc<str>, Instant>>,
}

impl Offers {
    fn at(&self) -> MutexGuard<'_, HashMap<Arc<str>, Instant>> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When a command may be handed out again; none if it may be now.
    pub fn held_until(&self, command: &str, now: Instant) -> Option<Instant> {
        let until = *self.at().get(command)? + HOLD;
        (until > now).then_some(until)
    }

    /// Notes that commands are handed out.
    pub fn note<'a>(&self, commands: impl Iterator<Item = &'a Arc<str>>, now: Instant) {
        let mut at = self.at();
        // So that it never holds more than was handed out within that time.
        at.retain(|_, noted| *noted + HOLD > now);
        at.extend(commands.map(|command| (command.clone(), now)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_handed_out_is_held_back_for_a_second() {
        let (offers, begun) = (Offers::default(), Instant::now());
        let commands: [Arc<str>; 2] = ["a".into(), "b".into()];
        offers.note(commands.iter().take(1), begun);
        assert_eq!(offers.held_until("a", begun), Some(begun + HOLD));
        assert_eq!(offers.held_until("b", begun), None);
        assert_eq!(offers.held_until("a", begun + HOLD), None);
        offers.note(commands.iter().skip(1), begun + HOLD);
        assert_eq!(offers.at().len(), 1, "what is held back no longer is forgotten");
    }
}
