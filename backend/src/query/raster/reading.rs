//! Reading tiles into cells and counts, of many columns in two halves: two cores make one answer in half the time.
//!
//! A column is wholly in one half, so an answer is the same to the last bit whether it was cut in two or not.

use std::ops::Range;
use std::thread;

use shared::time::{TimeRange, Timestamp};
use shared::value::Value;

use super::add_frame;
use super::cells::{Run, Sink};
use super::columns::Columns;
use crate::pyramid::Error;
use crate::pyramid::grid::{BUCKETS, Plan, Step};
use crate::pyramid::tile::{BLOCK_CHANNELS, Decoded, Values};
use crate::pyramid::view::{TilePart, View};
use crate::store::ChannelFilter;

type Result<T> = std::result::Result<T, Error>;

/// From so many cells of single channels on columns are read in halves: some milliseconds of work. In tests always, so that
/// all that is known of answers is known of halves.
const CELLS_OF_HALVES: u64 = if cfg!(test) { 2 } else { 1 << 18 };

/// How many blocks of channels are unpacked before they are worked on: what waits is in memory beside the cache of tiles.
const BLOCKS_AT_ONCE: usize = 4;

/// Columns beside each other, and where what is in them is read.
pub(super) struct Half {
    pub(super) columns: Columns,
    /// By rising time, without overlap.
    plans: Vec<Plan>,
}

/// What is read of a half, and what takes it in.
struct Work<'h, S> {
    half: &'h Half,
    sink: &'h mut S,
    tiles: Vec<Tile>,
}

/// A tile that waits to be taken in.
struct Tile {
    /// The first channel of its block.
    first_channel: u32,
    step: Step,
    bucket_micros: i64,
    holds: Decoded,
}

impl Half {
    /// The columns of an answer, read in these ranges and at this level; one half where they are few.
    pub(super) fn of(
        columns: &Columns,
        n_channels: u32,
        ranges: &[TimeRange],
        view: &View<'_>,
        level: u8,
    ) -> Vec<Self> {
        let n_columns = columns.len();
        let n_cells = n_columns as u64 * u64::from(n_channels);
        let has_cores = 1 < thread::available_parallelism().map_or(1, usize::from);
        let middle = columns.start_us.get(n_columns / 2);
        let parts = match middle {
            Some(middle_us) if has_cores && CELLS_OF_HALVES <= n_cells => vec![
                (columns.only(0..n_columns / 2), i64::MIN, *middle_us),
                (columns.only(n_columns / 2..n_columns), *middle_us, i64::MAX),
            ],
            _ => vec![(columns.clone(), i64::MIN, i64::MAX)],
        };
        let at = Timestamp::saturating_from_micros;
        let half = |(columns, from_us, to_us)| Self {
            columns,
            plans: ranges
                .iter()
                .filter_map(|range| range.intersection(TimeRange::new(at(from_us), at(to_us)).ok()?))
                .map(|range| view.plan(range, level))
                .collect(),
        };
        parts.into_iter().map(half).collect()
    }
}

/// Gives each half's sink all that is stored of these channels, which begin with a block.
pub(super) async fn read<S: Sink>(
    view: &mut View<'_>,
    channels: Range<u32>,
    halves: &[Half],
    sinks: &mut [S],
) -> Result<()> {
    let mut works: Vec<Work<'_, S>> = halves
        .iter()
        .zip(sinks)
        .map(|(half, sink)| Work {
            half,
            sink,
            tiles: Vec::new(),
        })
        .collect();
    let starts: Vec<u32> = channels.clone().step_by(BLOCK_CHANNELS as usize).collect();
    for blocks in starts.chunks(BLOCKS_AT_ONCE) {
        for work in &mut works {
            let Work { half, sink, tiles } = work;
            let part = sink.part();
            for first_channel in blocks {
                let mut keep = |part: TilePart<'_>| {
                    tiles.push(Tile {
                        first_channel: *first_channel,
                        step: *part.step,
                        bucket_micros: part.bucket_micros,
                        holds: part.tile.clone(),
                    });
                };
                for plan in &half.plans {
                    view.visit_tiles(first_channel / BLOCK_CHANNELS, &plan.steps, part, &mut keep)
                        .await?;
                }
            }
        }
        both(&mut works, |work| work.take_in(channels.end));
        tokio::task::yield_now().await;
    }
    let filter = if channels == (0..view.n_channels()) {
        ChannelFilter::All
    } else {
        ChannelFilter::Only(channels.collect())
    };
    for Work { half, sink, .. } in works {
        for plan in &half.plans {
            view.visit_raw(filter.clone(), plan.tail, |frame| add_frame(&half.columns, frame, sink))
                .await?;
        }
    }
    Ok(())
}

