//! `cargo xtask demo`: from nothing to data on the wall.

use crate::build::{self, Mode};
use crate::workspace::Workspace;
use crate::{process, report, tools};
use anyhow::{Context as _, Result};
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Where the demo listens unless told otherwise.
const LISTEN: &str = "127.0.0.1:8080";

/// Sets up, builds, and becomes the demo server.
pub(crate) fn run(workspace: &Workspace, mode: Mode, args: Vec<OsString>) -> Result<()> {
    tools::page_tools(workspace)?;
    build::build(workspace, mode)?;
    report::doing("Starting the demo; Ctrl-C stops it");
    let mut server = server(workspace, mode, LISTEN, "watchroom", &args)?;
    // Replaced, not started: Ctrl-C and the exit code are the server's own.
    let error = server.exec();
    Err(error).context("cannot start the server that was just built")
}

/// The demo server, with our address and store unless `args` name others.
pub(crate) fn server(
    workspace: &Workspace,
    mode: Mode,
    listen: &str,
    store: &str,
    args: &[OsString],
) -> Result<Command> {
    let folder = workspace.target.join("demo");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let given = |option: &str| {
        args.iter().any(|arg| {
            let arg = arg.to_string_lossy();
            arg == option || arg.starts_with(&format!("{option}="))
        })
    };
    let mut server = process::command(workspace.server(mode.folder()));
    server.current_dir(&workspace.root).arg("demo");
    if !given("--listen") {
        server.args(["--listen", listen]);
    }
    if !given("--store") {
        let mut url = OsString::from("sqlite:");
        let file = folder.join(format!("{store}.db"));
        url.push(file.strip_prefix(&workspace.root).unwrap_or(&file));
        server.arg("--store").arg(url);
    }
    server.args(args);
    Ok(server)
}
