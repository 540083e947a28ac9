//! Charts on people's own boards.

use super::super::{MAX_PINS, Pin, Pinned, Unpinned};
use crate::wire::Stamp;
use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Most boards there are: as many as there may be users.
const MAX_BOARDS: usize = 10_000;

/// Every board, by whose it is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Boards {
    #[serde(default)]
    of: OrdMap<Arc<str>, Vector<Arc<Pin>>>,
}

impl Boards {
    /// Somebody's charts, in the order in which they were pinned.
    pub fn of(&self, user: &str) -> impl Iterator<Item = &Arc<Pin>> {
        self.of.get(user).into_iter().flatten()
    }

    /// Whether there is room for one more chart of somebody's.
    pub fn has_room(&self, user: &str) -> bool {
        match self.of.get(user) {
            Some(board) => board.len() < MAX_PINS,
            None => self.of.len() < MAX_BOARDS,
        }
    }

    /// Takes in a chart; it is passed over if there is no room, which whoever lets it in has seen to.
    pub fn pin(&mut self, stamp: &Stamp, pinned: &Pinned) {
        if self.has_room(&pinned.user) {
            let pin = Pin { id: pinned.id.clone(), chart: pinned.chart.clone(), at: stamp.time };
            self.of.entry(pinned.user.clone()).or_default().push_back(Arc::new(pin));
        }
    }

    /// Takes a chart off.
    pub fn unpin(&mut self, unpinned: &Unpinned) {
        let Some(board) = self.of.get_mut(&unpinned.user) else { return };
        board.retain(|pin| pin.id != unpinned.id);
        if board.is_empty() {
            self.of.remove(&unpinned.user);
        }
    }

    /// Takes away all that is somebody's, who is gone.
    pub fn forget(&mut self, user: &str) {
        self.of.remove(user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::metrics::ChartSpec;
    use crate::wire::Timestamp;

    fn stamp() -> Stamp {
        let (at, id) = (Timestamp::from_ms(7), "i".into());
        Stamp { seq: 1, at, time: at, source: "s".into(), id, subject: None }
    }

    fn pin(boards: &mut Boards, user: &str, id: &str) {
        let chart = ChartSpec::default();
        boards.pin(&stamp(), &Pinned { id: id.into(), user: user.into(), chart });
    }

    #[track_caller]
    fn check(boards: &Boards, user: &str, expect: &[&str]) {
        let ids: Vec<&str> = boards.of(user).map(|pin| &*pin.id).collect();
        assert_eq!(ids, expect, "{user}");
    }

    #[test]
    fn everybody_has_a_board_of_their_own() {
        let mut boards = Boards::default();
        pin(&mut boards, "a", "1");
        pin(&mut boards, "b", "2");
        pin(&mut boards, "a", "3");
        check(&boards, "a", &["1", "3"]);
        check(&boards, "b", &["2"]);
        boards.unpin(&Unpinned { id: "1".into(), user: "b".into() });
        check(&boards, "a", &["1", "3"]);
        boards.unpin(&Unpinned { id: "1".into(), user: "a".into() });
        check(&boards, "a", &["3"]);
        boards.forget("a");
        check(&boards, "a", &[]);
        check(&boards, "b", &["2"]);
    }

    #[test]
    fn a_board_is_full_at_last() {
        let mut boards = Boards::default();
        for i in 0..=MAX_PINS {
            pin(&mut boards, "a", &i.to_string());
        }
        assert_eq!(boards.of("a").count(), MAX_PINS);
        assert!(!boards.has_room("a") && boards.has_room("b"));
    }
}
