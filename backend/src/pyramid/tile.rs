//! Tiles in memory, and how they are derived: samples and frames from what is stored, buckets from finer tiles.

use std::sync::Arc;

use shared::value::Value;

use super::grid::BUCKETS;
use super::summary::{Summary, add_later};
use crate::store::FrameRead;

/// Channels in a block.
pub(crate) const BLOCK_CHANNELS: u32 = 64;

/// The block of the band over all channels.
pub(crate) const BAND: u32 = u32::MAX;

/// The most frames in a tile: one that would get more must be shorter.
pub(crate) const MAX_FRAMES: usize = 1 << 16;

/// A decoded tile; shared between the cache and those who read it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Decoded {
    /// Nothing is stored in its span.
    Empty,
    Samples(Arc<SampleTile>),
    Frames(Arc<FrameTile>),
    Buckets(Arc<BucketTile>),
    /// One number of each of the buckets, where no more was asked for.
    Numbers(Arc<NumberTile>),
    Band(Arc<BandTile>),
}

/// What is needed of the buckets of a block. Tiles of other kinds are whole in any case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Part {
    Whole,
    Sum,
    Min,
    Max,
    Last,
}

/// The samples of a block of channels: a lossless copy, channel by channel.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct SampleTile {
    /// The times at which any of the channels has a sample, rising.
    pub(crate) times_us: Vec<i64>,
    /// Where the samples of each channel of the block begin, and where the last one's end.
    pub(crate) offsets: Vec<u32>,
    /// Per sample the position of its time; `None` where every channel has one at all of the times.
    pub(crate) positions: Option<Vec<u32>>,
    /// Per sample its value.
    pub(crate) values: Values,
}

/// Values of samples, in half the memory where nothing is lost by that.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Values {
    /// As [`Value::to_narrow_bits`] has them.
    Narrow(Vec<u32>),
    /// Some do not fit in so little.
    Wide(Vec<Value>),
}

impl Default for Values {
    fn default() -> Self {
        Self::Narrow(Vec::new())
    }
}

impl Values {
    fn of(values: Vec<Value>) -> Self {
        let narrow: Option<Vec<u32>> = values.iter().map(|value| value.to_narrow_bits()).collect();
        narrow.map_or(Self::Wide(values), Self::Narrow)
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Narrow(values) => values.len() * 4,
            Self::Wide(values) => values.len() * 8,
        }
    }

    fn at(&self, index: usize) -> Value {
        match self {
            Self::Narrow(values) => Value::from_narrow_bits(values[index]),
            Self::Wide(values) => values[index],
        }
    }

    /// All of them in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Value> + '_ {
        let n_values = match self {
            Self::Narrow(values) => values.len(),
            Self::Wide(values) => values.len(),
        };
        (0..n_values).map(|index| self.at(index))
    }
}

/// All frames of a metric: each with its band.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct FrameTile {
    /// The times of the frames, rising.
    pub(crate) times_us: Vec<i64>,
    /// The band of each; `None` where it has no finite sample.
    pub(crate) bands: Vec<Option<Summary>>,
}

/// A bucket of one channel.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Bucket {
    /// How many samples are stored, whatever their value; at least one.
    pub(crate) stored: u64,
    /// What the finite ones among them are.
    pub(crate) summary: Option<Summary>,
}

/// The buckets of a block of channels.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct BucketTile {
    /// Where the buckets of each channel begin, and where the last one's end.
    pub(crate) offsets: Vec<u32>,
    /// Per bucket that is not empty its position in the tile, rising within a channel.
    pub(crate) positions: Vec<u8>,
    /// The buckets that are not empty.
    pub(crate) buckets: Vec<Bucket>,
}

/// One number of each bucket of a block of channels: a tenth of the memory of all that they are.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct NumberTile {
    /// Where the buckets of each channel begin, and where the last one's end.
    pub(crate) offsets: Vec<u32>,
    /// Per bucket that is not empty its position in the tile, rising within a channel.
    pub(crate) positions: Vec<u8>,
    /// How many finite samples it holds.
    pub(crate) counts: Vec<u32>,
    /// The number; without meaning where there is no finite sample.
    pub(crate) numbers: Vec<f64>,
}

/// The buckets of the band: `stored` counts frames.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct BandTile {
    /// Per bucket that is not empty its position in the tile, rising.
    pub(crate) positions: Vec<u8>,
    /// The buckets that are not empty.
    pub(crate) buckets: Vec<Bucket>,
}

