//! The axis of time: civil moments along it, and how they are written.

use super::axis_clock::{AxisClock, clock_text, second_digits, seconds_text};
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
    const fn label_px(self, clock: &AxisClock) -> f64 {
        match self {
            Self::Micros(_) if clock.counts_seconds() => 96.0,
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

/// Moments in a range, rising, so many that their labels have room in a plot of `width_px` pixels: civil ones, or whole
/// counts of seconds where the clock counts them. The end of the range may bear a tick.
///
/// Where the clock on the wall is put back, the hour that comes twice has its ticks twice; where it is put forward, the
/// hour that never comes has none.
pub fn ticks(range: TimeRange, clock: &AxisClock, width_px: f64) -> Vec<TimeTick> {
    let fits = |step: &Step| step.micros() as f64 * width_px >= step.label_px(clock) * range.micros() as f64;
    let step = if clock.counts_seconds() {
        seconds_steps().find(fits)
    } else {
        STEPS.into_iter().find(fits)
    };
    let step = step.unwrap_or(Step::Months(12_000));
    // Ticks on either side of a change of the clock may come too near to each other.
    let nearest_us = (step.label_px(clock) * 0.75 * range.micros() as f64 / width_px).min(step.micros() as f64 * 0.9);
    let mut moments: Vec<(i64, i64)> = Vec::new();
    for (start, end, offset_us) in clock.parts(range) {
        for local_us in step.moments(start.saturating_add(offset_us), end.saturating_add(offset_us)) {
            let time_us = local_us - offset_us;
            // A change itself belongs to what follows.
            let is_last = time_us == end && end < range.end().as_micros();
            let is_apart = moments
                .last()
                .is_none_or(|(before, _)| (time_us - before) as f64 >= nearest_us);
            if !is_last && is_apart {
                moments.push((time_us, local_us));
            }
        }
    }
    let has_whole_second = moments.iter().any(|(_, local_us)| local_us % SEC == 0);
    let mut ticks = Vec::with_capacity(moments.len());
    let mut year_before = None;
    for (position, (time_us, local_us)) in moments.into_iter().enumerate() {
        let year = Date::from_days(local_us.div_euclid(MICROS_PER_DAY)).year();
        let is_new_year = year_before.replace(year) != Some(year);
        let needs_context = position == 0 && !has_whole_second;
        let (label, strong) = match step {
            Step::Months(months) => month_label(local_us, months, position == 0),
            Step::Micros(micros) if clock.counts_seconds() => {
                (seconds_label(local_us, micros, needs_context), needs_context)
            }
            Step::Micros(micros) if local_us.rem_euclid(MICROS_PER_DAY) != 0 => {
                (clock_label(local_us, micros, needs_context), needs_context)
            }
            Step::Days(_) => (day_label(local_us, is_new_year), is_new_year),
            Step::Micros(_) => (day_label(local_us, is_first_of_year(local_us)), true),
        };
        ticks.push(TimeTick { time_us, label, strong });
    }
    ticks
}

/// One, two and five times the powers of ten, from a microsecond to a few thousand years.
fn seconds_steps() -> impl Iterator<Item = Step> {
    let powers = (0..=17).map(|exponent| 10_i64.pow(exponent));
    powers.flat_map(|power| [1, 2, 5].map(|digit| Step::Micros(digit * power)))
}

fn seconds_label(local_us: i64, step_us: i64, needs_context: bool) -> String {
    let text = seconds_text(local_us, second_digits(step_us));
    match text.split_once('.') {
        Some((whole, _)) if local_us % SEC == 0 => whole.to_owned(),
        Some((_, fraction)) if !needs_context => format!(".{fraction}"),
        _ => text,
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
mod tests;
