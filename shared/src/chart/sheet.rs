//! What plots are drawn on: a drawing area of plotters, of whatever backend, through one call.
//!
//! So all drawing code is compiled once and not for each backend. What a backend says when it refuses is not handed on:
//! nobody who draws can do anything about it, and without it the many calls of a drawing tell by one bit how they went.

use std::{error, fmt};

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Drawable, PointCollection};
use plotters_backend::text_anchor::Pos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontFamily,
};

use super::palette::Rgba;
use super::path::Point;
use super::plot::LABEL_PX;

/// The backend refused to draw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing can be drawn here")
    }
}

impl error::Error for Refused {}

/// What can be drawn on.
pub trait Sheet {
    /// Width and height, in units.
    fn size(&self) -> (u32, u32);

    /// Draws a figure over what is there.
    fn put(&self, figure: &Figure<'_>) -> Result<(), Refused>;
}

impl<DB: DrawingBackend> Sheet for DrawingArea<DB, Shift> {
    fn size(&self) -> (u32, u32) {
        self.dim_in_pixel()
    }

    fn put(&self, figure: &Figure<'_>) -> Result<(), Refused> {
        self.draw(figure).map_err(|_unsaid| Refused)
    }
}

/// Something to draw.
pub struct Figure<'a> {
    /// What of it lies where, in units.
    pub points: &'a [BackendCoord],
    /// Its colour; pictures have their own.
    pub color: Rgba,
    /// What it is.
    pub kind: Kind<'a>,
}

/// What a figure is.
pub enum Kind<'a> {
    /// A line of this width through its points.
    Path(u32),
    /// The area within its points.
    Area,
    /// The rectangle between its two points.
    Rectangle,
    /// A dot of this radius around its point.
    Dot(u32),
    /// A text at its point.
    Text {
        /// What it says.
        text: &'a str,
        /// The name of its font.
        font_family: &'a str,
        /// How high it is.
        size: f64,
        /// Which part of the text is at the point.
        anchor: Pos,
    },
    /// A picture below and right of its point.
    Picture {
        /// Its width and height, in pixels.
        size: (u32, u32),
        /// Four bytes a pixel: red, green, blue and opacity.
        rgba: &'a [u8],
    },
}

impl<'a> PointCollection<'a, BackendCoord> for &'a Figure<'_> {
    type Point = &'a BackendCoord;
    type IntoIter = &'a [BackendCoord];

    fn point_iter(self) -> Self::IntoIter {
        self.points
    }
}

impl<DB: DrawingBackend> Drawable<DB> for Figure<'_> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut points: I,
        backend: &mut DB,
        _parent_dim: (u32, u32),
    ) -> Result<(), DrawingErrorKind<DB::ErrorType>> {
        let mut ink = Ink {
            color: self.color.to_backend(),
            width: 1,
            lettering: None,
        };
        match self.kind {
            Kind::Path(width) => {
                ink.width = width;
                return backend.draw_path(points, &ink);
            }
            Kind::Area => return backend.fill_polygon(points, &ink),
            _ => {}
        }
        let Some(at) = points.next() else { return Ok(()) };
        match self.kind {
            Kind::Dot(radius) => backend.draw_circle(at, radius, &ink, true),
            Kind::Text {
                text,
                font_family,
                size,
                anchor,
            } => {
                ink.lettering = Some((font_family, size, anchor));
                backend.draw_text(text, &ink, at)
            }
            Kind::Picture { size, rgba } => backend.blit_bitmap(at, size, rgba),
            Kind::Path(_) | Kind::Area | Kind::Rectangle => {
                let other = points.next().unwrap_or(at);
                let least = (at.0.min(other.0), at.1.min(other.1));
                let most = (at.0.max(other.0), at.1.max(other.1));
                backend.draw_rect(least, most, &ink, true)
            }
        }
    }
}

