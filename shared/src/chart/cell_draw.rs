//! Drawing of a picture of cells: as a picture where the backend can, as rectangles where it cannot.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Drawable, PointCollection, Rectangle};
use plotters::style::{RGBAColor, ShapeStyle};
use plotters_backend::{BackendCoord, DrawingBackend, DrawingErrorKind};

use super::cell_image::CellImage;
use super::color::ColorTable;
use super::draw::DrawError;
use super::palette::Rgba;

/// The cells of a plot, painted for the plot as it is laid out.
#[derive(Clone, PartialEq, Debug)]
pub struct CellMarks {
    /// Pictures as large as the plot, first at the bottom.
    pub images: Vec<CellImage>,
    /// Names that are written into rows.
    pub names: Vec<CellName>,
    /// What explains the colours, if anything has to: they, and what is said of values below and above them.
    pub bar: Option<(ColorTable, [String; 2])>,
    /// Where on the left axis the chosen row lies.
    pub chosen: Option<f64>,
    /// How the pictures get onto the drawing.
    pub pictures: Pictures,
}

/// A name that is written into a row.
#[derive(Clone, PartialEq, Debug)]
pub struct CellName {
    /// The middle of its text, in units.
    pub at: (f64, f64),
    /// What it says.
    pub text: String,
    /// What it is written on.
    pub ground: Rgba,
}

/// How a picture gets onto a drawing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Pictures {
    /// At once, through `blit_bitmap`, with four bytes a pixel: red, green, blue and opacity.
    AsBitmaps,
    /// As rectangles of one colour each, which every backend can draw and every drawing of lines can hold.
    AsRectangles,
}

/// Draws a picture with its upper left corner at a position in units, each of its pixels `units_per_dot` units wide.
pub fn draw_cells<DB: DrawingBackend>(
    target: &DrawingArea<DB, Shift>,
    image: &CellImage,
    at: BackendCoord,
    units_per_dot: u32,
    pictures: Pictures,
) -> Result<(), DrawError<DB>> {
    if image.width == 0 || image.height == 0 {
        return Ok(());
    }
    if pictures == Pictures::AsBitmaps {
        return target.draw(&Bitmap { image, at });
    }
    let unit = |pixels: usize| i32::try_from(pixels * units_per_dot as usize).unwrap_or(i32::MAX);
    for run in image.runs() {
        let (left, top) = (at.0 + unit(run.x), at.1 + unit(run.y));
        let corners = [(left, top), (left + unit(run.width), top + unit(run.height))];
        let color = RGBAColor(
            run.color.red,
            run.color.green,
            run.color.blue,
            f64::from(run.color.alpha) / 255.0,
        );
        target.draw(&Rectangle::new(corners, ShapeStyle::from(color).filled()))?;
    }
    Ok(())
}

struct Bitmap<'a> {
    image: &'a CellImage,
    at: BackendCoord,
}

impl<'a> PointCollection<'a, BackendCoord> for &'a Bitmap<'_> {
    type Point = &'a BackendCoord;
    type IntoIter = std::iter::Once<&'a BackendCoord>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.at)
    }
}

impl<DB: DrawingBackend> Drawable<DB> for Bitmap<'_> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut points: I,
        backend: &mut DB,
        _parent_dim: (u32, u32),
    ) -> Result<(), DrawingErrorKind<DB::ErrorType>> {
        let size = u32::try_from(self.image.width)
            .ok()
            .zip(u32::try_from(self.image.height).ok());
        match points.next().zip(size) {
            Some((at, size)) => backend.blit_bitmap(at, size, &self.image.rgba),
            None => Ok(()),
        }
    }
}
