//! The pixels of a camera where they are: hexagons filled by value, with the outlines of the modules.
//!
//! [`shape::CameraShape`] is what a geometry tells once and for all: who is whose neighbour, the outlines of modules,
//! which pixel is at a place. [`CameraMap`] lays it out on a drawing; [`draw_camera`] and [`draw_marks`] draw.
//! Positions in metres have y upwards, as the geometry has them; positions in units have y downwards.

use super::clip::Area;
use super::palette::{Palette, Rgba};
use super::path::Point;
use super::sheet::{Brush, Kind, Refused, Sheet, pixel as whole};
use crate::angle::sin_cos_deg;
use crate::display::CameraPart;

pub mod shape;

use shape::{CameraShape, Place};

/// Beside the camera, in pixels.
const MARGIN_PX: f64 = 4.0;
/// Pixels that are wider than this, in pixels of the screen, stand apart from each other; smaller ones would lose too
/// much of their colour and touch.
const APART_PX: f64 = 10.0;
/// How far the edge of a hexagon is moved in or out, in pixels.
const INSET_PX: f64 = 0.4;
const OUTSET_PX: f64 = 0.25;
/// Widths of lines, in pixels.
const OUTLINE_PX: f64 = 1.0;
const MODULE_PX: f64 = 1.1;
const MARK_PX: f64 = 2.0;
/// Sizes inside a hexagon, as parts of its radius.
const OLD_PART: f64 = 0.45;
const SIGN_PART: f64 = 0.42;
const SIGN_WIDTH_PART: f64 = 0.2;
/// How much of the text's colour the signs of missing values have.
const SIGN_OPACITY: f64 = 0.75;

/// What is drawn in place of a pixel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cell {
    /// A value, by its colour.
    Value(Rgba),
    /// A value that was too old at the time that is shown, by its colour: a small hexagon in a hollow one.
    Old(Rgba),
    /// The sensor said that it has no value: a bar.
    Null,
    /// Not a number: a cross.
    Nan,
    /// There was no sample: hollow.
    Never,
}

/// Where a camera lies on a drawing.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CameraMap {
    /// The middle of what the pixels cover, in metres.
    middle: Place,
    /// Where it lies, in units.
    at: Point,
    units_per_m: f64,
    units_per_px: f64,
}

impl CameraMap {
    /// As large as it can be within an area in units, the same scale in both directions.
    pub fn new(shape: &CameraShape, area: Area, units_per_px: f64) -> Self {
        let bounds = shape.bounds();
        let room = |length: f64| (length - 2.0 * MARGIN_PX * units_per_px).max(units_per_px);
        let across = room(area.right - area.left) / (bounds.right_m - bounds.left_m).max(f64::MIN_POSITIVE);
        let along = room(area.bottom - area.top) / (bounds.top_m - bounds.bottom_m).max(f64::MIN_POSITIVE);
        let units_per_m = across.min(along);
        Self {
            middle: Place {
                x_m: f64::midpoint(bounds.left_m, bounds.right_m),
                y_m: f64::midpoint(bounds.bottom_m, bounds.top_m),
            },
            at: Point {
                x: f64::midpoint(area.left, area.right),
                y: f64::midpoint(area.top, area.bottom),
            },
            units_per_m: if units_per_m.is_finite() { units_per_m } else { 1.0 },
            units_per_px,
        }
    }

    /// Where a place of the camera lies, in units.
    pub fn point(&self, place: Place) -> Point {
        Point {
            x: self.at.x + (place.x_m - self.middle.x_m) * self.units_per_m,
            y: self.at.y - (place.y_m - self.middle.y_m) * self.units_per_m,
        }
    }

    /// The place of the camera at a point in units.
    pub fn place(&self, point: Point) -> Place {
        Place {
            x_m: self.middle.x_m + (point.x - self.at.x) / self.units_per_m,
            y_m: self.middle.y_m - (point.y - self.at.y) / self.units_per_m,
        }
    }

