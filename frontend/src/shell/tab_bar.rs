//! The tabs of the dashboard, and what belongs to the tab in sight.

use leptos::prelude::*;
use leptos::{ev, html};
use shared::dashboard::Tab;
use wasm_bindgen::JsCast as _;

use crate::components::link::follow;
use crate::dom::{NodeRef, view};
use crate::reactive::{Derived, effect};
use crate::shell::MAIN_ID;
use crate::shell::layout_menu::layout_menu;
use crate::shell::tab_link::TabLinks;
use crate::shell::zoom_chip::zoom_chip;
use crate::state::catalogue::use_catalogue;
use crate::state::navigation::use_navigation;

/// The second bar, for the tab in sight.
pub fn tab_bar(tab: Derived<Option<Tab>>) -> AnyView {
    let (catalogue, navigation) = (use_catalogue(), use_navigation());
    let dashboard = Derived::new(move || navigation.address().with(|address| catalogue.dashboard(&address.place)));
    let links = TabLinks::from_here();
    let tabs = move || {
        let dashboard = dashboard.get()?;
        let tabs = dashboard.tabs.into_iter().enumerate();
        let handles = tabs.map(|(position, handle)| tab_handle(&links, &dashboard.id, handle, position, tab));
        Some(handles.collect_view().into_any())
    };
    let is_simulated = move || tab.with(|tab| tab.as_ref().is_some_and(|tab| tab.simulated));
    view! {
        <div class="tabbar">
            <nav class="tabs" role="tablist" aria-label="Tabs" on:keydown=move_focus>
                {tabs}
            </nav>
            {zoom_chip()}
            {move || is_simulated().then(|| view! { <span class="badge">"Simulated data"</span> }.into_any())}
            {layout_menu()}
        </div>
    }
    .into_any()
}

fn tab_handle(
    links: &TabLinks,
    dashboard_id: &str,
    handle: Tab,
    position: usize,
    current: Derived<Option<Tab>>,
) -> AnyView {
    let id = handle.id.clone();
    let is_current = Derived::new(move || current.with(|tab| tab.as_ref().is_some_and(|tab| tab.id == id)));
    let title = handle.title.clone();
    let dashboard_id = dashboard_id.to_owned();
    let navigation = use_navigation();
    let links = *links;
    let address = Derived::new(move || links.address(&dashboard_id, &handle));
    let anchor = NodeRef::<html::A>::new();
    // On a small screen the tabs scroll; the one that is opened by a key or a link comes into sight.
    effect(move || {
        if let Some(anchor) = anchor.get().filter(|_| is_current.get()) {
            let nearest = web_sys::ScrollIntoViewOptions::new();
            nearest.set_block(web_sys::ScrollLogicalPosition::Nearest);
            nearest.set_inline(web_sys::ScrollLogicalPosition::Nearest);
            anchor.scroll_into_view_with_scroll_into_view_options(&nearest);
        }
    });
    let key = (position < 9).then(|| view! { <kbd aria-hidden="true">{(position + 1).to_string()}</kbd> }.into_any());
    view! {
        <a
            node_ref=anchor
            class="tabs__tab"
            role="tab"
            href=move || address.with(|address| navigation.link(address))
            on:click=follow(navigation, move || address.get())
            aria-selected=move || is_current.get().to_string()
            aria-controls=MAIN_ID
            tabindex=move || if is_current.get() { "0" } else { "-1" }
        >
            {key}
            {title}
        </a>
    }
    .into_any()
}

/// Arrow keys go from handle to handle, Home and End to the first and the last; Enter opens, as for any link.
fn move_focus(event: ev::KeyboardEvent) {
    let Some(list) = event
        .current_target()
        .and_then(|list| list.dyn_into::<web_sys::Element>().ok())
    else {
        return;
    };
    let handles: Vec<web_sys::HtmlElement> = (0..list.child_element_count())
        .filter_map(|index| list.children().item(index)?.dyn_into().ok())
        .collect();
    let focused = document().active_element();
    let position = handles
        .iter()
        .position(|handle| focused.as_ref().is_some_and(|focused| **handle == *focused));
    // After a click of the mouse arrows still step the night: nobody sees where the focus is.
    let is_led_by_keys = focused.is_some_and(|focused| focused.matches(":focus-visible").unwrap_or(false));
    let Some(position) = position.filter(|_| is_led_by_keys) else {
        return;
    };
    let n = handles.len();
    let target = match event.key().as_str() {
        "ArrowLeft" => (position + n - 1) % n,
        "ArrowRight" => (position + 1) % n,
        "Home" => 0,
        "End" => n - 1,
        _ => return,
    };
    event.prevent_default();
    // Only an element that cannot take focus refuses it.
    let _ = handles[target].focus();
}
