//! UTC, local time at the site, GPS seconds: by the server's clock.

use leptos::prelude::*;
use shared::gps::{LEAP_SECONDS_EXPIRE, gps_secs};
use shared::time::{MICROS_PER_SEC, Timestamp};

use crate::dom::view;
use crate::format;
use crate::state::address::ClockName;
use crate::state::catalogue::use_catalogue;
use crate::state::chosen_clock::{ahead_us, offset_name, use_chosen_clock};
use crate::state::server_clock::use_now;
use crate::state::site::{SiteClock, use_site_clock};

/// All three clocks, one of them chosen: it writes the time axes. On a small screen only that; a tap chooses the next.
pub fn clocks() -> AnyView {
    let (now, site, chosen) = (use_now(), use_site_clock(), use_chosen_clock());
    let next = move |_| {
        let position = ClockName::ALL
            .iter()
            .position(|clock| *clock == untrack(|| chosen.name()));
        chosen.choose(ClockName::ALL[(position.unwrap_or(0) + 1) % ClockName::ALL.len()]);
    };
    let all = ClockName::ALL
        .map(|clock| {
            view! {
                <button
                    type="button"
                    class="clocks__clock"
                    aria-pressed=move || (chosen.name() == clock).to_string()
                    title=move || explanation(clock, now.get(), site)
                    on:click=move |_| chosen.choose(clock)
                >
                    {name(clock)}
                    " "
                    <b>{move || reading(clock, now.get(), site)}</b>
                </button>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="clocks" role="group" aria-label="Clock of the time axes">
            {all}
        </div>
        <button
            type="button"
            class="clocks clocks--one"
            title=move || explanation(chosen.name(), now.get(), site)
            on:click=next
        >
            {move || name(chosen.name())}
            " "
            <b>{move || reading(chosen.name(), now.get(), site)}</b>
            <span class="visually-hidden">"Choose the next clock"</span>
        </button>
    }
    .into_any()
}

/// What a clock shows, with its zone.
fn explanation(clock: ClockName, now: Timestamp, site: SiteClock) -> String {
    let ahead_us = ahead_us(clock, site, now);
    match clock {
        ClockName::Utc => "Time axes in UTC".to_owned(),
        ClockName::Site if !site.is_known() => "This browser does not know the site's time zone".to_owned(),
        ClockName::Site => {
            let zone = use_catalogue().site().time_zone;
            format!("Time axes in {zone}, now {}", offset_name(ahead_us))
        }
        ClockName::Gps => format!("Time axes in GPS time, {} s ahead of UTC", ahead_us / MICROS_PER_SEC),
    }
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
