//! One question to the pyramid of one metric: which tiles answer, and what is in them.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use shared::time::{TimeRange, Timestamp};
use tokio::sync::OwnedMutexGuard;
use tokio::task::yield_now;

use super::grid::{Grid, Plan, SAMPLES, Step};
use super::rhythm::frame_micros;
use super::tile::{BAND, BLOCK_CHANNELS, Bucket, Decoded, Part, band_of};
use super::{CacheKey, Error, Pyramid, Result, codec};
use crate::query::columns::DEFAULT_BASE_MICROS;
use crate::store::tiles::{TileKey, TileState};
use crate::store::{ChannelFilter, MetricId, StoredMetric};

mod piece;

pub(crate) use piece::Piece;

/// How many tiles are read at once.
const READ_TILES: usize = 32;

/// What a question is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Subject {
    /// These channels, rising, each once.
    Channels(Vec<u32>),
    /// The band over all channels.
    Band,
}

/// A tile that answers for a part of a range, for those who take in whole tiles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TilePart<'a> {
    /// Where the tile lies, and the part of it.
    pub(crate) step: &'a Step,
    /// How wide the buckets of its level are.
    pub(crate) bucket_micros: i64,
    pub(crate) tile: &'a Decoded,
}

/// The pyramid of a metric as of one generation.
pub(crate) struct View<'a> {
    pub(super) pyramid: &'a Pyramid,
    pub(super) metric_id: MetricId,
    pub(super) n_channels: u32,
    pub(super) grid: Grid,
    pub(super) generation: u64,
    /// Tiles reach up to here.
    pub(super) sealed_us: i64,
    /// The first frame, or where tiles stand for earlier ones, and the first microsecond after the last.
    pub(super) span: TimeRange,
    /// Where tiles stand for samples that are deleted.
    pub(super) standing: Option<TimeRange>,
    /// Whether what is derived is stored.
    pub(super) keeps: bool,
    /// Tiles that were derived and not stored yet.
    pub(super) pending: BTreeMap<TileKey, Vec<u8>>,
    pub(super) pending_bytes: usize,
    pub(super) guard: Option<OwnedMutexGuard<()>>,
}

impl Pyramid {
    /// Looks at a metric as it is now; `None` before its first frame, [`Error::Unsuited`] where no tiles can be kept.
    pub(crate) async fn view(&self, metric: &StoredMetric) -> Result<Option<View<'_>>> {
        self.look(metric, true).await
    }

    /// The same without ever changing what is stored.
    pub(super) async fn look_only(&self, metric: &StoredMetric) -> Result<Option<View<'_>>> {
        self.look(metric, false).await
    }

    async fn look(&self, metric: &StoredMetric, keeps: bool) -> Result<Option<View<'_>>> {
        if !self.store.tiles().keeps_tiles(metric.id).await? {
            return Err(Error::Unsuited);
        }
        let kept = self.store.tiles().tile_state(metric.id).await?;
        let standing = kept.as_ref().and_then(|state| state.standing);
        let frames = self.store.span(metric.id).await?;
        let first = standing.map(TimeRange::start).or(frames.map(|(first, _)| first));
        let last = frames
            .map(|(_, newest)| newest.saturating_add_micros(1))
            .or(standing.map(TimeRange::end));
        let Some(Ok(span)) = first.zip(last).map(|(first, last)| TimeRange::new(first, last)) else {
            return Ok(None);
        };
        let base_micros = metric.properties.interval_micros.unwrap_or(DEFAULT_BASE_MICROS).max(1);
        let known = kept.as_ref().and_then(|state| match state.standing {
            // There is nothing to derive another lattice from. Columns that do not fit to it are made of samples.
            Some(_) => Grid::standing(state),
            None => Grid::of_state(state, base_micros),
        });
        let grid = match known {
            Some(grid) => grid,
            None if standing.is_some() => return Err(Error::Unsuited),
            None => Grid::new(
                base_micros,
                frame_micros(&*self.store, metric.id, span, base_micros).await?,
            ),
        };
        let sealed = match frames {
            Some((_, newest)) => grid.sealed(newest),
            None => span.end(),
        };
        let state = if keeps {
            self.sealed_state(metric.id, kept, &grid, span.start(), sealed).await?
        } else {
            kept.filter(|state| state.spans == grid.spans())
        };
        Ok(Some(View {
            pyramid: self,
            metric_id: metric.id,
            n_channels: u32::try_from(metric.channel_labels.len()).unwrap_or(u32::MAX),
            generation: state.as_ref().map_or(0, |state| state.generation),
            sealed_us: state.map_or(i64::MIN, |state| sealed.min(state.sealed).as_micros()),
            grid,
            span,
            standing,
            keeps,
            pending: BTreeMap::new(),
            pending_bytes: 0,
            guard: None,
        }))
    }

    /// The state of the tiles, sealed up to `sealed` if any frame is before that.
    async fn sealed_state(
        &self,
        metric_id: MetricId,
        kept: Option<TileState>,
        grid: &Grid,
        first: Timestamp,
        sealed: Timestamp,
    ) -> Result<Option<TileState>> {
        match kept {
            Some(state) if state.spans == grid.spans() && sealed <= state.sealed => Ok(Some(state)),
            _ if first < sealed => Ok(Some(
                self.store.tiles().seal_tiles(metric_id, grid.spans(), sealed).await?,
            )),
            _ => Ok(None),
        }
    }
}

