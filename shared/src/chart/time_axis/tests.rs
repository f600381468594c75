use proptest::prelude::*;

use super::*;
use crate::time::Timestamp;

fn range(from: &str, to: &str) -> TimeRange {
    TimeRange::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
}

#[track_caller]
fn check(from: &str, to: &str, width_px: f64, expected: &str) {
    check_clock(&AxisClock::utc(), from, to, width_px, expected);
}

#[track_caller]
fn check_clock(clock: &AxisClock, from: &str, to: &str, width_px: f64, expected: &str) {
    let labels: Vec<String> = ticks(range(from, to), clock, width_px)
        .into_iter()
        .map(|tick| tick.label)
        .collect();
    assert_eq!(labels.join(" | "), expected);
}

#[test]
fn a_night_has_hours_and_the_date_at_midnight() {
    check(
        "2026-11-20T12:00:00Z",
        "2026-11-21T12:00:00Z",
        645.0,
        "12:00 | 15:00 | 18:00 | 21:00 | 21 Nov | 03:00 | 06:00 | 09:00 | 12:00",
    );
}

#[test]
fn seconds_and_their_fractions_are_told_when_they_matter() {
    check(
        "2026-11-20T03:12:40Z",
        "2026-11-20T03:13:00Z",
        400.0,
        "03:12:40 | 03:12:45 | 03:12:50 | 03:12:55 | 03:13:00",
    );
    check(
        "2026-11-20T03:12:47.8Z",
        "2026-11-20T03:12:49Z",
        300.0,
        "03:12:48 | .500 | 03:12:49",
    );
    check(
        "2026-11-20T03:12:48.2Z",
        "2026-11-20T03:12:48.20001Z",
        500.0,
        "03:12:48.200000 | .200002 | .200004 | .200006 | .200008 | .200010",
    );
}

#[test]
fn long_ranges_have_days_months_and_years() {
    check(
        "2026-12-29T12:00:00Z",
        "2027-01-02T12:00:00Z",
        300.0,
        "30 Dec 2026 | 31 Dec | 1 Jan 2027 | 2 Jan",
    );
    check(
        "2026-11-01T00:00:00Z",
        "2026-12-01T00:00:00Z",
        350.0,
        "2 Nov 2026 | 9 Nov | 16 Nov | 23 Nov | 30 Nov",
    );
    check(
        "2026-10-15T00:00:00Z",
        "2027-03-15T00:00:00Z",
        400.0,
        "Nov 2026 | Dec | 2027 | Feb | Mar",
    );
    check(
        "1971-08-01T00:00:00Z",
        "2026-01-01T00:00:00Z",
        400.0,
        "1980 | 1990 | 2000 | 2010 | 2020",
    );
}

#[test]
fn an_offset_moves_the_clock_on_the_wall() {
    let clock = AxisClock::on_a_wall(vec![(0, 3_600 * SEC)]);
    let ticks = ticks(range("2026-11-20T21:00:00Z", "2026-11-21T01:00:00Z"), &clock, 300.0);
    let labels: Vec<&str> = ticks.iter().map(|tick| tick.label.as_str()).collect();
    assert_eq!(labels, ["22:00", "23:00", "21 Nov", "01:00", "02:00"]);
    assert_eq!(
        Timestamp::from_micros(ticks[2].time_us).unwrap().to_string(),
        "2026-11-20T23:00:00Z"
    );
    assert!(ticks[2].strong);
}

/// Central Europe in 2026: summer time from 29 March to 25 October, 01:00 UTC.
fn berlin() -> AxisClock {
    let at = |time: &str| time.parse::<Timestamp>().unwrap().as_micros();
    AxisClock::on_a_wall(vec![
        (at("2026-01-01T00:00:00Z"), HOUR),
        (at("2026-03-29T01:00:00Z"), 2 * HOUR),
        (at("2026-10-25T01:00:00Z"), HOUR),
    ])
}

