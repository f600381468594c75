//! The raster from the pyramid.

use std::ops::Range;

use shared::query::raster::DensityOf;
use shared::time::TimeRange;
use shared::value::Value;

use super::cells::{Cells, Fold, Rows, Sink};
use super::columns::{Columns, Cut, Overview, finest_width};
use super::density::Outside;
use super::{Question, RasterAnswer, add_frame, count_means};
use crate::pyramid::grid::{self, BUCKETS, SAMPLES, Step};
use crate::pyramid::tile::{BLOCK_CHANNELS, Decoded, Values};
use crate::pyramid::view::{Piece, Subject, TilePart, View};
use crate::pyramid::{Error, Pyramid};
use crate::query::columns::DEFAULT_BASE_MICROS;
use crate::query::envelope::pyramidal::filled;
use crate::store::ChannelFilter;

type Result<T> = std::result::Result<T, Error>;

/// The most cells that hold means of single channels at once, while a density counts them.
const MEANS_AT_ONCE: usize = 1 << 20;

/// Answers from tiles, and stores those that had to be derived for it.
pub(super) async fn answer(pyramid: &Pyramid, question: &Question<'_>) -> Result<RasterAnswer> {
    let Some(mut view) = pyramid.view(&question.metric).await? else {
        return Ok(nothing(question));
    };
    let overview = look_over(&mut view, question).await?;
    let plan = Plan::new(question, &overview);
    let all = plan.of_all(&mut view, question).await?;
    let read = read(&mut view, question, &plan, all).await?;
    view.finish().await?;
    Ok(read.answer)
}

/// How an answer is made, as it follows from all that there is.
pub(super) struct Plan {
    pub(super) overview: Overview,
    pub(super) cut: Cut,
    pub(super) of: DensityOf,
}

/// Some columns of an answer, and where what is in them is read.
pub(super) struct Asked {
    pub(super) columns: Columns,
    pub(super) range: TimeRange,
}

/// What was read into some columns.
pub(super) struct Read {
    pub(super) answer: RasterAnswer,
    /// Of a density, what of each column lies in no row.
    pub(super) outside: Vec<Outside>,
}

impl Plan {
    pub(super) fn new(question: &Question<'_>, overview: &Overview) -> Self {
        let cut = question.cut(overview);
        Self {
            overview: *overview,
            cut,
            of: question.counted(cut, overview),
        }
    }

    /// All columns.
    pub(super) async fn of_all(&self, view: &mut View<'_>, question: &Question<'_>) -> Result<Asked> {
        let times_us = match self.cut {
            Cut::Frames => frame_times(view, question, question.range).await?,
            Cut::Buckets(_) => Vec::new(),
        };
        Ok(Asked {
            columns: question.columns(self.cut, times_us),
            range: question.range,
        })
    }

    /// Where in a range what is, and in buckets of which level.
    async fn parts(
        &self,
        view: &mut View<'_>,
        question: &Question<'_>,
        range: TimeRange,
    ) -> Result<(Vec<TimeRange>, u8)> {
        let level = view.level_for(finest(question));
        Ok(match self.cut {
            Cut::Buckets(width) if Fold::of(question.query.stat).is_some() || self.of == DensityOf::Buckets => {
                (vec![range], view.level_for(width))
            }
            _ => (filled_parts(view, range, level).await?, SAMPLES),
        })
    }
}

/// The parts of a range that hold samples: those that lie far apart are not sought where there are none.
async fn filled_parts(view: &mut View<'_>, range: TimeRange, level: u8) -> Result<Vec<TimeRange>> {
    if level == SAMPLES {
        return Ok(vec![range]);
    }
    filled(view, &Subject::Band, range, level).await
}

/// The width of the finest columns that there may be.
pub(super) fn finest(question: &Question<'_>) -> i64 {
    let base_micros = question.interval_micros().unwrap_or(DEFAULT_BASE_MICROS);
    finest_width(question.range, question.query.columns, base_micros)
}

