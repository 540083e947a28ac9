//! Commands: what people at the board want done with the fleet's tasks, as any owner of tasks hears
//! of it. One thread asks for them by long poll, another answers them; life goes on meanwhile.

use super::pace::Stop;
use crate::cli::client::{Client, Failure};
use serde::Deserialize;
use serde_json::json;
use std::collections::{HashMap, VecDeque};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long the board is asked to wait for a command, in seconds.
const WAIT_S: u32 = 20;
/// How long to leave a board alone that cannot be asked.
const REST: Duration = Duration::from_secs(5);
/// Commands that wait to be obeyed, and answers that wait to be given. What finds no room comes
/// again: the board repeats a command until it is answered.
const ROOM: usize = 1_000;
/// Commands whose answers are remembered, in case they come again.
const REMEMBERED: usize = 20_000;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OrderKind {
    /// That a task is tried again.
    Retry,
    /// That it is given up.
    Cancel,
}

/// A command.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Order {
    pub id: String,
    pub command: OrderKind,
    pub task_id: String,
}

/// What was done, or why nothing was.
pub(super) type Answer = Result<(), &'static str>;

#[derive(Deserialize)]
struct Heard {
    commands: Vec<Order>,
}

#[derive(Default)]
struct Desk {
    inbox: VecDeque<Order>,
    /// By command; none for one that still waits.
    answers: HashMap<String, Option<Answer>>,
    /// The same commands, oldest first.
    order: VecDeque<String>,
}

impl Desk {
    /// Takes a command in; returns the answer it has had already, if it comes again.
    fn take(&mut self, order: Order) -> Option<Answer> {
        if let Some(had) = self.answers.get(&order.id) {
            return *had;
        }
        if self.inbox.len() < ROOM {
            self.answers.insert(order.id.clone(), None);
            self.order.push_back(order.id.clone());
            self.inbox.push_back(order);
        }
        while self.order.len() > REMEMBERED {
            self.order.pop_front().and_then(|id| self.answers.remove(&id));
        }
        None
    }

    fn settle(&mut self, id: &str, answer: Answer) {
        if let Some(had) = self.answers.get_mut(id) {
            *had = Some(answer);
        }
    }
}

/// Commands heard and answers to give. Cheap to clone.
#[derive(Clone)]
pub(super) struct Orders {
    desk: Arc<Mutex<Desk>>,
    outbox: SyncSender<(String, Answer)>,
}

impl Orders {
    /// Hears commands for `source`, and answers them, until `stop`.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn hear(client: &Arc<Client>, source: &str, stop: &Arc<Stop>) -> std::io::Result<Self> {
        let (outbox, answers) = sync_channel(ROOM);
        let orders = Self { desk: Arc::default(), outbox };
        let (hearing, asked, over) = (orders.clone(), client.clone(), stop.clone());
        let source = crate::wire::encoded(source);
        let path = format!("/api/v1/commands?source={source}&wait={WAIT_S}");
        spawn("commands", move || hearing.listen(&asked, &path, &over))?;
        let (told, over) = (client.clone(), stop.clone());
        spawn("answers", move || tell(&told, &answers, &over))?;
        Ok(orders)
    }

    fn listen(&self, client: &Client, path: &str, stop: &Stop) {
        while !stop.requested() {
            let heard: Result<Heard, Failure> = client.get(path);
            match heard {
                Ok(Heard { commands }) => {
                    for order in commands {
                        let id = order.id.clone();
                        let had = self.desk().take(order);
                        had.into_iter().for_each(|answer| self.give(id.clone(), answer));
                    }
                }
                // That the board is away is said by whoever sends events.
                Err(_) => stop.sleep(REST),
            }
        }
    }

    /// The commands that wait.
    pub fn waiting(&self) -> Vec<Order> {
        self.desk().inbox.drain(..).collect()
    }

    /// Answers a command.
    pub fn answer(&self, id: String, answer: Answer) {
        self.desk().settle(&id, answer);
        self.give(id, answer);
    }

    fn give(&self, id: String, answer: Answer) {
        // Without room it is given when the command comes again.
        let _ = self.outbox.try_send((id, answer));
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
}

fn tell(client: &Client, answers: &Receiver<(String, Answer)>, stop: &Stop) {
    while !stop.requested() {
        match answers.recv_timeout(Duration::from_millis(500)) {
            Ok((id, answer)) => {
                let body = match answer {
                    Ok(()) => json!({"status": "done"}),
                    Err(why) => json!({"status": "refused", "detail": why}),
                };
                let path = format!("/api/v1/commands/{}/ack", crate::wire::encoded(&id));
                // One that is not heard is asked for again; one that comes too late is not wanted.
                let _: Result<serde_json::Value, Failure> =
                    client.post(&path, "application/json", body.to_string().as_bytes());
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: usize) -> Order {
        Order { id: id.to_string(), command: OrderKind::Retry, task_id: "t".to_owned() }
    }

    #[test]
    fn what_comes_again_is_obeyed_once_and_answered_again() {
        let mut desk = Desk::default();
        assert_eq!((desk.take(order(1)), desk.take(order(1))), (None, None));
        assert_eq!(desk.inbox.drain(..).count(), 1);
        desk.settle("1", Err("no"));
        assert_eq!(desk.take(order(1)), Some(Err("no")));
        assert!(desk.inbox.is_empty());
    }

    #[test]
    fn what_finds_no_room_is_taken_when_it_comes_again() {
        let mut desk = Desk::default();
        assert!((0..=ROOM).all(|id| desk.take(order(id)).is_none()));
        assert_eq!(desk.inbox.drain(..).count(), ROOM);
        desk.take(order(ROOM));
        assert_eq!(desk.inbox.drain(..).map(|order| order.id).collect::<Vec<_>>(), ["1000"]);
    }

    #[test]
    fn memory_is_bounded() {
        let mut desk = Desk::default();
        for id in 0..REMEMBERED + 10 {
            desk.take(order(id));
            desk.inbox.clear();
        }
        assert_eq!((desk.answers.len(), desk.order.len()), (REMEMBERED, REMEMBERED));
    }

    #[test]
    fn commands_are_read_as_the_board_writes_them() {
        let text = r#"{"commands":[{"id":"c","command":"cancel","task_id":"t","deadline":"x"}]}"#;
        let heard: Heard = serde_json::from_str(text).unwrap();
        assert_eq!(heard.commands[0].command, OrderKind::Cancel);
    }
}
