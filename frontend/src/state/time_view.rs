//! What time the panels of the visible tab show: a night or a range, and the part of it that is looked at.

use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use shared::time::{MICROS_PER_SEC, TimeRange, Timestamp};

use crate::browser::clock::machine_micros;
use crate::reactive::{Derived, Kept, State, watch};
use crate::state::address::Period;
use crate::state::navigation::{History, Navigation, use_navigation};
use crate::state::opening::Opening;
use crate::state::server_clock::use_now;
use crate::state::site::{SiteClock, use_site_clock};

/// A gesture has come to rest when nothing moved for so long.
const REST: Duration = Duration::from_millis(120);

/// A gesture that goes on within this time after it rested is still the same one: notches of a wheel, taps of a key.
const SAME_GESTURE_MICROS: i64 = 700_000;

/// The shortest range that can be shown; browsers know no finer time.
const SHORTEST_MICROS: i64 = 1_000;

const MINUTE_MICROS: i64 = 60 * MICROS_PER_SEC;

/// What time the panels of the visible tab show, shared by all of them.
#[derive(Clone, Copy, Debug)]
pub struct TimeView {
    navigation: Navigation,
    site: SiteClock,
    now: Derived<Timestamp>,
    period: Derived<Option<Period>>,
    base: Derived<Option<TimeRange>>,
    settled: Derived<Option<TimeRange>>,
    visible: Derived<Option<TimeRange>>,
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
    /// What panels draw now. Changes at once with every gesture; `None` until it is known.
    pub fn visible(&self) -> Derived<Option<TimeRange>> {
        self.visible
    }

    /// What the address bar holds: follows `visible` when a gesture rests. For what is not worth asking for, or saying,
    /// on the way there.
    pub fn settled(&self) -> Derived<Option<TimeRange>> {
        self.settled
    }

    /// Whether a gesture is under way that has not come to rest.
    pub fn is_moving(&self) -> Derived<bool> {
        self.is_moving
    }

    /// The night or range that [`TimeView::reset`] returns to.
    pub fn base(&self) -> Derived<Option<TimeRange>> {
        self.base
    }

    /// The night or range by its name.
    pub fn period(&self) -> Derived<Option<Period>> {
        self.period
    }

    /// Zooms or pans. All panels follow at once, the address bar when the gesture rests; back undoes a whole gesture.
    ///
    /// A range shorter than a millisecond is ignored.
    pub fn show(&self, range: TimeRange) {
        if range.micros() < SHORTEST_MICROS {
            return;
        }
        let view = *self;
        let now_us = machine_micros();
        if now_us - self.moved_us.get_value() >= SAME_GESTURE_MICROS {
            self.is_new.set_value(true);
        }
        self.moved_us.set_value(now_us);
        self.gesture.set(Some(range));
        self.stop_waiting();
        let rested = move || {
            let history = if view.is_new.get_value() || !view.is_zoomed() {
                History::Push
            } else {
                History::Replace
            };
            view.is_new.set_value(false);
            view.settle(Some(range), history);
        };
        self.rest.set_value(set_timeout_with_handle(rested, REST).ok());
    }

    /// A press begins a gesture of its own, however soon it follows another.
    pub fn begin_gesture(&self) {
        self.moved_us.set_value(0);
    }

    /// Back to all of the night or range.
    pub fn reset(&self) {
        self.stop_waiting();
        self.moved_us.set_value(0);
        self.settle(None, History::Push);
    }

    /// Shows another night or range, all of it.
    pub fn open(&self, period: Period) {
        self.stop_waiting();
        self.moved_us.set_value(0);
        self.gesture.set(None);
        let address = self.navigation.address().get_untracked().at(Some(period));
        self.navigation.go(&address, History::Push);
    }

    /// Shows the night of now.
    pub fn open_tonight(&self) {
        self.open_night_of(self.now.get_untracked());
    }

    /// Shows the night that holds a moment.
    pub fn open_night_of(&self, time: Timestamp) {
        self.open(Period::Night(self.site.date_of(time)));
    }

    /// Shows the night before or after, also if it holds no data; of any other range its neighbour of the same length.
    pub fn step(&self, nights: i64) {
        match self.period.get_untracked() {
            Some(Period::Night(date)) => self.open(Period::Night(date.add_days(nights))),
            Some(Period::Range(_) | Period::Last(_)) => {
                let Some(range) = self.base.get_untracked() else { return };
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

    fn is_zoomed(&self) -> bool {
        self.navigation
            .address()
            .with_untracked(|address| address.zoom.is_some())
    }

    fn settle(&self, range: Option<TimeRange>, history: History) {
        let zoom = range.filter(|range| Some(*range) != self.base.get_untracked());
        let mut address = self.navigation.address().get_untracked();
        address.zoom = zoom;
        self.navigation.go(&address, history);
        self.gesture.set(None);
    }

    fn stop_waiting(&self) {
        if let Some(handle) = self.rest.try_update_value(Option::take).flatten() {
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
    // Once a minute: panels ask anew for all of a range that moved.
    let minute = Derived::new(move || now.get().as_micros().div_euclid(MINUTE_MICROS));
    let base = Derived::new(move || {
        period.get().map(|period| match period {
            Period::Night(date) => site.night(date),
            Period::Range(range) => range,
            Period::Last(hours) => last_hours(hours, minute.get()),
        })
    });
    let settled = Derived::new(move || address.with(|address| address.zoom).or_else(|| base.get()));
    let gesture = State::new(None);
    let visible = Derived::new(move || gesture.get().or_else(|| settled.get()));
    let view = TimeView {
        navigation,
        site,
        now,
        period,
        base,
        settled,
        visible,
        is_moving: Derived::new(move || gesture.with(Option::is_some)),
        gesture,
        rest: Kept::new(None),
        moved_us: Kept::new(0),
        is_new: Kept::new(true),
    };
    // Back, forward or another tab in the middle of a gesture: the address bar wins.
    watch(
        move || settled.track(),
        move |(), ()| {
            view.stop_waiting();
            gesture.set(None);
        },
    );
    provide_context(view);
    view
}

/// So many hours up to the end of the minute that is running.
fn last_hours(hours: u16, minute: i64) -> TimeRange {
    let end = Timestamp::saturating_from_micros((minute + 1) * MINUTE_MICROS);
    let start = end.saturating_add_micros(-i64::from(hours) * 60 * MINUTE_MICROS);
    TimeRange::new(start, end).unwrap_or(TimeRange::ALL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hours_hold_now_and_move_by_the_minute() {
        let range = last_hours(6, 29_000_000);
        assert_eq!(range.start().to_string(), "2025-02-19T15:21:00Z");
        assert_eq!(range.micros(), 6 * 60 * MINUTE_MICROS);
        let now = Timestamp::saturating_from_micros(29_000_000 * MINUTE_MICROS + MICROS_PER_SEC);
        assert!(range.contains(now));
    }
}
