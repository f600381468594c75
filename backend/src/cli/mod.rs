//! The command line: one file per command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod check;
mod check_config;
mod demo;
mod export;
mod ingest;
mod logging;
mod mock;
mod progress;
mod serve;
mod store;

/// The control-room wall of an experiment: a server for time series and the page that shows them.
#[derive(Debug, Parser)]
#[command(name = "watchroom", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    logging: logging::Args,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the page and the API.
    Serve(serve::Args),
    /// Serve a demonstration: real measurements and a simulated camera.
    Demo(demo::Args),
    /// Store measurements from files.
    Ingest(ingest::Args),
    /// Write raw samples into a file: CSV, JSON, Parquet or Arrow.
    Export(export::Args),
    /// Make a large archive of made-up measurements, the same on every machine, for trials and benches.
    Mock(mock::Args),
    /// Look after the store: tell what is in it, verify or rebuild what is derived from samples, back up and restore.
    Store(store::Args),
    /// Ask a running server how it stands with something, as a plugin of Nagios and Icinga.
    Check(check::Args),
    /// Explain every mistake in a configuration.
    CheckConfig(check_config::Args),
}

/// Runs a command to its end.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    logging::start(&cli.logging);
    // Before anything speaks TLS: one crypto for databases, mail and webhooks.
    crate::notify::transport::install_crypto();
    match cli.command {
        Command::Serve(args) => serve::run(&args).await,
        Command::Demo(args) => demo::run(&args).await,
        Command::Ingest(args) => ingest::run(&args).await,
        Command::Export(args) => export::run(&args).await,
        Command::Mock(args) => mock::run(&args).await,
        Command::Store(args) => store::run(&args).await,
        Command::Check(args) => Ok(check::run(&args).await),
        Command::CheckConfig(args) => Ok(check_config::run(&args)),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
