//! The lay-out of a plot: where its parts lie, before anything is drawn.

use super::axis_clock::AxisClock;
use super::cell_draw::CellMarks;
use super::clip::Area;
use super::color::ColorTable;
use super::color_bar::{BarPlace, COLOR_BAR_PX};
use super::event::EventMarks;
use super::limit::LimitMark;
use super::line::Canvas;
use super::row_axis::thinned;
use super::scale::{TimeScale, ValueScale};
use super::shape::PlotLine;
use super::strip::StripMarks;
use super::time_axis::{self, TimeTick};
use super::value_axis::ValueTick;
use crate::alarm::AlarmSpan;
use crate::dashboard::Axis;
use crate::query::envelope::MAX_COLUMNS;
use crate::query::raster::MAX_ROWS;
use crate::time::{TimeRange, Timestamp};

mod bounds;

use bounds::Bounds;

/// The size of labels, in pixels.
pub(super) const LABEL_PX: f64 = 11.0;
/// Between a label and what it labels, in pixels.
pub(super) const LABEL_GAP_PX: f64 = 6.0;
/// The same left edge for all panels of a tab, so that their times lie under each other, in pixels.
const LEFT_PX: f64 = 46.0;
/// Wider labels widen the edge by as much at once, so that it rests while values change, in pixels.
const LEFT_GRAIN_PX: f64 = 16.0;
/// Names of rows are cut rather than taking more room than this, in pixels.
pub(super) const LONGEST_LABEL_PX: f64 = 140.0;
const RIGHT_PX: f64 = 10.0;
const TOP_PX: f64 = 8.0;
/// With units written above the axes, in pixels.
const TOP_WITH_UNITS_PX: f64 = 20.0;
const BOTTOM_PX: f64 = 18.0;
/// The bar of colours above a plot, in pixels.
const COLOR_BAR_TOP_PX: f64 = 4.0;
const COLOR_BAR_WIDTH_PX: f64 = 340.0;
/// The height of a strip with the gap above it, and the gap, in pixels.
const STRIP_PX: f64 = 15.0;
const STRIP_GAP_PX: f64 = 2.0;
/// The height of the ribbon of alarms with the gap above it, in pixels.
const RIBBON_PX: f64 = 10.0;
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
    /// The clock by which times are told.
    pub clock: AxisClock,
}

impl PlotLayout {
    /// How many rows are worth asking for: one for each pixel of the screen that a plot without strips has.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the allowed rows"
    )]
    pub fn rows(&self) -> u32 {
        let height = f64::from(self.height) - (TOP_PX + BOTTOM_PX) * self.units_per_px;
        let dots = height / f64::from(self.units_per_dot.max(1));
        dots.round().clamp(1.0, f64::from(MAX_ROWS)) as u32
    }

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
    /// How the left axis runs.
    pub left: LeftAxis,
    /// The lines, first at the bottom.
    pub lines: Vec<PlotLine<'a>>,
    /// Levels on either axis.
    pub limits: Vec<LimitMark>,
    /// Events, each kind with its own name.
    pub events: Vec<EventMarks<'a>>,
    /// Strips under the lines, first on top.
    pub strips: Vec<StripMarks<'a>>,
    /// What the rules said that watch the metrics, under all else; `None` where no rule does.
    pub ribbon: Option<&'a [AlarmSpan]>,
    /// The unit of the left axis; empty for none.
    pub left_unit: String,
    /// The unit of the right axis; empty for none.
    pub right_unit: String,
    /// Where the now-line stands, if it is in the range.
    pub now: Option<Timestamp>,
    /// Whether there is room for a bar of colours above the plot.
    pub has_color_bar: bool,
    /// Cells beneath the lines, painted for the plot as it is laid out.
    pub cells: Option<&'a CellMarks>,
    /// A line that is coloured by its values.
    pub colored: Option<ColoredLine<'a>>,
    /// How far the left and the right axis reached before: they go on to, while the data lie in there and fill half of it.
    pub rests: [Option<(f64, f64)>; 2],
}

