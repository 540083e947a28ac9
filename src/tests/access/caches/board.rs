//! A board that is read and written, and what its caches count meanwhile.

use super::super::Secured;
use super::cases::{self, Case, Write};
use crate::harness::Answer;
use serde_json::{Value, json};

/// How often something is tried that the clock may come between.
pub const TRIES: usize = 10;

/// A server of which there is something to read.
pub struct Board {
    pub secured: Secured,
    command: String,
    number: std::cell::Cell<u64>,
}

impl Board {
    pub async fn start() -> Self {
        let secured = Secured::start().await;
        let board = Self { secured, command: String::new(), number: std::cell::Cell::new(1_000) };
        let events = json!([
            { "type": "task.queued", "source": "owner", "data": { "task": "t", "queue": "q" } },
            { "type": "task.queued", "source": "owner", "data": { "task": "dead", "queue": "q" } },
            { "type": "task.dead_lettered", "source": "owner", "data": { "task": "dead", "error": "e" } },
            { "type": "task.dead_lettered", "source": "owner", "data": { "task": "dead-1", "error": "e" } },
            { "type": "task.dead_lettered", "source": "owner", "data": { "task": "dead-2", "error": "e" } },
            { "type": "task.dead_lettered", "source": "owner", "data": { "task": "dead-3", "error": "e" } },
            { "type": "agent.online", "data": { "agent": "a" } },
            { "type": "cash.moved", "data": { "amount": 1000 } },
            { "type": "cash.moved", "data": { "amount": 1000, "currency": "EUR" } },
            { "type": "trade.executed", "data": { "symbol": "X", "side": "buy", "quantity": 2, "price": 10 } },
        ]);
        board.secured.by_admin("POST", "/api/v1/events?wait=applied", Some(events)).await;
        for write in [cases::RUN, cases::PRICE, cases::RATE, cases::VALUE, cases::HOST] {
            board.write(write).await;
        }
        for write in [cases::RAISED, cases::CHANNEL, cases::MY_RULE, cases::MY_ROLE] {
            board.write(write).await;
        }
        let path = "/api/v1/tasks/dead/retry";
        let asked = board.secured.by_admin("POST", path, Some(json!({}))).await;
        let command = asked["command"]["id"]
            .as_str()
            .or(asked["id"].as_str())
            .unwrap_or_else(|| panic!("{asked}"));
        let command = command.to_owned();
        board.write(cases::RETRY).await;
        board
            .secured
            .server
            .until_by(&board.secured.admin, "/api/v1/alerts", |all| all[0]["id"].is_string())
            .await;
        // From now on it was there before.
        board.write(Write::Again).await;
        Self { command, ..board }
    }

    pub async fn write(&self, write: Write) {
        let number = self.number.replace(self.number.get() + 1).to_string();
        let filled = |text: &str| text.replace('#', &number);
        let event = match write {
            Write::Event(kind, data) => {
                let data: Value = serde_json::from_str(&filled(data)).unwrap();
                json!({ "type": kind, "source": "owner", "data": data })
            }
            Write::Again => {
                json!({ "type": "cash.moved", "source": "owner", "id": "once", "data": { "amount": 1 } })
            }
            Write::Ask(method, path, body) => {
                let path = self.named(filled(path)).await;
                let body = (!body.is_empty()).then(|| serde_json::from_str(&filled(body)).unwrap());
                self.secured.by_admin(method, &path, body).await;
                return;
            }
            Write::Beside(write) => return Box::pin(self.write(*write)).await,
        };
        self.secured.by_admin("POST", "/api/v1/events?wait=applied", Some(event)).await;
    }

    /// An address with the ids that it leaves open.
    async fn named(&self, path: String) -> String {
        let path = path.replace("{command}", &self.command);
        let Some((before, rest)) = path.split_once("{first:") else { return path };
        let (list, after) = rest.split_once('}').unwrap();
        let all = self.secured.by_admin("GET", list, None).await;
        let first = all.get("items").unwrap_or(&all)[0]["id"].clone();
        let first = first.as_str().unwrap_or_else(|| panic!("{list}: {all}"));
        format!("{before}{first}{after}")
    }

