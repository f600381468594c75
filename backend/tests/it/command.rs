//! The real binary: how it starts, how it refuses, and how it ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use tempfile::TempDir;
use watchroom::clock::{Clock as _, SystemClock};

/// Far longer than anything takes here; reached only by a failure.
const PATIENCE: Duration = Duration::from_mins(1);

fn watchroom() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchroom"));
    // What a developer has set must not reach the tests.
    command.env_clear().stdin(Stdio::null());
    command
}

/// A folder with a configuration that listens on a free port.
pub(crate) struct Site {
    folder: TempDir,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with_config("[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"sqlite:night.db\"\n")
    }

    pub(crate) fn with_config(text: &str) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("watchroom.toml"), text).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn serve(&self) -> Command {
        let mut command = watchroom();
        command
            .current_dir(self.folder.path())
            .args(["serve", "--config", "watchroom.toml"]);
        command
    }

    /// Runs the server to its end, and gives what it said on stderr, with the folder left out.
    fn refused(&self) -> String {
        let output = self.serve().output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let folder = self.folder.path().canonicalize().unwrap();
        stderr(&output).replace(&format!("{}/", folder.display()), "")
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A server that runs until dropped.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) address: String,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Some(url) = line.trim().strip_prefix("watchroom is ready on http://") else {
            let output = child.wait_with_output().unwrap();
            panic!("{line:?} {}", stderr(&output));
        };
        let address = url.split('/').next().unwrap().to_owned();
        Self { child, stdout, address }
    }

    /// One request over a connection of its own; gives the whole answer.
    pub(crate) fn request(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(stream, "{head} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The JSON of an answer that must be 200.
    #[track_caller]
    pub(crate) fn get_json(&self, path: &str) -> serde_json::Value {
        let answer = self.request(&format!("GET {path}"), "");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(body).unwrap()
    }

    /// Asks until the answer is as expected.
    #[track_caller]
    pub(crate) fn wait_for(&self, path: &str, expected: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
        let start = Instant::now();
        loop {
            let answer = self.get_json(path);
            if expected(&answer) {
                return answer;
            }
            assert!(start.elapsed() < PATIENCE, "{answer:#}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stores one value of a metric, taken now.
    #[track_caller]
    pub(crate) fn write_now(&self, metric: &str, value: f64) {
        let time = SystemClock.now();
        let body = format!(r#"{{"frames":[{{"metric":"{metric}","time":"{time}","values":[{value}]}}]}}"#);
        let answer = self.request("POST /api/v1/frames", &body);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Stops it as a service manager does.
    #[cfg(unix)]
    pub(crate) fn stop(self) {
        self.signal("-TERM");
        let (code, log) = self.wait();
        assert_eq!(code, Some(0), "{log}");
    }

    #[cfg(unix)]
    fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end; gives the exit code and what was logged.
    fn wait(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        (status.code(), log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails where it has ended before.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn is_there(path: &Path) -> bool {
    path.try_exists().unwrap()
}

#[test]
fn help_is_complete() {
    let help = |args: &[&str]| {
        let output = watchroom().args(args).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert_snapshot!("help", help(&["--help"]));
    assert_snapshot!("help_serve", help(&["serve", "--help"]));
    assert_snapshot!("help_export", help(&["export", "--help"]));
    assert_snapshot!("help_store", help(&["store", "--help"]));
    assert_snapshot!("help_check_config", help(&["check-config", "--help"]));
}

#[test]
fn a_broken_configuration_is_explained() {
    let site = Site::with_config("[server]\nlisten = \"127.0.0.1:0\"\nbase_pth = \"/x\"\n[store]\nurl = 3\n");
    assert_snapshot!(site.refused(), @r#"
    watchroom: watchroom.toml:3:1: server.base_pth: unknown key; did you mean "base_path"?
    watchroom.toml:5:7: store.url: expected a URL such as "sqlite:watchroom.db", found a whole number
    "#);
    assert!(!is_there(&site.path("watchroom.db")));
    let check = watchroom()
        .current_dir(site.folder.path())
        .args(["check-config", "-c", "watchroom.toml"])
        .output()
        .unwrap();
    assert_eq!(check.status.code(), Some(1));
}

#[test]
fn a_sound_configuration_is_ok() {
    let site = Site::new();
    let output = watchroom()
        .current_dir(site.folder.path())
        .arg("check-config")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_snapshot!(String::from_utf8_lossy(&output.stdout), @"ok: 0 metrics, 0 dashboards with 0 panels, store sqlite:night.db");
}

#[test]
fn a_missing_configuration_is_named() {
    let site = Site::new();
    std::fs::remove_file(site.path("watchroom.toml")).unwrap();
    assert_snapshot!(site.refused(), @"watchroom: watchroom.toml: cannot be read: No such file or directory (os error 2)");
}

#[test]
fn a_taken_port_is_told_before_the_store_is_touched() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let site = Site::with_config(&format!(
        "[server]\nlisten = \"{address}\"\n[store]\nurl = \"sqlite:night.db\"\n"
    ));
    assert_snapshot!(site.refused().replace(&address.to_string(), "ADDRESS"), @"watchroom: ADDRESS is taken by another program; stop it, or listen on another address");
    assert!(!is_there(&site.path("night.db")));
}

#[test]
fn a_second_server_on_the_same_file_names_the_first() {
    let site = Site::new();
    let first = Running::start(&mut site.serve());
    let pid = first.child.id().to_string();
    assert_snapshot!(site.refused().replace(&pid, "PID"), @"watchroom: night.db is in use by process PID; stop it, or configure another store");
    assert!(first.request("GET /ready", "").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_store_that_is_not_one_is_told() {
    let site = Site::with_config("[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"sqlite:watchroom.toml\"\n");
    assert_snapshot!(site.refused(), @"watchroom: the store holds data that cannot be read: watchroom.toml: file is not a database");
}

#[test]
fn an_address_that_others_can_reach_is_warned_about() {
    // Reserved for documentation, so that it is nobody's: the server warns, and then cannot have it.
    let site = Site::with_config("[server]\nlisten = \"192.0.2.1:0\"\n[store]\nurl = \"memory:\"\n");
    let log = site.refused();
    assert!(
        log.contains("listening on 192.0.2.1:0: anyone who reaches it can read and write"),
        "{log}"
    );
    assert!(log.contains("\nwatchroom: cannot listen on 192.0.2.1:0: "), "{log}");
}

#[cfg(unix)]
#[test]
fn a_stopped_server_closes_its_store() {
    for signal in ["-TERM", "-INT"] {
        let site = Site::new();
        let server = Running::start(&mut site.serve());
        let body = r#"{"frames":[{"metric":"m","time":"2026-11-20T21:00:00Z","values":[1.5]}]}"#;
        assert!(server.request("POST /api/v1/frames", body).starts_with("HTTP/1.1 200"));
        assert!(is_there(&site.path("night.db-wal")));
        server.signal(signal);
        let (code, log) = server.wait();
        assert_eq!(code, Some(0), "{log}");
        assert!(
            !is_there(&site.path("night.db-wal")),
            "the log of the database is emptied"
        );
    }
}

#[cfg(unix)]
#[test]
fn what_was_acknowledged_survives_a_kill() {
    let site = Site::new();
    let server = Running::start(&mut site.serve());
    for minute in 0..20 {
        let body = format!(
            r#"{{"frames":[{{"metric":"m","time":"2026-11-20T21:{minute:02}:00Z","values":[{minute}.5,null]}}]}}"#
        );
        let answer = server.request("POST /api/v1/frames", &body);
        assert!(answer.ends_with(r#"{"accepted":1}"#), "{answer}");
    }
    server.signal("-KILL");
    let (code, _) = server.wait();
    assert_eq!(code, None);

    let server = Running::start(&mut site.serve());
    let samples = server.request(
        "GET /api/v1/samples?metric=m&channels=0&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z",
        "",
    );
    for minute in 0..20 {
        assert!(
            samples.contains(&format!("\"value\":{minute}.5")),
            "{minute}: {samples}"
        );
    }
    assert!(
        server
            .request("GET /api/v1/latest?metric=m", "")
            .contains("\"value\":19.5")
    );
}

#[cfg(unix)]
#[test]
fn samples_older_than_they_are_kept_are_deleted_at_start_and_refused_later() {
    let config = "[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"sqlite:night.db\"\n";
    let site = Site::with_config(config);
    let server = Running::start(&mut site.serve());
    let body = r#"{"frames":[{"metric":"m","time":"2020-01-01T00:00:00Z","values":[1.5]}]}"#;
    let answer = server.request("POST /api/v1/frames", body);
    assert!(answer.contains("\"accepted\":1"), "{answer}");
    assert!(server.request("POST /write", "m value=2.5").starts_with("HTTP/1.1 204"));
    let metrics = server.request("GET /api/v1/metrics", "");
    assert!(metrics.contains("\"first\":\"2020-01-01T00:00:00Z\""), "{metrics}");
    server.signal("-TERM");
    server.wait();

    std::fs::write(site.path("watchroom.toml"), format!("{config}keep = \"400d\"\n")).unwrap();
    let server = Running::start(&mut site.serve());
    let first_moves = || !server.request("GET /api/v1/metrics", "").contains("\"first\":\"2020-");
    while !first_moves() {
        std::thread::yield_now();
    }
    let metrics = server.request("GET /api/v1/metrics", "");
    assert!(metrics.contains("\"first\":\"20"), "{metrics}");
    let answer = server.request("POST /api/v1/frames", body);
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_snapshot!(answer.split("\r\n\r\n").nth(1).unwrap(), @r#"{"code":"partial_write","message":"0 frames stored, 1 frame rejected; the rejected ones are listed with their index in the request","accepted":0,"rejected":[{"index":0,"message":"its time 2020-01-01T00:00:00Z is older than samples of \"m\" are kept, 400 days; set a longer keep in the configuration"}]}"#);
}

#[test]
fn logs_can_be_json() {
    let site = Site::new();
    let server = Running::start(site.serve().args(["--log", "json"]));
    assert!(server.request("GET /api/v1/nothing", "").starts_with("HTTP/1.1 404"));
    server.signal("-TERM");
    let (_, log) = server.wait();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let refused = lines.iter().find(|line| line["status"] == 404).unwrap();
    assert_eq!(refused["message"], "GET /api/v1/nothing was refused with 404 Not Found");
    assert_eq!(refused["span"]["path"], "/api/v1/nothing");
}
