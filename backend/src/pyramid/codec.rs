//! The bytes of a tile: version 1, without loss.
//!
//! A byte for the version, a byte for the kind, then counts and columns as [`column`] writes them, little-endian. Columns
//! hold one quantity for all channels of the block, channel by channel, so that what is alike lies side by side. Samples
//! that are not finite stand in a list of their own. Bytes that are damaged or foreign are an error, never a panic and
//! never a tile whose parts do not fit together.

use shared::value::Value;

use super::grid::BUCKETS;
use super::summary::{Extreme, Sum, Summary};
use super::tile::{
    BLOCK_CHANNELS, BandTile, Bucket, BucketTile, Decoded, FrameTile, MAX_FRAMES, NumberTile, Part, SampleTile, Values,
};
use column::{Floats, In, Out};
use extremes::{FRAME_PARTS, bucket_parts, decode_extremes, decode_sums, encode_extremes, encode_sums};

mod column;

mod extremes;

const VERSION: u8 = 1;

const KIND_SAMPLES: u8 = 1;
const KIND_FRAMES: u8 = 2;
const KIND_BUCKETS: u8 = 3;
const KIND_BAND: u8 = 4;

/// The most samples in a tile.
const MAX_SAMPLES: usize = MAX_FRAMES * BLOCK_CHANNELS as usize;

/// Bytes that are no tile.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum BadTile {
    /// Written by a newer program, or no tile at all.
    #[error("it begins with {0:?}")]
    Foreign(Option<(u8, u8)>),
    /// It ends too soon, or its numbers cannot be.
    #[error("it is damaged")]
    Damaged,
    /// A column cannot be unpacked.
    #[error("a column is damaged: {0}")]
    Column(String),
}

/// Where a tile lies, which its bytes do not repeat.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Its block.
    pub(crate) block: u32,
    /// The start of its span.
    pub(crate) start_us: i64,
    /// The width of its buckets.
    pub(crate) bucket_micros: i64,
}

impl Place {
    fn bucket_start_us(&self, position: u8) -> i64 {
        self.start_us
            .saturating_add(self.bucket_micros.saturating_mul(i64::from(position)))
    }
}

/// Packs a tile, which must be whole; `None` for an empty one. Fails only where the packing library does.
pub(crate) fn encode(tile: &Decoded, place: Place) -> Result<Option<Vec<u8>>, BadTile> {
    let mut out = Out::default();
    match tile {
        Decoded::Empty => return Ok(None),
        Decoded::Samples(tile) => {
            out.bytes(&[VERSION, KIND_SAMPLES]);
            encode_samples(&mut out, tile)?;
        }
        Decoded::Frames(tile) => {
            out.bytes(&[VERSION, KIND_FRAMES]);
            encode_frames(&mut out, tile)?;
        }
        Decoded::Buckets(tile) => {
            out.bytes(&[VERSION, KIND_BUCKETS]);
            encode_lengths(&mut out, &tile.offsets)?;
            encode_buckets(&mut out, &tile.positions, &tile.buckets, place, false)?;
        }
        // A part of a tile is never derived, only read.
        Decoded::Numbers(_) => return Err(BadTile::Damaged),
        Decoded::Band(tile) => {
            out.bytes(&[VERSION, KIND_BAND]);
            encode_buckets(&mut out, &tile.positions, &tile.buckets, place, true)?;
        }
    }
    Ok(Some(out.finish()))
}

/// Unpacks what is needed of a tile.
pub(crate) fn decode_part(bytes: &[u8], place: Place, part: Part) -> Result<Decoded, BadTile> {
    if part != Part::Whole
        && let [VERSION, KIND_BUCKETS, rest @ ..] = bytes
        && let Some(tile) = decode_numbers(&mut In::new(rest), part)?
    {
        return Ok(Decoded::Numbers(tile.into()));
    }
    decode(bytes, place)
}

