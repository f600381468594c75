//! One frame as a curve: a point for each channel, joined in the order of the channels.
//!
//! A channel without a finite x or y breaks the line. Where x goes to and fro from channel to channel there are dots alone. On a logarithmic axis what is not positive has no place; it
//! breaks the line too and is marked at the lower edge. Infinities are marked at the edges.

use plotters_backend::text_anchor::{HPos, Pos, VPos};

use super::clip::Area;
use super::palette::{Palette, Rgba};
use super::path::Point;
use super::plot::{LABEL_GAP_PX, PlotLayout, ValueAxis, label_width_px, snap};
use super::scale::ValueScale;
use super::sheet::{Brush, Refused, Sheet};
use super::value_axis;

/// Widths of lines and radii of dots, in pixels.
const LINE_PX: f64 = 1.5;
const THIN_PX: f64 = 1.0;
const DOT_PX: f64 = 2.0;
const CHOSEN_PX: f64 = 4.5;
/// The size of a mark at an edge, in pixels.
const MARK_PX: f64 = 4.0;
/// Dots are drawn on a line where they are so far apart on average, in pixels.
const ROOM_FOR_DOTS_PX: f64 = 7.0;
/// Around the data, in pixels.
const LEFT_PX: f64 = 46.0;
const RIGHT_PX: f64 = 12.0;
const TOP_PX: f64 = 8.0;
const BOTTOM_PX: f64 = 18.0;
const X_NAME_PX: f64 = 14.0;
/// How far apart numbers are on their axes at the least, in pixels.
const ACROSS_PX: f64 = 70.0;
const ALONG_PX: f64 = 30.0;

/// One channel of the frame; NaN where it has no value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CurvePoint {
    /// The channel.
    pub channel: u32,
    /// Across.
    pub x: f64,
    /// Upwards.
    pub y: f64,
}

/// What a curve shows.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CurveData {
    /// All channels in their order.
    pub points: Vec<CurvePoint>,
    /// Whether the x axis is logarithmic.
    pub log_x: bool,
    /// Whether the y axis is logarithmic.
    pub log_y: bool,
    /// What the x axis is called; empty for nothing.
    pub x_name: String,
}

/// A curve that knows where everything lies.
#[derive(Clone, PartialEq, Debug)]
pub struct Curve {
    /// Where data are drawn, in units.
    pub area: Area,
    /// The x axis; `None` if no channel has a place on it.
    pub x: Option<ValueAxis>,
    /// The y axis; `None` likewise.
    pub y: Option<ValueAxis>,
    layout: PlotLayout,
}

impl Curve {
    /// Lays out a curve.
    pub fn new(layout: PlotLayout, data: &CurveData) -> Self {
        let px = layout.units_per_px;
        let (width, height) = (f64::from(layout.width), f64::from(layout.height));
        let name_px = if data.x_name.is_empty() { 0.0 } else { X_NAME_PX };
        let top = snap(TOP_PX * px, &layout);
        let bottom = snap(height - (BOTTOM_PX + name_px) * px, &layout).max(top + px);
        let y = axis(
            data.points.iter().map(|point| point.y),
            [data.log_y, false],
            [bottom, top],
            ALONG_PX * px,
        );
        let longest = y
            .iter()
            .flat_map(|axis| &axis.ticks)
            .map(|tick| label_width_px(&tick.label));
        let left_px = longest.fold(LEFT_PX, |widest, label| widest.max(label + LABEL_GAP_PX + 2.0));
        let left = snap(left_px * px, &layout);
        let right = snap(width - RIGHT_PX * px, &layout).max(left + px);
        // What is crossed once goes from edge to edge.
        let is_tight = is_monotonic(data.points.iter().map(|point| point.x));
        let x = axis(
            data.points.iter().map(|point| point.x),
            [data.log_x, is_tight],
            [left, right],
            ACROSS_PX * px,
        );
        Self {
            area: Area {
                left,
                top,
                right,
                bottom,
            },
            x,
            y,
            layout,
        }
    }

    /// Where a channel's point lies; `None` where it has no place.
    pub fn place(&self, point: &CurvePoint, data: &CurveData) -> Option<Point> {
        let has_place = |value: f64, is_log: bool| value.is_finite() && (value > 0.0 || !is_log);
        (has_place(point.x, data.log_x) && has_place(point.y, data.log_y)).then_some(())?;
        Some(Point {
            x: self.x.as_ref()?.scale.y_from_value(point.x),
            y: self.y.as_ref()?.scale.y_from_value(point.y),
        })
    }

