//! `[site]`: where the instrument stands, and how its nights are cut.

use jiff::tz::{self, TimeZone};
use shared::dashboard::{Shift, Site};

use super::key::Key;
use super::section::{Section, not_blank};
use super::suggestion;
use crate::sky::Place;

/// Of each of `shifts`.
pub(super) const SHIFT_KEYS: &[Key] = &[
    Key::required("name", "text", "What the crew calls it."),
    Key::required(
        "start",
        "clock time such as \"18:00\"",
        "When it begins, on the site's clock.",
    ),
    Key::required(
        "end",
        "clock time such as \"01:00\"",
        "When it ends; the next day where it is not after the start.",
    ),
];

/// What holds where nothing is said: UTC, nights from noon to noon.
pub(super) fn default() -> Site {
    Site {
        name: "Watchroom".to_owned(),
        time_zone: "UTC".to_owned(),
        day_start_minutes: 12 * 60,
        has_sky: false,
        shifts: Vec::new(),
    }
}

/// The site, and where on Earth it is.
pub(super) fn read(mut section: Section<'_>) -> (Site, Option<Place>) {
    let default = default();
    let place = read_place(&mut section);
    let site = Site {
        name: section
            .parsed("name", "a text", not_blank)
            .map_or(default.name, str::to_owned),
        time_zone: section
            .parsed("time_zone", "a time zone such as \"Atlantic/Canary\"", parse_time_zone)
            .unwrap_or(default.time_zone),
        day_start_minutes: section
            .parsed("day_start", CLOCK_TIME, parse_clock_time)
            .unwrap_or(default.day_start_minutes),
        has_sky: place.is_some(),
        shifts: read_shifts(&mut section),
    };
    section.finish();
    (site, place)
}

fn read_place(section: &mut Section<'_>) -> Option<Place> {
    let mut degrees = |key, limit: f64| {
        let number = section.number(key)?;
        if limit < number.abs() {
            section.add_at(
                key,
                &format!("{number} is out of range; write degrees from -{limit} to {limit}"),
            );
            return None;
        }
        Some(number)
    };
    let latitude_deg = degrees("latitude", 90.0);
    let longitude_deg = degrees("longitude", 180.0);
    let elevation_m = section.number("elevation").unwrap_or(0.0);
    for (key, other) in [("latitude", "longitude"), ("longitude", "latitude")] {
        if section.is_missing(key) && !section.is_missing(other) {
            section.add_at(key, &format!("is missing; it belongs to {other}"));
        }
    }
    Some(Place {
        latitude_deg: latitude_deg?,
        longitude_deg: longitude_deg?,
        elevation_m,
    })
}

fn read_shifts(site: &mut Section<'_>) -> Vec<Shift> {
    let mut shifts: Vec<Shift> = Vec::new();
    for mut section in site.list("shifts") {
        let name = section.required("name", "what the crew calls it", not_blank);
        let start = section.required("start", CLOCK_TIME, parse_clock_time);
        let end = section.required("end", CLOCK_TIME, parse_clock_time);
        if let (Some(name), Some(start_minutes), Some(end_minutes)) = (name, start, end) {
            if shifts.iter().any(|shift| shift.name == name) {
                section.add_at("name", &format!("another shift has the name {name:?} too"));
            }
            shifts.push(Shift {
                name: name.to_owned(),
                start_minutes,
                end_minutes,
            });
        }
        section.finish();
    }
    shifts
}

const CLOCK_TIME: &str = "a local clock time such as \"12:00\"";

/// The name of a zone in the database of time zones.
fn parse_time_zone(text: &str) -> Result<String, String> {
    match TimeZone::get(text) {
        Ok(zone) => Ok(zone.iana_name().unwrap_or(text).to_owned()),
        Err(_unknown) => {
            let known: Vec<String> = tz::db().available().map(|name| name.to_string()).collect();
            let hint = match suggestion::hint(text, known.iter().map(String::as_str)) {
                hint if hint.is_empty() => "; write an IANA name such as \"Atlantic/Canary\" or \"UTC\"".to_owned(),
                hint => hint,
            };
            Err(format!("{text:?} is not a time zone{hint}"))
        }
    }
}

/// `HH:MM` as minutes after midnight.
fn parse_clock_time(text: &str) -> Result<u16, String> {
    let part = |digits: &str, below: u16| {
        let number = digits.parse::<u16>().ok()?;
        (digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit()) && number < below).then_some(number)
    };
    let minutes = text
        .split_once(':')
        .and_then(|(hours, minutes)| Some(part(hours, 24)? * 60 + part(minutes, 60)?));
    minutes.ok_or_else(|| format!("{text:?} is not a local clock time; write hours and minutes such as \"12:00\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_times_are_minutes_after_midnight() {
        for (text, minutes) in [("00:00", 0), ("12:00", 720), ("23:59", 1439)] {
            assert_eq!(parse_clock_time(text), Ok(minutes));
        }
        for text in ["24:00", "12:60", "1:00", "12", "12:00:00", "+1:00", "", "noon"] {
            assert!(parse_clock_time(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn time_zones_are_those_of_the_database() {
        assert_eq!(parse_time_zone("Atlantic/Canary").as_deref(), Ok("Atlantic/Canary"));
        assert_eq!(parse_time_zone("UTC").as_deref(), Ok("UTC"));
        let message = parse_time_zone("Atlantic/Canaries").unwrap_err();
        assert!(message.contains("did you mean \"Atlantic/Canary\"?"), "{message}");
    }
}
