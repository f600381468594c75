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

/// A bar on a terminal; elsewhere a line at once and then every ten seconds, on standard error.
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
        /// Parts of a metric that may be done.
        const LENGTH: &str = "{prefix} {bar:30} {percent} %, {eta} left; {msg}";
        let length = n_metrics as u64 * PARTS;
        Ok(Self::new(
            doing,
            ProgressBar::new(length).with_style(ProgressStyle::with_template(LENGTH)?),
        ))
    }

    fn new(doing: &str, bar: ProgressBar) -> Self {
        bar.set_prefix(doing.to_owned());
        let is_terminal = io::stderr().is_terminal();
        if !is_terminal {
            line(doing);
        }
        Self {
            bar,
            doing: doing.to_owned(),
            told: (!is_terminal).then(|| Mutex::new(Instant::now())),
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
            let length = self.bar.length().filter(|length| 0 < *length);
            let percent = length.map_or_else(String::new, |length| {
                format!(" {:.0} %,", 100.0 * self.bar.position() as f64 / length as f64)
            });
            line(&format!("{}:{percent} {message}", self.doing));
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// How finely the progress of one metric is shown.
const PARTS: u64 = 1000;

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
