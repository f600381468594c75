//! The lay-out of a plot: where its parts lie, before anything is drawn.

use super::clip::Area;
use super::line::Canvas;
use super::scale::{TimeScale, ValueScale};
use super::shape::{PlotLine, extent_of};
use super::time_axis::{self, TimeTick};
use super::value_axis::{self, ValueTick};
use crate::dashboard::Axis;
use crate::query::envelope::MAX_COLUMNS;
use crate::time::{TimeRange, Timestamp};

/// The size of labels, in pixels.
pub(super) const LABEL_PX: f64 = 11.0;
/// Between a label and what it labels, in pixels.
pub(super) const LABEL_GAP_PX: f64 = 6.0;
/// The same left edge for all panels of a tab, so that their times lie under each other, in pixels.
const LEFT_PX: f64 = 46.0;
/// Wider labels widen the edge by as much at once, so that it rests while values change, in pixels.
const LEFT_GRAIN_PX: f64 = 16.0;
const RIGHT_PX: f64 = 10.0;
const TOP_PX: f64 = 8.0;
/// With units written above the axes, in pixels.
const TOP_WITH_UNITS_PX: f64 = 20.0;
const BOTTOM_PX: f64 = 18.0;
/// How far apart values are on their axis at the least, in pixels.
const VALUE_SPACING_PX: f64 = 30.0;
/// The width of a digit as a part of the size of the label, on the wide side.
const DIGIT_WIDTH: f64 = 0.62;

/// What a plot is drawn on.
#[derive(Clone, PartialEq, Debug)]
pub struct PlotLayout {
    /// Width in units of the backend.
    pub width: u32,
    /// Height in units of the backend.
    pub height: u32,
    /// Units in a CSS pixel: sizes of text and widths of lines go by it.
    pub units_per_px: f64,
    /// Units in a pixel of the screen: upright strokes and crisp lines go by it, at least 1.
    pub units_per_dot: u32,
    /// The font of the labels, as CSS names it.
    pub font_family: String,
    /// What the clock on the wall is ahead of UTC, in microseconds.
    pub utc_offset_us: i64,
}

impl PlotLayout {
    /// How many columns are worth asking for: one for each pixel of the screen. It does not depend on the data.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the allowed columns"
    )]
    pub fn columns(&self) -> u32 {
        let width = f64::from(self.width) - (LEFT_PX + RIGHT_PX) * self.units_per_px;
        let dots = width / f64::from(self.units_per_dot.max(1));
        dots.round().clamp(1.0, f64::from(MAX_COLUMNS)) as u32
    }
}

/// What a plot shows.
#[derive(Clone, PartialEq, Debug)]
pub struct PlotData<'a> {
    /// From the left edge to the right one.
    pub range: TimeRange,
    /// The lines, first at the bottom.
    pub lines: Vec<PlotLine<'a>>,
    /// The unit of the left axis; empty for none.
    pub left_unit: String,
    /// The unit of the right axis; empty for none.
    pub right_unit: String,
    /// Where the now-line stands, if it is in the range.
    pub now: Option<Timestamp>,
}

/// An axis of values.
#[derive(Clone, PartialEq, Debug)]
pub struct ValueAxis {
    /// Places values.
    pub scale: ValueScale,
    /// Round numbers along it, rising.
    pub ticks: Vec<ValueTick>,
}

/// A plot that knows where everything lies. Lines, cursor and gestures use the same one.
#[derive(Clone, PartialEq, Debug)]
pub struct Plot {
    /// Where data are drawn, in units.
    pub area: Area,
    /// Places times.
    pub time: TimeScale,
    /// Moments along the time axis, rising.
    pub time_ticks: Vec<TimeTick>,
    /// The left axis; `None` if no line on it holds a finite value in the range.
    pub left: Option<ValueAxis>,
    /// The right axis; `None` likewise.
    pub right: Option<ValueAxis>,
    pub(super) layout: PlotLayout,
}

impl Plot {
    /// Lays out a plot of the given data. The same data in the same range give the same axes.
    pub fn new(layout: PlotLayout, data: &PlotData<'_>) -> Self {
        let px = layout.units_per_px;
        let (width, height) = (f64::from(layout.width), f64::from(layout.height));
        let has_right = data.lines.iter().any(|line| line.axis == Axis::Right);
        let top = snap(if has_right { TOP_WITH_UNITS_PX } else { TOP_PX } * px, &layout);
        let bottom = snap(height - BOTTOM_PX * px, &layout).max(top + px);
        let axis = |side| {
            let extents = data.lines.iter().filter(|line| line.axis == side);
            let (least, greatest) = extent_of(extents.filter_map(|line| line.extent(data.range)))?;
            let (low, high) = value_axis::bounds_around(least, greatest);
            let ticks = value_ticks(low, high, (bottom - top) / px);
            let scale = ValueScale::new(low, high, bottom, top);
            Some(ValueAxis { scale, ticks })
        };
        let (left_axis, right_axis) = (axis(Axis::Left), axis(Axis::Right));
        let left = snap(edge_px(left_axis.as_ref()) * px, &layout);
        let right_px = if has_right {
            edge_px(right_axis.as_ref())
        } else {
            RIGHT_PX
        };
        let right = snap(width - right_px * px, &layout).max(left + px);
        let area = Area {
            left,
            top,
            right,
            bottom,
        };
        Self {
            area,
            time: TimeScale::new(data.range, left, right),
            time_ticks: time_axis::ticks(data.range, layout.utc_offset_us, (right - left) / px),
            left: left_axis,
            right: right_axis,
            layout,
        }
    }

