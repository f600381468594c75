//! Rounds of load, crash, restart and audit.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::audit::{Audited, Findings, audit};
use super::database::{Database, Store};
use super::load::{CLIENTS, Client, START_US};
use super::server::{Connection, Server, Site};
use shared::time::Timestamp;

/// After how many crashes a store is examined by `store verify` and an empty one takes its place.
const CRASHES_PER_STORE: u32 = 25;

/// The most requests of a client in one round; more than it takes to reach any moment.
const REQUESTS: u32 = 300;

/// How long some hundred requests may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long who asks rests after a question that has no answer.
const REST_MICROS: u64 = 5_000;

/// Between looks at how many requests were acknowledged.
const LOOK_AGAIN_MICROS: u64 = 200;

/// Many crashes of one kind of store.
pub(crate) struct Campaign<'a> {
    pub(crate) store: &'a str,
    pub(crate) n_rounds: u32,
    pub(crate) seed: u64,
    pub(crate) database: Database,
}

/// How the server ends. All of it happens under load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Crash {
    /// It is killed.
    Killed,
    /// The database crashes, and after some more requests the server is killed.
    AfterDatabase(Moment),
    /// It is told to stop, and killed so many microseconds later.
    Stopping(u64),
    /// It is killed, and again so many microseconds after its next start began, ready or not.
    KilledTwice(u64),
}

/// When something happens: after so many requests were acknowledged, and so many microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Moment {
    n_requests: u64,
    micros: u64,
}

impl Moment {
    fn any(random: &mut Rng) -> Self {
        Self {
            n_requests: as_often_small(random, 100),
            micros: as_often_small(random, 5_000),
        }
    }
}

/// A number from 0 up to `most`, as often small as large.
fn as_often_small(random: &mut Rng, most: u64) -> u64 {
    let exponent = random.u32(0..=most.ilog2());
    random.u64(0..=most.min(2 << exponent))
}

impl Crash {
    fn any(random: &mut Rng, database_can_crash: bool) -> Self {
        match random.u8(..10) {
            0 => Self::Stopping(as_often_small(random, 20_000)),
            1 => Self::KilledTwice(as_often_small(random, 60_000)),
            2 | 3 if database_can_crash => Self::AfterDatabase(Moment::any(random)),
            _ => Self::Killed,
        }
    }
}

/// A store with what must be in it.
struct Life {
    store: Store,
    site: Site,
    clients: Vec<Client>,
}

impl Life {
    fn begin(database: &Database, random: &mut Rng) -> Self {
        let store = database.empty_store();
        Self {
            site: Site::new(store.folder.path(), &store.url),
            store,
            clients: (0..CLIENTS).map(|number| Client::new(number, random.fork())).collect(),
        }
    }
}

impl Campaign<'_> {
    /// Runs all rounds; panics at the first that finds something, and says how to run it again.
    pub(crate) fn run(&self) -> Figures {
        let Self {
            store, n_rounds, seed, ..
        } = self;
        // Shown where anything fails, also in a client's thread.
        println!("to run it again: cargo xtask crash --store {store} --rounds {n_rounds} --seed {seed}");
        let mut random = Rng::with_seed(self.seed);
        let began = Instant::now();
        let mut figures = Figures::default();
        while figures.n_crashes < self.n_rounds {
            let mut life = Life::begin(&self.database, &mut random);
            let rounds = CRASHES_PER_STORE.min(self.n_rounds - figures.n_crashes);
            for _ in 0..rounds {
                self.round(&mut life, &mut random, &mut figures);
            }
            let server = self.start(&life);
            self.audit(&mut life, &server, &mut random, &mut figures);
            drop(server);
            self.database.wait_until_quiet(&life.store);
            let (is_right, said) = life.site.command(&["store", "verify", "--config", "watchroom.toml"]);
            assert!(is_right, "{}: store verify: {said}", self.place(&figures));
            for client in &life.clients {
                figures.n_samples += client.ledger.n_samples;
                figures.n_requests += client.ledger.n_requests;
                figures.n_refused += client.ledger.n_refused;
            }
            figures.seconds = began.elapsed().as_secs_f64();
            if figures.n_crashes < self.n_rounds {
                // So that who stops a long run has figures all the same.
                println!("{figures}");
            }
        }
        figures
    }

    /// Starts, audits what the crash before left, loads, and crashes.
    fn round(&self, life: &mut Life, random: &mut Rng, figures: &mut Figures) {
        let moment = Moment::any(random);
        let crash = Crash::any(random, self.database.can_crash());
        let server = self.start(life);
        self.audit(life, &server, random, figures);
        let load = Load::default();
        let address = &server.address().to_owned();
        std::thread::scope(|scope| {
            for client in &mut life.clients {
                scope.spawn(|| client.write_until_gone(address, REQUESTS, &load.n_acknowledged));
            }
            let questions = random.fork();
            scope.spawn(|| ask_until_gone(address, questions, &load.is_over));
            load.wait(moment);
            match crash {
                Crash::Killed | Crash::KilledTwice(_) => {}
                Crash::AfterDatabase(more) => {
                    self.database.crash_and_restart();
                    figures.n_database_crashes += 1;
                    load.wait(more);
                }
                Crash::Stopping(micros) => {
                    server.ask_to_stop();
                    wait(micros);
                }
            }
            server.kill();
            load.is_over.store(true, Ordering::Relaxed);
        });
        figures.n_crashes += 1;
        if let Crash::KilledTwice(micros) = crash {
            let mut starting = life.site.spawn(&[]);
            wait(micros);
            starting.kill().unwrap();
            starting.wait().unwrap();
        }
    }

    fn start(&self, life: &Life) -> Server {
        self.database.wait_until_quiet(&life.store);
        life.site.start(&[])
    }

    fn audit(&self, life: &mut Life, server: &Server, random: &mut Rng, figures: &mut Figures) {
        let mut ledgers: Vec<_> = life.clients.iter_mut().map(|client| &mut client.ledger).collect();
        let (audited, findings) = audit(&mut server.connect(), &mut ledgers, random);
        figures.add(&audited, &findings);
        if findings.is_clean() {
            return;
        }
        panic!(
            "{}\n{figures}\n{}\nthe server's log ends:\n{}",
            self.place(figures),
            findings.told.join("\n"),
            life.site.log()
        );
    }

    fn place(&self, figures: &Figures) -> String {
        format!(
            "{} with seed {}, after crash {}",
            self.store, self.seed, figures.n_crashes
        )
    }
}

