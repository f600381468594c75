//! The panels of a tab, on a grid.

use leptos::prelude::*;
use shared::dashboard::Tab;

use crate::panels::PanelView;
use crate::state::painted;
use crate::state::time_view::use_time_view;

/// The note and the panels of a tab.
#[component]
pub fn Board(
    /// The tab.
    tab: Tab,
) -> impl IntoView {
    let view = use_time_view();
    let ids: Vec<String> = tab.panels.iter().map(|panel| panel.id.clone()).collect();
    // Also for another night of the same tab: its panels have to be painted anew.
    let paint = Memo::new(move |_| {
        view.base().track();
        painted::begin(ids.iter().cloned());
    });
    paint.track();
    let panels = tab
        .panels
        .iter()
        .map(|panel| view! { <PanelView panel=panel.clone() /> })
        .collect_view();
    let note = (!tab.note.is_empty()).then(|| view! { <p class="board__note">{tab.note.clone()}</p> });
    view! {
        <div class="board">
            {note}
            <div class="board__grid">{panels}</div>
        </div>
    }
    .into_any()
}
