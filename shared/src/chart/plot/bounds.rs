//! How far the axes of values reach.

use super::{LeftAxis, PlotData};
use crate::chart::limit;
use crate::chart::scale::ValueScale;
use crate::chart::shape::extent_of;
use crate::chart::value_axis::{self, ValueTick};
use crate::dashboard::Axis;

/// How far apart values are on their axis at the least, in pixels.
const VALUE_SPACING_PX: f64 = 30.0;

/// From where to where an axis reaches.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Bounds {
    low: f64,
    high: f64,
    is_log: bool,
}

impl Bounds {
    /// How far an axis reaches: as far as its data and the limits near to them, or as far as is wished. `None` where neither
    /// says it.
    pub(super) fn of(data: &PlotData<'_>, side: Axis) -> Option<Self> {
        let (is_log, low_wish, high_wish) = match data.left {
            LeftAxis::Rows { low, high, .. } if side == Axis::Left => {
                return Some(Self {
                    low,
                    high,
                    is_log: false,
                });
            }
            LeftAxis::Values { is_log, low, high } if side == Axis::Left => {
                let possible = |end: &f64| end.is_finite() && (!is_log || *end > 0.0);
                (is_log, low.filter(possible), high.filter(possible))
            }
            _ => (false, None, None),
        };
        let lines = data.lines.iter().filter(|line| line.axis == side);
        let extents = lines.filter_map(|line| {
            if is_log {
                line.shape.positive_extent(data.range)
            } else {
                line.extent(data.range)
            }
        });
        let by_data = extent_of(extents).map(|extent| {
            let (least, greatest) = limit::widened(extent, &data.limits, side, is_log);
            let fitting = if is_log {
                value_axis::log_bounds_around(least, greatest)
            } else {
                value_axis::bounds_around(least, greatest)
            };
            let rest = data.rests[usize::from(side == Axis::Right)];
            rest.filter(|rest| rests(*rest, fitting, is_log)).unwrap_or(fitting)
        });
        // Where there are no data, both ends have to be wished.
        let (low, high) = by_data.or(low_wish.zip(high_wish))?;
        let (low, high) = (low_wish.unwrap_or(low), high_wish.unwrap_or(high));
        if low < high {
            return Some(Self { low, high, is_log });
        }
        // All data lie beyond the wished end: that one holds, and the other makes room.
        let around = |end: f64| {
            if is_log {
                (end / 10.0, end * 10.0)
            } else {
                value_axis::bounds_around(end, end)
            }
        };
        let (low, high) = match (low_wish, high_wish) {
            (Some(low), None) => (low, around(low).1),
            (None, Some(high)) => (around(high).0, high),
            _ => around(low),
        };
        (low < high).then_some(Self { low, high, is_log })
    }

    /// Between two positions in units.
    pub(super) const fn scale(&self, bottom: f64, top: f64) -> ValueScale {
        if self.is_log {
            ValueScale::logarithmic(self.low, self.high, bottom, top)
        } else {
            ValueScale::new(self.low, self.high, bottom, top)
        }
    }

    /// Round numbers as far apart as can be read; two at least, because one alone tells no scale.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 1..=12"
    )]
    pub(super) fn ticks(&self, height_px: f64) -> Vec<ValueTick> {
        let steps = (height_px / VALUE_SPACING_PX).clamp(1.0, 12.0) as usize;
        let (low, high) = (self.low.min(self.high), self.low.max(self.high));
        let of_steps = |steps| {
            if self.is_log {
                value_axis::log_ticks(low, high, steps)
            } else {
                value_axis::ticks(low, high, steps)
            }
        };
        let finer = (steps..steps + 4).map(of_steps).find(|ticks| ticks.len() > 1);
        finer.unwrap_or_else(|| of_steps(steps))
    }
}

/// Whether an axis may stay as it is: what would fit lies in it, and is not less than half of it. So that it does not
/// flicker while values come and go.
fn rests(before: (f64, f64), fitting: (f64, f64), is_log: bool) -> bool {
    let place = |value: f64| if is_log { value.ln() } else { value };
    let span = |(low, high): (f64, f64)| place(high) - place(low);
    let is_inside = before.0 <= fitting.0 && fitting.1 <= before.1;
    is_inside && span(fitting) * 2.0 >= span(before)
}

#[cfg(test)]
mod tests {
    use super::rests;

    #[test]
    fn an_axis_rests_until_it_is_too_small_or_twice_too_large() {
        assert!(rests((0.0, 10.0), (2.0, 8.0), false));
        assert!(!rests((0.0, 10.0), (2.0, 11.0), false));
        assert!(!rests((0.0, 10.0), (2.0, 6.0), false));
        assert!(rests((1.0, 100.0), (1.0, 10.0), true));
        assert!(!rests((1.0, 100.0), (1.0, 5.0), true));
        assert!(
            !rests((-1.0, 1.0), (0.5, 3.0), true),
            "what no logarithm has fits nowhere"
        );
    }
}