/// Which line is coloured by its values, and how.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ColoredLine<'a> {
    /// Its place among the lines.
    pub line: usize,
    /// Its colours.
    pub table: &'a ColorTable,
}

impl PlotData<'_> {
    /// A plot of a range with nothing in it.
    pub const fn empty(range: TimeRange) -> Self {
        Self {
            range,
            left: LeftAxis::PLAIN,
            lines: Vec::new(),
            limits: Vec::new(),
            events: Vec::new(),
            strips: Vec::new(),
            ribbon: None,
            left_unit: String::new(),
            right_unit: String::new(),
            now: None,
            has_color_bar: false,
            cells: None,
            colored: None,
            rests: [None; 2],
        }
    }
}

/// How the left axis of a plot runs.
#[derive(Clone, PartialEq, Debug)]
pub enum LeftAxis {
    /// Values, and what is wished of them.
    Values {
        /// Whether equal ratios, rather than equal differences, are equally far apart.
        is_log: bool,
        /// The lower end; by the data where it is `None`.
        low: Option<f64>,
        /// The upper end; by the data where it is `None`.
        high: Option<f64>,
    },
    /// Rows, such as channels: each is one wide, and row i lies around i.
    Rows {
        /// The lowest position.
        low: f64,
        /// The highest one; where it is less than `low`, the first row is at the top.
        high: f64,
        /// The names of all rows, by rising position, of which as many are shown as there is room for; numbers where
        /// there are none.
        names: Vec<ValueTick>,
    },
}

impl LeftAxis {
    /// Values, as far apart as they differ, by the data.
    pub const PLAIN: Self = Self::Values {
        is_log: false,
        low: None,
        high: None,
    };
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
    /// The part of that in which data are drawn this time: all, or see [`Plot::only`].
    pub part: Area,
    /// Places times.
    pub time: TimeScale,
    /// Moments along the time axis, rising.
    pub time_ticks: Vec<TimeTick>,
    /// The left axis; `None` if no line on it holds a finite value in the range.
    pub left: Option<ValueAxis>,
    /// The right axis; `None` likewise.
    pub right: Option<ValueAxis>,
    /// How many strips lie between the data and the labels of the times.
    pub n_strips: usize,
    /// Whether a ribbon of alarms lies below those.
    pub has_ribbon: bool,
    pub(super) layout: PlotLayout,
}

impl Plot {
    /// Lays out a plot of the given data. The same data in the same range give the same axes.
    pub fn new(layout: PlotLayout, data: &PlotData<'_>) -> Self {
        let px = layout.units_per_px;
        let (width, height) = (f64::from(layout.width), f64::from(layout.height));
        let has_right = data.lines.iter().any(|line| line.axis == Axis::Right);
        let top_px = match (data.has_color_bar, has_right) {
            (true, _) => TOP_PX + COLOR_BAR_PX,
            (false, true) => TOP_WITH_UNITS_PX,
            (false, false) => TOP_PX,
        };
        let top = snap(top_px * px, &layout);
        let ribbon_px = if data.ribbon.is_some() { RIBBON_PX } else { 0.0 };
        let strips_px = data.strips.len() as f64 * STRIP_PX + ribbon_px;
        let bottom = snap(height - (BOTTOM_PX + strips_px) * px, &layout).max(top + px);
        let height_px = (bottom - top) / px;
        let axis = |side| {
            let bounds = Bounds::of(data, side)?;
            let scale = bounds.scale(bottom, top);
            let ticks = match &data.left {
                LeftAxis::Rows { names, .. } if side == Axis::Left && !names.is_empty() => thinned(names, height_px),
                _ => bounds.ticks(height_px),
            };
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
            part: area,
            time: TimeScale::new(data.range, left, right),
            time_ticks: time_axis::ticks(data.range, &layout.clock, (right - left) / px),
            left: left_axis,
            right: right_axis,
            n_strips: data.strips.len(),
            has_ribbon: data.ribbon.is_some(),
            layout,
        }
    }

