//! The application: loads what the server has to show, provides the state of the page, lays out shell and board.

use std::mem;
use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::*;

use crate::api::{self, ApiFailure};
use crate::dom::any;
use crate::pages::alarms::alarms_page;
use crate::pages::board::board;
use crate::pages::loading::{loading, loading_failed};
use crate::pages::not_found::not_found;
use crate::pages::streams::streams_page;
use crate::reactive::{Callback, Derived, State, effect, spawn, watch};
use crate::shell::shell;
use crate::shell::sound::provide_sound;
use crate::shell::tab_link::TabLinks;
use crate::state::address::{Page, Period};
use crate::state::alarms::provide_alarms;
use crate::state::arrangement::provide_arrangement;
use crate::state::catalogue::{Catalogue, metrics_of, use_catalogue};
use crate::state::chosen_channel::provide_chosen_channel;
use crate::state::chosen_clock::provide_chosen_clock;
use crate::state::connection::{DashboardsRevision, provide_connection};
use crate::state::cursor::provide_cursor;
use crate::state::hidden::provide_hidden;
use crate::state::in_sight::{provide_in_sight, use_in_sight};
use crate::state::navigation::{provide_navigation, use_navigation};
use crate::state::night_list::NightList;
use crate::state::opening::{self, Opening, opening};
use crate::state::pins::provide_pins;
use crate::state::refresh::provide_refresh;
use crate::state::server_clock::ServerClock;
use crate::state::site::SiteClock;
use crate::state::streams::provide_streams;
use crate::state::time_view::provide_time_view;
use crate::state::wallboard::provide_wallboard;
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

/// Between two looks at dashboards and metrics: files are edited, and new metrics appear with their first frame.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// The page, under whatever path it is mounted.
pub fn app() -> AnyView {
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
    any(move || match load.get() {
        Load::Pending => loading(),
        Load::Failed(message) => loading_failed(message, Callback::new(move |()| attempt.set(()))),
        Load::Ready(catalogue) => {
            provide_context(catalogue);
            untrack(loaded)
        }
    })
}

async fn catalogue() -> Result<Catalogue, ApiFailure> {
    let (dashboards, metrics) = api::dashboards_and_metrics().await;
    Ok(Catalogue::new(dashboards?, metrics?))
}

fn loaded() -> AnyView {
    let (navigation, catalogue) = (use_navigation(), use_catalogue());
    let site = SiteClock::new(&catalogue.site());
    provide_context(site);
    provide_chosen_clock();
    let page = Derived::new(move || navigation.address().with(|address| address.place.page));
    let tab = Derived::new(move || navigation.address().with(|address| catalogue.tab(&address.place)));
    let metrics = Derived::new(move || {
        // One that does not exist is its panel's mistake, and no reason to know nothing of the nights of the others.
        tab.with(|tab| {
            tab.as_ref()
                .map(|tab| catalogue.known(metrics_of(tab)))
                .unwrap_or_default()
        })
    });
    let nights = NightList::follow(metrics);
    provide_context(nights);
    let clock = expect_context::<ServerClock>();
    let opens_at = Derived::new(move || {
        tab.with(|tab| {
            match tab {
                Some(tab) => opening(tab, catalogue, nights, site, clock),
                // Alarms are about now.
                None if page.get() != Page::Board => Opening::At(Period::Night(site.date_of(clock.read()))),
                None => Opening::Pending,
            }
        })
    });
    let view = provide_time_view(opens_at);
    opening::write_down(navigation, catalogue, opens_at);
    let links = TabLinks::from_here();
    provide_wallboard(move || links.next_untracked());
    provide_cursor();
    provide_hidden();
    provide_pins();
    provide_arrangement(navigation, catalogue);
    provide_chosen_channel(navigation, catalogue);
    provide_refresh(view);
    provide_alarms();
    provide_streams();
    provide_sound();
    keep_fresh(catalogue);
    let content = move || match (page.get(), tab.get()) {
        (Page::Alarms, _) => alarms_page(),
        (Page::Streams, _) => streams_page(),
        (Page::Board, Some(tab)) => untrack(|| board(tab)),
        (Page::Board, None) => untrack(not_found),
    };
    shell(tab, any(content))
}

fn keep_fresh(catalogue: Catalogue) {
    let in_sight = use_in_sight();
    // Files are edited while the page is open: the line tells at once.
    let revision = expect_context::<DashboardsRevision>().0;
    watch(
        move || revision.get(),
        move |_, before| {
            if before.is_some() {
                spawn(look_again(catalogue));
            }
        },
    );
    let mut has_run = false;
    effect(move || {
        let has_come_back = mem::replace(&mut has_run, true);
        if in_sight.get() {
            spawn(async move {
                if has_come_back {
                    look_again(catalogue).await;
                }
                loop {
                    sleep(LOOK_AGAIN).await;
                    look_again(catalogue).await;
                }
            });
        }
    });
}

/// A failure is the connection's to tell; what is known stays.
async fn look_again(catalogue: Catalogue) {
    let (dashboards, metrics) = api::dashboards_and_metrics().await;
    if let Ok(metrics) = metrics {
        catalogue.update(metrics);
    }
    if let Ok(dashboards) = dashboards {
        if dashboards.site != catalogue.site() {
            // Nights, clocks and titles hang on it: all begins anew, at the same address.
            let _ = window().location().reload();
            return;
        }
        catalogue.update_dashboards(dashboards);
    }
}