/// One number of each bucket, past all the other columns; `None` where it is not so simple as that.
fn decode_numbers(input: &mut In<'_>, part: Part) -> Result<Option<NumberTile>, BadTile> {
    let offsets = decode_lengths(input, usize::from(BUCKETS))?;
    let n_buckets = offsets.last().map_or(0, |last| *last as usize);
    let positions: Vec<u8> = decode_positions(input, n_buckets)?;
    check_rising(&offsets, &positions)?;
    let counts = decode_counts(input, n_buckets, false)?.1;
    let n = counts.iter().filter(|count| **count != 0).count();
    let mut column = |is_asked_for: bool| {
        if is_asked_for {
            input.floats(n).map(Some)
        } else {
            input.skip(n).map(|()| None)
        }
    };
    let sums = column(part == Part::Sum)?;
    let scaled = input.small(n, 2)?;
    let mut column = |is_asked_for: bool| {
        if is_asked_for {
            input.floats(n).map(Some)
        } else {
            input.skip(n).map(|()| None)
        }
    };
    let least = column(part == Part::Min)?;
    column(false)?;
    let greatest = column(part == Part::Max)?;
    // Its time, and the first.
    column(false)?;
    column(false)?;
    let newest = column(part == Part::Last)?;
    if !input.is_empty() {
        return Err(BadTile::Damaged);
    }
    let asked = sums.or(least).or(greatest).or(newest).unwrap_or_default();
    let narrow: Option<Vec<u32>> = counts.iter().map(|count| u32::try_from(*count).ok()).collect();
    let Some(mut counts) = narrow.filter(|_| scaled.iter().all(|scaled| *scaled == 0)) else {
        return Ok(None);
    };
    counts.shrink_to_fit();
    let mut asked = asked.into_iter();
    let mut number = |count: &u32| {
        if *count == 0 {
            0.0
        } else {
            asked.next().unwrap_or_default()
        }
    };
    Ok(Some(NumberTile {
        offsets,
        positions,
        numbers: counts.iter().map(&mut number).collect(),
        counts,
    }))
}

/// Unpacks a tile.
pub(crate) fn decode(bytes: &[u8], place: Place) -> Result<Decoded, BadTile> {
    let [version, kind, rest @ ..] = bytes else {
        return Err(BadTile::Foreign(None));
    };
    let mut input = In::new(rest);
    let tile = match (*version, *kind) {
        (VERSION, KIND_SAMPLES) => Decoded::Samples(decode_samples(&mut input)?.into()),
        (VERSION, KIND_FRAMES) => Decoded::Frames(decode_frames(&mut input)?.into()),
        (VERSION, KIND_BUCKETS) => {
            let offsets = decode_lengths(&mut input, usize::from(BUCKETS))?;
            let n_buckets = offsets.last().map_or(0, |last| *last as usize);
            let (positions, buckets) = decode_buckets(&mut input, n_buckets, place, false)?;
            check_rising(&offsets, &positions)?;
            let mut tile = BucketTile {
                offsets,
                positions,
                buckets,
            };
            set_channels(&mut tile, place.block);
            Decoded::Buckets(tile.into())
        }
        (VERSION, KIND_BAND) => {
            let n_buckets = input.count(usize::from(BUCKETS))?;
            let (positions, buckets) = decode_buckets(&mut input, n_buckets, place, true)?;
            check_rising(&[0, u32::try_from(n_buckets).unwrap_or(u32::MAX)], &positions)?;
            Decoded::Band(BandTile { positions, buckets }.into())
        }
        other => return Err(BadTile::Foreign(Some(other))),
    };
    if input.is_empty() {
        Ok(tile)
    } else {
        Err(BadTile::Damaged)
    }
}

/// Numbers for the values that are not finite.
const NOT_FINITE: [Value; 4] = [
    Value::NULL,
    Value::NAN,
    Value::number(f64::INFINITY),
    Value::number(f64::NEG_INFINITY),
];

