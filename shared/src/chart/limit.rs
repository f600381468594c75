//! Levels on an axis of values: warnings, alarms, targets.

use super::scale::{Side, ValueScale};
use crate::dashboard::{Axis, Severity};
use crate::order::sort_by;

/// A level that lies farther from the data than this part of their own span does not widen the axis.
const NEAR: f64 = 0.5;

/// A level line, with what it means to be beyond it.
#[derive(Clone, PartialEq, Debug)]
pub struct LimitMark {
    /// Where it lies, in the unit of its axis.
    pub value: f64,
    /// What it is called, with its number.
    pub label: String,
    /// What it means to be beyond it.
    pub severity: Severity,
    /// On which axis it is read.
    pub axis: Axis,
    /// On which side the values are that it warns of: that side is tinted. `None` for a line alone.
    pub beyond: Option<Side>,
}

/// A tinted part of the plot.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Tint {
    /// Its upper edge, in units.
    pub top: f64,
    /// Its lower edge, in units.
    pub bottom: f64,
    /// What it means to be in it.
    pub severity: Severity,
}

/// The label of a level, beside its line or at the edge beyond which that lies.
#[derive(Clone, PartialEq, Debug)]
pub struct LimitLabel {
    /// Which of the limits it is, in their order.
    pub at: usize,
    /// The lower edge of its text, in units.
    pub y: f64,
    /// Beyond which edge of the plot the line lies; `None` if it is drawn.
    pub beyond: Option<Side>,
}

/// The extent of some data with the levels near to them. Far ones stay out: they would squeeze the data.
pub fn widened((least, greatest): (f64, f64), limits: &[LimitMark], side: Axis, is_log: bool) -> (f64, f64) {
    let place = |value: f64| if is_log { value.ln() } else { value };
    let (low, high) = (place(least), place(greatest));
    let magnitude = low.abs().max(high.abs());
    // Flat data have no span of their own; a tenth of their size is near to them.
    let near = ((high - low) * NEAR).max(if is_log { 0.7 } else { magnitude * 0.1 });
    let is_near = |value: f64| value.is_finite() && low - near <= place(value) && place(value) <= high + near;
    let near_values = limits
        .iter()
        .filter(|limit| limit.axis == side && is_near(limit.value))
        .map(|limit| limit.value);
    near_values.fold((least, greatest), |(least, greatest), value| {
        (least.min(value), greatest.max(value))
    })
}

/// What to tint of an axis: from each level to the next worse one on the same side, or to the edge.
pub fn tints(limits: &[LimitMark], side: Axis, scale: &ValueScale, top: f64, bottom: f64) -> Vec<Tint> {
    let of_axis = || {
        limits
            .iter()
            .filter(|limit| limit.axis == side && limit.value.is_finite())
    };
    let mut tints = Vec::new();
    for limit in of_axis() {
        let Some(beyond) = limit.beyond else { continue };
        let worse = of_axis().filter(|other| other.beyond == Some(beyond) && other.severity > limit.severity);
        let y = scale.y_from_value(limit.value).clamp(top, bottom);
        let worse = worse.map(|other| scale.y_from_value(other.value).clamp(top, bottom));
        let (upper, lower) = match beyond {
            Side::Above => (worse.fold(top, f64::max), y),
            Side::Below => (y, worse.fold(bottom, f64::min)),
        };
        if upper < lower {
            tints.push(Tint {
                top: upper,
                bottom: lower,
                severity: limit.severity,
            });
        }
    }
    tints
}

