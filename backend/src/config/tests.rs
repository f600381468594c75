//! Whole configurations: what is read from a good one, and all that is said about a bad one.

use insta::{assert_debug_snapshot, assert_snapshot};

use super::*;

const MAIN: &str = r##"
[server]
listen = "[::1]:9000"
base_path = "/observatory/watchroom/"
page_dir = "page"

[store]
url = "sqlite:/var/lib/watchroom/watchroom.db"
keep = "400d"
keep_pyramid = "forever"

[site]
name = "LST-1"
time_zone = "Atlantic/Canary"
day_start = "11:30"
shifts = [{ name = "Evening", start = "18:00", end = "01:00" }]

[ingest]
body_limit = "8MiB"
bytes_in_flight = "100MB"
requests_in_flight = 32
channels_per_metric = 2000
metrics = 500000

[metrics."camera.scb_pixel_temperature"]
title = "PACTA temperature"
unit = "°C"
interval = "60s"
limits = { high_warning = 25.0, high_alarm = 30 }
scale = { stops = [[0, "#0000ff"], [30.5, "#ff0000"]], log = false }

[metrics.shutter]
kind = "state"
states = [{ value = 0, label = "closed", severity = "ok" }, { value = 1, label = "open" }]
keep = "forever"

[csv.weather]
time_columns = ["time"]
null = ["-9999.9"]
"##;

const NIGHT: &str = r#"
title = "Night"

[[tabs]]
id = "camera"
title = "Camera"
note = "Readings of the slow control"
simulated = true
opens_at = "2026-11-20"

[[tabs.panels]]
id = "pacta"
title = "PACTA temperature"
type = "timeseries"
width = 12
height = 300
lines = [
    { metric = "camera.scb_pixel_temperature", channels = "band" },
    { metric = "camera.scb_pixel_temperature", channels = "412,3", label = "chosen", axis = "right" },
]

[[tabs.panels]]
id = "now"
title = "Now"
type = "latest"
metrics = ["camera.scb_pixel_temperature", "shutter"]
"#;

fn main_file(text: &str) -> Source<'_> {
    Source {
        name: "watchroom.toml",
        text,
    }
}

fn night_file(text: &str) -> Source<'_> {
    Source {
        name: "dashboards/night.toml",
        text,
    }
}

#[track_caller]
fn mistakes_of(main: &str, dashboards: &[Source<'_>]) -> String {
    Config::from_sources(main_file(main), dashboards)
        .unwrap_err()
        .to_string()
}

/// What is wrong when only the environment says anything.
fn read_with(variables: &[(&str, &str)]) -> Result<Config, Mistakes> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let read_file = |_file: &str| Err(io::ErrorKind::NotFound.into());
    Config::assemble(main_file(MAIN), &[], Environment::new(variables), &read_file)
}

#[test]
fn every_key_is_read() {
    assert_debug_snapshot!(Config::from_sources(main_file(MAIN), &[night_file(NIGHT)]).unwrap());
}

#[test]
fn an_empty_file_gives_the_defaults() {
    let config = Config::from_sources(main_file(""), &[]).unwrap();
    assert_eq!(config, Config::default());
    assert_snapshot!(config.summary(), @"0 metrics, 0 dashboards with 0 panels, store sqlite:watchroom.db");
}

#[test]
fn every_mistake_of_the_main_file_is_told_with_its_place() {
    assert_snapshot!(mistakes_of(
        r#"
titel = "LST-1"
[server]
listen = "localhost:8080"
basepath = "/x"
base_path = "//evil.example"
page_dir = 7
[store]
url = "mysql://localhost/watchroom"
[site]
name = " "
time_zone = "Atlantic/Canaries"
day_start = "noon"
[ingest]
body_limit = "64MB"
bytes_in_flight = "32MB"
requests_in_flight = 0
metrics = "many"
channels = 5
[metrics."camera.rate"]
interval = 60
kind = "guage"
[metrics."dome.temperature"]
interval = "60"
unit = ["°C"]
[metrics.""]
[metrics]
shutter = "state"
[csv.weather]
timezone = "Mars"
nulls = ["-1"]
"#,
        &[]
    ));
}

