//! A PostgreSQL of the tests' own: made in a temporary folder, reached by a socket there, gone when the tests end.
//!
//! One server serves all tests of a process, each of which has a database of its own. `WATCHROOM_TEST_POSTGRES` names
//! another server to make these databases on; what needs a server that can be stopped still starts one.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, OnceLock};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;

/// Where Debian keeps the programs of each version.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";

/// Starts the server given as arguments, again after each signal named on its input, and ends with all that it made
/// when its input ends: that is when the tests end, however they do.
const GUARD: &str = r#"
trap '' INT TERM HUP
"$@" & server=$!
while read -r signal; do kill -"$signal" "$server"; wait "$server"; "$@" & server=$!; done
kill -QUIT "$server"; wait "$server"; rm -rf "$FOLDER"
"#;

/// A running server.
pub(crate) struct TestServer {
    folder: PathBuf,
    guard: Mutex<ChildStdin>,
    ready: Mutex<Receiver<()>>,
}

/// Whether what was written survives a loss of power; slow, and of no use to most tests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Durability {
    Synced,
    Forgetful,
}

/// An empty database. Dropped with its tables where it is not the tests' own server that goes anyway.
pub(crate) struct TestDatabase {
    pub(crate) url: String,
    drop_at: Option<(String, String)>,
}

impl TestServer {
    pub(crate) fn start(durability: Durability) -> Self {
        let programs = programs();
        let folder = TempDir::with_prefix("watchroom-postgres-").unwrap();
        let account = unprivileged_account(folder.path());
        let data = folder.path().join("data");
        let made = run_as(account, &programs.join("initdb"))
            .args([
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ])
            .arg("--pgdata")
            .arg(&data)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let fsync = match durability {
            Durability::Synced => "fsync=on",
            Durability::Forgetful => "fsync=off",
        };
        let server = run_as(account, &programs.join("postgres"));
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "sh"])
            .arg(server.get_program())
            .args(server.get_args())
            .arg("-D")
            .arg(&data)
            .args([
                "-c",
                "listen_addresses=",
                "-c",
                fsync,
                "-c",
                "max_connections=200",
                "-k",
            ])
            .arg(folder.path())
            .env("FOLDER", folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, ready) = sync_channel(16);
        let orders = guard.stdin.take().unwrap();
        std::thread::spawn(move || follow(guard, &sender));
        let server = Self {
            folder: folder.keep(),
            guard: Mutex::new(orders),
            ready: Mutex::new(ready),
        };
        server.wait_until_ready();
        server
    }

    /// Kills the server as a loss of power would, and starts it again.
    pub(crate) fn crash_and_restart(&self) {
        writeln!(self.guard.lock().unwrap(), "QUIT").unwrap();
        self.wait_until_ready();
    }

    /// Stops the server and all that serves its connections, which stay open: it neither answers nor fails until what it
    /// gives is dropped.
    pub(crate) fn freeze(&self) -> Frozen {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let server = file.lines().next().unwrap().trim().to_owned();
        signal("-STOP", std::slice::from_ref(&server));
        // From here on it makes no more of them.
        let mut frozen = Frozen(children_of(&server));
        frozen.0.push(server);
        signal("-STOP", &frozen.0);
        frozen
    }

    pub(crate) async fn database(&self) -> TestDatabase {
        let url = |name: &str| format!("postgres://postgres@localhost/{name}?host={}", self.folder.display());
        let name = make_database(&url("postgres")).await;
        TestDatabase {
            url: url(&name),
            drop_at: None,
        }
    }

    fn wait_until_ready(&self) {
        let ready = self.ready.lock().unwrap().recv();
        ready.expect("the test server ended; its log is above");
    }
}

/// Processes that stand still.
pub(crate) struct Frozen(Vec<String>);

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}

fn signal(name: &str, processes: &[String]) {
    let sent = Command::new("kill").arg(name).args(processes).status().unwrap();
    assert!(sent.success(), "kill {name} {processes:?}");
}

fn children_of(process: &str) -> Vec<String> {
    let is_child = |other: &str| {
        let stat = fs::read_to_string(format!("/proc/{other}/stat")).unwrap_or_default();
        // The name before it may hold anything but ends with the last bracket; then come the state and the parent.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        after_name.split_whitespace().nth(1) == Some(process)
    };
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| is_child(name)).collect()
}

