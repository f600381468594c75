//! A PostgreSQL database, through sqlx. Several servers may share one; each sees at once what another has written.
//!
//! The URL is libpq's: `postgres://user@host:5432/database?sslmode=verify-full`, or `postgres:///database?host=/run/postgresql`
//! for a socket. What it leaves out comes from `PGHOST`, `PGUSER`, `PGPASSWORD` and so on, or `~/.pgpass`, which is the
//! better place for a password. `options=-csearch_path%3Dwatchroom` keeps the tables in a schema of that name.
//!
//! # Layout
//!
//! Table `frame` has one row per metric and time, for all channels that have a sample then:
//!
//! | column | |
//! |---|---|
//! | `metric_id`, `time` | which metric, when |
//! | `arrival` | when the values came in; the newest such moment where they came at different times |
//! | `channels` | `NULL`: the values are those of channels 0, 1, 2, …; else the channel of each value, rising |
//! | `values_real` | one `real` per value, where that loses nothing |
//! | `values` | else one `double precision` per value; exactly one of the two is set |
//! | `arrivals` | `NULL`, or one moment per value where they came in at different times |
//!
//! Two columns and not one, because an array has one type of element, and `double precision` for what was measured as
//! `real` would double the database. A NULL element is null ("the sensor said: no value"), `NaN` is not-a-number; a
//! channel without an element has no sample. Table `metric` has the names, `channel` the labels. Channel 18 is element
//! 19, and the view `sample` has one row per sample, so that no one needs to know:
//!
//! ```sql
//! SELECT time, values_real[19] FROM frame WHERE metric_id = 3 AND time >= '2026-11-20 12:00Z' ORDER BY time;
//! SELECT time, value FROM sample WHERE metric = 'camera.high_voltage' AND channel = 18 AND time >= '2026-11-20 12:00Z';
//! ```
//!
//! `frame` is partitioned by month (`partition.rs`). Retention deletes rows day by day, metric by metric, and empties the
//! partition of a month with the last of them. `newest` and `oldest` are derived from it in the same transaction;
//! `tile_state` and `tile` are derived too, and may be emptied at any time. `kept_record` and `kept_event` hold what is kept
//! [besides samples](crate::store::records).
//! Read what you like; write only through Watchroom, which would not know of rows that came another way.
//!
//! # Citus
//!
//! Keys and indexes of the tables that grow begin with `metric_id`, and every statement names the metrics it is about,
//! so the tables can be spread over a cluster. After the first start, once, on the coordinator:
//!
//! ```sql
//! SELECT create_reference_table('metric');
//! SELECT create_reference_table('channel');
//! SELECT create_distributed_table('frame', 'metric_id');
//! SELECT create_distributed_table('newest', 'metric_id', colocate_with => 'frame');
//! SELECT create_distributed_table('oldest', 'metric_id', colocate_with => 'frame');
//! SELECT create_distributed_table('tile_state', 'metric_id', colocate_with => 'frame');
//! SELECT create_distributed_table('tile', 'metric_id', colocate_with => 'frame');
//! ```
//!
//! `metric` and `channel` are small and wanted everywhere, hence copies on all nodes; that also lets names be unique.
//! A write of one metric stays on one node. Only one of metrics on several nodes is committed in two phases, which Citus
//! does by itself. All servers must connect to the coordinator, where their locks are.
//!
//! # Partitions and locks
//!
//! A query takes two locks per partition that it may touch. An export of 30 years from eight readers at once comes near the
//! 6400 locks of a server with default settings; raise `max_locks_per_transaction` there.

use std::sync::Arc;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use shared::time::{TimeRange, Timestamp};
use sqlx::postgres::PgPool;

use super::changes::ChangeFeed;
use super::records::RecordStore;
use super::retention::RetentionStore;
use super::row::{Row, check_frame};
use super::snapshot::SnapshotStore;
use super::tiles::{StoredSizes, Tile, TileKey, TileSpan, TileState, TileStore};
use super::{
    CatalogueStore, ChannelFilter, ChannelSample, Error, Frame, FrameRead, FrameStore, MetricId, MetricProperties,
    Result, Store, StoredMetric,
};
use open::store_error;
use writer::Rows;

