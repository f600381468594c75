//! The panels of a tab, on a grid, as the dashboard or a person has arranged them.

use leptos::html;
use leptos::prelude::*;
use shared::dashboard::{Panel, Tab};
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

use crate::dom::{NodeRef, view};
use crate::pages::board::handles::{Drag, handles};
use crate::panels::PanelView;
use crate::reactive::{Derived, State, effect, watch};
use crate::state::arrangement::{Place, use_arrangement};
use crate::state::painted;
use crate::state::time_view::use_time_view;

pub mod handles;

/// The note and the panels of a tab.
pub fn board(tab: Tab) -> AnyView {
    let (view, arrangement) = (use_time_view(), use_arrangement());
    let grid = NodeRef::<html::Div>::new();
    let in_sight = move |panel: &&Panel| {
        let place = untrack(|| arrangement.place(&panel.id));
        place.is_none_or(|place| !place.is_hidden)
    };
    painted::begin(tab.panels.iter().filter(in_sight).map(|panel| panel.id.clone()));
    let over_time: Vec<Panel> = tab
        .panels
        .iter()
        .filter(|panel| panel.show.is_over_time())
        .cloned()
        .collect();
    // For another night the panels that show it have to be painted anew.
    watch(
        move || view.period().get(),
        move |_, before| {
            if before.is_some() {
                painted::begin(over_time.iter().filter(in_sight).map(|panel| panel.id.clone()));
            }
        },
    );
    effect(move || {
        let places = arrangement.places();
        if let Some(grid) = grid.get() {
            put_in_order(&grid, &places);
        }
    });
    let drag = State::new(None::<Drag>);
    let note = (!tab.note.is_empty()).then(|| view! { <p class="board__note">{tab.note.clone()}</p> }.into_any());
    let slots = tab.panels.into_iter().map(|panel| slot(panel, drag)).collect_view();
    let all_hidden = move || {
        let places = arrangement.places();
        let is_blank = !places.is_empty() && places.iter().all(|place| place.is_hidden);
        is_blank.then(|| {
            view! { <p class="board__blank">"All panels of this tab are hidden; bring them back under Layout"</p> }
                .into_any()
        })
    };
    view! {
        <div class="board">
            {note}
            {all_hidden}
            <div class="board__grid" node_ref=grid>
                {slots}
            </div>
        </div>
    }
    .into_any()
}

/// The place of a panel on the grid; without the panel while that is hidden, so that it asks for nothing.
fn slot(panel: Panel, drag: State<Option<Drag>>) -> AnyView {
    let arrangement = use_arrangement();
    let id = panel.id.clone();
    let original = (panel.width, panel.height);
    let place = {
        let id = id.clone();
        Derived::new(move || arrangement.place(&id))
    };
    let size = move || place.with(|place| place.as_ref().map_or(original, |place| (place.width, place.height)));
    let is_hidden = Derived::new(move || place.with(|place| place.as_ref().is_some_and(|place| place.is_hidden)));
    let title = panel.title.clone();
    let body = move || (!is_hidden.get()).then(|| view! { <PanelView panel=panel.clone() /> }.into_any());
    let drop_mark = {
        let id = id.clone();
        move || drag.with(|drag| drag.as_ref().and_then(|drag| drag.mark(&id)))
    };
    let frame = {
        let id = id.clone();
        move || (arrangement.is_arranging().get() && !is_hidden.get()).then(|| handles(&id, &title, drag))
    };
    view! {
        <div
            class="board__slot"
            data-slot=id
            data-drop=drop_mark
            hidden=move || is_hidden.get()
            style:--panel-width=move || size().0.to_string()
            style:--plot-height=move || format!("{}px", size().1)
        >
            {body}
            {frame}
        </div>
    }
    .into_any()
}

/// Moves the slots into an order, and none that stands right already: what is moved loses its scroll and its focus.
///
/// By hand, because the panels in them must live on. The focus is given back.
fn put_in_order(grid: &HtmlElement, places: &[Place]) {
    let slots = grid.children();
    let focused = document().active_element();
    let slot_of = |id: &str| {
        let all = (0..slots.length()).filter_map(|at| slots.item(at));
        all.into_iter()
            .find(|slot| slot.get_attribute("data-slot").as_deref() == Some(id))
    };
    let mut has_moved = false;
    let mut at = 0;
    for place in places {
        let Some(slot) = slot_of(&place.id) else { continue };
        let standing = slots.item(at);
        if standing.as_ref() != Some(&slot) {
            // Both are children of the grid, so that nothing is refused.
            let _ = grid.insert_before(&slot, standing.as_deref());
            has_moved = true;
        }
        at += 1;
    }
    let focused = focused.and_then(|focused| focused.dyn_into::<HtmlElement>().ok());
    if let Some(focused) = focused.filter(|focused| has_moved && grid.contains(Some(focused))) {
        // Only an element that cannot take focus refuses it.
        let _ = focused.focus();
    }
}
