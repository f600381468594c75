//! For an address that leads nowhere: where one could have gone instead.

use leptos::prelude::*;

use crate::components::link::follow;
use crate::dom::view;
use crate::state::address::{Address, Place};
use crate::state::catalogue::use_catalogue;
use crate::state::navigation::use_navigation;

/// Says what is not there and lists everything that is.
pub fn not_found() -> AnyView {
    let (catalogue, navigation) = (use_catalogue(), use_navigation());
    let missing = move || navigation.address().with(|address| what_is_missing(&address.place));
    let dashboards = catalogue.dashboards();
    let advice = if dashboards.is_empty() {
        "No dashboard is configured; put a TOML file into the dashboards folder and start the server again"
    } else {
        "These exist:"
    };
    let list = dashboards
        .into_iter()
        .map(|dashboard| {
            let tabs = dashboard
                .tabs
                .iter()
                .map(|tab| {
                    let address = Address {
                        place: Place::of(&dashboard.id, &tab.id),
                        ..Address::default()
                    };
                    view! {
                        <li>
                            <a href=navigation.link(&address) on:click=follow(navigation, move || address.clone())>
                                {tab.title.clone()}
                            </a>
                        </li>
                    }
                    .into_any()
                })
                .collect_view();
            view! {
                <section>
                    <h2>{dashboard.title.clone()}</h2>
                    <ul>{tabs}</ul>
                </section>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="notfound">
            <h1>{missing}</h1>
            <p>{advice}</p>
            {list}
        </div>
    }
    .into_any()
}

fn what_is_missing(place: &Place) -> String {
    match (&place.dashboard, &place.tab) {
        _ if place.unknown => "There is no such page".to_owned(),
        (Some(dashboard), Some(tab)) => format!("There is no tab \"{tab}\" in a dashboard \"{dashboard}\""),
        (Some(dashboard), None) => format!("There is no dashboard \"{dashboard}\""),
        _ => "There is nothing to show yet".to_owned(),
    }
}
