//! Node and the page's npm packages: wasm-opt and esbuild for smaller pages, Playwright for browser tests.

use crate::workspace::Workspace;
use crate::{process, report, tools};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest Node that Playwright works with.
const OLDEST_MAJOR: u32 = 20;

/// Node, and npm beside it.
#[derive(Debug)]
pub(crate) struct Node {
    /// The `node` program.
    program: PathBuf,
    /// npm: a program of the system, or the script that comes with a fetched Node.
    npm: Npm,
}

/// How npm is started.
#[derive(Debug)]
enum Npm {
    /// A program on PATH.
    Program(PathBuf),
    /// A script for this `node`.
    Script(PathBuf),
}

impl Node {
    /// The system's Node and npm, if both are there and not too old.
    fn on_system() -> Option<Self> {
        let program = process::find("node")?;
        let npm = process::find("npm")?;
        let major = major(&process::version(&program)?)?;
        (major >= OLDEST_MAJOR).then_some(Self {
            program,
            npm: Npm::Program(npm),
        })
    }

    /// A Node that is there: the system's, or one fetched before.
    pub(crate) fn present(workspace: &Workspace) -> Option<Self> {
        Self::on_system().or_else(|| Self::with_npm(tools::NODE.present(workspace)?).ok())
    }

    /// Some Node: the system's, else one fetched into the cache.
    pub(crate) fn ensure(workspace: &Workspace) -> Result<Self> {
        match Self::on_system() {
            Some(node) => Ok(node),
            None => Self::with_npm(tools::NODE.ensure(workspace)?),
        }
    }

    /// This Node with the npm that came with it, or the one on PATH.
    fn with_npm(program: PathBuf) -> Result<Self> {
        let script = program
            .parent()
            .and_then(Path::parent)
            .map(|home| home.join("lib/node_modules/npm/bin/npm-cli.js"))
            .filter(|script| script.is_file());
        let npm = match script {
            Some(script) => Npm::Script(script),
            None => Npm::Program(process::find("npm").context("node is installed, but npm is not: install npm")?),
        };
        Ok(Self { program, npm })
    }

    /// A command that runs `node`, with the page's packages and Node itself on PATH.
    pub(crate) fn command(&self, workspace: &Workspace) -> Result<Command> {
        let mut command = process::command(&self.program);
        command
            .current_dir(workspace.root.join("frontend"))
            .env("PATH", self.path(workspace)?);
        Ok(command)
    }

    /// Installs the page's packages as the lock file says, if they are not there.
    pub(crate) fn install_packages(&self, workspace: &Workspace) -> Result<()> {
        let frontend = workspace.root.join("frontend");
        self.install_packages_in(workspace, &frontend, "wasm-opt, esbuild and Playwright (120 MB)")
    }

    /// Installs the packages of a folder as its lock file says, if they are not there. `what` tells them and their size.
    pub(crate) fn install_packages_in(&self, workspace: &Workspace, folder: &Path, what: &str) -> Result<()> {
        let lock = folder.join("package-lock.json");
        let lock = fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
        let stamp = folder.join("node_modules/.watchroom-lock");
        if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
            return Ok(());
        }
        report::doing(&format!("Installing npm packages: {what}; under a minute"));
        let mut npm = match &self.npm {
            Npm::Program(program) => process::command(program),
            Npm::Script(script) => {
                let mut command = process::command(&self.program);
                command.arg(script);
                command
            }
        };
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(folder)
            .env("PATH", self.path(workspace)?);
        process::run(&mut npm)?;
        fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))
    }

    /// The folder with the programs of the page's packages.
    pub(crate) fn packages(workspace: &Workspace) -> PathBuf {
        workspace.root.join("frontend/node_modules/.bin")
    }

    /// PATH with the page's packages and this Node first: their scripts start `node` by name.
    pub(crate) fn path(&self, workspace: &Workspace) -> Result<std::ffi::OsString> {
        let home = self.program.parent().context("node has no folder")?;
        process::path_with(&[&Self::packages(workspace), home])
    }
}

/// The major version in `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("what"), None);
    }
}