/// Reads what is in some columns.
pub(super) async fn read(view: &mut View<'_>, question: &Question<'_>, plan: &Plan, asked: Asked) -> Result<Read> {
    let Asked { columns, range } = asked;
    let Plan { overview, of, .. } = plan;
    let (ranges, level) = plan.parts(view, question, range).await?;
    let plans = ranges.into_iter().map(|range| view.plan(range, level)).collect();
    let mut reading = Reading {
        view,
        plans,
        columns: &columns,
    };
    let all = 0..question.n_channels;
    if let Some(fold) = Fold::of(question.query.stat) {
        let mut cells = question.cells(fold, &columns);
        reading.read(all, &mut cells).await?;
        return Ok(Read {
            answer: RasterAnswer::Raster(cells.finish(columns)),
            outside: Vec::new(),
        });
    }
    let mut counts = question.counts(overview, &columns);
    match of {
        DensityOf::Samples => reading.read(all, &mut counts).await?,
        DensityOf::Buckets => {
            for channels in parts(question.n_channels, columns.len()) {
                let mut means = Cells::new(Fold::Mean, Rows::each(channels.clone()), columns.len());
                reading.read(channels, &mut means).await?;
                count_means(&mut counts, &means, overview);
            }
        }
    }
    Ok(Read {
        outside: counts.outside().to_vec(),
        answer: question.finish_counts(counts, columns, *of, overview),
    })
}

/// The answer before the first frame.
fn nothing(question: &Question<'_>) -> RasterAnswer {
    let overview = Overview::default();
    let columns = question.columns(question.cut(&overview), Vec::new());
    if let Some(fold) = Fold::of(question.query.stat) {
        return RasterAnswer::Raster(question.cells(fold, &columns).finish(columns));
    }
    let counts = question.counts(&overview, &columns);
    question.finish_counts(counts, columns, DensityOf::Samples, &overview)
}

async fn look_over(view: &mut View<'_>, question: &Question<'_>) -> Result<Overview> {
    let mut overview = Overview::default();
    let level = view.level_for(finest(question));
    look_at(view, question.range, level, &mut |_, piece| overview.add_all(piece)).await?;
    Ok(overview)
}

/// Gives what is known of each frame or bucket of a range, with its time.
pub(super) async fn look_at(
    view: &mut View<'_>,
    range: TimeRange,
    level: u8,
    note: &mut (impl FnMut(i64, &Overview) + Send),
) -> Result<()> {
    view.visit(&Subject::Band, range, level, &mut |piece| {
        let (time_us, n_frames, band) = match piece {
            Piece::Frame { time_us, band } => (time_us, 1, band),
            Piece::Bucket { start_us, bucket, .. } => (start_us, bucket.stored, bucket.summary),
            Piece::Sample { .. } => return,
        };
        let told = Overview {
            n_frames,
            n_finite: band.map_or(0, |band| band.count),
            extremes: band.map(|band| (band.min.value, band.max.value)),
        };
        note(time_us, &told);
    })
    .await
}

/// The times of all frames of a range.
pub(super) async fn frame_times(view: &mut View<'_>, question: &Question<'_>, range: TimeRange) -> Result<Vec<i64>> {
    let level = view.level_for(finest(question));
    let mut times_us = Vec::new();
    for range in filled_parts(view, range, level).await? {
        view.visit(&Subject::Band, range, SAMPLES, &mut |piece| {
            if let Piece::Frame { time_us, .. } = piece {
                times_us.push(time_us);
            }
        })
        .await?;
    }
    Ok(times_us)
}

/// The channels in parts of whole blocks, whose cells are few enough to be held at once.
fn parts(n_channels: u32, n_columns: usize) -> impl Iterator<Item = Range<u32>> {
    let block = BLOCK_CHANNELS as usize;
    let n_blocks = (MEANS_AT_ONCE / n_columns.max(1) / block).max(1);
    let starts = (0..n_channels).step_by(n_blocks * block);
    let length = u32::try_from(n_blocks * block).unwrap_or(u32::MAX);
    starts.map(move |start| start..start.saturating_add(length).min(n_channels))
}

/// What answers from which tiles and raw samples.
struct Reading<'v, 's, 'c> {
    view: &'v mut View<'s>,
    /// By rising time, without overlap.
    plans: Vec<grid::Plan>,
    columns: &'c Columns,
}

