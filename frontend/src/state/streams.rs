//! Which deliveries are silent, and how far the clocks of their sources can be trusted.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::{expect_context, provide_context};
use shared::live::{Part, Question};
use shared::query::latest::Freshness;
use shared::query::streams::{StreamStatus, Streams};

use crate::api;
use crate::live::use_live;
use crate::reactive::{Derived, State, effect, spawn};
use crate::state::connection::{Link, use_connection};
use crate::state::feed::Feed;
use crate::state::in_sight::use_in_sight;
use crate::state::server_clock::ServerClock;

/// Between two questions.
const INTERVAL: Duration = Duration::from_secs(2);

#[derive(Clone, Copy)]
struct Known(Derived<Feed<Streams>>);

/// The deliveries as they were told last.
pub fn use_streams() -> Derived<Feed<Streams>> {
    expect_context::<Known>().0
}

/// Whether somebody has to know that nothing comes.
pub fn is_silent(stream: &StreamStatus) -> bool {
    stream.expected && matches!(stream.state, Freshness::Stale | Freshness::Never)
}

/// Asks for them while the page is seen, and makes them known to it.
pub fn provide_streams() {
    let (clock, connection, in_sight) = (expect_context::<ServerClock>(), use_connection(), use_in_sight());
    let streams = State::new(Feed::default());
    let is_reached = Derived::new(move || !matches!(connection.link(), Link::Lost { .. } | Link::Unreachable));
    let take = move |outcome| streams.update(|streams: &mut Feed<Streams>| streams.take(outcome, clock.read()));
    let live = use_live();
    let feed = live.watch(Question::Streams, move |_, increment| {
        if let Part::Streams(streams) = increment.part {
            take(Ok(streams));
        }
    });
    effect(move || {
        is_reached.track();
        if !in_sight.get() {
            return;
        }
        spawn(async move {
            loop {
                take(api::streams().await);
                sleep(INTERVAL).await;
                while live.feeds(feed) {
                    sleep(INTERVAL).await;
                }
            }
        });
    });
    provide_context(Known(Derived::new(move || streams.get().proven_by(connection.link()))));
}
