//! What taking in costs, step by step: `cargo bench -p backend --bench ingest`.
//!
//! Line protocol of a camera (one line per pixel, 1855 at each time) and of many scalars (one line each), and JSON frames of the
//! camera: parsed only, stored in memory, and stored durably in a SQLite file of its own, in requests of one part each.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench tells its figures, and ends where something fails"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use watchroom::clock::SystemClock;
use watchroom::ingest::admission::PART_VALUES;
use watchroom::ingest::{Limits, Writer, json_frames, line_protocol};
use watchroom::store::Store;
use watchroom::store::memory::MemoryStore;
use watchroom::store::sqlite::SqliteStore;

const START_SECS: i64 = 1_767_268_800;
const N_PIXELS: usize = 1855;
const N_SCALARS: usize = 200;
/// How many values each body has, about.
const BODY_VALUES: usize = 60_000;
const N_BODIES: usize = 12;

/// Bodies of one kind.
struct Load {
    name: &'static str,
    is_json: bool,
    bodies: Vec<String>,
    n_values: usize,
}

fn load(name: &'static str, is_json: bool, per_time: usize, write: impl Fn(&mut String, i64)) -> Load {
    let times_per_body = BODY_VALUES / per_time;
    let mut time = START_SECS;
    let bodies = (0..N_BODIES).map(|_| {
        let mut body = String::new();
        if is_json {
            body.push_str("{\"frames\":[");
        }
        for index in 0..times_per_body {
            if is_json && index > 0 {
                body.push(',');
            }
            write(&mut body, time);
            time += 1;
        }
        if is_json {
            body.push_str("]}");
        }
        body
    });
    Load {
        name,
        is_json,
        bodies: bodies.collect(),
        n_values: times_per_body * per_time * N_BODIES,
    }
}

fn value(time: i64, channel: usize) -> f64 {
    let step = (time * 7 + i64::try_from(channel).unwrap() * 13) % 1000;
    20.0 + f64::from(i32::try_from(step).unwrap()) / 64.0
}

fn loads() -> [Load; 4] {
    [
        load("camera, a line per pixel", false, N_PIXELS, |body, time| {
            for pixel in 0..N_PIXELS {
                let value = value(time, pixel);
                writeln!(
                    body,
                    "scb_pixel_temperature,pixel={pixel} value={value} {time}000000000"
                )
                .unwrap();
            }
        }),
        load("200 scalars, a line each", false, N_SCALARS, |body, time| {
            for scalar in 0..N_SCALARS {
                let value = value(time, scalar);
                writeln!(
                    body,
                    "weather_station_{scalar},site=north temperature={value} {time}000000000"
                )
                .unwrap();
            }
        }),
        load("200 scalars, ten a line", false, N_SCALARS, |body, time| {
            for station in 0..N_SCALARS / 10 {
                write!(body, "weather_station_{station},site=north ").unwrap();
                for field in 0..10 {
                    let comma = if field > 0 { "," } else { "" };
                    write!(body, "{comma}field{field}={}", value(time, field)).unwrap();
                }
                writeln!(body, " {time}000000000").unwrap();
            }
        }),
        load("camera, JSON frames", true, N_PIXELS, |body, time| {
            let time_text = shared::time::Timestamp::from_micros(time * 1_000_000).unwrap();
            write!(
                body,
                "{{\"metric\":\"scb_pixel_temperature\",\"time\":\"{time_text}\",\"values\":["
            )
            .unwrap();
            for pixel in 0..N_PIXELS {
                let comma = if pixel > 0 { "," } else { "" };
                write!(body, "{comma}{}", value(time, pixel)).unwrap();
            }
            body.push_str("]}");
        }),
    ]
}

#[tokio::main]
async fn main() {
    for load in loads() {
        let n_bytes: usize = load.bodies.iter().map(String::len).sum();
        println!(
            "\n{}: {} values, {:.0} bytes each",
            load.name,
            load.n_values,
            n_bytes as f64 / load.n_values as f64
        );
        tell("parsed", &load, parse(&load));
        let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
        tell("in memory", &load, store(&load, &memory, 1).await);
        let folder = tempfile::tempdir().unwrap();
        let sqlite: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.path().join("one.db")).await.unwrap());
        tell("durable, one client", &load, store(&load, &sqlite, 1).await);
        sqlite.close().await;
        let sqlite: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.path().join("four.db")).await.unwrap());
        tell("durable, four clients", &load, store(&load, &sqlite, 4).await);
        sqlite.close().await;
    }
}

fn parse(load: &Load) -> Duration {
    let options = line_protocol::Options::default();
    let start = Instant::now();
    let mut n_values = 0;
    for body in &load.bodies {
        let parts: &mut dyn Iterator<Item = watchroom::ingest::Parsed> = if load.is_json {
            &mut json_frames::parts(body.as_bytes(), PART_VALUES).unwrap()
        } else {
            &mut line_protocol::parts(body.as_bytes(), &options, PART_VALUES)
        };
        for parsed in parts {
            n_values += parsed.frames.iter().map(|frame| frame.values.len()).sum::<usize>();
            assert!(parsed.errors.is_empty());
        }
    }
    assert_eq!(n_values, load.n_values);
    start.elapsed()
}

/// Each client sends every n-th body and waits for its answer.
async fn store(load: &Load, store: &Arc<dyn Store>, n_clients: usize) -> Duration {
    let limits = Limits::default();
    let writer = Writer::new(Arc::clone(store), Arc::new(SystemClock), limits, BTreeMap::new());
    let writer = Arc::new(writer);
    let bodies = Arc::new(load.bodies.clone());
    let is_json = load.is_json;
    let start = Instant::now();
    let clients = (0..n_clients).map(|client| {
        let (writer, bodies) = (Arc::clone(&writer), Arc::clone(&bodies));
        tokio::spawn(async move {
            let options = line_protocol::Options::default();
            for body in bodies.iter().skip(client).step_by(n_clients) {
                let received = if is_json {
                    writer
                        .receive(json_frames::parts(body.as_bytes(), PART_VALUES).unwrap())
                        .await
                } else {
                    writer
                        .receive(line_protocol::parts(body.as_bytes(), &options, PART_VALUES))
                        .await
                };
                assert_eq!(received.unwrap().n_rejected, 0);
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    start.elapsed()
}

fn tell(what: &str, load: &Load, took: Duration) {
    println!(
        "  {what:22} {:7.0} k values/s",
        load.n_values as f64 / took.as_secs_f64() / 1e3
    );
}
