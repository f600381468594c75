//! Words, such as whom to call.

use leptos::prelude::*;
use shared::dashboard::{Panel, Text};

use crate::components::panel_frame::{PanelFrame, PanelState, mark_drawn};
use crate::dom::view;
use crate::reactive::{Callback, Derived, effect};

/// Shows what the server made of the words in the dashboard's file.
#[component]
pub fn TextPanel(
    /// The panel.
    panel: Panel,
    /// Its words.
    spec: Text,
) -> impl IntoView {
    let id = panel.id.clone();
    effect(move || mark_drawn(&id));
    view! {
        <PanelFrame
            panel
            unit=Derived::new(String::new)
            state=Derived::new(|| PanelState::Ready)
            newest=Derived::new(|| None)
            on_retry=Callback::new(|()| ())
        >
            // Safe: the server leaves nothing in it but words, lists, tables and links.
            <div class="text" inner_html=spec.html></div>
        </PanelFrame>
    }
    .into_any()
}