impl TestDatabase {
    /// One on the server that all tests share.
    pub(crate) async fn empty() -> Self {
        static SERVER: OnceLock<TestServer> = OnceLock::new();
        let Ok(url) = std::env::var("WATCHROOM_TEST_POSTGRES") else {
            let server = SERVER.get_or_init(|| TestServer::start(Durability::Forgetful));
            return server.database().await;
        };
        let name = make_database(&url).await;
        Self {
            url: with_database(&url, &name),
            drop_at: Some((url, name)),
        }
    }

    /// Runs SQL as anybody with psql could.
    pub(crate) async fn run(&self, sql: &'static str) {
        let mut connection = self.connect().await;
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    pub(crate) async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some((url, name)) = self.drop_at.take() else { return };
        // Apart from the test's own runtime, which may be ending.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                let sql = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
                sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            });
        });
        dropping.join().unwrap();
    }
}

async fn make_database(url: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("watchroom_test_{}_{number}", std::process::id());
    let mut connection = PgConnection::connect(url).await.unwrap();
    let sql = AssertSqlSafe(format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"));
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    name
}

/// The URL with another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url
        .split_once('?')
        .map_or((url, ""), |(address, query)| (address, query));
    let (scheme, rest) = address.split_once("://").unwrap();
    let host = rest.split('/').next().unwrap_or(rest);
    format!("{scheme}://{host}/{name}?{query}")
}

/// What a server says of those who call while it starts or stops, or go without a word: no trouble of its own.
const EXPECTED: [&str; 2] = ["the database system is ", "connection to client lost"];

/// Says when the server is ready, each time, and shows its other lines to who runs a failing test.
fn follow(mut guard: Child, ready: &SyncSender<()>) {
    let log = guard.stderr.take().unwrap();
    for line in BufReader::new(log).lines().map_while(Result::ok) {
        if line.contains("ready to accept connections") {
            // Nobody waits any more when the tests end.
            let _gone = ready.send(());
        }
        let is_trouble = line.contains("FATAL") || line.contains("PANIC");
        if is_trouble && !EXPECTED.iter().any(|expected| line.contains(expected)) {
            println!("{line}");
        }
    }
    guard.wait().unwrap();
}

/// The folder of the newest server that is installed.
fn programs() -> PathBuf {
    let installed = fs::read_dir(DEBIAN_FOLDER).into_iter().flatten().flatten();
    let newest = installed
        .filter(|entry| entry.path().join("bin/postgres").is_file())
        .max_by_key(|entry| entry.file_name().to_string_lossy().parse::<u32>().unwrap_or(0));
    if let Some(newest) = newest {
        return newest.path().join("bin");
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file());
    found.expect(
        "PostgreSQL is not installed; install it with: \
         sudo apt-get install --yes --no-install-recommends postgresql, or run `cargo xtask test test`",
    )
}

/// The account that the server must run as, when the tests run as root, which it refuses; it gets the folder.
fn unprivileged_account(folder: &Path) -> Option<&'static str> {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let ids = |name: &str| -> Option<(u32, u32)> {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(|field| field.parse().ok());
        Some((fields.next()??, fields.next()??))
    };
    let account = ["postgres", "nobody"].into_iter().find(|name| ids(name).is_some());
    let account = account.expect("root cannot run PostgreSQL; make an account named postgres");
    let (user, group) = ids(account).unwrap();
    chown(folder, Some(user), Some(group)).unwrap();
    Some(account)
}

/// A command of an account; as it is where there is no need for another one.
fn run_as(account: Option<&str>, program: &Path) -> Command {
    let Some(account) = account else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", account, "--regid", account, "--init-groups", "--"])
        .arg(program);
    command
}

#[test]
fn only_the_database_of_a_url_is_replaced() {
    let replaced = with_database("postgres://me:secret@[::1]:5433/old?sslmode=require", "new");
    assert_eq!(replaced, "postgres://me:secret@[::1]:5433/new?sslmode=require");
    assert_eq!(with_database("postgres://host", "new"), "postgres://host/new?");
}
