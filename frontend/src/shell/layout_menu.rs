//! The menu of the board: arranging its panels, bringing hidden ones back, taking the arrangement along.

use leptos::prelude::*;

use crate::components::menu::{item, menu};
use crate::dom::view;
use crate::reactive::State;
use crate::shell::layout_export::layout_export;
use crate::state::arrangement::{Arrangement, use_arrangement};

/// The button with the menu, and the dialog that it opens.
pub fn layout_menu() -> AnyView {
    let arrangement = use_arrangement();
    let is_exporting = State::new(false);
    // A hidden panel must not be forgotten.
    let label = move || match hidden(arrangement).len() {
        0 => "Layout".to_owned(),
        n => format!("Layout · {n} hidden"),
    };
    let done = move || {
        arrangement.is_arranging().get().then(|| {
            view! {
                <button type="button" class="chip chip--active" on:click=move |_| arrangement.is_arranging().set(false)>
                    "Done"
                </button>
            }
            .into_any()
        })
    };
    let face = view! { <span>{label}</span> }.into_any();
    view! {
        {done}
        {menu("chip", None, face, move |is_open| items(arrangement, is_open, is_exporting))}
        {layout_export(is_exporting)}
    }
    .into_any()
}

fn items(arrangement: Arrangement, is_open: State<bool>, is_exporting: State<bool>) -> AnyView {
    let is_arranging = arrangement.is_arranging();
    let arrange = if is_arranging.get_untracked() {
        "Stop arranging"
    } else {
        "Arrange panels"
    };
    let show = |(id, title): (String, String)| {
        item(format!("Show {title}"), is_open, move || {
            arrangement.set_hidden(&id, false);
        })
    };
    let reset = untrack(|| arrangement.is_changed()).then(|| {
        item("Reset to the dashboard's file".to_owned(), is_open, move || {
            arrangement.reset();
        })
    });
    view! {
        {item(arrange.to_owned(), is_open, move || is_arranging.set(!is_arranging.get_untracked()))}
        {untrack(|| hidden(arrangement)).into_iter().map(show).collect_view()}
        {reset}
        {item("Export as TOML …".to_owned(), is_open, move || is_exporting.set(true))}
    }
    .into_any()
}

/// Id and title of each hidden panel; tracks.
fn hidden(arrangement: Arrangement) -> Vec<(String, String)> {
    let title = |id: &str| {
        arrangement.tab().with(|tab| {
            let panel = tab.as_ref()?.panels.iter().find(|panel| panel.id == id)?;
            Some(panel.title.clone())
        })
    };
    let places = arrangement.places().into_iter().filter(|place| place.is_hidden);
    places
        .map(|place| (place.id.clone(), title(&place.id).unwrap_or(place.id)))
        .collect()
}
