//! `watchroom demo`: real measurements and simulated sources, served like any other archive.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use shared::time::Timestamp;
use tokio::sync::oneshot;

use super::serve;
use crate::alarms::service::keep_evaluating;
use crate::app::App;
use crate::clock::SystemClock;
use crate::config;
use crate::demo::simulation::{self, Simulation};
use crate::demo::{self, bundled};
use crate::ingest::csv;
use crate::store;

/// How to serve the demonstration.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: std::net::SocketAddr,
    /// Where the measurements are kept.
    #[arg(long, value_name = "URL", default_value = "sqlite:watchroom-demo.db")]
    store: String,
    /// Load what is there, but do not go on simulating.
    #[arg(long)]
    no_live: bool,
    /// The path under which the page and the API stand, such as `/watchroom`.
    #[arg(long, value_name = "PATH", default_value = "/", value_parser = config::parse_base_path)]
    base_path: String,
    /// A folder with the built page, in place of the page inside the binary.
    #[arg(long, value_name = "DIR")]
    page_dir: Option<PathBuf>,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut config = demo::config().context("the demo's configuration is broken")?;
    config.server.listen = args.listen;
    config.server.base_path.clone_from(&args.base_path);
    config.server.page_dir.clone_from(&args.page_dir);
    config.store_url.clone_from(&args.store);
    let listener = serve::bind(args.listen).await?;
    let store = store::open(&args.store).await?;
    tell(&format!("store {}", args.store));
    let mut app = App::new(config, store, Arc::new(SystemClock))?;
    app.alarms.look_back(demo::alarms::LOOK_BACK_MICROS);
    let app = Arc::new(app);
    let served = match load(&app).await {
        Ok((sources, since)) => {
            let (stop, stopped) = oneshot::channel();
            let live_app = Arc::clone(&app);
            let live = async move {
                let App { writer, clock, .. } = &*live_app;
                simulation::run(&sources, writer, clock.as_ref(), since, stopped).await;
            };
            let live = (!args.no_live).then(|| tokio::spawn(live));
            // The past nights are gone through while the page is there already.
            let watched = Arc::clone(&app);
            let evaluating = tokio::spawn(async move {
                demo::alarms::speak_for_the_crew(&watched).await;
                keep_evaluating(watched).await;
            });
            let served = serve::serve(Arc::clone(&app), listener).await;
            drop(stop);
            evaluating.abort();
            serve::stop_evaluating(&app).await;
            if let Some(live) = live {
                live.await.context("the simulation broke down")?;
            }
            served
        }
        Err(error) => Err(error),
    };
    app.store.close().await;
    served
}

/// Loads what is missing, and says so. Gives back what is simulated, and the moment up to which it is.
async fn load(app: &App) -> anyhow::Result<(Vec<Arc<dyn Simulation>>, Timestamp)> {
    let mut options: BTreeMap<String, csv::Options> = BTreeMap::new();
    for (name, source) in &app.config.csv {
        let checked = source
            .options()
            .map_err(|wrong| anyhow!("[csv.{name}] {}: {}", wrong.key, wrong.message))?;
        options.insert(name.clone(), checked);
    }
    for bundle in &bundled::MEASUREMENTS {
        let start = Instant::now();
        match bundled::load(bundle, &options, app.store.as_ref(), &app.writer).await? {
            Some(n_values) => tell(&format!("loaded {}: {n_values} values{}", bundle.file, took(start))),
            None => tell(&format!("{} is there already", bundle.file)),
        }
    }
    let now = app.clock.now();
    let sources = demo::simulations()?;
    for source in &sources {
        simulate(app, Arc::clone(source), now).await?;
    }
    Ok((sources, now))
}

/// Simulates what is missing of the last nights of a source.
async fn simulate(app: &App, source: Arc<dyn Simulation>, now: Timestamp) -> anyhow::Result<()> {
    let start = Instant::now();
    let what = source.what();
    tell(&format!(
        "simulating what is missing of the last three nights of {what}"
    ));
    let mut told_millions = 0;
    let written = simulation::write_nights(source, app.store.as_ref(), &app.writer, now, |written| {
        let millions = written.values / 1_000_000;
        if millions >= told_millions + 5 {
            told_millions = millions;
            tell(&format!("  {millions} million values so far"));
        }
    });
    let written = written.await?;
    tell(&format!(
        "simulated {} frames, {} values{}",
        written.frames,
        written.values,
        took(start)
    ));
    Ok(())
}

fn took(start: Instant) -> String {
    format!(" in {:.1} s", start.elapsed().as_secs_f64())
}

#[expect(clippy::print_stdout, reason = "what the demo does is told to whoever started it")]
fn tell(line: &str) {
    println!("{line}");
}
