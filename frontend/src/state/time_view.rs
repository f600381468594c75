//! What time the panels of the visible tab show: a night or a range, and the part of it that is looked at.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use shared::time::{TimeRange, Timestamp};

use crate::browser::clock::machine_micros;
use crate::live::{Live, use_live};
use crate::reactive::{Derived, Kept, State, effect, spawn, watch};
use crate::state::address::Period;
use crate::state::follow::{Lookback, asked_for};
use crate::state::in_sight::use_in_sight;
use crate::state::navigation::{History, Navigation, use_navigation};
use crate::state::opening::Opening;
use crate::state::server_clock::{ServerClock, use_now};
use crate::state::site::{SiteClock, use_site_clock};

/// A gesture has come to rest when nothing moved for so long.
const REST: Duration = Duration::from_millis(120);

/// A gesture that goes on within this time after it rested is still the same one: notches of a wheel, taps of a key.
const SAME_GESTURE_MICROS: i64 = 700_000;

/// While something comes more often than this, a window slides with that alone; increments come ten times a second.
const QUICK_MS: u64 = 150;

/// What comes within this time comes together: the window slides once for all of it.
const TOGETHER_MS: u64 = 20;

/// The shortest range that can be shown; browsers know no finer time.
const SHORTEST_MICROS: i64 = 1_000;

/// What time the panels of the visible tab show, shared by all of them.
#[derive(Clone, Copy, Debug)]
pub struct TimeView(Kept<Parts>);

/// What it is made of. Behind one place, as nearly everything that reacts captures it.
#[derive(Clone, Copy)]
struct Parts {
    navigation: Navigation,
    site: SiteClock,
    now: Derived<Timestamp>,
    period: Derived<Option<Period>>,
    base: Derived<Option<TimeRange>>,
    settled: Derived<Option<TimeRange>>,
    visible: Derived<Option<TimeRange>>,
    asked: Derived<Option<TimeRange>>,
    is_sliding: Derived<bool>,
    live: Live,
    /// The window that slid last.
    followed: Kept<Option<Lookback>>,
    is_moving: Derived<bool>,
    /// Where a gesture is that has not come to rest.
    gesture: State<Option<TimeRange>>,
    rest: Kept<Option<TimeoutHandle>>,
    /// When the last gesture moved.
    moved_us: Kept<i64>,
    /// Whether the gesture has not been written into the address bar yet.
    is_new: Kept<bool>,
}

impl TimeView {
    #[inline(never)]
    fn parts(self) -> Parts {
        self.0.get_value()
    }

    /// What panels draw now. Changes at once with every gesture; `None` until it is known.
    pub fn visible(self) -> Derived<Option<TimeRange>> {
        self.parts().visible
    }

    /// What the address bar holds: follows `visible` when a gesture rests. For what is not worth asking for, or saying,
    /// on the way there.
    pub fn settled(self) -> Derived<Option<TimeRange>> {
        self.parts().settled
    }

    /// Whether the window slides with now, or would if it were not paused. Then `settled` holds more than `visible`, which
    /// slides in it.
    pub fn is_sliding(self) -> Derived<bool> {
        self.parts().is_sliding
    }

    /// Whether what is visible is about now; tracks.
    pub fn is_present(self) -> bool {
        let now = self.parts().now.get();
        self.parts().is_sliding.get() || self.parts().visible.get().is_some_and(|range| range.contains(now))
    }

    /// What is asked for, exactly: what is visible and, while that slides, what it slides over next.
    pub fn asked(self) -> Derived<Option<TimeRange>> {
        self.parts().asked
    }

    /// Whether a gesture is under way that has not come to rest.
    pub fn is_moving(self) -> Derived<bool> {
        self.parts().is_moving
    }

    /// The night or range that [`TimeView::reset`] returns to.
    pub fn base(self) -> Derived<Option<TimeRange>> {
        self.parts().base
    }

    /// The night or range by its name.
    pub fn period(self) -> Derived<Option<Period>> {
        self.parts().period
    }

