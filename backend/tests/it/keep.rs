//! Backup, restore and interruptions, as the real binary on real files.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use futures_util::TryStreamExt as _;
use insta::assert_snapshot;
use shared::time::{TimeRange, Timestamp};
use shared::value::Value;
use tempfile::TempDir;
use watchroom::store::{self, ChannelFilter, Channels, Frame, FrameRead, Store};

/// A folder with a configuration for each of two stores.
struct Site(TempDir);

impl Site {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        for name in ["night", "other"] {
            let text = format!("[store]\nurl = \"sqlite:{name}.db\"\n");
            std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn url(&self, name: &str) -> String {
        format!("sqlite:{}", self.path(name).display())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchroom"));
        command.env_clear().current_dir(self.0.path()).stdin(Stdio::null());
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[&str]) -> String {
        told(&self.command(args).output().unwrap())
    }

    /// The names of all files.
    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "{}{}exit code {}",
        text(&output.stderr),
        text(&output.stdout),
        output.status.code().unwrap()
    )
}

async fn fill(store: &dyn Store, metric: &str, n_channels: u32, n_frames: i64) {
    let labels: Vec<String> = (0..n_channels).map(|channel| channel.to_string()).collect();
    let metric_id = store.ensure_metric(metric, &labels).await.unwrap().id;
    let frame = |index: i64| Frame {
        metric_id,
        time: Timestamp::from_micros(1_763_676_000_000_000 + index * 1_000_000).unwrap(),
        arrival: Timestamp::EPOCH,
        channels: Channels::Dense,
        values: (0..i64::from(n_channels))
            .map(|channel| match (index * 31 + channel * 7) % 1009 {
                0 => Value::NULL,
                other => Value::number(other as f64 / 8.0),
            })
            .collect(),
    };
    for start in (0..n_frames).step_by(500) {
        let frames: Vec<Frame> = (start..n_frames.min(start + 500)).map(frame).collect();
        store.write(&frames).await.unwrap();
    }
}

async fn all(url: &str) -> Vec<(String, Vec<FrameRead>)> {
    let store = store::open_to_read(url).await.unwrap();
    let mut all = Vec::new();
    for metric in store.metrics().await.unwrap() {
        let frames = store.scan(metric.id, TimeRange::ALL, ChannelFilter::All);
        let frames: Vec<_> = frames.try_collect().await.unwrap();
        all.push((metric.name, frames.concat()));
    }
    store.close().await;
    all
}

