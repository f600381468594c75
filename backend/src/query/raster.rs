//! All channels of a metric at once: time x channel with one statistic per cell, or time x value with counts.
//!
//! # Columns
//!
//! A column is one bucket of the range, all of one width, on the same lattice as those of the pyramid: the expected
//! interval of the metric (one second where none is known) times a power of four, from the epoch on. Of these widths the
//! finest is taken that makes at most twice as many columns as were asked for; then they are at least half as many. Where
//! not even the finest whole number of microseconds among those widths makes half as many, the width is that of the
//! ideal column, rounded up to a microsecond. The first and the last column are cut at the ends of the range: every sample
//! of the range is in exactly one column, and none from outside is.
//!
//! Columns are not cut finer than the samples lie:
//!
//! * Where the range holds at most twice as many frames as columns were asked for, and the frames are full (at least half
//!   of the channels have a finite sample in each, on average), each frame is a column of its own. On a lattice, frames
//!   that come once a minute and a little too late or too early would leave a column empty here, and two of them would
//!   fall together there.
//! * Where there are fewer frames than columns, but they are not full, because each channel comes at a time of its own,
//!   columns are widened by four until frames are no fewer, but not beyond the expected interval; where that is not known,
//!   not beyond the range.
//!
//! # Cells
//!
//! Channels that outnumber the rows are folded: a row is a run of neighbors. What its cells tell is said at
//! [`Statistic`](shared::query::raster::Statistic); a mean is that of all samples of the cell. A density counts samples
//! one by one up to [`MAX_COUNTED`] of them in the range, and beyond that the mean of each channel in each column.

use futures_util::TryStreamExt as _;
use shared::query::envelope::MAX_COLUMNS;
use shared::query::raster::{Density, DensityOf, MAX_ROWS, Raster, RasterQuery};
use shared::time::TimeRange;

use super::{ATTEMPTS, Error, Result, asks_again, checked_range, find_metric};
use crate::pyramid::Pyramid;
use crate::store::{ChannelFilter, FrameRead, MetricId, Store, StoredMetric};
use cells::{Cells, Fold, Rows, Sink};
use columns::{Columns, Cut, Overview};
use density::{Bins, Counts};

mod cells;
mod columns;
mod density;
mod means;
mod pyramidal;
mod reading;
mod refresh;

pub use refresh::{Memory, refresh};

/// The most rows x columns that may be asked for; the answer may have twice as many columns.
pub const MAX_CELLS: u64 = 1_500_000;

/// The most channels x columns that may be asked for: what is read for an answer.
pub const MAX_READ: u64 = 16_000_000;

/// The most samples that are counted one by one: about as many as the pyramid keeps unpacked.
pub const MAX_COUNTED: u64 = 1 << 23;

/// A logarithmic density over values of which some are not positive reaches so far down from the greatest.
const LOG_SPAN: f64 = 1e6;

/// Either answer of `GET /api/v1/raster`, written as what it is.
#[derive(Clone, PartialEq, Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum RasterAnswer {
    /// To all statistics but the density.
    Raster(Raster),
    /// To the density.
    Density(Density),
}

/// Answers `GET /api/v1/raster` from the pyramid.
pub async fn raster(pyramid: &Pyramid, query: &RasterQuery) -> Result<RasterAnswer> {
    let question = Question::new(pyramid.store(), query).await?;
    answer(pyramid, &question).await
}

/// Answers the same by reading all samples of the range: what the pyramid is measured by, and falls back to.
pub async fn by_brute_force(store: &dyn Store, query: &RasterQuery) -> Result<RasterAnswer> {
    let question = Question::new(store, query).await?;
    answer_by_brute_force(store, &question).await
}

/// Whether a query has an answer, as far as can be told without it: the metric that it is about, or why it has none.
pub async fn check(store: &dyn Store, query: &RasterQuery) -> Result<MetricId> {
    Ok(Question::new(store, query).await?.metric.id)
}

