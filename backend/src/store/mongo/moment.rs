//! Times as two fields: a date of BSON, and the microseconds beyond.

use mongodb::bson::DateTime;
use shared::time::Timestamp;

/// Microseconds in the millisecond that is the resolution of a date in BSON.
const MICROS_PER_MILLI: i64 = 1000;

/// The first date that is stored, 0001-01-01. Python knows none before, and its driver fails on a whole answer with one in it.
const FIRST_MILLIS: i64 = -62_135_596_800_000;

/// The last date that the calendar has, the end of 9999.
const LAST_MILLIS: i64 = Timestamp::MAX.as_micros().div_euclid(MICROS_PER_MILLI);

/// A moment as two fields that sort as it does.
///
/// The microseconds are 0 to 999; only times before the first date stand there, with negative ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Moment {
    pub(super) date: DateTime,
    pub(super) micros: i64,
}

impl From<Timestamp> for Moment {
    fn from(time: Timestamp) -> Self {
        let micros = time.as_micros();
        let millis = micros.div_euclid(MICROS_PER_MILLI).max(FIRST_MILLIS);
        Self {
            date: DateTime::from_millis(millis),
            micros: micros - millis * MICROS_PER_MILLI,
        }
    }
}

impl Moment {
    /// The time, if the calendar has it and the microseconds fit the date.
    pub(super) fn time(self) -> Option<Timestamp> {
        let millis = self.date.timestamp_millis();
        let time = Timestamp::from_micros(millis.checked_mul(MICROS_PER_MILLI)?.checked_add(self.micros)?)?;
        (Self::from(time) == self).then_some(time)
    }

    /// Whether all stored moments of its date are at or after it.
    pub(super) fn is_whole(self) -> bool {
        self.micros == 0 && self.date.timestamp_millis() != FIRST_MILLIS
    }

    /// The date after its own; `None` at the end of the calendar.
    pub(super) fn next_date(self) -> Option<DateTime> {
        let millis = self.date.timestamp_millis();
        (millis < LAST_MILLIS).then(|| DateTime::from_millis(millis + 1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_time() -> impl Strategy<Value = Timestamp> {
        let first = FIRST_MILLIS * MICROS_PER_MILLI;
        let micros = prop_oneof![
            Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros(),
            first - 2000..=first + 2000,
            -2000_i64..2000,
        ];
        micros.prop_map(|micros| Timestamp::from_micros(micros).unwrap())
    }

    proptest! {
        #[test]
        fn moments_keep_times_and_their_order(one in any_time(), other in any_time()) {
            prop_assert_eq!(Moment::from(one).time(), Some(one));
            prop_assert_eq!(one.cmp(&other), Moment::from(one).cmp(&Moment::from(other)));
        }
    }

    #[test]
    fn times_round_down_to_their_date() {
        let fields = |micros: i64| {
            let moment = Moment::from(Timestamp::from_micros(micros).unwrap());
            (moment.date.timestamp_millis(), moment.micros)
        };
        assert_eq!(fields(1_000_250), (1000, 250));
        assert_eq!(fields(-1), (-1, 999));
        assert_eq!(fields(FIRST_MILLIS * 1000 - 7), (FIRST_MILLIS, -7));
    }

    #[test]
    fn fields_that_no_time_has_are_none() {
        let time = |millis: i64, micros: i64| {
            let date = DateTime::from_millis(millis);
            Moment { date, micros }.time()
        };
        for (millis, micros) in [
            (5, 1000),
            (5, -1),
            (FIRST_MILLIS - 1, 0),
            (LAST_MILLIS + 1, 0),
            (i64::MAX, 0),
        ] {
            assert_eq!(time(millis, micros), None, "{millis} {micros}");
        }
    }

    #[test]
    fn the_next_date_ends_with_the_calendar() {
        assert_eq!(Moment::from(Timestamp::MAX).next_date(), None);
        let epoch = Moment::from(Timestamp::EPOCH);
        assert_eq!(epoch.next_date(), Some(DateTime::from_millis(1)));
        assert!(epoch.is_whole());
        assert!(!Moment::from(Timestamp::MIN).is_whole());
    }
}