    /// The point of the data that is nearest to a place, of those with a place; its position among all.
    pub fn nearest(&self, data: &CurveData, at: Point) -> Option<usize> {
        // Across first: the eye goes straight up or down from the pointer.
        let distance = |place: Point| (place.x - at.x).abs() * 4.0 + (place.y - at.y).abs();
        let placed = data.points.iter().enumerate();
        placed
            .filter_map(|(position, point)| Some((position, distance(self.place(point, data)?))))
            .min_by(|one, other| one.1.total_cmp(&other.1))
            .map(|(position, _)| position)
    }
}

/// Whether numbers only rise or only fall; NaN aside.
fn is_monotonic(numbers: impl Iterator<Item = f64>) -> bool {
    let (mut rises, mut falls, mut before) = (true, true, None);
    for number in numbers.filter(|number| !number.is_nan()) {
        if let Some(before) = before {
            rises &= before <= number;
            falls &= number <= before;
        }
        before = Some(number);
    }
    rises || falls
}

/// The axis for some values between two ends in units, without room around them where that is wanted.
fn axis(
    values: impl Iterator<Item = f64>,
    [is_log, is_tight]: [bool; 2],
    ends: [f64; 2],
    spacing: f64,
) -> Option<ValueAxis> {
    let placed = values.filter(|value| value.is_finite() && (*value > 0.0 || !is_log));
    let (least, greatest) = placed.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, greatest), value| {
        (least.min(value), greatest.max(value))
    });
    if least > greatest {
        return None;
    }
    let [from, to] = ends;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 1..=20"
    )]
    let steps = ((to - from).abs() / spacing).clamp(1.0, 20.0) as usize;
    Some(if is_log {
        let (low, high) = if is_tight && least < greatest {
            (least, greatest)
        } else {
            value_axis::log_bounds_around(least, greatest)
        };
        ValueAxis {
            scale: ValueScale::logarithmic(low, high, from, to),
            ticks: value_axis::log_ticks(low, high, steps),
        }
    } else {
        let (low, high) = if is_tight && least < greatest {
            (least, greatest)
        } else {
            value_axis::bounds_around(least, greatest)
        };
        ValueAxis {
            scale: ValueScale::new(low, high, from, to),
            ticks: value_axis::ticks(low, high, steps),
        }
    })
}

/// Draws a curve: ground, grid, line, the marks of what has no place, and the numbers along the axes.
pub fn draw_curve(sheet: &dyn Sheet, curve: &Curve, data: &CurveData, palette: &Palette) -> Result<(), Refused> {
    let pen = Pen::new(sheet, curve);
    let (width, height) = (f64::from(curve.layout.width), f64::from(curve.layout.height));
    pen.brush.rectangle(0.0, 0.0, width, height, palette.background)?;
    pen.grid(palette)?;
    pen.line(data, palette.line(0))?;
    pen.edge_marks(data, palette.line(0))?;
    pen.numbers(data, palette)
}

/// Draws what is pointed out, on a layer of its own: the chosen channel and the one that is pointed at, by position.
pub fn draw_points(
    sheet: &dyn Sheet,
    curve: &Curve,
    data: &CurveData,
    [chosen, hovered]: [Option<usize>; 2],
    palette: &Palette,
) -> Result<(), Refused> {
    let brush = Pen::new(sheet, curve).brush;
    for (position, color) in [(chosen, palette.select), (hovered, palette.text)] {
        let point = position.and_then(|position| data.points.get(position));
        let Some(place) = point.and_then(|point| curve.place(point, data)) else {
            continue;
        };
        let ends = [curve.area.top, curve.area.bottom].map(|y| Point { x: place.x, y });
        brush.path(&ends, color, THIN_PX)?;
        brush.dot(place, CHOSEN_PX + 1.0, palette.background)?;
        brush.dot(place, CHOSEN_PX, color)?;
    }
    Ok(())
}

struct Pen<'a> {
    brush: Brush<'a>,
    curve: &'a Curve,
}

impl<'a> Pen<'a> {
    fn new(sheet: &'a dyn Sheet, curve: &'a Curve) -> Self {
        let brush = Brush {
            sheet,
            units_per_px: curve.layout.units_per_px,
            font_family: &curve.layout.font_family,
        };
        Self { brush, curve }
    }

    fn px(&self) -> f64 {
        self.curve.layout.units_per_px
    }

