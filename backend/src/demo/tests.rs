//! What the dashboards of the demo show.

use std::collections::BTreeSet;

use shared::dashboard::{Dashboard, PanelKind, Tab};

use super::*;

fn dashboard(id: &str) -> Dashboard {
    let dashboards = config().unwrap().dashboards;
    dashboards.into_iter().find(|dashboard| dashboard.id == id).unwrap()
}

fn kinds(tab: &Tab) -> BTreeSet<&'static str> {
    tab.panels.iter().map(|panel| panel.show.as_str()).collect()
}

#[test]
fn the_measurements_open_first() {
    assert_eq!(config().unwrap().dashboards[0].id, "demo");
}

#[test]
fn the_camera_of_lst_has_the_ten_plots_of_clusco_on_its_three_tabs() {
    let lst = dashboard("lst");
    let plots: Vec<_> = lst.tabs[..3]
        .iter()
        .map(|tab| {
            let titles: Vec<_> = tab.panels.iter().map(|panel| panel.title.as_str()).collect();
            format!("{}: {}", tab.title, titles.join(", "))
        })
        .collect();
    insta::assert_snapshot!(plots.join("\n"), @r"
    Pixel Temp, Anode & HV - SCB Temp & Humidity: PACTA Temperature, SCB Temperature, SCB Humidity, SCB Anode Current, High Voltage, SCB Backplane Temperature
    Rates: L1 Rate, L0 Pixel IPR, TIB Rates
    Dragon Busy: Dragon Busy
    ");
    let PanelKind::Channels(l1) = &lst.tabs[1].panels[0].show else {
        panic!("the L1 rate is shown of all modules at once");
    };
    assert_eq!(l1.limits.lines.len(), 2);
    assert_eq!(l1.limits.events.len(), 2);
    // Each of the eight plots of many channels has a colour bar of its own.
    let displays = config().unwrap().displays;
    for panel in lst.tabs[..2].iter().flat_map(|tab| &tab.panels) {
        if let PanelKind::Channels(channels) = &panel.show {
            let display = displays
                .iter()
                .find(|display| display.metric == channels.metric)
                .unwrap();
            assert!(display.scale.is_some() && display.place.is_some(), "{}", panel.id);
        }
    }
}

#[test]
fn the_gallery_has_panels_of_all_types_in_all_states() {
    let gallery = dashboard("gallery");
    let states: Vec<_> = gallery.tabs.iter().map(|tab| tab.id.as_str()).collect();
    assert_eq!(states, ["ready", "empty", "error", "stale"]);
    let all = BTreeSet::from([
        "timeseries",
        "channels",
        "heatmap",
        "latest",
        "camera",
        "state",
        "histogram",
        "curve",
        "stat",
        "text",
    ]);
    assert_eq!(kinds(&gallery.tabs[0]), all);
    for tab in &gallery.tabs[1..] {
        let mut kinds = kinds(tab);
        // Words have no data that could be missing.
        kinds.insert("text");
        assert_eq!(kinds, all, "{}", tab.id);
    }
}

#[test]
fn whatever_is_made_up_says_so() {
    for id in ["gallery", "jobs", "lst"] {
        for tab in dashboard(id).tabs {
            assert!(tab.simulated, "{id} {}", tab.id);
        }
    }
}