    /// The axis that a line is read on.
    pub const fn axis(&self, axis: Axis) -> Option<&ValueAxis> {
        match axis {
            Axis::Left => self.left.as_ref(),
            Axis::Right => self.right.as_ref(),
        }
    }

    /// Where and how fine lines of an axis are drawn; `None` where the axis has nothing to show.
    pub fn canvas(&self, axis: Axis) -> Option<Canvas> {
        Some(Canvas {
            time: self.time,
            value: self.axis(axis)?.scale,
            units_per_dot: f64::from(self.layout.units_per_dot.max(1)),
            units_per_px: self.layout.units_per_px,
        })
    }
}

/// Moves a position to the start of the screen's pixel that it lies in.
pub(super) fn snap(position: f64, layout: &PlotLayout) -> f64 {
    let dot = f64::from(layout.units_per_dot.max(1));
    (position / dot).round() * dot
}

/// Round numbers as far apart as can be read; two at least, because one alone tells no scale.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 1..=12"
)]
fn value_ticks(low: f64, high: f64, height_px: f64) -> Vec<ValueTick> {
    let steps = (height_px / VALUE_SPACING_PX).clamp(1.0, 12.0) as usize;
    let of_steps = |steps| value_axis::ticks(low, high, steps);
    let finer = (steps..steps + 4).map(of_steps).find(|ticks| ticks.len() > 1);
    finer.unwrap_or_else(|| of_steps(steps))
}

/// The room that an axis takes beside the data, in pixels.
fn edge_px(axis: Option<&ValueAxis>) -> f64 {
    let longest = axis
        .into_iter()
        .flat_map(|axis| &axis.ticks)
        .map(|tick| label_width_px(&tick.label))
        .fold(0.0, f64::max);
    let beyond = (longest + LABEL_GAP_PX + 2.0 - LEFT_PX).max(0.0);
    LEFT_PX + (beyond / LEFT_GRAIN_PX).ceil() * LEFT_GRAIN_PX
}

/// The width of a label in pixels, on the wide side. Counted, not measured, so that every backend lays out alike.
pub(super) fn label_width_px(label: &str) -> f64 {
    let narrow = label
        .chars()
        .filter(|sign| matches!(sign, '.' | ':' | '\u{202f}'))
        .count();
    let wide = label.chars().count() - narrow;
    (wide as f64 + narrow as f64 / 2.0) * DIGIT_WIDTH * LABEL_PX
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact by construction")]
mod tests {
    use super::*;
    use crate::chart::shape::Shape;
    use crate::query::envelope::SampleSeries;

    fn layout() -> PlotLayout {
        PlotLayout {
            width: 400,
            height: 200,
            units_per_px: 1.0,
            units_per_dot: 1,
            font_family: "sans-serif".to_owned(),
            utc_offset_us: 0,
        }
    }

    fn plot_of(values: &[f64], axis: Axis) -> Plot {
        let series = SampleSeries {
            time_us: (0_i64..).take(values.len()).collect(),
            value: values.iter().map(|value| (*value).into()).collect(),
            ..SampleSeries::default()
        };
        let line = PlotLine {
            shape: Shape::Samples(&series),
            color: 0,
            axis,
            interval_s: None,
            is_faded: false,
        };
        let data = PlotData {
            range: TimeRange::new(Timestamp::EPOCH, Timestamp::from_micros(100).unwrap()).unwrap(),
            lines: vec![line],
            left_unit: String::new(),
            right_unit: String::new(),
            now: None,
        };
        Plot::new(layout(), &data)
    }

    #[test]
    fn plots_of_ordinary_numbers_share_their_left_edge() {
        let lefts = [0.5, 30.0, 9_000.0, -12.5].map(|value| plot_of(&[0.0, value], Axis::Left).area.left);
        assert_eq!(lefts, [46.0; 4]);
        assert_eq!(plot_of(&[0.0, 1_900_000.0], Axis::Left).area.left, 78.0);
    }

    #[test]
    fn a_right_axis_has_its_own_room_and_an_empty_one_no_numbers() {
        let plot = plot_of(&[0.0, 30.0], Axis::Right);
        assert_eq!((plot.area.left, plot.area.right), (46.0, 354.0));
        assert!(plot.left.is_none() && plot.right.is_some());
        assert!(plot_of(&[f64::NAN], Axis::Left).left.is_none());
    }

    #[test]
    fn a_plot_without_room_still_has_an_area() {
        let tiny = PlotLayout {
            width: 1,
            height: 1,
            ..layout()
        };
        let data = PlotData {
            range: TimeRange::ALL,
            lines: Vec::new(),
            left_unit: String::new(),
            right_unit: String::new(),
            now: None,
        };
        let area = Plot::new(tiny, &data).area;
        assert!(area.left < area.right && area.top < area.bottom, "{area:?}");
    }
}
