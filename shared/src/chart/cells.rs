//! Cells of a matrix over time, such as a raster has them, folded onto the pixels of a plot.
//!
//! Every cell that the plot shows any part of is in at least one pixel, however many cells there are, so that one hot
//! cell among thousands is seen wherever the greatest value is kept. Columns may be of any width and have gaps between
//! them. Which cells a pixel holds is worked out once per pixel column and pixel row, not once per cell.

use super::clip::Area;
use super::scale::{TimeScale, ValueScale};
use crate::compact::pack::AT_ONCE;
use crate::query::raster::{BlankCells, Statistic};

/// The cells of a matrix, borrowed from an answer.
#[derive(Clone, Copy, Debug)]
pub struct Cells<'a> {
    /// Where each column starts, in microseconds since the epoch; rising.
    pub start_us: &'a [i64],
    /// Where it ends: the first microsecond after it, at most the start of the next.
    pub end_us: &'a [i64],
    /// The lower end of each row on the axis, rising, and after them the upper end of the last.
    pub edges: &'a [f64],
    /// Row by row the value of each column; NaN where there is none.
    pub values: CellSlice<'a>,
    /// Cells without a value that hold samples all the same.
    pub blanks: &'a [BlankCells],
}

/// The values of cells, as precise as they are kept.
#[derive(Clone, Copy, Debug)]
pub enum CellSlice<'a> {
    /// Each exactly a number of 32 bits.
    F32(&'a [f32]),
    /// Numbers of 64 bits.
    F64(&'a [f64]),
    /// Counts: zero is none.
    Counts(&'a [u32]),
}

impl CellSlice<'_> {
    /// The value at a place; NaN where there is none.
    pub fn get(&self, at: usize) -> f64 {
        let value = match self {
            Self::F32(values) => values.get(at).map(|value| f64::from(*value)),
            Self::F64(values) => values.get(at).copied(),
            Self::Counts(counts) => counts
                .get(at)
                .filter(|count| **count > 0)
                .map(|count| f64::from(*count)),
        };
        value.unwrap_or(f64::NAN)
    }
}

impl Cells<'_> {
    /// The column that a moment lies in; `None` between columns.
    pub fn column_at(&self, time_us: i64) -> Option<usize> {
        let column = self.end_us.partition_point(|end| *end <= time_us);
        (*self.start_us.get(column)? <= time_us).then_some(column)
    }

    /// The row that a value of the axis lies in; `None` beyond the first and the last.
    pub fn row_at(&self, value: f64) -> Option<usize> {
        let row = self.edges.partition_point(|edge| *edge <= value).checked_sub(1)?;
        (row + 1 < self.edges.len()).then_some(row)
    }

    /// The value of a cell; NaN where there is none.
    pub fn value(&self, row: usize, column: usize) -> f64 {
        self.values.get(row * self.start_us.len() + column)
    }

    /// Whether a cell without a value holds samples all the same.
    pub fn is_blank(&self, row: usize, column: usize) -> bool {
        let holds = |[blank, first, last]: &BlankCells| {
            *blank as usize == row && *first as usize <= column && column <= *last as usize
        };
        self.blanks.iter().any(holds)
    }

    /// The least and the greatest value, `None` where there is none: of all cells, and of those with a positive one.
    pub fn extremes(&self) -> [Option<(f64, f64)>; 2] {
        let mut bounds = Bounds {
            least: f64::INFINITY,
            positive: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
        };
        match self.values {
            CellSlice::F32(values) => bounds.widen(values, f64::from),
            CellSlice::F64(values) => bounds.widen(values, |value| value),
            CellSlice::Counts(counts) => bounds.widen(counts, |count| match count {
                0 => f64::NAN,
                count => f64::from(count),
            }),
        }
        let Bounds { least, positive, .. } = bounds;
        [least, positive].map(|least| (least <= bounds.greatest).then_some((least, bounds.greatest)))
    }
}

/// The least, the least positive and the greatest value so far.
struct Bounds {
    least: f64,
    positive: f64,
    greatest: f64,
}

impl Bounds {
    fn widen<T: Copy>(&mut self, values: &[T], number: impl Fn(T) -> f64) {
        for values in values.chunks(AT_ONCE) {
            self.look_at(values, &number);
        }
    }

