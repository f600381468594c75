//! Times that are one click away: the newest night, tonight, the last hours, the shifts of the night in sight.

use leptos::prelude::*;

use crate::dom::view;
use crate::reactive::Callback;
use crate::state::address::Period;
use crate::state::catalogue::{metrics_of, use_catalogue};
use crate::state::follow::Lookback;
use crate::state::navigation::use_navigation;
use crate::state::night_list::use_night_list;
use crate::state::server_clock::use_now;
use crate::state::site::use_site_clock;
use crate::state::time_view::use_time_view;

/// The choices of windows that slide with now, in seconds.
const LAST_SECS: [u32; 7] = [300, 900, 3_600, 10_800, 21_600, 43_200, 86_400];

/// Below the month.
pub fn quick_choices(on_close: Callback<()>) -> AnyView {
    let (view, site, nights) = (use_time_view(), use_site_clock(), use_night_list());
    let (catalogue, navigation, now) = (use_catalogue(), use_navigation(), use_now());
    let newest = move || {
        nights
            .newest_night()
            .map(|date| choice("Newest night", Period::Night(date), on_close))
    };
    let all_data = move || {
        let tab = navigation.address().with(|address| catalogue.tab(&address.place))?;
        let extent = catalogue.extent(&metrics_of(&tab))?;
        Some(choice("All data", Period::Range(extent), on_close))
    };
    let tonight = site.date_of(now.get_untracked());
    let night_in_sight = view
        .base()
        .get_untracked()
        .map_or(tonight, |base| site.date_of(base.start()));
    let shifts = catalogue
        .site()
        .shifts
        .into_iter()
        .filter_map(|shift| {
            let range = site.shift(night_in_sight, &shift)?;
            Some(choice(&shift.name, Period::Range(range), on_close))
        })
        .collect_view();
    let windows = LAST_SECS
        .map(|secs| {
            let lookback = Lookback::of_secs(secs);
            choice(&lookback.name(), Period::Last(lookback), on_close)
        })
        .collect_view();
    view! {
        <div class="calendar__quick">
            {newest}
            {choice("Tonight", Period::Night(tonight), on_close)}
            {all_data}
            {shifts}
        </div>
        <div class="calendar__quick">{windows}</div>
    }
    .into_any()
}

fn choice(text: &str, period: Period, on_close: Callback<()>) -> AnyView {
    let view = use_time_view();
    let choose = move |_| {
        view.open(period);
        on_close.run(());
    };
    view! {
        <button type="button" class="chip" on:click=choose>
            {text.to_owned()}
        </button>
    }
    .into_any()
}
