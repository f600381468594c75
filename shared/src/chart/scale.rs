//! Where times and values lie in a plot, and back.

use crate::time::{TimeRange, Timestamp};

/// How far outside of the plot a position may lie, in units: far enough to be cut off, near enough for whole numbers.
const FAR: f64 = 1e6;

/// Places times between two horizontal positions, in units.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TimeScale {
    range: TimeRange,
    left: f64,
    right: f64,
}

impl TimeScale {
    /// The start of `range` lies at `left`, its end at `right`. A plot without width gets one unit.
    pub fn new(range: TimeRange, left: f64, right: f64) -> Self {
        let right = right.max(left + 1.0);
        Self { range, left, right }
    }

    /// The range from the left edge to the right one.
    pub const fn range(&self) -> TimeRange {
        self.range
    }

    /// The same moved back to a whole number of pixels that are `dot` units wide each, counted from the epoch: of two such
    /// scales of the same length and place, one is the other shifted by pixels.
    #[must_use]
    pub fn on_whole_pixels(&self, dot: f64) -> Self {
        let (left, right) = (self.left, self.right);
        let micros_per_dot = self.range.micros() as f64 / ((right - left) / dot).max(1.0);
        let dots = (self.range.end().as_micros() as f64 / micros_per_dot).floor();
        let end = Timestamp::saturating_from_micros(rounded(dots * micros_per_dot));
        let start = end.saturating_add_micros(-self.range.micros());
        let range = TimeRange::new(start, end).unwrap_or(self.range);
        Self { range, left, right }
    }

    /// By how many units the same time lies further left than on the scale before; `None` where that is of another length
    /// or place.
    pub fn shift_since(&self, before: &Self) -> Option<f64> {
        let is_alike =
            self.range.micros() == before.range.micros() && (self.left, self.right) == (before.left, before.right);
        let by_us = self.range.start().micros_since(before.range.start());
        is_alike.then(|| by_us as f64 * (self.right - self.left) / self.range.micros() as f64)
    }

    /// Where a time in microseconds lies; beyond the edges for times outside of the range.
    pub fn x_from_time(&self, time_us: i64) -> f64 {
        let since_start = time_us.saturating_sub(self.range.start().as_micros());
        let x = self.left + since_start as f64 * (self.right - self.left) / self.range.micros() as f64;
        x.clamp(self.left - FAR, self.right + FAR)
    }

    /// The microsecond nearest to a position, kept within the calendar.
    ///
    /// The inverse of [`TimeScale::x_from_time`], exact for ranges up to a hundred years.
    pub fn time_from_x(&self, x: f64) -> Timestamp {
        let part = (x - self.left) / (self.right - self.left);
        self.range
            .start()
            .saturating_add_micros(rounded(part * self.range.micros() as f64))
    }

    /// How long `units` are, in microseconds; at least one.
    pub fn micros_in(&self, units: f64) -> i64 {
        rounded(units * self.range.micros() as f64 / (self.right - self.left)).max(1)
    }
}

/// Places values between the bottom and the top of a plot, in units. Larger values lie higher.
///
/// On a logarithmic scale equal ratios are equally far apart; what is not positive has no place there and lies at the
/// bottom.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ValueScale {
    low: f64,
    high: f64,
    bottom: f64,
    top: f64,
    is_log: bool,
}

impl ValueScale {
    /// The value `low` lies at `bottom`, `high` at `top`; both must be finite and `low` less than `high`.
    pub const fn new(low: f64, high: f64, bottom: f64, top: f64) -> Self {
        Self {
            low,
            high,
            bottom,
            top,
            is_log: false,
        }
    }

    /// The same with equal ratios equally far apart; `low` must be positive.
    pub const fn logarithmic(low: f64, high: f64, bottom: f64, top: f64) -> Self {
        Self {
            is_log: true,
            ..Self::new(low, high, bottom, top)
        }
    }

