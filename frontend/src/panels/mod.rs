//! One folder or file per kind of panel.

use leptos::prelude::*;
use shared::dashboard::{Panel, PanelKind};

use crate::dom::view;
use crate::panels::camera::CameraPanel;
use crate::panels::curve::CurvePanel;
use crate::panels::latest::LatestPanel;
use crate::panels::plot::PlotPanel;
use crate::panels::plot::spec::PlotSpec;
use crate::panels::stat::StatPanel;
use crate::panels::text::TextPanel;

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
        return view! { <PlotPanel panel spec /> }.into_any();
    }
    match panel.show.clone() {
        PanelKind::Latest(spec) => view! { <LatestPanel panel spec /> }.into_any(),
        PanelKind::Camera(spec) => view! { <CameraPanel panel spec /> }.into_any(),
        PanelKind::Curve(spec) => view! { <CurvePanel panel spec /> }.into_any(),
        PanelKind::Stat(spec) => view! { <StatPanel panel spec /> }.into_any(),
        PanelKind::Text(spec) => view! { <TextPanel panel spec /> }.into_any(),
        _ => ().into_any(),
    }
}
