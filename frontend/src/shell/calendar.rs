//! The calendar: which nights hold data, and how complete they are.

use leptos::prelude::*;
use leptos::{ev, html};
use shared::query::nights::Night;
use shared::time::{Date, days_in_month};

use crate::browser::number::text_of;
use crate::components::icon::{Icon, icon};
use crate::dom::{NodeRef, view};
use crate::format;
use crate::reactive::{Callback, Derived, State, effect, spawn};
use crate::shell::quick_choices::quick_choices;
use crate::shell::range_form::range_form;
use crate::state::address::Period;
use crate::state::night_list::use_night_list;
use crate::state::server_clock::use_now;
use crate::state::site::use_site_clock;
use crate::state::time_view::use_time_view;

/// From this completeness on a night counts as complete.
const COMPLETE: f64 = 0.95;

/// A month of nights, ways to the newest night and to any range; `on_close` puts it away.
pub fn calendar(on_close: Callback<()>) -> AnyView {
    let (view, site, nights) = (use_time_view(), use_site_clock(), use_night_list());
    let shown_night = view.base().get_untracked().map_or_else(
        || site.date_of(use_now().get_untracked()),
        |base| site.date_of(base.start()),
    );
    // The day that the keyboard is at; its month is in sight.
    let at = State::new(shown_night);
    let month = Derived::new(move || first_of_month(at.get()));
    effect(move || {
        let first = month.get();
        spawn(async move { nights.reach_back_to(first).await });
    });
    let grid = NodeRef::<html::Div>::new();
    let open = Callback::new(move |date: Date| {
        view.open(Period::Night(date));
        on_close.run(());
    });
    let turn = move |n_months: i64| at.update(|at| *at = add_months(*at, n_months));
    let arrow = move |label: &'static str, text: AnyView, n_months: i64| {
        view! {
            <button type="button" class="iconbutton" aria-label=label on:click=move |_| turn(n_months)>
                {text}
            </button>
        }
    };
    view! {
        <div class="calendar" role="dialog" aria-label="Choose a night">
            <header class="calendar__header">
                {arrow("Previous year", "«".into_any(), -12)}
                {arrow("Previous month", icon(Icon::Left), -1)}
                <h2 class="calendar__month" aria-live="polite">
                    {move || format!("{} {}", format::month_name(month.get().month()), month.get().year())}
                </h2>
                {arrow("Next month", icon(Icon::Right), 1)}
                {arrow("Next year", "»".into_any(), 12)}
            </header>
            <div
                class="calendar__days"
                role="grid"
                aria-label="Nights"
                node_ref=grid
                on:keydown=move |event| move_day(&event, at, grid)
            >
                <div class="calendar__week" role="row">
                    {format::WEEKDAYS
                        .map(|day| view! { <span role="columnheader" aria-label=day>{&day[..1]}</span> }.into_any())
                        .collect_view()}
                </div>
                {move || weeks(month.get()).into_iter().map(|week| week_row(&week, at, open)).collect_view()}
            </div>
            <p class="calendar__status" role="status">
                {move || status(month.get())}
            </p>
            {quick_choices(on_close)}
            {range_form(on_close)}
        </div>
    }
    .into_any()
}

/// What is known of the month in sight; empty where all is.
fn status(month: Date) -> String {
    let nights = use_night_list();
    if nights.is_known_from(month) {
        String::new()
    } else if let Some(failure) = nights.failure() {
        format!("Which nights hold data is not known: {failure}")
    } else {
        "Looking for nights with data …".to_owned()
    }
}

fn week_row(week: &[Option<Date>; 7], at: State<Date>, open: Callback<Date>) -> AnyView {
    let days = week.map(|date| match date {
        Some(date) => day_cell(date, at, open),
        None => view! { <span role="gridcell"></span> }.into_any(),
    });
    view! {
        <div class="calendar__week" role="row">
            {days.collect_view()}
        </div>
    }
    .into_any()
}

fn day_cell(date: Date, at: State<Date>, open: Callback<Date>) -> AnyView {
    let (view, nights) = (use_time_view(), use_night_list());
    let night = Derived::new(move || nights.get(date));
    let is_selected = move || view.period().get() == Some(Period::Night(date));
    let button = NodeRef::<html::Button>::new();
    // The focus follows the keys, and starts at the night in sight.
    effect(move || {
        if let Some(button) = button.get().filter(|_| at.get() == date) {
            // Only an element that cannot take focus refuses it.
            let _ = button.focus();
        }
    });
    view! {
        <span role="gridcell" aria-selected=move || is_selected().to_string()>
            <button
                node_ref=button
                type="button"
                class="calendar__day"
                data-date=date.to_string()
                data-data=move || night.with(|night| fill_name(night.as_ref()))
                aria-current=move || is_selected().then_some("date")
                aria-label=move || night.with(|night| day_label(date, night.as_ref()))
                tabindex=move || if at.get() == date { "0" } else { "-1" }
                on:click=move |_| open.run(date)
            >
                {date.day().to_string()}
                <span
                    class="calendar__fill"
                    style:--fill=move || night.with(|night| text_of(fill_of(night.as_ref())))
                ></span>
            </button>
        </span>
    }
    .into_any()
}

