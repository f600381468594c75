//! Exports as programs get them: over HTTP with real readers of tables, and from the command line.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use axum::body::Body;
use axum::http::{Request, StatusCode, Version, header};
use insta::assert_snapshot;
use shared::time::Timestamp;
use shared::value::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use watchroom::store::{CatalogueStore as _, Channels, Frame, FrameStore as _, MetricProperties};

use crate::app::TestApp;
use crate::watched_store::{Scans, WatchedStore, serve};

/// The folder of the Python packages in the cache of `cargo xtask`.
const READERS: &str = "table-readers-1";

const FORMATS: [&str; 4] = ["csv", "json", "parquet", "arrow"];

fn readers() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute())
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
        .unwrap();
    let folder = cache.join("watchroom").join(READERS);
    assert!(
        folder.is_dir(),
        "pandas, polars and pyarrow are not in {}: `cargo xtask test test` gets them",
        folder.display()
    );
    folder
}

/// One sample as the script expects it.
type Expected = (i64, u32, String, Value, i64);

/// Three channels over two row groups, times to the microsecond, all kinds of values.
async fn difficult(app: &TestApp) -> Vec<Expected> {
    let labels = ["Höhe, \"Süd\"", "温度=7", "plain"].map(str::to_owned);
    let metric = app.store.ensure_metric("châssis.température", &labels).await.unwrap();
    let properties = MetricProperties {
        title: "Température, châssis".to_owned(),
        unit: "°C".to_owned(),
        ..MetricProperties::default()
    };
    app.store.set_properties(metric.id, &properties).await.unwrap();
    let special = [
        Value::NULL,
        Value::NAN,
        Value::number(f64::INFINITY),
        Value::number(f64::NEG_INFINITY),
        Value::number(-0.0),
        Value::number(0.1),
        Value::number(f64::MAX),
        Value::number(f64::MIN_POSITIVE),
        Value::number(1.0),
    ];
    let start = "1969-12-31T23:00:00Z".parse::<Timestamp>().unwrap().as_micros();
    let (mut frames, mut expected) = (Vec::new(), Vec::new());
    for index in 0..53_000_i64 {
        // Whole seconds, and steps that leave digits down to the last.
        let time_us = start + index * 1_000_000 + (index % 3) * 7;
        let arrival_us = time_us + 250_000 + index % 10;
        let value = |channel: usize| {
            let position = usize::try_from(index).unwrap() * 3 + channel;
            let number = Value::number((position as f64).sqrt());
            special.get(position % 100).copied().unwrap_or(number)
        };
        let channels: Vec<u32> = if index % 2 == 0 { vec![0, 1, 2] } else { vec![1, 2] };
        let values: Vec<Value> = channels.iter().map(|channel| value(*channel as usize)).collect();
        for (channel, value) in channels.iter().zip(&values) {
            expected.push((time_us, *channel, labels[*channel as usize].clone(), *value, arrival_us));
        }
        frames.push(Frame {
            metric_id: metric.id,
            time: Timestamp::from_micros(time_us).unwrap(),
            arrival: Timestamp::from_micros(arrival_us).unwrap(),
            channels: Channels::Sparse(channels),
            values,
        });
    }
    app.store.write(&frames).await.unwrap();
    expected
}

