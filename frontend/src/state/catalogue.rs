//! The site, its dashboards and metrics, loaded before anything is drawn.

use leptos::prelude::*;
use shared::dashboard::{BrokenFile, Dashboard, Dashboards, Panel, Site, Tab};
use shared::display::MetricDisplay;
use shared::metric::{MetricInfo, Metrics};
use shared::query::latest::Ages;
use shared::time::TimeRange;

use crate::reactive::State;
use crate::state::address::{Page, Place};

/// What the server has to show.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue {
    dashboards: State<Dashboards>,
    metrics: State<Vec<MetricInfo>>,
}

impl Catalogue {
    /// From the answers of the server.
    pub fn new(dashboards: Dashboards, metrics: Metrics) -> Self {
        Self {
            dashboards: State::new(dashboards),
            metrics: State::new(metrics.metrics),
        }
    }

    /// A metric by name; tracks, because metrics appear with their first frame.
    pub fn metric(&self, name: &str) -> Option<MetricInfo> {
        self.metrics
            .with(|metrics| metrics.iter().find(|metric| metric.name == name).cloned())
    }

    /// How a metric looks; nothing in particular where the configuration says nothing.
    pub fn display(&self, name: &str) -> MetricDisplay {
        let found = self
            .dashboards
            .with(|all| all.displays.iter().find(|display| display.metric == name).cloned());
        found.unwrap_or_default()
    }

    /// Those of some names by which there is a metric; tracks.
    pub fn known(&self, mut names: Vec<String>) -> Vec<String> {
        self.metrics
            .with(|metrics| names.retain(|name| metrics.iter().any(|metric| metric.name == *name)));
        names
    }

    /// Takes a newer list of metrics.
    pub fn update(&self, metrics: Metrics) {
        if self.metrics.with_untracked(|known| *known != metrics.metrics) {
            self.metrics.set(metrics.metrics);
        }
    }

    /// Takes newer dashboards. Tabs that are the same stay as they are on the screen.
    pub fn update_dashboards(&self, dashboards: Dashboards) {
        if self.dashboards.with_untracked(|known| *known != dashboards) {
            self.dashboards.set(dashboards);
        }
    }

    /// The site, as it was when this page was opened or reloaded.
    pub fn site(&self) -> Site {
        self.dashboards.with_untracked(|all| all.site.clone())
    }

    /// All dashboards in order; tracks.
    pub fn dashboards(&self) -> Vec<Dashboard> {
        self.dashboards.with(|all| all.dashboards.clone())
    }

    /// Dashboards' files that are broken now; tracks.
    pub fn broken(&self) -> Vec<BrokenFile> {
        self.dashboards.with(|all| all.broken.clone())
    }

    /// The dashboard of a place; the first one where the place names none. Tracks.
    pub fn dashboard(&self, place: &Place) -> Option<Dashboard> {
        if place.unknown {
            return None;
        }
        self.dashboards.with(|all| match &place.dashboard {
            Some(id) => all.dashboards.iter().find(|dashboard| dashboard.id == *id).cloned(),
            None => all.dashboards.first().cloned(),
        })
    }

    /// The tab of a place; the first one where the place names none, and none of a page without panels. Tracks.
    pub fn tab(&self, place: &Place) -> Option<Tab> {
        if place.page != Page::Board {
            return None;
        }
        let dashboard = self.dashboard(place)?;
        match &place.tab {
            Some(id) => dashboard.tabs.into_iter().find(|tab| tab.id == *id),
            None => dashboard.tabs.into_iter().next(),
        }
    }

    /// From the first to the last sample of some metrics, as far as this list knows; tracks. `None` without any.
    pub fn extent(&self, names: &[String]) -> Option<TimeRange> {
        self.metrics.with(|metrics| {
            let known = metrics.iter().filter(|metric| names.contains(&metric.name));
            let (firsts, lasts): (Vec<_>, Vec<_>) = known.filter_map(|metric| metric.first.zip(metric.last)).unzip();
            let end = lasts.into_iter().max()?.saturating_add_micros(1);
            TimeRange::new(firsts.into_iter().min()?, end).ok()
        })
    }

    /// By which the age of what a panel shows is judged: the shortest of its metrics' ages; `None` where nothing is known.
    /// Tracks.
    pub fn ages(&self, panel: &Panel) -> Option<Ages> {
        let names = panel.show.metrics();
        self.metrics.with(|metrics| {
            let known = metrics.iter().filter(|metric| names.contains(&metric.name.as_str()));
            known
                .filter_map(MetricInfo::ages)
                .min_by(|one, other| one.late_s.total_cmp(&other.late_s))
        })
    }
}

/// The names of all metrics of a tab, each once.
pub fn metrics_of(tab: &Tab) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for panel in &tab.panels {
        for name in panel.show.metrics() {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// What the server has to show.
pub fn use_catalogue() -> Catalogue {
    expect_context()
}
