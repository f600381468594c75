//! The application: loads what the server has to show, provides the state of the page, lays out shell and board.

use std::time::Duration;

use futures::future::join;
use gloo_timers::future::sleep;
use leptos::prelude::*;

use crate::api::{self, ApiFailure};
use crate::dom::view;
use crate::pages::board::Board;
use crate::pages::loading::{Loading, LoadingFailed};
use crate::pages::not_found::NotFound;
use crate::reactive::{Callback, Derived, State, effect, spawn};
use crate::shell::Shell;
use crate::state::arrangement::provide_arrangement;
use crate::state::catalogue::{Catalogue, metrics_of, use_catalogue};
use crate::state::chosen_channel::provide_chosen_channel;
use crate::state::connection::provide_connection;
use crate::state::cursor::provide_cursor;
use crate::state::hidden::provide_hidden;
use crate::state::in_sight::{provide_in_sight, use_in_sight};
use crate::state::navigation::{provide_navigation, use_navigation};
use crate::state::night_list::NightList;
use crate::state::opening::{self, Opening, opening};
use crate::state::refresh::provide_refresh;
use crate::state::server_clock::ServerClock;
use crate::state::site::SiteClock;
use crate::state::time_view::provide_time_view;
use crate::theme::provide_theme;

/// What the server has to show, as far as it is known.
#[derive(Clone)]
enum Load {
    Pending,
    Failed(String),
    Ready(Catalogue),
}

/// Before a question that failed is asked again.
const RETRY: Duration = Duration::from_secs(3);

/// Between two looks at the metrics: new ones appear with their first frame.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// The page, under whatever path it is mounted.
#[component]
pub fn App() -> impl IntoView {
    provide_navigation();
    provide_theme();
    provide_in_sight();
    provide_connection();
    let load = State::new(Load::Pending);
    let attempt = State::new(());
    effect(move || {
        attempt.track();
        spawn(async move {
            loop {
                match catalogue().await {
                    Ok(catalogue) => {
                        load.set(Load::Ready(catalogue));
                        return;
                    }
                    Err(failure) => load.set(Load::Failed(failure.to_string())),
                }
                sleep(RETRY).await;
            }
        });
    });
    move || match load.get() {
        Load::Pending => view! { <Loading /> }.into_any(),
        Load::Failed(message) => {
            view! { <LoadingFailed message on_retry=Callback::new(move |()| attempt.set(())) /> }.into_any()
        }
        Load::Ready(catalogue) => {
            provide_context(catalogue);
            view! { <Loaded /> }.into_any()
        }
    }
}

async fn catalogue() -> Result<Catalogue, ApiFailure> {
    // Side by side: the page waits for both.
    let (dashboards, metrics) = join(api::dashboards(), api::metrics()).await;
    Ok(Catalogue::new(dashboards?, metrics?))
}

#[component]
fn Loaded() -> impl IntoView {
    let (navigation, catalogue) = (use_navigation(), use_catalogue());
    let site = SiteClock::new(&catalogue.site());
    provide_context(site);
    let tab = Derived::new(move || navigation.address().with(|address| catalogue.tab(&address.place)));
    let metrics = Derived::new(move || tab.with(|tab| tab.as_ref().map(metrics_of).unwrap_or_default()));
    let nights = NightList::follow(metrics);
    provide_context(nights);
    let clock = expect_context::<ServerClock>();
    let opens_at = Derived::new(move || {
        tab.with(|tab| {
            tab.as_ref()
                .map_or(Opening::Pending, |tab| opening(tab, catalogue, nights, site, clock))
        })
    });
    let view = provide_time_view(opens_at);
    opening::write_down(navigation, catalogue, opens_at);
    provide_cursor();
    provide_hidden();
    provide_arrangement(navigation, catalogue);
    provide_chosen_channel(navigation, catalogue);
    provide_refresh(view);
    keep_metrics_fresh(catalogue);
    let board = move || match tab.get() {
        Some(tab) => view! { <Board tab /> }.into_any(),
        None => view! { <NotFound /> }.into_any(),
    };
    view! { <Shell tab>{board}</Shell> }
}

fn keep_metrics_fresh(catalogue: Catalogue) {
    let in_sight = use_in_sight();
    effect(move || {
        if in_sight.get() {
            spawn(async move {
                loop {
                    sleep(LOOK_AGAIN).await;
                    // A failure is the connection's to tell; what is known stays.
                    if let Ok(metrics) = api::metrics().await {
                        catalogue.update(metrics);
                    }
                }
            });
        }
    });
}