    /// How wide a pixel is from side to side, in units.
    pub fn width(&self, shape: &CameraShape) -> f64 {
        shape.radius_m() * 3.0_f64.sqrt() * self.units_per_m
    }
}

/// What is pointed out on a camera.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Marks {
    /// What a channel is.
    pub part: CameraPart,
    /// The pixel that is pointed at, or a pixel of the module.
    pub hovered: Option<usize>,
    /// The chosen pixel, or a pixel of the chosen module.
    pub chosen: Option<usize>,
}

/// Draws the ground, every pixel and the outlines of the modules. Pixels without a cell are hollow.
///
/// One polygon for each colour: its hexagons hang together by lines that go there and back and cover nothing.
pub fn draw_camera(
    sheet: &dyn Sheet,
    shape: &CameraShape,
    map: &CameraMap,
    cells: &[Cell],
    palette: &Palette,
) -> Result<(), Refused> {
    let pen = Pen::new(sheet, shape, map);
    let (width, height) = sheet.size();
    pen.brush
        .rectangle(0.0, 0.0, f64::from(width), f64::from(height), palette.background)?;
    let radius_m = pen.drawn_radius_m();
    let (mut fills, mut signs) = (Batches::default(), Batches::default());
    let sign = palette.text_dim.faded(SIGN_OPACITY);
    for pixel in 0..shape.n_pixels() {
        let cell = cells.get(pixel).copied().unwrap_or(Cell::Never);
        let fill = if let Cell::Value(color) = cell {
            color
        } else {
            palette.grid
        };
        fills.add(fill, &pen.hexagon(pixel, radius_m));
        match cell {
            Cell::Value(_) | Cell::Never => {}
            Cell::Old(color) => signs.add(color, &pen.hexagon(pixel, radius_m * OLD_PART)),
            Cell::Null => signs.add(sign, &pen.bar(pixel, 0.0)),
            Cell::Nan => {
                signs.add(sign, &pen.bar(pixel, 45.0));
                signs.add(sign, &pen.bar(pixel, -45.0));
            }
        }
    }
    fills.draw(&pen.brush)?;
    signs.draw(&pen.brush)?;
    shape
        .outlines()
        .iter()
        .try_for_each(|outline| pen.outline(&outline.corners, palette.axis, MODULE_PX))
}

/// Draws what is pointed out, on a layer of its own: the chosen pixel with its module and its neighbours, and the one
/// that is pointed at.
pub fn draw_marks(
    sheet: &dyn Sheet,
    shape: &CameraShape,
    map: &CameraMap,
    marks: &Marks,
    palette: &Palette,
) -> Result<(), Refused> {
    let pen = Pen::new(sheet, shape, map);
    if let Some(chosen) = marks.chosen {
        if marks.part == CameraPart::Pixel {
            let weak = palette.select.faded(0.75);
            shape
                .neighbours(chosen)
                .try_for_each(|pixel| pen.ring(pixel, weak, OUTLINE_PX))?;
            pen.module(chosen, palette.select, OUTLINE_PX * 1.4)?;
            pen.ring(chosen, palette.background, MARK_PX * 2.0)?;
            pen.ring(chosen, palette.select, MARK_PX)?;
        } else {
            pen.module(chosen, palette.background, MARK_PX * 2.0)?;
            pen.module(chosen, palette.select, MARK_PX)?;
        }
    }
    if let Some(hovered) = marks.hovered {
        match marks.part {
            CameraPart::Pixel => pen.ring(hovered, palette.text, MARK_PX * 0.75)?,
            CameraPart::Module => pen.module(hovered, palette.text, MARK_PX * 0.75)?,
        }
    }
    Ok(())
}

/// Corners to fill, by colour.
#[derive(Default)]
struct Batches {
    /// Rising by colour.
    of_color: Vec<(u32, Vec<(i32, i32)>)>,
}

