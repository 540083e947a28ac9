//! Whom alerts reach: what windows keep quiet, what covers what, and who is to be told.

use super::evaluate::{Pass, earliest};
use super::{cover, maintenance, tell};
use crate::domain::alerts::Event;
use crate::domain::alerts::state::State as Alerts;
use crate::domain::state::State;
use crate::wire::Timestamp;
use std::sync::Arc;

/// What was looked at last, so that what has not changed is not looked at again.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// Maintenance windows as they were looked at last, and when one next opens or closes.
    windows: Option<(Alerts, Option<Timestamp>)>,
    /// What there was to tell nobody of.
    quiet: Option<Quiet>,
}

/// Alerts of which nobody is to be told, unless they change or time passes.
#[derive(Debug)]
struct Quiet {
    alerts: Alerts,
    until: Option<Timestamp>,
}

impl Quiet {
    fn goes_on(&self, now: &Alerts, at: Timestamp) -> bool {
        let was = &self.alerts;
        was.open.ptr_eq(&now.open)
            && was.silences.ptr_eq(&now.silences)
            && was.channels.ptr_eq(&now.channels)
            && was.outbox.waiting.ptr_eq(&now.outbox.waiting)
            && self.until.is_none_or(|until| at < until)
    }
}

impl Reach {
    /// Whom that reaches: what windows keep quiet, what covers what, and who is to be told.
    pub(super) fn go_on(
        &mut self,
        state: &State,
        over: &[Arc<str>],
        now: Timestamp,
        pass: &mut Pass,
    ) {
        let alerts = &state.alerts;
        pass.events.extend(tell::resolved(alerts, over, now).into_iter().map(Event::Queued));
        pass.next = earliest(pass.next, self.keep_windows(alerts, now, &mut pass.events));
        if !pass.events.is_empty() {
            return;
        }
        if let Some(quiet) = self.quiet.as_ref().filter(|quiet| quiet.goes_on(alerts, now)) {
            pass.next = earliest(pass.next, quiet.until);
            return;
        }
        self.quiet = None;
        // Told of only once it is known what covers what.
        pass.events.extend(cover::changes(alerts).into_iter().map(Event::Covered));
        if !pass.events.is_empty() {
            return;
        }
        let wait_ms = (state.settings.alerts.group_wait_s * 1_000.0) as i64;
        let tell = tell::firing(alerts, now, wait_ms);
        pass.next = earliest(pass.next, tell.next);
        pass.events.extend(tell.queued.into_iter().map(Event::Queued));
        if pass.events.is_empty() {
            self.quiet = Some(Quiet { alerts: alerts.clone(), until: tell.next });
        }
    }

    /// Opens and closes maintenance windows; returns when one next opens or closes. They are only
    /// looked at when that is, or something about them has changed.
    fn keep_windows(
        &mut self,
        alerts: &Alerts,
        now: Timestamp,
        events: &mut Vec<Event>,
    ) -> Option<Timestamp> {
        let same = |was: &Alerts| {
            was.maintenance.ptr_eq(&alerts.maintenance)
                && was.maintained.ptr_eq(&alerts.maintained)
                && was.silences.ptr_eq(&alerts.silences)
        };
        if let Some((was, next)) = &self.windows
            && same(was)
            && next.is_none_or(|next| now < next)
        {
            return *next;
        }
        let (planned, next) = maintenance::plan(alerts, now);
        self.windows = planned.is_empty().then(|| (alerts.clone(), next));
        events.extend(planned);
        next
    }
}
