//! Building the page with trunk into `target/dist`, compressed and weighed.

use super::sizes::{self, Weight};
use super::{Mode, fingerprint, shrink};
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
    let release = (mode == Mode::Release).then(|| (shrink::tools(workspace), tools::has_std_sources()));
    let (node, has_std) = release.unwrap_or_default();
    let compiler = process::output(process::command("rustc").arg("--version"))?;
    let (shrunk, std) = (
        if node.is_some() { "shrunk" } else { "" },
        if has_std { "with std" } else { "" },
    );

    // Taken before the build: what changes while it runs is built by the next one.
    let settings = [mode.folder(), shrunk, std, compiler.trim()];
    let sources = fingerprint::of_sources(&workspace.root, &settings)?;
    let stamp = workspace.target.join("page.stamp");
    let stamped = fs::read_to_string(&stamp).unwrap_or_default();
    if stamped == format!("{sources}\n{}", fingerprint::of_dist(&workspace.dist)?) {
        report::doing("The page is up to date");
        return Ok(());
    }

    report::doing("Building the page (first time: some minutes, later under one)");
    fetch_crates(workspace, has_std)?;
    let mut trunk = trunk(workspace, &page_tools, process::path_with(&[])?)?;
    // Not `--release=true`: by that word trunk looks for a wasm-opt of its own.
    trunk.args(["build", "--release=false"]);
    if mode == Mode::Release {
        // Its minifier leaves what is not of yesterday's JavaScript and CSS as it is, and the rest such that `shrink` does
        // not know it.
        let minify = if node.is_some() {
            "--minify=false"
        } else {
            "--minify=true"
        };
        trunk.args(["--cargo-profile", "wasm-release", minify]);
    }
    if has_std {
        with_std(&mut trunk);
    }
    process::run(&mut trunk)?;
    if let Some(node) = &node {
        shrink::shrink(workspace, node)?;
    }
    if mode == Mode::Release {
        sizes::compress(&workspace.dist)?;
        let weights = sizes::weigh(&workspace.dist)?;
        report::text(&sizes::table(&weights));
        check_weight(&weights, node.is_some() && has_std)?;
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

/// Fetches the page's crates, because trunk is set to work offline; those of Rust's standard library too if it is built.
pub(crate) fn fetch_crates(workspace: &Workspace, has_std: bool) -> Result<()> {
    let mut cargo = process::cargo();
    cargo
        .current_dir(&workspace.root)
        .args(["fetch", "--quiet", "--target", "wasm32-unknown-unknown"]);
    if has_std {
        with_std(&mut cargo);
    }
    process::run(&mut cargo)
}

/// Has cargo build Rust's standard library together with the page, a tenth of which it saves: one whose panics stop at once
/// and say nothing (`boot.js` says that the page has stopped; pages built for debugging say why), and that is made for size.
///
/// The compiler's switches for it are not stable, which is told by a variable; a page that is built without them is larger
/// and else the same.
fn with_std(command: &mut Command) {
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
        .env("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size")
        .env(
            // Joined with those of .cargo/config.toml.
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
            "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none",
        );
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
