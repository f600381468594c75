//! Tools that are crates: ready-made by cargo-binstall, else compiled.

use super::Tool;
use crate::{process, report};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::Path;

/// What to compile, and how.
pub(super) struct Request<'a> {
    /// The tool this is for.
    pub(super) tool: &'a Tool,
    /// Its crate.
    pub(super) package: &'a str,
    /// How long that takes on two cores.
    pub(super) minutes: u32,
    /// Of the light profile.
    pub(super) opt_level: &'a str,
}

/// Installs the crate below `root`.
pub(super) fn install(request: &Request<'_>, root: &Path) -> Result<()> {
    fs::create_dir_all(root).with_context(|| format!("cannot create {}", root.display()))?;
    if process::find("cargo-binstall").is_some() && binstall(request, root) {
        return Ok(());
    }
    compile(request, root)
}

/// Fetches a ready-made binary; false if there is none, then compiling is the way.
fn binstall(request: &Request<'_>, root: &Path) -> bool {
    let Request { tool, package, .. } = request;
    report::doing(&format!("Fetching {} {} ({})", tool.name, tool.version, tool.why));
    let mut cargo = process::cargo();
    // Its own fallback would compile with the full profile, which takes a quarter of an hour.
    cargo
        .args(["binstall", "--no-confirm", "--disable-strategies", "compile", "--root"])
        .arg(root)
        .arg(format!("{package}@{}", tool.version));
    let fetched = process::run(&mut cargo).is_ok();
    if !fetched {
        report::doing("No ready-made binary, so it is compiled");
    }
    fetched
}

/// Compiles with a light profile: these tools start other programs, their own speed is nothing.
fn compile(request: &Request<'_>, root: &Path) -> Result<()> {
    let Request {
        tool,
        package,
        minutes,
        opt_level,
    } = request;
    report::doing(&format!(
        "Compiling {} {} ({}): about {minutes} minutes on two cores, once per user",
        tool.name, tool.version, tool.why
    ));
    // Beside, not inside: an interrupted compilation goes on where it was.
    let mut name = root.file_name().unwrap_or_default().to_owned();
    name.push(".build");
    let build = root.with_file_name(name);
    let mut cargo = process::cargo();
    cargo
        .args(["install", "--locked", "--no-default-features", package])
        .args(["--version", tool.version])
        .arg("--root")
        .arg(root)
        .arg("--target-dir")
        .arg(&build)
        // Outside the checkout, whose cargo settings are not meant for tools.
        .current_dir(root)
        // Or cargo advises to add the folder to PATH, which is about to be renamed.
        .env("PATH", process::path_with(&[&root.join("bin")])?)
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", opt_level)
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS");
    process::run(&mut cargo)?;
    fs::remove_dir_all(&build).with_context(|| format!("cannot remove {}", build.display()))
}
