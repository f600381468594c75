//! Times of alarms as people read them, by the clock that is chosen.

use shared::time::{MICROS_PER_DAY, Timestamp};

use crate::format;
use crate::reactive::Derived;
use crate::state::chosen_clock::{ChosenClock, use_chosen_clock};
use crate::state::server_clock::use_now;

/// The chosen clock and the server's now.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    clock: ChosenClock,
    now: Derived<Timestamp>,
}

/// Times by the clock that is chosen.
pub fn use_times() -> Times {
    Times {
        clock: use_chosen_clock(),
        now: use_now(),
    }
}

impl Times {
    /// A moment to the minute, with its date where that is not near; tracks the clock.
    pub fn minute(self, time_us: i64) -> String {
        let reading = |time| self.clock.reading(time);
        format::moment_near(reading(at(time_us)), reading(self.now.get_untracked()))
    }

    /// A moment to the second, likewise.
    pub fn second(self, time_us: i64) -> String {
        let reading = self.clock.reading(at(time_us));
        let second = format::time_of_day(reading);
        if (self.now.get_untracked().as_micros() - time_us).abs() < MICROS_PER_DAY * 3 / 4 {
            second
        } else {
            let (date, _) = reading.utc_date_and_micros();
            format!("{date} {second}")
        }
    }

    /// What the clock is called: `UTC`; tracks the clock.
    pub fn zone(self, time_us: i64) -> String {
        self.clock.zone(at(time_us))
    }

    /// How long ago a moment is; tracks, and changes each second.
    pub fn age(self, time_us: i64) -> String {
        format::age(self.now.get().as_micros() - time_us)
    }

    /// The server's now, in microseconds.
    pub fn now_us(self) -> i64 {
        self.now.get_untracked().as_micros()
    }
}

/// A moment of so many microseconds.
pub fn at(time_us: i64) -> Timestamp {
    Timestamp::saturating_from_micros(time_us)
}
