//! Forgetting and snapshots in memory.

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use shared::time::{TimeRange, Timestamp};

use super::super::records::{Event, Place, Record};
use super::super::retention::{Forgetting, Horizon, RetentionStore};
use super::super::snapshot::{Snapshot, SnapshotStore};
use super::super::tiles::{Tile, TileState, TileStore as _};
use super::super::{ChannelFilter, FrameRead, FrameStore as _, MetricId, Result, StoredMetric};
use super::{MemoryStore, tiles};

#[async_trait]
impl RetentionStore for MemoryStore {
    async fn drop_before(&self, metric_id: MetricId, horizon: &Horizon) -> Result<Option<u64>> {
        let mut state = self.write_lock()?;
        let state = &mut *state;
        let kept = state.tiles.get_mut(&metric_id);
        let rows = state.rows.entry(metric_id).or_default();
        let oldest = rows.first_key_value().map(|(time, _)| *time);
        let plan = match horizon.apply(kept.as_deref().map(|kept| &kept.state), oldest)? {
            Forgetting::Nothing => return Ok(Some(0)),
            Forgetting::Moved => return Ok(None),
            Forgetting::Due(plan) => plan,
        };
        let n_before = rows.len();
        *rows = rows.split_off(&horizon.frames);
        if let Some(newest) = state.newest.get_mut(&metric_id) {
            newest.retain(|_, time| horizon.frames <= *time);
        }
        if let Some((kept, plan)) = kept.zip(plan) {
            kept.forget(&plan);
        }
        Ok(Some((n_before - rows.len()) as u64))
    }
}

#[async_trait]
impl SnapshotStore for MemoryStore {
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        let copy = self.read()?.clone();
        Ok(Box::new(MemoryStore {
            state: std::sync::Arc::new(copy.into()),
        }))
    }
}

/// A copy of which nobody else knows.
#[async_trait]
impl Snapshot for MemoryStore {
    async fn metrics(&mut self) -> Result<Vec<StoredMetric>> {
        self.read().map(|state| state.metrics.values().cloned().collect())
    }

    async fn span(&mut self, metric_id: MetricId) -> Result<Option<(Timestamp, Timestamp)>> {
        super::FrameStore::span(self, metric_id).await
    }

    fn frames(&mut self, metric_id: MetricId) -> BoxStream<'_, Result<Vec<FrameRead>>> {
        self.scan(metric_id, TimeRange::ALL, ChannelFilter::All).boxed()
    }

    async fn standing(&mut self, metric_id: MetricId) -> Result<Option<TileState>> {
        let state = self.tile_state(metric_id).await?;
        Ok(state.filter(|state| state.standing.is_some()))
    }

    async fn finest_tiles(&mut self, metric_id: MetricId, level: u8, first_us: i64, last_us: i64) -> Result<Vec<Tile>> {
        let state = self.read()?;
        let Some(kept) = state.tiles.get(&metric_id).filter(|_| first_us <= last_us) else {
            return Ok(Vec::new());
        };
        let tile = |(key, bytes): (&_, &Vec<u8>)| Tile {
            key: *key,
            bytes: bytes.clone(),
        };
        Ok(kept
            .tiles
            .range(tiles::keys(level, first_us, last_us))
            .map(tile)
            .collect())
    }

    async fn records(&mut self) -> Result<Vec<(String, Record)>> {
        let state = self.read()?;
        let record = |((collection, key), (version, body)): (&Place, &(u64, String))| {
            let (key, body, version) = (key.clone(), body.clone(), *version);
            (collection.clone(), Record { key, version, body })
        };
        Ok(state.records.kept.iter().map(record).collect())
    }

    fn events(&mut self) -> BoxStream<'_, Result<Vec<(String, Event)>>> {
        let all = self.read().map(|state| state.records.all_events());
        stream::once(std::future::ready(all)).boxed()
    }
}
