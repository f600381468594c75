//! What a panel of cells asks the server for, and the last answers.

use std::ops::Range;
use std::sync::Arc;

use shared::chart::cells::{CellSlice, Cells};
use shared::chart::row_axis::channel_edges;
use shared::live::{Misfit, Part, Question};
use shared::query::raster::{BlankCells, CellValues, Density, MAX_ROWS, Raster, RasterQuery, Statistic, density_edges};

use crate::api::{self, ApiFailure};
use crate::panels::plot::data::{Answer, Wanted};
use crate::panels::plot::slot::Answered;

/// One question about all channels of a metric.
#[derive(Clone, PartialEq, Debug)]
pub struct CellAsk {
    /// The metric by name.
    pub metric: String,
    /// What a cell tells.
    pub statistic: Statistic,
    /// How many rows.
    pub rows: Rows,
    /// The lower end of a density; by the data where it is `None`.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
    /// Whether its rows are equal ratios.
    pub is_log: bool,
}

/// How many rows a panel asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rows {
    /// One for each pixel of the screen.
    Pixels,
    /// So many.
    Exactly(u32),
    /// One for each channel, however many.
    Channels,
}

/// An answer, with what it takes to draw it.
#[derive(Clone, Debug)]
pub enum CellAnswer {
    /// Time x channel.
    Raster {
        /// The answer.
        raster: Raster,
        /// The edges of its rows on the axis of channels.
        edges: Vec<f64>,
        /// What [`CellAnswer::extremes`] tells.
        extremes: Extremes,
    },
    /// Time x value.
    Density {
        /// The answer.
        density: Density,
        /// The edges of its rows on the axis of values.
        edges: Vec<f64>,
        /// Its blank columns, as cells of every row.
        blanks: Vec<BlankCells>,
        /// Whether its rows are equal ratios.
        is_log: bool,
        /// What [`CellAnswer::extremes`] tells.
        extremes: Extremes,
    },
}

/// The least and the greatest value, `None` where there is none: of all cells, and of those with a positive one.
type Extremes = [Option<(f64, f64)>; 2];

impl CellAnswer {
    /// A raster with its edges.
    pub fn of_raster(raster: Raster) -> Self {
        let edges = channel_edges(&raster.row_first, &raster.row_last);
        let extremes = [None; 2];
        Self::Raster {
            raster,
            edges,
            extremes,
        }
        .looked_over()
    }

    /// A density with its edges.
    pub fn of_density(density: Density, is_log: bool) -> Self {
        Self::Density {
            edges: edges_of(&density, is_log),
            blanks: blanks_of(&density),
            density,
            is_log,
            extremes: [None; 2],
        }
        .looked_over()
    }

    /// Puts a part in the place of all columns that start in a range of time, in microseconds since the epoch.
    pub fn replace(&mut self, range_us: &Range<i64>, part: Part) -> Result<(), Misfit> {
        match (&mut *self, part) {
            (Self::Raster { raster, edges, .. }, Part::Raster(part)) => {
                raster.replace(range_us, part)?;
                *edges = channel_edges(&raster.row_first, &raster.row_last);
            }
            (
                Self::Density {
                    density,
                    edges,
                    blanks,
                    is_log,
                    ..
                },
                Part::Density(part),
            ) => {
                density.replace(range_us, part)?;
                (*edges, *blanks) = (edges_of(density, *is_log), blanks_of(density));
            }
            _ => return Err(Misfit),
        }
        self.look_over();
        Ok(())
    }

    fn looked_over(mut self) -> Self {
        self.look_over();
        self
    }

    /// Goes through all cells once, so that no drawing has to.
    fn look_over(&mut self) {
        let found = self.cells().extremes();
        let (Self::Raster { extremes, .. } | Self::Density { extremes, .. }) = self;
        *extremes = found;
    }

    /// The least and the greatest value, of the positive ones alone if `only_positive`; `None` where there is none.
    pub const fn extremes(&self, only_positive: bool) -> Option<(f64, f64)> {
        let (Self::Raster { extremes, .. } | Self::Density { extremes, .. }) = self;
        let [of_all, of_positive] = *extremes;
        if only_positive { of_positive } else { of_all }
    }

    /// The cells.
    pub fn cells(&self) -> Cells<'_> {
        match self {
            Self::Raster { raster, edges, .. } => Cells {
                start_us: &raster.start_us,
                end_us: &raster.end_us,
                edges,
                values: match &raster.cells {
                    CellValues::F32(values) => CellSlice::F32(values),
                    CellValues::F64(values) => CellSlice::F64(values),
                },
                blanks: &raster.blanks,
            },
            Self::Density {
                density, edges, blanks, ..
            } => Cells {
                start_us: &density.start_us,
                end_us: &density.end_us,
                edges,
                values: CellSlice::Counts(&density.counts),
                blanks,
            },
        }
    }

    /// Whether each column is one frame, rather than a time in which there may be several.
    pub const fn has_frames(&self) -> bool {
        let bucket_us = match self {
            Self::Raster { raster, .. } => raster.bucket_us,
            Self::Density { density, .. } => density.bucket_us,
        };
        bucket_us.is_none()
    }

    /// The channels of a row, first and last; `None` for a density.
    pub fn channels_of(&self, row: usize) -> Option<(u32, u32)> {
        match self {
            Self::Raster { raster, .. } => Some((*raster.row_first.get(row)?, *raster.row_last.get(row)?)),
            Self::Density { .. } => None,
        }
    }

    /// Whether any cell has a value, or samples without one.
    pub fn holds_any(&self) -> bool {
        self.extremes(false).is_some() || !self.cells().blanks.is_empty()
    }
}

fn edges_of(density: &Density, is_log: bool) -> Vec<f64> {
    match (density.value_min, density.value_max) {
        (Some(low), Some(high)) => density_edges(low, high, density.n_rows(), is_log),
        _ => Vec::new(),
    }
}

/// The blank columns of a density, as cells of every row.
fn blanks_of(density: &Density) -> Vec<BlankCells> {
    let rows = 0..u32::try_from(density.n_rows()).unwrap_or(0);
    let blanks = rows.flat_map(|row| density.blanks.iter().map(move |[first, last]| [row, *first, *last]));
    blanks.collect()
}

/// Asks the server.
pub async fn cell_answer(ask: &CellAsk, wanted: Wanted, n_channels: u32) -> Result<Answered, ApiFailure> {
    let rows = match ask.rows {
        // With fewer channels than pixels, each has a row of its own.
        Rows::Pixels => wanted.rows,
        Rows::Exactly(rows) => rows,
        Rows::Channels => n_channels,
    };
    let query = RasterQuery {
        metric: ask.metric.clone(),
        from: wanted.range.start(),
        to: wanted.range.end(),
        columns: wanted.columns,
        rows: rows.clamp(1, MAX_ROWS),
        stat: ask.statistic,
        value_min: ask.low,
        value_max: ask.high,
        log: ask.is_log,
    };
    let (answer, position) = if ask.statistic == Statistic::Density {
        let (density, position) = api::density(&query).await?;
        (CellAnswer::of_density(density, ask.is_log), position)
    } else {
        let (raster, position) = api::raster(&query).await?;
        (CellAnswer::of_raster(raster), position)
    };
    Ok(Answered {
        answer: Answer::Cells(Arc::new(answer)),
        question: Question::Raster(query),
        position,
    })
}
