//! The steps of `cargo xtask test` and what they need.

use super::api;
use crate::build::{self, Mode};
use crate::node::Node;
use crate::workspace::Workspace;
use crate::{apt, process, tools};
use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// One check.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Its name on the command line.
    pub(super) name: &'static str,
    /// What it checks.
    pub(super) what: &'static str,
    /// Whether it runs when no step is named.
    pub(super) by_default: bool,
    /// What must be there before.
    pub(super) needs: &'static [Need],
    /// Does it.
    pub(super) run: fn(&Workspace) -> Result<()>,
}

/// Something that a step cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// rustfmt and clippy.
    Components,
    /// The wasm target, trunk and wasm-bindgen.
    PageTools,
    /// cargo-deny.
    Deny,
    /// Node, Playwright and wasm-opt.
    Node,
    /// A browser.
    Chromium,
    /// A proxy.
    Nginx,
    /// A database server.
    Postgres,
    /// What checks metrics as Prometheus reads them.
    Prometheus,
    /// Plugins of Nagios and Icinga.
    MonitoringPlugins,
    /// What tests the API against its document.
    Schemathesis,
    /// What stands in for MongoDB.
    Secantus,
    /// pandas, polars and pyarrow.
    TableReaders,
    /// Clients of InfluxDB.
    Clients,
    /// A mail server.
    SmtpServer,
}

/// All steps in their order: what is quick and fails often comes first.
pub(super) const ALL: &[Step] = &[
    Step {
        name: "fmt",
        what: "the code is formatted",
        by_default: true,
        needs: &[Need::Components],
        run: |workspace| process::run(cargo(workspace).args(["fmt", "--all", "--check"])),
    },
    Step {
        name: "tidy",
        what: "rules on files, names and colours",
        by_default: true,
        needs: &[],
        run: |workspace| process::run(cargo(workspace).args(["test", "--package", "xtask", "--test", "tidy"])),
    },
    Step {
        name: "deny",
        what: "licences, bans and sources of all crates",
        by_default: true,
        needs: &[Need::Deny],
        run: |workspace| deny(workspace, &["licenses", "bans", "sources"]),
    },
    // Opt-in: it clones the advisory database, which a machine behind a firewall cannot, and a new
    // advisory must not fail a change that has nothing to do with it.
    Step {
        name: "advisories",
        what: "known vulnerabilities of all crates; clones the database from GitHub",
        by_default: false,
        needs: &[Need::Deny],
        run: |workspace| deny(workspace, &["advisories"]),
    },
    Step {
        name: "clippy",
        what: "lints of all crates and their tests",
        by_default: true,
        needs: &[Need::Components],
        run: |workspace| clippy(workspace, &["--workspace", "--all-targets"]),
    },
    Step {
        name: "clippy-wasm",
        what: "lints of the page as the browser gets it",
        by_default: true,
        needs: &[Need::Components, Need::PageTools],
        run: |workspace| clippy(workspace, &["--package", "frontend", "--target", WASM]),
    },
    Step {
        name: "doc",
        what: "the documentation has no broken links",
        by_default: true,
        needs: &[Need::PageTools],
        run: doc,
    },
    // The page's crate too, natively: its logic needs no browser, and its tests are quick this way.
    Step {
        name: "test",
        what: "unit, integration and documentation tests of all crates",
        by_default: true,
        needs: &[
            Need::Postgres,
            Need::Prometheus,
            Need::MonitoringPlugins,
            Need::Secantus,
            Need::TableReaders,
            Need::Clients,
            Need::SmtpServer,
        ],
        run: |workspace| process::run(cargo(workspace).args(["test", "--workspace"])),
    },
    Step {
        name: "build",
        what: "the page and the server with it inside",
        by_default: true,
        needs: &[Need::Components, Need::PageTools, Need::Node],
        run: |workspace| {
            build::build(workspace, Mode::Release)?;
            // Only now, because this part of the server reads the built page when it is compiled.
            clippy(
                workspace,
                &[&["--features", "backend/embed-page", "--lib", "--bins"], AS_ALL_TARGETS].concat(),
            )
        },
    },
    Step {
        name: "api",
        what: "the API against its own document, by schemathesis",
        by_default: true,
        needs: &[Need::Schemathesis],
        run: api::run,
    },
    Step {
        name: "browser",
        what: "the page in a real browser",
        by_default: true,
        needs: &[Need::PageTools, Need::Node, Need::Chromium, Need::Postgres],
        run: |workspace| browser(workspace, ".test.mjs"),
    },
    Step {
        name: "nginx",
        what: "the page in a real browser behind a real nginx",
        by_default: true,
        needs: &[Need::PageTools, Need::Node, Need::Chromium, Need::Nginx],
        run: |workspace| browser(workspace, ".nginx.mjs"),
    },
];

/// What the page is compiled for.
const WASM: &str = "wasm32-unknown-unknown";

