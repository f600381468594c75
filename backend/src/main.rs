//! The `watchroom` command: reads the command line, sets up logging, runs one command.

use std::process::ExitCode;

use clap::Parser as _;
use watchroom::cli::{Cli, run};

/// Answers take megabytes for milliseconds, on many threads: the system's allocator keeps a quarter more of that than is in
/// use, this one almost nothing (`.cargo/config.toml` says how soon it gives back).
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[expect(clippy::print_stderr, reason = "what stops a command is told in one line on stderr")]
fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody may be reading.
            let _unread = error.print();
            // 2 would mean CRITICAL to whoever runs plugins.
            let is_plugin = error.use_stderr() && std::env::args().nth(1).as_deref() == Some("check");
            let code = if is_plugin { 3 } else { error.exit_code() };
            return u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
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
