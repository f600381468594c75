//! A store that is watched: the same store, with each call timed and each failure counted.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use shared::time::{TimeRange, Timestamp};

use super::store::{Operation, StoreFigures};
use crate::store::changes::ChangeFeed;
use crate::store::records::RecordStore;
use crate::store::retention::RetentionStore;
use crate::store::snapshot::SnapshotStore;
use crate::store::tiles::{StoredSizes, Tile, TileKey, TileSpan, TileState, TileStore};
use crate::store::{
    CatalogueStore, ChannelFilter, ChannelSample, Frame, FrameRead, FrameStore, MetricId, MetricProperties, Result,
    Store, StoredMetric,
};

/// A store with its figures.
#[derive(Debug)]
pub struct MeasuredStore {
    inner: Arc<dyn Store>,
    figures: StoreFigures,
    tiles: MeasuredTiles,
}

/// Its tiles.
#[derive(Debug)]
struct MeasuredTiles {
    inner: Arc<dyn Store>,
    figures: StoreFigures,
}

impl MeasuredStore {
    /// Watches a store.
    pub fn new(inner: Arc<dyn Store>, figures: StoreFigures) -> Self {
        Self {
            tiles: MeasuredTiles {
                inner: Arc::clone(&inner),
                figures: figures.clone(),
            },
            inner,
            figures,
        }
    }
}

#[async_trait]
impl CatalogueStore for MeasuredStore {
    async fn metrics(&self) -> Result<Vec<StoredMetric>> {
        let started = Instant::now();
        self.figures
            .note(Operation::Catalogue, started, self.inner.metrics().await)
    }

    async fn metric_by_name(&self, name: &str) -> Result<Option<StoredMetric>> {
        let started = Instant::now();
        let found = self.inner.metric_by_name(name).await;
        self.figures.note(Operation::LookUp, started, found)
    }

    async fn ensure_metric(&self, name: &str, channel_labels: &[String]) -> Result<StoredMetric> {
        let started = Instant::now();
        let metric = self.inner.ensure_metric(name, channel_labels).await;
        self.figures.note(Operation::Describe, started, metric)
    }

    async fn set_properties(&self, metric_id: MetricId, properties: &MetricProperties) -> Result<()> {
        let started = Instant::now();
        let set = self.inner.set_properties(metric_id, properties).await;
        self.figures.note(Operation::Describe, started, set)
    }
}

#[async_trait]
impl FrameStore for MeasuredStore {
    async fn write(&self, frames: &[Frame]) -> Result<()> {
        let started = Instant::now();
        self.figures
            .note(Operation::Write, started, self.inner.write(frames).await)
    }

    fn scan(
        &self,
        metric_id: MetricId,
        range: TimeRange,
        channels: ChannelFilter,
    ) -> BoxStream<'_, Result<Vec<FrameRead>>> {
        let mut started = Some(Instant::now());
        let chunks = self.inner.scan(metric_id, range, channels);
        chunks
            .map(move |chunk| match (started.take(), &chunk) {
                (Some(started), _) => self.figures.note(Operation::Scan, started, chunk),
                // Later chunks come when the reader takes them; only their failures say something of the store.
                (None, Err(_)) => self.figures.note(Operation::Scan, Instant::now(), chunk),
                (None, Ok(_)) => chunk,
            })
            .boxed()
    }

    async fn latest(&self, metric_id: MetricId) -> Result<Vec<(Timestamp, ChannelSample)>> {
        let started = Instant::now();
        self.figures
            .note(Operation::Latest, started, self.inner.latest(metric_id).await)
    }

    async fn span(&self, metric_id: MetricId) -> Result<Option<(Timestamp, Timestamp)>> {
        let started = Instant::now();
        self.figures
            .note(Operation::LookUp, started, self.inner.span(metric_id).await)
    }

    async fn newest_before(&self, metric_id: MetricId, before: Timestamp) -> Result<Option<Timestamp>> {
        let started = Instant::now();
        let newest = self.inner.newest_before(metric_id, before).await;
        self.figures.note(Operation::LookUp, started, newest)
    }

    async fn count_frames(&self, metric_id: MetricId, ranges: &[TimeRange]) -> Result<Vec<u64>> {
        let started = Instant::now();
        let counts = self.inner.count_frames(metric_id, ranges).await;
        self.figures.note(Operation::Scan, started, counts)
    }
}

#[async_trait]
impl TileStore for MeasuredTiles {
    async fn keeps_tiles(&self, metric_id: MetricId) -> Result<bool> {
        self.inner.tiles().keeps_tiles(metric_id).await
    }

    async fn tile_state(&self, metric_id: MetricId) -> Result<Option<TileState>> {
        let started = Instant::now();
        let state = self.inner.tiles().tile_state(metric_id).await;
        self.figures.note(Operation::LookUp, started, state)
    }

    async fn seal_tiles(&self, metric_id: MetricId, spans: &[TileSpan], until: Timestamp) -> Result<TileState> {
        let started = Instant::now();
        let state = self.inner.tiles().seal_tiles(metric_id, spans, until).await;
        self.figures.note(Operation::WriteTiles, started, state)
    }

    async fn read_tiles(
        &self,
        metric_id: MetricId,
        level: u8,
        block: u32,
        first_us: i64,
        last_us: i64,
    ) -> Result<Vec<Tile>> {
        let started = Instant::now();
        let tiles = self
            .inner
            .tiles()
            .read_tiles(metric_id, level, block, first_us, last_us);
        self.figures.note(Operation::ReadTiles, started, tiles.await)
    }

    async fn put_tiles(&self, metric_id: MetricId, generation: u64, tiles: Vec<Tile>) -> Result<bool> {
        let started = Instant::now();
        let put = self.inner.tiles().put_tiles(metric_id, generation, tiles).await;
        self.figures.note(Operation::WriteTiles, started, put)
    }

    async fn drop_tiles(&self, metric_id: MetricId) -> Result<()> {
        let started = Instant::now();
        let dropped = self.inner.tiles().drop_tiles(metric_id).await;
        self.figures.note(Operation::WriteTiles, started, dropped)
    }

    async fn list_tiles(&self, metric_id: MetricId) -> Result<Vec<TileKey>> {
        let started = Instant::now();
        let tiles = self.inner.tiles().list_tiles(metric_id).await;
        self.figures.note(Operation::ReadTiles, started, tiles)
    }

    async fn stored_sizes(&self, metric_id: MetricId) -> Result<StoredSizes> {
        self.inner.tiles().stored_sizes(metric_id).await
    }
}

#[async_trait]
impl Store for MeasuredStore {
    fn tiles(&self) -> &dyn TileStore {
        &self.tiles
    }

    fn retention(&self) -> &dyn RetentionStore {
        self.inner.retention()
    }

    fn snapshots(&self) -> &dyn SnapshotStore {
        self.inner.snapshots()
    }

    fn records(&self) -> &dyn RecordStore {
        self.inner.records()
    }

    fn changes(&self) -> Option<&dyn ChangeFeed> {
        self.inner.changes()
    }

    async fn ping(&self) -> Result<()> {
        let started = Instant::now();
        self.figures.note(Operation::Ping, started, self.inner.ping().await)
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
