//! Alarms of the real binary, over its death.

use serde_json::Value as Json;

use crate::command::{Running, Site};

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

/// Asks until the rule is as expected.
#[track_caller]
fn wait_for(server: &Running, expected: impl Fn(&Json) -> bool) -> Json {
    let is_so = |list: &Json| list["evaluated_us"].is_i64() && expected(&list["alarms"][0]);
    server.wait_for("/api/v1/alarms", is_so)["alarms"][0].clone()
}

#[test]
fn an_alarm_is_raised_by_a_frame_and_outlives_a_kill_without_being_told_again() {
    let site = Site::with_config(CONFIG);
    let server = Running::start(&mut site.serve());
    wait_for(&server, |alarm| alarm["state"] == "unknown");
    server.write_now("hall.temperature", 20.0);
    wait_for(&server, |alarm| alarm["state"] == "ok");
    server.write_now("hall.temperature", 31.5);
    let raised = wait_for(&server, |alarm| alarm["state"] == "alarm");
    assert_eq!(raised["value"], 31.5);
    assert_eq!(raised["latched"], "alarm");
    let acknowledged = server.request(
        "POST /api/v1/alarms/hot/actions",
        r#"{"action":"acknowledge","by":"anna","comment":"on my way"}"#,
    );
    assert!(acknowledged.starts_with("HTTP/1.1 200"), "{acknowledged}");
    let before = server.get_json("/api/v1/alarms/hot");
    // Killed, not stopped.
    drop(server);

    let server = Running::start(&mut site.serve());
    let kept = wait_for(&server, |alarm| alarm["state"] == "alarm");
    assert_eq!(kept["since_us"], raised["since_us"]);
    assert_eq!(kept["acknowledged"]["by"], "anna");
    let after = server.get_json("/api/v1/alarms/hot");
    assert_eq!(after["events"], before["events"]);
    // It goes on from there.
    server.write_now("hall.temperature", 25.0);
    let over = wait_for(&server, |alarm| alarm["state"] == "ok");
    assert_eq!(over["latched"], Json::Null);
}
