//! What went wrong with the page as a whole.

use leptos::prelude::*;
use shared::dashboard::{BrokenFile, Tab};

use crate::browser::location::base_uri;
use crate::components::icon::{Icon, icon};
use crate::dom::view;
use crate::format;
use crate::reactive::Derived;
use crate::shell::sound::sound_notice;
use crate::state::alarms::use_alarms;
use crate::state::catalogue::use_catalogue;
use crate::state::navigation::use_navigation;
use crate::state::night_list::use_night_list;
use crate::state::server_clock::{ServerClock, use_now};
use crate::state::site::use_site_clock;
use crate::state::time_view::use_time_view;

/// Lines between the bars and the panels, each as long as it is true; `tab` is the one in sight.
pub fn notices(tab: Derived<Option<Tab>>) -> AnyView {
    let catalogue = use_catalogue();
    let (navigation, nights, site, view) = (use_navigation(), use_night_list(), use_site_clock(), use_time_view());
    let damaged_link = move || {
        let problems = navigation.problems();
        let list = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        (!list.is_empty()).then(|| {
            view! {
                <p class="notice" role="alert">
                    "A part of the link could not be read: "
                    {list}
                    <button
                        type="button"
                        class="iconbutton"
                        aria-label="Dismiss"
                        on:click=move |_| navigation.dismiss_problems()
                    >
                        {icon(Icon::Close)}
                    </button>
                </p>
            }
            .into_any()
        })
    };
    let waits_for_nights = move || view.base().get().is_none() && tab.with(Option::is_some);
    let no_nights = move || {
        let failure = nights.failure().filter(|_| waits_for_nights());
        failure.map(|failure| {
            view! {
                <p class="notice" role="alert">
                    "The newest night is not known: "
                    {failure}
                    ". Asking again every 3 s"
                </p>
            }
            .into_any()
        })
    };
    let broken_files = move || {
        let broken = catalogue.broken().into_iter().map(broken_file);
        broken.collect_view().into_any()
    };
    let unknown_zone = (!site.is_known()).then(|| {
        view! {
            <p class="notice" role="alert">
                "This browser does not know the site's time zone: nights are cut in UTC"
            </p>
        }
        .into_any()
    });
    view! {
        <div class="notices">
            {damaged_link}
            {no_nights}
            {sound_notice()}
            {dead_letters()}
            {unknown_zone}
            {wrong_clock()}
            {broken_files}
        </div>
    }
    .into_any()
}

/// Messages about alarms that reached nobody.
fn dead_letters() -> AnyView {
    let alarms = use_alarms();
    let count = Derived::new(move || {
        alarms
            .list
            .with(|list| list.answer.as_ref().map_or(0, |list| list.dead_letters))
    });
    let notice = move || {
        let count = count.get();
        (count > 0).then(|| {
            let what = if count == 1 { "message" } else { "messages" };
            view! {
                <p class="notice notice--letters" role="alert">
                    {format!("{count} {what} about alarms could not be delivered and will not be tried again. ")}
                    <a href=format!("{}alarms", base_uri())>"Which, and why"</a>
                </p>
            }
            .into_any()
        })
    };
    crate::dom::any(notice)
}

/// Says when the clock of this computer is certainly wrong.
fn wrong_clock() -> AnyView {
    let (clock, now) = (expect_context::<ServerClock>(), use_now());
    let error = Derived::new(move || {
        now.track();
        clock.machine_error()
    });
    let notice = move || {
        error.get().map(|error| {
            let order = if error > 0 { "behind" } else { "ahead of" };
            let error = format::age(error.abs());
            view! {
                <p class="notice" role="status">
                    "The clock of this computer is "
                    {error}
                    " "
                    {order}
                    " the server's; all times here go by the server's"
                </p>
            }
            .into_any()
        })
    };
    crate::dom::any(notice)
}

/// What the server says of it, with line and column; the message may have several lines.
fn broken_file(broken: BrokenFile) -> AnyView {
    view! {
        <div class="notice notice--file" role="alert">
            <span>{broken.file} " cannot be used; what it said before is still shown."</span>
            <pre>{broken.message}</pre>
        </div>
    }
    .into_any()
}
