//! `watchroom serve`: the page and the API, until told to stop.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::alarms::service::keep_evaluating;
use crate::app::App;
use crate::clock::SystemClock;
use crate::config::Reloader;
use crate::http::page::Page;
use crate::live::feed::keep_listening;
use crate::notify::worker::keep_telling;
use crate::pyramid::keep::keep_up;
use crate::reload::keep_reloading;
use crate::retention::{keep_pruning, learn};
use crate::streams::keep::keep_watching;
use crate::{http, store};

/// How long requests that are under way may still take after the server was told to stop.
const STOP_SECS: u64 = 10;

/// How long live clients may take to hear that the server stops.
const LIVE_FAREWELL: Duration = Duration::from_secs(2);

/// How to serve.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration; dashboards are read from the folder `dashboards` beside it.
    #[arg(short, long, value_name = "FILE", default_value = "watchroom.toml")]
    config: PathBuf,
    /// A folder with the built page, in place of the page inside the binary.
    #[arg(long, value_name = "DIR")]
    page_dir: Option<PathBuf>,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (mut config, reloader) = Reloader::load(&args.config)?;
    if let Some(page_dir) = &args.page_dir {
        config.server.page_dir = Some(page_dir.clone());
    }
    let listener = bind(config.server.listen).await?;
    let store = store::open(&config.store_url).await?;
    let app = Arc::new(App::new(config, store, Arc::new(SystemClock))?);
    app.describe_metrics().await?;
    learn(&*app.store, app.writer.gate()).await?;
    let reloading = tokio::spawn(keep_reloading(Arc::clone(&app), reloader));
    let evaluating = tokio::spawn(keep_evaluating(Arc::clone(&app)));
    let served = serve(Arc::clone(&app), listener).await;
    reloading.abort();
    evaluating.abort();
    stop_evaluating(&app).await;
    app.store.close().await;
    served
}

/// Keeps how the alarms stand, so that the next start has little to go through again.
pub(super) async fn stop_evaluating(app: &App) {
    let now = app.clock.now().as_micros();
    if let Err(error) = app.alarms.stop(&*app.store, now).await {
        tracing::warn!(%error, "how the alarms stand could not be kept: {error}");
    }
}

/// Takes the port, so that a taken one is told before anything else is begun.
pub(super) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "listening on {address}: anyone who reaches it can read and write, for there are no accounts");
    }
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("{address} is taken by another program; stop it, or listen on another address")
        }
        _ => anyhow::Error::new(error).context(format!("cannot listen on {address}")),
    })
}

/// Serves until SIGINT or SIGTERM, and lets requests that are under way finish. The store stays open.
#[expect(clippy::print_stdout, reason = "the address is what the command is started for")]
pub(super) async fn serve(app: Arc<App>, listener: TcpListener) -> anyhow::Result<ExitCode> {
    let page = Page::open(&app.config.server)?;
    let address = listener.local_addr().context("the socket has no address")?;
    let base_path = app.config.server.base_path.clone();
    // Answers are small and awaited: do not hold back their last packet.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay: {error}");
        }
    });
    let signals = StopSignals::install().context("cannot listen for signals")?;
    let keeping_up = tokio::spawn(keep_up(Arc::clone(&app.pyramid)));
    let pruning = tokio::spawn(keep_pruning(Arc::clone(&app)));
    let telling = tokio::spawn(keep_telling(Arc::clone(&app)));
    let listening = tokio::spawn(keep_listening(
        Arc::clone(&app.store),
        Arc::clone(&app.live.hub),
        Arc::clone(&app.streams),
        Arc::clone(&app.alarms.feed),
    ));
    let watching = tokio::spawn(keep_watching(Arc::clone(&app)));
    let stopping = Arc::new(Notify::new());
    let told = Arc::clone(&stopping);
    let (live, stopping_live) = (Arc::clone(&app.live), Arc::clone(&app.live));
    let server = axum::serve(listener, http::router_with_page(app, page)).with_graceful_shutdown(async move {
        signals.received().await;
        tracing::info!("stopping: requests under way have {STOP_SECS} s to finish");
        stopping_live.stop();
        told.notify_one();
    });
    println!("watchroom is ready on http://{address}{base_path}/");
    // Nobody may be reading; that is no reason to stop.
    let _unread = io::stdout().flush();
    let out_of_patience = async {
        stopping.notified().await;
        tokio::time::sleep(Duration::from_secs(STOP_SECS)).await;
    };
    let outcome = tokio::select! {
        ended = server => ended.context("the server failed"),
        () = out_of_patience => {
            tracing::warn!("stopped with requests unfinished after {STOP_SECS} s");
            Ok(())
        }
    };
    // Who listens is told to come back, as long as it takes that in.
    let _told = tokio::time::timeout(LIVE_FAREWELL, live.stopped()).await;
    // What it has not stored yet is derived again by the next.
    keeping_up.abort();
    pruning.abort();
    // What it was about to send is sent by the next.
    telling.abort();
    listening.abort();
    watching.abort();
    outcome?;
    Ok(ExitCode::SUCCESS)
}

/// The signals that ask the process to stop.
pub(super) struct StopSignals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl StopSignals {
    /// From here on a signal waits to be heard, and does not end the process.
    #[cfg(unix)]
    pub(super) fn install() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(not(unix))]
    pub(super) fn install() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits until one comes.
    #[cfg(unix)]
    pub(super) async fn received(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    pub(super) async fn received(self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