/// With these cargo gives all dependencies the features that `--workspace --all-targets` gives them, so that nothing of
/// them is checked a second time: naming one test is what brings in those of tests.
const AS_ALL_TARGETS: &[&str] = &["--workspace", "--test", "tidy"];

/// Gets everything that `needs` names, or fails with the command that does.
pub(super) fn prepare(workspace: &Workspace, needs: &[Need]) -> Result<()> {
    let needed = |need| needs.contains(&need);
    let mut programs = Vec::new();
    if needed(Need::Chromium) {
        programs.push(apt::CHROMIUM);
    }
    if needed(Need::Nginx) {
        programs.push(apt::NGINX);
    }
    if needed(Need::Postgres) {
        programs.push(apt::POSTGRES);
    }
    if needed(Need::Prometheus) {
        programs.push(apt::PROMETHEUS);
    }
    if needed(Need::MonitoringPlugins) {
        programs.push(apt::MONITORING_PLUGINS);
    }
    apt::ensure(&programs)?;
    if needed(Need::Components) {
        components()?;
    }
    if needed(Need::Deny) {
        tools::CARGO_DENY.ensure(workspace)?;
    }
    if needed(Need::Schemathesis) {
        tools::SCHEMATHESIS.ensure(workspace)?;
    }
    if needed(Need::Secantus) {
        tools::SECANTUS.ensure(workspace)?;
    }
    if needed(Need::TableReaders) {
        tools::python::TABLE_READERS.ensure(workspace)?;
    }
    if needed(Need::Clients) {
        tools::python::INFLUX_CLIENTS.ensure(workspace)?;
    }
    if needed(Need::SmtpServer) {
        tools::python::SMTP_SERVER.ensure(workspace)?;
    }
    if needed(Need::PageTools) {
        tools::page_tools(workspace)?;
    }
    if needed(Need::Node) {
        Node::ensure(workspace)?.install_packages(workspace)?;
    }
    Ok(())
}

/// rustfmt and clippy, which a minimal toolchain lacks.
fn components() -> Result<()> {
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if process::succeeds(process::cargo().args([subcommand, "--version"])) {
            continue;
        }
        process::run(process::command("rustup").args(["component", "add", component]))
            .with_context(|| format!("{component} is missing"))?;
    }
    Ok(())
}

/// Cargo in the checkout.
fn cargo(workspace: &Workspace) -> Command {
    let mut cargo = process::cargo();
    cargo.current_dir(&workspace.root);
    cargo
}

/// Clippy on `crates`, warnings being errors.
fn clippy(workspace: &Workspace, crates: &[&str]) -> Result<()> {
    let mut clippy = cargo(workspace);
    clippy.arg("clippy").args(crates).args(["--", "-D", "warnings"]);
    process::run(&mut clippy)
}

/// cargo-deny's `checks`.
fn deny(workspace: &Workspace, checks: &[&str]) -> Result<()> {
    let program = tools::CARGO_DENY.ensure(workspace)?;
    let mut deny = process::command(program);
    deny.current_dir(&workspace.root)
        .args(["--workspace", "check"])
        .args(checks);
    process::run(&mut deny)
}

/// Documentation of the native crates and of the page, warnings being errors.
fn doc(workspace: &Workspace) -> Result<()> {
    // Examples, of which there are none, stand for the features of tests: what clippy has checked of the dependencies serves
    // here too. The server's program is left out by not being named; its documentation would lie where that of its library is.
    let native = [
        "--workspace",
        "--lib",
        "--bin",
        "frontend",
        "--bin",
        "xtask",
        "--examples",
    ]
    .as_slice();
    let page = ["--package", "frontend", "--target", WASM].as_slice();
    for crates in [native, page] {
        let mut doc = cargo(workspace);
        doc.args(["doc", "--no-deps"])
            .args(crates)
            .env("RUSTDOCFLAGS", "-D warnings");
        process::run(&mut doc)?;
    }
    Ok(())
}

/// The test files in `frontend/tests` with this ending, against the built server.
fn browser(workspace: &Workspace, ending: &str) -> Result<()> {
    let server = workspace.server(Mode::Release.folder());
    ensure!(
        server.is_file(),
        "the server is not built: run `cargo xtask build` first"
    );
    let files = test_files(workspace, ending)?;
    ensure!(!files.is_empty(), "no file in frontend/tests ends in {ending}");
    let mut node = Node::ensure(workspace)?.command(workspace)?;
    // One file at a time: each starts a server and a browser, and timing is part of what they see.
    node.args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .args(files)
        .env("WATCHROOM_BIN", server)
        .env("WATCHROOM_CHROMIUM", apt::CHROMIUM.path()?)
        .env("WATCHROOM_ARTIFACTS", workspace.target.join("browser"));
    if let Some(nginx) = process::find("nginx") {
        node.env("WATCHROOM_NGINX", nginx);
    }
    process::run(&mut node)
}

/// The test files with this ending, in a fixed order.
fn test_files(workspace: &Workspace, ending: &str) -> Result<Vec<PathBuf>> {
    let folder = workspace.root.join("frontend/tests");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(ending) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
