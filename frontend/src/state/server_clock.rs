//! Server time as seen by the page: ages and clocks go by it, because a wall's own clock may be wrong.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::*;
use shared::time::{MICROS_PER_SEC, Timestamp};

use crate::api::Exchange;
use crate::browser::clock::machine_micros;
use crate::reactive::{Derived, Kept, State, spawn};

/// How far the server's clock is ahead of this machine's, between two bounds in microseconds.
///
/// Each answer carries the server's second, which began after the question left or before the answer came; the bounds
/// of all answers together soon leave little room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Offset {
    least: i64,
    most: i64,
}

impl Offset {
    /// What one exchange tells: the server's clock stood between `server_us` and a second later.
    fn of(sent_us: i64, ended_us: i64, server_us: i64) -> Self {
        Self {
            least: server_us - ended_us,
            most: server_us + MICROS_PER_SEC - sent_us,
        }
    }

    /// Both together; where they contradict each other a clock was set, and the newer holds.
    fn narrowed_by(self, newer: Self) -> Self {
        let both = Self {
            least: self.least.max(newer.least),
            most: self.most.min(newer.most),
        };
        if both.least <= both.most { both } else { newer }
    }

    /// What a heartbeat tells: the server's clock had come to `server_us` when it left. It may have been long under way.
    fn later_than(self, ended_us: i64, server_us: i64) -> Self {
        let least = self.least.max(server_us - ended_us);
        Self {
            least,
            // Beyond what was the most, one of the clocks was set.
            most: if least <= self.most {
                self.most
            } else {
                least + MICROS_PER_SEC
            },
        }
    }

    const fn middle(self) -> i64 {
        self.least.midpoint(self.most)
    }
}

/// The server's clock.
#[derive(Clone, Copy, Debug)]
pub struct ServerClock {
    offset: Kept<Option<Offset>>,
    /// The last heartbeat.
    heard: Kept<Timestamp>,
    now: State<Timestamp>,
}

impl ServerClock {
    /// A clock that ticks each second until its owner is gone; right from the first answer of the server on.
    pub fn start() -> Self {
        let clock = Self {
            offset: Kept::new(None),
            heard: Kept::new(Timestamp::MIN),
            now: State::new(Timestamp::saturating_from_micros(machine_micros())),
        };
        spawn(async move {
            loop {
                let now = clock.read();
                clock.now.set(now);
                // To the next full second, so that no second is skipped on the screen.
                let rest = MICROS_PER_SEC - now.as_micros().rem_euclid(MICROS_PER_SEC);
                sleep(Duration::from_micros(rest.unsigned_abs() + 2_000)).await;
            }
        });
        clock
    }

    /// The time now, not at the last tick.
    pub fn read(&self) -> Timestamp {
        let offset = self.offset.get_value().map_or(0, Offset::middle);
        Timestamp::saturating_from_micros(machine_micros() + offset)
    }

    /// Ticks at once, as after a sleep in which it could not.
    pub fn tick(&self) {
        self.now.set(self.read());
    }

    /// When the last heartbeat came, by the server's clock; the start of the calendar before the first.
    pub fn heard(&self) -> Timestamp {
        self.heard.try_get_value().unwrap_or(Timestamp::MIN)
    }

    /// Learns from a heartbeat, which carries the server's clock to the microsecond.
    pub fn observe_heartbeat(&self, server_us: i64) {
        self.heard.set_value(Timestamp::saturating_from_micros(server_us));
        self.offset.update_value(|offset| {
            if let Some(offset) = offset {
                *offset = offset.later_than(machine_micros(), server_us);
            }
        });
    }

    /// How far this machine's clock is wrong for certain, in microseconds: above zero it is behind the server's. `None`
    /// where it may be right, or nearly so.
    pub fn machine_error(&self) -> Option<i64> {
        const NEARLY: i64 = 2 * MICROS_PER_SEC;
        let Offset { least, most } = self.offset.try_get_value().flatten()?;
        (least > NEARLY || most < -NEARLY).then(|| least.midpoint(most))
    }

    /// How far the server's clock is ahead of this machine's, and how far that may be off to either side, in microseconds;
    /// `None` before the first answer.
    pub fn error_us(&self) -> Option<(i64, i64)> {
        let Offset { least, most } = self.offset.get_value()?;
        Some((least.midpoint(most), (most - least) / 2))
    }

    /// Learns from an exchange with the server.
    pub fn observe(&self, exchange: Exchange) {
        let Some(server_us) = exchange.server_us else {
            return;
        };
        let newer = Offset::of(exchange.sent_us, exchange.ended_us, server_us);
        let offset = self.offset.get_value();
        self.offset
            .set_value(Some(offset.map_or(newer, |offset| offset.narrowed_by(newer))));
        if offset.is_none() {
            self.now.set(self.read());
        }
    }
}

/// The server's time, ticking each second.
pub fn use_now() -> Derived<Timestamp> {
    expect_context::<ServerClock>().now.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000;

    /// An exchange with a server whose clock is `ahead` of ours: it rounds its second down.
    fn seen(sent_ms: i64, ended_ms: i64, ahead_ms: i64) -> Offset {
        let server_ms = sent_ms.midpoint(ended_ms) + ahead_ms;
        Offset::of(sent_ms * MS, ended_ms * MS, server_ms.div_euclid(1000) * 1000 * MS)
    }

    #[test]
    fn several_answers_pin_the_offset_down() {
        let offset = [(0, 10), (1_230, 1_240), (2_480, 2_490), (3_760, 3_770)]
            .into_iter()
            .map(|(sent, ended)| seen(sent, ended, 5_123))
            .reduce(Offset::narrowed_by)
            .unwrap();
        assert!((offset.middle() - 5_123 * MS).abs() < 200 * MS, "{offset:?}");
    }

    #[test]
    fn a_heartbeat_that_was_long_under_way_tells_nothing_wrong() {
        let offset = seen(0, 10, 5_000);
        let late = offset.later_than(60_000 * MS, 5_020 * MS);
        assert_eq!(late, offset);
        let quick = offset.later_than(1_002 * MS, 6_001 * MS);
        assert_eq!((quick.least, quick.most), (4_999 * MS, offset.most));
        let set = offset.later_than(2_000 * MS, 99_000 * MS);
        assert_eq!((set.least, set.most), (97_000 * MS, 98_000 * MS));
    }

    #[test]
    fn a_clock_that_was_set_starts_anew() {
        let before = seen(0, 10, 5_000);
        let after = seen(20_000, 20_010, -60_000);
        assert_eq!(before.narrowed_by(after), after);
    }
}
