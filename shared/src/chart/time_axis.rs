//! The axis of time: civil moments along it, and how they are written.

use crate::time::{Date, MICROS_PER_DAY, MICROS_PER_SEC, TimeRange};

const MILLI: i64 = 1_000;
const SEC: i64 = MICROS_PER_SEC;
const MIN: i64 = 60 * SEC;
const HOUR: i64 = 60 * MIN;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
/// The most ticks on an axis, whatever is asked for.
const MAX_TICKS: usize = 500;

/// A moment on the axis.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimeTick {
    /// The moment in microseconds since the epoch.
    pub time_us: i64,
    /// As it is written.
    pub label: String,
    /// Whether it opens something larger: a day among hours, a year among months.
    pub strong: bool,
}

/// The distance between ticks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    /// Microseconds, a divisor of a day.
    Micros(i64),
    /// Days; seven of them start on Mondays.
    Days(i64),
    /// Calendar months from January of the year 0.
    Months(i64),
}

/// All steps, rising.
#[rustfmt::skip]
const STEPS: [Step; 52] = {
    use Step::{Days, Micros, Months};
    [
        Micros(1), Micros(2), Micros(5), Micros(10), Micros(20), Micros(50),
        Micros(100), Micros(200), Micros(500), Micros(MILLI), Micros(2 * MILLI), Micros(5 * MILLI),
        Micros(10 * MILLI), Micros(20 * MILLI), Micros(50 * MILLI),
        Micros(100 * MILLI), Micros(200 * MILLI), Micros(500 * MILLI),
        Micros(SEC), Micros(2 * SEC), Micros(5 * SEC), Micros(10 * SEC), Micros(15 * SEC), Micros(30 * SEC),
        Micros(MIN), Micros(2 * MIN), Micros(5 * MIN), Micros(10 * MIN), Micros(15 * MIN), Micros(30 * MIN),
        Micros(HOUR), Micros(2 * HOUR), Micros(3 * HOUR), Micros(4 * HOUR), Micros(6 * HOUR), Micros(12 * HOUR),
        Days(1), Days(2), Days(7), Days(14), Months(1), Months(2), Months(3), Months(6),
        Months(12), Months(24), Months(60), Months(120), Months(240), Months(600), Months(1_200), Months(12_000),
    ]
};

impl Step {
    /// Its usual length in microseconds.
    const fn micros(self) -> i64 {
        match self {
            Self::Micros(micros) => micros,
            Self::Days(days) => days * MICROS_PER_DAY,
            // A mean month of 30.436875 days.
            Self::Months(months) => months * 2_629_746 * SEC,
        }
    }

    /// How far apart its labels must be to be read, in pixels.
    const fn label_px(self) -> f64 {
        match self {
            Self::Micros(..MILLI) => 88.0,
            Self::Micros(..MIN) => 74.0,
            Self::Micros(_) => 64.0,
            Self::Days(_) => 68.0,
            Self::Months(_) => 52.0,
        }
    }

    /// The moments of this step in a local range, both ends included.
    fn moments(self, start: i64, end: i64) -> Vec<i64> {
        let nth = |count: i64| match self {
            Self::Micros(micros) => count * micros,
            Self::Days(days) => {
                // Day 4 of the epoch was a Monday.
                let offset = if days % 7 == 0 { 4 } else { 0 };
                (count * days + offset) * MICROS_PER_DAY
            }
            Self::Months(months) => month_start(count * months),
        };
        let guess = match self {
            Self::Months(months) => month_number(start).div_euclid(months),
            _ => start.div_euclid(self.micros()) - 1,
        };
        (guess..)
            .map(nth)
            .skip_while(|moment| *moment < start)
            .take_while(|moment| *moment <= end)
            .take(MAX_TICKS)
            .collect()
    }
}

/// Months since January of the year 0.
fn month_number(local_us: i64) -> i64 {
    let date = Date::from_days(local_us.div_euclid(MICROS_PER_DAY));
    i64::from(date.year()) * 12 + i64::from(date.month()) - 1
}

/// The first moment of a month counted from January of the year 0; beyond all ranges after the year 9999.
fn month_start(number: i64) -> i64 {
    let year = i16::try_from(number.div_euclid(12)).ok();
    let month = u8::try_from(number.rem_euclid(12) + 1).ok();
    let date = year.zip(month).and_then(|(year, month)| Date::new(year, month, 1));
    date.map_or(i64::MAX, |date| date.to_days() * MICROS_PER_DAY)
}

