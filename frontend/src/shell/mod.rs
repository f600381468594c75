//! What surrounds the panels: bars, night picker, clocks, theme, keys.

use leptos::prelude::*;
use shared::dashboard::Tab;

use crate::dom::view;
use crate::reactive::{Derived, State};
use crate::shell::help::help;
use crate::shell::notices::notices;
use crate::shell::sky_strip::sky_strip;
use crate::shell::tab_bar::tab_bar;
use crate::shell::top_bar::top_bar;
use crate::state::wallboard::use_wallboard;

pub mod bell;

pub mod calendar;

pub mod clocks;

pub mod connection_pill;

pub mod help;

pub mod layout_export;

pub mod layout_menu;

pub mod night_picker;

pub mod more_menu;

pub mod notices;

pub mod quick_choices;

pub mod range_form;

pub mod shortcuts;

pub mod silence;

pub mod sky_strip;

pub mod sound;

pub mod tab_bar;

pub mod tab_link;

pub mod theme_button;

pub mod top_bar;

pub mod zoom_chip;

/// Where the skip link and the tabs lead.
pub const MAIN_ID: &str = "panels";

/// Bars above, and below them what fills the window. `tab` is the one in sight; `None` for an address that leads nowhere.
pub fn shell(tab: Derived<Option<Tab>>, content: AnyView) -> AnyView {
    let help_is_open = State::new(false);
    let calendar_is_open = State::new(false);
    let wallboard = use_wallboard();
    shortcuts::listen(help_is_open, calendar_is_open);
    view! {
        <a class="skiplink" href=format!("#{MAIN_ID}") rel="external" on:click=focus_main>
            "Skip to the panels"
        </a>
        <div class="bars" data-wall=move || wallboard.turning().as_str()>
            {top_bar(help_is_open, calendar_is_open)}
            {tab_bar(tab)}
        </div>
        {notices(tab)}
        {move || tab.with(Option::is_some).then(sky_strip).flatten()}
        <main
            id=MAIN_ID
            class="main"
            tabindex="-1"
            role=move || tab.with(Option::is_some).then_some("tabpanel")
            aria-label="Panels"
        >
            {content}
        </main>
        {help(help_is_open)}
    }
    .into_any()
}

/// By hand, because the link must not become part of the address.
fn focus_main(event: leptos::ev::MouseEvent) {
    event.prevent_default();
    let main = document().get_element_by_id(MAIN_ID);
    if let Some(main) = main.and_then(|main| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(main).ok()) {
        // Only an element that cannot take focus refuses it.
        let _ = main.focus();
    }
}