/// What the threads of a round know of each other.
#[derive(Debug, Default)]
struct Load {
    /// How many requests were acknowledged.
    n_acknowledged: AtomicU64,
    /// Whether the server is dead.
    is_over: AtomicBool,
}

impl Load {
    /// Waits for a moment, counted from now.
    fn wait(&self, moment: Moment) {
        let acknowledged = || self.n_acknowledged.load(Ordering::Relaxed);
        let (start, began) = (acknowledged(), Instant::now());
        while acknowledged() < start + moment.n_requests {
            assert!(
                began.elapsed() < PATIENCE,
                "no progress: the server acknowledges nothing"
            );
            wait(LOOK_AGAIN_MICROS);
        }
        wait(moment.micros);
    }
}

/// Asks for envelopes, so that tiles are derived and stored at the same time as samples.
fn ask_until_gone(address: &str, mut random: Rng, is_over: &AtomicBool) {
    let Ok(mut connection) = Connection::open(address) else {
        return;
    };
    while !is_over.load(Ordering::Relaxed) {
        let metric = random.choice(["crash.dense", "crash.shared", "crash_lines", "crash_lines.rate"]);
        let from_us = START_US - random.i64(0..100_000_000);
        let time = |time_us| Timestamp::from_micros(time_us).unwrap();
        let path = format!(
            "/api/v1/envelope?metric={}&channels={}&from={}&to={}&columns=50",
            metric.unwrap(),
            random.choice(["all", "band"]).unwrap(),
            time(from_us),
            time(START_US + random.i64(0..2_000_000_000)),
        );
        // Not all metrics are there at the beginning; the store may be down.
        let Ok(answer) = connection.get(&path) else { return };
        if answer.status != 200 {
            wait(REST_MICROS);
        }
        assert!(
            [200, 404, 503].contains(&answer.status),
            "{} {}",
            answer.status,
            answer.text()
        );
    }
}

fn wait(micros: u64) {
    std::thread::sleep(Duration::from_micros(micros));
}

/// What was done, and what was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) n_crashes: u32,
    pub(crate) n_database_crashes: u32,
    pub(crate) n_samples: u64,
    pub(crate) n_requests: u64,
    pub(crate) n_refused: u64,
    pub(crate) audited: Audited,
    pub(crate) found: Findings,
    pub(crate) seconds: f64,
}

impl Figures {
    fn add(&mut self, audited: &Audited, found: &Findings) {
        self.audited.read += audited.read;
        self.audited.envelopes += audited.envelopes;
        self.audited.open_stored += audited.open_stored;
        self.audited.open_absent += audited.open_absent;
        self.found.lost += found.lost;
        self.found.doubled += found.doubled;
        self.found.half += found.half;
        self.found.wrong_envelopes += found.wrong_envelopes;
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            n_crashes,
            n_database_crashes,
            n_samples,
            n_requests,
            n_refused,
            audited,
            found,
            seconds,
        } = self;
        write!(f, "{n_crashes} crashes")?;
        if 0 < *n_database_crashes {
            write!(f, ", {n_database_crashes} of them with a crash of the database before")?;
        }
        write!(
            f,
            " in {seconds:.0} s: {n_samples} samples acknowledged in {n_requests} requests"
        )?;
        if 0 < *n_refused {
            write!(f, ", {n_refused} requests refused and sent again")?;
        }
        let Audited {
            read,
            envelopes,
            open_stored,
            open_absent,
        } = audited;
        write!(
            f,
            "; frames without an answer: {open_stored} stored whole, {open_absent} absent; \
             {read} samples and {envelopes} envelopes read back: \
             {} lost, {} doubled, {} half stored, {} envelopes wrong",
            found.lost, found.doubled, found.half, found.wrong_envelopes
        )
    }
}
