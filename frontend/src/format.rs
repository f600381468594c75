//! Numbers, ages and times as people read them.

use shared::chart::state_colors;
use shared::display::StateName;
use shared::time::{Date, MICROS_PER_DAY, MICROS_PER_SEC, Timestamp};
use shared::value::Value;

use crate::browser::number::{fixed, scientific, text_of};

/// Between groups of three digits: a thin space that does not break.
const THIN_SPACE: char = '\u{202f}';

/// The minus sign, as wide as a plus.
const MINUS: char = '\u{2212}';

/// What stands for a value that is not there.
pub const NO_VALUE: &str = "—";

/// A number with about five significant digits: `14.06`, `1 070.2`, `0.001 5`, `6.02e23`.
///
/// NaN and the infinities have their own words.
pub fn number(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 {
            "∞".to_owned()
        } else {
            format!("{MINUS}∞")
        };
    }
    if number == 0.0 {
        return "0".to_owned();
    }
    let size = number.abs();
    if !(1e-4..1e9).contains(&size) {
        let text = scientific(number, 4);
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return with_minus(&format!("{}e{exponent}", without_trailing_zeros(digits)));
    }
    let decimals = match size {
        10_000.0.. => 0,
        1_000.0.. => 1,
        100.0.. => 2,
        1.0.. => 3,
        0.1.. => 4,
        _ => 6,
    };
    let text = fixed(number, decimals);
    grouped(without_trailing_zeros(&text))
}

/// A stored value: a number, `NaN`, or `null` where the sensor said that it has none.
pub fn value(value: Value) -> String {
    value.as_number().map_or_else(|| "null".to_owned(), number)
}

/// What a state is called: by its name, else by its value.
pub fn state_label(states: &[StateName], value: f64) -> String {
    state_colors::state_label(states, value).map_or_else(|| text_of(value), str::to_owned)
}

/// A whole number with its thousands apart: `1 855`.
pub fn count(count: u64) -> String {
    grouped(&count.to_string())
}

