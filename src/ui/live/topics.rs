//! Which topics are followed, by whom, and up to which position.

use crate::wire::{ClientMsg, Cursor, Frame, Seq, Timestamp};
use std::fmt;
use std::sync::Arc;

/// What has come on a topic.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Whether `data` is the whole view rather than a change to it.
    pub whole: bool,
    /// Where it leads.
    pub cursor: &'a Cursor,
    /// When the server made it.
    pub at: Timestamp,
    /// Its content.
    pub data: &'a str,
}

/// Takes what has come on a topic.
pub type Receiver = Arc<dyn Fn(Part<'_>) -> serde_json::Result<()> + Send + Sync>;

struct Follower {
    id: u64,
    topic: String,
    cursor: Option<Cursor>,
    receive: Receiver,
}

/// Everyone who follows a topic. A topic has one position on the socket, so two followers of the
/// same topic begin together, with a snapshot.
#[derive(Default)]
pub struct Topics {
    followers: Vec<Follower>,
    last_id: u64,
}

impl fmt::Debug for Topics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.followers.iter().map(|one| (&one.topic, &one.cursor))).finish()
    }
}

fn begin(topic: &str, cursor: Option<&Cursor>) -> ClientMsg {
    match cursor {
        Some(Cursor { epoch, seq }) => {
            ClientMsg::Resume { topic: topic.to_owned(), epoch: epoch.to_string(), seq: *seq }
        }
        None => ClientMsg::Subscribe { topics: vec![topic.to_owned()] },
    }
}

impl Topics {
    /// Adds a follower; returns its id and what to tell the server.
    pub fn add(
        &mut self,
        topic: &str,
        cursor: Option<Cursor>,
        receive: Receiver,
    ) -> (u64, Option<ClientMsg>) {
        self.last_id += 1;
        let shared = self.followers.iter().any(|one| one.topic == topic);
        let cursor = cursor.filter(|_| !shared);
        let message = begin(topic, cursor.as_ref());
        let follower = Follower { id: self.last_id, topic: topic.to_owned(), cursor, receive };
        self.followers.push(follower);
        (self.last_id, Some(message))
    }

    /// Removes a follower; returns what to tell the server, if it was the topic's last.
    pub fn remove(&mut self, id: u64) -> Option<ClientMsg> {
        let place = self.followers.iter().position(|one| one.id == id)?;
        let topic = self.followers.swap_remove(place).topic;
        let last = self.followers.iter().all(|one| one.topic != topic);
        last.then_some(ClientMsg::Unsubscribe { topics: vec![topic] })
    }

    /// What a socket that has just opened is told.
    pub fn opening(&self) -> Vec<ClientMsg> {
        let mut told: Vec<&str> = Vec::new();
        let mut messages = Vec::new();
        for one in &self.followers {
            if !told.contains(&one.topic.as_str()) {
                told.push(&one.topic);
                messages.push(begin(&one.topic, one.cursor.as_ref()));
            }
        }
        messages
    }

    /// The position that is furthest behind, of those in `epoch`.
    pub fn behind(&self, epoch: &str) -> Option<Seq> {
        let cursors = self.followers.iter().filter_map(|one| one.cursor.as_ref());
        cursors.filter(|cursor| &*cursor.epoch == epoch).map(|cursor| cursor.seq).min()
    }

    /// Whom a snapshot or delta is for, whether it follows what they have, and their cursor then.
    /// The second is what to ask for when it does not.
    pub fn route(&mut self, frame: &Frame) -> (Vec<(Receiver, Cursor)>, Option<ClientMsg>) {
        let (Some(topic), Some(epoch), Some(seq)) = (&frame.topic, frame.epoch, frame.seq) else {
            return (Vec::new(), None);
        };
        let next = Cursor { epoch: epoch.into(), seq };
        let whole = frame.kind == "snapshot";
        let (mut takers, mut ask) = (Vec::new(), None);
        for one in self.followers.iter_mut().filter(|one| one.topic == *topic) {
            let had = one.cursor.as_ref().filter(|had| *had.epoch == *epoch).map(|had| had.seq);
            if whole || (had.is_some() && had == frame.from) {
                one.cursor = Some(next.clone());
                takers.push((one.receive.clone(), next.clone()));
            } else if had.is_none_or(|had| had < seq) {
                ask = Some(ClientMsg::RequestSnapshot { topic: topic.to_string() });
            }
        }
        (takers, ask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(json: &str) -> Frame<'_> {
        serde_json::from_str(json).unwrap()
    }

    fn cursor(seq: Seq) -> Cursor {
        Cursor { epoch: "e".into(), seq }
    }

    fn nobody() -> Receiver {
        Arc::new(|_| Ok(()))
    }

    #[track_caller]
    fn check(had: Option<Seq>, json: &str, taken: usize, asks: bool) {
        let mut topics = Topics::default();
        topics.add("projects", had.map(cursor), nobody());
        let (takers, ask) = topics.route(&frame(json));
        assert_eq!((takers.len(), ask.is_some()), (taken, asks), "{json}");
    }

    #[test]
    fn only_what_follows_is_taken_and_a_gap_is_asked_for() {
        let delta = r#"{"type":"delta","topic":"projects","epoch":"e","from":5,"seq":8,"data":1}"#;
        check(Some(5), delta, 1, false);
        check(Some(4), delta, 0, true);
        check(Some(9), delta, 0, false);
        check(None, delta, 0, true);
        let other = r#"{"type":"delta","topic":"projects","epoch":"f","from":5,"seq":8,"data":1}"#;
        check(Some(5), other, 0, true);
        let snapshot = r#"{"type":"snapshot","topic":"projects","epoch":"f","seq":3,"data":1}"#;
        check(Some(5), snapshot, 1, false);
        check(Some(5), r#"{"type":"heartbeat","seq":9}"#, 0, false);
    }

    #[test]
    fn an_opened_socket_resumes_each_topic_once() {
        let mut topics = Topics::default();
        let (first, _) = topics.add("summary", Some(cursor(7)), nobody());
        let (second, said) = topics.add("summary", Some(cursor(9)), nobody());
        assert!(matches!(said, Some(ClientMsg::Subscribe { .. })), "they begin together");
        topics.add("events", None, nobody());
        let epoch = "e".to_owned();
        let resume = ClientMsg::Resume { topic: "summary".into(), epoch, seq: 7 };
        let subscribe = ClientMsg::Subscribe { topics: vec!["events".into()] };
        assert_eq!(topics.opening(), [resume, subscribe]);
        assert_eq!(topics.behind("e"), Some(7));
        assert_eq!(topics.remove(second), None);
        let unsubscribe = ClientMsg::Unsubscribe { topics: vec!["summary".into()] };
        assert_eq!(topics.remove(first), Some(unsubscribe));
    }
}