async fn answer(pyramid: &Pyramid, question: &Question<'_>) -> Result<RasterAnswer> {
    for _ in 0..ATTEMPTS {
        match pyramidal::answer(pyramid, question).await {
            Ok(answer) => return Ok(answer),
            Err(error) if asks_again(&error, &question.query.metric) => {}
            Err(_told) => break,
        }
    }
    pyramid.check_brute_force(question.metric.id, question.range).await?;
    answer_by_brute_force(pyramid.store(), question).await
}

/// A query that has an answer.
struct Question<'a> {
    query: &'a RasterQuery,
    metric: StoredMetric,
    range: TimeRange,
    n_channels: u32,
    /// How many samples a density may count one by one.
    max_counted: u64,
}

impl<'a> Question<'a> {
    async fn new(store: &dyn Store, query: &'a RasterQuery) -> Result<Self> {
        let (columns, rows) = (query.columns, query.rows);
        if columns == 0 || MAX_COLUMNS < columns {
            return Err(Error::TooManyColumns { columns });
        }
        if rows == 0 || MAX_ROWS < rows {
            return Err(Error::TooManyRows { rows });
        }
        check_values(query)?;
        let range = checked_range(query.from, query.to)?;
        let metric = find_metric(store, &query.metric).await?;
        let n_channels = u32::try_from(metric.channel_labels.len()).unwrap_or(u32::MAX);
        let rows = match Fold::of(query.stat) {
            Some(_) => rows.min(n_channels),
            None => rows,
        };
        if MAX_CELLS < u64::from(rows) * u64::from(columns) {
            return Err(Error::TooManyCells { rows, columns });
        }
        if MAX_READ < u64::from(n_channels) * u64::from(columns) {
            return Err(Error::TooMuchToRead {
                n_channels: metric.channel_labels.len(),
                columns,
            });
        }
        Ok(Self {
            query,
            metric,
            range,
            n_channels,
            max_counted: MAX_COUNTED,
        })
    }

    fn interval_micros(&self) -> Option<i64> {
        self.metric.properties.interval_micros.filter(|micros| 0 < *micros)
    }

    fn cut(&self, overview: &Overview) -> Cut {
        columns::choose(
            self.range,
            self.query.columns,
            self.interval_micros(),
            self.metric.channel_labels.len(),
            overview,
        )
    }

    /// The columns, given the times of all frames where each frame is one.
    fn columns(&self, cut: Cut, frame_times_us: Vec<i64>) -> Columns {
        match cut {
            Cut::Frames => Columns::frames(self.range, frame_times_us, self.interval_micros()),
            Cut::Buckets(width) => Columns::buckets(self.range, width),
        }
    }

    fn cells(&self, fold: Fold, columns: &Columns) -> Cells {
        Cells::new(fold, Rows::fold(self.n_channels, self.query.rows), columns.len())
    }

    /// What a density counts. A column of one frame has one sample per channel, which is its mean.
    fn counted(&self, cut: Cut, overview: &Overview) -> DensityOf {
        if cut == Cut::Frames || overview.n_finite <= self.max_counted {
            DensityOf::Samples
        } else {
            DensityOf::Buckets
        }
    }

    fn counts(&self, overview: &Overview, columns: &Columns) -> Counts {
        let (min, max) = self.ends(overview);
        let bins = min.zip(max).map(|(min, max)| Bins {
            min,
            max,
            count: self.query.rows,
            is_log: self.query.log,
        });
        Counts::new(bins, self.query.rows, columns.len())
    }

    /// The ends of the values: as given, or those of the samples. One that was given holds, and the other is not beyond it.
    fn ends(&self, overview: &Overview) -> (Option<f64>, Option<f64>) {
        let (given_min, given_max) = (self.query.value_min, self.query.value_max);
        let (least, greatest) = overview.extremes.unzip();
        let (least, greatest) = if self.query.log {
            let greatest = given_max.or(greatest).filter(|greatest| 0.0 < *greatest);
            let floor = greatest.map(|greatest| greatest / LOG_SPAN);
            (least.filter(|least| 0.0 < *least).or(floor), greatest)
        } else {
            (least, greatest)
        };
        let min = given_min.or(least.map(|least| given_max.map_or(least, |max| least.min(max))));
        let max = given_max.or(greatest.map(|greatest| given_min.map_or(greatest, |min| greatest.max(min))));
        (min, max)
    }