    /// The middle of the screen's pixel that begins at a position.
    fn crisp(&self, position: f64) -> f64 {
        snap(position, &self.curve.layout) + f64::from(self.curve.layout.units_per_dot / 2)
    }

    fn grid(&self, palette: &Palette) -> Result<(), Refused> {
        let Area {
            left,
            top,
            right,
            bottom,
        } = self.curve.area;
        for (axis, is_x) in [(&self.curve.x, true), (&self.curve.y, false)] {
            for tick in axis.iter().flat_map(|axis| &axis.ticks) {
                let Some(axis) = axis else { continue };
                let at = self.crisp(axis.scale.y_from_value(tick.value));
                let ends = if is_x {
                    [Point { x: at, y: top }, Point { x: at, y: bottom }]
                } else {
                    [Point { x: left, y: at }, Point { x: right, y: at }]
                };
                self.brush.path(&ends, palette.grid, THIN_PX)?;
            }
        }
        let y = self.crisp(bottom);
        self.brush
            .path(&[Point { x: left, y }, Point { x: right, y }], palette.axis, THIN_PX)
    }

    fn line(&self, data: &CurveData, color: Rgba) -> Result<(), Refused> {
        let places: Vec<Option<Point>> = data.points.iter().map(|point| self.curve.place(point, data)).collect();
        let n_placed = places.iter().flatten().count();
        let width_px = (self.curve.area.right - self.curve.area.left) / self.px();
        let has_dots = width_px / n_placed.max(1) as f64 >= ROOM_FOR_DOTS_PX;
        // Where channels go to and fro a line through them would say nothing.
        let is_line = is_monotonic(data.points.iter().map(|point| point.x));
        for run in places.split(Option::is_none) {
            let run: Vec<Point> = run.iter().flatten().copied().collect();
            if is_line && run.len() > 1 {
                self.brush.path(&run, color, LINE_PX)?;
            }
            // A channel between two without a value is a dot, or it would not be seen.
            if !is_line || has_dots || run.len() == 1 {
                run.iter().try_for_each(|place| self.brush.dot(*place, DOT_PX, color))?;
            }
        }
        Ok(())
    }

    /// Triangles at the edge beyond which values lie that have no place.
    fn edge_marks(&self, data: &CurveData, color: Rgba) -> Result<(), Refused> {
        let Some(x_axis) = &self.curve.x else { return Ok(()) };
        let size = MARK_PX * self.px();
        for point in &data.points {
            let is_above = point.y == f64::INFINITY;
            let is_below = point.y == f64::NEG_INFINITY || (data.log_y && point.y <= 0.0);
            let has_x = point.x.is_finite() && (point.x > 0.0 || !data.log_x);
            if !has_x || !(is_above || is_below) {
                continue;
            }
            let x = x_axis.scale.y_from_value(point.x);
            let (tip, base) = if is_above {
                (self.curve.area.top, self.curve.area.top + size)
            } else {
                (self.curve.area.bottom, self.curve.area.bottom - size)
            };
            let corners = [(x, tip), (x - size, base), (x + size, base)];
            self.brush.polygon(&corners.map(|(x, y)| Point { x, y }), color)?;
        }
        Ok(())
    }

    fn numbers(&self, data: &CurveData, palette: &Palette) -> Result<(), Refused> {
        let (area, gap) = (self.curve.area, LABEL_GAP_PX * self.px());
        if let Some(axis) = &self.curve.y {
            for tick in &axis.ticks {
                let at = Point {
                    x: area.left - gap,
                    y: axis.scale.y_from_value(tick.value),
                };
                self.brush
                    .text(&tick.label, at, palette.text_dim, Pos::new(HPos::Right, VPos::Center))?;
            }
        }
        if let Some(axis) = &self.curve.x {
            let width = f64::from(self.curve.layout.width);
            for tick in &axis.ticks {
                let half = label_width_px(&tick.label) * self.px() / 2.0;
                let at = Point {
                    x: axis.scale.y_from_value(tick.value).min(width - half).max(half),
                    y: area.bottom + gap,
                };
                self.brush
                    .text(&tick.label, at, palette.text_dim, Pos::new(HPos::Center, VPos::Top))?;
            }
        }
        let at = Point {
            x: f64::midpoint(area.left, area.right),
            y: f64::from(self.curve.layout.height) - 2.0 * self.px(),
        };
        self.brush
            .text(&data.x_name, at, palette.text_dim, Pos::new(HPos::Center, VPos::Bottom))
    }
}

#[cfg(test)]
mod tests;
