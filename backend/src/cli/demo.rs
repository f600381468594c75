//! `watchroom demo`: real measurements and a simulated camera, served like any other archive.

use std::process::ExitCode;

/// How to serve the demonstration.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: std::net::SocketAddr,
    /// Where the measurements are kept.
    #[arg(long, value_name = "URL", default_value = "sqlite:watchroom-demo.db")]
    store: String,
    /// Load what is there, but do not go on simulating the camera.
    #[arg(long)]
    no_live: bool,
    /// The path under which the page and the API stand, such as `/watchroom`.
    #[arg(long, value_name = "PATH", default_value = "/")]
    base_path: String,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not built yet: {args:?}")
}
