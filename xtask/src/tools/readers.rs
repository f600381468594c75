//! The Python packages that read exports back in tests: pinned, once per user, beside the other tools.

use crate::workspace::{self, Workspace};
use crate::{apt, process, report};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::Path;

/// The folder below the cache; the tests look for it by the same name. Raise its number with the versions.
const FOLDER: &str = "table-readers-1";

/// Everything that is needed, with versions: 140 MB to fetch, 510 MB unpacked.
const PACKAGES: [&str; 7] = [
    "numpy==2.4.6",
    "pandas==3.1.1",
    "polars==2.1.0",
    "polars-runtime-32==2.1.0",
    "pyarrow==26.0.1",
    "python-dateutil==4.0.0",
    "tzdata==2026.6",
];

/// Gets what is not there yet.
pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    let home = workspace.cache.join(FOLDER);
    if home.is_dir() {
        return Ok(());
    }
    let lock = workspace.cache.join(format!("{FOLDER}.lock"));
    let _lock = workspace::lock(
        &lock,
        "Waiting for another checkout that is getting pandas, polars and pyarrow",
    )?;
    if home.is_dir() {
        return Ok(());
    }
    let partial = workspace.cache.join(format!("{FOLDER}.partial"));
    if partial.exists() {
        fs::remove_dir_all(&partial).with_context(|| format!("cannot remove {}", partial.display()))?;
    }
    install(&partial).context("cannot get pandas, polars and pyarrow")?;
    fs::rename(&partial, &home).with_context(|| format!("cannot create {}", home.display()))
}

fn install(root: &Path) -> Result<()> {
    apt::ensure(&[apt::PYTHON])?;
    report::doing("Fetching pandas, polars and pyarrow (read exports back in tests): 140 MB");
    // A virtual environment only for its pip: the system's Python refuses to install anything.
    let environment = root.join("environment");
    process::run(process::command("python3").args(["-m", "venv"]).arg(&environment))?;
    let mut pip = process::command(environment.join("bin/pip"));
    pip.args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary",
        ":all:",
    ])
    .arg("--target")
    .arg(root)
    .args(PACKAGES);
    process::run(&mut pip)?;
    fs::remove_dir_all(&environment).with_context(|| format!("cannot remove {}", environment.display()))?;
    let mut import = process::command("python3");
    import
        .args(["-c", "import pandas, polars, pyarrow"])
        .env("PYTHONPATH", root);
    process::run(&mut import).context("Python cannot use them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_the_one_that_the_tests_look_for() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let test = fs::read_to_string(root.join("backend/tests/it/export.rs")).unwrap();
        assert!(test.contains(&format!("const READERS: &str = \"{FOLDER}\";")));
    }
}
