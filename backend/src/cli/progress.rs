//! How long commands show how far they are, and how they are stopped: one way for all of them.

use std::future::Future;
use std::io::{self, IsTerminal as _};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};

use super::serve::StopSignals;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// A bar on a terminal; elsewhere a line every ten seconds, on standard error.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    /// What is being done, such as `backing up`.
    doing: String,
    /// When the last line was written; `None` on a terminal.
    told: Option<Mutex<Instant>>,
}

impl Progress {
    /// Of something of so many bytes, or of unknown length.
    pub(super) fn of_bytes(doing: &str, length: Option<u64>) -> anyhow::Result<Self> {
        Ok(Self::new(
            doing,
            match length {
                Some(length) => ProgressBar::new(length).with_style(ProgressStyle::with_template(
                    "{prefix} {bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left; {msg}",
                )?),
                None => ProgressBar::new_spinner().with_style(ProgressStyle::with_template(
                    "{prefix} {spinner} {bytes}, {bytes_per_sec}; {msg}",
                )?),
            },
        ))
    }

    /// Of so many metrics.
    pub(super) fn of_metrics(doing: &str, n_metrics: usize) -> anyhow::Result<Self> {
        const TEMPLATE: &str = "{prefix} {bar:30} {percent} %, {eta} left; {msg}";
        let length = n_metrics as u64 * PARTS;
        Ok(Self::new(
            doing,
            ProgressBar::new(length).with_style(ProgressStyle::with_template(TEMPLATE)?),
        ))
    }

    fn new(doing: &str, bar: ProgressBar) -> Self {
        bar.set_prefix(doing.to_owned());
        Self {
            bar,
            doing: doing.to_owned(),
            told: (!io::stderr().is_terminal()).then(|| Mutex::new(Instant::now())),
        }
    }

    /// What counts the bytes of a reader.
    pub(super) fn bar(&self) -> &ProgressBar {
        &self.bar
    }

    /// So many metrics are done, the last one in part.
    pub(super) fn metric(&self, index: usize, done: f64, name: &str) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a part from 0 to PARTS"
        )]
        let part = (done.clamp(0.0, 1.0) * PARTS as f64) as u64;
        self.bar.set_position(index as u64 * PARTS + part);
        self.message(name);
    }

    /// Says what is done, beside how much.
    pub(super) fn message(&self, message: &str) {
        self.bar.set_message(message.to_owned());
        let Some(told) = &self.told else { return };
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if LINE_EVERY <= told.elapsed() {
            *told = Instant::now();
            line(&plain(&self.doing, self.bar.position(), self.bar.length(), message));
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// How finely the progress of one metric is shown.
const PARTS: u64 = 1000;

/// The line of progress where there is no bar.
fn plain(doing: &str, position: u64, length: Option<u64>, message: &str) -> String {
    match length.filter(|length| 0 < *length) {
        Some(length) => format!("{doing}: {} %, {message}", 100 * position.min(length) / length),
        None => format!("{doing}: {message}"),
    }
}

#[expect(clippy::print_stderr, reason = "progress where there is no terminal to draw on")]
fn line(text: &str) {
    eprintln!("{text}");
}

/// Does a long work until it is done, or until a signal asks the process to stop; then `left` says what remains.
///
/// The work is dropped where it waits, so all that it does must bear to be left off there.
pub(super) async fn unless_interrupted<T>(
    work: impl Future<Output = anyhow::Result<T>>,
    left: &str,
) -> anyhow::Result<T> {
    let signals = StopSignals::install().context("cannot listen for signals")?;
    tokio::select! {
        done = work => done,
        () = signals.received() => bail!("interrupted; {left}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_is_done_where_that_is_known() {
        let lines = [
            plain("storing", 30, Some(120), "17 frames stored"),
            plain("storing", 130, Some(120), "all read"),
            plain("storing", 30, None, "17 frames stored"),
            plain("verifying", 0, Some(0), "nothing"),
        ];
        insta::assert_snapshot!(lines.join("\n"), @r"
        storing: 25 %, 17 frames stored
        storing: 100 %, all read
        storing: 17 frames stored
        verifying: nothing
        ");
    }
}
