//! The axis of values: its bounds around the data, and round numbers along it.

/// Stands between groups of three digits: thin, and not broken at the end of a line.
const THIN_SPACE: char = '\u{202f}';
/// A minus as wide as a digit, as on the axes of printed plots.
const MINUS: char = '\u{2212}';
/// Magnitudes from here on, as powers of ten, are written with an exponent.
const EXPONENT_FROM: i32 = 7;
/// Steps finer than this power of ten are written with an exponent where all numbers are small.
const EXPONENT_BELOW: i32 = -5;
/// A span less than this part of the values is rounding noise and drawn as a flat line.
const NOISE: f64 = 1e-12;
/// The room beyond the values on a logarithmic axis, as a factor.
const LOG_ROOM: f64 = 1.02;

/// A round number on the axis.
#[derive(Clone, PartialEq, Debug)]
pub struct ValueTick {
    /// The number.
    pub value: f64,
    /// As it is written.
    pub label: String,
}

/// Bounds for values from `least` to `greatest`: with a little room, on round numbers so that they rest while the data
/// grow, and not below zero for values that never are.
///
/// One single value gets room on both sides. Both must be finite.
pub fn bounds_around(least: f64, greatest: f64) -> (f64, f64) {
    let magnitude = least.abs().max(greatest.abs());
    let span = greatest / 2.0 - least / 2.0;
    if magnitude < 1e-290 {
        return (-1.0, 1.0);
    }
    if span <= magnitude * NOISE {
        let room = magnitude * 0.05;
        return (finite(least - room), finite(greatest + room));
    }
    let room = span * 0.08;
    let grain = Step::at_least(span / 8.0).size();
    let low = finite(((least - room) / grain).floor() * grain);
    let high = finite(((greatest + room) / grain).ceil() * grain);
    (
        if least >= 0.0 { low.max(0.0) } else { low },
        if greatest <= 0.0 { high.min(0.0) } else { high },
    )
}

fn finite(value: f64) -> f64 {
    value.clamp(f64::MIN, f64::MAX)
}

/// Bounds for positive values from `least` to `greatest` on a logarithmic axis: the next 1, 2 or 5 times a power of ten
/// beyond both. Both must be finite and positive.
pub fn log_bounds_around(least: f64, greatest: f64) -> (f64, f64) {
    let room = least / LOG_ROOM;
    let step = Step::at_least(room);
    let low = if step.size() > room * (1.0 + 1e-9) {
        step.before()
    } else {
        step
    };
    let high = Step::at_least(greatest * LOG_ROOM);
    (low.size().max(f64::MIN_POSITIVE), finite(high.size()))
}

/// Round numbers from `low` to `high` on a logarithmic axis, rising, about `max_count` of them at the most: powers of
/// ten, with 2 and 5 between them where there is room, every so many where there is none. On less than a decade they
/// are those of any axis, which the scale only places differently.
pub fn log_ticks(low: f64, high: f64, max_count: usize) -> Vec<ValueTick> {
    let decades = high.log10() - low.log10();
    if !decades.is_finite() || decades <= 0.0 || low <= 0.0 {
        return Vec::new();
    }
    if decades < 1.0 {
        return ticks(low, high, max_count);
    }
    let max_count = max_count.max(1) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "floats have about 630 decades"
    )]
    let (first, last, every) = (
        low.log10().floor() as i32,
        high.log10().ceil() as i32,
        (decades / max_count).ceil() as u32,
    );
    let of_digits = |digits: &[i64]| {
        let mut ticks = Vec::new();
        // Counted from 1, so that the same powers are named wherever the axis ends.
        for exponent in (first..=last).filter(|exponent| exponent.unsigned_abs().is_multiple_of(every.max(1))) {
            for &digit in digits {
                let step = Step { digit, exponent };
                let value = step.size();
                if low * (1.0 - 1e-9) <= value && value <= high * (1.0 + 1e-9) {
                    let label = Style::new(step, value).write(digit);
                    ticks.push(ValueTick { value, label });
                }
            }
        }
        ticks
    };
    let powers = of_digits(&[1]);
    if decades * 3.0 <= max_count || powers.len() < 2 {
        return of_digits(&[1, 2, 5]);
    }
    powers
}

