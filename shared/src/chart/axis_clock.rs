//! The clock by which a plot tells times.

use crate::gps;
use crate::time::{Date, MICROS_PER_DAY, MICROS_PER_SEC, TimeRange};

const MILLI: i64 = 1_000;
const SEC: i64 = MICROS_PER_SEC;
const MIN: i64 = 60 * SEC;
const HOUR: i64 = 60 * MIN;

/// The clock by which times are written: on the axis and wherever else a plot tells them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AxisClock {
    /// From which moment on the clock is how far ahead of UTC: microseconds, by rising moment.
    offsets: Vec<(i64, i64)>,
    /// Whether it counts seconds, rather than showing dates and hours.
    counts_seconds: bool,
}

impl AxisClock {
    /// Universal time.
    pub const fn utc() -> Self {
        Self {
            offsets: Vec::new(),
            counts_seconds: false,
        }
    }

    /// The clock on a wall. `offsets` are pairs of a moment and of how far the clock is ahead of UTC from then on, both in
    /// microseconds and by rising moment; the first holds before its moment too.
    pub const fn on_a_wall(offsets: Vec<(i64, i64)>) -> Self {
        Self {
            offsets,
            counts_seconds: false,
        }
    }

    /// Seconds of GPS.
    pub fn gps() -> Self {
        Self {
            offsets: gps::offsets_micros().collect(),
            counts_seconds: true,
        }
    }

    /// Whether it counts seconds, rather than showing dates and hours.
    pub const fn counts_seconds(&self) -> bool {
        self.counts_seconds
    }

    /// How far it is ahead of UTC at a moment, in microseconds.
    pub fn offset_us(&self, time_us: i64) -> i64 {
        let after = self.offsets.partition_point(|(from, _)| *from <= time_us);
        self.offsets
            .get(after.saturating_sub(1))
            .map_or(0, |(_, offset_us)| *offset_us)
    }

    /// What it shows at a moment, with 0, 3 or 6 digits of the second: `03:12:48`, with the date before it where that is
    /// wanted, or `1126259462`.
    pub fn text(&self, time_us: i64, digits: usize, with_date: bool) -> String {
        let local_us = time_us.saturating_add(self.offset_us(time_us));
        if self.counts_seconds {
            return seconds_text(local_us, digits);
        }
        let clock = clock_text(local_us, digits);
        if with_date {
            let date = Date::from_days(local_us.div_euclid(MICROS_PER_DAY));
            format!("{date} {clock}")
        } else {
            clock
        }
    }

    /// The parts of a range in which the clock runs evenly: start, end and how far it is ahead.
    pub(super) fn parts(&self, range: TimeRange) -> Vec<(i64, i64, i64)> {
        let (mut start, end) = (range.start().as_micros(), range.end().as_micros());
        let mut parts = Vec::new();
        for (from, _) in &self.offsets {
            if start < *from && *from < end {
                parts.push((start, *from, self.offset_us(start)));
                start = *from;
            }
        }
        parts.push((start, end, self.offset_us(start)));
        parts
    }
}

/// How many digits of the second a time needs where a pixel is so many microseconds: 0, 3 or 6.
pub const fn second_digits(micros_per_pixel: i64) -> usize {
    match micros_per_pixel {
        ..MILLI => 6,
        MILLI..SEC => 3,
        _ => 0,
    }
}

/// The time of day, `03:12:48` with 0, 3 or 6 digits of the second; rounded down.
pub fn clock_text(local_us: i64, digits: usize) -> String {
    let of_day = local_us.rem_euclid(MICROS_PER_DAY);
    let (hours, minutes, seconds) = (of_day / HOUR, of_day / MIN % 60, of_day / SEC % 60);
    let clock = format!("{hours:02}:{minutes:02}:{seconds:02}");
    match digits {
        0 => clock,
        1..=3 => format!("{clock}.{:03}", of_day % SEC / MILLI),
        _ => format!("{clock}.{:06}", of_day % SEC),
    }
}

/// A count of seconds with 0, 3 or 6 decimals; rounded down.
pub(super) fn seconds_text(local_us: i64, digits: usize) -> String {
    let (secs, rest) = (local_us.div_euclid(SEC), local_us.rem_euclid(SEC));
    match digits {
        0 => secs.to_string(),
        1..=3 => format!("{secs}.{:03}", rest / MILLI),
        _ => format!("{secs}.{rest:06}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn a_clock_tells_moments() {
        let wall = AxisClock::on_a_wall(vec![(0, HOUR), (1_774_746_000 * SEC, 2 * HOUR)]);
        let summer = "2026-07-01T22:30:00.25Z".parse::<Timestamp>().unwrap().as_micros();
        assert_eq!(wall.text(summer, 0, true), "2026-07-02 00:30:00");
        assert_eq!(AxisClock::utc().text(summer, 3, false), "22:30:00.250");
        assert_eq!(AxisClock::gps().text(summer, 3, true), "1466980218.250");
        assert_eq!(wall.offset_us(0), HOUR);
    }

    #[test]
    fn clocks_are_rounded_down() {
        let time: Timestamp = "1969-12-31T23:59:59.999999Z".parse().unwrap();
        assert_eq!(clock_text(time.as_micros(), 0), "23:59:59");
        assert_eq!(clock_text(time.as_micros(), 3), "23:59:59.999");
        assert_eq!(clock_text(time.as_micros(), 6), "23:59:59.999999");
    }
}