#[tokio::test]
async fn a_store_in_use_is_backed_up_and_restored_into_a_new_one() {
    let site = Site::new();
    let serving = store::open(&site.url("night.db")).await.unwrap();
    fill(&*serving, "temp", 3, 700).await;
    fill(&*serving, "rate", 1, 9).await;
    assert_snapshot!(site.run(&["store", "backup", "-c", "night.toml", "a.backup"]), @"
    a.backup: 2109 samples in 709 frames of 2 metrics
    exit code 0
    ");
    assert_snapshot!(site.run(&["store", "backup", "-c", "night.toml", "a.backup"]), @"
    watchroom: a.backup is there already; name a new file
    exit code 1
    ");
    let info = site.run(&["store", "info", "-c", "night.toml"]);
    assert!(info.ends_with("exit code 0"), "{info}");
    assert_snapshot!(site.run(&["store", "restore", "-c", "night.toml", "a.backup"]).replace(&std::process::id().to_string(), "PID").replace(&format!("{}/", site.0.path().canonicalize().unwrap().display()), ""), @"
    watchroom: night.db is in use by process PID; stop it, or configure another store
    exit code 1
    ");
    assert_snapshot!(site.run(&["store", "restore", "-c", "other.toml", "a.backup"]), @"
    restored 2109 samples in 709 frames of 2 metrics
    what is derived of them is derived when it is asked for; `watchroom store rebuild` does it now
    exit code 0
    ");
    assert_eq!(all(&site.url("other.db")).await, all(&site.url("night.db")).await);
    assert_snapshot!(site.run(&["store", "restore", "-c", "other.toml", "a.backup"]), @"
    watchroom: the store is not empty: it has 2 metrics; name a new one, for a restore never mixes two archives
    exit code 1
    ");
    serving.close().await;
}

#[tokio::test]
async fn a_cut_archive_leaves_nothing() {
    let site = Site::new();
    let serving = store::open(&site.url("night.db")).await.unwrap();
    fill(&*serving, "temp", 3, 100).await;
    serving.close().await;
    site.run(&["store", "backup", "-c", "night.toml", "a.backup"]);
    let bytes = std::fs::read(site.path("a.backup")).unwrap();
    std::fs::write(site.path("cut.backup"), &bytes[..bytes.len() - 3]).unwrap();
    let before = site.files();
    assert_snapshot!(site.run(&["store", "restore", "-c", "other.toml", "cut.backup"]), @"
    watchroom: cut.backup: nothing is restored: this backup is not complete: it ends too early; make or copy it again
    exit code 1
    ");
    assert_snapshot!(site.run(&["store", "restore", "-c", "other.toml", "none.backup"]), @"
    watchroom: cannot open none.backup: No such file or directory (os error 2)
    exit code 1
    ");
    assert_eq!(site.files(), before);
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupted_backup_leaves_no_file_and_the_store_as_it_was() {
    let site = Site::new();
    let serving = store::open(&site.url("night.db")).await.unwrap();
    fill(&*serving, "camera", 1855, 1500).await;
    serving.close().await;
    let child = site
        .command(&["store", "backup", "-c", "night.toml", "a.backup"])
        .spawn()
        .unwrap();
    while !site.path("a.backup.part").exists() {
        std::thread::yield_now();
    }
    interrupt(&child);
    assert_snapshot!(told(&child.wait_with_output().unwrap()), @"
    watchroom: interrupted; nothing is backed up, and the store is as it was
    exit code 1
    ");
    let archives: Vec<String> = site
        .files()
        .into_iter()
        .filter(|name| name.contains("backup"))
        .collect();
    assert_eq!(archives, Vec::<String>::new());
    assert_eq!(all(&site.url("night.db")).await[0].1.len(), 1500);
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupted_rebuild_leaves_samples_and_right_tiles() {
    let site = Site::new();
    let serving = store::open(&site.url("night.db")).await.unwrap();
    for metric in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        fill(&*serving, metric, 200, 3000).await;
    }
    serving.close().await;
    let child = site.command(&["store", "rebuild", "-c", "night.toml"]).spawn().unwrap();
    let looking = store::open_to_read(&site.url("night.db")).await.unwrap();
    let first = looking.metrics().await.unwrap()[0].id;
    while looking.tiles().list_tiles(first).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    interrupt(&child);
    assert_snapshot!(told(&child.wait_with_output().unwrap()), @"
    watchroom: interrupted; samples are untouched, and what is not derived yet is derived when it is asked for
    exit code 1
    ");
    looking.close().await;
    let verified = site.run(&["store", "verify", "-c", "night.toml"]);
    assert!(
        verified.contains(" tiles of 8 metrics: 0 differ\n") && !verified.starts_with("0 "),
        "{verified}"
    );
    let rebuilt = site.run(&["store", "rebuild", "-c", "night.toml"]);
    assert!(
        rebuilt.ends_with(" tiles of 8 metrics derived\nexit code 0"),
        "{rebuilt}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupted_ingest_says_how_far_it_got_and_that_much_is_kept() {
    use std::fmt::Write as _;
    use std::io::Write as _;
    let site = Site::new();
    store::open(&site.url("night.db")).await.unwrap().close().await;
    let args = [
        "ingest",
        "-",
        "-c",
        "night.toml",
        "--format",
        "line",
        "--precision",
        "s",
    ];
    let mut child = site.command(&args).stdin(Stdio::piped()).spawn().unwrap();
    let mut text = String::new();
    for second in 0..250_000 {
        writeln!(text, "m value={} {second}", second % 100).unwrap();
    }
    let mut input = child.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    input.flush().unwrap();
    // Nothing more comes, and the input stays open: it waits for more lines.
    let n_stored = async || {
        all(&site.url("night.db"))
            .await
            .first()
            .map_or(0, |(_, frames)| frames.len())
    };
    while n_stored().await == 0 {
        tokio::task::yield_now().await;
    }
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    drop(input);
    // On a slow machine it tells how far it is meanwhile.
    let said: Vec<String> = told(&output).lines().map(str::to_owned).collect();
    let said: Vec<String> = said.into_iter().filter(|line| !line.starts_with("storing: ")).collect();
    let said = said.join("\n");
    let seconds = said
        .split(" in ")
        .nth(1)
        .and_then(|rest| rest.split(" s;").next())
        .unwrap();
    assert_snapshot!(said.replace(&format!(" in {seconds} s;"), " in TIME;"), @"
    watchroom: -: not all was stored: interrupted after line 200000; what is stored will stay, and storing it again stores nothing twice
    standard input: stored 200000 frames in TIME; 0 lines not taken
    exit code 1
    ");
    assert_eq!(n_stored().await, 200_000);
}
