//! UTC, local time at the site, GPS seconds: by the server's clock.

use leptos::prelude::*;
use shared::gps::{LEAP_SECONDS_EXPIRE, gps_secs};
use shared::time::{MICROS_PER_SEC, Timestamp};

use crate::dom::view;
use crate::format;
use crate::reactive::Derived;
use crate::state::address::ClockName;
use crate::state::navigation::{History, use_navigation};
use crate::state::server_clock::use_now;
use crate::state::site::{SiteClock, use_site_clock};

/// All three clocks, or on a small screen the chosen one; a tap shows the next.
#[component]
pub fn Clocks() -> impl IntoView {
    let (now, site, navigation) = (use_now(), use_site_clock(), use_navigation());
    let chosen = Derived::new(move || navigation.address().with(|address| address.clock));
    let next = move |_| {
        let mut address = navigation.address().get_untracked();
        let position = ClockName::ALL.iter().position(|clock| *clock == address.clock);
        address.clock = ClockName::ALL[(position.unwrap_or(0) + 1) % ClockName::ALL.len()];
        navigation.go(&address, History::Replace);
    };
    let all = ClockName::ALL
        .into_iter()
        .map(|clock| {
            view! {
                <span class="clocks__clock">
                    {name(clock)} " " <b>{move || reading(clock, now.get(), site)}</b>
                </span>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="clocks" role="group" aria-label="Clocks">
            {all}
        </div>
        <button type="button" class="clocks clocks--one" aria-label="Show the next clock" on:click=next>
            {move || name(chosen.get())}
            " "
            <b>{move || reading(chosen.get(), now.get(), site)}</b>
        </button>
    }
    .into_any()
}

const fn name(clock: ClockName) -> &'static str {
    match clock {
        ClockName::Utc => "UTC",
        ClockName::Site => "site",
        ClockName::Gps => "GPS",
    }
}

fn reading(clock: ClockName, now: Timestamp, site: SiteClock) -> String {
    match clock {
        ClockName::Utc => format::time_of_day(now),
        ClockName::Site if site.is_known() => format::time_of_day(now.saturating_add_micros(site.offset_micros(now))),
        ClockName::Site => format::NO_VALUE.to_owned(),
        ClockName::Gps => gps(now),
    }
}

/// GPS seconds; with a question mark where a leap second may be missing from our table.
fn gps(now: Timestamp) -> String {
    let doubt = if now.as_micros().div_euclid(MICROS_PER_SEC) < LEAP_SECONDS_EXPIRE {
        ""
    } else {
        "?"
    };
    gps_secs(now).map_or_else(|| format::NO_VALUE.to_owned(), |secs| format!("{secs}{doubt}"))
}