/// Does something with each of two at the same time; with one after the other where there are no two, or no second thread.
pub(super) fn both<T: Send>(items: &mut [T], work: impl Fn(&mut T) + Sync) {
    let [first, second] = items else {
        items.iter_mut().for_each(work);
        return;
    };
    let is_done = thread::scope(|scope| {
        let other = thread::Builder::new().spawn_scoped(scope, || work(second));
        work(first);
        other.is_ok()
    });
    if !is_done {
        work(second);
    }
}

impl<S: Sink> Work<'_, S> {
    /// Takes in the tiles that wait.
    fn take_in(&mut self, channels_end: u32) {
        for tile in self.tiles.drain(..) {
            let channels = tile.first_channel..channels_end.min(tile.first_channel + BLOCK_CHANNELS);
            add_tile(&self.half.columns, channels, &tile, self.sink);
        }
    }
}

/// Adds what a tile holds of some channels of its block: column by column looked up once for all of them.
fn add_tile(columns: &Columns, channels: Range<u32>, part: &Tile, sink: &mut impl Sink) {
    let Tile {
        step,
        bucket_micros,
        holds,
        ..
    } = part;
    match holds {
        Decoded::Samples(tile) => {
            let from = tile.times_us.partition_point(|time_us| *time_us < step.from_us);
            let until = tile.times_us.partition_point(|time_us| *time_us < step.to_us);
            let column_of: Vec<Option<usize>> = tile.times_us[from..until]
                .iter()
                .map(|time_us| columns.find(*time_us))
                .collect();
            let runs = column_of.chunk_by(|left, right| left == right);
            let runs: Vec<Run> = runs.map(|run| (run.first().copied().flatten(), run.len())).collect();
            for channel in channels {
                let (range, positions) = tile.parts(channel % BLOCK_CHANNELS);
                let columns = OfChannel {
                    channel,
                    positions,
                    from,
                    column_of: &column_of,
                    runs: &runs,
                };
                match &tile.values {
                    Values::Narrow(values)
                        if positions.is_none()
                            && sink.narrow(channel, values[range.clone()].get(from..).unwrap_or_default(), &runs) => {}
                    Values::Narrow(values) => columns.add(&values[range], |bits| Value::from_narrow_bits(*bits), sink),
                    Values::Wide(values) => columns.add(&values[range], |value| *value, sink),
                }
            }
        }
        Decoded::Buckets(tile) => {
            let column_of = columns_of_buckets(columns, step, *bucket_micros);
            for channel in channels {
                for (position, bucket) in tile.channel(channel % BLOCK_CHANNELS) {
                    if let Some(column) = column_of[usize::from(position)] {
                        sink.bucket(column, channel, bucket);
                    }
                }
            }
        }
        Decoded::Numbers(tile) => {
            let column_of = columns_of_buckets(columns, step, *bucket_micros);
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
    /// The same in runs.
    runs: &'a [Run],
}

impl OfChannel<'_> {
    #[inline]
    fn add<T>(&self, values: &[T], value_of: impl Fn(&T) -> Value + Copy, sink: &mut impl Sink) {
        let Some(positions) = self.positions else {
            let values = values.get(self.from..).unwrap_or_default();
            if self.runs.len() == self.column_of.len() {
                for (value, column) in values.iter().zip(self.column_of) {
                    if let Some(column) = column {
                        sink.sample(*column, self.channel, value_of(value));
                    }
                }
                return;
            }
            let mut values = values.iter();
            for (column, n_values) in self.runs {
                let in_run = values.by_ref().take(*n_values);
                match column {
                    Some(column) => sink.samples(*column, self.channel, in_run.map(value_of)),
                    None => in_run.for_each(drop),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_done_once_with_each_however_many_there_are() {
        for count in 0..4 {
            let mut numbers = vec![0; count];
            both(&mut numbers, |number| *number += 1);
            assert_eq!(numbers, vec![1; count]);
        }
    }
}
