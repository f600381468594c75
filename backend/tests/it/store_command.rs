//! `watchroom store`, as the real binary, on a real store.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use tempfile::TempDir;
use watchroom::store::tiles::Tile;
use watchroom::store::{self, MetricId};

const CONFIG: &str = "[store]\nurl = \"sqlite:night.db\"\n[metrics.temp]\ninterval = \"1s\"\n";

/// Runs a command, and gives its exit code and what it told.
fn watchroom(folder: &TempDir, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchroom"));
    let command = command.env_clear().current_dir(folder.path()).stdin(Stdio::null());
    let output = command.args(args).output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    format!("exit {}\n{stdout}", output.status.code().unwrap())
}

/// A folder with a configuration and a store of 9000 samples, one a second.
fn site() -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("watchroom.toml"), CONFIG).unwrap();
    let mut lines = String::new();
    for second in 0..9000 {
        writeln!(lines, "temp value={}.5 {second}", second % 60).unwrap();
    }
    std::fs::write(folder.path().join("night.line"), lines).unwrap();
    watchroom(
        &folder,
        &["ingest", "--format", "line", "--precision", "s", "night.line"],
    );
    folder
}

#[tokio::test]
async fn what_is_derived_is_told_verified_and_rebuilt() {
    let folder = site();
    assert_snapshot!(watchroom(&folder, &["store", "verify"]), @r"
    exit 0
    0 tiles of 1 metrics: 0 differ
    ");
    assert_snapshot!(watchroom(&folder, &["store", "rebuild"]), @r"
    exit 0
    37 tiles of 1 metrics derived
    ");
    assert_snapshot!(watchroom(&folder, &["store", "verify"]), @r"
    exit 0
    37 tiles of 1 metrics: 0 differ
    ");
    let info = watchroom(&folder, &["store", "info"]);
    // How well tiles are packed is no promise.
    let without_tiles: Vec<&str> = info
        .lines()
        .map(|line| line.get(..87).unwrap_or(line).trim_end())
        .collect();
    assert_snapshot!(without_tiles.join("\n"), @r"
    exit 0
    metric                           channels     frames      raw bytes  per value  derived
    temp                                    1       9000         189000      21.00
    ");

    let url = format!("sqlite:{}", folder.path().join("night.db").display());
    let store = store::open(&url).await.unwrap();
    let metric_id = MetricId(1);
    let state = store.tiles().tile_state(metric_id).await.unwrap().unwrap();
    let keys = store.tiles().list_tiles(metric_id).await.unwrap();
    let damaged = Tile {
        key: keys[2],
        bytes: vec![1, 1, 0],
    };
    assert!(
        store
            .tiles()
            .put_tiles(metric_id, state.generation, vec![damaged])
            .await
            .unwrap()
    );
    store.close().await;
    assert_snapshot!(watchroom(&folder, &["store", "verify"]), @r"
    exit 1
    temp: tile of level 0 at 512000000 µs, block 0: it is damaged
    37 tiles of 1 metrics: 1 differ
    run `watchroom store rebuild` to derive them again; samples are not touched by it
    ");
    watchroom(&folder, &["store", "rebuild"]);
    assert_snapshot!(watchroom(&folder, &["store", "verify"]), @r"
    exit 0
    37 tiles of 1 metrics: 0 differ
    ");
}
