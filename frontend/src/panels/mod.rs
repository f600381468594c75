//! One folder or file per kind of panel.

use leptos::prelude::*;
use shared::dashboard::{Panel, PanelKind};

use crate::dom::view;
use crate::panels::latest::LatestPanel;
use crate::panels::timeseries::TimeseriesPanel;

pub mod latest;

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
        _ => ().into_any(),
    }
}
