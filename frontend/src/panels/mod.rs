//! One folder or file per kind of panel.

use leptos::prelude::*;
use shared::dashboard::{Panel, PanelKind};

use crate::dom::view;
use crate::panels::latest::LatestPanel;
use crate::panels::plot::PlotPanel;
use crate::panels::plot::spec::PlotSpec;

pub mod latest;

pub mod plot;

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
        _ => ().into_any(),
    }
}
