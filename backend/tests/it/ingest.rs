//! `watchroom ingest`, as the real binary, into a real store.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use futures_util::TryStreamExt as _;
use insta::assert_snapshot;
use tempfile::TempDir;
use watchroom::store::{self, ChannelFilter};

use shared::time::TimeRange;

const CONFIG: &str = r#"
[store]
url = "sqlite:night.db"
[metrics."surfrad.temp"]
title = "Air temperature"
unit = "°C"
interval = "60s"
[csv.surfrad]
time_columns = ["time_utc"]
null = ["-9999.9"]
quality_suffix = "_qc"
prefix = "surfrad."
"#;

/// A folder with a configuration and, soon, a store.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("watchroom.toml"), CONFIG).unwrap();
        Self { folder }
    }

    fn with_file(name: &str, text: &str) -> Self {
        let site = Self::new();
        std::fs::write(site.folder.path().join(name), text).unwrap();
        site
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchroom"));
        command.env_clear().current_dir(self.folder.path()).stdin(Stdio::null());
        command.arg("ingest").args(args);
        command
    }

    fn ingest(&self, args: &[&str]) -> String {
        told(&self.command(args).output().unwrap())
    }

    /// All samples of a metric: its title and unit, then time, channel and value of each.
    async fn samples(&self, metric: &str) -> Vec<String> {
        let url = format!("sqlite:{}", self.folder.path().join("night.db").display());
        let store = store::open(&url).await.unwrap();
        let metrics = store.metrics().await.unwrap();
        let metric = metrics.into_iter().find(|known| known.name == metric).unwrap();
        let chunks: Vec<_> = store
            .scan(metric.id, TimeRange::ALL, ChannelFilter::All)
            .try_collect()
            .await
            .unwrap();
        let mut lines = vec![format!("{} / {}", metric.properties.title, metric.properties.unit)];
        for frame in chunks.into_iter().flatten() {
            for sample in frame.samples {
                let label = &metric.channel_labels[sample.channel as usize];
                lines.push(format!("{} [{label}] {}", frame.time, sample.value));
            }
        }
        store.close().await;
        lines
    }
}

