//! Reading and writing times as RFC 3339 text.

use std::fmt;

use crate::quoted::Quoted;

use super::{Date, MICROS_PER_SEC, Timestamp};

/// A text that is not a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseTimeError {
    text: String,
    reason: &'static str,
}

impl fmt::Display for ParseTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is not a time: {}; write it like 2026-11-20T03:12:48Z",
            Quoted(&self.text),
            self.reason
        )
    }
}

impl std::error::Error for ParseTimeError {}

pub(super) fn write(time: Timestamp, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (date, micros) = time.utc_date_and_micros();
    let secs = micros / MICROS_PER_SEC;
    let fraction = micros % MICROS_PER_SEC;
    write!(f, "{date}T{:02}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60)?;
    if fraction != 0 {
        let digits = format!("{fraction:06}");
        write!(f, ".{}", digits.trim_end_matches('0'))?;
    }
    f.write_str("Z")
}

pub(super) fn parse(text: &str) -> Result<Timestamp, ParseTimeError> {
    parse_bytes(text.as_bytes()).map_err(|reason| ParseTimeError {
        text: text.chars().take(40).collect(),
        reason,
    })
}

fn parse_bytes(text: &[u8]) -> Result<Timestamp, &'static str> {
    let (date, rest) = text.split_at_checked(10).ok_or("it is too short")?;
    let date = parse_date(date).ok_or("it does not start with a date of the calendar")?;
    let [b'T' | b't' | b' ', rest @ ..] = rest else {
        return Err("a T must stand between date and time of day");
    };
    let (clock, rest) = rest.split_at_checked(8).ok_or("the time of day must be HH:MM:SS")?;
    let secs = parse_clock(clock)?;
    let (micros, rest) = parse_fraction(rest)?;
    let offset_secs = parse_offset(rest)?;
    let secs = date.to_days() * 86_400 + secs - offset_secs;
    Timestamp::from_micros(secs * MICROS_PER_SEC + micros).ok_or("it lies outside the years 0000 to 9999")
}

/// Exactly `YYYY-MM-DD`.
pub(super) fn parse_date(text: &[u8]) -> Option<Date> {
    match text {
        [year @ .., b'-', m1, m2, b'-', d1, d2] if year.len() == 4 => Date::new(
            i16::try_from(digits(year)?).ok()?,
            u8::try_from(digits(&[*m1, *m2])?).ok()?,
            u8::try_from(digits(&[*d1, *d2])?).ok()?,
        ),
        _ => None,
    }
}

fn parse_clock(text: &[u8]) -> Result<i64, &'static str> {
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = text else {
        return Err("the time of day must be HH:MM:SS");
    };
    let part = |a, b| digits(&[a, b]).ok_or("the time of day must be HH:MM:SS");
    let (hour, minute, second) = (part(h1, h2)?, part(m1, m2)?, part(s1, s2)?);
    if second == 60 {
        // The count has no place for it, and a silent shift by a second would be wrong data.
        return Err("a leap second (:60) has no place in this count");
    }
    if hour > 23 || minute > 59 || second > 60 {
        return Err("the clock has no such time of day");
    }
    Ok(hour * 3600 + minute * 60 + second)
}

/// The fraction of the second, rounded down to microseconds, and what follows it.
fn parse_fraction(text: &[u8]) -> Result<(i64, &[u8]), &'static str> {
    let [b'.' | b',', rest @ ..] = text else {
        return Ok((0, text));
    };
    let n_digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if n_digits == 0 {
        return Err("digits must follow the decimal point");
    }
    let (fraction, rest) = rest.split_at(n_digits);
    let mut micros = 0;
    for place in 0..6 {
        let digit = fraction.get(place).map_or(0, |byte| i64::from(byte - b'0'));
        micros = micros * 10 + digit;
    }
    Ok((micros, rest))
}

fn parse_offset(text: &[u8]) -> Result<i64, &'static str> {
    match *text {
        [b'Z' | b'z'] => Ok(0),
        [] => Err("it needs a Z or an offset such as +01:00 at its end"),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[h1, h2]), digits(&[m1, m2]));
            match (hours, minutes) {
                (Some(hours @ 0..=23), Some(minutes @ 0..=59)) => {
                    let secs = hours * 3600 + minutes * 60;
                    Ok(if sign == b'-' { -secs } else { secs })
                }
                _ => Err("the offset must be like +01:00"),
            }
        }
        _ => Err("after the seconds only a Z or an offset such as +01:00 may follow"),
    }
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
    })
}