impl Batches {
    /// Adds a closed shape: from the first corner of all to it, around it, and back.
    fn add(&mut self, color: Rgba, corners: &[(i32, i32)]) {
        let key = u32::from_be_bytes([color.red, color.green, color.blue, color.alpha]);
        let position = match self.of_color.binary_search_by_key(&key, |(color, _)| *color) {
            Ok(position) => position,
            Err(position) => {
                self.of_color.insert(position, (key, Vec::new()));
                position
            }
        };
        let all = &mut self.of_color[position].1;
        let start = all.len();
        all.extend_from_slice(corners);
        let (Some(anchor), Some(first)) = (all.first().copied(), all.get(start).copied()) else {
            return;
        };
        all.push(first);
        if start > 0 {
            all.push(anchor);
        }
    }

    fn draw(&self, brush: &Brush<'_>) -> Result<(), Refused> {
        self.of_color.iter().try_for_each(|(key, corners)| {
            let [red, green, blue, alpha] = key.to_be_bytes();
            let color = Rgba {
                red,
                green,
                blue,
                alpha,
            };
            brush.put(corners, color, Kind::Area)
        })
    }
}

struct Pen<'a> {
    brush: Brush<'a>,
    shape: &'a CameraShape,
    map: &'a CameraMap,
}

impl<'a> Pen<'a> {
    fn new(sheet: &'a dyn Sheet, shape: &'a CameraShape, map: &'a CameraMap) -> Self {
        let brush = Brush {
            sheet,
            units_per_px: map.units_per_px,
            // Nothing is written.
            font_family: "",
        };
        Self { brush, shape, map }
    }

    /// The radius of hexagons as they are drawn: apart where there is room, else a little over each other, so that the
    /// ground does not shine through between them.
    fn drawn_radius_m(&self) -> f64 {
        let width_px = self.map.width(self.shape) / self.map.units_per_px;
        let wider_px = if width_px >= APART_PX { -INSET_PX } else { OUTSET_PX };
        self.shape.radius_m() * (1.0 + 2.0 * wider_px / width_px)
    }

    fn hexagon(&self, pixel: usize, radius_m: f64) -> [(i32, i32); 6] {
        let middle = self.shape.place(pixel);
        self.shape
            .corners(middle, radius_m)
            .map(|corner| whole(self.map.point(corner)))
    }

    /// A bar through the middle of a pixel, turned by an angle.
    fn bar(&self, pixel: usize, degrees: f64) -> [(i32, i32); 4] {
        let middle = self.map.point(self.shape.place(pixel));
        let size = self.shape.radius_m() * self.map.units_per_m;
        let (sin, cos) = sin_cos_deg(degrees);
        let (long, wide) = (size * SIGN_PART, size * SIGN_WIDTH_PART / 2.0);
        [(-long, -wide), (long, -wide), (long, wide), (-long, wide)].map(|(along, across)| {
            whole(Point {
                x: middle.x + along * cos - across * sin,
                y: middle.y + along * sin + across * cos,
            })
        })
    }

    fn outline(&self, corners: &[Place], color: Rgba, width_px: f64) -> Result<(), Refused> {
        // Over the first line again, so that the last corner is as round as the others.
        let closed = corners.iter().chain(corners.iter().take(2));
        let points: Vec<Point> = closed.map(|corner| self.map.point(*corner)).collect();
        self.brush.path(&points, color, width_px)
    }

    /// A line around a pixel.
    fn ring(&self, pixel: usize, color: Rgba, width_px: f64) -> Result<(), Refused> {
        if pixel >= self.shape.n_pixels() {
            return Ok(());
        }
        let corners = self.shape.corners(self.shape.place(pixel), self.shape.radius_m());
        self.outline(&corners, color, width_px)
    }

    /// A line around the module of a pixel.
    fn module(&self, pixel: usize, color: Rgba, width_px: f64) -> Result<(), Refused> {
        let module = self.shape.module(pixel);
        let outlines = self.shape.outlines().iter();
        outlines
            .filter(|outline| Some(outline.module) == module)
            .try_for_each(|outline| self.outline(&outline.corners, color, width_px))
    }
}

#[cfg(test)]
mod tests;
