//! A PostgreSQL of the bench's own, with its defaults: every commit is synced.

use super::Bench;
use super::server::Background;
use crate::{apt, process, report};
use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A running server with the database `postgres`.
#[derive(Debug)]
pub(super) struct Postgres {
    /// Kept for its end.
    _process: Background,
    /// Removed after that.
    _sockets: SocketFolder,
    /// How a configuration names it.
    pub(super) url: String,
}

/// A folder for the socket: its path must be short, which that of a checkout may not be.
#[derive(Debug)]
struct SocketFolder(PathBuf);

impl Drop for SocketFolder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            report::doing(&format!("{} stays behind: {error}", self.0.display()));
        }
    }
}

impl Postgres {
    /// Makes and starts it.
    pub(super) fn start(bench: &Bench<'_>) -> Result<Self> {
        let folder = bench.folder.join("postgres");
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let initdb = apt::POSTGRES.path()?;
        let account = unprivileged_account(&folder)?;
        let data = folder.join("data");
        let mut command = run_as(account, &initdb);
        command.args([
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--pgdata",
        ]);
        process::output(command.arg(&data).current_dir(&folder))?;
        let sockets = socket_folder(account)?;
        let mut command = run_as(account, &initdb.with_file_name("postgres"));
        command
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=", "-k"])
            .arg(&sockets.0);
        let log = folder.join("postgres.log");
        let mut started = Background::start("postgres", command.current_dir(&folder), &log)?;
        started.wait_until(&log, || {
            fs::read_to_string(&log).is_ok_and(|text| text.contains("ready to accept connections"))
        })?;
        Ok(Self {
            _process: started,
            url: format!("postgres://postgres@localhost/postgres?host={}", sockets.0.display()),
            _sockets: sockets,
        })
    }
}

fn socket_folder(account: Option<&str>) -> Result<SocketFolder> {
    let made = process::output(run_as(account, Path::new("mktemp")).args(["-d", "-t", "watchroom-bench-XXXXXX"]))?;
    Ok(SocketFolder(PathBuf::from(made.trim())))
}

/// PostgreSQL refuses to run as root: then it runs as an account that Debian makes for it, which gets the folder.
fn unprivileged_account(folder: &Path) -> Result<Option<&'static str>> {
    if process::output(process::command("id").arg("-u"))?.trim() != "0" {
        return Ok(None);
    }
    let account = "postgres";
    let known = process::succeeds(process::command("id").args(["-u", account]));
    ensure!(known, "root cannot run PostgreSQL, and there is no account {account}");
    process::run(process::command("chown").arg(account).arg(folder))?;
    Ok(Some(account))
}

/// A command of an account; as it is where there is no need for another one.
fn run_as(account: Option<&str>, program: &Path) -> Command {
    let Some(account) = account else {
        return process::command(program);
    };
    let mut command = process::command("setpriv");
    command
        .args(["--reuid", account, "--regid", account, "--init-groups", "--"])
        .arg(program);
    command
}
