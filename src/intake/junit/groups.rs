//! Errors of a run, grouped by what they say.

use crate::domain::projects::RunError;
use crate::intake::xml_text::truncate;
use std::collections::HashMap;

/// Most groups of one run.
const MAX_GROUPS: usize = 100;

/// Longest message, in bytes.
const MAX_MESSAGE: usize = 2048;

/// Bytes for the messages of one run; they share it when there are many.
const MESSAGE_BUDGET: usize = 32 * 1024;

/// Longest type and longest file name, in bytes.
const MAX_SHORT: usize = 200;

/// One error or failure of a report.
#[derive(Debug, Default)]
pub(in crate::intake) struct Problem {
    pub kind: String,
    pub message: String,
    pub file: Option<String>,
    pub line: Option<u32>,
}

/// Errors grouped by type and message, in the order they first came up.
#[derive(Debug, Default)]
pub(in crate::intake) struct Groups {
    list: Vec<RunError>,
    places: HashMap<(String, String), usize>,
}

impl Groups {
    /// Counts one more.
    pub fn add(&mut self, problem: Problem) {
        let kind = truncate(&problem.kind, MAX_SHORT).to_owned();
        let message = truncate(&problem.message, MAX_MESSAGE).to_owned();
        let place = self.places.get(&(kind.clone(), message.clone())).copied();
        // Once it is full, what is new still counts where its type does.
        let full = || self.list.iter().position(|error| *error.kind == *kind);
        let place = place.or_else(|| (self.list.len() >= MAX_GROUPS).then(full).flatten());
        if let Some(error) = place.and_then(|i| self.list.get_mut(i)) {
            error.count = error.count.saturating_add(1);
        } else if self.list.len() < MAX_GROUPS {
            self.places.insert((kind.clone(), message.clone()), self.list.len());
            let file = problem.file.map(|file| truncate(&file, MAX_SHORT).to_owned());
            let error = RunError { kind: kind.into(), message, file, line: problem.line, count: 1 };
            self.list.push(error);
        }
    }

    /// The groups, their messages cut so that the whole stays within an event's size.
    pub fn into_errors(mut self) -> Vec<RunError> {
        let share = (MESSAGE_BUDGET / self.list.len().max(1)).min(MAX_MESSAGE);
        for error in &mut self.list {
            error.message.truncate(error.message.floor_char_boundary(share));
        }
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: &str, message: String) -> Problem {
        Problem { kind: kind.to_owned(), message, ..Problem::default() }
    }

    #[test]
    fn the_same_words_are_one_group() {
        let mut groups = Groups::default();
        for message in ["a", "b", "a"] {
            groups.add(problem("E", message.to_owned()));
        }
        let counts: Vec<_> = groups.into_errors().iter().map(|e| e.count).collect();
        assert_eq!(counts, [2, 1]);
    }

    #[test]
    fn many_groups_stay_small_and_lose_no_count_of_their_type() {
        let mut groups = Groups::default();
        for i in 0..1000 {
            groups.add(problem("E", format!("{i}{}", "é".repeat(3000))));
        }
        let errors = groups.into_errors();
        assert_eq!(errors.len(), MAX_GROUPS);
        assert_eq!(errors.iter().map(|e| e.count).sum::<u32>(), 1000);
        assert!(serde_json::to_vec(&errors).unwrap().len() < crate::intake::MAX_EVENT);
    }

    #[test]
    fn one_message_may_have_2_kib() {
        let mut groups = Groups::default();
        groups.add(problem("E", format!("x{}", "é".repeat(3000))));
        assert_eq!(groups.into_errors()[0].message.len(), 2047);
    }
}