fn without_trailing_zeros(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

fn with_minus(text: &str) -> String {
    text.replacen('-', &MINUS.to_string(), 1)
}

fn grouped(text: &str) -> String {
    let text = with_minus(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let n_digits = whole.chars().filter(char::is_ascii_digit).count();
    let mut grouped = String::new();
    let mut left = n_digits;
    for sign in whole.chars() {
        if sign.is_ascii_digit() {
            if left != n_digits && left.is_multiple_of(3) && n_digits > 4 {
                grouped.push(THIN_SPACE);
            }
            left -= 1;
        }
        grouped.push(sign);
    }
    if !fraction.is_empty() {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}

/// An age by its two largest units, rounded down: `12 s`, `41 min`, `6 h 47 min`, `3 d 2 h`, `10 y`.
///
/// A time ahead of the clock, by a source whose clock is wrong, is `12 s ahead`.
pub fn age(micros: i64) -> String {
    if micros <= -MICROS_PER_SEC {
        return format!("{} ahead", age(-micros));
    }
    let secs = micros.max(0) / MICROS_PER_SEC;
    let pair = |large: i64, large_unit: &str, small: i64, small_unit: &str| {
        if small == 0 {
            format!("{large} {large_unit}")
        } else {
            format!("{large} {large_unit} {small} {small_unit}")
        }
    };
    match secs {
        0..60 => format!("{secs} s"),
        60..3_600 => format!("{} min", secs / 60),
        3_600..86_400 => pair(secs / 3_600, "h", secs % 3_600 / 60, "min"),
        86_400..2_592_000 => pair(secs / 86_400, "d", secs % 86_400 / 3_600, "h"),
        2_592_000..63_072_000 => format!("{} d", secs / 86_400),
        _ => format!("{} y", secs / 31_557_600),
    }
}

/// The time of day in UTC: `03:12:48`.
pub fn time_of_day(time: Timestamp) -> String {
    let (_, micros) = time.utc_date_and_micros();
    let secs = micros / MICROS_PER_SEC;
    format!("{:02}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60)
}

/// The hour and minute in UTC: `03:12`.
pub fn hour_and_minute(time: Timestamp) -> String {
    time_of_day(time)[..5].to_owned()
}

/// Date, hour and minute in UTC: `2016-01-01 23:59`.
pub fn date_and_minute(time: Timestamp) -> String {
    let (date, _) = time.utc_date_and_micros();
    format!("{date} {}", hour_and_minute(time))
}

/// When something was, as short as it can be beside a clock that reads `now`: `02:31`, or with the date if that is
/// more than 18 hours off.
pub fn moment_near(time: Timestamp, now: Timestamp) -> String {
    if now.micros_since(time).abs() < MICROS_PER_DAY * 3 / 4 {
        hour_and_minute(time)
    } else {
        date_and_minute(time)
    }
}

/// The names of the days from Monday.
pub const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The name of a month, 1 to 12.
pub fn month_name(month: u8) -> &'static str {
    MONTHS[usize::from(month.clamp(1, 12)) - 1]
}

/// A date with its day of the week: `Fri 20 Nov 2026`.
pub fn long_date(date: Date) -> String {
    let weekday = WEEKDAYS[usize::from(date.days_since_monday())];
    let month = &month_name(date.month())[..3];
    format!("{weekday} {} {month} {:04}", date.day(), date.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        text.replace(THIN_SPACE, " ").replace(MINUS, "-")
    }

    #[test]
    fn numbers_have_the_digits_that_matter() {
        let check = |given, expected: &str| assert_eq!(plain(&number(given)), expected);
        check(0.0, "0");
        check(-0.0, "0");
        check(14.06, "14.06");
        check(-150.0, "-150");
        check(1070.24, "1070.2");
        check(12_000.0, "12 000");
        check(-1_234_567.0, "-1 234 567");
        check(0.001_5, "0.0015");
        check(6.022e23, "6.022e23");
        check(1.5e-7, "1.5e-7");
        check(f64::NAN, "NaN");
        check(f64::NEG_INFINITY, "-∞");
    }

    #[test]
    fn a_state_without_a_name_is_told_by_its_value() {
        let states = [StateName {
            value: 3,
            label: "busy".to_owned(),
            severity: shared::dashboard::Severity::None,
        }];
        let labels = [3.0, 7.0, 1.5].map(|value| state_label(&states, value));
        assert_eq!(labels, ["busy", "7", "1.5"]);
    }

    #[test]
    fn the_three_kinds_of_nothing_read_differently() {
        assert_eq!(value(Value::NULL), "null");
        assert_eq!(value(Value::NAN), "NaN");
        assert_ne!(NO_VALUE, "null");
    }

    #[test]
    fn ages_have_two_units_at_the_most() {
        let check = |secs: i64, expected| assert_eq!(age(secs * MICROS_PER_SEC), expected);
        check(0, "0 s");
        check(12, "12 s");
        check(41 * 60 + 59, "41 min");
        check(6 * 3600 + 47 * 60, "6 h 47 min");
        check(6 * 3600, "6 h");
        check(3 * 86_400 + 7_200, "3 d 2 h");
        check(400 * 86_400, "400 d");
        check(11 * 31_557_600, "11 y");
        check(-12, "12 s ahead");
    }

    #[test]
    fn times_read_as_people_write_them() {
        let time: Timestamp = "2026-11-20T03:12:48.9Z".parse().unwrap();
        assert_eq!(time_of_day(time), "03:12:48");
        assert_eq!(date_and_minute(time), "2026-11-20 03:12");
        assert_eq!(long_date(time.utc_date_and_micros().0), "Fri 20 Nov 2026");
    }

    #[test]
    fn a_moment_has_its_date_when_the_clock_does_not_say_it() {
        let now: Timestamp = "2026-11-20T03:12:48Z".parse().unwrap();
        let check = |time: &str, expected| assert_eq!(moment_near(time.parse().unwrap(), now), expected);
        check("2026-11-20T02:31:00Z", "02:31");
        check("2026-11-19T22:31:00Z", "22:31");
        check("2016-01-01T23:59:00Z", "2016-01-01 23:59");
    }
}
