//! A store inside the process, for tests and trials: what it holds ends with it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use futures_util::stream;
use shared::time::{TimeRange, Timestamp};

use super::records::RecordStore;
use super::retention::{RetentionStore, check_not_forgotten};
use super::row::{Row, check_frame};
use super::snapshot::SnapshotStore;
use super::tiles::TileStore;
use super::{
    CatalogueStore, ChannelFilter, ChannelSample, Error, Frame, FrameRead, FrameStore, MetricId, MetricProperties,
    Result, SCAN_CHUNK_SAMPLES, Store, StoredMetric,
};

mod tiles;

mod keep;

mod records;

/// Raw samples in memory, and what is derived from them.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    state: Arc<RwLock<State>>,
}

#[derive(Clone, Debug, Default)]
struct State {
    closed: bool,
    metrics: BTreeMap<MetricId, StoredMetric>,
    rows: BTreeMap<MetricId, BTreeMap<Timestamp, Row>>,
    /// The newest time of each channel.
    newest: BTreeMap<MetricId, BTreeMap<u32, Timestamp>>,
    tiles: BTreeMap<MetricId, tiles::MetricTiles>,
    records: records::Records,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn read(&self) -> Result<RwLockReadGuard<'_, State>> {
        // A panic while the lock was held cannot leave a batch half written: batches are checked before.
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.closed { Err(Error::closed()) } else { Ok(state) }
    }

    fn write_lock(&self) -> Result<RwLockWriteGuard<'_, State>> {
        let state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.closed { Err(Error::closed()) } else { Ok(state) }
    }

    /// The next frames of a scan, from `start` on; and where to go on, `None` at the end.
    fn chunk(
        &self,
        metric_id: MetricId,
        start: Bound<Timestamp>,
        end: Timestamp,
        channels: &ChannelFilter,
    ) -> Result<(Vec<FrameRead>, Option<Timestamp>)> {
        let state = self.read()?;
        let mut frames = Vec::new();
        let mut n_samples = 0;
        let Some(rows) = state.rows.get(&metric_id) else {
            return Ok((frames, None));
        };
        for (time, row) in rows.range((start, Bound::Excluded(end))) {
            if let Some(frame) = row.read(*time, channels) {
                n_samples += frame.samples.len();
                frames.push(frame);
            }
            if SCAN_CHUNK_SAMPLES <= n_samples {
                return Ok((frames, Some(*time)));
            }
        }
        Ok((frames, None))
    }
}

#[async_trait]
impl CatalogueStore for MemoryStore {
    async fn metrics(&self) -> Result<Vec<StoredMetric>> {
        Ok(self.read()?.metrics.values().cloned().collect())
    }

    async fn metric_by_name(&self, name: &str) -> Result<Option<StoredMetric>> {
        Ok(self
            .read()?
            .metrics
            .values()
            .find(|metric| metric.name == name)
            .cloned())
    }

    async fn ensure_metric(&self, name: &str, channel_labels: &[String]) -> Result<StoredMetric> {
        let mut state = self.write_lock()?;
        let known = state
            .metrics
            .values()
            .find(|metric| metric.name == name)
            .map(|metric| metric.id);
        let next_id = state.metrics.keys().next_back().map_or(1, |last| last.0 + 1);
        let metric = state
            .metrics
            .entry(known.unwrap_or(MetricId(next_id)))
            .or_insert_with_key(|id| StoredMetric::new(*id, name));
        metric.add_labels(channel_labels);
        Ok(metric.clone())
    }

    async fn set_properties(&self, metric_id: MetricId, properties: &MetricProperties) -> Result<()> {
        if let Some(metric) = self.write_lock()?.metrics.get_mut(&metric_id) {
            metric.properties = properties.clone();
        }
        Ok(())
    }
}

