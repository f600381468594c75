//! Clients of InfluxDB as they are, against the real binary: what they write is read back and compared, value by value.
//!
//! The clients are Python packages, which `cargo xtask test` gets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value as Json;

use crate::command::{Running, Site};

/// The folder of the packages below the cache; the same name is in `xtask/src/tools/clients.rs`.
const CLIENTS: &str = "influx-clients-1";

/// Label, microseconds and value of the samples of each metric, in order.
type Samples = BTreeMap<String, Vec<(String, i64, f64)>>;

fn clients() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.filter(|folder| folder.is_absolute());
    let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
    let clients = cache.unwrap().join("watchroom").join(CLIENTS);
    assert!(
        clients.is_dir(),
        "{} is missing; `cargo xtask test test` gets it",
        clients.display()
    );
    clients
}

/// Runs a script in `tests/clients` against a server; gives what should be stored, and what the client was told.
fn run(script: &str, server: &Running) -> (Samples, Json) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(script);
    let output = Command::new("python3")
        // Its own packages alone, and nothing of this machine's settings: neither proxies nor passwords.
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("PYTHONPATH", clients())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("HOME", std::env::temp_dir())
        .arg(script)
        .arg(&server.address)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let mut told: Json = serde_json::from_slice(&output.stdout).unwrap();
    let mut expected: Samples = serde_json::from_value(told["expected"].take()).unwrap();
    for samples in expected.values_mut() {
        sort(samples);
    }
    (expected, told["said"].take())
}

fn get(server: &Running, path: &str) -> Json {
    let answer = server.request(&format!("GET {path}"), "");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    serde_json::from_str(body).unwrap()
}

/// All that the server has, as anyone can ask for it.
fn stored(server: &Running) -> Samples {
    let mut stored = Samples::new();
    for metric in get(server, "/api/v1/metrics")["metrics"].as_array().unwrap() {
        let name = metric["name"].as_str().unwrap();
        let encoded = name.replace(' ', "%20").replace('/', "%2F");
        let latest = get(server, &format!("/api/v1/latest?metric={encoded}"));
        let labels: Vec<&str> = latest["channels"]
            .as_array()
            .unwrap()
            .iter()
            .map(|channel| channel["label"].as_str().unwrap())
            .collect();
        let uri =
            format!("/api/v1/samples?metric={encoded}&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&limit=100000");
        let mut samples: Vec<_> = get(server, &uri)["samples"]
            .as_array()
            .unwrap()
            .iter()
            .map(|sample| {
                let channel = usize::try_from(sample["channel"].as_u64().unwrap()).unwrap();
                let value = sample["value"].as_f64().unwrap();
                (labels[channel].to_owned(), sample["time_us"].as_i64().unwrap(), value)
            })
            .collect();
        sort(&mut samples);
        stored.insert(name.to_owned(), samples);
    }
    stored
}

fn sort(samples: &mut [(String, i64, f64)]) {
    samples.sort_by(|a, b| a.partial_cmp(b).unwrap());
}

#[track_caller]
fn assert_same(stored: &Samples, expected: &Samples) {
    let names = |samples: &Samples| samples.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(stored), names(expected));
    for (metric, expected) in expected {
        assert_eq!(&stored[metric], expected, "{metric}");
    }
}

#[test]
fn the_client_of_influxdb_1_is_understood() {
    let site = Site::new();
    let server = Running::start(&mut site.serve());
    let (expected, said) = run("influxdb_v1.py", &server);
    assert_same(&stored(&server), &expected);
    assert_snapshot!(serde_json::to_string_pretty(&said).unwrap());
}

#[test]
fn the_client_of_influxdb_2_is_understood() {
    let site = Site::new();
    let server = Running::start(&mut site.serve());
    let (expected, said) = run("influxdb_v2.py", &server);
    let mut stored = stored(&server);
    let without_time = stored.remove(said["now"].as_str().unwrap()).unwrap();
    assert_eq!(without_time.len(), 1);
    assert_same(&stored, &expected);
    assert_snapshot!(serde_json::to_string_pretty(&said).unwrap());
}

#[test]
fn the_aggregator_of_scald_is_understood() {
    let site = Site::new();
    let server = Running::start(&mut site.serve());
    let (expected, said) = run("scald.py", &server);
    assert_same(&stored(&server), &expected);
    assert_snapshot!(said.to_string(), @r#"{"warnings":[]}"#);
}