#[test]
fn a_night_of_25_hours_has_the_hour_that_comes_twice() {
    let (start, end) = ("2026-10-24T10:00:00Z", "2026-10-25T11:00:00Z");
    check_clock(
        &berlin(),
        start,
        end,
        645.0,
        "12:00 | 15:00 | 18:00 | 21:00 | 25 Oct | 03:00 | 06:00 | 09:00 | 12:00",
    );
    check_clock(
        &berlin(),
        "2026-10-24T22:00:00Z",
        "2026-10-25T03:00:00Z",
        400.0,
        "25 Oct | 01:00 | 02:00 | 02:00 | 03:00 | 04:00",
    );
    // Ticks that a change brings together would lie on each other.
    check_clock(
        &berlin(),
        start,
        end,
        900.0,
        "12:00 | 14:00 | 16:00 | 18:00 | 20:00 | 22:00 | 25 Oct | 02:00 | 04:00 | 06:00 | 08:00 | 10:00 | 12:00",
    );
}

#[test]
fn a_night_of_23_hours_lacks_an_hour() {
    check_clock(
        &berlin(),
        "2026-03-28T23:00:00Z",
        "2026-03-29T04:00:00Z",
        400.0,
        "29 Mar | 01:00 | 03:00 | 04:00 | 05:00 | 06:00",
    );
    let hours: Vec<i64> = ticks(range("2026-03-28T11:00:00Z", "2026-03-29T10:00:00Z"), &berlin(), 645.0)
        .windows(2)
        .map(|pair| (pair[1].time_us - pair[0].time_us) / HOUR)
        .collect();
    assert_eq!(hours, [3, 3, 3, 3, 2, 3, 3, 3]);
}

#[test]
fn gps_counts_seconds() {
    check_clock(
        &AxisClock::gps(),
        "2015-09-14T09:50:40Z",
        "2015-09-14T09:51:00Z",
        500.0,
        "1126259460 | 1126259465 | 1126259470 | 1126259475",
    );
    check_clock(
        &AxisClock::gps(),
        "2015-09-14T09:50:45Z",
        "2015-09-14T09:50:46Z",
        300.0,
        "1126259462 | .500 | 1126259463",
    );
    // The second that was put in lies between two that follow each other in UTC.
    check_clock(
        &AxisClock::gps(),
        "2016-12-31T23:59:56Z",
        "2017-01-01T00:00:02Z",
        600.0,
        "1167264013 | 1167264014 | 1167264015 | 1167264016 | 1167264018 | 1167264019 | 1167264020",
    );
}

#[test]
fn the_ends_of_the_calendar_have_an_axis() {
    let ticks = ticks(TimeRange::ALL, &AxisClock::utc(), 600.0);
    assert_eq!(ticks.first().map(|tick| tick.label.as_str()), Some("0000"));
    assert!(ticks.len() > 5, "{ticks:?}");
}

proptest! {
    #[test]
    fn ticks_rise_lie_within_and_differ_from_their_neighbours(
        start in -60_000_000_000_000_000..100_000_000_000_000_000_i64,
        // 10 microseconds to 100 years.
        exponent in 1.0..15.5_f64,
        width_px in 150.0..3000.0_f64,
        offset_hours in -12..=14_i64,
    ) {
        #[expect(clippy::cast_possible_truncation, reason = "at most 10^15.5")]
        let micros = 10_f64.powf(exponent) as i64;
        let start = Timestamp::from_micros(start).unwrap();
        let range = TimeRange::new(start, start.saturating_add_micros(micros)).unwrap();
        let clock = AxisClock::on_a_wall(vec![(0, offset_hours * HOUR)]);
        let ticks = ticks(range, &clock, width_px);
        let (first, last) = (range.start().as_micros(), range.end().as_micros());
        prop_assert!(ticks.iter().all(|tick| first <= tick.time_us && tick.time_us <= last));
        for pair in ticks.windows(2) {
            prop_assert!(pair[0].time_us < pair[1].time_us, "{:?}", pair);
            prop_assert!(pair[0].label != pair[1].label, "{:?}", pair);
            let gap_px = (pair[1].time_us - pair[0].time_us) as f64 * width_px / micros as f64;
            prop_assert!(gap_px > 45.0, "{} px between {:?}", gap_px, pair);
        }
    }
}
