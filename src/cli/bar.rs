//! Progress on a terminal; nothing elsewhere.

use super::client::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// A progress bar on a terminal; nothing elsewhere.
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// Counts things: of how many is said by [`Self::set`].
    pub fn new(what: &'static str) -> Self {
        Self::styled(what, "{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}")
    }

    /// Counts bytes of `all`.
    pub fn bytes(what: &'static str, all: u64) -> Self {
        let bar =
            Self::styled(what, "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
        bar.0.set_length(all);
        bar
    }

    /// Turns while there is no knowing how much there will be.
    pub fn spinner(what: &'static str) -> Self {
        let bar = Self::styled(what, "{spinner} {msg}");
        bar.0.enable_steady_tick(Duration::from_millis(120));
        bar
    }

    /// Shows nothing.
    pub fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    fn styled(what: &'static str, template: &str) -> Self {
        let bar = ProgressBar::no_length().with_message(what);
        Self(match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    /// So much of so much is done.
    pub fn set(&self, done: u64, all: u64) {
        self.0.set_length(all);
        self.0.set_position(done);
    }

    /// So much is done.
    pub fn at(&self, done: u64) {
        self.0.set_position(done);
    }

    /// What is going on.
    pub fn message(&self, text: String) {
        self.0.set_message(text);
    }

    /// A line on standard error that stays, with or without a terminal.
    pub fn say(&self, line: &str) {
        self.0.suspend(|| eprintln!("{line}"));
    }

    /// Says once, until `told` is unset, that a request is being tried again.
    pub fn retrying(&self, failure: &Failure, told: &mut bool) {
        if !std::mem::replace(told, true) {
            self.say(&format!("{failure} (trying again)"));
        }
    }

    /// Takes it off the screen.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}
