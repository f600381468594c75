//! Which night is in sight, and the way to any other time.

use leptos::prelude::*;
use leptos::{ev, html};
use shared::time::TimeRange;

use crate::browser::listen::{self, on_window};
use crate::components::icon::{Icon, icon};
use crate::dom::{NodeRef, view};
use crate::format;
use crate::live::use_live;
use crate::reactive::{Callback, Derived, State, effect};
use crate::shell::calendar::calendar;
use crate::state::address::Period;
use crate::state::time_view::use_time_view;

/// Previous, the night in sight with its calendar, next; `is_open` tells whether that is in sight.
pub fn night_picker(is_open: State<bool>) -> AnyView {
    let view = use_time_view();
    let root = NodeRef::<html::Div>::new();
    let opener = NodeRef::<html::Button>::new();
    let name = Derived::new(move || match view.period().get() {
        Some(Period::Night(date)) => format::long_date(date),
        Some(Period::Range(range)) => range_name(range),
        Some(Period::Last(lookback)) => lookback.name(),
        None => "Looking for the newest night …".to_owned(),
    });
    let hours = Derived::new(move || match (view.period().get(), view.base().get()) {
        (Some(Period::Night(_)), Some(range)) => hours_of(range),
        (Some(Period::Last(lookback)), _) if lookback.delay_secs > 0 => format!("{} s behind now", lookback.delay_secs),
        (Some(Period::Last(_)), _) => "up to now".to_owned(),
        (Some(Period::Range(_)), _) => "UTC".to_owned(),
        _ => String::new(),
    });
    effect(move || {
        let title = name.get();
        let site = crate::state::catalogue::use_catalogue().site().name;
        document().set_title(&format!("{site} · {title}"));
    });
    let is_night = move || matches!(view.period().get(), None | Some(Period::Night(_)));
    let close = move || {
        is_open.set(false);
        if let Some(opener) = opener.get_untracked() {
            // Only an element that cannot take focus refuses it.
            let _ = opener.focus();
        }
    };
    let close_on_escape = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && is_open.get_untracked() {
            event.stop_propagation();
            close();
        }
    };
    close_when_clicked_outside(root, is_open);
    view! {
        <div class="night" role="group" aria-label="Time in sight" node_ref=root on:keydown=close_on_escape>
            <button
                type="button"
                class="night__step"
                aria-label=move || if is_night() { "Previous night" } else { "Previous range" }
                on:click=move |_| view.step(-1)
            >
                {icon(Icon::Left)}
            </button>
            <button
                type="button"
                class="night__date"
                node_ref=opener
                aria-haspopup="dialog"
                aria-expanded=move || is_open.get().to_string()
                on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
            >
                <span class="night__name">{move || name.get()}</span>
                <span class="night__hours">{move || hours.get()}</span>
                {icon(Icon::Down)}
            </button>
            <button
                type="button"
                class="night__step"
                aria-label=move || if is_night() { "Next night" } else { "Next range" }
                on:click=move |_| view.step(1)
            >
                {icon(Icon::Right)}
            </button>
            {live_button()}
            {move || is_open.get().then(|| untrack(|| calendar(Callback::new(move |()| close()))))}
        </div>
    }
    .into_any()
}

/// Says whether the page follows now, or has been paused, and leads there.
fn live_button() -> AnyView {
    let (view, paused) = (use_time_view(), use_live().paused());
    let is_live = Derived::new(move || view.is_present() && paused.get().is_none());
    view! {
        <button
            type="button"
            class="night__live"
            aria-pressed=move || is_live.get().to_string()
            title="Follow now (L); Space pauses"
            on:click=move |_| view.go_live()
        >
            {move || if paused.get().is_some() { "Paused" } else { "Live" }}
        </button>
    }
    .into_any()
}

fn hours_of(range: TimeRange) -> String {
    format!(
        "{} – {} UTC",
        format::hour_and_minute(range.start()),
        format::hour_and_minute(range.end())
    )
}

fn range_name(range: TimeRange) -> String {
    format!(
        "{} – {}",
        format::date_and_minute(range.start()),
        format::date_and_minute(range.end())
    )
}

fn close_when_clicked_outside(root: NodeRef<html::Div>, is_open: State<bool>) {
    on_window("pointerdown", move |event| {
        if !is_open.get_untracked() {
            return;
        }
        let target = listen::target(&event);
        let target = target.as_deref();
        if !root.get_untracked().is_some_and(|root| root.contains(target)) {
            is_open.set(false);
        }
    });
}
