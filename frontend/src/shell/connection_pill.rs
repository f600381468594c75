//! Whether the server is there.

use leptos::prelude::*;

use crate::dom::view;
use crate::format;
use crate::reactive::Derived;
use crate::state::connection::{Link, use_connection};
use crate::state::server_clock::use_now;

/// Says whether the server is there, and since when it is not.
#[component]
pub fn ConnectionPill() -> impl IntoView {
    let (connection, now) = (use_connection(), use_now());
    let text = Derived::new(move || match connection.link() {
        Link::Connecting => "connecting …".to_owned(),
        Link::Connected => "connected".to_owned(),
        Link::Unproven => "checking the connection …".to_owned(),
        Link::Unreachable => "server not reachable".to_owned(),
        Link::Lost { since } => {
            let is_today = now.get_untracked().micros_since(since) < shared::time::MICROS_PER_DAY / 2;
            let since = if is_today {
                format::time_of_day(since)
            } else {
                format::date_and_minute(since)
            };
            format!("server not reachable since {since}")
        }
    });
    let severity = move || match connection.link() {
        Link::Connected => "ok",
        Link::Connecting | Link::Unproven => "unknown",
        Link::Lost { .. } | Link::Unreachable => "alarm",
    };
    view! {
        <span class="pill" role="status" data-severity=severity data-connection=move || connection.link().as_str()>
            <span class="pill__text">{move || text.get()}</span>
        </span>
    }
    .into_any()
}
