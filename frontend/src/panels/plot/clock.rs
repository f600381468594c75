//! The clock by which a panel tells times: that chosen in the address bar.

use shared::chart::axis_clock::AxisClock;
use shared::time::{MICROS_PER_DAY, MICROS_PER_SEC, TimeRange, Timestamp};

use crate::reactive::Derived;
use crate::state::address::ClockName;
use crate::state::chosen_clock::{ChosenClock, use_chosen_clock};

/// Between two looks at how far the site's clock is ahead. No zone on Earth changes its clocks twice in a week.
const LOOK_MICROS: i64 = 7 * MICROS_PER_DAY;
/// The most looks for one axis: on longer ones an hour is less than a pixel.
const MOST_LOOKS: i64 = 200;
/// Clocks change at full minutes.
const CHANGE_GRAIN_MICROS: i64 = 60 * MICROS_PER_SEC;

/// What the chosen clock is called.
#[derive(Clone, Copy, Debug)]
pub struct Zone {
    chosen: ChosenClock,
}

impl Zone {
    /// Which clock is chosen; tracks.
    pub fn clock(self) -> ClockName {
        self.chosen.name()
    }

    /// What the clock is called at a moment: `UTC`, `UTC+1`, `GPS`; tracks.
    pub fn name(self, time_us: i64) -> String {
        self.chosen.zone(Timestamp::saturating_from_micros(time_us))
    }

    /// A moment by the clock with its name, to the second: `2026-11-20 20:14:00 UTC`; tracks.
    pub fn text(self, time: Timestamp) -> String {
        self.written(time, true)
    }

    /// The same without the date.
    pub fn time_of_day(self, time: Timestamp) -> String {
        self.written(time, false)
    }

    fn written(self, time: Timestamp, with_date: bool) -> String {
        let time_us = time.as_micros();
        let clock = match self.clock() {
            ClockName::Utc => AxisClock::utc(),
            ClockName::Site => AxisClock::on_a_wall(vec![(time_us, self.chosen.site().offset_micros(time))]),
            ClockName::Gps => AxisClock::gps(),
        };
        format!("{} {}", clock.text(time_us, 0, with_date), self.name(time_us))
    }
}

/// The zone of the chosen clock.
pub fn use_zone() -> Zone {
    Zone {
        chosen: use_chosen_clock(),
    }
}

/// The clock for an axis over a range, which is known as soon as that is.
pub fn use_axis_clock(range: impl Fn() -> Option<TimeRange> + Send + Sync + 'static) -> Derived<Option<AxisClock>> {
    let zone = use_zone();
    // The same for gestures that stay within their days.
    let days = Derived::new(move || range().map(days_around));
    Derived::new(move || {
        let days = days.get()?;
        Some(match zone.clock() {
            ClockName::Utc => AxisClock::utc(),
            ClockName::Site => AxisClock::on_a_wall(offsets(days, |time| zone.chosen.site().offset_micros(time))),
            ClockName::Gps => AxisClock::gps(),
        })
    })
}

/// The days that a range touches.
fn days_around(range: TimeRange) -> TimeRange {
    let day = |time: Timestamp| time.as_micros().div_euclid(MICROS_PER_DAY);
    let from = Timestamp::saturating_from_micros(day(range.start()) * MICROS_PER_DAY);
    let to = Timestamp::saturating_from_micros((day(range.end()) + 1) * MICROS_PER_DAY);
    TimeRange::new(from, to).unwrap_or(range)
}

/// How far a clock is ahead of UTC from which moment on, over a range.
fn offsets(range: TimeRange, offset_at: impl Fn(Timestamp) -> i64) -> Vec<(i64, i64)> {
    let at = |time_us: i64| offset_at(Timestamp::saturating_from_micros(time_us));
    let (start, end) = (range.start().as_micros(), range.end().as_micros());
    let mut offsets = vec![(start, at(start))];
    let step = LOOK_MICROS.max(range.micros() / MOST_LOOKS);
    let mut before = start;
    while before < end {
        let after = before.saturating_add(step).min(end);
        let (offset_before, offset_after) = (at(before), at(after));
        if offset_before != offset_after {
            // The first full minute at which the clock is ahead by the new offset.
            let (mut old, mut new) = (before, after);
            while new - old > CHANGE_GRAIN_MICROS {
                let middle = old.midpoint(new).div_euclid(CHANGE_GRAIN_MICROS) * CHANGE_GRAIN_MICROS;
                let middle = middle.max(old + CHANGE_GRAIN_MICROS).min(new - 1);
                if at(middle) == offset_before {
                    old = middle;
                } else {
                    new = middle;
                }
            }
            offsets.push((new, offset_after));
        }
        before = after;
    }
    offsets
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600 * MICROS_PER_SEC;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn changes_of_the_clock_are_found_to_the_minute() {
        let berlin = |time: Timestamp| {
            let summer = at("2026-03-29T01:00:00Z") <= time && time < at("2026-10-25T01:00:00Z");
            if summer { 2 * HOUR } else { HOUR }
        };
        let of = |from: &str, to: &str| offsets(days_around(TimeRange::new(at(from), at(to)).unwrap()), berlin);
        let told = |found: Vec<(i64, i64)>| -> Vec<String> {
            let tell =
                |(from, offset): (i64, i64)| format!("{} {}", Timestamp::from_micros(from).unwrap(), offset / HOUR);
            found.into_iter().map(tell).collect()
        };
        assert_eq!(
            told(of("2026-10-24T10:00:00Z", "2026-10-25T11:00:00Z")),
            ["2026-10-24T00:00:00Z 2", "2026-10-25T01:00:00Z 1"]
        );
        assert_eq!(
            told(of("2026-01-01T12:00:00Z", "2026-12-31T12:00:00Z")),
            [
                "2026-01-01T00:00:00Z 1",
                "2026-03-29T01:00:00Z 2",
                "2026-10-25T01:00:00Z 1"
            ]
        );
        assert_eq!(of("2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z").len(), 1);
    }
}