impl Decoded {
    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        let size = match self {
            Self::Empty => 0,
            Self::Samples(tile) => {
                let positions = tile.positions.as_ref().map_or(0, Vec::len);
                tile.times_us.len() * 8 + tile.offsets.len() * 4 + positions * 4 + tile.values.bytes()
            }
            Self::Frames(tile) => tile.times_us.len() * 8 + tile.bands.len() * size_of::<Option<Summary>>(),
            Self::Buckets(tile) => tile.offsets.len() * 4 + tile.buckets.len() * (1 + size_of::<Bucket>()),
            Self::Numbers(tile) => tile.offsets.len() * 4 + tile.numbers.len() * (1 + 4 + 8),
            Self::Band(tile) => tile.buckets.len() * (1 + size_of::<Bucket>()),
        };
        size + 100
    }
}

/// A range of a table of offsets, empty beyond its end.
fn range_of(offsets: &[u32], index: usize) -> std::ops::Range<usize> {
    match (offsets.get(index), offsets.get(index + 1)) {
        (Some(from), Some(to)) => *from as usize..*to as usize,
        _ => 0..0,
    }
}

impl SampleTile {
    /// The samples of the channel at a place in the block, by rising time.
    pub(crate) fn channel(&self, place: u32) -> impl Iterator<Item = (i64, Value)> + '_ {
        let range = range_of(&self.offsets, place as usize);
        let positions = self.positions.as_ref().map(|positions| &positions[range.clone()]);
        range.enumerate().map(move |(index, place)| {
            let position = positions.map_or(index, |positions| positions[index] as usize);
            (self.times_us[position], self.values.at(place))
        })
    }

    /// Where in `values` those of the channel at a place in the block are, by rising time, and the positions of their
    /// times; none where there is one for every time, or no sample at all.
    pub(crate) fn parts(&self, place: u32) -> (std::ops::Range<usize>, Option<&[u32]>) {
        let range = range_of(&self.offsets, place as usize);
        let positions = self.positions.as_ref().map(|positions| &positions[range.clone()]);
        (range, positions)
    }

    /// The tile of a block out of all frames of its span.
    pub(crate) fn of_frames(frames: &[FrameRead], block: u32) -> Self {
        let first = block * BLOCK_CHANNELS;
        let in_block = |frame: &FrameRead| {
            let from = frame.samples.partition_point(|sample| sample.channel < first);
            let until = frame
                .samples
                .partition_point(|sample| sample.channel / BLOCK_CHANNELS <= block);
            from..until
        };
        let mut times_us = Vec::with_capacity(frames.len());
        let mut channels: Vec<(Vec<u32>, Vec<Value>)> = Vec::new();
        for frame in frames {
            let samples = &frame.samples[in_block(frame)];
            if samples.is_empty() {
                continue;
            }
            let position = u32::try_from(times_us.len()).unwrap_or(u32::MAX);
            times_us.push(frame.time.as_micros());
            for sample in samples {
                let place = (sample.channel - first) as usize;
                if channels.len() <= place {
                    channels.resize_with(place + 1, Default::default);
                }
                let (positions, values) = &mut channels[place];
                positions.push(position);
                values.push(sample.value);
            }
        }
        let dense = channels.iter().all(|(positions, _)| positions.len() == times_us.len());
        let mut tile = Self {
            times_us,
            offsets: vec![0],
            positions: (!dense).then(Vec::new),
            values: Values::default(),
        };
        let mut all_values = Vec::new();
        for (positions, values) in channels {
            if let Some(all) = &mut tile.positions {
                all.extend(positions);
            }
            all_values.extend(values);
            tile.offsets.push(u32::try_from(all_values.len()).unwrap_or(u32::MAX));
        }
        tile.values = Values::of(all_values);
        tile
    }
}

impl FrameTile {
    /// The tile of the band out of all frames of its span.
    pub(crate) fn of_frames(frames: &[FrameRead]) -> Self {
        Self {
            times_us: frames.iter().map(|frame| frame.time.as_micros()).collect(),
            bands: frames.iter().map(band_of).collect(),
        }
    }
}

/// The band of one frame; it has no first and last.
pub(crate) fn band_of(frame: &FrameRead) -> Option<Summary> {
    let mut band: Option<Summary> = None;
    for sample in &frame.samples {
        if let Some(value) = sample.value.finite() {
            add_later(&mut band, Summary::new(frame.time.as_micros(), sample.channel, value));
        }
    }
    band.map(|band| Summary {
        first: 0.0,
        last: 0.0,
        ..band
    })
}

impl NumberTile {
    /// The buckets of the channel at a place in the block, by rising position in the tile: position, count and number.
    pub(crate) fn channel(&self, place: u32) -> impl Iterator<Item = (u8, u32, f64)> + '_ {
        let range = range_of(&self.offsets, place as usize);
        let counts = self.counts[range.clone()].iter().zip(&self.numbers[range.clone()]);
        let buckets = self.positions[range].iter().zip(counts);
        buckets.map(|(position, (count, number))| (*position, *count, *number))
    }
}

