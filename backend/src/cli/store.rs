//! `watchroom store`: what is in the store, and whether what is derived from its samples is right.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};

use crate::config::Config;
use crate::pyramid::Pyramid;
use crate::store::tiles::StoredSizes;
use crate::store::{self, Store, StoredMetric};

/// How many differences of a metric are listed one by one.
const MAX_LISTED: usize = 20;

/// What to do with the store; nobody else may use it meanwhile.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
    /// The configuration that names the store
    #[arg(short, long, value_name = "FILE", default_value = "watchroom.toml", global = true)]
    config: PathBuf,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum Action {
    /// Tell what is stored of each metric, and how much room it takes
    Info,
    /// Derive everything again that is derived from samples and kept; exit code 1 where something differs
    Verify,
    /// Drop what is derived from samples, and derive it again
    Rebuild,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(&args.config)?;
    let store = store::open(&config.store_url).await?;
    let done = tokio::select! {
        done = act(args.action, &store) => done,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!(
            "interrupted; samples are untouched, and what is not derived yet is derived when it is asked for"
        )),
    };
    store.close().await;
    done
}

async fn act(action: Action, store: &Arc<dyn Store>) -> anyhow::Result<ExitCode> {
    let metrics = store.metrics().await?;
    match action {
        Action::Info => info(&**store, &metrics).await,
        Action::Verify => verify(store, &metrics).await,
        Action::Rebuild => rebuild(store, &metrics).await,
    }
}

async fn info(store: &dyn Store, metrics: &[StoredMetric]) -> anyhow::Result<ExitCode> {
    tell(&format!(
        "{:<32} {:>8} {:>10} {:>14} {:>10} {:>14} {:>10}",
        "metric", "channels", "frames", "raw bytes", "per value", "derived bytes", "per value"
    ));
    for metric in metrics {
        let sizes = store.tiles().stored_sizes(metric.id).await?;
        let n_channels = metric.channel_labels.len();
        tell(&format!(
            "{:<32} {n_channels:>8} {:>10} {:>14} {:>10} {:>14} {:>10}",
            metric.name,
            sizes.frames,
            sizes.raw_bytes,
            per_value(sizes.raw_bytes, sizes),
            sizes.tile_bytes,
            per_value(sizes.tile_bytes, sizes),
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn per_value(bytes: u64, sizes: StoredSizes) -> String {
    if sizes.values == 0 {
        "-".to_owned()
    } else {
        format!("{:.2}", bytes as f64 / sizes.values as f64)
    }
}

async fn verify(store: &Arc<dyn Store>, metrics: &[StoredMetric]) -> anyhow::Result<ExitCode> {
    let bar = progress_bar(metrics.len())?;
    let (mut n_tiles, mut n_differences) = (0, 0);
    for metric in metrics {
        bar.set_message(metric.name.clone());
        // An empty cache for each: what is stored is compared, not what was compared before.
        let verified = Pyramid::new(Arc::clone(store)).verify(metric).await?;
        n_tiles += verified.tiles;
        n_differences += verified.differences.len();
        for difference in verified.differences.iter().take(MAX_LISTED) {
            let key = difference.key;
            bar.suspend(|| {
                tell(&format!(
                    "{}: tile of level {} at {} µs, block {}: {}",
                    metric.name, key.level, key.start_us, key.block, difference.what
                ));
            });
        }
        if MAX_LISTED < verified.differences.len() {
            let more = verified.differences.len() - MAX_LISTED;
            bar.suspend(|| tell(&format!("{}: and {more} more", metric.name)));
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    tell(&format!(
        "{n_tiles} tiles of {} metrics: {n_differences} differ",
        metrics.len()
    ));
    if n_differences == 0 {
        Ok(ExitCode::SUCCESS)
    } else {
        tell("run `watchroom store rebuild` to derive them again; samples are not touched by it");
        Ok(ExitCode::FAILURE)
    }
}

async fn rebuild(store: &Arc<dyn Store>, metrics: &[StoredMetric]) -> anyhow::Result<ExitCode> {
    let bar = progress_bar(metrics.len())?;
    let pyramid = Pyramid::new(Arc::clone(store));
    let mut n_tiles = 0;
    for metric in metrics {
        bar.set_message(metric.name.clone());
        store.tiles().drop_tiles(metric.id).await?;
        pyramid.catch_up_metric(metric).await?;
        n_tiles += store.tiles().list_tiles(metric.id).await?.len();
        bar.inc(1);
    }
    bar.finish_and_clear();
    tell(&format!("{n_tiles} tiles of {} metrics derived", metrics.len()));
    Ok(ExitCode::SUCCESS)
}

/// Shows how many metrics are done, on a terminal; hidden elsewhere.
fn progress_bar(n_metrics: usize) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len} metrics, {eta} left; {msg}")?;
    Ok(ProgressBar::new(n_metrics as u64).with_style(style))
}

#[expect(
    clippy::print_stdout,
    reason = "what the command found is told to whoever started it"
)]
fn tell(line: &str) {
    println!("{line}");
}
