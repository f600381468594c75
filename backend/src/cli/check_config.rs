//! `watchroom check-config`: explains every mistake in a configuration.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::{self, Config};

/// Which configuration to check.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration; dashboards are read from the folder `dashboards` beside it.
    #[arg(short, long, value_name = "FILE", default_value = "watchroom.toml")]
    config: PathBuf,
    /// Print, as Markdown, what can be written in the files of dashboards and about metrics; nothing is checked then.
    #[arg(long)]
    reference: bool,
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the findings are what the command is for"
)]
pub(super) fn run(args: &Args) -> ExitCode {
    if args.reference {
        print!("{}", config::reference());
        return ExitCode::SUCCESS;
    }
    match Config::load(&args.config) {
        Ok(config) => {
            println!("ok: {}", config.summary());
            ExitCode::SUCCESS
        }
        Err(mistakes) => {
            eprintln!("{mistakes}");
            ExitCode::FAILURE
        }
    }
}
