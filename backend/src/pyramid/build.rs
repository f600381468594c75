//! Deriving tiles that are missing, and storing them.

use futures_util::TryStreamExt as _;
use shared::time::{TimeRange, Timestamp};

use super::grid::{Grid, SAMPLES};
use super::tile::{BAND, BLOCK_CHANNELS, BandTile, BucketTile, Decoded, FrameTile, MAX_FRAMES, Part, SampleTile};
use super::view::View;
use super::{Error, Result, codec};
use crate::store::tiles::{Tile, TileKey};
use crate::store::{ChannelFilter, FrameRead};

/// The most samples that are in memory at once while tiles are derived from them.
const MAX_SAMPLES: usize = 1 << 22;

/// How much is derived before it is stored, and others may go on.
const FLUSH_BYTES: usize = 4 << 20;
const FLUSH_TILES: usize = 1024;

impl View<'_> {
    /// Derives the tiles of all blocks of a level that start at `start_us`, and gives that of one block.
    pub(super) async fn build(&mut self, level: u8, block: u32, start_us: i64) -> Result<Decoded> {
        let built = if level == SAMPLES {
            self.build_samples(start_us).await?
        } else {
            self.build_buckets(level, start_us).await?
        };
        if built.is_empty() {
            // Nothing is stored for it: an empty span is found by the index.
            let key = TileKey { level, start_us, block };
            self.pyramid
                .cache
                .insert(self.cache_key(key, Part::Whole), Decoded::Empty);
            return Ok(Decoded::Empty);
        }
        let mut asked = Decoded::Empty;
        for (built_block, tile) in built {
            let key = TileKey {
                level,
                start_us,
                block: built_block,
            };
            if let Some(bytes) = codec::encode(&tile, self.place(key))? {
                self.pending_bytes += bytes.len();
                self.pending.insert(key, bytes);
            }
            self.pyramid
                .cache
                .insert(self.cache_key(key, Part::Whole), tile.clone());
            if built_block == block {
                asked = tile;
            }
            tokio::task::yield_now().await;
        }
        if FLUSH_BYTES <= self.pending_bytes || FLUSH_TILES <= self.pending.len() {
            self.flush().await?;
        }
        Ok(asked)
    }

    /// The blocks of a metric, the band first where it has one.
    fn blocks(&self, n_channels: u32) -> impl Iterator<Item = u32> + use<> {
        let band = (1 < self.n_channels).then_some(BAND);
        band.into_iter().chain(0..n_channels.div_ceil(BLOCK_CHANNELS).max(1))
    }

    pub(super) async fn build_samples(&self, start_us: i64) -> Result<Vec<(u32, Decoded)>> {
        if self.stands_at(start_us) {
            // What has no tile had no sample.
            return Ok(Vec::new());
        }
        let end_us = start_us.saturating_add(self.grid.span(SAMPLES).span_micros);
        let frames = self.frames(start_us, end_us).await?;
        // Samples that are being deleted while a tile comes to stand for them may have been missed.
        let state = self.pyramid.store.tiles().tile_state(self.metric_id).await?;
        if state
            .and_then(|state| state.standing)
            .is_some_and(|standing| start_us < standing.end().as_micros())
        {
            return Err(Error::Moved);
        }
        if frames.is_empty() {
            return Ok(Vec::new());
        }
        // A channel that came into being since the metric was looked up belongs to its block all the same.
        let in_frames = frames
            .iter()
            .filter_map(|frame| frame.samples.last())
            .map(|sample| sample.channel + 1);
        let n_channels = in_frames.max().unwrap_or(0).max(self.n_channels);
        let mut built = Vec::new();
        for block in self.blocks(n_channels) {
            let tile = if block == BAND {
                Decoded::Frames(FrameTile::of_frames(&frames).into())
            } else {
                Decoded::Samples(SampleTile::of_frames(&frames, block).into())
            };
            built.push((block, tile));
            tokio::task::yield_now().await;
        }
        Ok(built)
    }

    /// Whether tiles stand for the samples of a time.
    pub(super) fn stands_at(&self, time_us: i64) -> bool {
        self.standing
            .is_some_and(|standing| time_us < standing.end().as_micros())
    }

    /// All frames of a span.
    async fn frames(&self, start_us: i64, end_us: i64) -> Result<Vec<FrameRead>> {
        let at = Timestamp::saturating_from_micros;
        let Ok(range) = TimeRange::new(at(start_us), at(end_us)) else {
            return Ok(Vec::new());
        };
        let mut frames = Vec::new();
        let mut n_samples = 0;
        let mut chunks = self.pyramid.store.scan(self.metric_id, range, ChannelFilter::All);
        while let Some(chunk) = chunks.try_next().await? {
            n_samples += chunk.iter().map(|frame| frame.samples.len()).sum::<usize>();
            frames.extend(chunk);
            if MAX_FRAMES < frames.len() || MAX_SAMPLES < n_samples {
                drop(chunks);
                return Err(self.refine().await?);
            }
        }
        Ok(frames)
    }

    /// Makes all tiles of the metric shorter, where that can be, and gives the error to end with.
    async fn refine(&self) -> Result<Error> {
        let Some(finer) = self.grid.finer().filter(|_| self.standing.is_none() && self.keeps) else {
            return Ok(Error::Unsuited);
        };
        let sealed = Timestamp::saturating_from_micros(self.sealed_us);
        self.pyramid
            .store
            .tiles()
            .seal_tiles(self.metric_id, finer.spans(), sealed)
            .await?;
        Ok(Error::Moved)
    }

    pub(super) async fn build_buckets(&mut self, level: u8, start_us: i64) -> Result<Vec<(u32, Decoded)>> {
        let end_us = start_us + self.grid.span(level).span_micros;
        let newest = self
            .pyramid
            .store
            .newest_before(self.metric_id, Timestamp::saturating_from_micros(end_us))
            .await?;
        if newest.is_none_or(|newest| newest.as_micros() < start_us) && !self.stands_at(start_us) {
            return Ok(Vec::new());
        }
        let finer_level = Grid::below(level);
        let finer_span = self.grid.span(finer_level);
        let step = usize::try_from(finer_span.span_micros).unwrap_or(usize::MAX);
        let starts: Vec<i64> = (start_us..end_us).step_by(step).collect();
        let (width, finer_width) = (self.grid.bucket_micros(level), self.grid.bucket_micros(finer_level));
        let mut built = Vec::new();
        for block in self.blocks(self.n_channels) {
            let tiles = self.load(finer_level, block, &starts).await?;
            let finer: Vec<(i64, Decoded)> = starts.iter().copied().zip(tiles).collect();
            let tile = if block == BAND {
                Decoded::Band(BandTile::of_finer(&finer, start_us, width, finer_width).into())
            } else {
                Decoded::Buckets(BucketTile::of_finer(&finer, block, start_us, width, finer_width).into())
            };
            built.push((block, tile));
            tokio::task::yield_now().await;
        }
        Ok(built)
    }

    /// Stores what was derived, and lets others derive.
    pub(super) async fn flush(&mut self) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        self.pending_bytes = 0;
        let tiles: Vec<Tile> = pending.into_iter().map(|(key, bytes)| Tile { key, bytes }).collect();
        let stored = if tiles.is_empty() || !self.keeps {
            true
        } else {
            self.pyramid
                .store
                .tiles()
                .put_tiles(self.metric_id, self.generation, tiles)
                .await?
        };
        self.guard = None;
        if stored { Ok(()) } else { Err(Error::Moved) }
    }
}
