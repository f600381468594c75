use std::time::{Duration, Instant};

use super::*;
use crate::store;

fn telemetry() -> Telemetry {
    Telemetry::new("2026-11-20T22:00:00.5Z".parse().unwrap())
}

/// The value of a line that begins like this.
fn value(told: &str, name: &str) -> Option<f64> {
    let mut lines = told.lines();
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn what_happened_is_told_in_both_forms() {
    let telemetry = telemetry();
    telemetry.ingest.note(IngestPath::Write, 7, 2);
    telemetry.http.note("/api/v1/latest", 200, Duration::from_millis(3));
    telemetry.alarms.set("alarm", 3);
    telemetry.streams.set("stale", 4);
    telemetry.set_lag("camera", -1.5);
    telemetry.live.viewers.inc();
    telemetry.outbox.dead_letters.set(5);
    let text = telemetry.told(Exposition::Text);
    for (name, expected) in [
        ("process_start_time_seconds", 1_795_212_000.5),
        (
            r#"watchroom_ingest_frames_total{path="/write",outcome="accepted"}"#,
            7.0,
        ),
        (
            r#"watchroom_ingest_frames_total{path="/write",outcome="rejected"}"#,
            2.0,
        ),
        (
            r#"watchroom_http_requests_total{route="/api/v1/latest",status="200"}"#,
            1.0,
        ),
        (
            r#"watchroom_http_request_duration_seconds_bucket{route="/api/v1/latest",le="0.0025"}"#,
            0.0,
        ),
        (
            r#"watchroom_http_request_duration_seconds_bucket{route="/api/v1/latest",le="0.005"}"#,
            1.0,
        ),
        (r#"watchroom_alarms{state="alarm"}"#, 3.0),
        (r#"watchroom_streams{state="stale"}"#, 4.0),
        (r#"watchroom_ingest_lag_seconds{source="camera"}"#, -1.5),
        ("watchroom_live_viewers", 1.0),
        ("watchroom_outbox_dead_letters", 5.0),
    ] {
        assert_eq!(value(&text, name), Some(expected), "{name}\n{text}");
    }
    let open = telemetry.told(Exposition::OpenMetrics);
    assert!(open.ends_with("# EOF\n"), "{open}");
    assert!(open.contains("# UNIT watchroom_ingest_lag_seconds seconds\n"), "{open}");
}

#[test]
fn a_failed_call_of_the_store_counts_as_an_error_of_its_operation() {
    let telemetry = telemetry();
    let failed: store::Result<()> = Err(store::Error::Unavailable("unplugged".to_owned()));
    assert!(telemetry.store.note(Operation::Write, Instant::now(), failed).is_err());
    assert!(telemetry.store.note(Operation::Ping, Instant::now(), Ok(())).is_ok());
    let text = telemetry.told(Exposition::Text);
    assert_eq!(
        value(&text, r#"watchroom_store_errors_total{operation="write"}"#),
        Some(1.0)
    );
    assert_eq!(
        value(&text, r#"watchroom_store_errors_total{operation="ping"}"#),
        Some(0.0)
    );
    assert_eq!(
        value(
            &text,
            r#"watchroom_store_operation_duration_seconds_count{operation="ping"}"#
        ),
        Some(1.0)
    );
}
