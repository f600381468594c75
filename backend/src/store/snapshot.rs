//! One committed state of everything that cannot be derived, for backups.

use std::fmt;

use async_trait::async_trait;
use futures_core::stream::{BoxStream, Stream};
use futures_util::stream::TryChunksError;
use futures_util::{StreamExt as _, TryStreamExt as _};
use shared::time::Timestamp;

use super::records::{Event, Record};
use super::tiles::{Tile, TileState};
use super::{FrameRead, MetricId, Result, StoredMetric};

/// How many events make a chunk.
const EVENTS_PER_CHUNK: usize = 1000;

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

    /// All records by rising collection and key; with each its collection.
    async fn records(&mut self) -> Result<Vec<(String, Record)>>;

    /// All events by rising log and time, in chunks of bounded size; with each its log.
    fn events(&mut self) -> BoxStream<'_, Result<Vec<(String, Event)>>>;
}

/// Events that come one by one as a snapshot gives them.
pub(super) fn chunks_of_events<'a>(
    events: impl Stream<Item = Result<(String, Event)>> + Send + 'a,
) -> BoxStream<'a, Result<Vec<(String, Event)>>> {
    let chunks = events.try_chunks(EVENTS_PER_CHUNK);
    // An error takes those before it in its chunk with it.
    chunks.map_err(|TryChunksError(_, error)| error).boxed()
}