    /// Zooms or pans. All panels follow at once, the address bar when the gesture rests; back undoes a whole gesture.
    ///
    /// A range shorter than a millisecond is ignored.
    pub fn show(self, range: TimeRange) {
        if range.micros() < SHORTEST_MICROS {
            return;
        }
        let (now_us, parts) = (machine_micros(), self.parts());
        if now_us - parts.moved_us.get_value() >= SAME_GESTURE_MICROS {
            parts.is_new.set_value(true);
        }
        parts.moved_us.set_value(now_us);
        parts.gesture.set(Some(range));
        self.stop_waiting();
        let rested = move || {
            let history = if parts.is_new.get_value() || !self.is_zoomed() {
                History::Push
            } else {
                History::Replace
            };
            parts.is_new.set_value(false);
            self.settle(Some(range), history);
        };
        parts.rest.set_value(set_timeout_with_handle(rested, REST).ok());
    }

    /// A press begins a gesture of its own, however soon it follows another.
    pub fn begin_gesture(self) {
        self.parts().moved_us.set_value(0);
    }

    /// Back to all of the night or range.
    pub fn reset(self) {
        self.stop_waiting();
        self.parts().moved_us.set_value(0);
        self.settle(None, History::Push);
    }

    /// Shows another night or range, all of it.
    pub fn open(self, period: Period) {
        self.stop_waiting();
        self.parts().moved_us.set_value(0);
        self.parts().gesture.set(None);
        let address = self.parts().navigation.address().get_untracked().at(Some(period));
        self.parts().navigation.go(&address, History::Push);
    }

    /// Follows now: by the window that slid last, else in the night of now. What was paused goes on.
    pub fn go_live(self) {
        self.parts().live.pause(false);
        match self.parts().followed.get_value() {
            Some(lookback) => self.open(Period::Last(lookback)),
            None => self.open_night_of(self.parts().now.get_untracked()),
        }
    }

    /// Stops everything where it is, or lets it go on.
    pub fn toggle_pause(self) {
        self.parts().live.pause(!self.parts().live.is_paused());
    }

    /// Shows the night that holds a moment.
    pub fn open_night_of(self, time: Timestamp) {
        self.open(Period::Night(self.parts().site.date_of(time)));
    }

    /// Shows the night before or after, also if it holds no data; of any other range its neighbour of the same length.
    pub fn step(self, nights: i64) {
        match self.parts().period.get_untracked() {
            Some(Period::Night(date)) => self.open(Period::Night(date.add_days(nights))),
            Some(Period::Range(_) | Period::Last(_)) => {
                let (base, visible) = (self.parts().base.get_untracked(), self.parts().visible.get_untracked());
                let is_sliding = self.parts().is_sliding.get_untracked();
                let Some(range) = (if is_sliding { visible } else { base }) else {
                    return;
                };
                let by = range.micros().saturating_mul(nights);
                let moved = TimeRange::new(
                    range.start().saturating_add_micros(by),
                    range.end().saturating_add_micros(by),
                );
                // At the ends of the calendar there is no neighbour.
                if let Ok(moved) = moved {
                    self.open(Period::Range(moved));
                }
            }
            None => {}
        }
    }

    fn is_zoomed(self) -> bool {
        self.parts()
            .navigation
            .address()
            .with_untracked(|address| address.zoom.is_some())
    }

    fn settle(self, range: Option<TimeRange>, history: History) {
        let zoom = range.filter(|range| Some(*range) != self.parts().base.get_untracked());
        let mut address = self.parts().navigation.address().get_untracked();
        address.zoom = zoom;
        self.parts().navigation.go(&address, history);
        self.parts().gesture.set(None);
    }

    fn stop_waiting(self) {
        if let Some(handle) = self.parts().rest.try_update_value(Option::take).flatten() {
            handle.clear();
        }
    }
}

/// What time the panels of the visible tab show.
pub fn use_time_view() -> TimeView {
    expect_context()
}