/// Puts what rises in time into the buckets of a tile.
struct Filling<'a> {
    start_us: i64,
    bucket_micros: i64,
    positions: &'a mut Vec<u8>,
    buckets: &'a mut Vec<Bucket>,
    /// How many buckets there were before this channel.
    before: usize,
}

impl Filling<'_> {
    fn add(&mut self, time_us: i64, stored: u64, summary: Option<Summary>) {
        let position = (time_us - self.start_us).div_euclid(self.bucket_micros);
        let position = u8::try_from(position).unwrap_or(u8::MAX);
        let is_last = self.before < self.positions.len() && self.positions.last() == Some(&position);
        match self.buckets.last_mut() {
            Some(bucket) if is_last => {
                bucket.stored += stored;
                if let Some(summary) = summary {
                    add_later(&mut bucket.summary, summary);
                }
            }
            _ => {
                self.positions.push(position);
                self.buckets.push(Bucket { stored, summary });
            }
        }
    }
}

impl BucketTile {
    /// The buckets of the channel at a place in the block, by rising position in the tile.
    pub(crate) fn channel(&self, place: u32) -> impl Iterator<Item = (u8, &Bucket)> + '_ {
        let range = range_of(&self.offsets, place as usize);
        self.positions[range.clone()].iter().copied().zip(&self.buckets[range])
    }

    /// The tile that starts at `start_us` out of the finer tiles of its block, each with its start, by rising start.
    pub(crate) fn of_finer(
        finer: &[(i64, Decoded)],
        block: u32,
        start_us: i64,
        bucket_micros: i64,
        finer_bucket_micros: i64,
    ) -> Self {
        let n_channels = finer.iter().map(|(_, tile)| tile.n_channels()).max().unwrap_or(0);
        let mut tile = Self {
            offsets: vec![0],
            ..Self::default()
        };
        for place in 0..n_channels {
            let before = tile.positions.len();
            let mut filling = Filling {
                start_us,
                bucket_micros,
                positions: &mut tile.positions,
                buckets: &mut tile.buckets,
                before,
            };
            for (finer_start_us, finer) in finer {
                match finer {
                    Decoded::Samples(samples) => {
                        for (time_us, value) in samples.channel(place) {
                            let channel = block * BLOCK_CHANNELS + place;
                            let summary = value.finite().map(|value| Summary::new(time_us, channel, value));
                            filling.add(time_us, 1, summary);
                        }
                    }
                    Decoded::Buckets(buckets) => {
                        for (position, bucket) in buckets.channel(place) {
                            let time_us = finer_start_us + i64::from(position) * finer_bucket_micros;
                            filling.add(time_us, bucket.stored, bucket.summary);
                        }
                    }
                    Decoded::Empty | Decoded::Frames(_) | Decoded::Numbers(_) | Decoded::Band(_) => {}
                }
            }
            tile.offsets
                .push(u32::try_from(tile.positions.len()).unwrap_or(u32::MAX));
        }
        tile
    }
}

impl Decoded {
    /// How many channels a tile of a block knows of.
    fn n_channels(&self) -> u32 {
        let offsets = match self {
            Self::Samples(tile) => tile.offsets.len(),
            Self::Buckets(tile) => tile.offsets.len(),
            Self::Empty | Self::Frames(_) | Self::Numbers(_) | Self::Band(_) => 0,
        };
        u32::try_from(offsets.saturating_sub(1)).unwrap_or(u32::MAX)
    }
}

impl BandTile {
    /// The tile that starts at `start_us` out of the finer tiles of the band, each with its start, by rising start.
    pub(crate) fn of_finer(
        finer: &[(i64, Decoded)],
        start_us: i64,
        bucket_micros: i64,
        finer_bucket_micros: i64,
    ) -> Self {
        let mut tile = Self::default();
        let mut filling = Filling {
            start_us,
            bucket_micros,
            positions: &mut tile.positions,
            buckets: &mut tile.buckets,
            before: 0,
        };
        for (finer_start_us, finer) in finer {
            match finer {
                Decoded::Frames(frames) => {
                    for (time_us, band) in frames.times_us.iter().zip(&frames.bands) {
                        filling.add(*time_us, 1, *band);
                    }
                }
                Decoded::Band(band) => {
                    for (position, bucket) in band.positions.iter().zip(&band.buckets) {
                        let time_us = finer_start_us + i64::from(*position) * finer_bucket_micros;
                        filling.add(time_us, bucket.stored, bucket.summary);
                    }
                }
                Decoded::Empty | Decoded::Samples(_) | Decoded::Buckets(_) | Decoded::Numbers(_) => {}
            }
        }
        tile
    }
}

// Positions in a tile are bytes.
const _: () = assert!(BUCKETS == 1 << u8::BITS, "a position is a byte");
