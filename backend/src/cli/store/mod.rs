//! `watchroom store`: what is in the store, whether what is derived from its samples is right, and archives of it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;

use super::progress::{Progress, unless_interrupted};
use crate::config::Config;
use crate::pyramid::Pyramid;
use crate::store::tiles::StoredSizes;
use crate::store::{self, Store, StoredMetric};

mod archive;

/// How many differences of a metric are listed one by one.
const MAX_LISTED: usize = 20;

/// What to do with the store. A server may use it meanwhile; only to rebuild or restore a SQLite file it has to be stopped.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
    /// The configuration that names the store
    #[arg(short, long, value_name = "FILE", default_value = "watchroom.toml", global = true)]
    config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Tell what is stored of each metric, and how much room it takes
    Info,
    /// Derive everything again that is derived from samples and kept; exit code 1 where something differs
    Verify,
    /// Drop what is derived from samples, and derive it again
    Rebuild,
    /// Write all that cannot be derived to a file, as it is at one moment, while others go on writing
    Backup {
        /// The file, which must not be there yet
        #[arg(value_name = "OUT")]
        output: PathBuf,
    },
    /// Fill an empty store, of whatever kind, from a file that backup made
    Restore {
        /// The file
        #[arg(value_name = "IN")]
        input: PathBuf,
    },
}

pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(&args.config)?;
    let store = match &args.action {
        Action::Backup { output } => return archive::make(&config.store_url, output).await,
        Action::Restore { input } => return archive::restore(&config.store_url, input).await,
        Action::Info | Action::Verify => store::open_to_read(&config.store_url).await?,
        Action::Rebuild => store::open(&config.store_url).await?,
    };
    let done = unless_interrupted(
        act(&args.action, &store),
        "samples are untouched, and what is not derived yet is derived when it is asked for",
    )
    .await;
    store.close().await;
    done
}

async fn act(action: &Action, store: &Arc<dyn Store>) -> anyhow::Result<ExitCode> {
    let metrics = store.metrics().await?;
    match action {
        Action::Verify => verify(store, &metrics).await,
        Action::Rebuild => rebuild(store, &metrics).await,
        Action::Info | Action::Backup { .. } | Action::Restore { .. } => info(&**store, &metrics).await,
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
    let progress = Progress::of_metrics("verifying", metrics.len())?;
    let (mut n_tiles, mut n_standing, mut n_differences) = (0, 0, 0);
    for (index, metric) in metrics.iter().enumerate() {
        progress.metric(index, 0.0, &metric.name);
        // An empty cache for each: what is stored is compared, not what was compared before.
        let verified = Pyramid::new(Arc::clone(store)).verify(metric).await?;
        n_tiles += verified.tiles;
        n_standing += verified.standing;
        n_differences += verified.differences.len();
        for difference in verified.differences.iter().take(MAX_LISTED) {
            let key = difference.key;
            progress.bar().suspend(|| {
                tell(&format!(
                    "{}: tile of level {} at {} µs, block {}: {}",
                    metric.name, key.level, key.start_us, key.block, difference.what
                ));
            });
        }
        if MAX_LISTED < verified.differences.len() {
            let more = verified.differences.len() - MAX_LISTED;
            progress
                .bar()
                .suspend(|| tell(&format!("{}: and {more} more", metric.name)));
        }
    }
    progress.finish();
    tell(&format!(
        "{n_tiles} tiles of {} metrics: {n_differences} differ",
        metrics.len()
    ));
    if 0 < n_standing {
        tell(&format!(
            "{n_standing} of them stand for samples that retention deleted, so that they were only unpacked"
        ));
    }
    if n_differences == 0 {
        Ok(ExitCode::SUCCESS)
    } else {
        tell("run `watchroom store rebuild` to derive them again; samples are not touched by it");
        Ok(ExitCode::FAILURE)
    }
}

async fn rebuild(store: &Arc<dyn Store>, metrics: &[StoredMetric]) -> anyhow::Result<ExitCode> {
    let progress = Progress::of_metrics("rebuilding", metrics.len())?;
    let pyramid = Pyramid::new(Arc::clone(store));
    let mut n_tiles = 0;
    for (index, metric) in metrics.iter().enumerate() {
        progress.metric(index, 0.0, &metric.name);
        store.tiles().drop_tiles(metric.id).await?;
        pyramid.catch_up_metric(metric).await?;
        n_tiles += store.tiles().list_tiles(metric.id).await?.len();
    }
    progress.finish();
    tell(&format!("{n_tiles} tiles of {} metrics derived", metrics.len()));
    Ok(ExitCode::SUCCESS)
}

#[expect(
    clippy::print_stdout,
    reason = "what the command found is told to whoever started it"
)]
fn tell(line: &str) {
    println!("{line}");
}
