//! The time of a row, from its time columns.

use jiff::civil;
use jiff::fmt::strtime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use shared::time::Timestamp;

use crate::ingest::excerpt::excerpt;

/// How the time columns are to be read.
///
/// Without a format RFC 3339 and `YYYY-MM-DD HH:MM[:SS[.fff]]` are understood. A time without an offset is local time in
/// the zone; one that the zone's clocks skipped, or showed twice, is an error, for nothing in the file tells which moment
/// was meant. Digits beyond the microsecond are dropped, which rounds down.
#[derive(Clone, PartialEq, Debug)]
pub struct TimeFormat {
    format: Option<Format>,
    zone: TimeZone,
}

/// A strftime format, one part per time column where it can be divided so.
#[derive(Clone, PartialEq, Debug)]
struct Format {
    text: String,
    /// How many digits each column must have, for columns that are nothing but digits.
    ///
    /// Tables often keep such columns as integers, whose leading zeros are lost: 5 for the time 00:05, written `%H%M`.
    digits: Vec<Option<usize>>,
}

impl TimeFormat {
    /// Checks format and zone, for so many time columns.
    pub fn new(format: Option<&str>, zone: Option<&str>, n_columns: usize) -> Result<Self, String> {
        let format = format.map(|text| Format::new(text, n_columns)).transpose()?;
        let zone = zone.map_or(Ok(TimeZone::UTC), parse_zone)?;
        Ok(Self { format, zone })
    }

    /// Reads the time of a row from the cells of its time columns.
    pub fn parse(&self, cells: &[&str]) -> Result<Timestamp, String> {
        let text = match &self.format {
            Some(format) => format.join(cells),
            None => cells.join(" "),
        };
        match &self.format {
            Some(format) => self.parse_with(&format.text, &text),
            None => self.parse_plain(&text),
        }
    }

    fn parse_plain(&self, text: &str) -> Result<Timestamp, String> {
        let wrong = match text.parse::<Timestamp>() {
            Ok(time) => return Ok(time),
            Err(error) => error,
        };
        // A local time is read as if it were in UTC first: the same digits, checked in the same way.
        let seconds = if text.len() == "2026-11-20 03:12".len() {
            ":00"
        } else {
            ""
        };
        match format!("{text}{seconds}Z").parse::<Timestamp>() {
            Ok(as_if_utc) => self.resolve_local(civil_of(as_if_utc)?, text),
            Err(_) if text.is_empty() => Err("the time is empty".to_owned()),
            Err(_) => Err(format!("{wrong}, or say with --time-format how it is written")),
        }
    }

    fn parse_with(&self, format: &str, text: &str) -> Result<Timestamp, String> {
        let wrong = |error| format!("the time {} is not of the form {format:?}: {error}", excerpt(text));
        let parts = strtime::BrokenDownTime::parse(format, text).map_err(wrong)?;
        if parts.timestamp().is_some() || parts.offset().is_some() {
            return stored(parts.to_timestamp().map_err(wrong)?, text);
        }
        self.resolve_local(parts.to_datetime().map_err(wrong)?, text)
    }

    /// The moment at which the zone's clocks show this.
    fn resolve_local(&self, local: civil::DateTime, text: &str) -> Result<Timestamp, String> {
        let zone = self.zone.iana_name().unwrap_or("the time zone");
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => {
                let time = ambiguous.unambiguous();
                stored(
                    time.map_err(|error| format!("the time {}: {error}", excerpt(text)))?,
                    text,
                )
            }
            AmbiguousOffset::Gap { .. } => Err(format!(
                "the time {} does not exist in {zone}: its clocks were put forward over it",
                excerpt(text)
            )),
            AmbiguousOffset::Fold { before, after } => Err(format!(
                "the time {} exists twice in {zone}, with the offsets {before} and {after}; write times with their offset, \
                 or in UTC",
                excerpt(text)
            )),
        }
    }
}

impl Format {
    fn new(text: &str, n_columns: usize) -> Result<Self, String> {
        // What it writes it must be able to read, and that must be a moment.
        let sample = civil::date(2026, 11, 20).at(3, 12, 48, 0).to_zoned(TimeZone::UTC);
        let is_complete = sample
            .map_err(|error| error.to_string())
            .and_then(|sample| strtime::format(text, &sample).map_err(|error| error.to_string()))
            .and_then(|written| {
                let parts = strtime::BrokenDownTime::parse(text, &written).map_err(|error| error.to_string())?;
                let has_moment = parts.timestamp().is_some();
                let day = parts.to_datetime().map(|_| ());
                if has_moment {
                    Ok(())
                } else {
                    day.map_err(|error| error.to_string())
                }
            });
        is_complete.map_err(|error| format!("the time format {text:?} cannot be used: {error}"))?;
        let parts: Vec<&str> = text.split(' ').collect();
        let digits = if parts.len() == n_columns {
            parts.into_iter().map(fixed_digits).collect()
        } else {
            vec![None; n_columns]
        };
        Ok(Self {
            text: text.to_owned(),
            digits,
        })
    }

