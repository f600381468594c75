//! The API of a real server with the demo's data, called by schemathesis in every way that its document allows, and in
//! many that it does not.

use crate::build::Mode;
use crate::workspace::Workspace;
use crate::{demo, process, tools};
use anyhow::{Context as _, Result, bail, ensure};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

/// How schemathesis calls, and what it may be answered.
const CONFIG: &str = "backend/tests/schemathesis.toml";

/// What the server says when it can be asked, before its address.
const READY: &str = "watchroom is ready on ";

/// Starts a server on a free port, asks it everything, and stops it.
pub(super) fn run(workspace: &Workspace) -> Result<()> {
    ensure!(
        workspace.server(Mode::Release.folder()).is_file(),
        "the server is not built: run `cargo xtask build` first"
    );
    let folder = workspace.target.join("api");
    if folder.exists() {
        // What was written in the run before must not decide this one.
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut store = std::ffi::OsString::from("sqlite:");
    store.push(folder.join("watchroom.db"));
    let args = ["--no-live".into(), "--store".into(), store];
    let mut command = demo::server(workspace, Mode::Release, "127.0.0.1:0", "api", &args)?;
    // It logs every request that it refuses, which is most of them.
    let log = folder.join("server.log");
    command.stderr(File::create(&log).with_context(|| format!("cannot create {}", log.display()))?);
    let (server, address) = Server::start(command)?;
    let mut schemathesis = process::command(tools::SCHEMATHESIS.ensure(workspace)?);
    schemathesis
        .current_dir(&folder)
        .arg("--config-file")
        .arg(workspace.root.join(CONFIG))
        .args(["run", "--no-color"])
        .arg(format!("{address}openapi.json"));
    let result = process::run(&mut schemathesis);
    drop(server);
    result.with_context(|| format!("what the server said is in {}", log.display()))
}

/// A server that is killed when this is dropped.
struct Server {
    child: Child,
    /// Kept, so that what it says later does not meet a closed pipe.
    output: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts it, and waits until it says where it listens.
    fn start(mut command: Command) -> Result<(Self, String)> {
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the server")?;
        let output = child.stdout.take().context("the server has no output")?;
        let mut server = Self {
            child,
            output: BufReader::new(output).lines(),
        };
        while let Some(line) = server.output.next() {
            let line = line.context("cannot read what the server says")?;
            crate::report::text(&line);
            if let Some(address) = line.strip_prefix(READY) {
                return Ok((server, address.to_owned()));
            }
        }
        bail!("the server ended before it could be asked")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended just now: then there is nothing to kill.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
