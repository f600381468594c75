//! `cargo xtask dev`: the page rebuilt and reloaded at every change, with a real server behind it.

use crate::build::{self, Mode};
use crate::workspace::Workspace;
use crate::{demo, process, report, tools};
use anyhow::{Context as _, Result, bail};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Where the server listens behind `trunk serve`; `Trunk.toml` sends the API there.
const BEHIND: &str = "127.0.0.1:8081";

/// How long a program may take to stop before it is killed.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs server and `trunk serve` until one ends or the user stops them.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let page_tools = tools::page_tools(workspace)?;
    build::build_without_page(workspace)?;
    build::fetch_crates(workspace, false)?;

    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("cannot catch Ctrl-C")?;
    }
    report::doing("Starting the server on 127.0.0.1:8081 and the page on http://127.0.0.1:8080");
    let server = demo::server(workspace, Mode::Debug, BEHIND, "dev", &[])?;
    let mut trunk = build::trunk(workspace, &page_tools, process::path_with(&[])?)?;
    // Absolute here: trunk serves under / and does not rewrite <base> for deep links.
    trunk.args(["serve", "--release=false", "--public-url", "/"]);

    let mut running = Running::default();
    running.start("the server", server)?;
    running.start("trunk", trunk)?;
    loop {
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        if let Some(ended) = running.ended()? {
            bail!("{ended}, so the other was stopped too");
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Programs that were started; those that still run are stopped when this is dropped.
#[derive(Debug, Default)]
struct Running(Vec<(&'static str, Child)>);

impl Running {
    /// Starts one more.
    fn start(&mut self, name: &'static str, mut command: Command) -> Result<()> {
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        self.0.push((name, child));
        Ok(())
    }

    /// Says which one has ended, if any.
    fn ended(&mut self) -> Result<Option<String>> {
        for (name, child) in &mut self.0 {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(format!("{name} ended ({status})")));
            }
        }
        Ok(None)
    }
}

impl Drop for Running {
    /// Asks each to end, and kills what does not.
    fn drop(&mut self) {
        for (_, child) in &mut self.0 {
            if matches!(child.try_wait(), Ok(None)) {
                // The shell's own `kill`: the standard library can only kill outright.
                let mut kill = process::command("sh");
                process::succeeds(kill.args(["-c", "kill -TERM $0", &child.id().to_string()]));
            }
        }
        let deadline = Instant::now() + PATIENCE;
        for (_, child) in &mut self.0 {
            while matches!(child.try_wait(), Ok(None)) {
                if Instant::now() > deadline {
                    // It may have ended just now: then there is nothing to kill.
                    drop(child.kill());
                    drop(child.wait());
                    break;
                }
                thread::sleep(Duration::from_millis(50));
            }
        }
    }
}
