//! Compiling the server.

use super::Mode;
use crate::workspace::Workspace;
use crate::{process, report};
use anyhow::Result;
use std::process::Command;

/// Compiles the server with the built page inside.
pub(super) fn build(workspace: &Workspace, mode: Mode) -> Result<()> {
    report::doing("Building the server with the page inside (first time: some minutes)");
    let mut cargo = cargo_build(workspace, mode);
    process::run(cargo.args(["--features", "embed-page"]))
}

/// Compiles the server alone, quickly, for development with `trunk serve` before it.
pub(crate) fn build_without_page(workspace: &Workspace) -> Result<()> {
    report::doing("Building the server (first time: some minutes)");
    process::run(&mut cargo_build(workspace, Mode::Debug))
}

/// `cargo build` of the server.
fn cargo_build(workspace: &Workspace, mode: Mode) -> Command {
    let mut cargo = process::cargo();
    cargo
        .current_dir(&workspace.root)
        .args(["build", "--package", "backend"]);
    if mode == Mode::Release {
        cargo.arg("--release");
    }
    cargo
}