    #[inline(never)]
    fn look_at<T: Copy>(&mut self, values: &[T], number: &impl Fn(T) -> f64) {
        let Self {
            mut least,
            mut positive,
            mut greatest,
        } = *self;
        for value in values {
            let value = number(*value);
            // Where there is no value, no comparison holds.
            if value < least {
                least = value;
            }
            if value > greatest {
                greatest = value;
            }
            if value > 0.0 && value < positive {
                positive = value;
            }
        }
        *self = Self {
            least,
            positive,
            greatest,
        };
    }
}

/// Neighboring cells: the first, and the first after them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Span {
    pub(super) first: u32,
    pub(super) end: u32,
}

impl Span {
    const fn add(&mut self, cell: u32) {
        if self.end == 0 || cell < self.first {
            self.first = cell;
        }
        if self.end <= cell {
            self.end = cell + 1;
        }
    }

    pub(super) const fn range(self) -> std::ops::Range<usize> {
        self.first as usize..self.end as usize
    }
}

/// Which cells each pixel holds.
#[derive(Clone, PartialEq, Debug)]
pub struct PixelGrid {
    /// The cells of each pixel column.
    pub(super) columns: Vec<Span>,
    /// The cells of each pixel row, from the top.
    pub(super) rows: Vec<Span>,
}

impl PixelGrid {
    /// Lays cells over an area whose pixels are `units_per_dot` units wide and high.
    ///
    /// A cell that is wider than a pixel ends where the next one begins; narrower ones share a pixel.
    pub fn new(cells: &Cells<'_>, time: &TimeScale, value: &ValueScale, area: Area, units_per_dot: f64) -> Self {
        let across = |x: f64| (x - area.left) / units_per_dot;
        let down = |y: f64| (y - area.top) / units_per_dot;
        let times = cells.start_us.iter().zip(cells.end_us);
        let rows = cells.edges.windows(2);
        Self {
            columns: spans(
                dots(area.right - area.left, units_per_dot),
                times.map(|(start, end)| (across(time.x_from_time(*start)), across(time.x_from_time(*end)))),
            ),
            rows: spans(
                dots(area.bottom - area.top, units_per_dot),
                rows.map(|edges| {
                    let [one, other] = [edges[0], edges[1]].map(|edge| down(value.y_from_value(edge)));
                    (one.min(other), one.max(other))
                }),
            ),
        }
    }

    /// Pixels across.
    pub const fn width(&self) -> usize {
        self.columns.len()
    }

    /// Pixels down.
    pub const fn height(&self) -> usize {
        self.rows.len()
    }

    /// What the pixels of a row show: one value for each, NaN where no cell has one.
    ///
    /// A pixel with several cells has the least, the greatest, the mean or the last of their values; of a density it has
    /// the sum. Of several rows the last value is that of the last row that has any.
    pub(super) fn fold(&self, cells: &Cells<'_>, statistic: Statistic, rows: Span, folded: &mut Folded) {
        folded.start(statistic, self.width());
        let n_columns = cells.start_us.len();
        for row in rows.range() {
            let (from, to) = (row * n_columns, (row + 1) * n_columns);
            match cells.values {
                CellSlice::F32(values) => {
                    let Some(row) = values.get(from..to) else { continue };
                    fold_row(&self.columns, row, statistic, folded, f64::from);
                }
                CellSlice::F64(values) => {
                    let Some(row) = values.get(from..to) else { continue };
                    fold_row(&self.columns, row, statistic, folded, |value| value);
                }
                CellSlice::Counts(counts) => {
                    let Some(row) = counts.get(from..to) else { continue };
                    fold_row(&self.columns, row, statistic, folded, f64::from);
                }
            }
        }
        folded.finish(statistic);
    }

    /// The pixels of a row that hold a blank cell, and whether any does; `blanks` are by rising row.
    pub(super) fn fold_blanks(&self, blanks: &[BlankCells], rows: Span, is_blank: &mut Vec<bool>) -> bool {
        is_blank.clear();
        is_blank.resize(self.width(), false);
        let mut is_any = false;
        let from = blanks.partition_point(|[row, ..]| *row < rows.first);
        for [_, first, last] in blanks.iter().skip(from).take_while(|[row, ..]| *row < rows.end) {
            let begin = self.columns.partition_point(|span| span.end <= *first);
            let marks = self.columns.iter().zip(is_blank.iter_mut()).skip(begin);
            for (_, mark) in marks
                .take_while(|(span, _)| span.first <= *last)
                .filter(|(span, _)| span.first < span.end)
            {
                *mark = true;
                is_any = true;
            }
        }
        is_any
    }
}

