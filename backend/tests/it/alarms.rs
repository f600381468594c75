//! Alarms of the real binary, over its death.

use std::time::{Duration, Instant};

use serde_json::Value as Json;
use watchroom::clock::{Clock as _, SystemClock};

use crate::command::{Running, Site};

/// Far longer than an evaluation takes; reached only by a failure.
const PATIENCE: Duration = Duration::from_mins(1);

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
[store]
url = "sqlite:night.db"
[alarms.hot]
title = "Too hot"
kind = "threshold"
metric = "hall.temperature"
above = 30
latch = true
no_data = "1d"
"#;

fn get(server: &Running, path: &str) -> Json {
    let answer = server.request(&format!("GET {path}"), "");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap()
}

/// Asks until the rule is as expected.
#[track_caller]
fn wait_for(server: &Running, expected: impl Fn(&Json) -> bool) -> Json {
    let start = Instant::now();
    loop {
        let list = get(server, "/api/v1/alarms");
        if list["evaluated_us"].is_i64() && expected(&list["alarms"][0]) {
            return list["alarms"][0].clone();
        }
        assert!(start.elapsed() < PATIENCE, "{list:#}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn write(server: &Running, value: f64) {
    let time = SystemClock.now();
    let body = format!(r#"{{"frames":[{{"metric":"hall.temperature","time":"{time}","values":[{value}]}}]}}"#);
    let answer = server.request("POST /api/v1/frames", &body);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn an_alarm_is_raised_by_a_frame_and_outlives_a_kill_without_being_told_again() {
    let site = Site::with_config(CONFIG);
    let server = Running::start(&mut site.serve());
    wait_for(&server, |alarm| alarm["state"] == "unknown");
    write(&server, 20.0);
    wait_for(&server, |alarm| alarm["state"] == "ok");
    write(&server, 31.5);
    let raised = wait_for(&server, |alarm| alarm["state"] == "alarm");
    assert_eq!(raised["value"], 31.5);
    assert_eq!(raised["latched"], "alarm");
    let acknowledged = server.request(
        "POST /api/v1/alarms/hot/actions",
        r#"{"action":"acknowledge","by":"anna","comment":"on my way"}"#,
    );
    assert!(acknowledged.starts_with("HTTP/1.1 200"), "{acknowledged}");
    let before = get(&server, "/api/v1/alarms/hot");
    // Killed, not stopped.
    drop(server);

    let server = Running::start(&mut site.serve());
    let kept = wait_for(&server, |alarm| alarm["state"] == "alarm");
    assert_eq!(kept["since_us"], raised["since_us"]);
    assert_eq!(kept["acknowledged"]["by"], "anna");
    let after = get(&server, "/api/v1/alarms/hot");
    assert_eq!(after["events"], before["events"]);
    // It goes on from there.
    write(&server, 25.0);
    let over = wait_for(&server, |alarm| alarm["state"] == "ok");
    assert_eq!(over["latched"], Json::Null);
}
