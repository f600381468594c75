//! Words, such as whom to call.

use leptos::prelude::*;
use shared::dashboard::{Panel, Text};

use crate::components::panel_frame::{FrameOf, PanelState, mark_drawn, panel_frame};
use crate::dom::view;
use crate::reactive::{Callback, Derived, effect};

/// Shows what the server made of the words in the dashboard's file.
pub fn text_panel(panel: Panel, spec: Text) -> AnyView {
    let id = panel.id.clone();
    effect(move || mark_drawn(&id));
    // Safe: the server leaves nothing in it but words, lists, tables and links.
    let body = view! { <div class="text" inner_html=spec.html></div> };
    let of = FrameOf {
        panel,
        unit: Derived::new(String::new),
        state: Derived::new(|| PanelState::Ready),
        newest: Derived::new(|| None),
        on_retry: Callback::new(|()| ()),
        files: None,
    };
    panel_frame(of, body.into_any())
}