fn encode_samples(out: &mut Out, tile: &SampleTile) -> Result<(), BadTile> {
    out.count(tile.times_us.len());
    out.integers(&tile.times_us)?;
    encode_lengths(out, &tile.offsets)?;
    out.bytes(&[u8::from(tile.positions.is_some())]);
    if let Some(positions) = &tile.positions {
        out.integers(&integers(positions))?;
    }
    let mut numbers = Vec::new();
    let (mut indices, mut kinds) = (Vec::new(), Vec::new());
    for (index, value) in (0_i64..).zip(tile.values.iter()) {
        // What stands in for a value that is not finite costs least when it is what came before.
        let stand_in = numbers.last().copied().unwrap_or(0.0);
        numbers.push(value.finite().unwrap_or(stand_in));
        if value.finite().is_none() {
            indices.push(index);
            let kind = NOT_FINITE.iter().position(|known| *known == value).unwrap_or(1);
            kinds.push(i64::try_from(kind).unwrap_or(1));
        }
    }
    out.floats(&numbers)?;
    out.count(indices.len());
    out.integers(&indices)?;
    out.integers(&kinds)
}

fn decode_samples(input: &mut In<'_>) -> Result<SampleTile, BadTile> {
    let n_times = input.count(MAX_FRAMES)?;
    let times_us = input.integers(n_times)?;
    if !times_us.is_sorted_by(|left, right| left < right) {
        return Err(BadTile::Damaged);
    }
    let offsets = decode_lengths(input, n_times)?;
    let n_values = offsets.last().map_or(0, |last| *last as usize);
    let positions = match input.byte()? {
        0 if offsets.windows(2).all(|pair| (pair[1] - pair[0]) as usize == n_times) => None,
        1 => Some(input.small(n_values, n_times)?),
        _ => return Err(BadTile::Damaged),
    };
    if let Some(positions) = &positions {
        check_rising(&offsets, positions)?;
    }
    let numbers = input.narrow_floats(n_values)?;
    let n_exceptions = input.count(n_values)?;
    let indices = input.small(n_exceptions, n_values)?;
    let kinds = input.small(n_exceptions, NOT_FINITE.len())?;
    let exceptions = indices.into_iter().zip(kinds);
    let exceptions = exceptions.map(|(index, kind)| (index as usize, NOT_FINITE[kind as usize]));
    let values = match numbers {
        Floats::Narrow(numbers) => {
            let mut values: Vec<u32> = numbers.into_iter().map(f32::to_bits).collect();
            for (index, value) in exceptions {
                values[index] = value.to_narrow_bits().ok_or(BadTile::Damaged)?;
            }
            Values::Narrow(values)
        }
        Floats::Wide(numbers) => {
            let mut values: Vec<Value> = numbers.into_iter().map(Value::number).collect();
            for (index, value) in exceptions {
                values[index] = value;
            }
            Values::Wide(values)
        }
    };
    Ok(SampleTile {
        times_us,
        offsets,
        positions,
        values,
    })
}

fn encode_frames(out: &mut Out, tile: &FrameTile) -> Result<(), BadTile> {
    out.count(tile.times_us.len());
    out.integers(&tile.times_us)?;
    let counts = tile.bands.iter().map(|band| band.map_or(0, |band| band.count));
    out.integers(&counts.map(u64::cast_signed).collect::<Vec<_>>())?;
    let bands: Vec<&Summary> = tile.bands.iter().flatten().collect();
    encode_sums(out, &bands)?;
    encode_extremes(out, &bands, &[], FRAME_PARTS)
}

