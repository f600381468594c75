//! One committed state of everything that cannot be derived, for backups.

use std::fmt;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use shared::time::Timestamp;

use super::tiles::{Tile, TileState};
use super::{FrameRead, MetricId, Result, StoredMetric};

/// Shows one moment of a store while others go on writing.
#[async_trait]
pub trait SnapshotStore: fmt::Debug + Send + Sync + 'static {
    /// The store as it is now: all that was acknowledged before, and of each batch that is written meanwhile all or nothing.
    ///
    /// MongoDB shows one moment of its catalogue only: of a batch that is written meanwhile a part may be there.
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>>;
}

/// A store as it was at one moment. Holds a connection, and room of what others delete, until it is dropped.
#[async_trait]
pub trait Snapshot: Send {
    /// All metrics by rising id.
    async fn metrics(&mut self) -> Result<Vec<StoredMetric>>;

    /// The times of a metric's oldest and newest frame; `None` where it has none.
    async fn span(&mut self, metric_id: MetricId) -> Result<Option<(Timestamp, Timestamp)>>;

    /// All frames of a metric by rising time, in chunks of bounded size.
    fn frames(&mut self, metric_id: MetricId) -> BoxStream<'_, Result<Vec<FrameRead>>>;

    /// What is known of a metric's tiles, where some stand for samples.
    async fn standing(&mut self, metric_id: MetricId) -> Result<Option<TileState>>;

    /// The finest tiles that start in `first_us..=last_us`, of all blocks, by rising start.
    async fn finest_tiles(&mut self, metric_id: MetricId, level: u8, first_us: i64, last_us: i64) -> Result<Vec<Tile>>;
}
