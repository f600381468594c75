//! Pictures of cells: one pixel of the screen each, ready to be put on a canvas, or as rectangles for drawings of lines.

use super::cells::{Cells, Folded, PixelGrid, Span};
use super::palette::Rgba;
use crate::query::raster::Statistic;

/// The distance of the stripes of a hatching, and their width, in pixels of the screen.
const HATCH_PERIOD: usize = 6;
const HATCH_WIDTH: usize = 2;
/// The width of a stripe of cells that hold several states, in pixels of the screen.
const STRIPE: usize = 4;

/// A picture with straight alpha; what no cell covers is clear.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CellImage {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Red, green, blue and opacity of each pixel, row by row from the top.
    pub rgba: Vec<u8>,
}

/// A rectangle of one colour, in pixels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    /// From the left.
    pub x: usize,
    /// From the top.
    pub y: usize,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Its colour.
    pub color: Rgba,
}

/// Which color a value has.
pub type Ink<'a> = dyn Fn(f64) -> Rgba + 'a;

/// Gives each pixel of a row the color of its value, and leaves those without one as they are.
pub type RowInk<'a> = dyn Fn(&[f64], &mut [[u8; 4]]) + 'a;

impl CellImage {
    /// Paints cells. What is folded into a pixel is folded by `statistic`; cells that hold samples without a value are
    /// hatched in the colour `blank`, and those without samples stay clear.
    pub fn of_values(cells: &Cells<'_>, grid: &PixelGrid, statistic: Statistic, ink: &RowInk<'_>, blank: Rgba) -> Self {
        let mut folded = Folded::default();
        let mut is_blank = Vec::new();
        Self::painted(grid, |y, rows, line| {
            let pixels = line.as_chunks_mut().0;
            grid.fold(cells, statistic, rows, &mut folded);
            ink(&folded.values, pixels);
            if !grid.fold_blanks(cells.blanks, rows, &mut is_blank) {
                return true;
            }
            for (x, ((pixel, value), is_blank)) in pixels.iter_mut().zip(&folded.values).zip(&is_blank).enumerate() {
                if value.is_nan() && *is_blank && is_hatched(x, y) {
                    *pixel = bytes(blank);
                }
            }
            false
        })
    }

    /// Paints cells that have a least and a greatest value each. Where these differ, the cell is striped in the colours of
    /// both. `least` and `greatest` must be of the same columns and rows.
    pub fn of_states(least: &Cells<'_>, greatest: &Cells<'_>, grid: &PixelGrid, ink: &Ink<'_>, blank: Rgba) -> Self {
        let (mut low, mut high) = (Folded::default(), Folded::default());
        let mut is_blank = Vec::new();
        Self::painted(grid, |y, rows, line| {
            grid.fold(least, Statistic::Min, rows, &mut low);
            grid.fold(greatest, Statistic::Max, rows, &mut high);
            let mut is_plain = !grid.fold_blanks(least.blanks, rows, &mut is_blank);
            let values = low.values.iter().zip(&high.values).zip(&is_blank);
            for (x, (pixel, ((low, high), is_blank))) in line.as_chunks_mut().0.iter_mut().zip(values).enumerate() {
                if low.is_nan() || high.is_nan() {
                    if *is_blank && is_hatched(x, y) {
                        *pixel = bytes(blank);
                    }
                    continue;
                }
                let is_mixed = low < high;
                is_plain &= !is_mixed;
                let shown = if is_mixed && (x + y) / STRIPE % 2 == 1 {
                    high
                } else {
                    low
                };
                *pixel = bytes(ink(*shown));
            }
            is_plain
        })
    }

    /// Has each row of pixels painted; equal rows without a pattern, which `paint` answers with `true`, only once.
    fn painted(grid: &PixelGrid, mut paint: impl FnMut(usize, Span, &mut [u8]) -> bool) -> Self {
        let (width, height) = (grid.width(), grid.height());
        let mut rgba = vec![0; width * height * 4];
        let stride = width * 4;
        let mut before: Option<Span> = None;
        for (y, rows) in grid.rows.iter().enumerate() {
            let (done, rest) = rgba.split_at_mut(y * stride);
            let Some(line) = rest.get_mut(..stride) else { break };
            let above = done.len().checked_sub(stride).and_then(|from| done.get(from..));
            if let Some(above) = above.filter(|_| before == Some(*rows)) {
                line.copy_from_slice(above);
                continue;
            }
            before = None;
            if rows.end > rows.first && paint(y, *rows, line) {
                before = Some(*rows);
            }
        }
        Self { width, height, rgba }
    }