#[test]
fn every_mistake_of_a_dashboard_is_told_with_its_place() {
    let text = r#"
[[tabs]]
id = "camera"
title = "Camera"
simulated = "yes"
opens_at = "newest"

[[tabs.panels]]
id = "a"
title = "A"
width = 13
height = 5
type = "timeseries"
lines = [{ metric = "m", channels = "0,0" }, { channels = 3 }, { metric = "", axis = "up", colour = "red" }]

[[tabs.panels]]
id = "a"
title = ""
type = "latest"
lines = []
metrics = ["m", "n", "m", 4]

[[tabs.panels]]
title = "No id"
type = "timeserie"
lines = [{ metric = "m" }]

[[tabs.panels]]
id = "b c"
title = "Nothing to show"
type = "latest"

[[tabs]]
id = "camera"
title = "Again"
panels = []

[tab]
"#;
    assert_snapshot!(mistakes_of("", &[night_file(text)]));
}

#[test]
fn broken_toml_is_told_with_its_places_and_not_read() {
    assert_snapshot!(mistakes_of(
        "[server]\nlisten = 127.0.0.1:8080\nlisten = \"x\"\n[site\nname = \"LST-1\n",
        &[night_file("title = \n")]
    ));
}

#[test]
fn a_key_or_table_given_twice_is_a_mistake() {
    assert_snapshot!(mistakes_of("[site]\nname = \"a\"\nname = \"b\"\n[site]\n", &[]));
}