/// Civil moments in a range, rising, so many that their labels have room in a plot of `width_px` pixels.
///
/// `offset_us` is what the clock on the wall is ahead of UTC, in microseconds. The end of the range may bear a tick.
pub fn ticks(range: TimeRange, offset_us: i64, width_px: f64) -> Vec<TimeTick> {
    let fits = |step: &Step| step.micros() as f64 * width_px >= step.label_px() * range.micros() as f64;
    let step = STEPS.into_iter().find(fits).unwrap_or(Step::Months(12_000));
    let start = range.start().as_micros() + offset_us;
    let moments = step.moments(start, start + range.micros());
    let tells_second = |moment: &i64| moment % SEC == 0;
    let has_whole_second = moments.iter().any(tells_second);
    let mut ticks = Vec::with_capacity(moments.len());
    let mut year_before = None;
    for (position, local_us) in moments.into_iter().enumerate() {
        let year = Date::from_days(local_us.div_euclid(MICROS_PER_DAY)).year();
        let is_new_year = year_before.replace(year) != Some(year);
        let needs_context = position == 0 && !has_whole_second;
        let (label, strong) = match step {
            Step::Months(months) => month_label(local_us, months, position == 0),
            Step::Micros(micros) if local_us.rem_euclid(MICROS_PER_DAY) != 0 => {
                (clock_label(local_us, micros, needs_context), needs_context)
            }
            Step::Days(_) => (day_label(local_us, is_new_year), is_new_year),
            Step::Micros(_) => (day_label(local_us, is_first_of_year(local_us)), true),
        };
        ticks.push(TimeTick {
            time_us: local_us - offset_us,
            label,
            strong,
        });
    }
    ticks
}

/// How many digits of the second a time needs where a pixel is so many microseconds: 0, 3 or 6.
pub const fn second_digits(micros_per_pixel: i64) -> usize {
    match micros_per_pixel {
        ..MILLI => 6,
        MILLI..SEC => 3,
        _ => 0,
    }
}

/// The time of day, `03:12:48` with 0, 3 or 6 digits of the second; rounded down.
pub fn clock_text(local_us: i64, digits: usize) -> String {
    let of_day = local_us.rem_euclid(MICROS_PER_DAY);
    let (hours, minutes, seconds) = (of_day / HOUR, of_day / MIN % 60, of_day / SEC % 60);
    let clock = format!("{hours:02}:{minutes:02}:{seconds:02}");
    match digits {
        0 => clock,
        1..=3 => format!("{clock}.{:03}", of_day % SEC / MILLI),
        _ => format!("{clock}.{:06}", of_day % SEC),
    }
}

fn clock_label(local_us: i64, step_us: i64, needs_context: bool) -> String {
    let digits = second_digits(step_us);
    let clock = clock_text(local_us, digits);
    if step_us >= MIN {
        clock.chars().take("00:00".len()).collect()
    } else if step_us >= SEC || needs_context {
        clock
    } else if local_us % SEC == 0 {
        clock_text(local_us, 0)
    } else {
        clock.chars().skip("00:00:00".len()).collect()
    }
}

fn is_first_of_year(local_us: i64) -> bool {
    let date = Date::from_days(local_us.div_euclid(MICROS_PER_DAY));
    date.month() == 1 && date.day() == 1
}

fn day_label(local_us: i64, with_year: bool) -> String {
    let date = Date::from_days(local_us.div_euclid(MICROS_PER_DAY));
    let label = format!("{} {}", date.day(), month_name(date));
    if with_year {
        format!("{label} {:04}", date.year())
    } else {
        label
    }
}

fn month_label(local_us: i64, months: i64, is_first: bool) -> (String, bool) {
    let date = Date::from_days(local_us.div_euclid(MICROS_PER_DAY));
    if date.month() == 1 {
        (format!("{:04}", date.year()), months < 12)
    } else if is_first {
        (format!("{} {:04}", month_name(date), date.year()), true)
    } else {
        (month_name(date).to_owned(), false)
    }
}

fn month_name(date: Date) -> &'static str {
    MONTHS.get(usize::from(date.month()) - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Timestamp;

    fn range(from: &str, to: &str) -> TimeRange {
        TimeRange::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    #[track_caller]
    fn check(from: &str, to: &str, width_px: f64, expected: &str) {
        let labels: Vec<String> = ticks(range(from, to), 0, width_px)
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
        let hour = 3_600 * SEC;
        let ticks = ticks(range("2026-11-20T21:00:00Z", "2026-11-21T01:00:00Z"), hour, 300.0);
        let labels: Vec<&str> = ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, ["22:00", "23:00", "21 Nov", "01:00", "02:00"]);
        assert_eq!(
            Timestamp::from_micros(ticks[2].time_us).unwrap().to_string(),
            "2026-11-20T23:00:00Z"
        );
        assert!(ticks[2].strong);
    }

    #[test]
    fn the_ends_of_the_calendar_have_an_axis() {
        let ticks = ticks(TimeRange::ALL, 0, 600.0);
        assert_eq!(ticks.first().map(|tick| tick.label.as_str()), Some("0000"));
        assert!(ticks.len() > 5, "{ticks:?}");
    }

    #[test]
    fn clocks_are_rounded_down() {
        let time: Timestamp = "1969-12-31T23:59:59.999999Z".parse().unwrap();
        assert_eq!(clock_text(time.as_micros(), 0), "23:59:59");
        assert_eq!(clock_text(time.as_micros(), 3), "23:59:59.999");
        assert_eq!(clock_text(time.as_micros(), 6), "23:59:59.999999");
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
            let ticks = ticks(range, offset_hours * HOUR, width_px);
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
}
