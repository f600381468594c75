//! `cargo xtask`: every task of the project behind one command.
//!
//! A task says what it does and why it takes long, gets what it needs or names the exact command
//! that does, and fails with one clear line. Nothing is skipped silently.

mod apt;
mod bench;
mod build;
mod cli;
mod crash;
mod demo;
mod dev;
mod fuzz;
mod node;
mod process;
mod report;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

/// Runs the task named on the command line; an error is one line (with its causes) and exit code 1.
fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::error(&error);
            ExitCode::FAILURE
        }
    }
}