#[tokio::test]
async fn pandas_polars_and_pyarrow_read_back_what_was_written() {
    let app = TestApp::new();
    let expected = difficult(&app).await;
    let folder = TempDir::new().unwrap();
    let uri = "/api/v1/export?metric=ch%C3%A2ssis.temp%C3%A9rature&from=1969-12-31T00:00:00Z&to=1970-01-03T00:00:00Z";
    for format in FORMATS {
        let answer = app.get(&format!("{uri}&format={format}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        std::fs::write(folder.path().join(format!("samples.{format}")), &answer.body).unwrap();
    }
    let expected = serde_json::json!({
        "metadata": {"metric": "châssis.température", "title": "Température, châssis", "unit": "°C"},
        "samples": expected,
        "row_groups": 2,
    });
    std::fs::write(folder.path().join("expected.json"), expected.to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/read_exports.py");
    let mut python = Command::new("python3");
    python
        .arg(script)
        .arg(folder.path())
        .env("PYTHONPATH", readers())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let output = python.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_snapshot!(told, @"
    pyarrow CSV: 132500 samples
    pandas CSV: 132500 samples
    polars CSV: 132500 samples
    Python JSON: 132500 samples
    pandas JSON: 132500 samples
    polars JSON: 132500 samples
    pyarrow Parquet: 132500 samples
    pandas Parquet: 132500 samples
    polars Parquet: 132500 samples
    pyarrow Arrow: 132500 samples
    pandas Arrow: 132500 samples
    polars Arrow: 132500 samples
    ");
}

#[tokio::test]
async fn files_have_names_and_types() {
    let app = TestApp::new().with_an_hour_of_data().await;
    let mut told = Vec::new();
    for format in FORMATS {
        let uri = format!(
            "/api/v1/export?metric=hall.temperature&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00.5Z&format={format}"
        );
        let request = Request::get(uri).header(header::ACCEPT_ENCODING, "gzip");
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK);
        for name in [
            header::CONTENT_TYPE,
            header::CONTENT_DISPOSITION,
            header::CONTENT_ENCODING,
            header::CACHE_CONTROL,
        ] {
            told.push(format!("{name}: {}", answer.header(&name)));
        }
    }
    assert_snapshot!(told.join("\n"), @r#"
    content-type: text/csv; charset=utf-8; header=present
    content-disposition: attachment; filename="hall.temperature_20261120T210000Z_20261120T220000_5Z.csv"
    content-encoding: gzip
    cache-control: no-store
    content-type: application/json
    content-disposition: attachment; filename="hall.temperature_20261120T210000Z_20261120T220000_5Z.json"
    content-encoding: gzip
    cache-control: no-store
    content-type: application/vnd.apache.parquet
    content-disposition: attachment; filename="hall.temperature_20261120T210000Z_20261120T220000_5Z.parquet"
    content-encoding: 
    cache-control: no-store
    content-type: application/vnd.apache.arrow.file
    content-disposition: attachment; filename="hall.temperature_20261120T210000Z_20261120T220000_5Z.arrow"
    content-encoding: gzip
    cache-control: no-store
    "#);
    app.store.ensure_metric("Süd/1", &["0".to_owned()]).await.unwrap();
    let uri = "/api/v1/export?metric=S%C3%BCd/1&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&format=csv";
    assert_snapshot!(app.get(uri).await.header(header::CONTENT_DISPOSITION), @r#"attachment; filename="S_d_1_20261120T210000Z_20261120T220000Z.csv"; filename*=UTF-8''S%C3%BCd_1_20261120T210000Z_20261120T220000Z.csv"#);
}

#[tokio::test]
async fn what_cannot_be_exported_is_refused() {
    let app = TestApp::new().with_an_hour_of_data().await;
    let mut told = Vec::new();
    for query in [
        "metric=hall.temprature&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&format=csv",
        "metric=hall.temperature&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&format=xls",
        "metric=hall.temperature&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z",
        "metric=hall.temperature&channels=band&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&format=csv",
        "metric=hall.temperature&channels=7&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&format=csv",
        "metric=hall.temperature&from=0000-01-01T00:00:00Z&to=9999-01-01T00:00:00Z&format=csv",
    ] {
        told.push(app.get(&format!("/api/v1/export?{query}")).await.told());
    }
    let old = Request::get(
        "/api/v1/export?metric=hall.temperature&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&format=csv",
    )
    .version(Version::HTTP_10);
    told.push(app.send(old.body(Body::empty()).unwrap()).await.told());
    watchroom::store::Store::close(&*app.store).await;
    let uri = "/api/v1/export?metric=m&from=2026-11-20T21:00:00Z&to=2026-11-20T22:00:00Z&format=csv";
    told.push(app.get(uri).await.told());
    assert_snapshot!(told.join("\n"), @r#"
    404 Not Found
    {"code":"unknown_metric","message":"there is no metric \"hall.temprature\"; did you mean \"hall.temperature\"?","details":{"metric":"hall.temprature","nearest":"hall.temperature"}}
    400 Bad Request
    {"code":"bad_query","message":"the query string is not understood: format: unknown variant `xls`, expected one of `csv`, `json`, `parquet`, `arrow`","details":{}}
    400 Bad Request
    {"code":"bad_query","message":"the query string is not understood: missing field `format`","details":{}}
    422 Unprocessable Entity
    {"code":"band_has_no_samples","message":"the band has no samples of its own; ask for channels=all or for indices such as 0,3","details":{}}
    404 Not Found
    {"code":"unknown_channel","message":"metric \"hall.temperature\" has no channel 7; its channels are 0 to 1","details":{"channels":"2","metric":"hall.temperature"}}
    422 Unprocessable Entity
    {"code":"span_too_long","message":"the range spans 3652060 days, at most 110000 can be asked for at once; ask for a shorter one","details":{"limit_days":"110000"}}
    505 HTTP Version Not Supported
    {"code":"needs_http_1_1","message":"an export needs HTTP/1.1, in which a file that was cut short can be told; in nginx: proxy_http_version 1.1","details":{}}
    503 Service Unavailable
    {"code":"store_unavailable","message":"the store is unavailable; try again shortly","details":{}}
    "#);
}

/// Everything that the server sends until it hangs up.
async fn whole_answer(address: std::net::SocketAddr, path: &str, accepted: &str) -> Vec<u8> {
    let mut client = TcpStream::connect(address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAccept-Encoding: {accepted}\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_failure_in_the_middle_cuts_the_answer_before_its_end() {
    const LAST_CHUNK: &[u8] = b"\r\n0\r\n\r\n";
    let (store, _told) = WatchedStore::new(Scans::Fail).await;
    let broken = serve(TestApp::over(store).router).await;
    let sound = serve(TestApp::new().with_an_hour_of_data().await.router).await;
    for accepted in ["identity", "gzip", "br", "zstd"] {
        for format in FORMATS {
            let path = |metric: &str| {
                format!(
                    "/api/v1/export?metric={metric}&from=1970-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&format={format}"
                )
            };
            let cut = whole_answer(broken, &path("m"), accepted).await;
            // What is packed may not have left when the failure comes; then nothing is answered at all.
            assert!(
                cut.is_empty() || cut.starts_with(b"HTTP/1.1 200 OK\r\n"),
                "{format}, {accepted}"
            );
            assert!(!cut.ends_with(LAST_CHUNK), "{format}, {accepted}");
            let whole = whole_answer(sound, &path("hall.temperature"), accepted).await;
            assert!(whole.ends_with(LAST_CHUNK), "{format}, {accepted}");
        }
    }
}

fn watchroom(folder: &TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchroom"));
    command
        .env_clear()
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .args(args);
    command
}

#[test]
fn the_command_writes_a_file_or_none() {
    let folder = TempDir::new().unwrap();
    std::fs::write(
        folder.path().join("watchroom.toml"),
        "[store]\nurl = \"sqlite:night.db\"\n",
    )
    .unwrap();
    std::fs::write(
        folder.path().join("night.line"),
        "temp value=1.5 0\ntemp value=-2 1500000\n",
    )
    .unwrap();
    let ingest = ["ingest", "--format", "line", "--precision", "us", "night.line"];
    assert!(watchroom(&folder, &ingest).output().unwrap().status.success());
    let export = |more: &[&str]| {
        let range = [
            "export",
            "--metric",
            "temp",
            "--from",
            "1970-01-01T00:00:00Z",
            "--to",
            "1970-01-02T00:00:00Z",
        ];
        watchroom(&folder, &[&range, more].concat()).output().unwrap()
    };
    let to_stdout = export(&["--format", "csv"]);
    assert_eq!(to_stdout.status.code(), Some(0));
    let rows: Vec<String> = String::from_utf8(to_stdout.stdout.clone())
        .unwrap()
        .lines()
        .map(|line| line.rsplit_once(',').unwrap().0.to_owned())
        .collect();
    assert_eq!(
        rows,
        [
            "time,channel,label,value",
            "1970-01-01T00:00:00.000000Z,0,0,1.5",
            "1970-01-01T00:00:01.500000Z,0,0,-2.0"
        ]
    );
    assert_eq!(export(&["--format", "csv", "-o", "night.csv"]).status.code(), Some(0));
    assert_eq!(
        std::fs::read(folder.path().join("night.csv")).unwrap(),
        to_stdout.stdout
    );
    for format in ["parquet", "arrow"] {
        let file = format!("night.{format}");
        assert_eq!(export(&["--format", format, "-o", &file]).status.code(), Some(0));
        let bytes = std::fs::read(folder.path().join(file)).unwrap();
        assert!(bytes.starts_with(b"PAR1") || bytes.starts_with(b"ARROW1"));
    }
    let refused = export(&["--format", "csv", "--channels", "7", "-o", "seven.csv"]);
    assert_eq!(refused.status.code(), Some(1));
    assert_snapshot!(String::from_utf8_lossy(&refused.stderr), @r#"watchroom: metric "temp" has no channel 7; its channels are only 0"#);
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("seven") || name.contains(".part"))
        .collect();
    assert_eq!(left, [""; 0]);
}
