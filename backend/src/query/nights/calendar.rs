//! Where nights begin and end at a site.

use jiff::civil;
use jiff::tz::TimeZone;
use shared::time::{Date, TimeRange, Timestamp};

/// Nights at a site: each begins at the same local time of day, and is named by the date on which it does.
///
/// A night is 24 hours long, 23 or 25 at a change to or from summer time. Where the local time of the start does not exist
/// on a date, the night begins as much later as the clocks were put forward; where it exists twice, at the first.
#[derive(Clone, Debug)]
pub struct NightCalendar {
    zone: TimeZone,
    day_start: civil::Time,
}

/// A name that no time zone has.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no time zone {0:?}; write a name such as UTC or Atlantic/Canary")]
pub struct UnknownTimeZone(String);

impl NightCalendar {
    /// The nights of a time zone that begin `day_start_minutes` (0 to 1439) after local midnight.
    pub fn new(time_zone: &str, day_start_minutes: u16) -> Result<Self, UnknownTimeZone> {
        let zone = TimeZone::get(time_zone).map_err(|_unknown| UnknownTimeZone(time_zone.to_owned()))?;
        let minutes = day_start_minutes.min(1439);
        let part = |number: u16| i8::try_from(number).unwrap_or(0);
        let day_start = civil::time(part(minutes / 60), part(minutes % 60), 0, 0);
        Ok(Self { zone, day_start })
    }

    /// When the night of a date begins; at the ends of the calendar at the latest.
    pub fn start_of(&self, date: Date) -> Timestamp {
        let month = i8::try_from(date.month()).unwrap_or(1);
        let day = i8::try_from(date.day()).unwrap_or(1);
        let local = civil::date(date.year(), month, day).to_datetime(self.day_start);
        match self.zone.to_timestamp(local) {
            Ok(start) => Timestamp::saturating_from_micros(start.as_microsecond()),
            Err(_beyond_the_calendar) => date.utc_midnight(),
        }
    }

    /// The night of a date; `None` where the calendar ends before it.
    pub fn range_of(&self, date: Date) -> Option<TimeRange> {
        let next = date.add_days(1);
        let end = if next == date {
            Timestamp::MAX
        } else {
            self.start_of(next)
        };
        TimeRange::new(self.start_of(date), end).ok()
    }

    /// The night that a moment lies in.
    pub fn night_of(&self, time: Timestamp) -> Date {
        let (utc_date, _) = time.utc_date_and_micros();
        // No zone is a whole day off, so that the night begins on the UTC date, a day before or a day after.
        let mut date = utc_date.add_days(1);
        for _ in 0..3 {
            if self.start_of(date) <= time {
                break;
            }
            date = date.add_days(-1);
        }
        date
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(zone: &str, minutes: u16, night: &str, start: &str, end: &str) {
        let calendar = NightCalendar::new(zone, minutes).unwrap();
        let range = calendar.range_of(date(night)).unwrap();
        assert_eq!(
            (range.start().to_string(), range.end().to_string()),
            (start.to_owned(), end.to_owned())
        );
    }

    #[test]
    fn a_night_goes_from_noon_to_noon_in_local_time() {
        check("UTC", 720, "2026-11-20", "2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z");
        check(
            "Pacific/Kiritimati",
            720,
            "2026-11-20",
            "2026-11-19T22:00:00Z",
            "2026-11-20T22:00:00Z",
        );
        check(
            "America/Santiago",
            0,
            "2026-11-20",
            "2026-11-20T03:00:00Z",
            "2026-11-21T03:00:00Z",
        );
    }

    #[test]
    fn nights_of_a_clock_change_have_23_or_25_hours() {
        check(
            "Atlantic/Canary",
            720,
            "2026-03-28",
            "2026-03-28T12:00:00Z",
            "2026-03-29T11:00:00Z",
        );
        check(
            "Atlantic/Canary",
            720,
            "2026-10-24",
            "2026-10-24T11:00:00Z",
            "2026-10-25T12:00:00Z",
        );
        // The start itself does not exist (01:30 on 29 March), or exists twice (01:30 on 25 October).
        check(
            "Atlantic/Canary",
            90,
            "2026-03-29",
            "2026-03-29T01:30:00Z",
            "2026-03-30T00:30:00Z",
        );
        check(
            "Atlantic/Canary",
            90,
            "2026-10-25",
            "2026-10-25T00:30:00Z",
            "2026-10-26T01:30:00Z",
        );
    }

    #[test]
    fn unknown_zones_are_named() {
        let error = NightCalendar::new("Atlantic/Atlantis", 0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no time zone \"Atlantic/Atlantis\"; write a name such as UTC or Atlantic/Canary"
        );
    }

    #[test]
    fn the_ends_of_the_calendar_have_nights() {
        let calendar = NightCalendar::new("Atlantic/Canary", 720).unwrap();
        for time in [Timestamp::MIN, Timestamp::MAX] {
            let night = calendar.night_of(time);
            assert!(calendar.range_of(night).is_some(), "{night}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_lies_in_the_night_that_it_is_given(
            micros in -1_i64 << 50..1_i64 << 52,
            minutes in 0_u16..1440,
            zone in prop::sample::select(vec!["UTC", "Atlantic/Canary", "America/Adak", "Pacific/Apia", "Asia/Kathmandu"]),
        ) {
            let calendar = NightCalendar::new(zone, minutes).unwrap();
            let time = Timestamp::from_micros(micros).unwrap();
            let night = calendar.night_of(time);
            // Apia had no 30 December 2011: a night of no length, which no moment lies in.
            prop_assert!(calendar.range_of(night).is_some_and(|range| range.contains(time)), "{night} {time}");
        }
    }
}
