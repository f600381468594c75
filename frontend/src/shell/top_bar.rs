//! Site and dashboard, the night, the clocks, the connection.

use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::components::link::follow;
use crate::dom::view;
use crate::reactive::{Derived, State};
use crate::shell::bell::bell;
use crate::shell::clocks::clocks;
use crate::shell::connection_pill::connection_pill;
use crate::shell::more_menu::more_menu;
use crate::shell::night_picker::night_picker;
use crate::shell::silence::silence;
use crate::shell::sound::silence_button;
use crate::shell::theme_button::theme_button;
use crate::state::address::Address;
use crate::state::catalogue::use_catalogue;
use crate::state::navigation::use_navigation;

/// The first bar, with what tells whether the list of keys and the calendar are in sight.
pub fn top_bar(help_is_open: State<bool>, calendar_is_open: State<bool>) -> AnyView {
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
            {night_picker(calendar_is_open)}
            <div class="topbar__right">
                {clocks()}
                {connection_pill()}
                {silence()}
                {bell()}
                {silence_button()}
                {theme_button()}
                {more_menu(help_is_open)}
            </div>
        </header>
    }
    .into_any()
}
