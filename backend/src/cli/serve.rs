//! `watchroom serve`: the page and the API, until told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::app::App;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::{http, store};

/// How to serve.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration; dashboards are read from the folder `dashboards` beside it.
    #[arg(short, long, value_name = "FILE", default_value = "watchroom.toml")]
    config: PathBuf,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(&args.config)?;
    let listener = bind(config.server.listen).await?;
    let store = store::open(&config.store_url).await?;
    let app = Arc::new(App::new(config, store, Arc::new(SystemClock))?);
    let served = serve(Arc::clone(&app), listener).await;
    app.store.close().await;
    served
}

/// Takes the port, so that a taken one is told before anything else is begun.
pub(super) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))
}

/// Serves until SIGINT or SIGTERM; finishes what was begun. The store stays open.
pub(super) async fn serve(app: Arc<App>, listener: TcpListener) -> anyhow::Result<ExitCode> {
    axum::serve(listener, http::router(app)).await?;
    Ok(ExitCode::SUCCESS)
}