/// How much of a night's bar is filled, 0 to 1; full where no interval is known to compare with.
fn fill_of(night: Option<&Night>) -> f64 {
    night.map_or(0.0, |night| night.completeness.unwrap_or(1.0).clamp(0.05, 1.0))
}

fn fill_name(night: Option<&Night>) -> &'static str {
    match night {
        None => "none",
        Some(night) if night.completeness.is_none_or(|part| part >= COMPLETE) => "complete",
        Some(_) => "part",
    }
}

fn day_label(date: Date, night: Option<&Night>) -> String {
    let date = format::long_date(date);
    match night {
        None => format!("{date}, no data"),
        Some(night) => match night.completeness {
            // Rounded down: a night that lacks one frame is not complete.
            Some(part) => format!("{date}, {} % complete", text_of((part * 100.0).floor())),
            None => format!("{date}, {} frames", format::count(night.frames)),
        },
    }
}

/// Arrows by day and week, Home and End in the week, Page keys by month, with shift by year.
fn move_day(event: &ev::KeyboardEvent, at: State<Date>, grid: NodeRef<html::Div>) {
    let date = at.get_untracked();
    let n_months = if event.shift_key() { 12 } else { 1 };
    let weekday = i64::from(date.days_since_monday());
    let target = match event.key().as_str() {
        "ArrowLeft" => date.add_days(-1),
        "ArrowRight" => date.add_days(1),
        "ArrowUp" => date.add_days(-7),
        "ArrowDown" => date.add_days(7),
        "Home" => date.add_days(-weekday),
        "End" => date.add_days(6 - weekday),
        "PageUp" => add_months(date, -n_months),
        "PageDown" => add_months(date, n_months),
        _ => return,
    };
    event.prevent_default();
    if grid.get_untracked().is_some() {
        at.set(target);
    }
}

fn first_of_month(date: Date) -> Date {
    date.add_days(1 - i64::from(date.day()))
}

/// The same day of another month, or its last day where that is shorter; stays inside the calendar.
fn add_months(date: Date, n_months: i64) -> Date {
    let months = i64::from(date.year()) * 12 + i64::from(date.month()) - 1 + n_months;
    let year = i16::try_from(months.div_euclid(12)).ok();
    let month = u8::try_from(months.rem_euclid(12) + 1).ok();
    year.zip(month)
        .and_then(|(year, month)| Date::new(year, month, date.day().min(days_in_month(year, month))))
        .unwrap_or(date)
}

/// The weeks of a month from Monday; days of other months are left out.
fn weeks(first: Date) -> Vec<[Option<Date>; 7]> {
    let n_days = i64::from(days_in_month(first.year(), first.month()));
    let lead = i64::from(first.days_since_monday());
    let n_weeks = (lead + n_days + 6) / 7;
    (0..n_weeks)
        .map(|week| {
            std::array::from_fn(|weekday| {
                let day = week * 7 + i64::try_from(weekday).unwrap_or(0) - lead;
                (0..n_days).contains(&day).then(|| first.add_days(day))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_is_laid_out_from_monday() {
        let weeks = weeks(date("2026-11-01"));
        assert_eq!(weeks.len(), 6);
        assert_eq!(weeks[0], [None, None, None, None, None, None, Some(date("2026-11-01"))]);
        assert_eq!(weeks[5][0], Some(date("2026-11-30")));
        assert_eq!(weeks[5][1], None);
    }

    #[test]
    fn a_month_further_keeps_the_day_where_it_can() {
        assert_eq!(add_months(date("2026-01-31"), 1), date("2026-02-28"));
        assert_eq!(add_months(date("2026-01-31"), -1), date("2025-12-31"));
        assert_eq!(add_months(date("2024-02-29"), 12), date("2025-02-28"));
        assert_eq!(add_months(date("9999-12-31"), 1), date("9999-12-31"));
    }

    #[test]
    fn a_day_says_how_much_of_it_is_there() {
        let night = Night {
            date: date("2026-11-20"),
            start: "2026-11-20T12:00:00Z".parse().unwrap(),
            end: "2026-11-21T12:00:00Z".parse().unwrap(),
            frames: 1_439,
            completeness: Some(0.999),
        };
        assert_eq!(day_label(night.date, Some(&night)), "Fri 20 Nov 2026, 99 % complete");
        assert_eq!(day_label(night.date, None), "Fri 20 Nov 2026, no data");
        assert_eq!(fill_name(Some(&night)), "complete");
        let part = Night {
            completeness: Some(0.6),
            ..night
        };
        assert_eq!(fill_name(Some(&part)), "part");
    }
}
