//! Moments, ranges and dates. UTC inside; what zone the screen shows is the page's business.
//!
//! Plain arithmetic on the proleptic Gregorian calendar, because a calendar library would cost the page more than all
//! its panels (a time-zone aware one adds hundreds of kilobytes to the wasm file). Leap seconds do not exist in this
//! count, as in POSIX time; [`crate::gps`] has the table for the clocks that know them.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::quoted::Quoted;

mod rfc3339;

pub use rfc3339::ParseTimeError;

/// Microseconds in a second.
pub const MICROS_PER_SEC: i64 = 1_000_000;
/// Microseconds in a day of 24 hours.
pub const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SEC;

/// A moment: microseconds since 1970-01-01T00:00:00Z, in the years 0000 to 9999.
///
/// Exact in PostgreSQL, SQLite and in a JavaScript number. Finer input is rounded down. On the wire a single time is
/// RFC 3339 text ending in `Z`; columns of times are integers in fields named `*_us`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 0000-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_167_219_200 * MICROS_PER_SEC);
    /// The last microsecond of the year 9999.
    pub const MAX: Self = Self(253_402_300_800 * MICROS_PER_SEC - 1);
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The moment `micros` after the epoch, or `None` outside the years 0000 to 9999.
    pub const fn from_micros(micros: i64) -> Option<Self> {
        if Self::MIN.0 <= micros && micros <= Self::MAX.0 {
            Some(Self(micros))
        } else {
            None
        }
    }

    /// The moment `micros` after the epoch, moved into the years 0000 to 9999.
    pub const fn saturating_from_micros(micros: i64) -> Self {
        if micros < Self::MIN.0 {
            Self::MIN
        } else if Self::MAX.0 < micros {
            Self::MAX
        } else {
            Self(micros)
        }
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The moment `micros` later (earlier if negative), stopping at the ends of the calendar.
    #[must_use]
    pub const fn saturating_add_micros(self, micros: i64) -> Self {
        Self::saturating_from_micros(self.0.saturating_add(micros))
    }

    /// Microseconds from `earlier` to this moment; negative if it is later.
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// The UTC date, and the microseconds since its midnight.
    pub const fn utc_date_and_micros(self) -> (Date, i64) {
        (
            Date::from_days(self.0.div_euclid(MICROS_PER_DAY)),
            self.0.rem_euclid(MICROS_PER_DAY),
        )
    }
}

/// RFC 3339 in UTC, with as many digits of the second as it needs: `2026-11-20T03:12:48Z`, `….5Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        rfc3339::write(*self, f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads RFC 3339 with any offset. Digits beyond the microsecond are dropped, which rounds down.
impl FromStr for Timestamp {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        rfc3339::parse(text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// A half-open span of time: `start` belongs to it, `end` does not. Never empty, never reversed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TimeRange {
    start: Timestamp,
    end: Timestamp,
}

/// A range whose end does not lie after its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReversedRange {
    start: Timestamp,
    end: Timestamp,
}

impl fmt::Display for ReversedRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the range must end after it starts, but it goes from {} to {}",
            self.start, self.end
        )
    }
}

impl std::error::Error for ReversedRange {}

impl TimeRange {
    /// The span from `start` up to, and without, `end`.
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Self, ReversedRange> {
        if start < end {
            Ok(Self { start, end })
        } else {
            Err(ReversedRange { start, end })
        }
    }

    /// All of time.
    pub const ALL: Self = Self {
        start: Timestamp::MIN,
        end: Timestamp::MAX,
    };

    /// The first moment of the range.
    pub const fn start(self) -> Timestamp {
        self.start
    }

    /// The first moment after the range.
    pub const fn end(self) -> Timestamp {
        self.end
    }

    /// Its length in microseconds, at least one.
    pub const fn micros(self) -> i64 {
        self.end.0 - self.start.0
    }

    /// Whether `time` lies in the range.
    pub fn contains(self, time: Timestamp) -> bool {
        self.start <= time && time < self.end
    }

    /// The part that lies in both, if any.
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.start.max(other.start), self.end.min(other.end)).ok()
    }
}

/// A calendar date. Written `2026-11-20`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i16,
    month: u8,
    day: u8,
}

impl Date {
    /// The date, or `None` if the calendar has no such day or the year is not in 0 to 9999.
    pub const fn new(year: i16, month: u8, day: u8) -> Option<Self> {
        let possible = 0 <= year && year <= 9999 && 1 <= month && month <= 12 && 1 <= day;
        if possible && day <= days_in_month(year, month) {
            Some(Self { year, month, day })
        } else {
            None
        }
    }

    /// The date `days` after 1970-01-01, stopping at the ends of the calendar.
    ///
    /// Method: shift the year to start in March, so that the leap day is its last, and count in eras of 400 years.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "month and day are bounded by the arithmetic"
    )]
    pub const fn from_days(days: i64) -> Self {
        let days = if days < -719_528 {
            -719_528
        } else if 2_932_896 < days {
            2_932_896
        } else {
            days
        };
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        Self {
            year: year as i16,
            month: month as u8,
            day: day as u8,
        }
    }

    /// Days since 1970-01-01; negative before.
    pub const fn to_days(self) -> i64 {
        let year = self.year as i64 - if self.month <= 2 { 1 } else { 0 };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month_from_march = (self.month as i64 + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + self.day as i64 - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The date `days` later, or earlier if negative.
    #[must_use]
    pub const fn add_days(self, days: i64) -> Self {
        Self::from_days(self.to_days().saturating_add(days))
    }

    /// Midnight UTC at the start of this date.
    pub const fn utc_midnight(self) -> Timestamp {
        Timestamp(self.to_days() * MICROS_PER_DAY)
    }

    /// The year, 0 to 9999.
    pub const fn year(self) -> i16 {
        self.year
    }

    /// The month, 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    pub const fn day(self) -> u8 {
        self.day
    }

    /// Days since Monday, 0 to 6.
    #[expect(clippy::cast_possible_truncation, reason = "a remainder of 7")]
    pub const fn days_since_monday(self) -> u8 {
        (self.to_days() + 3).rem_euclid(7) as u8
    }
}

/// The number of days of a month in the Gregorian calendar.
pub const fn days_in_month(year: i16, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a date of the form `2026-11-20`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseDateError(String);

impl fmt::Display for ParseDateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a date; write it like 2026-11-20", Quoted(&self.0))
    }
}

impl std::error::Error for ParseDateError {}

impl FromStr for Date {
    type Err = ParseDateError;

    fn from_str(text: &str) -> Result<Self, ParseDateError> {
        rfc3339::parse_date(text.as_bytes()).ok_or_else(|| ParseDateError(text.chars().take(40).collect()))
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