mod writer;

mod changes;

mod transaction;

mod read;

mod catalogue;

mod partition;

mod tiles;

mod keep;

mod records;

mod stored;

mod array;

mod time;

mod open;

/// The first number of all advisory locks, so that they do not meet those of other programs in the database: "WATC".
const LOCK_SPACE: i32 = 0x5741_5443;

/// How many values are merged before other tasks get a turn.
const MERGE_VALUES: usize = 65_536;

/// How long a database may take to say that it is there.
const PING_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(2);

/// How long reading may go on after the store was told to close.
const CLOSE_READERS: std::time::Duration = std::time::Duration::from_secs(5);

/// Raw samples in a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStore {
    writer: writer::Writer,
    pool: PgPool,
    catalogue: Arc<catalogue::Catalogue>,
    changes: changes::Changes,
}

impl PostgresStore {
    /// Opens a database, which must exist, and makes its tables if they are not there.
    ///
    /// Must be called inside a tokio runtime. Fails with [`Error::TooNew`] where a newer version made the tables, and
    /// with [`Error::Unavailable`] where the server cannot be reached or would not keep what it acknowledges.
    pub async fn open(url: &str) -> Result<Self> {
        let place = open::Place::parse(url)?;
        let mut connection = place.connect().await?;
        place.prepare(&mut connection).await?;
        let pool = place.readers();
        let catalogue = Arc::new(catalogue::Catalogue::default());
        catalogue.refresh(&pool).await?;
        let changes = changes::Changes {
            place: place.clone(),
            origin: fastrand::u64(..),
        };
        Ok(Self {
            writer: writer::Writer::start(place, connection, changes.origin),
            changes,
            pool,
            catalogue,
        })
    }
}

#[async_trait]
impl CatalogueStore for PostgresStore {
    async fn metrics(&self) -> Result<Vec<StoredMetric>> {
        self.catalogue.refresh(&self.pool).await?;
        Ok(self.catalogue.metrics())
    }

    async fn metric_by_name(&self, name: &str) -> Result<Option<StoredMetric>> {
        self.catalogue.refresh(&self.pool).await?;
        Ok(self.catalogue.by_name(name))
    }

    async fn ensure_metric(&self, name: &str, channel_labels: &[String]) -> Result<StoredMetric> {
        self.catalogue.ensure(&self.pool, name, channel_labels).await
    }

    async fn set_properties(&self, metric_id: MetricId, properties: &MetricProperties) -> Result<()> {
        self.catalogue.set_properties(&self.pool, metric_id, properties).await
    }
}

#[async_trait]
impl FrameStore for PostgresStore {
    async fn write(&self, frames: &[Frame]) -> Result<()> {
        if self.pool.is_closed() {
            return Err(Error::closed());
        }
        if let Err(error) = self.check(frames) {
            // Another server may have made the metric or the channel a moment ago.
            self.catalogue.refresh(&self.pool).await?;
            self.check(frames).map_err(|_again| error)?;
        }
        let rows = merge(frames).await;
        if rows.is_empty() {
            return Ok(());
        }
        self.writer.write(rows).await
    }

    fn scan(
        &self,
        metric_id: MetricId,
        range: TimeRange,
        channels: ChannelFilter,
    ) -> BoxStream<'_, Result<Vec<FrameRead>>> {
        read::scan(&self.pool, &self.catalogue, metric_id, range, channels)
    }

    async fn latest(&self, metric_id: MetricId) -> Result<Vec<(Timestamp, ChannelSample)>> {
        read::latest(&self.pool, metric_id).await
    }

    async fn span(&self, metric_id: MetricId) -> Result<Option<(Timestamp, Timestamp)>> {
        let mut connection = self.pool.acquire().await.map_err(store_error)?;
        read::span(&mut connection, metric_id).await
    }

    async fn newest_before(&self, metric_id: MetricId, before: Timestamp) -> Result<Option<Timestamp>> {
        read::newest_before(&self.pool, metric_id, before).await
    }

    async fn count_frames(&self, metric_id: MetricId, ranges: &[TimeRange]) -> Result<Vec<u64>> {
        read::count_frames(&self.pool, metric_id, ranges).await
    }
}