/// Round numbers from `low` to `high`, rising, at most `max_count` steps apart from end to end.
///
/// All have the same number of decimals, as many as it takes to tell neighbours apart.
pub fn ticks(low: f64, high: f64, max_count: usize) -> Vec<ValueTick> {
    let span = high / 2.0 - low / 2.0;
    if !span.is_finite() || span <= 0.0 {
        return Vec::new();
    }
    let step = Step::at_least(span / max_count.max(1) as f64 * 2.0);
    let size = step.size();
    let (first, last) = ((low / size).ceil(), (high / size).floor());
    if !size.is_finite() || first.abs().max(last.abs()) >= 1e15 {
        // Neighbouring numbers would be the same float.
        return Vec::new();
    }
    #[expect(clippy::cast_possible_truncation, reason = "less than 1e15")]
    let counts = first as i64..=last as i64;
    let style = Style::new(step, low.abs().max(high.abs()));
    counts
        .map(|count| ValueTick {
            value: (count * step.digit) as f64 * 10_f64.powi(step.exponent),
            label: style.write(count * step.digit),
        })
        .filter(|tick| low <= tick.value && tick.value <= high)
        .collect()
}

/// A round step: 1, 2 or 5 times a power of ten.
#[derive(Clone, Copy)]
struct Step {
    digit: i64,
    exponent: i32,
}

impl Step {
    /// The least round step that is not less than `size`, which is positive.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "exponents of floats lie between -324 and 308"
    )]
    fn at_least(size: f64) -> Self {
        let exponent = (size.max(1e-300).log10().floor() as i32).max(-300);
        let leading = size / 10_f64.powi(exponent);
        // The logarithm may be off by the last bit: 1.0000000001 is still a 1.
        for digit in [1, 2, 5] {
            if leading <= digit as f64 * (1.0 + 1e-9) {
                return Self { digit, exponent };
            }
        }
        Self {
            digit: 1,
            exponent: exponent + 1,
        }
    }

    /// The next smaller one.
    const fn before(self) -> Self {
        let (digit, exponent) = match self.digit {
            5 => (2, self.exponent),
            2 => (1, self.exponent),
            _ => (5, self.exponent - 1),
        };
        Self { digit, exponent }
    }

    fn size(self) -> f64 {
        self.digit as f64 * 10_f64.powi(self.exponent)
    }
}

/// How all numbers of an axis are written.
enum Style {
    /// `1 013.25`, given as a whole number of 10^`exponent`.
    Plain { exponent: i32 },
    /// `1.2e9`: a number of 10^`power` with the given decimals.
    Scientific { power: i32, decimals: usize },
}

impl Style {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "exponents of floats lie between -324 and 308"
    )]
    fn new(step: Step, magnitude: f64) -> Self {
        let power = magnitude.log10().floor() as i32;
        let all_small = step.exponent < EXPONENT_BELOW && power < -2;
        if power >= EXPONENT_FROM || all_small {
            let decimals = usize::try_from(power - step.exponent).unwrap_or(0);
            Self::Scientific { power, decimals }
        } else {
            Self::Plain {
                exponent: step.exponent,
            }
        }
    }

    /// Writes `number` times ten to the step's exponent, from its digits, so that no rounding shows.
    fn write(&self, number: i64) -> String {
        let sign = if number < 0 { MINUS.to_string() } else { String::new() };
        let digits = number.unsigned_abs().to_string();
        match *self {
            _ if number == 0 => "0".to_owned(),
            Self::Plain { exponent } => {
                let zeros = usize::try_from(exponent).unwrap_or(0);
                let decimals = usize::try_from(-exponent).unwrap_or(0);
                let (whole, fraction) = split(&format!("{digits}{}", "0".repeat(zeros)), decimals);
                format!("{sign}{}{fraction}", group(&whole))
            }
            Self::Scientific { power, decimals } => {
                let (whole, fraction) = split(&digits, decimals);
                format!("{sign}{whole}{fraction}e{power}")
            }
        }
    }
}

/// Sets the decimal point `decimals` digits from the end: the whole part, and the fraction with its point.
fn split(digits: &str, decimals: usize) -> (String, String) {
    if decimals == 0 {
        return (digits.to_owned(), String::new());
    }
    let padded = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, fraction) = padded.split_at(padded.len() - decimals);
    (whole.to_owned(), format!(".{fraction}"))
}

