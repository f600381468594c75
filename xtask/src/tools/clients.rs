//! Clients of InfluxDB, which the tests of the server write with: pinned Python packages, all in one folder.

use crate::workspace::{self, Workspace};
use crate::{apt, process, report};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::Path;

/// The folder in the cache; the tests look for it there. Another list of packages is another folder.
const FOLDER: &str = "influx-clients-1";

/// What to install, below the checkout.
const REQUIREMENTS: &str = "backend/tests/clients/requirements.txt";

/// Installs the clients, if they are not there.
pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    let home = workspace.cache.join(FOLDER);
    if home.is_dir() {
        return Ok(());
    }
    let lock = workspace.cache.join(format!("{FOLDER}.lock"));
    let _lock = workspace::lock(
        &lock,
        "Waiting for another checkout that is getting clients of InfluxDB",
    )?;
    if home.is_dir() {
        return Ok(());
    }
    let partial = workspace.cache.join(format!("{FOLDER}.partial"));
    if partial.exists() {
        fs::remove_dir_all(&partial).with_context(|| format!("cannot remove {}", partial.display()))?;
    }
    install(&workspace.root.join(REQUIREMENTS), &partial).context("cannot get the clients of InfluxDB")?;
    fs::rename(&partial, &home).with_context(|| format!("cannot create {}", home.display()))
}

/// Unpacks the packages into `root`, and checks that Python can import them from there.
fn install(requirements: &Path, root: &Path) -> Result<()> {
    apt::ensure(&[apt::PYTHON])?;
    report::doing("Fetching clients of InfluxDB from PyPI (the tests of the server write with them)");
    // A virtual environment only for its pip: the system's Python refuses to install anything.
    let environment = root.join("environment");
    process::run(process::command("python3").args(["-m", "venv"]).arg(&environment))?;
    let mut pip = process::command(environment.join("bin/pip"));
    pip.args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--target",
    ])
    .arg(root)
    .arg("--requirement")
    .arg(requirements);
    process::run(&mut pip)?;
    fs::remove_dir_all(&environment).with_context(|| format!("cannot remove {}", environment.display()))?;
    let mut import = process::command("python3");
    import
        .args(["-c", "import influxdb, influxdb_client, ligo.scald.io.influx"])
        .env("PYTHONPATH", root);
    process::run(&mut import).context("Python cannot use the clients of InfluxDB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_look_where_the_clients_are() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let tests = fs::read_to_string(root.join("backend/tests/it/clients.rs")).unwrap();
        assert!(tests.contains(&format!("const CLIENTS: &str = \"{FOLDER}\";")));
    }
}