/// Makes it known to the page. `opening` is used where the address names no time.
pub fn provide_time_view(opening: Derived<Opening>) -> TimeView {
    let navigation = use_navigation();
    let site = use_site_clock();
    let address = navigation.address();
    let period = Derived::new(move || {
        address.with(|address| address.time).or_else(|| {
            opening.with(|opening| match opening {
                Opening::At(period) => Some(*period),
                Opening::Pending | Opening::Failed(_) => None,
            })
        })
    });
    let now = use_now();
    let live = use_live();
    let lookback = Derived::new(move || match period.get() {
        Some(Period::Last(lookback)) => Some(lookback),
        _ => None,
    });
    let slid_to = slide(lookback, live);
    let window = Derived::new(move || lookback.get().map(|lookback| lookback.window(slid_to.get())));
    let base = Derived::new(move || {
        Some(match period.get()? {
            Period::Night(date) => site.night(date),
            Period::Range(range) => range,
            Period::Last(_) => asked_for(window.get()?),
        })
    });
    let zoom = Derived::new(move || address.with(|address| address.zoom));
    let settled = Derived::new(move || zoom.get().or_else(|| base.get()));
    let gesture = State::new(None);
    let is_sliding = Derived::new(move || lookback.get().is_some() && zoom.get().is_none() && gesture.get().is_none());
    let visible = Derived::new(move || {
        let sliding = || window.get().filter(|_| is_sliding.get());
        gesture.get().or_else(sliding).or_else(|| settled.get())
    });
    let followed = Kept::new(None);
    effect(move || {
        if let Some(lookback) = lookback.get() {
            followed.set_value(Some(lookback));
        }
    });
    let view = TimeView(Kept::new(Parts {
        navigation,
        site,
        now,
        period,
        base,
        settled,
        visible,
        asked: Derived::new(move || if is_sliding.get() { settled.get() } else { visible.get() }),
        is_sliding,
        live,
        followed,
        is_moving: Derived::new(move || gesture.with(Option::is_some)),
        gesture,
        rest: Kept::new(None),
        moved_us: Kept::new(0),
        is_new: Kept::new(true),
    }));
    // Back, forward or another tab in the middle of a gesture: the address bar wins. That a window slides is no such change.
    watch(
        move || (period.get(), zoom.get()),
        move |_, _| {
            view.stop_waiting();
            gesture.set(None);
        },
    );
    provide_context(view);
    view
}

/// The moment up to which a window has slid, as long as there is one and nobody has paused it.
fn slide(lookback: Derived<Option<Lookback>>, live: Live) -> State<Timestamp> {
    let clock = expect_context::<ServerClock>();
    let in_sight = use_in_sight();
    let slid_to = State::new(clock.read());
    effect(move || {
        let is_paused = live.paused().get().is_some();
        let Some(lookback) = lookback.get().filter(|_| in_sight.get() && !is_paused) else {
            return;
        };
        let step_ms = lookback.step_ms();
        let heard = live.heard();
        slid_to.set(clock.read());
        let is_by_clock = Kept::new(true);
        // Together with what comes, so that both are one drawing. What comes soon after the clock has moved the window may be
        // newer than its end, and is not kept waiting for the clock.
        effect(move || {
            let (heard, before) = (heard.get(), slid_to.get_untracked());
            if before < heard && (is_by_clock.get_value() || is_apart(heard, before, step_ms)) {
                is_by_clock.set_value(false);
                slid_to.set(heard);
            }
        });
        spawn(async move {
            loop {
                sleep(Duration::from_millis(step_ms)).await;
                let (now, heard) = (clock.read(), heard.get_untracked());
                if is_apart(now, heard, QUICK_MS) || is_apart(heard, slid_to.get_untracked(), TOGETHER_MS) {
                    is_by_clock.set_value(true);
                    slid_to.set(now);
                }
            }
        });
    });
    slid_to
}

/// Whether two moments are at least so far apart, in whatever order: clocks are set back, too.
fn is_apart(one: Timestamp, other: Timestamp, least_ms: u64) -> bool {
    one.micros_since(other).unsigned_abs() >= least_ms * 1_000
}