fn decode_frames(input: &mut In<'_>) -> Result<FrameTile, BadTile> {
    let n_times = input.count(MAX_FRAMES)?;
    let times_us = input.integers(n_times)?;
    if !times_us.is_sorted_by(|left, right| left < right) {
        return Err(BadTile::Damaged);
    }
    let counts = input.integers(n_times)?;
    let filled: Vec<(i64, i64)> = times_us
        .iter()
        .copied()
        .zip(counts.iter().copied())
        .filter(|(_, count)| *count != 0)
        .collect();
    let sums = decode_sums(input, filled.len())?;
    let starts: Vec<i64> = filled.iter().map(|(time_us, _)| *time_us).collect();
    let extremes = decode_extremes(input, &starts, FRAME_PARTS)?;
    let mut bands = Vec::with_capacity(n_times);
    let mut filled = sums.into_iter().zip(extremes);
    for count in counts {
        let band = match count {
            0 => None,
            _ => filled
                .next()
                .map(|(sum, (min, max))| summary(count, sum, min, max, 0.0, 0.0))
                .transpose()?,
        };
        bands.push(band);
    }
    Ok(FrameTile { times_us, bands })
}

fn encode_buckets(
    out: &mut Out,
    positions: &[u8],
    buckets: &[Bucket],
    place: Place,
    is_band: bool,
) -> Result<(), BadTile> {
    if is_band {
        out.count(buckets.len());
    }
    out.integers(
        &positions
            .iter()
            .map(|position| i64::from(*position))
            .collect::<Vec<_>>(),
    )?;
    out.integers(
        &buckets
            .iter()
            .map(|bucket| bucket.stored.cast_signed())
            .collect::<Vec<_>>(),
    )?;
    // Nearly always none.
    let not_finite =
        |bucket: &Bucket| bucket.stored.cast_signed() - bucket.summary.map_or(0, |summary| summary.count.cast_signed());
    if is_band {
        let counts = buckets
            .iter()
            .map(|bucket| bucket.summary.map_or(0, |summary| summary.count.cast_signed()));
        out.integers(&counts.collect::<Vec<_>>())?;
    } else {
        out.integers(&buckets.iter().map(not_finite).collect::<Vec<_>>())?;
    }
    let (starts, summaries): (Vec<i64>, Vec<&Summary>) = positions
        .iter()
        .zip(buckets)
        .filter_map(|(position, bucket)| Some((place.bucket_start_us(*position), bucket.summary.as_ref()?)))
        .unzip();
    encode_sums(out, &summaries)?;
    encode_extremes(out, &summaries, &starts, bucket_parts(is_band))?;
    if is_band {
        return Ok(());
    }
    out.floats(&summaries.iter().map(|summary| summary.first).collect::<Vec<_>>())?;
    out.floats(&summaries.iter().map(|summary| summary.last).collect::<Vec<_>>())
}

fn decode_buckets(
    input: &mut In<'_>,
    n_buckets: usize,
    place: Place,
    is_band: bool,
) -> Result<(Vec<u8>, Vec<Bucket>), BadTile> {
    let positions = decode_positions(input, n_buckets)?;
    let (stored, counts) = decode_counts(input, n_buckets, is_band)?;
    let with_starts = positions
        .iter()
        .map(|position| place.bucket_start_us(*position))
        .zip(&counts);
    let starts: Vec<i64> = with_starts
        .filter(|(_, count)| **count != 0)
        .map(|(start_us, _)| start_us)
        .collect();
    let sums = decode_sums(input, starts.len())?;
    let extremes = decode_extremes(input, &starts, bucket_parts(is_band))?;
    let (firsts, lasts) = if is_band {
        (Vec::new(), Vec::new())
    } else {
        (input.floats(starts.len())?, input.floats(starts.len())?)
    };
    let mut buckets = Vec::with_capacity(n_buckets);
    let mut filled = sums.into_iter().zip(extremes).enumerate();
    for (stored, count) in stored.into_iter().zip(counts) {
        let summary = if count == 0 {
            None
        } else {
            let (index, (sum, (min, max))) = filled.next().ok_or(BadTile::Damaged)?;
            let end = |ends: &[f64]| ends.get(index).copied().unwrap_or(0.0);
            Some(summary(count, sum, min, max, end(&firsts), end(&lasts))?)
        };
        buckets.push(Bucket {
            stored: stored.cast_unsigned(),
            summary,
        });
    }
    Ok((positions, buckets))
}

