//! Local time at the site, and its nights.

use leptos::prelude::*;
use shared::dashboard::{Shift, Site};
use shared::time::{Date, MICROS_PER_DAY, MICROS_PER_SEC, TimeRange, Timestamp};

use crate::browser::intl::ZoneClock;
use crate::reactive::Kept;

/// Cuts time into the nights of the site.
#[derive(Clone, Copy, Debug)]
pub struct SiteClock {
    zone: Kept<Option<ZoneClock>>,
    day_start_micros: i64,
}

impl SiteClock {
    /// The clock of a site. A zone that this browser does not know counts as UTC; see [`SiteClock::is_known`].
    pub fn new(site: &Site) -> Self {
        Self {
            zone: Kept::new(ZoneClock::new(&site.time_zone)),
            day_start_micros: i64::from(site.day_start_minutes) * 60 * MICROS_PER_SEC,
        }
    }

    /// Whether this browser knows the site's time zone.
    pub fn is_known(&self) -> bool {
        self.zone.with_value(Option::is_some)
    }

    /// Microseconds that local time is ahead of UTC.
    pub fn offset_micros(&self, time: Timestamp) -> i64 {
        self.zone
            .with_value(|zone| zone.as_ref().and_then(|zone| zone.offset_micros(time)))
            .unwrap_or(0)
    }

    /// The night of a date: 24 hours, or 23 or 25 at a change to or from summer time.
    pub fn night(&self, date: Date) -> TimeRange {
        night(date, self.day_start_micros, |time| self.offset_micros(time))
    }

    /// When a crew is on duty in the night of a date: a shift that begins before the start of the night's day belongs
    /// to the morning after.
    pub fn shift(&self, date: Date, shift: &Shift) -> Option<TimeRange> {
        shift_of(date, shift, self.day_start_micros, |time| self.offset_micros(time))
    }

    /// The date of the night that holds a moment.
    pub fn date_of(&self, time: Timestamp) -> Date {
        let local = time.saturating_add_micros(self.offset_micros(time) - self.day_start_micros);
        let (date, _) = local.utc_date_and_micros();
        // A change of the clocks between the start of the night and now may put the guess one off.
        [-1, 0, 1]
            .into_iter()
            .map(|days| date.add_days(days))
            .find(|date| self.night(*date).contains(time))
            .unwrap_or(date)
    }
}

/// The clock of the site.
pub fn use_site_clock() -> SiteClock {
    expect_context()
}

/// The night of `date` in a zone that is `offset` ahead of UTC, if nights start `day_start_micros` after midnight.
fn night(date: Date, day_start_micros: i64, offset: impl Fn(Timestamp) -> i64) -> TimeRange {
    let start_of = |date: Date| {
        let local_micros = date.to_days() * MICROS_PER_DAY + day_start_micros;
        moment(local_micros, &offset)
    };
    let start = start_of(date);
    let day_after = start.saturating_add_micros(MICROS_PER_DAY);
    TimeRange::new(start, start_of(date.add_days(1)))
        .or_else(|_| TimeRange::new(start, day_after))
        .unwrap_or(TimeRange::ALL)
}

/// A shift in the night of `date`, as [`SiteClock::shift`] says it.
fn shift_of(date: Date, shift: &Shift, day_start_micros: i64, offset: impl Fn(Timestamp) -> i64) -> Option<TimeRange> {
    let micros = |minutes: u16| i64::from(minutes) * 60 * MICROS_PER_SEC;
    let (start, end) = (micros(shift.start_minutes), micros(shift.end_minutes));
    let start_date = if start < day_start_micros {
        date.add_days(1)
    } else {
        date
    };
    let end_date = if end > start {
        start_date
    } else {
        start_date.add_days(1)
    };
    let at = |date: Date, micros: i64| moment(date.to_days() * MICROS_PER_DAY + micros, &offset);
    TimeRange::new(at(start_date, start), at(end_date, end)).ok()
}

/// The moment at which local time reads `local_micros`; the earlier one where it does so twice. Where it never does,
/// because the clocks go forward over it, the moment by the clock before the change.
fn moment(local_micros: i64, offset: impl Fn(Timestamp) -> i64) -> Timestamp {
    let as_utc = Timestamp::saturating_from_micros(local_micros);
    let before = offset(as_utc.saturating_add_micros(-MICROS_PER_DAY));
    let after = offset(as_utc.saturating_add_micros(MICROS_PER_DAY));
    let by = |offset: i64| Timestamp::saturating_from_micros(local_micros - offset);
    [before.max(after), before.min(after)]
        .into_iter()
        .find(|candidate| offset(by(*candidate)) == *candidate)
        .map_or(by(before), by)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600 * MICROS_PER_SEC;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Central Europe in 2026: summer time from 29 March to 25 October, 01:00 UTC.
    fn berlin(time: Timestamp) -> i64 {
        let summer = at("2026-03-29T01:00:00Z") <= time && time < at("2026-10-25T01:00:00Z");
        if summer { 2 * HOUR } else { HOUR }
    }

    #[track_caller]
    fn check(date: &str, day_start_hours: i64, expected: &str) {
        let range = night(date.parse().unwrap(), day_start_hours * HOUR, berlin);
        let hours = range.micros() / HOUR;
        assert_eq!(format!("{} {hours} h", range.start()), expected);
    }

    #[test]
    fn nights_from_noon_are_longer_or_shorter_where_the_clocks_change() {
        check("2026-01-10", 12, "2026-01-10T11:00:00Z 24 h");
        check("2026-03-28", 12, "2026-03-28T11:00:00Z 23 h");
        check("2026-03-29", 12, "2026-03-29T10:00:00Z 24 h");
        check("2026-10-24", 12, "2026-10-24T10:00:00Z 25 h");
        check("2026-10-25", 12, "2026-10-25T11:00:00Z 24 h");
    }

    #[test]
    fn shifts_lie_in_the_night_that_they_belong_to() {
        let range = |start: u16, end: u16| {
            let shift = Shift {
                name: String::new(),
                start_minutes: start * 60,
                end_minutes: end * 60,
            };
            let date = "2026-01-10".parse().unwrap();
            let range = shift_of(date, &shift, 12 * HOUR, berlin).unwrap();
            format!("{} {}", range.start(), range.end())
        };
        assert_eq!(range(18, 22), "2026-01-10T17:00:00Z 2026-01-10T21:00:00Z");
        assert_eq!(range(22, 3), "2026-01-10T21:00:00Z 2026-01-11T02:00:00Z");
        assert_eq!(range(3, 8), "2026-01-11T02:00:00Z 2026-01-11T07:00:00Z");
    }

    #[test]
    fn nights_that_start_in_the_hour_of_the_change_still_join() {
        for day_start_hours in [1, 2, 3] {
            for day in 26..=31 {
                let date = Date::new(2026, 3, day).unwrap();
                let this = night(date, day_start_hours * HOUR, berlin);
                let next = night(date.add_days(1), day_start_hours * HOUR, berlin);
                assert_eq!(this.end(), next.start());
            }
        }
        // 02:00 does not exist on 29 March; 03:00 summer time is the same moment.
        check("2026-03-29", 2, "2026-03-29T01:00:00Z 23 h");
        // 02:00 comes twice on 25 October; the night starts at the first.
        check("2026-10-25", 2, "2026-10-25T00:00:00Z 25 h");
    }
}
