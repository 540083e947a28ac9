//! What happens to alerts: what other systems say of theirs, and what the server itself appends
//! about its own, about rules, silences and channels, and about who was told.

mod life;
mod notice;
mod setup;

pub use life::*;
pub use notice::Notice;
pub use setup::*;

use crate::domain::vocabulary::events;

events! {
    /// An event of the alerts domain.
    Event {
        "alert.raised" => Raised(Notice),
        "alert.cleared" => Cleared(Notice),
        "alert.opened" => Opened(Opened),
        "alert.moved" => Moved(Moved),
        "alert.covered" => Covered(Covered),
        "alert.acknowledged" => Acknowledged(Acknowledged),
        "silence.created" => Silenced(Silence),
        "silence.ended" => SilenceEnded(SilenceEnded),
        "alert_rule.saved" => RuleSaved(RuleSaved),
        "alert_rule.removed" => RuleRemoved(Removed),
        "maintenance.saved" => MaintenanceSaved(Maintenance),
        "maintenance.removed" => MaintenanceRemoved(Removed),
        "channel.saved" => ChannelSaved(Channel),
        "channel.removed" => ChannelRemoved(Removed),
        "notification.queued" => Queued(Queued),
        "notification.failed" => Failed(Failed),
        "notification.settled" => Settled(Settled),
        "notification.requeued" => Requeued(Requeued),
        "source.forgotten" => SourceForgotten(Removed),
    }
}

impl Event {
    /// The types that producers may send; all others are made by the server alone.
    pub const OF_OTHERS: [&str; 2] = ["alert.raised", "alert.cleared"];

    /// Whether a producer sent it.
    pub const fn is_of_others(&self) -> bool {
        matches!(self, Self::Raised(_) | Self::Cleared(_))
    }
}
