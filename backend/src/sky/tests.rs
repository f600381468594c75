//! Against rises and sets as `PyEphem` 4.2 (libastro, with the whole theory of the moon) computes them without air but with
//! the edges as they are said here.

use shared::query::sky::Light::{Astronomical, Civil, Day, Nautical, Night};
use shared::time::Timestamp;

use super::*;

const ROQUE: Place = Place {
    latitude_deg: 28.7617,
    longitude_deg: -17.8914,
    elevation_m: 2200.0,
};

const TROMSO: Place = Place {
    latitude_deg: 69.65,
    longitude_deg: 18.95,
    elevation_m: 0.0,
};

fn micros(at: &str) -> i64 {
    at.parse::<Timestamp>().unwrap().as_micros()
}

fn sky_of(place: &Place, from: &str, to: &str) -> Sky {
    let range = TimeRange::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
    let sky = sky(place, range);
    // Whole and in order, whatever is in it.
    assert_eq!(
        sky.sun.first().map(|span| span.start_us),
        Some(range.start().as_micros())
    );
    assert_eq!(sky.sun.last().map(|span| span.end_us), Some(range.end().as_micros()));
    for pair in sky.sun.windows(2) {
        assert_eq!(pair[0].end_us, pair[1].start_us);
        assert_ne!(pair[0].light, pair[1].light);
    }
    assert!(sky.moon.windows(2).all(|pair| pair[0].end_us < pair[1].start_us));
    sky
}

#[track_caller]
fn check_near(found_us: i64, expected: &str, secs: i64) {
    let found = Timestamp::saturating_from_micros(found_us);
    let off_secs = (found_us - micros(expected)) / 1_000_000;
    assert!(off_secs.abs() <= secs, "{found} is {off_secs} s from {expected}");
}

#[test]
fn a_night_at_the_site_has_all_twilights_at_their_times() {
    let sky = sky_of(&ROQUE, "2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z");
    let lights: Vec<Light> = sky.sun.iter().map(|span| span.light).collect();
    assert_eq!(
        lights,
        [
            Day,
            Civil,
            Nautical,
            Astronomical,
            Night,
            Astronomical,
            Nautical,
            Civil,
            Day
        ]
    );
    let expected = [
        "2026-11-20T18:15:44Z",
        "2026-11-20T18:40:57Z",
        "2026-11-20T19:09:41Z",
        "2026-11-20T19:38:00Z",
        "2026-11-21T06:16:50Z",
        "2026-11-21T06:45:10Z",
        "2026-11-21T07:13:57Z",
        "2026-11-21T07:39:12Z",
    ];
    for (span, expected) in sky.sun[1..].iter().zip(expected) {
        check_near(span.start_us, expected, 3);
    }
}

#[test]
fn the_moon_rises_and_sets_when_it_should_anywhere() {
    let greenwich = Place {
        latitude_deg: 51.4769,
        longitude_deg: 0.0,
        elevation_m: 0.0,
    };
    let sydney = Place {
        latitude_deg: -33.87,
        longitude_deg: 151.2,
        elevation_m: 0.0,
    };
    let expected = [
        (
            ROQUE,
            "2026-11-20T12:00:00Z",
            "2026-11-22T12:00:00Z",
            "2026-11-20T15:16:26Z",
            "2026-11-21T04:08:49Z",
            0.823,
        ),
        (
            ROQUE,
            "2026-11-22T12:00:00Z",
            "2026-11-23T12:00:00Z",
            "2026-11-22T16:26:00Z",
            "2026-11-23T06:20:49Z",
            0.960,
        ),
        (
            greenwich,
            "2026-03-02T12:00:00Z",
            "2026-03-03T12:00:00Z",
            "2026-03-02T16:39:14Z",
            "2026-03-03T06:40:22Z",
            0.997,
        ),
        (
            sydney,
            "2026-06-12T12:00:00Z",
            "2026-06-13T12:00:00Z",
            "2026-06-12T18:32:25Z",
            "2026-06-13T04:43:35Z",
            0.071,
        ),
        // Up for hardly three hours, and low.
        (
            TROMSO,
            "2026-01-11T12:00:00Z",
            "2026-01-12T12:00:00Z",
            "2026-01-12T03:54:33Z",
            "2026-01-12T07:05:10Z",
            0.354,
        ),
    ];
    for (place, from, to, rise, set, lit) in expected {
        let sky = sky_of(&place, from, to);
        check_near(sky.moon[0].start_us, rise, 60);
        check_near(sky.moon[0].end_us, set, 60);
        assert!((sky.moon[0].lit - lit).abs() < 0.01, "{} {lit}", sky.moon[0].lit);
    }
}

#[test]
fn a_polar_night_has_no_day_but_its_twilights_and_a_polar_day_nothing_else() {
    let sky = sky_of(&TROMSO, "2026-12-21T00:00:00Z", "2026-12-22T00:00:00Z");
    let lights: Vec<Light> = sky.sun.iter().map(|span| span.light).collect();
    assert_eq!(
        lights,
        [Night, Astronomical, Nautical, Civil, Nautical, Astronomical, Night]
    );
    check_near(sky.sun[3].start_us, "2026-12-21T08:31:18Z", 10);
    check_near(sky.sun[3].end_us, "2026-12-21T12:53:10Z", 10);
    let summer = sky_of(&TROMSO, "2026-06-01T00:00:00Z", "2026-07-11T00:00:00Z");
    assert_eq!(summer.sun.len(), 1);
    assert_eq!(summer.sun[0].light, Light::Day);
    // In the same weeks the moon stays up for days, and then away for days.
    let longest = summer.moon.iter().map(|span| span.end_us - span.start_us).max();
    assert!(longest > Some(2 * MICROS_PER_DAY), "{longest:?}");
}

#[test]
fn poles_and_the_ends_of_time_have_a_sky() {
    for latitude_deg in [90.0, -90.0, 0.0] {
        for longitude_deg in [-180.0, 180.0] {
            let place = Place {
                latitude_deg,
                longitude_deg,
                elevation_m: -400.0,
            };
            sky_of(&place, "0000-01-01T00:00:00Z", "0000-01-03T00:00:00Z");
            sky_of(&place, "9999-12-29T00:00:00Z", "9999-12-31T23:59:59Z");
            // The equinox at the poles.
            sky_of(&place, "2026-03-10T00:00:00Z", "2026-04-10T00:00:00Z");
        }
    }
}