impl View<'_> {
    /// The level whose buckets make up columns on buckets of this width.
    pub(crate) fn level_for(&self, bucket_micros: i64) -> u8 {
        self.grid.level_for(bucket_micros)
    }

    /// Gives all that is stored in a range, in buckets of a level where they lie wholly in it, and finer at its ends.
    pub(crate) async fn visit(
        &mut self,
        subject: &Subject,
        range: TimeRange,
        level: u8,
        sink: &mut (impl FnMut(Piece<'_>) + Send),
    ) -> Result<()> {
        let Some(range) = range.intersection(self.span) else {
            return Ok(());
        };
        let plan = self.grid.plan(level, range, self.sealed_us);
        match subject {
            Subject::Channels(channels) => {
                for of_block in channels.chunk_by(|left, right| left / BLOCK_CHANNELS == right / BLOCK_CHANNELS) {
                    self.visit_block(of_block, &plan.steps, sink).await?;
                }
                self.visit_raw(ChannelFilter::Only(channels.clone()), plan.tail, |frame| {
                    for sample in &frame.samples {
                        sink(Piece::Sample {
                            channel: sample.channel,
                            time_us: frame.time.as_micros(),
                            value: sample.value,
                        });
                    }
                })
                .await
            }
            // The band of one channel is that channel.
            Subject::Band if self.n_channels <= 1 => {
                let mut as_band = |piece: Piece<'_>| sink(piece.of_band());
                self.visit_block(&[0], &plan.steps, &mut as_band).await?;
                self.visit_raw(ChannelFilter::Only(vec![0]), plan.tail, |frame| {
                    sink(Piece::Frame {
                        time_us: frame.time.as_micros(),
                        band: band_of(frame),
                    });
                })
                .await
            }
            Subject::Band => {
                self.visit_band(&plan.steps, sink).await?;
                self.visit_raw(ChannelFilter::All, plan.tail, |frame| {
                    sink(Piece::Frame {
                        time_us: frame.time.as_micros(),
                        band: band_of(frame),
                    });
                })
                .await
            }
        }
    }

    /// How many channels the metric had when it was looked at.
    pub(crate) fn n_channels(&self) -> u32 {
        self.n_channels
    }

    /// How to answer for a range from buckets of a level where they lie wholly in it, and finer at its ends.
    pub(crate) fn plan(&self, range: TimeRange, level: u8) -> Plan {
        let range = range.intersection(self.span);
        range.map_or_else(Plan::default, |range| self.grid.plan(level, range, self.sealed_us))
    }

    /// Gives the tiles of a block that a plan names: of buckets at least that part, whole where it is at hand or not so
    /// simple.
    pub(crate) async fn visit_tiles(
        &mut self,
        block: u32,
        steps: &[Step],
        part: Part,
        sink: &mut (impl FnMut(TilePart<'_>) + Send),
    ) -> Result<()> {
        for steps in steps_to_read(steps) {
            let part = if steps.first().is_some_and(|step| step.level == SAMPLES) {
                Part::Whole
            } else {
                part
            };
            for (step, tile) in steps.iter().zip(self.load_steps(steps, block, part).await?) {
                sink(TilePart {
                    step,
                    bucket_micros: self.grid.bucket_micros(step.level),
                    tile: &tile,
                });
            }
        }
        Ok(())
    }

    async fn visit_block(
        &mut self,
        channels: &[u32],
        steps: &[Step],
        sink: &mut (impl FnMut(Piece<'_>) + Send),
    ) -> Result<()> {
        let block = channels.first().map_or(0, |channel| channel / BLOCK_CHANNELS);
        for steps in steps_to_read(steps) {
            for (step, tile) in steps.iter().zip(self.load_steps(steps, block, Part::Whole).await?) {
                for channel in channels {
                    self.give_channel(*channel, step, &tile, sink);
                }
            }
            yield_now().await;
        }
        Ok(())
    }

    fn give_channel(&self, channel: u32, step: &Step, tile: &Decoded, sink: &mut impl FnMut(Piece<'_>)) {
        let place = channel % BLOCK_CHANNELS;
        match tile {
            Decoded::Samples(tile) => {
                for (time_us, value) in tile.channel(place) {
                    if step.from_us <= time_us && time_us < step.to_us {
                        sink(Piece::Sample {
                            channel,
                            time_us,
                            value,
                        });
                    }
                }
            }
            Decoded::Buckets(tile) => self.give_buckets(Some(channel), step, tile.channel(place), sink),
            Decoded::Empty | Decoded::Frames(_) | Decoded::Numbers(_) | Decoded::Band(_) => {}
        }
    }

    async fn visit_band(&mut self, steps: &[Step], sink: &mut (impl FnMut(Piece<'_>) + Send)) -> Result<()> {
        for steps in steps_to_read(steps) {
            for (step, tile) in steps.iter().zip(self.load_steps(steps, BAND, Part::Whole).await?) {
                match tile {
                    Decoded::Frames(tile) => {
                        for (time_us, band) in tile.times_us.iter().zip(&tile.bands) {
                            if step.from_us <= *time_us && *time_us < step.to_us {
                                sink(Piece::Frame {
                                    time_us: *time_us,
                                    band: *band,
                                });
                            }
                        }
                    }
                    Decoded::Band(tile) => {
                        let buckets = tile.positions.iter().copied().zip(&tile.buckets);
                        self.give_buckets(None, step, buckets, sink);
                    }
                    Decoded::Empty | Decoded::Samples(_) | Decoded::Buckets(_) | Decoded::Numbers(_) => {}
                }
            }
            yield_now().await;
        }
        Ok(())
    }

    fn give_buckets<'b>(
        &self,
        channel: Option<u32>,
        step: &Step,
        buckets: impl Iterator<Item = (u8, &'b Bucket)>,
        sink: &mut impl FnMut(Piece<'_>),
    ) {
        let width = self.grid.bucket_micros(step.level);
        for (position, bucket) in buckets {
            let start_us = step.start_us + i64::from(position) * width;
            if step.from_us <= start_us && start_us < step.to_us {
                sink(Piece::Bucket {
                    channel,
                    start_us,
                    end_us: start_us + width,
                    bucket,
                });
            }
        }
    }

    /// Gives the raw frames of a range.
    pub(crate) async fn visit_raw(
        &self,
        channels: ChannelFilter,
        range_us: Option<(i64, i64)>,
        mut give: impl FnMut(&crate::store::FrameRead) + Send,
    ) -> Result<()> {
        let Some((from_us, to_us)) = range_us else {
            return Ok(());
        };
        let at = Timestamp::saturating_from_micros;
        let Ok(range) = TimeRange::new(at(from_us), at(to_us)) else {
            return Ok(());
        };
        let mut chunks = self.pyramid.store.scan(self.metric_id, range, channels);
        while let Some(frames) = chunks.try_next().await? {
            frames.iter().for_each(&mut give);
            // Where a client that is gone is noticed, and others get their turn.
            yield_now().await;
        }
        Ok(())
    }

    async fn load_steps(&mut self, steps: &[Step], block: u32, part: Part) -> Result<Vec<Decoded>> {
        let level = steps.first().map_or(SAMPLES, |step| step.level);
        let starts: Vec<i64> = steps.iter().map(|step| step.start_us).collect();
        self.load_part(level, block, &starts, part).await
    }

    /// The tiles of a level and block with these starts, which rise; what is missing is derived.
    pub(super) async fn load(&mut self, level: u8, block: u32, starts: &[i64]) -> Result<Vec<Decoded>> {
        self.load_part(level, block, starts, Part::Whole).await
    }

    async fn load_part(&mut self, level: u8, block: u32, starts: &[i64], part: Part) -> Result<Vec<Decoded>> {
        let mut tiles: Vec<Option<Decoded>> = starts
            .iter()
            .map(|start_us| self.cached(level, block, *start_us, part))
            .inspect(|tile| self.pyramid.figures.note(tile.is_some()))
            .collect();
        if tiles.iter().any(Option::is_none) {
            self.read_missing(level, block, starts, part, &mut tiles).await?;
        }
        if tiles.iter().any(Option::is_none) && self.guard.is_none() {
            self.guard = Some(self.pyramid.builder(self.metric_id).lock_owned().await);
            // Whoever had it before may have derived just these.
            self.read_missing(level, block, starts, part, &mut tiles).await?;
        }
        let mut loaded = Vec::with_capacity(starts.len());
        for (start_us, tile) in starts.iter().zip(tiles) {
            loaded.push(match tile {
                Some(tile) => tile,
                None => match self.cached(level, block, *start_us, part) {
                    // Derived together with one before.
                    Some(tile) => tile,
                    None => Box::pin(self.build(level, block, *start_us)).await?,
                },
            });
        }
        Ok(loaded)
    }

    fn cached(&self, level: u8, block: u32, start_us: i64, part: Part) -> Option<Decoded> {
        let tile = TileKey { level, start_us, block };
        let cached = |part: Part| self.pyramid.cache.get(&self.cache_key(tile, part));
        let whole = || (part != Part::Whole).then(|| cached(Part::Whole)).flatten();
        cached(part).or_else(whole).or_else(|| {
            let bytes = self.pending.get(&tile)?;
            codec::decode_part(bytes, self.place(tile), part).ok()
        })
    }

    async fn read_missing(
        &self,
        level: u8,
        block: u32,
        starts: &[i64],
        part: Part,
        tiles: &mut [Option<Decoded>],
    ) -> Result<()> {
        let mut missing = starts
            .iter()
            .zip(&*tiles)
            .filter(|(_, tile)| tile.is_none())
            .map(|(start_us, _)| *start_us);
        let Some(first_us) = missing.next() else { return Ok(()) };
        let last_us = missing.next_back().unwrap_or(first_us);
        let stored = self
            .pyramid
            .store
            .tiles()
            .read_tiles(self.metric_id, level, block, first_us, last_us)
            .await?;
        for tile in stored {
            let Ok(index) = starts.binary_search(&tile.key.start_us) else {
                continue;
            };
            if tiles[index].is_some() {
                continue;
            }
            match codec::decode_part(&tile.bytes, self.place(tile.key), part) {
                Ok(decoded) => {
                    self.pyramid
                        .cache
                        .insert(self.cache_key(tile.key, part), decoded.clone());
                    tiles[index] = Some(decoded);
                }
                Err(error) => {
                    tracing::warn!(metric_id = self.metric_id.0, key = ?tile.key, %error, "a tile is damaged and derived again: {error}");
                }
            }
        }
        Ok(())
    }

    pub(super) fn cache_key(&self, tile: TileKey, part: Part) -> CacheKey {
        CacheKey {
            metric_id: self.metric_id,
            generation: self.generation,
            tile,
            part,
        }
    }

    pub(super) fn place(&self, key: TileKey) -> codec::Place {
        codec::Place {
            block: key.block,
            start_us: key.start_us,
            bucket_micros: self.grid.bucket_micros(key.level),
        }
    }

    /// Stores what was derived meanwhile. What the store refuses, because of a late write, is derived again by the next.
    pub(crate) async fn finish(mut self) -> Result<()> {
        match self.flush().await {
            Ok(()) | Err(Error::Moved) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Neighboring steps of one level that are read at once.
fn steps_to_read(steps: &[Step]) -> impl Iterator<Item = &[Step]> {
    let of_one_level = steps.chunk_by(|left, right| left.level == right.level);
    of_one_level.flat_map(|steps| steps.chunks(READ_TILES))
}