    pub async fn path(&self, case: &Case) -> String {
        self.named(case.path()).await
    }

    /// How often one of the caches was asked: what was found, and what was made.
    pub async fn counts(&self, cache: &str) -> (u64, u64) {
        let all = self.secured.by_admin("GET", "/api/v1/metrics/cache", None).await;
        let count = |name: &str| all[cache][name].as_u64().unwrap();
        (count("hits"), count("misses"))
    }

    /// What the admin is told, without its age.
    pub async fn told(&self, path: &str) -> String {
        let answer = self.secured.ask("GET", path, &self.secured.admin, None).await;
        assert_eq!(answer.status, 200, "{path}");
        undated(&answer)
    }

    /// Reads; says whether the answer was found, and what it is without its age.
    pub async fn read(&self, path: &str) -> (bool, String) {
        let (hits, misses) = self.counts("answers").await;
        let told = self.told(path).await;
        let now = self.counts("answers").await;
        assert_eq!(now.0 + now.1 - hits - misses, 1, "{path} is counted once");
        (now.0 > hits, told)
    }

    /// Reads after a write; says whether the answer was found at least once though something was
    /// written: now and then the clock, or what the board itself notes, comes between.
    pub async fn kept_over(&self, write: Option<Write>, path: &str) -> bool {
        for _ in 0..TRIES {
            let (_, before) = self.read(path).await;
            if let Some(write) = write {
                self.write(write).await;
            }
            let (found, after) = self.read(path).await;
            if found {
                assert_eq!(before, after, "{path}: what is found is what was made");
                return true;
            }
        }
        false
    }

    /// That it is made anew after a write that matters, and tells of it.
    pub async fn fresh_after(&self, write: Write, path: &str) {
        let (_, before) = self.read(path).await;
        self.write(write).await;
        let (found, after) = self.read(path).await;
        assert!(!found, "{path}: made anew after a write that matters");
        if !matches!(write, Write::Beside(_)) {
            assert_ne!(before, after, "{path}: tells what was written");
        }
    }

    pub async fn all_are_kept(&self, cases: &[Case]) {
        for case in cases {
            let path = self.path(case).await;
            assert!(self.kept_over(None, &path).await, "{path}: a second read is found");
            let kept = self.kept_over(Some(case.other), &path).await;
            assert!(kept, "{path}: found after another write");
            for write in case.matters {
                self.fresh_after(*write, &path).await;
            }
        }
    }

    /// That nobody may ask who may do nothing of what it takes, known or not.
    pub async fn refuses(&self, case: &Case, path: &str, nobody: &str) {
        let refused = self.secured.ask("GET", path, nobody, None).await;
        assert_eq!(refused.status, 403, "{path}");
        let detail = refused.json()["detail"].to_string();
        assert!(case.needs.split(' ').all(|needed| detail.contains(needed)), "{path}: {detail}");
        assert_eq!(self.secured.ask("GET", path, "", None).await.status, 401, "{path}");
    }

    /// A token of somebody who may do this and nothing else.
    pub async fn somebody(&self, name: &str, may: &str) -> String {
        let permissions: Vec<_> = may.split(' ').collect();
        self.secured.token(json!({ "name": name, "permissions": permissions })).await
    }
}

/// An answer without its age.
pub fn undated(answer: &Answer) -> String {
    let Ok(mut value) = serde_json::from_slice::<Value>(&answer.body) else {
        return String::from_utf8(answer.body.clone()).unwrap();
    };
    if let Some(members) = value.as_object_mut() {
        for age in ["as_of", "cursor", "uptime_ms", "timestamp"] {
            members.remove(age);
        }
    }
    value.to_string()
}
