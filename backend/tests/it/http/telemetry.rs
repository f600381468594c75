//! `GET /metrics` after real traffic, as Prometheus and its own checker read it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use axum::body::Body;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use axum::http::{Request, StatusCode, header};

use crate::app::TestApp;
use crate::watched_store::serve;

/// The value of a line that begins like this; 0 where there is none.
fn value(told: &str, name: &str) -> Option<f64> {
    let mut lines = told.lines();
    let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
    found.or(Some(0.0))
}

async fn with_traffic() -> TestApp {
    let app = TestApp::new().with_an_hour_of_data().await;
    let lines = "weather,mast=north temp=3.5,rh=81i 1795212000\nweather temp=\n";
    let partial = app.post("/write?precision=s", lines).await;
    assert_eq!(partial.status, StatusCode::BAD_REQUEST, "{}", partial.text());
    let bucket = app.post("/api/v2/write?bucket=b&precision=s", "w v=1 1795212000").await;
    assert_eq!(bucket.status, StatusCode::NO_CONTENT, "{}", bucket.text());
    // Long past, so that the answer is kept.
    let old = r#"{"frames":[{"metric":"hall.temperature","time":"2026-11-01T00:00:00Z","values":[1]}]}"#;
    assert_eq!(app.post_json("/api/v1/frames", old).await.status, StatusCode::OK);
    for uri in [
        "/api/v1/latest?metric=hall.temperature",
        "/api/v1/latest?metric=hall.temp",
        "/api/v1/envelope?metric=hall.temperature&from=2026-11-01T00:00:00Z&to=2026-11-01T01:00:00Z&columns=60",
        "/api/v1/envelope?metric=hall.temperature&from=2026-11-01T00:00:00Z&to=2026-11-01T01:00:00Z&columns=60",
        "/nobody/made/this/path",
    ] {
        app.get(uri).await;
    }
    app
}

#[tokio::test]
async fn traffic_moves_what_is_told() {
    let app = TestApp::new();
    let before = app.get("/metrics").await.text();
    for name in [
        "watchroom_ingest_values_total",
        r#"watchroom_http_requests_total{route="/api/v1/latest",status="200"}"#,
        r#"watchroom_store_operation_duration_seconds_count{operation="write"}"#,
    ] {
        assert_eq!(value(&before, name), Some(0.0), "{name}");
    }
    let app = with_traffic().await;
    let told = app.get("/metrics").await.text();
    for (name, expected) in [
        // 60 frames of two values, one old one, two of a good line, and one more.
        ("watchroom_ingest_values_total", 124.0),
        (
            r#"watchroom_ingest_frames_total{path="/api/v1/frames",outcome="accepted"}"#,
            61.0,
        ),
        (
            r#"watchroom_ingest_frames_total{path="/write",outcome="accepted"}"#,
            2.0,
        ),
        (
            r#"watchroom_ingest_frames_total{path="/write",outcome="rejected"}"#,
            1.0,
        ),
        (
            r#"watchroom_ingest_frames_total{path="/api/v2/write",outcome="accepted"}"#,
            1.0,
        ),
        (
            r#"watchroom_http_requests_total{route="/api/v1/latest",status="200"}"#,
            1.0,
        ),
        (
            r#"watchroom_http_requests_total{route="/api/v1/latest",status="404"}"#,
            1.0,
        ),
        (r#"watchroom_http_requests_total{route="page",status="404"}"#, 1.0),
        (
            r#"watchroom_http_request_duration_seconds_count{route="/api/v1/latest"}"#,
            2.0,
        ),
        (
            r#"watchroom_store_operation_duration_seconds_count{operation="write"}"#,
            4.0,
        ),
        (r#"watchroom_store_errors_total{operation="write"}"#, 0.0),
        ("process_start_time_seconds", 1_795_212_000.0),
    ] {
        assert_eq!(value(&told, name), Some(expected), "{name}\n{told}");
    }
    assert!(
        Some(0.0)
            < value(
                &told,
                r#"watchroom_store_operation_duration_seconds_count{operation="latest"}"#
            )
    );
}

#[tokio::test]
async fn viewers_and_what_they_are_sent_are_counted() {
    let app = TestApp::new().with_an_hour_of_data().await;
    let address = serve(app.router.clone()).await;
    let (mut socket, _) = connect_async(format!("ws://{address}/api/v1/live")).await.unwrap();
    let subscribe = r#"{"subscribe":[{"id":1,"question":{"latest":"hall.temperature"}}]}"#;
    socket.send(Message::text(subscribe)).await.unwrap();
    loop {
        // Before the server knows that this client reads text, it may have sent a heartbeat in the compact form.
        let message = socket.next().await.unwrap().unwrap();
        if message.to_text().is_ok_and(|text| text.contains("increment")) {
            break;
        }
    }
    // It is counted right after it was sent.
    loop {
        let told = app.get("/metrics").await.text();
        assert_eq!(value(&told, "watchroom_live_viewers"), Some(1.0), "{told}");
        if value(&told, "watchroom_live_increments_total") == Some(1.0) {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn prometheus_gets_openmetrics_and_all_others_the_older_form() {
    let app = TestApp::new();
    let plain = app.get("/metrics").await;
    assert_eq!(
        plain.header(header::CONTENT_TYPE),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert!(plain.text().contains("# TYPE watchroom_ingest_values_total counter\n"));
    let request = Request::get("/metrics").header(
        header::ACCEPT,
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
    );
    let open = app.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(
        open.header(header::CONTENT_TYPE),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    assert_eq!(open.header(header::CACHE_CONTROL), "no-store");
    assert!(open.text().contains("# TYPE watchroom_ingest_values counter\n"));
    assert!(open.text().ends_with("# EOF\n"));
}

#[tokio::test]
async fn promtool_finds_nothing_to_complain_about() {
    let told = with_traffic().await.get("/metrics").await.body;
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("promtool, of the Debian package prometheus, is needed: {error}"));
    let mut input = promtool.stdin.take().unwrap();
    input.write_all(&told).unwrap();
    drop(input);
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert_eq!(said, ["", ""], "{}", String::from_utf8_lossy(&told));
    assert!(output.status.success());
}