/// Parts numbers of five digits and more into groups of three.
fn group(whole: &str) -> String {
    if whole.len() < 5 {
        return whole.to_owned();
    }
    let mut grouped = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            grouped.push(THIN_SPACE);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(low: f64, high: f64, expected: &str) {
        let labels: Vec<String> = ticks(low, high, 6)
            .into_iter()
            .map(|tick| tick.label.replace(THIN_SPACE, "_"))
            .collect();
        assert_eq!(labels.join(" "), expected);
    }

    #[track_caller]
    fn check_log(least: f64, greatest: f64, max_count: usize, expected: &str) {
        let (low, high) = log_bounds_around(least, greatest);
        let labels: Vec<String> = log_ticks(low, high, max_count)
            .into_iter()
            .map(|tick| tick.label.replace(THIN_SPACE, "_"))
            .collect();
        assert_eq!(labels.join(" "), expected);
    }

    #[test]
    fn a_logarithmic_axis_has_powers_of_ten_and_what_has_room_between_them() {
        check_log(0.3, 40.0, 9, "0.2 0.5 1 2 5 10 20 50");
        check_log(0.3, 40.0, 6, "1 10");
        check_log(1e-9, 1e9, 6, "1e-8 0.0001 1 10_000 1e8");
        check_log(14.0, 16.0, 6, "10 12 14 16 18 20");
        check_log(5.0, 5.0, 6, "2 4 6 8 10");
    }

    #[test]
    fn steps_are_ones_twos_and_fives() {
        check(0.0, 6.0, "0 1 2 3 4 5 6");
        check(5.0, 35.0, "5 10 15 20 25 30 35");
        check(900.0, 1200.0, "900 950 1000 1050 1100 1150 1200");
        check(0.0, 14_000.0, "0 5000 10_000");
        check(-1.0, 1.0, "−1.0 −0.5 0 0.5 1.0");
    }

    #[test]
    fn numbers_have_as_many_decimals_as_tell_them_apart() {
        check(
            1013.2,
            1013.5,
            "1013.20 1013.25 1013.30 1013.35 1013.40 1013.45 1013.50",
        );
        check(0.0, 0.003, "0 0.0005 0.0010 0.0015 0.0020 0.0025 0.0030");
        check(
            20.0,
            20.000_003,
            "20.0000000 20.0000005 20.0000010 20.0000015 20.0000020 20.0000025 20.0000030",
        );
    }

    #[test]
    fn huge_and_tiny_numbers_have_an_exponent() {
        check(0.0, 3e9, "0 0.5e9 1.0e9 1.5e9 2.0e9 2.5e9 3.0e9");
        check(-3e-9, 0.0, "−3.0e-9 −2.5e-9 −2.0e-9 −1.5e-9 −1.0e-9 −0.5e-9 0");
        check(0.0, 2e6, "0 500_000 1_000_000 1_500_000 2_000_000");
    }

    #[test]
    fn no_numbers_where_there_is_no_span() {
        check(1.0, 1.0, "");
        check(2.0, 1.0, "");
        check(f64::NAN, 1.0, "");
        check(1e17, 1e17 + 32.0, "");
    }

    #[test]
    fn bounds_leave_a_little_room() {
        assert_eq!(bounds_around(5.4, 29.0), (4.0, 30.0));
        assert_eq!(bounds_around(1010.0, 1040.0), (1008.0, 1042.0));
        assert_eq!(bounds_around(0.0, 10.0), (0.0, 11.0));
        assert_eq!(bounds_around(-1.3, 1080.0), (-100.0, 1200.0));
        assert_eq!(bounds_around(-10.0, -1.0), (-11.0, 0.0));
    }

    #[test]
    fn bounds_of_flat_lines_have_room_on_both_sides() {
        assert_eq!(bounds_around(0.0, 0.0), (-1.0, 1.0));
        assert_eq!(bounds_around(20.0, 20.0), (19.0, 21.0));
        assert_eq!(bounds_around(-20.0, -20.0), (-21.0, -19.0));
    }

    proptest! {
        #[test]
        fn numbers_rise_lie_within_and_read_back(
            middle in -1e12..1e12_f64, exponent in -9.0..13.0_f64, max_count in 1_usize..20,
        ) {
            let span = 10_f64.powf(exponent);
            prop_assume!(span > middle.abs() * 1e-10);
            let (low, high) = (middle - span / 2.0, middle + span / 2.0);
            let ticks = ticks(low, high, max_count);
            prop_assert!(ticks.len() <= max_count + 1);
            prop_assert!(ticks.iter().all(|tick| low <= tick.value && tick.value <= high));
            prop_assert!(ticks.windows(2).all(|pair| pair[0].value < pair[1].value && pair[0].label != pair[1].label));
            for tick in &ticks {
                let read: f64 = tick.label.replace(THIN_SPACE, "").replace(MINUS, "-").parse().unwrap();
                prop_assert!((read - tick.value).abs() <= 1e-9 * span + 1e-14 * middle.abs(), "{:?}", tick);
            }
        }

        #[test]
        fn bounds_hold_the_data(a in prop::num::f64::NORMAL, b in prop::num::f64::NORMAL) {
            let (low, high) = bounds_around(a.min(b), a.max(b));
            prop_assert!(low.is_finite() && high.is_finite() && low < high, "{} {}", low, high);
            prop_assert!(low <= a.min(b) && a.max(b) <= high, "{} {}", low, high);
        }
    }
}
