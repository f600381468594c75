//! Dashboards that change while the real binary runs.

use std::fs;

use serde_json::Value as Json;

use crate::command::{Running, Site};

const MAIN: &str = "[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"memory:\"\n";

fn dashboard(title: &str, panel_type: &str) -> String {
    format!(
        "title = \"{title}\"\n[[tabs]]\nid = \"t\"\ntitle = \"T\"\n[[tabs.panels]]\nid = \"p\"\ntitle = \"P\"\n\
         type = \"{panel_type}\"\nmetric = \"hall.temperature\"\n"
    )
}

fn dashboards(server: &Running) -> Json {
    let answer = server.request("GET /api/v1/dashboards", "");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(head.contains("no-store"), "{head}");
    serde_json::from_str(body).unwrap()
}

/// Asks until an answer is as expected.
#[track_caller]
fn wait_for(server: &Running, expected: impl Fn(&Json) -> bool) -> Json {
    server.wait_for("/api/v1/dashboards", expected)
}

#[test]
fn a_changed_dashboard_is_shown_without_a_restart_and_a_broken_one_keeps_its_last_good_form() {
    let site = Site::with_config(MAIN);
    fs::create_dir(site.path("dashboards")).unwrap();
    let write = |text: &str| fs::write(site.path("dashboards/night.toml"), text).unwrap();
    write(&dashboard("Night", "stat"));
    let server = Running::start(&mut site.serve());
    let first = dashboards(&server);
    assert_eq!(
        (&first["revision"], &first["broken"]),
        (&0.into(), &Json::Array(Vec::new()))
    );

    write(&dashboard("Long night", "heatmap"));
    let changed = wait_for(&server, |answer| answer["revision"] == 1);
    assert_eq!(changed["dashboards"][0]["title"], "Long night");
    assert!(changed["dashboards"][0]["tabs"][0]["panels"][0]["show"]["heatmap"].is_object());

    write(&dashboard("Longer night", "heatmaps"));
    let broken = wait_for(&server, |answer| answer["revision"] == 2);
    assert_eq!(broken["dashboards"], changed["dashboards"]);
    assert_eq!(broken["broken"][0]["file"], "dashboards/night.toml");
    assert_eq!(
        broken["broken"][0]["message"],
        "dashboards/night.toml:8:8: tabs.panels.type: \"heatmaps\" is not known here; did you mean \"heatmap\"?"
    );

    write(&dashboard("Longer night", "heatmap"));
    fs::write(
        site.path("watchroom.toml"),
        format!("{MAIN}[metrics.\"hall.temperature\"]\nlimits = {{ high_alarm = 30.0 }}\n"),
    )
    .unwrap();
    let mended = wait_for(&server, |answer| {
        answer["dashboards"][0]["title"] == "Longer night" && answer["displays"][0].is_object()
    });
    assert_eq!(mended["broken"], Json::Array(Vec::new()));
    assert_eq!(mended["displays"][0]["limits"]["high_alarm"], 30.0);
}