#[test]
fn a_table_of_the_wrong_type_is_a_mistake() {
    assert_snapshot!(mistakes_of("server = true\nmetrics = []\n", &[night_file("title = \"N\"\ntabs = {}\n")]), @r#"
    watchroom.toml:1:10: server: expected a table, found true or false
    watchroom.toml:2:11: metrics: expected a table, found a list
    dashboards/night.toml:2:8: tabs: expected a list of tables, found a table
    "#);
}

#[test]
fn mistakes_of_all_files_are_told_together() {
    assert_snapshot!(mistakes_of("x = 1", &[night_file("y = 2")]), @r#"
    watchroom.toml:1:1: x: unknown key; known are alarms, csv, geometries, ingest, metrics, notify, server, site, store, streams
    dashboards/night.toml:1:1: title: is missing; write a text
    dashboards/night.toml:1:1: tabs: there are none; write at least one, such as [[tabs]]
    dashboards/night.toml:1:1: y: unknown key; known are tabs, title
    "#);
}

#[test]
fn a_dashboard_needs_a_name_of_its_own_that_can_stand_in_an_address() {
    let named = |name| Source { name, text: NIGHT };
    assert_snapshot!(mistakes_of("", &[named("a/night.toml"), named("b/night.toml"), named("my night.toml")]), @r#"
    b/night.toml: another dashboard has the id "night" too
    my night.toml:1:1: this file: its name gives the id: "my night" is not an id; write 1 to 64 letters, digits, `-` or `_`
    "#);
}

#[test]
fn variables_stand_in_for_keys() {
    let config = read_with(&[
        ("WATCHROOM_SERVER__LISTEN", "127.0.0.1:1"),
        ("WATCHROOM_SERVER__BASE_PATH", "/"),
        ("WATCHROOM_STORE__URL", "memory:"),
        ("WATCHROOM_SITE__NAME", "Test"),
        ("WATCHROOM_INGEST__METRICS", "7"),
        ("WATCHROOM_INGEST__BODY_LIMIT", "1MB"),
        ("WATCHROOM_PAGE_DIR", "not for the configuration"),
        ("HOME", "/"),
    ])
    .unwrap();
    let file = Config::from_sources(main_file(MAIN), &[]).unwrap();
    let mut expected = file.clone();
    expected.server.listen = "127.0.0.1:1".parse().unwrap();
    expected.server.base_path = String::new();
    expected.store_url = "memory:".to_owned();
    expected.site.name = "Test".to_owned();
    expected.ingest.limits.metrics = 7;
    expected.ingest.bounds.body_bytes = 1_000_000;
    assert_eq!(config, expected);
}

#[test]
fn a_bad_or_unknown_variable_is_a_mistake() {
    let mistakes = read_with(&[
        ("WATCHROOM_SERVER__LISTEN", "8080"),
        ("WATCHROOM_SITE__TIMEZONE", "UTC"),
        ("WATCHROOM_INGEST__METRICS", "many"),
        ("WATCHROOM_METRICS__SHUTTER__KIND", "state"),
    ])
    .unwrap_err();
    assert_snapshot!(mistakes, @r#"
    environment variable WATCHROOM_SERVER__LISTEN: "8080" is not an IP address and a port; write for example "127.0.0.1:8080" or "[::1]:8080"
    environment variable WATCHROOM_INGEST__METRICS: "many" is not a whole number from 1 to 10000000
    environment variable WATCHROOM_METRICS__SHUTTER__KIND: stands for no key
    environment variable WATCHROOM_SITE__TIMEZONE: stands for no key; did you mean "WATCHROOM_SITE__TIME_ZONE"?
    "#);
}

#[test]
fn a_pyramid_is_kept_as_long_as_its_samples_or_longer() {
    let text = "[store]\nkeep = \"30\"\n[metrics.a]\nkeep = \"40d\"\nkeep_pyramid = \"30d\"\n\
        [metrics.b]\nkeep = \"forever\"\nkeep_pyramid = \"300d\"\n";
    assert_snapshot!(mistakes_of(text, &[]), @r#"
    watchroom.toml:2:8: store.keep: "30" has no unit; write "30s" for seconds, or one of us, ms, m, h, d
    watchroom.toml:5:16: metrics."a".keep_pyramid: is shorter than keep; the pyramid of samples is kept as long as they are, and may be kept longer
    watchroom.toml:8:16: metrics."b".keep_pyramid: is shorter than keep; the pyramid of samples is kept as long as they are, and may be kept longer
    "#);
}

#[test]
fn every_mistake_about_streams_is_told_with_its_place() {
    let text = r#"
[streams.dome]
metrics = ["dome.*", "dome.*.state", "", 7]
source = " "
interval = "60"
warn_after = 90
expected = "yes"
[streams.door]
metrics = ["dome.*", "door"]
interval = "60s"
warn_after = "50s"
fail_after = "40s"
[streams.empty]
metrics = []
[streams.none]
fail_afer = "60s"
"#;
    assert_snapshot!(mistakes_of(text, &[]));
}

#[test]
fn every_mistake_in_how_a_metric_looks_is_told_with_its_place() {
    let text = r##"
[site]
shifts = [
  { name = "Evening", start = "18:00", end = "01:00" },
  { name = "Evening", start = "1:00", until = "08:00" },
]
[metrics.a]
limits = { low_alarm = 3, high_warning = 2.0, high_alarm = 2.0, hi_alarm = 9 }
states = [{ value = 0, label = "off" }]
[metrics.b]
kind = "state"
limits = 3
states = [{ value = 1, label = "on" }, { value = 1, label = " " }, { value = 0.5, label = "x", severity = "bad" }, { label = "y" }]
place = { part = "pixels" }
[metrics.c]
scale = { stops = [[0, "#000000"]] }
place = "lstcam"
[metrics.d]
place = { geometry = "lstcm" }
[geometries.lstcam]
"##;
    assert_snapshot!(mistakes_of(text, &[]));
}

#[test]
fn states_rise_and_a_metric_without_a_wish_has_no_display() {
    let text = "[metrics.b]\nkind = \"state\"\nstates = [{ value = 2, label = \"on\" }, { value = -1, label = \"off\" }]\n\
        [metrics.a]\nunit = \"s\"\n[metrics.c]\nlimits = {}\n";
    let displays = Config::from_sources(main_file(text), &[]).unwrap().displays;
    let values: Vec<_> = displays
        .iter()
        .flat_map(|display| &display.states)
        .map(|state| state.value)
        .collect();
    assert_eq!(displays.len(), 1);
    assert_eq!(values, [-1, 2]);
}