#[async_trait]
impl TileStore for PostgresStore {
    async fn tile_state(&self, metric_id: MetricId) -> Result<Option<TileState>> {
        tiles::state(&self.pool, metric_id).await
    }

    async fn seal_tiles(&self, metric_id: MetricId, spans: &[TileSpan], until: Timestamp) -> Result<TileState> {
        if self.catalogue.channel_count(metric_id).is_none() {
            self.catalogue.refresh(&self.pool).await?;
            if self.catalogue.channel_count(metric_id).is_none() {
                return Err(Error::Invalid(format!("there is no metric {}", metric_id.0)));
            }
        }
        tiles::seal(&self.pool, metric_id, spans, until).await
    }

    async fn read_tiles(
        &self,
        metric_id: MetricId,
        level: u8,
        block: u32,
        first_us: i64,
        last_us: i64,
    ) -> Result<Vec<Tile>> {
        tiles::read(&self.pool, metric_id, level, block, (first_us, last_us)).await
    }

    async fn put_tiles(&self, metric_id: MetricId, generation: u64, tiles: Vec<Tile>) -> Result<bool> {
        tiles::put(&self.pool, metric_id, generation, tiles).await
    }

    async fn drop_tiles(&self, metric_id: MetricId) -> Result<()> {
        tiles::drop_all(&self.pool, metric_id).await
    }

    async fn list_tiles(&self, metric_id: MetricId) -> Result<Vec<TileKey>> {
        tiles::list(&self.pool, metric_id).await
    }

    async fn stored_sizes(&self, metric_id: MetricId) -> Result<StoredSizes> {
        tiles::sizes(&self.pool, metric_id).await
    }
}

#[async_trait]
impl Store for PostgresStore {
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

    fn changes(&self) -> Option<&dyn ChangeFeed> {
        Some(&self.changes)
    }

    async fn ping(&self) -> Result<()> {
        let one = sqlx::query("SELECT 1").execute(&self.pool);
        match tokio::time::timeout(PING_TIMEOUT, one).await {
            Ok(answered) => answered.map(drop).map_err(store_error),
            Err(_elapsed) => Err(Error::Unavailable(format!(
                "the database gives no answer for {} s",
                PING_TIMEOUT.as_secs()
            ))),
        }
    }

    async fn close(&self) {
        // The writer first: what was begun is finished and acknowledged.
        self.writer.close().await;
        // A scan that was left in the middle must not keep the server from stopping.
        let readers_gone = tokio::time::timeout(CLOSE_READERS, self.pool.close()).await;
        if readers_gone.is_err() {
            tracing::warn!("closing the database while something still reads from it");
        }
    }
}

impl PostgresStore {
    /// Checks what the contract asks of frames.
    fn check(&self, frames: &[Frame]) -> Result<()> {
        let mut of_metric = None;
        for frame in frames {
            // Most batches are of one metric: look its channels up once.
            let count = match of_metric {
                Some((metric_id, count)) if metric_id == frame.metric_id => count,
                _ => self.catalogue.channel_count(frame.metric_id),
            };
            of_metric = Some((frame.metric_id, count));
            check_frame(frame, count)?;
        }
        Ok(())
    }
}

/// One row per metric and time of all frames; later ones win.
async fn merge(frames: &[Frame]) -> Rows {
    let mut rows = Rows::new();
    let mut n_values = 0;
    for frame in frames {
        if let Some(newer) = Row::from_frame(frame) {
            n_values += newer.len();
            writer::merge_into(&mut rows, (frame.metric_id, frame.time), newer);
        }
        if MERGE_VALUES <= n_values {
            n_values = 0;
            tokio::task::yield_now().await;
        }
    }
    rows
}

/// A metric's number in the database, where numbers are signed. One that is too large for it belongs to no metric.
fn sql_id(metric_id: MetricId) -> i32 {
    i32::try_from(metric_id.0).unwrap_or(-1)
}

#[cfg(test)]
mod test_server;

#[cfg(test)]
pub(crate) mod tests;
