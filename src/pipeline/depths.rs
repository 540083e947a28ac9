//! How many tasks wait in each queue, for history: noted when it changes.

use super::history::{Sample, Series};
use crate::domain::work::TaskStatus;
use crate::domain::work::state::State;
use crate::wire::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

/// What was noted last, by queue; that of all of them under none. Bounded by the state's queues.
#[derive(Debug, Default)]
pub struct Depths {
    noted: HashMap<Option<Arc<str>>, u64>,
}

impl Depths {
    /// What is to be noted of these queues, and of all of them together, as of `time`.
    pub fn changes(&mut self, state: &State, queues: &[Arc<str>], time: Timestamp) -> Vec<Sample> {
        if queues.is_empty() {
            return Vec::new();
        }
        let all = Some(state.index.count(TaskStatus::Queued));
        let each = queues.iter().map(|name| {
            let queue = state.queues.get(name);
            (Some(name.clone()), queue.map(|queue| queue.depth()))
        });
        let mut samples = Vec::new();
        for (name, depth) in each.chain([(None, all)]) {
            let had = match depth {
                Some(depth) => self.noted.insert(name.clone(), depth),
                // A queue that is forgotten is empty.
                None => self.noted.remove(&name),
            };
            let depth = depth.unwrap_or_default();
            if had != Some(depth) {
                let value = depth as f64;
                samples.push(Sample { series: Series::QueueDepth(name), time, value });
            }
        }
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Envelope, Event, State as Whole};
    use crate::wire::Stamp;

    /// Folds a task of a queue, and says what is noted.
    #[track_caller]
    fn check(whole: &mut Whole, depths: &mut Depths, event: (&str, &str), expect: &[(&str, f64)]) {
        let (kind, task) = event;
        let data = format!(r#"{{"task":"{task}","queue":"q"}}"#);
        let event = Event::decode(kind, &data).unwrap().unwrap();
        let (seq, subject) = (whole.seq + 1, None);
        let at = Timestamp::from_ms(seq as i64);
        let (source, id) = ("s".into(), seq.to_string().into());
        let stamp = Stamp { seq, at, time: at, source, id, subject };
        whole.fold(&Envelope { stamp, event }, &mut Vec::new());
        let samples = depths.changes(&whole.work, &["q".into()], at);
        let name = |series: &Series| match series {
            Series::QueueDepth(name) => name.as_deref().unwrap_or("all").to_owned(),
            other => panic!("{other:?}"),
        };
        let got: Vec<(String, f64)> = samples.iter().map(|s| (name(&s.series), s.value)).collect();
        let expect: Vec<_> = expect.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        assert_eq!(got, expect, "{kind}");
    }

    #[test]
    fn only_what_changes_is_noted() {
        let (mut whole, mut depths) = (Whole::default(), Depths::default());
        let mut check = |event, expect: &[_]| check(&mut whole, &mut depths, event, expect);
        check(("task.queued", "t"), &[("q", 1.0), ("all", 1.0)]);
        check(("task.queued", "u"), &[("q", 2.0), ("all", 2.0)]);
        check(("task.assigned", "t"), &[("q", 1.0), ("all", 1.0)]);
        check(("task.started", "t"), &[]);
        assert!(depths.changes(&whole.work, &[], whole.now).is_empty());
    }
}
