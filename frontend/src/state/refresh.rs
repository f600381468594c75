//! When panels ask again for what the live line does not bring by itself.

use std::mem;
use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::*;

use crate::live::use_live;
use crate::reactive::{Derived, State, effect, spawn};
use crate::state::connection::{Link, use_connection};
use crate::state::in_sight::use_in_sight;
use crate::state::time_view::TimeView;

/// Between two questions while the present is on the screen.
pub const INTERVAL: Duration = Duration::from_secs(10);

/// Counts the refreshes.
#[derive(Clone, Copy, Debug)]
struct Refresh(State<u32>);

/// A count that rises each 10 s while the visible range includes now, pauses while nobody can see the page or somebody has
/// stopped it, and rises at once when the page comes back into sight or the server is reached again. Panels ask again
/// whenever it changes, for what does not come over the live line.
pub fn use_refresh() -> Derived<u32> {
    expect_context::<Refresh>().0.into()
}

/// Makes it known to the page.
pub fn provide_refresh(view: TimeView) {
    let count = State::new(0);
    provide_context(Refresh(count));
    let (in_sight, live) = (use_in_sight(), use_live());
    let includes_now = Derived::new(move || view.is_present());
    rise_when_reached_again(count);
    // Whether it has been in sight before: then it has come back, and there is something to catch up with.
    let mut has_run = false;
    effect(move || {
        let is_first = !mem::replace(&mut has_run, true);
        if !in_sight.get() || !includes_now.get() {
            return;
        }
        if !is_first {
            rise(count);
        }
        spawn(async move {
            loop {
                sleep(INTERVAL).await;
                if !live.is_paused() {
                    rise(count);
                }
            }
        });
    });
}

/// Once the server is back, also panels over a closed past ask again: theirs may have been the questions in vain.
fn rise_when_reached_again(count: State<u32>) {
    let connection = use_connection();
    let mut was_lost = false;
    effect(move || {
        let link = connection.link();
        let is_lost = link.cut_since().is_some() || link == Link::Unreachable;
        if mem::replace(&mut was_lost, is_lost) && !is_lost {
            rise(count);
        }
    });
}

fn rise(count: State<u32>) {
    count.update(|count| *count = count.wrapping_add(1));
}