    /// The cells with a space between them; columns of digits are filled up with zeros on the left.
    fn join(&self, cells: &[&str]) -> String {
        let mut text = String::new();
        for (index, cell) in cells.iter().enumerate() {
            if index > 0 {
                text.push(' ');
            }
            if let Some(Some(n_digits)) = self.digits.get(index)
                && !cell.is_empty()
                && cell.bytes().all(|byte| byte.is_ascii_digit())
            {
                text.extend(std::iter::repeat_n('0', n_digits.saturating_sub(cell.len())));
            }
            text.push_str(cell);
        }
        text
    }
}

/// How many digits a format takes that consists of nothing but directives of fixed width.
fn fixed_digits(format: &str) -> Option<usize> {
    let mut n_digits = 0;
    let mut rest = format;
    while !rest.is_empty() {
        n_digits += match rest.get(..2)? {
            "%Y" => 4,
            "%j" => 3,
            "%m" | "%d" | "%H" | "%M" | "%S" | "%y" => 2,
            _ => return None,
        };
        rest = &rest[2..];
    }
    (n_digits > 0).then_some(n_digits)
}

/// An IANA name such as `Atlantic/Canary`, or a fixed offset such as `-07:00`.
fn parse_zone(text: &str) -> Result<TimeZone, String> {
    if text.starts_with(['+', '-']) {
        let offset = strtime::parse("%:z", text).ok().and_then(|parts| parts.offset());
        return match offset {
            Some(offset) => Ok(TimeZone::fixed(offset)),
            None => Err(format!("{} is not an offset; write it like -07:00", excerpt(text))),
        };
    }
    TimeZone::get(text).map_err(|_unknown| {
        format!(
            "{} is not a time zone; write an IANA name such as Atlantic/Canary, or an offset such as -07:00",
            excerpt(text)
        )
    })
}

fn civil_of(as_if_utc: Timestamp) -> Result<civil::DateTime, String> {
    let time = jiff::Timestamp::from_microsecond(as_if_utc.as_micros()).map_err(|error| error.to_string())?;
    Ok(TimeZone::UTC.to_datetime(time))
}

