//! Every event of every domain, as one type.

use super::{DataError, access, alerts, metrics, projects, settings, system, trading, work};
use crate::wire::Stamp;

/// An event with its place in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// When, where and as what it came in.
    pub stamp: Stamp,
    /// What happened.
    pub event: Event,
}

macro_rules! registry {
    ($($(#[$doc:meta])* $variant:ident($module:ident)),+ $(,)?) => {
        /// What happened, sorted by the domain that owns it.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Event {
            $($(#[$doc])* $variant($module::Event),)+
        }

        impl Event {
            /// Reads `data` as the event type `kind`; `None` if no domain knows that type.
            ///
            /// # Errors
            /// Where `data` does not fit its type.
            pub fn decode(kind: &str, data: &str) -> Option<Result<Self, DataError>> {
                $(if let Some(read) = $module::Event::decode(kind, data) {
                    return Some(read.map(Self::$variant));
                })+
                None
            }

            /// The CloudEvents `type`.
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$variant(event) => event.kind(),)+ }
            }

            /// `data` as compact JSON.
            ///
            /// # Errors
            /// Never for events that came through [`Self::decode`].
            pub fn encode(&self) -> serde_json::Result<String> {
                match self { $(Self::$variant(event) => event.encode(),)+ }
            }

            /// Every event type there is, by domain.
            pub fn types() -> impl Iterator<Item = &'static str> {
                [$($module::Event::TYPES),+].into_iter().flatten().copied()
            }
        }
    };
}

impl Event {
    /// Whether it counts among what came in: the passing of time does not, and neither does what
    /// the server itself says of alerts and metrics.
    pub const fn counts(&self) -> bool {
        match self {
            Self::System(event) => !matches!(event, system::Event::Ticked(_)),
            Self::Alerts(event) => event.is_of_others(),
            Self::Metrics(event) => event.is_of_others(),
            _ => true,
        }
    }
}

registry! {
    /// Validation runs and response times of projects.
    Projects(projects),
    /// Agents and their tasks.
    Work(work),
    /// Fills, prices and cash.
    Trading(trading),
    /// Measurements.
    Metrics(metrics),
    /// Alerts of other systems.
    Alerts(alerts),
    /// Hosts, and the passing of time.
    System(system),
    /// Settings that take effect while the server runs.
    Settings(settings),
    /// Users, roles, tokens, sessions, and who did what.
    Access(access),
}