/// How a backend is to draw.
struct Ink<'a> {
    color: BackendColor,
    width: u32,
    /// Font, size and anchor of a text.
    lettering: Option<(&'a str, f64, Pos)>,
}

impl BackendStyle for Ink<'_> {
    fn color(&self) -> BackendColor {
        self.color
    }

    fn stroke_width(&self) -> u32 {
        self.width
    }
}

impl BackendTextStyle for Ink<'_> {
    type FontError = Refused;

    fn color(&self) -> BackendColor {
        self.color
    }

    fn size(&self) -> f64 {
        self.lettering.map_or(1.0, |(_, size, _)| size)
    }

    fn anchor(&self) -> Pos {
        self.lettering.map_or_else(Pos::default, |(_, _, anchor)| anchor)
    }

    fn family(&self) -> FontFamily<'_> {
        self.lettering
            .map_or(FontFamily::SansSerif, |(family, ..)| FontFamily::Name(family))
    }

    /// For backends without fonts of their own, and there is none here either.
    fn layout_box(&self, _: &str) -> Result<(BackendCoord, BackendCoord), Refused> {
        Err(Refused)
    }

    /// As above.
    fn draw<E, DrawFunc: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        _: &str,
        _: BackendCoord,
        _: DrawFunc,
    ) -> Result<Result<(), E>, Refused> {
        Err(Refused)
    }
}

/// Draws on a sheet, in the measures of a screen.
#[derive(Clone, Copy)]
pub struct Brush<'a> {
    /// What it draws on.
    pub sheet: &'a dyn Sheet,
    /// Units in a CSS pixel.
    pub units_per_px: f64,
    /// The font of all texts.
    pub font_family: &'a str,
}

impl Brush<'_> {
    /// A line through points.
    pub fn path(&self, points: &[Point], color: Rgba, width_px: f64) -> Result<(), Refused> {
        let width = whole(self.units_per_px * width_px).max(1).unsigned_abs();
        self.put(&corners(points), color, Kind::Path(width))
    }

    /// The area within corners; nothing where there are too few.
    pub fn polygon(&self, points: &[Point], color: Rgba) -> Result<(), Refused> {
        if points.len() < 3 {
            return Ok(());
        }
        self.put(&corners(points), color, Kind::Area)
    }

    /// A filled rectangle.
    pub fn rectangle(&self, left: f64, top: f64, right: f64, bottom: f64, color: Rgba) -> Result<(), Refused> {
        let points = [(left, top), (right, bottom)].map(|(x, y)| pixel(Point { x, y }));
        self.put(&points, color, Kind::Rectangle)
    }

    /// A filled circle.
    pub fn dot(&self, middle: Point, radius_px: f64, color: Rgba) -> Result<(), Refused> {
        let radius = whole(self.units_per_px * radius_px).max(1).unsigned_abs();
        self.put(&[pixel(middle)], color, Kind::Dot(radius))
    }

    /// A label.
    pub fn text(&self, text: &str, at: Point, color: Rgba, anchor: Pos) -> Result<(), Refused> {
        if text.is_empty() {
            return Ok(());
        }
        let kind = Kind::Text {
            text,
            font_family: self.font_family,
            size: self.units_per_px * LABEL_PX,
            anchor,
        };
        self.put(&[pixel(at)], color, kind)
    }

    /// A figure of points in whole units.
    pub fn put(&self, points: &[BackendCoord], color: Rgba, kind: Kind<'_>) -> Result<(), Refused> {
        self.sheet.put(&Figure { points, color, kind })
    }
}

fn corners(points: &[Point]) -> Vec<BackendCoord> {
    points.iter().map(|point| pixel(*point)).collect()
}

/// A point in whole units.
pub fn pixel(point: Point) -> BackendCoord {
    (whole(point.x), whole(point.y))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "positions are kept within a million units of the plot"
)]
fn whole(units: f64) -> i32 {
    units.round() as i32
}
