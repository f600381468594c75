//! How long the bars are.

use shared::dashboard::LatestShow;
use shared::display::MetricDisplay;
use shared::time::{MICROS_PER_SEC, Timestamp};

use crate::panels::latest::rows::Row;

/// The values at both ends of the bars of a metric.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ends {
    /// The value without a bar at all, if zero is not between the two.
    pub low: f64,
    /// The value with the whole bar.
    pub high: f64,
    /// Whether equal ratios, rather than equal differences, are equally far apart; both ends are positive then.
    pub is_log: bool,
}

impl Ends {
    /// By the colour scale of the metric, else by its limits, else by the values themselves; zero is among them unless the
    /// scale says otherwise.
    pub fn of(display: &MetricDisplay, values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut greatest) = (0.0_f64, 0.0_f64);
        for value in values.filter(|value| value.is_finite()) {
            least = least.min(value);
            greatest = greatest.max(value);
        }
        let scale = display.scale.as_ref();
        let limits = &display.limits;
        let low = scale.and_then(|scale| scale.low);
        let low = low.or_else(|| limits.low_alarm.or(limits.low_warning).filter(|limit| *limit < 0.0));
        let high = scale.and_then(|scale| scale.high);
        let high = high.or_else(|| limits.high_alarm.or(limits.high_warning).filter(|limit| *limit > 0.0));
        let (low, high) = (low.unwrap_or(least), high.unwrap_or(greatest));
        if low < high {
            let is_log = scale.is_some_and(|scale| scale.log) && low > 0.0;
            Self { low, high, is_log }
        } else {
            Self::linear(0.0, 1.0)
        }
    }

    /// Equal differences are equally far apart.
    pub const fn linear(low: f64, high: f64) -> Self {
        Self {
            low,
            high,
            is_log: false,
        }
    }

    /// Where a bar begins and ends, as parts of the whole width: at zero, or at the end that is nearest to it.
    pub fn bar(self, value: f64) -> (f64, f64) {
        let part = |value: f64| {
            let part = if self.is_log {
                (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
            } else {
                (value - self.low) / (self.high - self.low)
            };
            part.clamp(0.0, 1.0)
        };
        if value.is_nan() {
            return (0.0, 0.0);
        }
        let (zero, end) = (part(0.0), part(value));
        (zero.min(end), zero.max(end))
    }
}

/// Where the bar of a row begins and ends. Of ages the whole width is what counts as stale, or the greatest age where no
/// rhythm is known.
pub fn bar_of(row: &Row, show: LatestShow, ends: Ends, now: Timestamp) -> (f64, f64) {
    match show {
        LatestShow::Value => ends.bar(row.value.finite().unwrap_or(f64::NAN)),
        LatestShow::Age => {
            let age_s = row.age_micros(now).map(|age| age as f64 / MICROS_PER_SEC as f64);
            let stale_s = row.ages.map_or(ends.high, |terms| terms.stale_s);
            let whole = Ends::linear(0.0, stale_s.max(f64::MIN_POSITIVE));
            // A channel that never spoke is silent for ever.
            whole.bar(age_s.unwrap_or(f64::INFINITY))
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::display::{ColorScale, Limits};

    use super::*;

    fn ends(display: &MetricDisplay, values: &[f64]) -> (f64, f64) {
        let ends = Ends::of(display, values.iter().copied());
        (ends.low, ends.high)
    }

    #[test]
    fn scale_limits_and_values_are_asked_in_turn() {
        let mut display = MetricDisplay::default();
        assert_eq!(ends(&display, &[3.0, 8.0, f64::NAN]), (0.0, 8.0));
        assert_eq!(ends(&display, &[-3.0, 8.0]), (-3.0, 8.0));
        assert_eq!(ends(&display, &[]), (0.0, 1.0));
        display.limits = Limits {
            low_alarm: Some(5.0),
            high_warning: Some(20.0),
            ..Limits::default()
        };
        assert_eq!(ends(&display, &[3.0, 8.0]), (0.0, 20.0));
        display.scale = Some(ColorScale {
            low: Some(10.0),
            ..ColorScale::default()
        });
        assert_eq!(ends(&display, &[3.0, 8.0]), (10.0, 20.0));
    }

    #[test]
    fn bars_begin_at_zero() {
        let bar = |low, high, value| Ends::linear(low, high).bar(value);
        assert_eq!(bar(0.0, 8.0, 2.0), (0.0, 0.25));
        assert_eq!(bar(-4.0, 4.0, -2.0), (0.25, 0.5));
        assert_eq!(bar(10.0, 20.0, 15.0), (0.0, 0.5));
        assert_eq!(bar(0.0, 8.0, 99.0), (0.0, 1.0));
        assert_eq!(bar(0.0, 8.0, f64::NAN), (0.0, 0.0));
        let log = Ends {
            low: 1.0,
            high: 100.0,
            is_log: true,
        };
        assert_eq!(
            [10.0, 0.0, 1e9].map(|value| log.bar(value)),
            [(0.0, 0.5), (0.0, 0.0), (0.0, 1.0)]
        );
    }
}
