//! A bar that says what is being measured: on a terminal only, so that logs hold the figures and nothing else.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::time::Duration;

/// The steps of one part.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(part: &'static str, steps: usize) -> Progress {
        if !std::io::stderr().is_terminal() {
            return Progress(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(steps as u64);
        let template = "compare {prefix} {bar:30} {pos}/{len} {msg}, {elapsed} of about {duration}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(part);
        bar.enable_steady_tick(Duration::from_millis(200));
        Progress(bar)
    }

    /// The next step begins.
    pub(super) fn step(&self, what: &str) {
        self.0.set_message(what.to_owned());
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
