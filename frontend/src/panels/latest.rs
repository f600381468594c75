//! The newest sample of each channel, worst first.

use leptos::prelude::*;
use shared::dashboard::{LatestTable, Panel};

use crate::components::panel_frame::{PanelFrame, PanelState};

/// A table of the newest samples.
#[component]
pub fn LatestPanel(
    /// The panel.
    panel: Panel,
    /// Its metrics.
    spec: LatestTable,
) -> impl IntoView {
    let n_metrics = spec.metrics.len();
    view! {
        <PanelFrame
            panel
            unit=String::new()
            state=PanelState::Ready
            newest=None
            on_retry=Callback::new(|()| ())
        >
            {n_metrics}
        </PanelFrame>
    }
}
