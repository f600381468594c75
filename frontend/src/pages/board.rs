//! The panels of a tab, on a grid.

use leptos::prelude::*;
use shared::dashboard::Tab;

use crate::dom::view;
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
    painted::begin(tab.panels.iter().map(|panel| panel.id.clone()));
    let over_time: Vec<String> = tab
        .panels
        .iter()
        .filter(|panel| panel.show.is_over_time())
        .map(|panel| panel.id.clone())
        .collect();
    // For another night the panels that show it have to be painted anew.
    Effect::watch(
        move || view.base().get(),
        move |_, before, _| {
            if before.is_some_and(Option::is_some) {
                painted::begin(over_time.iter().cloned());
            }
        },
        false,
    );
    let panels = tab
        .panels
        .iter()
        .map(|panel| view! { <PanelView panel=panel.clone() /> }.into_any())
        .collect_view();
    let note = (!tab.note.is_empty()).then(|| view! { <p class="board__note">{tab.note.clone()}</p> }.into_any());
    view! {
        <div class="board">
            {note}
            <div class="board__grid">{panels}</div>
        </div>
    }
    .into_any()
}
