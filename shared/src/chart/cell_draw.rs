//! Drawing of a picture of cells: as a picture where the backend can, as rectangles where it cannot.

use plotters_backend::BackendCoord;

use super::cell_image::CellImage;
use super::color::ColorTable;
use super::palette::Rgba;
use super::sheet::{Brush, Kind, Refused};

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
pub fn draw_cells(
    brush: &Brush<'_>,
    image: &CellImage,
    at: BackendCoord,
    units_per_dot: u32,
    pictures: Pictures,
) -> Result<(), Refused> {
    let (Ok(width), Ok(height)) = (u32::try_from(image.width), u32::try_from(image.height)) else {
        return Err(Refused);
    };
    if width == 0 || height == 0 {
        return Ok(());
    }
    if pictures == Pictures::AsBitmaps {
        let kind = Kind::Picture {
            size: (width, height),
            rgba: &image.rgba,
        };
        return brush.put(&[at], Rgba::default(), kind);
    }
    let unit = |pixels: usize| i32::try_from(pixels * units_per_dot as usize).unwrap_or(i32::MAX);
    for run in image.runs() {
        let (left, top) = (at.0 + unit(run.x), at.1 + unit(run.y));
        let corners = [(left, top), (left + unit(run.width), top + unit(run.height))];
        brush.put(&corners, run.color, Kind::Rectangle)?;
    }
    Ok(())
}