/// What the pixels of a row show; used again for each row.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Folded {
    pub(super) values: Vec<f64>,
    counts: Vec<u32>,
}

impl Folded {
    fn start(&mut self, statistic: Statistic, width: usize) {
        self.values.clear();
        self.values.resize(width, nothing(statistic));
        self.counts.clear();
        if statistic == Statistic::Mean {
            self.counts.resize(width, 0);
        }
    }

    fn finish(&mut self, statistic: Statistic) {
        let nothing = nothing(statistic);
        match statistic {
            Statistic::Mean => {
                for (value, count) in self.values.iter_mut().zip(&self.counts) {
                    *value = if *count > 0 {
                        *value / f64::from(*count)
                    } else {
                        f64::NAN
                    };
                }
            }
            Statistic::Last => {}
            Statistic::Min | Statistic::Max | Statistic::Density => {
                for value in &mut self.values {
                    if value.total_cmp(&nothing).is_eq() {
                        *value = f64::NAN;
                    }
                }
            }
        }
    }
}

/// What no value at all folds to.
const fn nothing(statistic: Statistic) -> f64 {
    match statistic {
        Statistic::Max => f64::NEG_INFINITY,
        Statistic::Min => f64::INFINITY,
        Statistic::Mean | Statistic::Density => 0.0,
        Statistic::Last => f64::NAN,
    }
}

/// Adds a row of cells to what the pixels show of the rows before it.
fn fold_row<T: Copy>(
    columns: &[Span],
    row: &[T],
    statistic: Statistic,
    folded: &mut Folded,
    number: impl Fn(T) -> f64,
) {
    let pixels = columns.iter().zip(&mut folded.values);
    let cells = |span: &Span| {
        row.get(span.range())
            .unwrap_or_default()
            .iter()
            .map(|value| number(*value))
    };
    match statistic {
        // Comparisons with NaN are false, so that NaN never is the greatest nor the least.
        Statistic::Max => pixels.for_each(|(span, greatest)| {
            cells(span).for_each(|value| {
                if value > *greatest {
                    *greatest = value;
                }
            });
        }),
        Statistic::Min => pixels.for_each(|(span, least)| {
            cells(span).for_each(|value| {
                if value < *least {
                    *least = value;
                }
            });
        }),
        Statistic::Mean => pixels.zip(&mut folded.counts).for_each(|((span, sum), count)| {
            cells(span).filter(|value| !value.is_nan()).for_each(|value| {
                *sum += value;
                *count += 1;
            });
        }),
        Statistic::Last => pixels.for_each(|(span, last)| {
            if let Some(value) = cells(span).rfind(|value| !value.is_nan()) {
                *last = value;
            }
        }),
        Statistic::Density => pixels.for_each(|(span, sum)| {
            cells(span)
                .filter(|value| !value.is_nan())
                .for_each(|value| *sum += value);
        }),
    }
}

/// For each of `n_pixels` the cells that lie in it, of cells between two positions in pixels. The cells rise or fall and
/// do not overlap.
fn spans(n_pixels: usize, cells: impl Iterator<Item = (f64, f64)>) -> Vec<Span> {
    let mut pixels = vec![Span::default(); n_pixels];
    let width = n_pixels as f64;
    for (cell, (from, to)) in (0_u32..).zip(cells) {
        if to <= 0.0 || width <= from {
            continue;
        }
        // One pixel at the least, also for what is cut by an edge; the narrow ones where their middle is.
        let (first, end) = if to - from < 1.0 {
            let first = f64::midpoint(from, to).floor();
            (first, first + 1.0)
        } else {
            (from.round(), to.round())
        };
        let first = first.clamp(0.0, width - 1.0);
        let end = end.clamp(first + 1.0, width);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the pixels"
        )]
        let covered = first as usize..end as usize;
        for pixel in pixels.get_mut(covered).unwrap_or_default() {
            pixel.add(cell);
        }
    }
    // Pixels without a cell lie between those that have one, so that columns rise and can be searched.
    let mut end = 0;
    for pixel in &mut pixels {
        if pixel.end == 0 {
            *pixel = Span { first: end, end };
        }
        end = pixel.end;
    }
    pixels
}

/// Pixels in a distance, at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "plots are smaller than 2^16 pixels"
)]
fn dots(units: f64, units_per_dot: f64) -> usize {
    (units / units_per_dot).round().clamp(1.0, 65_535.0) as usize
}

#[cfg(test)]
mod tests;
