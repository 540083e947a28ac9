//! A metric's course as it is watched: read again while it goes on, with its age.

use super::lines::lines;
use super::look::{Look, read};
use crate::domain::metrics::MetricCourse;
use crate::domain::range;
use crate::ui::chart::{Series, TimeChart};
use crate::ui::format::{self, Unit};
use crate::ui::live::Live;
use crate::ui::me::{is_known, leave_if_signed_out};
use crate::ui::widgets::{dynamic, since, trouble_line, words};
use crate::wire::Timestamp;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// It is read again each step, but no more often than this, in milliseconds.
const SHORTEST: i64 = 10_000;
/// And no less often: the last step of a long range is still being filled.
const LONGEST: i64 = 300_000;

/// What was read, and what was asked for.
#[derive(Clone, PartialEq)]
pub struct Told {
    /// What was asked for.
    pub look: Look,
    /// What was read.
    pub course: MetricCourse,
}

impl Told {
    /// Milliseconds between two readings.
    fn every(&self) -> i64 {
        self.course.range.step_ms.clamp(SHORTEST, LONGEST)
    }

    fn unit(&self) -> Unit {
        if self.look.aggregation == "count" {
            return Unit::Count;
        }
        Unit::named(self.course.unit.as_deref())
    }

    /// What the chart shows, in words.
    fn title(&self) -> String {
        let Look { metric, aggregation, .. } = &self.look;
        let unit = self.course.unit.as_deref().filter(|_| self.unit() == Unit::Number);
        let unit = unit.map(|unit| format!(", in {unit}")).unwrap_or_default();
        format!("{metric}, {aggregation}{unit}")
    }

    fn lines(&self) -> Vec<Series> {
        lines(&self.course.series, self.course.range.step_ms, &self.look.metric)
    }
}

/// A course that is read again and again.
#[derive(Clone, Copy)]
pub struct Course {
    /// What is shown.
    pub told: RwSignal<Told>,
    /// Why it could not be read again, if so.
    pub trouble: RwSignal<Option<String>>,
    /// What is asked for now.
    look: Memo<Look>,
}

impl Course {
    /// Watches what is asked for, beginning with what was rendered.
    pub fn watch(first: Told, look: Memo<Look>) -> Self {
        let course = Self { told: RwSignal::new(first), trouble: RwSignal::new(None), look };
        course.follow();
        course
    }

    fn follow(self) {
        let Self { told, trouble, look } = self;
        let (live, known) = (Live::expect(), is_known());
        let metric = told.with_untracked(|told| told.look.metric.clone());
        // When it was last asked for, by the clock that ticks here.
        let asked_at = StoredValue::new(None::<Timestamp>);
        Effect::new(move |last: Option<Look>| {
            let (asked, now) = (look.get(), live.now.get());
            let Some(last) = last else { return asked };
            let meant = last != asked;
            let seen = asked_at.get_value();
            if seen.is_none() {
                asked_at.set_value(now);
            }
            let rested = |every| seen.zip(now).is_some_and(|(seen, now)| now.since(seen) >= every);
            let Some(every) = told.try_with_untracked(Told::every) else { return asked };
            let due = asked.ends_now() && rested(every);
            // What nobody looks at need not be new.
            let due = due && !document().hidden() && !untrack(|| live.is_down());
            // Another metric is another course.
            if !(meant || due) || asked.metric != metric {
                return asked;
            }
            asked_at.set_value(now);
            let wanted = asked.clone();
            spawn_local(async move {
                let answer = read(wanted.clone()).await.and_then(|answer| answer.read());
                // An answer to a question that is no longer asked is not shown.
                if look.try_get_untracked().as_ref() != Some(&wanted) {
                    return;
                }
                match answer {
                    Ok(course) => {
                        told.try_set(Told { look: wanted, course });
                        trouble.try_set(None);
                    }
                    Err(error) => {
                        leave_if_signed_out(&error, known);
                        trouble.try_set(Some(error.to_string()));
                    }
                }
            });
            asked
        });
    }

    /// The chart, of so many pixels; `zoom` is told the range that is drawn over it.
    pub fn chart(
        self,
        height: u32,
        no_table: bool,
        zoom: Callback<(Timestamp, Timestamp)>,
    ) -> AnyView {
        let told = self.told;
        let head = Memo::new(move |_| told.with(|told| (told.title(), told.unit())));
        let series = Memo::new(move |_| told.with(Told::lines));
        let from = Memo::new(move |_| told.with(|told| told.course.range.from));
        let to = Memo::new(move |_| told.with(|told| told.course.range.to));
        let chart = move || {
            let (title, unit) = head.get();
            let chart = view! {
                <TimeChart title=title series=series from=from to=to unit=unit height=height no_table=no_table on_zoom=zoom />
            };
            Some(chart.into_any())
        };
        // What is shown is not what was asked for, yet or at all. What was shown may be gone when the
        // address changes.
        let look = self.look;
        let other =
            move || look.with(|look| told.try_with(|told| told.look != *look)).unwrap_or_default();
        let class = words(move || if other() { "course stale" } else { "course" }.to_owned());
        view! {
            <div role="alert">{trouble_line(self.trouble)}</div>
            <div class=class>{dynamic(chart)}</div>
            {dynamic(move || told.with(too_many))}
        }
        .into_any()
    }

    /// When it was read, in which steps, and when it will be again.
    pub fn foot(self) -> AnyView {
        let (live, told) = (Live::expect(), self.told);
        let every =
            Memo::new(move |_| told.with(|told| told.look.ends_now().then(|| told.every())));
        let at = Memo::new(move |_| told.with(|told| told.course.as_of));
        let step = Memo::new(move |_| told.with(|told| told.course.range.step_ms));
        let old = Memo::new(move |_| {
            let (now, every) = (live.now.get(), every.get());
            let late = |every: i64| {
                now.is_some_and(|now| now.since(at.get()) > every.saturating_mul(2).max(30_000))
            };
            live.is_down() || every.is_some_and(late)
        });
        let said = move || {
            let ago = if live.now.get().is_some() { " ago" } else { " UTC" };
            let again = match every.get() {
                // Nothing is read without a line.
                Some(_) if live.is_down() => ", read again once the line is back".to_owned(),
                Some(every) => format!(", read again every {}", format::ago(every)),
                None => String::new(),
            };
            let (at, step) = (since(live, at.get()), range::text(step.get()));
            let text = format!("as of {at}{ago}, in steps of {step}{again}");
            Some(text.into_any())
        };
        let class = words(move || if old.get() { "foot stale" } else { "foot" }.to_owned());
        view! { <footer class=class><span class="dot"></span><span>{dynamic(said)}</span></footer> }
            .into_any()
    }
}

/// What is not drawn, since there is too much of it.
fn too_many(told: &Told) -> Option<AnyView> {
    let (drawn, more) = (told.course.series.len(), told.course.more);
    if more == 0 {
        return None;
    }
    let said = format!(
        "The first {drawn} series are drawn, and there are {} more: narrow them down by a label, or merge them.",
        format::count(more)
    );
    Some(view! { <p class="hint" role="status">{said}</p> }.into_any())
}
