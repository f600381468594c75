//! When panels ask again for what they show: a closed past never changes, the present does.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::*;
use leptos::reactive::spawn_local_scoped_with_cancellation;

use crate::browser::visibility::is_hidden;
use crate::state::server_clock::use_now;
use crate::state::time_view::TimeView;

/// Between two questions while the present is on the screen.
const REFRESH_SECS: u64 = 10;

/// Counts the refreshes.
#[derive(Clone, Copy, Debug)]
struct Refresh(RwSignal<u32>);

/// A count that rises each 10 s while the visible range includes now, pauses while nobody can see the page, and rises
/// at once when the page comes back into sight. Panels that draw a range ask again whenever it changes.
pub fn use_refresh() -> Signal<u32> {
    expect_context::<Refresh>().0.into()
}

/// Makes it known to the page.
pub fn provide_refresh(view: TimeView) {
    let count = RwSignal::new(0);
    provide_context(Refresh(count));
    let now = use_now();
    let visible = view.visible();
    let tick = move || {
        let includes_now = visible
            .get_untracked()
            .is_some_and(|range| range.contains(now.get_untracked()));
        if includes_now && !is_hidden() {
            count.update(|count| *count = count.wrapping_add(1));
        }
    };
    spawn_local_scoped_with_cancellation(async move {
        loop {
            sleep(Duration::from_secs(REFRESH_SECS)).await;
            tick();
        }
    });
    let listener = window_event_listener(leptos::ev::visibilitychange, move |_| tick());
    on_cleanup(move || listener.remove());
}
