//! What the whole page wants to know all the time, also while its panels are held: the alarms, and which streams are
//! silent.

use std::rc::Rc;
use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::{expect_context, provide_context};
use shared::alarm::AlarmList;
use shared::live::{Increment, Part, Question};
use shared::query::streams::Streams;

use super::Live;
use crate::api;
use crate::reactive::{State, effect, spawn};
use crate::state::in_sight::use_in_sight;

/// Between two questions over HTTP while the line does not bring the answers.
const POLL: Duration = Duration::from_secs(3);

#[derive(Clone, Copy)]
struct Watched {
    alarms: State<Option<AlarmList>>,
    streams: State<Option<Streams>>,
}

/// The alarms as they are now, from anywhere in the page; `None` until they are known. Kept when the way to the server is
/// cut: `state::connection` tells since when.
pub fn use_alarms() -> State<Option<AlarmList>> {
    expect_context::<Watched>().alarms
}

/// How everything is delivered, likewise.
pub fn use_streams() -> State<Option<Streams>> {
    expect_context::<Watched>().streams
}

/// Asks over HTTP at once: what somebody has just done to an alarm is to be seen.
pub fn ask_for_alarms() {
    let alarms = use_alarms();
    crate::reactive::spawn_unowned(async move {
        if let Ok(list) = api::alarms().await {
            alarms.set(Some(list));
        }
    });
}

/// Subscribes, and makes both known to the page.
pub(super) fn provide_watched(live: Live) {
    let watched = Watched {
        alarms: State::new(None),
        streams: State::new(None),
    };
    provide_context(watched);
    let hear = move |_, increment: Increment| match increment.part {
        Part::Alarms(list) => watched.alarms.set(Some(list)),
        Part::Streams(streams) => watched.streams.set(Some(streams)),
        _ => {}
    };
    let hear = Rc::new(hear);
    let alarms = live.begin(Question::Alarms, None, true, Rc::clone(&hear) as _);
    let streams = live.begin(Question::Streams, None, true, hear);
    let in_sight = use_in_sight();
    effect(move || {
        if !in_sight.get() {
            return;
        }
        spawn(async move {
            loop {
                sleep(POLL).await;
                if !live.feeds(alarms)
                    && let Ok(list) = api::alarms().await
                {
                    watched.alarms.set(Some(list));
                }
                if !live.feeds(streams)
                    && let Ok(list) = api::streams().await
                {
                    watched.streams.set(Some(list));
                }
            }
        });
    });
}
