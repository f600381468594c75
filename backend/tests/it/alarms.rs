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

#[test]
fn changed_rules_are_evaluated_without_a_restart_and_the_others_go_on_where_they_were() {
    let site = Site::with_config(CONFIG);
    let server = Running::start(&mut site.serve());
    let configure = |text: &str| std::fs::write(site.path("watchroom.toml"), text).unwrap();
    let states = |list: &Json| {
        let alarms = list["alarms"].as_array().unwrap().iter();
        let mut told: Vec<_> = alarms
            .map(|alarm| format!("{} {}", alarm["rule"], alarm["state"]).replace('"', ""))
            .collect();
        told.sort();
        told
    };
    server.write_now("hall.temperature", 20.0);
    wait_for(&server, |alarm| alarm["state"] == "ok");
    server.write_now("hall.temperature", 31.5);
    wait_for(&server, |alarm| alarm["state"] == "alarm");
    let acknowledged = server.request(
        "POST /api/v1/alarms/hot/actions",
        r#"{"action":"acknowledge","by":"anna","comment":"on my way"}"#,
    );
    assert!(acknowledged.starts_with("HTTP/1.1 200"), "{acknowledged}");
    let before = server.get_json("/api/v1/alarms/hot");

    // A new one judges what was there before it.
    let warm = CONFIG
        .replace("[alarms.hot]", "[alarms.warm]")
        .replace("above = 30", "above = 25");
    let (_, warm) = warm.split_once("[alarms.warm]").unwrap();
    let both = format!("{CONFIG}[alarms.warm]{warm}");
    configure(&both);
    server.wait_for("/api/v1/alarms", |list| states(list) == ["hot alarm", "warm alarm"]);
    let after = server.get_json("/api/v1/alarms/hot");
    assert_eq!(
        (&after["status"], &after["events"]),
        (&before["status"], &before["events"])
    );

    // A broken file changes no rule, and is told where the page shows it.
    configure(&both.replace("above = 25", "abvoe = 25"));
    let broken = server.wait_for("/api/v1/dashboards", |answer| {
        answer["broken"] != Json::Array(Vec::new())
    });
    let message = broken["broken"][0]["message"].as_str().unwrap();
    assert!(message.contains("did you mean \"above\"?"), "{message}");
    assert_eq!(states(&server.get_json("/api/v1/alarms")), ["hot alarm", "warm alarm"]);

    // One that says something else begins anew, and one that is gone is gone.
    configure(&CONFIG.replace("above = 30", "above = 40"));
    server.wait_for("/api/v1/alarms", |list| states(list) == ["hot ok"]);
    configure("[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"sqlite:night.db\"\n");
    server.wait_for("/api/v1/alarms", |list| states(list).is_empty());
    configure(CONFIG);
    server.wait_for("/api/v1/alarms", |list| states(list) == ["hot alarm"]);
}
