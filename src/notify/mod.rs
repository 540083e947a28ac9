//! Reaching people: what waits in the outbox is sent through channels, one file a kind.
//!
//! ```text
//! notification.queued ──► worker ──► channel ──► address, checked and pinned
//!       (journal)           │
//!                           └──► notification.settled, notification.failed (journal)
//! ```
//!
//! A delivery is tried until it is settled in the journal, so that a crash may repeat one under
//! the same id, and loses none.

pub mod address;
mod alertmanager;
mod bounded;
mod http;
mod message;
mod ntfy;
mod pace;
mod seal;
mod slack;
mod smtp;
mod target;
pub mod tls;
mod webhook;
pub mod worker;

pub use message::Message;
pub use pace::Tuning;
pub use seal::{Sealer, Target};
pub use target::{check, place, same_place};

use crate::domain::alerts::{Channel, ChannelKind, Told};
use crate::server::config::Settings;
use crate::wire::Timestamp;
use address::Net;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Test messages under way at once.
const TESTS_AT_ONCE: usize = 4;

/// Why a message did not get through. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Whether more of the same is of little use: the other side says no, or the channel is set
    /// up wrongly.
    pub refused: bool,
    /// What went wrong, in a sentence.
    pub why: String,
    /// How long the other side wants to be left alone.
    pub after: Option<Duration>,
}

impl Failure {
    /// The other side cannot be reached, or does not work just now.
    pub fn down(why: impl Into<String>) -> Self {
        Self { refused: false, why: why.into(), after: None }
    }

    /// It says no, or is not to be spoken to.
    pub fn refused(why: impl Into<String>) -> Self {
        Self { refused: true, why: why.into(), after: None }
    }
}

/// What the other side said when it took a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Its words.
    pub said: String,
    /// Whom it did not take it for, in a sentence, if anybody. It holds no secret.
    pub but: Option<String>,
}

impl Taken {
    fn by_all(said: String) -> Self {
        Self { said, but: None }
    }
}

/// What sending takes besides the channel.
pub struct Notify {
    /// Opens what channels keep to themselves.
    pub sealer: Sealer,
    /// Where one may connect to.
    pub net: Net,
    /// Where people find the board; links are left out when nobody has said it.
    pub public_url: Option<Arc<str>>,
    /// How patient it is.
    pub tuning: Tuning,
    tests: Semaphore,
}

impl Notify {
    /// As the settings say. Nothing is read or made yet.
    pub fn new(settings: &Settings) -> Self {
        let tuning = settings.tuning.delivery;
        Self {
            sealer: Sealer::of(&settings.data_dir),
            net: Net::new(settings.notify_allow_private, tuning),
            public_url: settings.public_url.as_deref().map(Arc::from),
            tuning,
            tests: Semaphore::new(TESTS_AT_ONCE),
        }
    }

    /// Sends alerts through a channel; returns what the other side said.
    ///
    /// # Errors
    /// They did not get through to anybody, as far as can be known.
    pub async fn deliver(
        &self,
        channel: &Channel,
        message: &Message<'_>,
        now: Timestamp,
    ) -> Result<Taken, Failure> {
        let opened = self.sealer.open(&channel.id, &channel.target).map_err(Failure::refused)?;
        let target = Target { username: channel.username.clone(), ..opened };
        let sent = async {
            let (net, target) = (&self.net, &target);
            let said = match channel.kind {
                ChannelKind::Smtp => return smtp::send(net, target, message).await,
                ChannelKind::Webhook => webhook::send(net, target, message, now).await,
                ChannelKind::Slack => slack::send(net, target, message, now).await,
                ChannelKind::Ntfy => ntfy::send(net, target, message, now).await,
                ChannelKind::Alertmanager => alertmanager::send(net, target, message, now).await,
            };
            said.map(Taken::by_all)
        };
        let limit = self.tuning.timeout;
        tokio::time::timeout(limit, sent).await.unwrap_or_else(|_| {
            Err(Failure::down(format!("nothing came of it within {} s", limit.as_secs_f64())))
        })
    }

    /// Sends a test message through a channel, whether or not it is enabled; returns what the
    /// other side said.
    ///
    /// # Errors
    /// As [`Self::deliver`].
    pub async fn test(
        &self,
        channel: &Channel,
        id: &str,
        now: Timestamp,
    ) -> Result<Taken, Failure> {
        let Ok(_place) = self.tests.acquire().await else {
            return Err(Failure::down("the server is stopping"));
        };
        let alerts: [Told; 1] = [message::trial(channel, now)];
        let message = Message {
            id,
            channel,
            group: "test",
            alerts: &alerts,
            at: now,
            board: self.public_url.as_deref(),
        };
        self.deliver(channel, &message, now).await
    }
}

#[cfg(test)]
mod tests;