    /// The colour of a pixel; clear outside of the picture.
    pub fn pixel(&self, x: usize, y: usize) -> Rgba {
        let at = (y * self.width + x) * 4;
        let bytes = (x < self.width).then(|| self.rgba.get(at..at + 4)).flatten();
        let [red, green, blue, alpha] = bytes.and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
        Rgba {
            red,
            green,
            blue,
            alpha,
        }
    }

    /// The picture as rectangles of one colour each, from the top; clear pixels are left out.
    pub fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        // The runs that may go on in the next row: they end at the row above.
        let mut open: Vec<usize> = Vec::new();
        for y in 0..self.height {
            let above = std::mem::take(&mut open);
            let mut candidates = above.into_iter().peekable();
            let mut x = 0;
            while x < self.width {
                let color = self.pixel(x, y);
                let from = x;
                while x < self.width && self.pixel(x, y) == color {
                    x += 1;
                }
                if color.alpha == 0 {
                    continue;
                }
                while candidates.next_if(|at| runs[*at].x < from).is_some() {}
                let goes_on = |at: &usize| {
                    let run = runs[*at];
                    run.x == from && run.width == x - from && run.color == color
                };
                if let Some(at) = candidates.next_if(goes_on) {
                    runs[at].height += 1;
                    open.push(at);
                } else {
                    open.push(runs.len());
                    runs.push(Run {
                        x: from,
                        y,
                        width: x - from,
                        height: 1,
                        color,
                    });
                }
            }
        }
        runs
    }
}

const fn is_hatched(x: usize, y: usize) -> bool {
    (x + y) % HATCH_PERIOD < HATCH_WIDTH
}

/// As a picture has a color.
pub(super) const fn bytes(color: Rgba) -> [u8; 4] {
    [color.red, color.green, color.blue, color.alpha]
}

/// The color of a density: the more samples, the more opaque, by equal ratios; a single one is well visible.
#[derive(Clone, PartialEq, Debug)]
pub struct DensityInk {
    color: Rgba,
    per_ln: f64,
    /// Those of the counts that most cells have, from none on: a logarithm for each pixel takes longer than all else.
    shades: Vec<Rgba>,
}

impl DensityInk {
    /// How opaque a single sample is, and the most that a pixel holds.
    const LEAST: f64 = 0.24;
    const MOST: f64 = 0.8;
    /// Counts below this are looked up.
    const LOOKED_UP: u32 = 256;

    /// Shades of a colour up to the greatest count of any cell.
    pub fn new(color: Rgba, greatest: f64) -> Self {
        let span = greatest.max(1.0).ln();
        let per_ln = if span > 0.0 {
            (Self::MOST - Self::LEAST) / span
        } else {
            0.0
        };
        let mut ink = Self {
            color,
            per_ln,
            shades: Vec::new(),
        };
        ink.shades = (0..Self::LOOKED_UP).map(|count| ink.shade(f64::from(count))).collect();
        ink
    }

    /// Gives each pixel the colour of its count.
    pub fn paint(&self, counts: &[f64], pixels: &mut [[u8; 4]]) {
        for (pixel, count) in pixels.iter_mut().zip(counts).filter(|(_, count)| !count.is_nan()) {
            *pixel = bytes(self.color(*count));
        }
    }

    /// The colour of a count; no count has none.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast of a float stops at the ends, and counts are whole"
    )]
    pub fn color(&self, count: f64) -> Rgba {
        match self.shades.get(count as usize) {
            Some(shade) => *shade,
            None => self.shade(count),
        }
    }

    fn shade(&self, count: f64) -> Rgba {
        // Where cells fold into a pixel, their sum may be greater than any of them.
        self.color
            .faded((Self::LEAST + count.max(1.0).ln() * self.per_ln).min(Self::MOST))
    }
}

#[cfg(test)]
mod tests;
