//! One folder or file per kind of panel.

use leptos::prelude::*;
use shared::dashboard::{Panel, PanelKind};

use crate::panels::camera::camera_panel;
use crate::panels::curve::curve_panel;
use crate::panels::latest::latest_panel;
use crate::panels::plot::plot_panel;
use crate::panels::plot::spec::PlotSpec;
use crate::panels::stat::stat_panel;
use crate::panels::text::text_panel;

pub mod camera;

pub mod cells;

pub mod curve;

pub mod latest;

pub mod plot;

pub mod stat;

pub mod text;

/// A panel of whatever kind.
#[component]
pub fn PanelView(
    /// What is shown.
    panel: Panel,
) -> impl IntoView {
    if let Some(spec) = PlotSpec::of(&panel.show) {
        return plot_panel(panel, spec);
    }
    match panel.show.clone() {
        PanelKind::Latest(spec) => latest_panel(panel, &spec),
        PanelKind::Camera(spec) => camera_panel(panel, spec),
        PanelKind::Curve(spec) => curve_panel(panel, spec),
        PanelKind::Stat(spec) => stat_panel(panel, &spec),
        PanelKind::Text(spec) => text_panel(panel, spec),
        _ => ().into_any(),
    }
}
