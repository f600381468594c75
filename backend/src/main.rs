//! The `watchroom` command: reads the command line, sets up logging, runs one command.

use std::process::ExitCode;

use clap::Parser as _;
use watchroom::cli::{Cli, run};

#[expect(clippy::print_stderr, reason = "what stops a command is told in one line on stderr")]
fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("watchroom: cannot start the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("watchroom: {error:#}");
            ExitCode::FAILURE
        }
    }
}