/// Where the labels of an axis' levels lie, one under the other with `height` each: just above their lines where that
/// leaves them apart, and always between `top` and `bottom`.
pub fn labels(
    limits: &[LimitMark],
    scale: impl Fn(Axis) -> Option<ValueScale>,
    top: f64,
    bottom: f64,
    height: f64,
) -> Vec<LimitLabel> {
    let mut labels: Vec<LimitLabel> = limits
        .iter()
        .enumerate()
        .filter(|(_, limit)| limit.value.is_finite())
        .filter_map(|(at, limit)| {
            let scale = scale(limit.axis)?;
            let beyond = scale.side_of(limit.value);
            let y = match beyond {
                None => scale.y_from_value(limit.value),
                Some(Side::Above) => top,
                Some(Side::Below) => bottom,
            };
            Some(LimitLabel { at, y, beyond })
        })
        .collect();
    // Of those beyond the same edge the greater one is on top, as it would be on the axis.
    let value = |label: &LimitLabel| limits.get(label.at).map_or(0.0, |limit| limit.value);
    sort_by(&mut labels, |one, other| {
        one.y.total_cmp(&other.y).then(value(other).total_cmp(&value(one)))
    });
    // Down from the top, then up again from the bottom where they have run out of it.
    let mut least = top + height;
    for label in &mut labels {
        label.y = label.y.max(least);
        least = label.y + height;
    }
    let mut most = bottom;
    for label in labels.iter_mut().rev() {
        label.y = label.y.min(most);
        most = label.y - height;
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(value: f64, severity: Severity, beyond: Option<Side>) -> LimitMark {
        LimitMark {
            value,
            label: String::new(),
            severity,
            axis: Axis::Left,
            beyond,
        }
    }

    fn line(value: f64) -> LimitMark {
        limit(value, Severity::None, None)
    }

    #[test]
    fn near_limits_widen_the_axis_and_far_ones_do_not_squeeze_the_data() {
        let limits = [line(14.0), line(100.0), line(-1.0)];
        assert_eq!(widened((0.0, 10.0), &limits, Axis::Left, false), (-1.0, 14.0));
        assert_eq!(widened((0.0, 10.0), &limits, Axis::Right, false), (0.0, 10.0));
        assert_eq!(
            widened((10.0, 10.0), &[line(10.9), line(12.0)], Axis::Left, false),
            (10.0, 10.9)
        );
        let ratios = [line(200.0), line(1e6), line(0.0), line(-3.0)];
        assert_eq!(widened((1.0, 100.0), &ratios, Axis::Left, true), (1.0, 200.0));
    }

    #[test]
    fn a_warning_is_tinted_up_to_the_alarm_and_the_alarm_up_to_the_edge() {
        let limits = [
            limit(60.0, Severity::Warning, Some(Side::Above)),
            limit(80.0, Severity::Alarm, Some(Side::Above)),
            limit(10.0, Severity::Alarm, Some(Side::Below)),
            line(50.0),
        ];
        let scale = ValueScale::new(0.0, 100.0, 100.0, 0.0);
        let told: Vec<_> = tints(&limits, Axis::Left, &scale, 0.0, 100.0)
            .iter()
            .map(|tint| (tint.top, tint.bottom, tint.severity))
            .collect();
        assert_eq!(
            told,
            [
                (20.0, 40.0, Severity::Warning),
                (0.0, 20.0, Severity::Alarm),
                (90.0, 100.0, Severity::Alarm)
            ]
        );
        // All of the plot lies beyond.
        let beyond = [limit(-5.0, Severity::Alarm, Some(Side::Above))];
        let tint = tints(&beyond, Axis::Left, &scale, 0.0, 100.0)[0];
        assert_eq!((tint.top, tint.bottom), (0.0, 100.0));
    }

    #[test]
    fn labels_keep_apart_and_within() {
        let limits = [line(50.0), line(49.0), line(500.0), line(-4.0), line(-3.0)];
        let scale = ValueScale::new(0.0, 100.0, 100.0, 0.0);
        let told: Vec<_> = labels(&limits, |_| Some(scale), 0.0, 100.0, 12.0)
            .iter()
            .map(|label| (label.at, label.y, label.beyond))
            .collect();
        assert_eq!(
            told,
            [
                (2, 12.0, Some(Side::Above)),
                (0, 50.0, None),
                (1, 62.0, None),
                (4, 88.0, Some(Side::Below)),
                (3, 100.0, Some(Side::Below))
            ]
        );
    }
}