    /// The answer of counts whose columns lie beside each other and are these.
    fn finish_counts(&self, counts: &[Counts], columns: Columns, of: DensityOf, overview: &Overview) -> RasterAnswer {
        RasterAnswer::Density(Counts::finish(counts, columns, of, self.ends(overview)))
    }
}

fn check_values(query: &RasterQuery) -> Result<()> {
    let (min, max) = (query.value_min, query.value_max);
    if Fold::of(query.stat).is_some() {
        return match (min, max) {
            (None, None) if !query.log => Ok(()),
            _ => Err(Error::ValueRangeWithoutDensity),
        };
    }
    let are_finite = [min, max].into_iter().flatten().all(f64::is_finite);
    let rise = min.zip(max).is_none_or(|(min, max)| min < max);
    let are_positive = !query.log || [min, max].into_iter().flatten().all(|end| 0.0 < end);
    if are_finite && rise && are_positive {
        return Ok(());
    }
    let told = |end: Option<f64>| end.map_or_else(|| "not given".to_owned(), |end| end.to_string());
    Err(Error::BadValueRange {
        value_min: told(min),
        value_max: told(max),
    })
}

/// Counts the means of cells, one by one.
fn count_means(counts: &mut Counts, means: &Cells, overview: &Overview) {
    // Rounding must not put a mean beyond the extremes of its samples.
    let (min, max) = overview.extremes.unwrap_or((f64::MIN, f64::MAX));
    means.give(|column, mean| counts.add(column, mean.map(|mean| mean.clamp(min, max))));
}

async fn answer_by_brute_force(store: &dyn Store, question: &Question<'_>) -> Result<RasterAnswer> {
    let mut overview = Overview::default();
    let mut times_us = Vec::new();
    for_each_frame(store, question, |frame| {
        overview.n_frames += 1;
        times_us.push(frame.time.as_micros());
        for value in frame.samples.iter().filter_map(|sample| sample.value.finite()) {
            overview.add(1, value, value);
        }
        // More frames than that are no columns.
        times_us.truncate(2 * question.query.columns as usize);
    })
    .await?;
    let cut = question.cut(&overview);
    let columns = question.columns(cut, times_us);
    let fill =
        async |sink: &mut dyn Sink| for_each_frame(store, question, |frame| add_frame(&columns, frame, sink)).await;
    let Some(fold) = Fold::of(question.query.stat) else {
        let mut counts = question.counts(&overview, &columns);
        let of = question.counted(cut, &overview);
        match of {
            DensityOf::Samples => fill(&mut counts).await?,
            DensityOf::Buckets => {
                let mut means = Cells::new(Fold::Mean, Rows::each(0..question.n_channels), columns.len());
                fill(&mut means).await?;
                count_means(&mut counts, &means, &overview);
            }
        }
        return Ok(question.finish_counts(&[counts], columns, of, &overview));
    };
    let mut cells = question.cells(fold, &columns);
    fill(&mut cells).await?;
    Ok(RasterAnswer::Raster(Cells::finish(vec![cells], columns)))
}

async fn for_each_frame(store: &dyn Store, question: &Question<'_>, mut give: impl FnMut(&FrameRead)) -> Result<()> {
    let mut chunks = store.scan(question.metric.id, question.range, ChannelFilter::All);
    while let Some(frames) = chunks.try_next().await? {
        frames.iter().for_each(&mut give);
    }
    Ok(())
}

/// Adds the samples of a frame, if it is in a column.
fn add_frame<S: Sink + ?Sized>(columns: &Columns, frame: &FrameRead, sink: &mut S) {
    if let Some(column) = columns.find(frame.time.as_micros()) {
        for sample in &frame.samples {
            sink.sample(column, sample.channel, sample.value);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
