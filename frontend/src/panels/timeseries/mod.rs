//! Lines over time.

use leptos::prelude::*;
use shared::dashboard::{Panel, Timeseries};

use crate::components::panel_frame::{PanelFrame, PanelState};

/// Draws lines over the visible range.
#[component]
pub fn TimeseriesPanel(
    /// The panel.
    panel: Panel,
    /// Its lines.
    spec: Timeseries,
) -> impl IntoView {
    let n_lines = spec.lines.len();
    view! {
        <PanelFrame
            panel
            unit=String::new()
            state=PanelState::Ready
            newest=None
            on_retry=Callback::new(|()| ())
        >
            {n_lines}
        </PanelFrame>
    }
}
