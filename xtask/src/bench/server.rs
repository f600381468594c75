//! Servers under measurement: started on a free port of 127.0.0.1, stopped when dropped.

use super::http::Client;
use super::{Bench, watchroom};
use crate::{process, report};
use anyhow::{Context as _, Result, bail, ensure};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio, exit};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take to start, and to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// The programs that run in the background, by process id.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Does something with the list of running programs.
fn with_running<T>(work: impl FnOnce(&mut Vec<u32>) -> T) -> T {
    // A list of numbers is whole whatever broke down while it was held.
    work(&mut RUNNING.lock().unwrap_or_else(PoisonError::into_inner))
}

/// From now on SIGTERM and Ctrl-C stop what runs in the background, and then this process.
pub(super) fn stop_with_this_process() -> Result<()> {
    let told = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&told)).context("cannot catch Ctrl-C")?;
    }
    thread::spawn(move || {
        while !told.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(50));
        }
        with_running(|running| running.iter().for_each(|id| terminate(*id)));
        report::error(&anyhow::anyhow!("stopped; what was measured is kept"));
        exit(1);
    });
    Ok(())
}

fn terminate(id: u32) {
    // The shell's own `kill`: the standard library can only kill outright.
    let mut kill = process::command("sh");
    process::succeeds(kill.args(["-c", "kill -TERM $0", &id.to_string()]));
}

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
        Ok(Self::new(name, child))
    }

    /// Starts a program that writes to the terminal.
    pub(super) fn start_visibly(name: &'static str, command: &mut Command) -> Result<Self> {
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Self::new(name, child))
    }

    fn new(name: &'static str, child: Child) -> Self {
        with_running(|running| running.push(child.id()));
        Self { child, name }
    }

    /// Waits for its end; anything but success is an error.
    pub(super) fn wait(mut self) -> Result<()> {
        let status = self.child.wait()?;
        ensure!(status.success(), "{} failed ({status})", self.name);
        Ok(())
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

    /// How much time of a processor it has used, in seconds.
    pub(super) fn cpu_secs(&self) -> Result<f64> {
        let stat =
            fs::read_to_string(format!("/proc/{}/stat", self.child.id())).context("no figures of the processor")?;
        // Behind the name in brackets: state is the third field, user and system time are 14 and 15.
        let (_, fields) = stat.rsplit_once(')').context("an unknown form of /proc/…/stat")?;
        let ticks: Vec<f64> = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse().ok())
            .collect();
        // USER_HZ, which is 100 wherever Linux runs.
        Ok(ticks.iter().sum::<f64>() / 100.0)
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
            terminate(self.child.id());
        }
        let deadline = Instant::now() + PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                // It may have ended just now: then there is nothing to kill.
                drop(self.child.kill());
                drop(self.child.wait());
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        with_running(|running| running.retain(|id| *id != self.child.id()));
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

    /// Its address, without a slash at the end.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Writes a file into its folder.
    pub(super) fn write(&self, path: &str, text: &str) -> Result<()> {
        let file = self.folder.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        }
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Writes more at the end of a file in its folder.
    pub(super) fn append(&self, path: &str, text: &str) -> Result<()> {
        let file = self.folder.join(path);
        let before = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        self.write(path, &format!("{before}{text}"))
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
        let client = Client::new(self.url());
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
