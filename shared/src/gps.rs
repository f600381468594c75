//! GPS time: seconds since 1980-01-06T00:00:00Z, counting leap seconds.

use crate::time::{MICROS_PER_SEC, Timestamp};

/// 1980-01-06T00:00:00Z in seconds since 1970.
const GPS_EPOCH_SECS: i64 = 315_964_800;

/// The leap seconds since the GPS epoch, as seconds since 1970 of the midnight after each (IERS Bulletin C).
const LEAP_SECOND_ENDS: [i64; 18] = [
    362_793_600,   // 1981-07-01
    394_329_600,   // 1982-07-01
    425_865_600,   // 1983-07-01
    489_024_000,   // 1985-07-01
    567_993_600,   // 1988-01-01
    631_152_000,   // 1990-01-01
    662_688_000,   // 1991-01-01
    709_948_800,   // 1992-07-01
    741_484_800,   // 1993-07-01
    773_020_800,   // 1994-07-01
    820_454_400,   // 1996-01-01
    867_715_200,   // 1997-07-01
    915_148_800,   // 1999-01-01
    1_136_073_600, // 2006-01-01
    1_230_768_000, // 2009-01-01
    1_341_100_800, // 2012-07-01
    1_435_708_800, // 2015-07-01
    1_483_228_800, // 2017-01-01
];

/// The moment up to which the table is known to be complete: 2027-06-28 (no leap second announced before).
pub const LEAP_SECONDS_EXPIRE: i64 = 1_814_140_800;

/// Whole GPS seconds at a moment, or `None` before the GPS epoch.
///
/// Beyond [`LEAP_SECONDS_EXPIRE`] a leap second may be missing from the table.
pub fn gps_secs(time: Timestamp) -> Option<i64> {
    let secs = time.as_micros().div_euclid(MICROS_PER_SEC);
    (GPS_EPOCH_SECS <= secs).then(|| secs - GPS_EPOCH_SECS + gps_ahead_secs(time))
}

/// Seconds that GPS time is ahead of UTC at a moment: the leap seconds since its epoch, none before it.
///
/// Beyond [`LEAP_SECONDS_EXPIRE`] one may be missing from the table.
pub fn gps_ahead_secs(time: Timestamp) -> i64 {
    let secs = time.as_micros().div_euclid(MICROS_PER_SEC);
    let leap_secs = LEAP_SECOND_ENDS.iter().filter(|end| **end <= secs).count();
    i64::try_from(leap_secs).unwrap_or(0)
}

/// From which moments on GPS time is how far ahead of UTC: pairs of microseconds, both counted from 1970, by rising
/// moment. Before the first leap second, and before there was GPS, it is as far as it was in 1980.
pub fn offsets_micros() -> impl Iterator<Item = (i64, i64)> {
    let from = std::iter::once(i64::MIN).chain(LEAP_SECOND_ENDS.iter().map(|end| end * MICROS_PER_SEC));
    from.zip((0_i64..).map(|leap_secs| (leap_secs - GPS_EPOCH_SECS) * MICROS_PER_SEC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(time: &str, expected: Option<i64>) {
        assert_eq!(gps_secs(time.parse().unwrap()), expected);
    }

    #[test]
    fn gps_time_is_ahead_by_the_leap_seconds() {
        let ahead = |time: &str| gps_ahead_secs(time.parse().unwrap());
        assert_eq!(ahead("1979-01-01T00:00:00Z"), 0);
        assert_eq!(ahead("2016-12-31T23:59:59Z"), 17);
        assert_eq!(ahead("2026-11-20T00:00:00Z"), 18);
    }

    #[test]
    fn known_moments() {
        check("1980-01-05T23:59:59Z", None);
        check("1980-01-06T00:00:00Z", Some(0));
        // GW150914, as published by LIGO.
        check("2015-09-14T09:50:45Z", Some(1_126_259_462));
        check("2016-12-31T23:59:59Z", Some(1_167_264_016));
        check("2017-01-01T00:00:00Z", Some(1_167_264_018));
    }

    #[test]
    fn offsets_say_the_same_as_seconds() {
        for time in [
            "1980-01-06T00:00:00Z",
            "1981-06-30T23:59:59Z",
            "2015-09-14T09:50:45Z",
            "2026-01-01T00:00:00Z",
        ] {
            let time: Timestamp = time.parse().unwrap();
            let offset = offsets_micros()
                .take_while(|(from, _)| *from <= time.as_micros())
                .last();
            let secs = offset.map(|(_, offset)| (time.as_micros() + offset) / MICROS_PER_SEC);
            assert_eq!(secs, gps_secs(time));
        }
    }

    #[test]
    fn the_table_rises() {
        assert!(LEAP_SECOND_ENDS.is_sorted());
        assert!(*LEAP_SECOND_ENDS.last().unwrap() < LEAP_SECONDS_EXPIRE);
    }
}
