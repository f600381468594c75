//! Tiles in memory, under the same lock as the samples.

use std::collections::BTreeMap;

use async_trait::async_trait;
use shared::time::Timestamp;

use super::super::retention::TilePlan;
use super::super::tiles::{StoredSizes, Tile, TileKey, TileSpan, TileState, TileStore, starts_of_runs};
use super::super::{Channels, Error, MetricId, Result};
use super::MemoryStore;

/// The tiles of one metric.
#[derive(Clone, Debug)]
pub(super) struct MetricTiles {
    pub(super) state: TileState,
    pub(super) tiles: BTreeMap<TileKey, Vec<u8>>,
}

impl MetricTiles {
    fn drop_all(&mut self) {
        for (level, from_us) in self.state.droppable() {
            let removed = self.tiles.extract_if(keys(level, from_us, i64::MAX), |_, _| true);
            removed.for_each(drop);
        }
        self.state.generation += 1;
    }

    /// Removes tiles because of their age.
    pub(super) fn forget(&mut self, plan: &TilePlan) {
        for (level, before_us) in &plan.starts_before_us {
            let before = keys(*level, i64::MIN, before_us.saturating_sub(1));
            self.tiles.extract_if(before, |_, _| true).for_each(drop);
        }
        self.state.standing = plan.standing;
        self.state.generation += 1;
    }

    /// Removes the tiles over the times of samples that were written, which rise.
    pub(super) fn invalidate(&mut self, times_us: &[i64]) {
        let sealed_us = self.state.sealed.as_micros();
        let late = &times_us[..times_us.partition_point(|time_us| *time_us < sealed_us)];
        if late.is_empty() {
            return;
        }
        self.state.generation += 1;
        for span in &self.state.spans {
            for (first_us, last_us) in starts_of_runs(*span, late) {
                let removed = self.tiles.extract_if(keys(span.level, first_us, last_us), |_, _| true);
                removed.for_each(drop);
            }
        }
    }
}

/// All blocks of the tiles of a level that start in `first_us..=last_us`.
pub(super) fn keys(level: u8, first_us: i64, last_us: i64) -> std::ops::RangeInclusive<TileKey> {
    let key = |start_us, block| TileKey { level, start_us, block };
    key(first_us, u32::MIN)..=key(last_us, u32::MAX)
}

#[async_trait]
impl TileStore for MemoryStore {
    async fn tile_state(&self, metric_id: MetricId) -> Result<Option<TileState>> {
        Ok(self.read()?.tiles.get(&metric_id).map(|tiles| tiles.state.clone()))
    }

    async fn seal_tiles(&self, metric_id: MetricId, spans: &[TileSpan], until: Timestamp) -> Result<TileState> {
        let mut state = self.write_lock()?;
        if !state.metrics.contains_key(&metric_id) {
            return Err(Error::Invalid(format!("there is no metric {}", metric_id.0)));
        }
        let kept = state.tiles.entry(metric_id).or_insert_with(|| MetricTiles {
            state: TileState::new(spans, until),
            tiles: BTreeMap::new(),
        });
        let (sealed, all_go) = kept.state.sealed_again(spans, until);
        if all_go {
            kept.tiles.clear();
        }
        kept.state = sealed;
        Ok(kept.state.clone())
    }

    async fn read_tiles(
        &self,
        metric_id: MetricId,
        level: u8,
        block: u32,
        first_us: i64,
        last_us: i64,
    ) -> Result<Vec<Tile>> {
        let state = self.read()?;
        let Some(kept) = state.tiles.get(&metric_id).filter(|_| first_us <= last_us) else {
            return Ok(Vec::new());
        };
        let of_block = kept
            .tiles
            .range(keys(level, first_us, last_us))
            .filter(|(key, _)| key.block == block);
        let tile = |(key, bytes): (&TileKey, &Vec<u8>)| Tile {
            key: *key,
            bytes: bytes.clone(),
        };
        Ok(of_block.map(tile).collect())
    }

    async fn put_tiles(&self, metric_id: MetricId, generation: u64, tiles: Vec<Tile>) -> Result<bool> {
        let mut state = self.write_lock()?;
        let kept = state.tiles.get_mut(&metric_id);
        let Some(kept) = kept.filter(|kept| kept.state.generation == generation) else {
            return Ok(false);
        };
        kept.tiles.extend(tiles.into_iter().map(|tile| (tile.key, tile.bytes)));
        Ok(true)
    }

    async fn drop_tiles(&self, metric_id: MetricId) -> Result<()> {
        if let Some(kept) = self.write_lock()?.tiles.get_mut(&metric_id) {
            kept.drop_all();
        }
        Ok(())
    }

    async fn list_tiles(&self, metric_id: MetricId) -> Result<Vec<TileKey>> {
        let state = self.read()?;
        let kept = state.tiles.get(&metric_id);
        Ok(kept.map_or_else(Vec::new, |kept| kept.tiles.keys().copied().collect()))
    }

    async fn stored_sizes(&self, metric_id: MetricId) -> Result<StoredSizes> {
        let state = self.read()?;
        let mut sizes = StoredSizes::default();
        for row in state.rows.get(&metric_id).into_iter().flat_map(BTreeMap::values) {
            sizes.frames += 1;
            sizes.values += row.len() as u64;
            sizes.raw_bytes += 16 + 8 * row.len() as u64;
            if let Channels::Sparse(channels) = &row.channels {
                sizes.raw_bytes += 4 * channels.len() as u64;
            }
        }
        if let Some(kept) = state.tiles.get(&metric_id) {
            sizes.tiles = kept.tiles.len() as u64;
            sizes.tile_bytes = kept.tiles.values().map(|bytes| bytes.len() as u64).sum();
        }
        Ok(sizes)
    }
}
