use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, micros: i64, written: &str) {
    let time: Timestamp = text.parse().unwrap();
    assert_eq!(time.as_micros(), micros);
    assert_eq!(time.to_string(), written);
}

#[test]
fn times_are_read_and_written() {
    check("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z");
    check(
        "2026-11-20T03:12:48.5Z",
        1_795_144_368_500_000,
        "2026-11-20T03:12:48.5Z",
    );
    check(
        "1971-08-02T23:12:49.482Z",
        50_022_769_482_000,
        "1971-08-02T23:12:49.482Z",
    );
    check("1969-12-31 23:59:59.999999Z", -1, "1969-12-31T23:59:59.999999Z");
    check(
        "2018-10-18T00:00:00-07:00",
        1_539_846_000_000_000,
        "2018-10-18T07:00:00Z",
    );
}

#[test]
fn digits_beyond_the_microsecond_are_rounded_down() {
    check("1970-01-01T00:00:00.1234569Z", 123_456, "1970-01-01T00:00:00.123456Z");
    check("1969-12-31T23:59:59.9999999Z", -1, "1969-12-31T23:59:59.999999Z");
}

#[test]
fn a_bad_time_says_what_is_wrong() {
    for (text, part) in [
        ("yesterday", "too short"),
        ("2026-02-30T00:00:00Z", "date of the calendar"),
        ("2026-11-20X03:12:48Z", "a T must stand"),
        ("2026-11-20T03:12Z", "HH:MM:SS"),
        ("2026-11-20T24:00:00Z", "no such time of day"),
        ("2016-12-31T23:59:60Z", "leap second"),
        ("2026-11-20T03:12:48", "needs a Z"),
        ("2026-11-20T03:12:48.Z", "decimal point"),
        ("2026-11-20T03:12:48+1", "after the seconds"),
        ("9999-12-31T23:59:59-01:00", "outside the years"),
        ("ÄÄÄÄÄÄÄÄÄÄÄÄÄÄ", "date of the calendar"),
    ] {
        let error = text.parse::<Timestamp>().unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn the_ends_of_the_calendar_are_the_ends() {
    assert_eq!(Timestamp::MIN.to_string(), "0000-01-01T00:00:00Z");
    assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999999Z");
    assert_eq!(Timestamp::MAX.saturating_add_micros(1), Timestamp::MAX);
    assert_eq!(Timestamp::from_micros(i64::MIN), None);
}

#[test]
fn a_range_is_half_open_and_never_reversed() {
    let at = |micros| Timestamp::from_micros(micros).unwrap();
    let range = TimeRange::new(at(0), at(10)).unwrap();
    assert!(range.contains(at(0)) && !range.contains(at(10)));
    assert_eq!(range.intersection(TimeRange::new(at(10), at(20)).unwrap()), None);
    let error = TimeRange::new(at(10), at(10)).unwrap_err();
    assert!(error.to_string().contains("must end after it starts"));
}

#[test]
fn weekdays_and_leap_days() {
    let date: Date = "2026-11-20".parse().unwrap();
    assert_eq!(date.days_since_monday(), 4, "a Friday");
    assert_eq!(
        "2024-02-28".parse::<Date>().unwrap().add_days(1).to_string(),
        "2024-02-29"
    );
    assert_eq!(
        "2100-02-28".parse::<Date>().unwrap().add_days(1).to_string(),
        "2100-03-01"
    );
    for text in ["2026-13-01", "2026-1-01", "2026-11-31", "20261120", ""] {
        assert!(text.parse::<Date>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn every_time_survives_its_text(micros in Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros()) {
        let time = Timestamp::from_micros(micros).unwrap();
        prop_assert_eq!(time.to_string().parse::<Timestamp>(), Ok(time));
    }

    #[test]
    fn dates_follow_one_another(days in -719_528_i64..2_932_896) {
        let date = Date::from_days(days);
        prop_assert_eq!(date.to_days(), days);
        prop_assert!(date < date.add_days(1));
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        let _ = text.parse::<Timestamp>();
        let _ = text.parse::<Date>();
    }
}
