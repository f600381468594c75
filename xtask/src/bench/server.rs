//! Servers under measurement: started on a free port of 127.0.0.1, stopped when dropped.

use super::http::Client;
use super::{Bench, watchroom};
use crate::process;
use anyhow::{Context as _, Result, bail};
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take to start, and to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program that runs in the background; told to stop, and waited for, when it is dropped.
#[derive(Debug)]
pub(super) struct Background {
    child: Child,
    name: &'static str,
}

impl Background {
    /// Starts a program; what it writes goes to `log`.
    pub(super) fn start(name: &'static str, command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
        let errors = file.try_clone().context("cannot share a log")?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self { child, name })
    }

    /// Waits until `ready` says so; an error when the program ends before, or takes too long.
    pub(super) fn wait_until(&mut self, log: &Path, mut ready: impl FnMut() -> bool) -> Result<Duration> {
        let start = Instant::now();
        while !ready() {
            let ended = self.child.try_wait()?;
            if ended.is_some() || start.elapsed() > PATIENCE {
                let text = fs::read_to_string(log).unwrap_or_default();
                let lines: Vec<&str> = text.lines().rev().take(5).collect();
                bail!("{} did not start: {}", self.name, lines.join(" / "));
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(start.elapsed())
    }

    /// The most memory that it ever had, in bytes.
    pub(super) fn peak_memory(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).context("no memory figures")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.map(|kib| kib * 1024).context("the system does not tell VmHWM")
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // The shell's own `kill`: the standard library can only kill outright.
            let mut kill = process::command("sh");
            process::succeeds(kill.args(["-c", "kill -TERM $0", &self.child.id().to_string()]));
        }
        let deadline = Instant::now() + PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                // It may have ended just now: then there is nothing to kill.
                drop(self.child.kill());
                drop(self.child.wait());
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A port that nobody listens on.
pub(super) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port")?;
    Ok(listener.local_addr()?.port())
}

/// A site: a folder with a configuration and, for SQLite, the database.
#[derive(Debug)]
pub(super) struct Site<'a> {
    bench: &'a Bench<'a>,
    folder: PathBuf,
    port: u16,
}

/// `watchroom serve` on a site.
#[derive(Debug)]
pub(super) struct Server {
    /// Its process.
    pub(super) process: Background,
    /// The way to ask it.
    pub(super) client: Client,
    /// From starting the process to its first answer.
    pub(super) start: Duration,
}

impl<'a> Site<'a> {
    /// An empty site; `url` names its store, a file of SQLite in its folder if there is none.
    pub(super) fn new(bench: &'a Bench<'a>, name: &str, url: Option<&str>) -> Result<Self> {
        let folder = bench.folder.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let port = free_port()?;
        let url = url.unwrap_or("sqlite:watchroom.db");
        let config = format!("[server]\nlisten = \"127.0.0.1:{port}\"\n[store]\nurl = \"{url}\"\n");
        let file = folder.join("watchroom.toml");
        fs::write(&file, config).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(Self { bench, folder, port })
    }

    /// A command on this site, run to its end; gives what it printed.
    pub(super) fn run(&self, args: &[&str]) -> Result<String> {
        let mut command = watchroom(self.bench.workspace);
        process::output(command.args(args).current_dir(&self.folder))
    }

    /// Starts the server.
    pub(super) fn serve(&self) -> Result<Server> {
        let mut command = watchroom(self.bench.workspace);
        command.arg("serve").current_dir(&self.folder);
        let client = Client::new(format!("http://127.0.0.1:{}", self.port));
        let log = self.folder.join("server.log");
        let mut process = Background::start("watchroom", &mut command, &log)?;
        let start = process.wait_until(&log, || client.get("/ready").is_ok())?;
        Ok(Server { process, client, start })
    }

    /// Removes it with all that is stored there.
    pub(super) fn remove(self) -> Result<()> {
        fs::remove_dir_all(&self.folder).with_context(|| format!("cannot remove {}", self.folder.display()))
    }
}