impl Reading<'_, '_, '_> {
    /// Gives all that is stored of these channels, which begin with a block.
    async fn read(&mut self, channels: Range<u32>, sink: &mut impl Sink) -> Result<()> {
        let Self { view, plans, columns } = self;
        let part = sink.part();
        for first in channels.clone().step_by(BLOCK_CHANNELS as usize) {
            let of_block = first..channels.end.min(first + BLOCK_CHANNELS);
            for plan in &*plans {
                let mut add = |part: TilePart<'_>| add_tile(columns, of_block.clone(), part, sink);
                view.visit_tiles(first / BLOCK_CHANNELS, &plan.steps, part, &mut add)
                    .await?;
            }
            tokio::task::yield_now().await;
        }
        let filter = if channels == (0..view.n_channels()) {
            ChannelFilter::All
        } else {
            ChannelFilter::Only(channels.collect())
        };
        for plan in &*plans {
            view.visit_raw(filter.clone(), plan.tail, |frame| add_frame(columns, frame, sink))
                .await?;
        }
        Ok(())
    }
}

/// Adds what a tile holds of some channels of its block: column by column looked up once for all of them.
fn add_tile(columns: &Columns, channels: Range<u32>, part: TilePart<'_>, sink: &mut impl Sink) {
    let TilePart {
        step,
        bucket_micros,
        tile,
    } = part;
    match tile {
        Decoded::Samples(tile) => {
            let from = tile.times_us.partition_point(|time_us| *time_us < step.from_us);
            let until = tile.times_us.partition_point(|time_us| *time_us < step.to_us);
            let column_of: Vec<Option<usize>> = tile.times_us[from..until]
                .iter()
                .map(|time_us| columns.find(*time_us))
                .collect();
            for channel in channels {
                let (range, positions) = tile.parts(channel % BLOCK_CHANNELS);
                let columns = OfChannel {
                    channel,
                    positions,
                    from,
                    column_of: &column_of,
                };
                match &tile.values {
                    Values::Narrow(values) => columns.add(&values[range], |bits| Value::from_narrow_bits(*bits), sink),
                    Values::Wide(values) => columns.add(&values[range], |value| *value, sink),
                }
            }
        }
        Decoded::Buckets(tile) => {
            let column_of = columns_of_buckets(columns, step, bucket_micros);
            for channel in channels {
                for (position, bucket) in tile.channel(channel % BLOCK_CHANNELS) {
                    if let Some(column) = column_of[usize::from(position)] {
                        sink.bucket(column, channel, bucket);
                    }
                }
            }
        }
        Decoded::Numbers(tile) => {
            let column_of = columns_of_buckets(columns, step, bucket_micros);
            for channel in channels {
                for (position, count, number) in tile.channel(channel % BLOCK_CHANNELS) {
                    if let Some(column) = column_of[usize::from(position)] {
                        sink.number(column, channel, count, number);
                    }
                }
            }
        }
        Decoded::Empty | Decoded::Frames(_) | Decoded::Band(_) => {}
    }
}

/// The column of each bucket of a tile; `None` for those that are not asked for.
fn columns_of_buckets(columns: &Columns, step: &Step, bucket_micros: i64) -> [Option<usize>; BUCKETS as usize] {
    let mut start_us = step.start_us;
    std::array::from_fn(|_| {
        let asked = (step.from_us..step.to_us).contains(&start_us);
        let column = asked.then(|| columns.find(start_us)).flatten();
        start_us = start_us.saturating_add(bucket_micros);
        column
    })
}

/// Where the samples of a channel in a tile go.
struct OfChannel<'a> {
    channel: u32,
    /// Per sample the position of its time in the tile; `None` where there is one for every time.
    positions: Option<&'a [u32]>,
    /// The position of the first time that is asked for.
    from: usize,
    /// The column of each time from there on.
    column_of: &'a [Option<usize>],
}

impl OfChannel<'_> {
    #[inline]
    fn add<T>(&self, values: &[T], value_of: impl Fn(&T) -> Value, sink: &mut impl Sink) {
        let Some(positions) = self.positions else {
            let values = values.get(self.from..).unwrap_or_default();
            for (value, column) in values.iter().zip(self.column_of) {
                if let Some(column) = column {
                    sink.sample(*column, self.channel, value_of(value));
                }
            }
            return;
        };
        for (value, position) in values.iter().zip(positions) {
            let index = (*position as usize).checked_sub(self.from);
            let column = index.and_then(|index| self.column_of.get(index).copied().flatten());
            if let Some(column) = column {
                sink.sample(column, self.channel, value_of(value));
            }
        }
    }
}
