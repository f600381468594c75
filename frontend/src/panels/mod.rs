//! One folder or file per kind of panel.

use leptos::prelude::*;
use shared::dashboard::{Panel, PanelKind};

use crate::panels::latest::LatestPanel;
use crate::panels::stat::StatPanel;
use crate::panels::text::TextPanel;
use crate::panels::timeseries::TimeseriesPanel;

pub mod latest;

pub mod stat;

pub mod text;

pub mod timeseries;

/// A panel of whatever kind.
#[component]
pub fn PanelView(
    /// What is shown.
    panel: Panel,
) -> impl IntoView {
    match panel.show.clone() {
        PanelKind::Timeseries(spec) => view! { <TimeseriesPanel panel spec /> }.into_any(),
        PanelKind::Latest(spec) => view! { <LatestPanel panel spec /> }.into_any(),
        PanelKind::Stat(spec) => view! { <StatPanel panel spec /> }.into_any(),
        PanelKind::Text(spec) => view! { <TextPanel panel spec /> }.into_any(),
        _ => ().into_any(),
    }
}