#[async_trait]
impl FrameStore for MemoryStore {
    async fn write(&self, frames: &[Frame]) -> Result<()> {
        let mut state = self.write_lock()?;
        for frame in frames {
            let metric = state.metrics.get(&frame.metric_id);
            check_frame(frame, metric.map(|metric| metric.channel_labels.len()))?;
            if let Some(tiles) = state.tiles.get(&frame.metric_id) {
                check_not_forgotten(frame.metric_id, &tiles.state, &[frame.time.as_micros()])?;
            }
        }
        for frame in frames {
            let Some(newer) = Row::from_frame(frame) else { continue };
            let newest = state.newest.entry(frame.metric_id).or_default();
            for sample in newer.samples() {
                let time = newest.entry(sample.channel).or_insert(frame.time);
                *time = frame.time.max(*time);
            }
            let rows = state.rows.entry(frame.metric_id).or_default();
            let merged = rows.get(&frame.time).map(|older| older.merged_with(&newer));
            rows.insert(frame.time, merged.unwrap_or(newer));
        }
        for (metric_id, tiles) in &mut state.tiles {
            let times = frames.iter().filter(|frame| frame.metric_id == *metric_id);
            let mut times_us: Vec<i64> = times.map(|frame| frame.time.as_micros()).collect();
            times_us.sort_unstable();
            tiles.invalidate(&times_us);
        }
        Ok(())
    }

    fn scan(
        &self,
        metric_id: MetricId,
        range: TimeRange,
        channels: ChannelFilter,
    ) -> BoxStream<'_, Result<Vec<FrameRead>>> {
        let first = Some(Bound::Included(range.start()));
        stream::unfold((first, channels), move |(start, channels)| async move {
            let start = start?;
            match self.chunk(metric_id, start, range.end(), &channels) {
                Ok((frames, _end)) if frames.is_empty() => None,
                Ok((frames, next)) => Some((Ok(frames), (next.map(Bound::Excluded), channels))),
                Err(error) => Some((Err(error), (None, channels))),
            }
        })
        .boxed()
    }

    async fn latest(&self, metric_id: MetricId) -> Result<Vec<(Timestamp, ChannelSample)>> {
        let state = self.read()?;
        let (Some(newest), Some(rows)) = (state.newest.get(&metric_id), state.rows.get(&metric_id)) else {
            return Ok(Vec::new());
        };
        let sample = |(channel, time): (&u32, &Timestamp)| {
            let row = rows.get(time)?;
            Some((*time, row.sample(row.position(*channel)?)))
        };
        Ok(newest.iter().filter_map(sample).collect())
    }

    async fn span(&self, metric_id: MetricId) -> Result<Option<(Timestamp, Timestamp)>> {
        let state = self.read()?;
        let ends = state.rows.get(&metric_id).and_then(|rows| {
            let (first, _) = rows.first_key_value()?;
            let (last, _) = rows.last_key_value()?;
            Some((*first, *last))
        });
        Ok(ends)
    }

    async fn newest_before(&self, metric_id: MetricId, before: Timestamp) -> Result<Option<Timestamp>> {
        let state = self.read()?;
        let newest = state
            .rows
            .get(&metric_id)
            .and_then(|rows| rows.range(..before).next_back())
            .map(|(time, _)| *time);
        Ok(newest)
    }

    async fn count_frames(&self, metric_id: MetricId, ranges: &[TimeRange]) -> Result<Vec<u64>> {
        let state = self.read()?;
        let rows = state.rows.get(&metric_id);
        let count = |range: &TimeRange| rows.map_or(0, |rows| rows.range(range.start()..range.end()).count() as u64);
        Ok(ranges.iter().map(count).collect())
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn tiles(&self) -> &dyn TileStore {
        self
    }

    fn retention(&self) -> &dyn RetentionStore {
        self
    }

    fn snapshots(&self) -> &dyn SnapshotStore {
        self
    }

    fn records(&self) -> &dyn RecordStore {
        self
    }

    async fn ping(&self) -> Result<()> {
        self.read().map(drop)
    }

    async fn close(&self) {
        self.state.write().unwrap_or_else(PoisonError::into_inner).closed = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::{Harness, store_conformance};
    use crate::store::keep_conformance::keep_conformance;
    use crate::store::record_conformance::record_conformance;

    struct Memory;

    impl Harness for Memory {
        async fn empty() -> (Arc<dyn Store>, Box<dyn Send>) {
            (Arc::new(MemoryStore::new()), Box::new(()))
        }
    }

    store_conformance!(Memory);
    keep_conformance!(Memory);
    record_conformance!(Memory);
}
