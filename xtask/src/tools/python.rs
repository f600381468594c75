//! Python packages: pinned, in a folder of the cache, for the system's Python.

use crate::workspace::{self, Workspace};
use crate::{apt, process, report};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Packages that are used together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PythonPackages {
    /// What the folder is called.
    pub(crate) name: &'static str,
    /// With their versions, as pip takes them; all that they need is among them.
    pub(crate) packages: &'static [&'static str],
    /// What they do for us.
    pub(crate) why: &'static str,
}

impl PythonPackages {
    /// The folder for `PYTHONPATH`, made if need be.
    pub(crate) fn ensure(&self, workspace: &Workspace) -> Result<PathBuf> {
        let versions = self.packages.join("-").replace("==", "-");
        let home = workspace.cache.join(format!("python-{versions}"));
        if home.is_dir() {
            return Ok(home);
        }
        let waiting = format!("Waiting for another checkout that is getting {}", self.name);
        let _lock = workspace::lock(&workspace.cache.join(format!("python-{versions}.lock")), &waiting)?;
        if home.is_dir() {
            return Ok(home);
        }
        let partial = workspace.cache.join(format!("python-{versions}.partial"));
        if partial.exists() {
            fs::remove_dir_all(&partial).with_context(|| format!("cannot remove {}", partial.display()))?;
        }
        self.install(&partial)
            .with_context(|| format!("cannot get {}", self.name))?;
        fs::rename(&partial, &home).with_context(|| format!("cannot create {}", home.display()))?;
        Ok(home)
    }

    fn install(&self, folder: &Path) -> Result<()> {
        apt::ensure(&[apt::PYTHON])?;
        report::doing(&format!("Fetching {} ({})", self.packages.join(" "), self.why));
        // A virtual environment only for its pip: the system's Python refuses to install anything.
        let environment = folder.join("environment");
        process::run(process::command("python3").args(["-m", "venv"]).arg(&environment))?;
        let mut pip = process::command(environment.join("bin/pip"));
        pip.args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary=:all:",
            "--target",
        ])
        .arg(folder)
        .args(self.packages);
        process::run(&mut pip)?;
        fs::remove_dir_all(&environment).with_context(|| format!("cannot remove {}", environment.display()))
    }
}
