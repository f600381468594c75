//! A server for the tests: SecantusDB as a process of its own, one for all tests of a binary, or one that is there already.
//!
//! SecantusDB speaks MongoDB's protocol; it is not MongoDB. With `WATCHROOM_TEST_MONGODB=mongodb://HOST` the tests run on that server
//! instead, in databases of their own.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use mongodb::Client;

/// The version that the tests were written with.
pub(super) const SECANTUS: &str = "0.7.0b3";

/// Where a server of the site's choice is named.
const URL_VARIABLE: &str = "WATCHROOM_TEST_MONGODB";

/// The server of this test binary, as a URL without a database.
static SERVER: LazyLock<String> = LazyLock::new(|| match std::env::var(URL_VARIABLE) {
    Ok(url) => url,
    Err(_not_set) => {
        let process = SecantusProcess::start(&[]);
        let url = process.url();
        // Statics are not dropped; the process ends with the pipe that it holds.
        std::mem::forget(process);
        url
    }
});

/// A database of one test; dropped with its guard.
#[derive(Debug)]
pub(super) struct TestDatabase {
    pub(super) url: String,
    name: String,
}

impl TestDatabase {
    /// An empty database on the server of all tests.
    pub(super) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("watchroom_test_{}_{number}", std::process::id());
        Self {
            url: with_database(&SERVER, &name),
            name,
        }
    }

    /// The database as any client sees it.
    pub(super) async fn plain(&self) -> mongodb::Database {
        let client = Client::with_uri_str(&self.url).await.unwrap();
        client.database(&self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if std::env::var(URL_VARIABLE).is_err() {
            // It ends with the server.
            return;
        }
        let (url, name) = (self.url.clone(), self.name.clone());
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let client = Client::with_uri_str(&url).await.unwrap();
                client.database(&name).drop().await.unwrap();
            });
        });
        dropping.join().unwrap();
    }
}

/// A server's URL with a database in it.
pub(super) fn with_database(server: &str, name: &str) -> String {
    let (hosts, options) = server.split_once('?').unwrap_or((server, ""));
    let hosts = hosts.trim_end_matches('/');
    if options.is_empty() {
        format!("{hosts}/{name}")
    } else {
        format!("{hosts}/{name}?{options}")
    }
}

/// A running SecantusDB with a folder of its own. Ends when this is dropped, or with the test binary, however that ends.
#[derive(Debug)]
pub(super) struct SecantusProcess {
    /// A shell that waits for its standard input to end, then ends the server and removes the folder.
    shell: Child,
    port: u16,
}

/// `$1` is a folder to remove, or nothing; the rest is the command. An interrupt must not keep it from tidying up.
const KEEPER: &str = r#"trap '' INT
folder=$1; shift
"$@" </dev/null 2>&1 &
server=$!
exec >/dev/null
cat >/dev/null
kill "$server"; wait "$server"
rm -rf "$folder""#;

impl SecantusProcess {
    /// Starts a server on a free port, with a folder of its own.
    pub(super) fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("watchroom-secantus-").tempdir();
        let folder = folder.unwrap().keep();
        Self::run(&folder, folder.as_os_str(), 0, arguments)
    }

    /// Starts a server on a port (0: a free one) with a folder that stays.
    pub(super) fn start_in(folder: &Path, port: u16) -> Self {
        Self::run(folder, OsStr::new(""), port, &[])
    }

    /// Starts a server and waits until it listens.
    fn run(folder: &Path, to_remove: &OsStr, port: u16, arguments: &[&str]) -> Self {
        let home = installation();
        // Without one it would look for the configuration of whoever runs the tests.
        let configuration = folder.join("secantusd.toml");
        std::fs::write(&configuration, "").unwrap();
        let mut shell = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(to_remove)
            .args(["python3", "-u", "-m", "secantus", "--host", "127.0.0.1"])
            .args(["--port", &port.to_string(), "--config"])
            .arg(configuration)
            .arg("--storage-path")
            .arg(folder.join("data"))
            .args(arguments)
            .env("PYTHONPATH", &home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(shell.stdout.take().unwrap()).lines();
        let mut said = VecDeque::new();
        let port = loop {
            let Some(Ok(line)) = lines.next() else {
                panic!("SecantusDB did not start; it said:\n{}", Vec::from(said).join("\n"));
            };
            if let Some((_, address)) = line.split_once("listening on ") {
                let port = address.rsplit(':').next().unwrap();
                break port.trim().parse().unwrap();
            }
            said.push_back(line);
        };
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { shell, port }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn url(&self) -> String {
        format!("mongodb://127.0.0.1:{}", self.port)
    }

    /// Ends the server and waits until it has.
    pub(super) fn stop(mut self) {
        drop(self.shell.stdin.take());
        self.shell.wait().unwrap();
    }
}

/// The folder into which `cargo xtask test` installs SecantusDB.
fn installation() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cache")))
        .unwrap();
    let home = cache.join("watchroom").join(format!("secantusdb-{SECANTUS}"));
    assert!(
        home.join("secantus").is_dir(),
        "the tests of the MongoDB store need SecantusDB; run `cargo xtask test test`, or \
         `python3 -m pip install --target {} secantusdb=={SECANTUS}`, or set {URL_VARIABLE} to the URL of a MongoDB",
        home.display()
    );
    home
}