    /// The least value and the greatest one between bottom and top.
    pub const fn bounds(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// Where a finite value lies; beyond the edges for values outside of the bounds.
    pub fn y_from_value(&self, value: f64) -> f64 {
        let part = if self.is_log {
            if value <= 0.0 {
                return self.bottom;
            }
            (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            // Halved, so that a span from -1e308 to 1e308 does not overflow.
            (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
        };
        (self.bottom - part * (self.bottom - self.top)).clamp(self.top - FAR, self.bottom + FAR)
    }

    /// The value at a position.
    pub fn value_from_y(&self, y: f64) -> f64 {
        let part = (self.bottom - y) / (self.bottom - self.top);
        if self.is_log {
            return (self.low.ln() * (1.0 - part) + self.high.ln() * part).exp();
        }
        self.low * (1.0 - part) + self.high * part
    }

    /// Beyond which end of the scale a value lies; `None` for one between them. An infinity lies beyond every scale.
    pub fn side_of(&self, value: f64) -> Option<Side> {
        let (least, most) = (self.low.min(self.high), self.low.max(self.high));
        if value < least {
            Some(Side::Below)
        } else if value > most {
            Some(Side::Above)
        } else {
            None
        }
    }
}

/// One of the two ends of a scale.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Side {
    /// Where greater values are.
    Above,
    /// Where lesser values are.
    Below,
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast of a float stops at the ends of i64"
)]
fn rounded(micros: f64) -> i64 {
    micros.round() as i64
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact by construction")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A hundred years.
    const CENTURY_US: i64 = 3_155_760_000_000_000;

    fn range(start: i64, micros: i64) -> TimeRange {
        let start = Timestamp::from_micros(start).unwrap();
        TimeRange::new(start, start.saturating_add_micros(micros)).unwrap()
    }

    proptest! {
        #[test]
        fn times_survive_the_way_to_their_position_and_back(
            start in -CENTURY_US..CENTURY_US,
            micros in 10..CENTURY_US,
            part in 0.0..1.0_f64,
        ) {
            let scale = TimeScale::new(range(start, micros), 46.0, 1234.0);
            let time = scale.time_from_x(46.0 + part * 1188.0);
            let back = scale.time_from_x(scale.x_from_time(time.as_micros()));
            // A century has more microseconds than a float has digits near the right edge: one may be lost.
            prop_assert!(back.micros_since(time).abs() <= i64::from(micros > CENTURY_US / 4), "{} {}", time, back);
        }

        #[test]
        fn values_survive_the_way_to_their_position_and_back(low in -1e9..1e9_f64, span in 1e-3..1e9_f64, part in 0.0..1.0_f64) {
            let scale = ValueScale::new(low, low + span, 200.0, 6.0);
            let value = low + span * part;
            let back = scale.value_from_y(scale.y_from_value(value));
            prop_assert!((back - value).abs() <= 1e-9 * (span + low.abs()), "{} {}", value, back);
        }
    }

    proptest! {
        #[test]
        fn scales_on_whole_pixels_are_shifted_by_pixels(
            start in 0..CENTURY_US / 2, micros in 1_000_000..3_000_000_000_000_i64, by in 0..1_000_000_000_i64, n_dots in 50..4_000_i32,
        ) {
            let scale = |start| TimeScale::new(range(start, micros), 40.0, 40.0 + 4.0 * f64::from(n_dots)).on_whole_pixels(4.0);
            let (before, after) = (scale(start), scale(start + by));
            let shift = after.shift_since(&before).unwrap() / 4.0;
            prop_assert!((shift - shift.round()).abs() < 0.01, "{}", shift);
            prop_assert!(after.range().end() <= range(start + by, micros).end());
        }
    }

    #[test]
    fn edges_lie_on_the_edges() {
        let scale = TimeScale::new(range(0, 100), 10.0, 210.0);
        assert_eq!((scale.x_from_time(0), scale.x_from_time(100)), (10.0, 210.0));
        assert_eq!(scale.time_from_x(10.0), Timestamp::EPOCH);
        let scale = ValueScale::new(-1.0, 1.0, 200.0, 0.0);
        assert_eq!((scale.y_from_value(-1.0), scale.y_from_value(1.0)), (200.0, 0.0));
    }

    #[test]
    fn equal_ratios_are_equally_far_apart_on_a_logarithmic_scale() {
        let scale = ValueScale::logarithmic(0.1, 1000.0, 400.0, 0.0);
        let ys = [0.1, 1.0, 10.0, 100.0, 1000.0].map(|value| scale.y_from_value(value).round());
        assert_eq!(ys, [400.0, 300.0, 200.0, 100.0, 0.0]);
        assert_eq!((scale.y_from_value(0.0), scale.y_from_value(-5.0)), (400.0, 400.0));
        assert!((scale.value_from_y(200.0) - 10.0).abs() < 1e-9);
        let wide = ValueScale::logarithmic(1e-300, 1e300, 400.0, 0.0);
        assert!(wide.y_from_value(1.0).is_finite(), "{}", wide.y_from_value(1.0));
    }

    #[test]
    fn values_beyond_a_scale_know_their_side() {
        let scale = ValueScale::new(0.0, 10.0, 100.0, 0.0);
        let sides = [-1.0, 0.0, 10.0, 11.0, f64::NEG_INFINITY].map(|value| scale.side_of(value));
        assert_eq!(
            sides,
            [Some(Side::Below), None, None, Some(Side::Above), Some(Side::Below)]
        );
    }

    #[test]
    fn huge_spans_and_far_values_stay_finite() {
        let scale = ValueScale::new(f64::MIN, f64::MAX, 200.0, 0.0);
        assert_eq!(scale.y_from_value(0.0), 100.0);
        let scale = ValueScale::new(0.0, f64::MIN_POSITIVE, 200.0, 0.0);
        assert_eq!(scale.y_from_value(f64::MAX), -FAR);
        let scale = TimeScale::new(range(0, 1), 0.0, 100.0);
        assert_eq!(scale.x_from_time(i64::MAX), 100.0 + FAR);
        assert_eq!(scale.x_from_time(i64::MIN), -FAR);
    }
}
