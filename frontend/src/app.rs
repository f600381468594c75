//! The application: loads what the server has to show, provides the state of the page, lays out shell and board.

use leptos::prelude::*;
use leptos_router::components::Router;
use shared::dashboard::Tab;

use crate::api;
use crate::browser::location::base_path;
use crate::pages::board::Board;
use crate::pages::not_found::NotFound;
use crate::state::catalogue::{Catalogue, metrics_of, use_catalogue};
use crate::state::connection::provide_connection;
use crate::state::cursor::provide_cursor;
use crate::state::hidden::provide_hidden;
use crate::state::navigation::{provide_navigation, use_navigation};
use crate::state::night_list::NightList;
use crate::state::opening::{self, Opening, opening};
use crate::state::refresh::provide_refresh;
use crate::state::server_clock::ServerClock;
use crate::state::site::SiteClock;
use crate::state::time_view::provide_time_view;
use crate::theme::provide_theme;

/// The page.
#[component]
pub fn App() -> impl IntoView {
    let base = base_path();
    view! {
        <Router base=base>
            <Page />
        </Router>
    }
}

#[component]
fn Page() -> impl IntoView {
    provide_navigation();
    provide_theme();
    provide_connection();
    let catalogue = RwSignal::new(None::<Catalogue>);
    leptos::task::spawn_local(async move {
        if let (Ok(dashboards), Ok(metrics)) = (api::dashboards().await, api::metrics().await) {
            catalogue.set(Some(Catalogue::new(dashboards, metrics)));
        }
    });
    move || {
        catalogue.get().map(|catalogue| {
            provide_context(catalogue);
            view! { <Loaded /> }
        })
    }
}

#[component]
fn Loaded() -> impl IntoView {
    let (navigation, catalogue) = (use_navigation(), use_catalogue());
    let site = SiteClock::new(&catalogue.site());
    provide_context(site);
    let tab = Memo::new(move |_| navigation.address().with(|address| catalogue.tab(&address.place)));
    let metrics = Memo::new(move |_| tab.with(|tab| tab.as_ref().map(metrics_of).unwrap_or_default()));
    let nights = NightList::follow(metrics);
    provide_context(nights);
    let clock = expect_context::<ServerClock>();
    let opens_at = Memo::new(move |_| {
        tab.with(|tab| {
            tab.as_ref()
                .map_or(Opening::Pending, |tab| opening(tab, catalogue, nights, site, clock))
        })
    });
    let view = provide_time_view(opens_at);
    opening::write_down(navigation, opens_at);
    provide_cursor();
    provide_hidden();
    provide_refresh(view);
    move || match tab.get() {
        Some(tab) => board(tab),
        None => view! { <NotFound /> }.into_any(),
    }
}

fn board(tab: Tab) -> AnyView {
    view! { <Board tab /> }.into_any()
}
