//! One of the viewers is a browser: when each sample has changed a pixel of a panel that follows now.
//!
//! Browser and bench read the same clock of the machine, to a millisecond.

use super::METRIC;
use crate::apt;
use crate::bench::Bench;
use crate::bench::http::Times;
use crate::bench::server::{Background, Site};
use crate::node::Node;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// Where the runner and its packages are, below the checkout.
const RUNNER: &str = "xtask/src/bench/page";

/// How long the window of the panel is, in seconds.
const LOOKBACK_SECS: u32 = 60;

/// A sample that is not seen within this time was missed: then the next but one, which looks the same, is.
const PATIENCE: Duration = Duration::from_millis(1_900);

/// The panel that is looked at: from the lowest to the highest value of all channels, on an axis from 0 to 100.
pub(super) fn dashboard() -> String {
    format!(
        "title = \"Bench\"\n\n[[tabs]]\nid = \"live\"\ntitle = \"live\"\n\n[[tabs.panels]]\nid = \"pixel\"\n\
         title = \"pixel\"\ntype = \"timeseries\"\nwidth = 12\nheight = 300\nlow = 0.0\nhigh = 100.0\n\
         lines = [{{ metric = \"{METRIC}\", channels = \"band\" }}]\n"
    )
}

/// A browser that looks.
#[derive(Debug)]
pub(super) struct Browser {
    process: Background,
    results: PathBuf,
}

impl Browser {
    /// Opens the page, waits until it is complete, and looks for so many seconds from then on.
    pub(super) fn look(bench: &Bench<'_>, site: &Site<'_>, secs: u64) -> Result<Self> {
        let runner = bench.workspace.root.join(RUNNER);
        let node = Node::ensure(bench.workspace)?;
        node.install_packages_in(
            bench.workspace,
            &runner,
            "Playwright and what `bench page` needs (90 MB)",
        )?;
        let [plan, ready, results, log] =
            ["plan.json", "ready", "results.json", "log"].map(|name| bench.folder.join(format!("pixel-{name}")));
        let text = json!({
            "address": format!("{}/d/bench/live?last={LOOKBACK_SECS}s", site.url()),
            "lookbackSecs": LOOKBACK_SECS,
            "secs": secs,
            "ready": ready,
            "results": results,
        });
        fs::write(&plan, text.to_string()).with_context(|| format!("cannot write {}", plan.display()))?;
        let mut command = node.command(bench.workspace)?;
        command
            .arg(runner.join("pixel.mjs"))
            .arg(&plan)
            .env("WATCHROOM_CHROMIUM", apt::CHROMIUM.path()?);
        let mut process = Background::start("the browser", &mut command, &log)?;
        process.wait_until(&log, || ready.exists())?;
        Ok(Self { process, results })
    }

    /// What it has seen, when its time is over.
    pub(super) fn seen(self) -> Result<Seen> {
        self.process.wait()?;
        let text = fs::read_to_string(&self.results).context("the browser has seen nothing")?;
        Seen::of(&serde_json::from_str(&text)?).context("the browser has written something else")
    }
}

/// What a browser has seen.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Seen {
    /// When a high sample, or a low one, came into the picture: milliseconds since the epoch, and which.
    changes: Vec<(f64, bool)>,
    /// Of all turns of the screen, how many the page has missed.
    pub(super) missed_share: f64,
}

impl Seen {
    fn of(json: &Value) -> Option<Self> {
        let change = |change: &Value| Some((change["at"].as_f64()?, change["side"].as_str()? == "high"));
        let (drawn, missed) = (json["frames"].as_f64()?, json["missed"].as_f64()?);
        Some(Self {
            changes: json["changes"].as_array()?.iter().map(change).collect::<Option<_>>()?,
            missed_share: missed / (drawn + missed),
        })
    }

    /// How long after it was accepted each sample was seen, and how many never were. Of each sample: when it was sent, when it
    /// was accepted, and whether it was high.
    pub(super) fn delays(&self, written: &[(SystemTime, SystemTime, bool)]) -> (Times, usize) {
        let ms = |time: &SystemTime| {
            let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            since.as_secs_f64() * 1000.0
        };
        let mut delays = Vec::new();
        for (sent, accepted, is_high) in written {
            let sent_ms = ms(sent);
            // The browser knows whole milliseconds.
            let since = sent_ms - 1.0..sent_ms + PATIENCE.as_secs_f64() * 1000.0;
            let seen = self
                .changes
                .iter()
                .find(|(at, side)| side == is_high && since.contains(at));
            if let Some((at, _)) = seen {
                delays.push(Duration::from_secs_f64((at - ms(accepted)).max(0.0) / 1000.0));
            }
        }
        let n_missing = written.len() - delays.len();
        (delays.into(), n_missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_is_seen_by_the_first_change_of_its_side_after_it() {
        let at = |ms: u64| SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
        let json = json!({
            "frames": 98, "missed": 2,
            "changes": [{"at": 1_030, "side": "high"}, {"at": 2_040, "side": "low"}, {"at": 5_000, "side": "high"}],
        });
        let seen = Seen::of(&json).unwrap();
        assert!((seen.missed_share - 0.02).abs() < 1e-9);
        let written = [(1_000, 1_010, true), (2_000, 2_010, false), (3_000, 3_010, true)];
        let written = written.map(|(sent, accepted, is_high)| (at(sent), at(accepted), is_high));
        let (delays, n_missing) = seen.delays(&written);
        assert_eq!((delays.len(), n_missing), (2, 1));
        assert!((delays.quantile_ms(1.0) - 30.0).abs() < 0.1 && (delays.median_ms() - 25.0).abs() < 5.1);
    }
}