    /// How far the left and the right axis reach.
    pub fn bounds(&self) -> [Option<(f64, f64)>; 2] {
        [&self.left, &self.right].map(|axis| axis.as_ref().map(|axis| axis.scale.bounds()))
    }

    /// The same over a range that begins at a whole pixel, for windows that slide: see [`TimeScale::on_whole_pixels`].
    #[must_use]
    pub fn on_whole_pixels(self) -> Self {
        let time = self.time.on_whole_pixels(self.units_per_dot());
        let width_px = (self.area.right - self.area.left) / self.layout.units_per_px;
        Self {
            time,
            time_ticks: time_axis::ticks(time.range(), &self.layout.clock, width_px),
            ..self
        }
    }

    /// Where a strip lies, counted from the top.
    pub fn strip_area(&self, at: usize) -> Area {
        let px = self.layout.units_per_px;
        let top = self.area.bottom + at as f64 * STRIP_PX * px;
        Area {
            top: snap(top + STRIP_GAP_PX * px, &self.layout),
            bottom: snap(top + STRIP_PX * px, &self.layout),
            ..self.area
        }
    }

    /// Where the ribbon of alarms lies, below the strips.
    pub fn ribbon_area(&self) -> Area {
        let px = self.layout.units_per_px;
        let top = self.area.bottom + self.n_strips as f64 * STRIP_PX * px;
        Area {
            top: snap(top + STRIP_GAP_PX * px, &self.layout),
            bottom: snap(top + RIBBON_PX * px, &self.layout),
            ..self.area
        }
    }

    /// The lower end of data, strips and ribbon, in units: there the labels of the times begin.
    pub fn foot(&self) -> f64 {
        let ribbon_px = if self.has_ribbon { RIBBON_PX } else { 0.0 };
        let px = self.n_strips as f64 * STRIP_PX + ribbon_px;
        snap(self.area.bottom + px * self.layout.units_per_px, &self.layout)
    }

    /// The font of the labels, as CSS names it.
    pub fn font_family(&self) -> &str {
        &self.layout.font_family
    }

    /// How many units a pixel of the screen is wide, at least 1.
    pub fn units_per_dot(&self) -> f64 {
        f64::from(self.layout.units_per_dot.max(1))
    }

    /// How many units a CSS pixel is wide.
    pub const fn units_per_px(&self) -> f64 {
        self.layout.units_per_px
    }

    /// Where a bar of colours lies.
    pub(super) fn bar_place(&self) -> BarPlace {
        let px = self.layout.units_per_px;
        BarPlace {
            left: self.area.left.max(self.area.right - COLOR_BAR_WIDTH_PX * px),
            top: snap(COLOR_BAR_TOP_PX * px, &self.layout),
            right: self.area.right,
            units_per_px: px,
            font_family: self.layout.font_family.clone(),
        }
    }

    /// The clock by which times are told.
    pub const fn clock(&self) -> &AxisClock {
        &self.layout.clock
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

/// The room that an axis takes beside the data, in pixels.
fn edge_px(axis: Option<&ValueAxis>) -> f64 {
    let longest = axis
        .into_iter()
        .flat_map(|axis| &axis.ticks)
        .map(|tick| label_width_px(&tick.label))
        .fold(0.0, f64::max)
        .min(LONGEST_LABEL_PX);
    let beyond = (longest + LABEL_GAP_PX + 2.0 - LEFT_PX).max(0.0);
    LEFT_PX + (beyond / LEFT_GRAIN_PX).ceil() * LEFT_GRAIN_PX
}

/// The width of a label in pixels, on the wide side. Counted, not measured, so that every backend lays out alike.
pub fn label_width_px(label: &str) -> f64 {
    let narrow = label
        .chars()
        .filter(|sign| matches!(sign, '.' | ':' | '\u{202f}'))
        .count();
    let wide = label.chars().count() - narrow;
    (wide as f64 + narrow as f64 / 2.0) * DIGIT_WIDTH * LABEL_PX
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact by construction")]
mod tests;
