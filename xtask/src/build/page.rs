//! Building the page with trunk into `target/dist`, compressed and weighed.

use super::sizes::{self, Weight};
use super::{Mode, fingerprint, wasm_opt};
use crate::workspace::{self, Workspace};
use crate::{process, report, tools};
use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::process::Command;

/// Builds the page, unless the one in `target/dist` is that of these sources.
pub(super) fn build(workspace: &Workspace, mode: Mode) -> Result<()> {
    let waiting = "Waiting for another build of the page";
    let _lock = workspace::lock(&workspace.target.join("page.lock"), waiting)?;
    let page_tools = tools::page_tools(workspace)?;
    let wasm_opt = if mode == Mode::Release {
        wasm_opt::path(workspace)
    } else {
        None
    };
    let path = match &wasm_opt {
        Some(path) => path.clone(),
        None => process::path_with(&[])?,
    };
    let compiler = process::output(process::command("rustc").arg("--version"))?;
    let optimised = if wasm_opt.is_some() { "wasm-opt" } else { "" };

    // Taken before the build: what changes while it runs is built by the next one.
    let settings = [mode.folder(), optimised, compiler.trim()];
    let sources = fingerprint::of_sources(&workspace.root, &settings)?;
    let stamp = workspace.target.join("page.stamp");
    let stamped = fs::read_to_string(&stamp).unwrap_or_default();
    if stamped == format!("{sources}\n{}", fingerprint::of_dist(&workspace.dist)?) {
        report::doing("The page is up to date");
        return Ok(());
    }

    report::doing("Building the page (first time: some minutes, later under one)");
    fetch_crates(workspace)?;
    let mut trunk = trunk(workspace, &page_tools, path)?;
    trunk.arg("build");
    match (mode, &wasm_opt) {
        (Mode::Release, Some(_)) => trunk.arg("--release=true"),
        // trunk runs wasm-opt whenever it builds "for release"; the same profile and the same
        // minifying without that word is the release build without wasm-opt.
        (Mode::Release, None) => trunk.args(["--release=false", "--cargo-profile", "wasm-release", "--minify=true"]),
        (Mode::Debug, _) => trunk.arg("--release=false"),
    };
    process::run(&mut trunk)?;
    if mode == Mode::Release {
        sizes::compress(&workspace.dist)?;
        let weights = sizes::weigh(&workspace.dist)?;
        report::text(&sizes::table(&weights));
        check_weight(&weights, wasm_opt.is_some())?;
    }
    fs::write(&stamp, format!("{sources}\n{}", fingerprint::of_dist(&workspace.dist)?))
        .with_context(|| format!("cannot write {}", stamp.display()))
}

/// trunk, with the pinned wasm-bindgen first on `path`.
pub(crate) fn trunk(workspace: &Workspace, page_tools: &tools::PageTools, path: std::ffi::OsString) -> Result<Command> {
    let folder = page_tools.wasm_bindgen.parent().context("wasm-bindgen has no folder")?;
    let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(folders).context("a folder name holds the separator of PATH")?;
    let mut trunk = process::command(&page_tools.trunk);
    trunk
        .current_dir(&workspace.root)
        .env("PATH", path)
        .env("TRUNK_SKIP_VERSION_CHECK", "true");
    if std::env::var_os("RUST_LOG").is_none() {
        // Its minifier does not know all of today's JavaScript and CSS, leaves such files as they
        // are, and warns each time; brotli gains what it would have.
        trunk.env("RUST_LOG", "info,trunk::processing::minify=error");
    }
    if std::env::var_os("NO_COLOR").is_some() {
        // trunk reads it as true or false and stops at anything else, such as the usual "1".
        trunk.env("NO_COLOR", "true");
    }
    Ok(trunk)
}

/// Fetches the page's crates, because trunk is set to work offline.
pub(crate) fn fetch_crates(workspace: &Workspace) -> Result<()> {
    let mut cargo = process::cargo();
    cargo
        .current_dir(&workspace.root)
        .args(["fetch", "--quiet", "--target", "wasm32-unknown-unknown"]);
    process::run(&mut cargo)
}

/// Says what the page weighs; too much is an error.
fn check_weight(weights: &[Weight], optimised: bool) -> Result<()> {
    let total = sizes::total(weights);
    let summary = format!(
        "The page weighs {:.1} KB as brotli; the limit is {} KB",
        total as f64 / 1000.0,
        sizes::BUDGET / 1000
    );
    // Without wasm-opt the figure is not that of the product.
    ensure!(total <= sizes::BUDGET || !optimised, "{summary}");
    report::doing(&summary);
    Ok(())
}