fn decode_positions(input: &mut In<'_>, n_buckets: usize) -> Result<Vec<u8>, BadTile> {
    let positions = input.small(n_buckets, usize::from(BUCKETS))?;
    let positions = positions.into_iter();
    let mut positions: Vec<u8> = positions
        .map(|position| u8::try_from(position).unwrap_or(u8::MAX))
        .collect();
    // It has the memory of the wider numbers, and a tile is kept.
    positions.shrink_to_fit();
    Ok(positions)
}

/// How many samples each bucket stores, and how many of them are finite.
fn decode_counts(input: &mut In<'_>, n_buckets: usize, is_band: bool) -> Result<(Vec<i64>, Vec<i64>), BadTile> {
    let stored = input.integers(n_buckets)?;
    let mut counts = input.integers(n_buckets)?;
    for (count, stored) in counts.iter_mut().zip(&stored) {
        if !is_band {
            *count = stored.checked_sub(*count).ok_or(BadTile::Damaged)?;
        }
        // A frame has samples of many channels: the band counts more samples than frames.
        if *stored < 1 || *count < 0 || (!is_band && stored < count) {
            return Err(BadTile::Damaged);
        }
    }
    Ok((stored, counts))
}

fn summary(count: i64, sum: Sum, min: Extreme, max: Extreme, first: f64, last: f64) -> Result<Summary, BadTile> {
    let numbers = [sum.value, min.value, max.value, first, last];
    if count < 1 || max.value < min.value || !numbers.iter().all(|number| number.is_finite()) {
        return Err(BadTile::Damaged);
    }
    Ok(Summary {
        count: count.cast_unsigned(),
        sum,
        first,
        last,
        min,
        max,
    })
}

/// The channels of the extremes, which the bytes of a block do not repeat.
fn set_channels(tile: &mut BucketTile, block: u32) {
    for (place, pair) in (0_u32..).zip(tile.offsets.windows(2)) {
        let channel = block.saturating_mul(BLOCK_CHANNELS).saturating_add(place);
        for bucket in &mut tile.buckets[pair[0] as usize..pair[1] as usize] {
            if let Some(summary) = &mut bucket.summary {
                (summary.min.channel, summary.max.channel) = (channel, channel);
            }
        }
    }
}

fn encode_lengths(out: &mut Out, offsets: &[u32]) -> Result<(), BadTile> {
    let lengths: Vec<i64> = offsets.windows(2).map(|pair| i64::from(pair[1] - pair[0])).collect();
    out.count(lengths.len());
    out.integers(&lengths)
}

/// Offsets of channels that have at most `most` entries each.
fn decode_lengths(input: &mut In<'_>, most: usize) -> Result<Vec<u32>, BadTile> {
    let n_channels = input.count(BLOCK_CHANNELS as usize)?;
    let lengths = input.small(n_channels, most + 1)?;
    let mut offsets = vec![0_u32];
    let mut end = 0;
    for length in lengths {
        end += length;
        offsets.push(end);
    }
    if MAX_SAMPLES < end as usize {
        Err(BadTile::Damaged)
    } else {
        Ok(offsets)
    }
}

/// Checks that the entries of each channel rise.
fn check_rising<T: PartialOrd>(offsets: &[u32], entries: &[T]) -> Result<(), BadTile> {
    let rise = offsets.windows(2).all(|pair| {
        let of_channel = &entries[pair[0] as usize..pair[1] as usize];
        of_channel.is_sorted_by(|left, right| left < right)
    });
    if rise { Ok(()) } else { Err(BadTile::Damaged) }
}

fn integers(numbers: &[u32]) -> Vec<i64> {
    numbers.iter().copied().map(i64::from).collect()
}

#[cfg(test)]
mod tests;