fn stored(time: jiff::Timestamp, text: &str) -> Result<Timestamp, String> {
    i64::try_from(time.as_nanosecond().div_euclid(1_000))
        .ok()
        .and_then(Timestamp::from_micros)
        .ok_or_else(|| format!("the time {} lies outside the years 0000 to 9999", excerpt(text)))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn read(format: Option<&str>, zone: Option<&str>, cells: &[&str]) -> String {
        let format = match TimeFormat::new(format, zone, cells.len()) {
            Ok(format) => format,
            Err(error) => return format!("format: {error}"),
        };
        match format.parse(cells) {
            Ok(time) => time.to_string(),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn times_are_understood_without_a_format() {
        assert_snapshot!(read(None, None, &["2016-01-01T00:00:00Z"]), @"2016-01-01T00:00:00Z");
        assert_snapshot!(read(None, Some("Atlantic/Canary"), &["2016-07-01T00:00:00+02:00"]), @"2016-06-30T22:00:00Z");
        assert_snapshot!(read(None, None, &["2013-12-02 21:15:00"]), @"2013-12-02T21:15:00Z");
        assert_snapshot!(read(None, Some("Atlantic/Canary"), &["2016-07-01", "12:30"]), @"2016-07-01T11:30:00Z");
        assert_snapshot!(read(None, Some("-07:00"), &["2018-10-18 00:05:00.1234567"]), @"2018-10-18T07:05:00.123456Z");
    }

    #[test]
    fn integer_columns_get_their_lost_zeros_back() {
        let midc = |cells: &[&str]| read(Some("%Y %j %H%M"), Some("Etc/GMT+7"), cells);
        assert_snapshot!(midc(&["2018", "291", "0"]), @"2018-10-18T07:00:00Z");
        assert_snapshot!(midc(&["2018", "291", "5"]), @"2018-10-18T07:05:00Z");
        assert_snapshot!(midc(&["2018", "1", "1435"]), @"2018-01-01T21:35:00Z");
        assert_snapshot!(midc(&["2018", "291", "2400"]), @r#"error: the time "2018 291 2400" is not of the form "%Y %j %H%M": strptime parsing failed: %H failed: failed to parse hour number: parameter 'hour' is not in the required range of 0..=23"#);
        assert_snapshot!(midc(&["2018", "291", "5.0"]), @r#"error: the time "2018 291 5.0" is not of the form "%Y %j %H%M": strptime parsing failed: %M failed: failed to parse minute number: invalid number, no digits found"#);
        assert_snapshot!(midc(&["2018", "", "5"]), @r#"error: the time "2018  0005" is not of the form "%Y %j %H%M": strptime parsing failed: %j failed: failed to parse day of year number: parameter 'day-of-year' is not in the required range of 1..=366"#);
    }

    #[test]
    fn formats_with_offsets_and_counts_of_seconds() {
        assert_snapshot!(read(Some("%d.%m.%Y %H:%M:%S%.f"), Some("Europe/Berlin"), &["20.11.2026", "03:12:48.5"]), @"2026-11-20T02:12:48.5Z");
        assert_snapshot!(read(Some("%Y-%m-%dT%H:%M:%S%z"), None, &["2026-11-20T03:12:48+0100"]), @"2026-11-20T02:12:48Z");
        assert_snapshot!(read(Some("%s"), None, &["1763676000"]), @"2025-11-20T22:00:00Z");
    }

    #[test]
    fn local_times_that_do_not_exist_or_exist_twice_are_errors() {
        let canary = |text: &str| read(None, Some("Atlantic/Canary"), &[text]);
        assert_snapshot!(canary("2026-03-29 01:30:00"), @r#"error: the time "2026-03-29 01:30:00" does not exist in Atlantic/Canary: its clocks were put forward over it"#);
        assert_snapshot!(canary("2026-10-25 01:30:00"), @r#"error: the time "2026-10-25 01:30:00" exists twice in Atlantic/Canary, with the offsets +01 and +00; write times with their offset, or in UTC"#);
        assert_snapshot!(canary("2026-10-25 02:00:00"), @"2026-10-25T02:00:00Z");
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        assert_snapshot!(read(None, None, &["yesterday"]), @r#"error: "yesterday" is not a time: it is too short; write it like 2026-11-20T03:12:48Z, or say with --time-format how it is written"#);
        assert_snapshot!(read(None, None, &[""]), @"error: the time is empty");
        assert_snapshot!(read(None, None, &["2016-02-30 00:00:00"]), @r#"error: "2016-02-30 00:00:00" is not a time: it does not start with a date of the calendar; write it like 2026-11-20T03:12:48Z, or say with --time-format how it is written"#);
        assert_snapshot!(read(None, None, &["2016-12-31 23:59:60"]), @r#"error: "2016-12-31 23:59:60" is not a time: a leap second (:60) has no place in this count; write it like 2026-11-20T03:12:48Z, or say with --time-format how it is written"#);
        assert_snapshot!(read(None, Some("Mars/Olympus"), &["x"]), @r#"format: "Mars/Olympus" is not a time zone; write an IANA name such as Atlantic/Canary, or an offset such as -07:00"#);
        assert_snapshot!(read(None, Some("+7"), &["x"]), @r#"format: "+7" is not an offset; write it like -07:00"#);
        assert_snapshot!(read(Some("%H:%M"), None, &["12:00"]), @r#"format: the time format "%H:%M" cannot be used: date required to parse datetime: year required to parse date"#);
        assert_snapshot!(read(Some("%Y-%m-%d %Q"), None, &["2016-01-01"]), @r#"error: the time "2016-01-01" is not of the form "%Y-%m-%d %Q": strptime parsing failed: expected non-empty input for directive `%Q`, but found end of input"#);
    }

    proptest! {
        #[test]
        fn every_moment_is_read_back_from_its_parts(micros in -62_000_000_000_000_000_i64..250_000_000_000_000_000) {
            let time = Timestamp::saturating_from_micros(micros - micros.rem_euclid(60_000_000));
            let civil = civil_of(time).unwrap();
            let columns = [civil.year().to_string(), civil.day_of_year().to_string(),
                (i32::from(civil.hour()) * 100 + i32::from(civil.minute())).to_string()];
            let format = TimeFormat::new(Some("%Y %j %H%M"), None, 3).unwrap();
            prop_assert_eq!(format.parse(&columns.each_ref().map(String::as_str)), Ok(time));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}", digits in "[-0-9:T. Z+]{0,30}") {
            let plain = TimeFormat::new(None, Some("Europe/Berlin"), 1).unwrap();
            let midc = TimeFormat::new(Some("%Y %j %H%M"), None, 3).unwrap();
            for text in [&text, &digits] {
                prop_assert!(plain.parse(&[text]).is_err() || text.contains(':'));
                prop_assert!(midc.parse(&[text, text, text]).is_err() || !text.is_empty());
            }
        }
    }
}
