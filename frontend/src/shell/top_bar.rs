//! Site and dashboard, the night, the clocks, the connection.

use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::components::link::follow;
use crate::dom::view;
use crate::reactive::{Derived, State};
use crate::shell::bell::bell;
use crate::shell::clocks::Clocks;
use crate::shell::connection_pill::ConnectionPill;
use crate::shell::more_menu::more_menu;
use crate::shell::night_picker::NightPicker;
use crate::shell::silence::silence;
use crate::shell::sound::silence_button;
use crate::shell::theme_button::ThemeButton;
use crate::state::address::Address;
use crate::state::catalogue::use_catalogue;
use crate::state::navigation::use_navigation;

/// The first bar.
#[component]
pub fn TopBar(
    /// Whether the list of keys is in sight.
    help_is_open: State<bool>,
    /// Whether the calendar is in sight.
    calendar_is_open: State<bool>,
) -> impl IntoView {
    let (catalogue, navigation) = (use_catalogue(), use_navigation());
    let site = catalogue.site().name;
    let dashboard = Derived::new(move || {
        let dashboard = navigation.address().with(|address| catalogue.dashboard(&address.place));
        // A title that only repeats the name beside it says nothing.
        let site = catalogue.site().name;
        let title = dashboard
            .map(|dashboard| dashboard.title)
            .filter(|title| *title != site);
        title.unwrap_or_default()
    });
    let start_page = move || {
        navigation.address().with(|address| Address {
            theme: address.theme,
            clock: address.clock,
            ..Address::default()
        })
    };
    view! {
        <header class="topbar">
            <a
                class="brand"
                href=navigation.link(&Address::default())
                title="Start page"
                on:click=follow(navigation, start_page)
            >
                {icon(Icon::Brand)}
                <span class="brand__site">{site}</span>
                <span class="brand__dashboard">{move || dashboard.get()}</span>
            </a>
            <NightPicker is_open=calendar_is_open />
            <div class="topbar__right">
                <Clocks />
                <ConnectionPill />
                {silence()}
                {bell()}
                {silence_button()}
                <ThemeButton />
                {more_menu(help_is_open)}
            </div>
        </header>
    }
    .into_any()
}
