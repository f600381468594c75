//! Programs that come from the system: found, installed from Debian packages when root, or named.

use crate::{process, report};
use anyhow::{Context as _, Result, bail};
use std::path::PathBuf;

/// A program that a task needs from the system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    /// Any of these commands will do.
    pub(crate) commands: &'static [&'static str],
    /// The Debian packages that bring it.
    pub(crate) packages: &'static [&'static str],
    /// What it is for.
    pub(crate) why: &'static str,
}

/// The browser of the page tests.
pub(crate) const CHROMIUM: Program = Program {
    commands: &["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"],
    // It only recommends fonts, and without any the page has no text.
    packages: &["chromium", "fonts-dejavu-core"],
    why: "browser tests",
};

/// The proxy of the tests behind a proxy.
pub(crate) const NGINX: Program = Program {
    commands: &["nginx"],
    packages: &["nginx-light"],
    why: "tests behind a real proxy",
};

/// The database server of the store's tests. Debian keeps its programs apart, by version; this one finds them.
pub(crate) const POSTGRES: Program = Program {
    commands: &["initdb"],
    packages: &["postgresql"],
    why: "tests of the PostgreSQL store",
};

/// What checks the server's own metrics, by those who read them.
pub(crate) const PROMETHEUS: Program = Program {
    commands: &["promtool"],
    packages: &["prometheus"],
    why: "checks the server's own metrics",
};

/// Plugins of Nagios and Icinga; Debian keeps them in a folder of their own.
pub(crate) const MONITORING_PLUGINS: Program = Program {
    commands: &["check_http"],
    packages: &["monitoring-plugins-basic"],
    why: "tests of the checks of Nagios and Icinga",
};

/// The compiler of libFuzzer.
pub(crate) const CXX: Program = Program {
    commands: &["c++", "g++", "clang++"],
    packages: &["g++"],
    why: "compiles libFuzzer",
};

/// The time series database that benches measure beside ours.
pub(crate) const INFLUXDB: Program = Program {
    commands: &["influxd"],
    packages: &["influxdb"],
    why: "measured beside our server",
};

/// Python, for tools that come as ready-made wheels.
pub(crate) const PYTHON: Program = Program {
    commands: &["python3"],
    packages: &["python3-venv"],
    why: "gets ready-made tools from PyPI",
};

impl Program {
    /// Whether it is there.
    fn present(&self) -> bool {
        let found = self.commands.iter().any(|command| find(command).is_some());
        // Debian splits the part of Python that makes virtual environments into its own package.
        found
            && (self.packages != PYTHON.packages
                || process::succeeds(process::command("python3").args(["-c", "import ensurepip"])))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> Result<PathBuf> {
        self.commands
            .iter()
            .find_map(|command| find(command))
            .with_context(|| format!("{} is not installed", self.commands[0]))
    }
}

/// Where a command is: on the path, or where Debian keeps those of each version of PostgreSQL, and plugins of Nagios.
fn find(command: &str) -> Option<PathBuf> {
    process::find(command).or_else(|| {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let folders = versions.map(|version| version.path().join("bin"));
        let mut files = folders
            .chain([PathBuf::from("/usr/lib/nagios/plugins")])
            .map(|folder| folder.join(command));
        files.find(|file| file.is_file())
    })
}

/// Makes sure that all `programs` are there: installs what is missing, or says how to.
pub(crate) fn ensure(programs: &[Program]) -> Result<()> {
    let missing: Vec<_> = programs.iter().filter(|program| !program.present()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing
        .iter()
        .flat_map(|program| program.packages)
        .copied()
        .collect::<Vec<_>>();
    let reasons = missing
        .iter()
        .map(|program| format!("{} ({})", program.packages[0], program.why))
        .collect::<Vec<_>>()
        .join(", ");
    if process::find("apt-get").is_none() {
        bail!("missing: {reasons}; install them with the system's package manager");
    }
    let root = process::output(process::command("id").arg("-u"))?.trim() == "0";
    if !root {
        let list = packages.join(" ");
        bail!("missing: {reasons}; install with: sudo apt-get install --yes {list}");
    }
    report::doing(&format!("Installing Debian packages: {reasons}; one to two minutes"));
    let apt = || {
        let mut apt = process::command("apt-get");
        // Packages must not ask questions in the middle of a test run.
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        // Servers among them are not started as services: tests start their own, and nothing else should run.
        apt.env("RUNLEVEL", "1");
        apt
    };
    process::run(apt().args(["update", "--quiet"]))?;
    process::run(
        apt()
            .args(["install", "--yes", "--quiet", "--no-install-recommends"])
            .args(&packages),
    )?;
    match missing.iter().find(|program| !program.present()) {
        None => Ok(()),
        Some(program) => bail!("{} is installed, but its program is missing", program.packages[0]),
    }
}
