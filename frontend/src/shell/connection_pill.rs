//! Whether the server is there.

use leptos::prelude::*;
use shared::time::Timestamp;

use crate::dom::view;
use crate::format;
use crate::live::use_live;
use crate::reactive::Derived;
use crate::state::connection::{Link, use_connection};
use crate::state::server_clock::use_now;

/// Says whether the server is there, and since when it is not.
pub fn connection_pill() -> AnyView {
    let (connection, now, paused) = (use_connection(), use_now(), use_live().paused());
    let near = move |since: Timestamp| {
        let is_today = now.get_untracked().micros_since(since) < shared::time::MICROS_PER_DAY / 2;
        if is_today {
            format::time_of_day(since)
        } else {
            format::date_and_minute(since)
        }
    };
    let text = Derived::new(move || {
        let what = match connection.link() {
            Link::Connected => match paused.get() {
                Some(since) => return format!("paused since {}", near(since)),
                None => return "connected".to_owned(),
            },
            Link::Connecting => return "connecting …".to_owned(),
            Link::Polled => return "no live line; asked every 10 s".to_owned(),
            Link::Unreachable => return "server not reachable".to_owned(),
            Link::Unproven { .. } => "checking the connection, last heard of",
            Link::CutOff { .. } => "live line cut off since",
            Link::StoreDown { .. } => "store not reachable since",
            Link::Lost { .. } => "server not reachable since",
        };
        let since = connection.link().cut_since().map(near).unwrap_or_default();
        format!("{what} {since}")
    });
    let severity = move || match connection.link() {
        Link::Connected => "ok",
        Link::Connecting | Link::Unproven { .. } => "unknown",
        Link::Polled | Link::CutOff { .. } => "warning",
        Link::StoreDown { .. } | Link::Lost { .. } | Link::Unreachable => "alarm",
    };
    view! {
        <span class="pill" role="status" data-severity=severity data-connection=move || connection.link().as_str()>
            <span class="pill__text">{move || text.get()}</span>
        </span>
    }
    .into_any()
}
