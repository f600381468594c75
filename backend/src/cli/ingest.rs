//! `watchroom ingest`: stores measurements from files.

use std::process::ExitCode;

/// What to store.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not built yet: {args:?}")
}
