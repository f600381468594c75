//! Structured logs on stderr: for people on a terminal, or one JSON object per line.

use std::io::{self, IsTerminal as _};

use clap::ValueEnum;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// How the server logs.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The form of the log on stderr.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, value_name = "FORM")]
    log: Format,
    /// What to log: a level, or levels by part such as `info,watchroom=debug`.
    #[arg(long, global = true, default_value = "info,sqlx=warn", value_name = "LEVELS", value_parser = parse_targets)]
    log_level: Targets,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

fn parse_targets(text: &str) -> Result<Targets, String> {
    text.parse()
        .map_err(|error| format!("{error}; write a level (error, warn, info, debug, trace) or part=level,…"))
}

/// Starts logging for the whole process. A second call changes nothing.
pub(super) fn start(args: &Args) {
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let layer = match args.log {
        Format::Text => layer.with_ansi(io::stderr().is_terminal()).boxed(),
        Format::Json => layer.json().flatten_event(true).boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(layer.with_filter(args.log_level.clone()));
    // Fails only where a logger is set already, as in tests that call this twice.
    if subscriber.try_init().is_err() {
        tracing::debug!(level = %LevelFilter::current(), "logging was started before");
    }
}