/// What a command said, without the seconds it took, and its exit code.
fn told(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stdout = match stdout.split_once(" in ") {
        Some((before, after)) => format!("{before} in{}", after.trim_start_matches(|letter: char| letter != ' ')),
        None => stdout.into_owned(),
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    format!("{stderr}{stdout}exit code {}", output.status.code().unwrap())
}

fn bundled(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(file)
}

#[tokio::test]
async fn a_compressed_day_of_weather_is_stored_as_its_file_says() {
    let site = Site::new();
    let file = bundled("surfrad/alamosa_2016-01-01.csv.gz");
    let output = site
        .command(&["--format", "csv", "--source", "surfrad"])
        .arg(&file)
        .output()
        .unwrap();
    assert_snapshot!(told(&output).replace(&file.display().to_string(), "FILE"), @"
    FILE: stored 21600 frames in s; 0 lines not taken
    exit code 0
    ");
    let temperature = site.samples("surfrad.temp").await;
    assert_eq!(temperature.len(), 1 + 1440);
    assert_eq!(temperature[0], "Air temperature / °C");
    assert_eq!(temperature[1], "2016-01-01T00:00:00Z [0] -7.6");
    assert_eq!(temperature[1440], "2016-01-01T23:59:00Z [0] -8.5");
    let par = site.samples("surfrad.par").await;
    assert_eq!(par[0], "par / ");
    assert!(par[1..].iter().all(|line| line.ends_with(" null")));
}

#[tokio::test]
async fn local_time_in_odd_columns_becomes_utc() {
    let site = Site::new();
    let file = bundled("midc/uat_2018-10-18.csv.gz");
    let options = [
        "--format",
        "csv",
        "--time-columns",
        "Year,DOY,MST",
        "--time-format",
        "%Y %j %H%M",
        "--timezone",
        "-07:00",
        "--null",
        "-7999",
        "--skip",
        "Unnamed: 0",
        "--prefix",
        "midc.",
    ];
    let output = site.command(&options).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let temperature = site.samples("midc.air_temperature").await;
    assert_eq!(temperature[0], "Air Temperature / deg C");
    assert_eq!(temperature[1], "2018-10-18T07:00:00Z [0] 16.1");
    assert_eq!(temperature[1440], "2018-10-19T06:59:00Z [0] 17.25");
    let unplugged = site.samples("midc.temp_chp1").await;
    assert_eq!(
        unplugged[1..3],
        ["2018-10-18T07:00:00Z [0] null", "2018-10-18T07:01:00Z [0] -373.4"]
    );
}

#[tokio::test]
async fn a_bad_line_in_the_middle_is_named_and_the_others_are_stored() {
    let table = "time_utc,temp,temp_qc\n\
                 2016-01-01T00:00:00Z,1,0\n\
                 2016-01-01T00:01:00Z,2,1\n\
                 2016-01-01T00:02:00Z,warm,0\n\
                 2999-01-01T00:00:00Z,4,0\n\
                 2016-01-01T00:04:00Z,-9999.90,0\n\
                 2016-01-01T00:05:00Z,6,0\n";
    let site = Site::with_file("day.csv", table);
    let said = site.ingest(&["day.csv", "--format", "csv", "--source", "surfrad"]);
    let clock = said
        .split("server's clock, ")
        .nth(1)
        .and_then(|rest| rest.split(';').next())
        .unwrap();
    assert_snapshot!(said.replace(clock, "NOW"), @r#"
    day.csv:4: column "temp": "warm" is not a number; name it as a null if it means no value
    day.csv:5: its time 2999-01-01T00:00:00Z is more than 24 h ahead of the server's clock, NOW; check the clock of the source
    day.csv: stored 4 frames in s; 2 lines not taken
    exit code 1
    "#);
    assert_snapshot!(site.samples("surfrad.temp").await.join("\n"), @"
    Air temperature / °C
    2016-01-01T00:00:00Z [0] 1
    2016-01-01T00:01:00Z [0] null
    2016-01-01T00:04:00Z [0] null
    2016-01-01T00:05:00Z [0] 6
    ");
}

#[tokio::test]
async fn a_long_list_of_bad_lines_is_cut_short() {
    let rows = (0..30).map(|row| format!("row {row},1\n")).collect::<Vec<_>>().concat();
    let site = Site::with_file("day.csv", &format!("time_utc,temp\n{rows}2016-01-01T00:05:00Z,6\n"));
    let said = site.ingest(&["day.csv", "--format", "csv", "--source", "surfrad"]);
    assert_eq!(said.lines().count(), 20 + 3);
    assert_snapshot!(said.lines().skip(19).collect::<Vec<_>>().join("\n"), @r#"
    day.csv:21: "row 19" is not a time: it is too short; write it like 2026-11-20T03:12:48Z, or say with --time-format how it is written
    day.csv: and 10 more
    day.csv: stored 1 frame in s; 30 lines not taken
    exit code 1
    "#);
    assert_eq!(site.samples("surfrad.temp").await.len(), 2);
}

#[tokio::test]
async fn line_protocol_comes_from_standard_input() {
    let site = Site::new();
    let mut command = site.command(&["-", "--format", "line", "--precision", "s", "--prefix", "lab/"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text = "hv,pixel=a value=1000 1763676000\nhv,pixel=b value=1001 1763676000\nhv value\n";
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert_snapshot!(told(&child.wait_with_output().unwrap()), @r#"
    standard input:3: field "value" has no value; write key=value
    standard input: stored 2 frames in s; 1 line not taken
    exit code 1
    "#);
    assert_snapshot!(site.samples("lab/hv").await.join("\n"), @"
     / 
    2025-11-20T22:00:00Z [a] 1000
    2025-11-20T22:00:00Z [b] 1001
    ");
}

#[tokio::test]
async fn json_lines_are_stored_twice_without_a_trace() {
    let frame = r#"{"metric":"hv","time":"2026-01-01T00:00:00Z","values":[1000,null,"NaN"]}"#;
    let site = Site::with_file("frames.jsonl", frame);
    let first = site.ingest(&["frames.jsonl", "--format", "jsonl"]);
    assert_eq!(site.ingest(&["frames.jsonl", "--format", "jsonl"]), first);
    assert_snapshot!(first, @"
    frames.jsonl: stored 1 frame in s; 0 lines not taken
    exit code 0
    ");
    assert_snapshot!(site.samples("hv").await.join("\n"), @"
     / 
    2026-01-01T00:00:00Z [0] 1000
    2026-01-01T00:00:00Z [1] null
    2026-01-01T00:00:00Z [2] NaN
    ");
}

#[test]
fn what_cannot_be_begun_is_told_in_one_line() {
    let site = Site::with_file("day.csv", "when,temp\n2016-01-01T00:00:00Z,1\n");
    assert_snapshot!(site.ingest(&["missing.csv", "--format", "csv", "--source", "surfrad"]), @"
    watchroom: cannot open missing.csv: No such file or directory (os error 2)
    exit code 1
    ");
    assert_snapshot!(site.ingest(&["day.csv", "--format", "csv"]), @"
    watchroom: --time-columns is missing; name the columns that make up the time
    exit code 1
    ");
    assert_snapshot!(site.ingest(&["day.csv", "--format", "csv", "--source", "midc"]), @"
    watchroom: there is no [csv.midc] in the configuration; it has surfrad
    exit code 1
    ");
    assert_snapshot!(site.ingest(&["day.csv", "--format", "csv", "--source", "surfrad"]), @r#"
    watchroom: day.csv: not all was stored: line 1: the header has no column "time_utc"; its columns are "when, temp"
    exit code 1
    "#);
    assert_snapshot!(site.ingest(&["day.csv", "--format", "line", "--null", "-1"]), @"
    watchroom: options on columns, times and --source go with --format csv only
    exit code 1
    ");
}

#[tokio::test]
async fn a_store_that_a_server_has_open_is_not_touched() {
    let site = Site::with_file("frames.jsonl", "{}");
    let path = site.folder.path().join("night.db");
    let held = store::open(&format!("sqlite:{}", path.display())).await.unwrap();
    let said = site.ingest(&["frames.jsonl", "--format", "jsonl"]);
    assert!(said.ends_with("exit code 1") && said.lines().count() == 2, "{said}");
    held.close().await;
}

#[test]
fn help_is_complete() {
    let site = Site::new();
    let output = site.command(&["--help"]).output().unwrap();
    assert_snapshot!("help_ingest", String::from_utf8(output.stdout).unwrap());
}
