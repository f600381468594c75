//! All types of panels: what is read from the examples of the reference, and all that is said about bad ones.

use insta::{assert_debug_snapshot, assert_snapshot};

use super::*;
use crate::config::{Config, Source};

fn dashboard_of(panels: &str) -> String {
    format!("title = \"N\"\n[[tabs]]\nid = \"t\"\ntitle = \"T\"\n{panels}")
}

fn read_panels(panels: &str) -> Result<Vec<PanelKind>, String> {
    let main = Source {
        name: "watchroom.toml",
        text: "",
    };
    let text = dashboard_of(panels);
    let night = Source {
        name: "night.toml",
        text: &text,
    };
    let config = Config::from_sources(main, &[night]).map_err(|mistakes| mistakes.to_string())?;
    let panels = config.dashboards.into_iter().flat_map(|dashboard| dashboard.tabs);
    Ok(panels.flat_map(|tab| tab.panels).map(|panel| panel.show).collect())
}

fn panel(index: usize, keys: &str) -> String {
    format!("[[tabs.panels]]\nid = \"p{index}\"\ntitle = \"P\"\n{keys}\n")
}

#[test]
fn every_type_is_read() {
    let panels = TYPES.iter().enumerate().map(|(index, panel_type)| {
        panel(
            index,
            &format!("type = \"{}\"\n{}", panel_type.word, panel_type.example),
        )
    });
    assert_debug_snapshot!(read_panels(&panels.collect::<String>()).unwrap());
}

#[test]
fn every_mistake_in_a_panel_is_told_with_its_place() {
    let panels = [
        r#"type = "timeseries"
log = "yes"
low = 0
high = -1
lines = [{ metric = "m" }]
limits = [
  { label = "a", value = nan },
  { label = "b" },
  { label = "c", value = 1, metric = "m" },
  { value = 1, severity = "alarming" },
]
events = [{ label = "x" }]
strips = { metric = "m" }"#,
        r#"type = "channels"
log = true
low = 0.0
metrics = ["m"]"#,
        r#"type = "heatmap"
metric = "m"
statistic = "density"
scale = "clusco-temperatures""#,
        r#"type = "heatmap"
metric = "m"
scale = { map = "jet", low = 3.0, high = 3.0, lag = true }"#,
        r##"type = "heatmap"
metric = "m"
scale = { stops = [[0, "#000000"], [0.0, "#ffffff"], [2, "red"], ["#000000", 3]], map = "gray", log = true }"##,
        r#"type = "heatmap"
metric = "m"
scale = { low = 0.0, log = true }"#,
        r#"type = "heatmap"
metric = "m"
scale = 7"#,
        r#"type = "latest"
metrics = ["m"]
style = "bar"
show = "ages""#,
        r#"type = "camera""#,
        r#"type = "state"
metrics = []"#,
        r#"type = "histogram"
metric = "m"
bins = 1
low = inf"#,
        r#"type = "curve"
metric = "m"
x_metric = ""
logx = true"#,
        r#"type = "stat"
metric = "m"
channel = -1"#,
        r#"type = "text"
markdown = " ""#,
        r#"type = "channel"
metric = "m"
markdown = "m"
colour = "red""#,
    ];
    let panels = panels.iter().enumerate().map(|(index, keys)| panel(index, keys));
    assert_snapshot!(read_panels(&panels.collect::<String>()).unwrap_err());
}

#[test]
fn a_tab_has_as_many_panels_as_a_crew_can_read() {
    let panels = |count: usize| -> String {
        (0..count)
            .map(|index| panel(index, "type = \"stat\"\nmetric = \"m\""))
            .collect()
    };
    assert_eq!(read_panels(&panels(64)).map(|panels| panels.len()), Ok(64));
    assert_snapshot!(read_panels(&panels(65)).unwrap_err(), @"night.toml:5:1: tabs.panels: there are 65; a tab may have 64: each asks the server for its own data, and nobody reads more at a glance; spread them over more tabs");
}

#[test]
fn a_panel_has_as_many_lines_as_can_be_told_apart() {
    let lines = |count: usize| {
        panel(
            0,
            &format!(
                "type = \"timeseries\"\nlines = [{}]",
                "{ metric = \"m\" },".repeat(count)
            ),
        )
    };
    assert!(read_panels(&lines(64)).is_ok());
    assert_snapshot!(read_panels(&lines(65)).unwrap_err(), @r#"night.toml:9:9: tabs.panels.lines: there are 65; a panel may have 64 lines: more cannot be told apart. Show all channels of a metric with channels = "band", or with a panel of the type "channels" or "heatmap""#);
}

#[test]
fn words_of_a_panel_cannot_be_longer_than_a_panel_holds() {
    let text = |length: usize| panel(0, &format!("type = \"text\"\nmarkdown = \"{}\"", "x".repeat(length)));
    assert!(read_panels(&text(20_000)).is_ok());
    assert_snapshot!(read_panels(&text(20_001)).unwrap_err(), @"night.toml:9:12: tabs.panels.markdown: is 20001 bytes long; a panel holds 20000");
}
