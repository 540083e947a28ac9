//! The words of the domain: states of agents, tasks, commands and jobs.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Declares a closed set of words, each with its name on the wire.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$word_doc])* #[serde(rename = $text)] $word,)+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$word),+];

            /// Its name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$word => $text,)+ }
            }

            /// What bears this name on the wire.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$word),)+ _ => None }
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = Self::ALL.iter().map(|word| word.name());
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    };
}

words! {
    /// What an agent is doing.
    AgentState {
        /// Waiting for a task.
        Idle = "idle",
        /// Has a task but has not begun it.
        Assigned = "assigned",
        /// On its task.
        Working = "working",
        /// On its task, but waiting for something.
        Blocked = "blocked",
        /// Gone, or not heard of for too long.
        Offline = "offline",
    }
}

impl AgentState {
    /// Whether an agent may go from `self` to `next`. A move that is not legal is taken all the
    /// same, since the agent knows best, but it is flagged.
    ///
    /// An agent comes as idle, is given a task, works on it, may be blocked on the way, and is idle
    /// again; it may go at any time.
    pub const fn may_become(self, next: Self) -> bool {
        use AgentState::{Assigned, Blocked, Idle, Offline, Working};
        matches!(
            (self, next),
            (_, Offline)
                | (Idle | Offline, Idle | Assigned)
                | (Assigned, Assigned | Working | Idle)
                | (Working, Working | Blocked | Idle)
                | (Blocked, Blocked | Working | Idle)
        )
    }
}

words! {
    /// Where a task stands.
    TaskStatus {
        /// Waiting, perhaps for another try.
        Queued = "queued",
        /// Given to an agent.
        Assigned = "assigned",
        /// Running.
        Working = "working",
        /// Given up, waiting for a person.
        DeadLetter = "dead_letter",
        /// Failed, and not tried again by itself.
        Failed = "failed",
        /// Done.
        Completed = "completed",
        /// Nobody wants it any more.
        Cancelled = "cancelled",
    }
}

impl TaskStatus {
    /// Whether it ended for good: it leaves memory for history.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }

    /// Whether somebody is on it.
    pub const fn is_running(self) -> bool {
        matches!(self, Self::Assigned | Self::Working)
    }

    /// Whether it can be tried again by command.
    pub const fn can_be_retried(self) -> bool {
        matches!(self, Self::DeadLetter | Self::Failed)
    }
}

words! {
    /// What the owner of a task is asked to do with it.
    CommandKind {
        /// Try it again.
        Retry = "retry",
        /// Give it up.
        Cancel = "cancel",
    }
}

words! {
    /// Where a command stands.
    CommandStatus {
        /// The owner has not taken it yet.
        Pending = "pending",
        /// Handed to the owner, who has not answered yet.
        Delivered = "delivered",
        /// The owner did it.
        Done = "done",
        /// The owner will not do it.
        Refused = "refused",
        /// The owner did not answer before the deadline.
        Expired = "expired",
    }
}

impl CommandStatus {
    /// Whether it still waits for its owner.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Delivered)
    }
}

words! {
    /// Where a job stands.
    JobStatus {
        /// Sending commands, or waiting for its canary.
        Running = "running",
        /// Sends nothing until it is resumed.
        Paused = "paused",
        /// Every command was sent and answered, or expired.
        Done = "done",
        /// A person ended it.
        Cancelled = "cancelled",
        /// It ended itself, because more than half of its canary failed again.
        Stopped = "stopped",
    }
}

impl JobStatus {
    /// Whether it may still send commands.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }
}

words! {
    /// What a person does to a job.
    Steering {
        /// Send nothing until it is resumed.
        Pause = "pause",
        /// Go on.
        Resume = "resume",
        /// End it.
        Cancel = "cancel",
    }
}

/// How soon a task is wanted: 0 (urgent) to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Priority(u8);

impl Priority {
    /// The number, 0 to 3.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for Priority {
    /// Of a task whose producer names none.
    fn default() -> Self {
        Self(2)
    }
}

impl TryFrom<u8> for Priority {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, &'static str> {
        if number <= 3 { Ok(Self(number)) } else { Err("must be between 0 (urgent) and 3") }
    }
}

impl From<Priority> for u8 {
    fn from(priority: Priority) -> Self {
        priority.0
    }
}
