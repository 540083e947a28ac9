//! What a test of a rule on the past found.

use super::evidence::{chart, listed, strips};
use crate::domain::alerts::{BackTest, Stretch};
use crate::ui::format;
use leptos::prelude::*;
use std::sync::Arc;

/// What was found: in a sentence, over the data, and each time by itself.
pub fn result(found: &BackTest) -> AnyView {
    let range = (found.from, found.to);
    let drawn = match &found.measured {
        Some(measured) => {
            // The series that is drawn is the one that most often fired.
            let most = most_often(&found.fired);
            let mine = found.fired.iter().filter(|one| Some(&one.subject) == most.as_ref());
            let shaded = mine.map(|one| (one.from, one.to.unwrap_or(found.to))).collect();
            let about = most.map(|subject| {
                view! { <p class="hint">{format!("Shaded is when it would have fired about {subject}.")}</p> }
            });
            view! { {chart(measured.clone(), range, shaded)} {about} }.into_any()
        }
        None => ().into_any(),
    };
    let subjects = subjects(&found.fired);
    let strip = (found.measured.is_none() || subjects > 1) && subjects > 0;
    let strip = strip.then(|| strips(&found.fired, range));
    let times = (!found.fired.is_empty()).then(|| listed(&found.fired));
    let cut = found.cut.then(|| {
        view! { <p class="hint">"There was more than a test looks at: fewer days tell more."</p> }
    });
    view! {
        <p class="verdict-of"><b>{said(found, subjects)}</b></p>
        <p class="hint">
            {format!("{} events were looked at, from {} to {}.", format::count(found.events), format::day_clock(found.from), format::day_clock(found.to))}
        </p>
        {cut}
        {drawn}
        {strip}
        {times}
    }
    .into_any()
}

fn subjects(fired: &[Stretch]) -> usize {
    let mut all: Vec<&Arc<str>> = fired.iter().map(|one| &one.subject).collect();
    all.sort_unstable();
    all.dedup();
    all.len()
}

fn most_often(fired: &[Stretch]) -> Option<Arc<str>> {
    let count = |of: &Arc<str>| fired.iter().filter(|one| one.subject == *of).count();
    fired.iter().map(|one| &one.subject).max_by_key(|of| count(of)).cloned()
}

/// What was found, in a sentence.
fn said(found: &BackTest, subjects: usize) -> String {
    let times = |n: u64| match n {
        1 => "once".to_owned(),
        n => format!("{} times", format::count(n)),
    };
    let fired = match found.fired.len() as u64 {
        0 => return "It would not have fired.".to_owned(),
        n => times(n),
    };
    let about = match subjects {
        1 => String::new(),
        n => format!(", about {} things", format::count(n as u64)),
    };
    let flaps = match found.flaps {
        0 => "never flapped".to_owned(),
        n => format!("flapped {}", times(n)),
    };
    format!("It would have fired {fired}{about}, and {flaps}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::health::Severity;
    use crate::wire::Timestamp;

    #[track_caller]
    fn check(subjects_of: &[&str], flaps: u64, expect: &str) {
        let at = Timestamp::from_ms(0);
        let fired = |subject: &&str| Stretch {
            from: at,
            to: None,
            subject: (*subject).into(),
            severity: Severity::Warning,
        };
        let fired: Vec<_> = subjects_of.iter().map(fired).collect();
        let n = subjects(&fired);
        let found =
            BackTest { fired, flaps, from: at, to: at, events: 0, cut: false, measured: None };
        assert_eq!(said(&found, n), expect);
    }

    #[test]
    fn what_was_found_is_a_sentence() {
        check(&[], 0, "It would not have fired.");
        check(&["a"], 0, "It would have fired once, and never flapped.");
        check(
            &["a", "b", "a"],
            1,
            "It would have fired 3 times, about 2 things, and flapped once.",
        );
    }
}
