//! SQLite on a disk that is full, or that fails to sync: refused writes are refused with 503, what was acknowledged stays
//! readable meanwhile, and is all there when the trouble is over or the server was killed in it.
//!
//! `failing_disk.c` makes the trouble, at the border between the server and the C library.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use fastrand::Rng;
use shared::error::ApiError;
use tempfile::TempDir;

use super::audit::audit;
use super::ledger::Ledger;
use super::load::{Client, Request};
use super::server::{Connection, Server, Site};

/// How many requests a round may have before the trouble must have begun.
const REQUESTS: u32 = 2_000;

/// How often a refused request is sent again once the trouble is over. At first the server may find what it left.
const ATTEMPTS: u32 = 3;

/// A disk that can fail, with a site on it.
struct FailingDisk {
    folder: TempDir,
    library: PathBuf,
    limits: File,
}

/// How the disk fails.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// It is full after so many bytes.
    FullAfter(i64),
    /// It cannot sync after so many syncs.
    NoSyncAfter(i64),
}

/// How a round goes on once a write was refused.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The trouble is over, and the refused request is sent again.
    Recovers,
    /// The server is killed in the trouble, and started when it is over.
    Killed,
    /// The server is told to stop in the trouble, and started when it is over.
    Stopped,
}

impl FailingDisk {
    fn new() -> Self {
        let folder = TempDir::with_prefix("watchroom-disk-").unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/failing_disk.c");
        let library = folder.path().join("failing_disk.so");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]);
        let output = compiler.arg(&library).arg(source).arg("-ldl").output();
        let output = output.expect("a C compiler is missing; on Debian: apt-get install gcc libc6-dev");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let limits = File::create_new(folder.path().join("limits")).unwrap();
        let disk = Self {
            folder,
            library,
            limits,
        };
        disk.works();
        disk
    }

    fn site(&self) -> Site {
        Site::new(self.folder.path(), "sqlite:crash.db")
    }

    fn start(&self, site: &Site) -> Server {
        site.start(&[("LD_PRELOAD", &self.library), ("FAILING_DISK", &self.limits_path())])
    }

    fn spawn(&self, site: &Site) -> Child {
        site.spawn(&[("LD_PRELOAD", &self.library), ("FAILING_DISK", &self.limits_path())])
    }

    fn limits_path(&self) -> PathBuf {
        self.folder.path().join("limits")
    }

    fn works(&self) {
        self.limit(-1, -1);
    }

    fn fails(&self, trouble: Trouble) {
        match trouble {
            Trouble::FullAfter(bytes) => self.limit(bytes, -1),
            Trouble::NoSyncAfter(syncs) => self.limit(-1, syncs),
        }
    }

    fn limit(&self, bytes: i64, syncs: i64) {
        let both = [bytes.to_ne_bytes(), syncs.to_ne_bytes()].concat();
        self.limits.write_all_at(&both, 0).unwrap();
    }
}

impl Trouble {
    fn any(random: &mut Rng) -> Self {
        let is_full = random.bool();
        let exponent = random.u32(0..=if is_full { 22 } else { 6 });
        let after = random.i64(0..1 << exponent);
        if is_full {
            Self::FullAfter(after)
        } else {
            Self::NoSyncAfter(after)
        }
    }

    /// What the server's log must name, one of these.
    fn named(self) -> &'static [&'static str] {
        match self {
            Self::FullAfter(_) => &["database or disk is full", "disk I/O error"],
            Self::NoSyncAfter(_) => &["disk I/O error"],
        }
    }
}

#[test]
fn failing_disk_keeps_what_was_acknowledged() {
    let (n_rounds, seed) = super::rounds_and_seed(12);
    println!("to run it again: cargo xtask crash --store failing-disk --rounds {n_rounds} --seed {seed}");
    let mut random = Rng::with_seed(seed);
    let disk = FailingDisk::new();
    let site = disk.site();
    let mut client = Client::new(0, random.fork());
    let mut server = disk.start(&site);
    let mut n_read = 0;
    for round in 0..n_rounds {
        let trouble = Trouble::any(&mut random);
        let end = *random.choice(&[End::Recovers, End::Killed, End::Stopped]).unwrap();
        let mut connection = server.connect();
        disk.fails(trouble);
        let refused = write_until_refused(&mut client, &mut connection, trouble, &site);
        // Still in trouble: all that was acknowledged is told, and of what was refused no half.
        let mut told = client.ledger.clone();
        let place = format!("seed {seed}, round {round}, {trouble:?}, {end:?}");
        expect_all(&mut connection, &mut told, &mut random, &place);
        server = match end {
            End::Recovers => {
                disk.works();
                send_again(&mut client, &mut connection, &refused, &place);
                server
            }
            End::Killed => {
                server.kill();
                disk.works();
                disk.start(&site)
            }
            End::Stopped => {
                server.ask_to_stop();
                server.wait();
                disk.works();
                disk.start(&site)
            }
        };
        n_read += expect_all(&mut server.connect(), &mut client.ledger, &mut random, &place);
    }
    let (n_samples, n_refused) = (client.ledger.n_samples, client.ledger.n_refused);
    println!(
        "{n_rounds} troubles of the disk: {n_samples} samples acknowledged, {n_refused} requests refused; \
         {n_read} samples read back: 0 lost, 0 doubled, 0 half stored"
    );
}

#[test]
fn a_server_that_starts_on_a_full_disk_says_so() {
    let disk = FailingDisk::new();
    let site = disk.site();
    disk.start(&site).kill();
    disk.fails(Trouble::FullAfter(0));
    let mut child = disk.spawn(&site);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(site.log().contains("No space left on device"), "{}", site.log());
}

/// Writes until a request is refused, which it must be with 503 and a reason in the log; gives that request, left open.
fn write_until_refused(client: &mut Client, connection: &mut Connection, trouble: Trouble, site: &Site) -> Request {
    for _ in 0..REQUESTS {
        let request = client.request();
        client.ledger.open.clone_from(&request.frames);
        let answer = request.send(connection).unwrap();
        match answer.status {
            200 | 204 => client.accept(&request),
            503 => {
                client.ledger.n_refused += 1;
                let error: ApiError = serde_json::from_slice(&answer.body).unwrap();
                assert_eq!(error.code, "store_unavailable");
                let log = site.log();
                assert!(
                    trouble.named().iter().any(|name| log.contains(name)),
                    "{trouble:?} is not in: {log}"
                );
                // It is refused as long as the trouble lasts, and never accepted by trying often enough.
                assert_eq!(request.send(connection).unwrap().status, 503);
                return request;
            }
            status => panic!("{status} {}", answer.text()),
        }
    }
    panic!("{trouble:?} did not come in {REQUESTS} requests");
}

/// Sends a refused request again, once the disk works.
fn send_again(client: &mut Client, connection: &mut Connection, request: &Request, place: &str) {
    for _ in 0..ATTEMPTS {
        let answer = request.send(connection).unwrap();
        if [200, 204].contains(&answer.status) {
            return client.accept(request);
        }
    }
    panic!("{place}: still refused although the disk works again");
}

/// Reads everything back; gives how many samples that were.
fn expect_all(connection: &mut Connection, ledger: &mut Ledger, random: &mut Rng, place: &str) -> u64 {
    let (audited, findings) = audit(connection, &mut [ledger], random);
    assert!(findings.is_clean(), "{place}: {}", findings.told.join("\n"));
    audited.read
}
