//! Thresholds of the rules about work, as `work.*` settings.

use crate::domain::settings::{Setting, settings};

settings! {
    /// Thresholds of the rules about work.
    WorkSettings in "work" {
        /// Silence after which an agent counts as offline, in seconds. One that is heard of less
        /// often as a rule is given twice its own interval.
        agent_offline_after_s: f64 = 60.0, 1.0 => 86_400.0;
        /// Time after which an offline agent is forgotten, in seconds.
        agent_forget_after_s: f64 = 86_400.0, 60.0 => 31_536_000.0;
        /// Time between two checks of the queue's depth, in seconds.
        queue_check_interval_s: f64 = 60.0, 1.0 => 86_400.0;
        /// Consecutive checks in which the queue must have grown.
        queue_growth_checks: f64 = 3.0, 1.0 => 100.0;
        /// Share of the last hour's tasks above which failing is critical, 0 to 1.
        failure_rate_critical: f64 = 0.5, 0.0 => 1.0;
        /// Time without news after which an assigned or working task is stuck, in seconds.
        stuck_after_s: f64 = 300.0, 1.0 => 604_800.0;
        /// How long the longest-waiting task of a queue may wait, in seconds; 0 means however long.
        queue_latency_target_s: f64 = 900.0, 0.0 => 604_800.0;
        /// Time an owner has to answer a command, in seconds.
        command_deadline_s: f64 = 300.0, 1.0 => 86_400.0;
    }
}
