//! `GET /api/v1/streams`: what is silent, as the page and scripts read it.

use axum::http::StatusCode;
use insta::assert_snapshot;

use crate::app::TestApp;

const STREAMS: &str = r#"
[metrics."hall.temperature"]
title = "Hall temperature"
interval = "60s"

[streams.dome]
metrics = ["dome.*", "dome.lamp"]
source = "controller"
interval = "10s"
warn_after = "15s"
"#;

#[tokio::test]
async fn streams_and_sources_are_told_with_their_states() {
    let app = TestApp::with_config(STREAMS).with_an_hour_of_data().await;
    let frames =
        (0..6).map(|index| format!(r#"{{"metric":"door.state","time":"2026-11-20T21:59:{index}5Z","values":[1]}}"#));
    let frames = frames.collect::<Vec<_>>().join(",");
    let body =
        format!(r#"{{"frames":[{frames},{{"metric":"dome.wind","time":"2026-11-20T21:59:30Z","values":[1]}}]}}"#);
    assert_eq!(app.post_json("/api/v1/frames", body).await.status, StatusCode::OK);
    let answer = app.get("/api/v1/streams").await;
    assert_eq!(answer.status, StatusCode::OK);
    let told = answer.json();
    assert_snapshot!(serde_json::to_string_pretty(&told).unwrap());
    // The same interval is told and used wherever ages are judged.
    let metrics = app.get("/api/v1/metrics").await.json();
    let door = &metrics["metrics"][1];
    assert_eq!(
        (&door["name"], &door["interval_s"]),
        (&"door.state".into(), &10.0.into())
    );
    // Ages that are configured reach the page too.
    let wind = &metrics["metrics"][0];
    assert_eq!(
        (&wind["name"], &wind["late_after_s"], &wind["stale_after_s"]),
        (&"dome.wind".into(), &15.0.into(), &30.0.into())
    );
    let latest = app.get("/api/v1/latest?metric=door.state").await.json();
    assert_eq!(latest["channels"][0]["state"], "fresh");
    let latest = app.get("/api/v1/latest?metric=dome.wind").await.json();
    assert_eq!(latest["channels"][0]["state"], "stale");
}

#[tokio::test]
async fn states_of_streams_and_lags_of_sources_are_told_to_prometheus() {
    let app = TestApp::with_config(STREAMS).with_an_hour_of_data().await;
    let told = app.get("/metrics").await.text();
    for line in [
        "watchroom_streams{state=\"fresh\"} 1",
        "watchroom_streams{state=\"never\"} 1",
        "watchroom_ingest_lag_seconds{source=\"hall\"} 60.0",
    ] {
        assert!(told.lines().any(|told| told == line), "{line}\n{told}");
    }
}
