//! The default store: one SQLite file, through sqlx, with a write-ahead log that is synced at each commit.
//!
//! One task writes (`writer.rs`), a pool of connections reads. A lock file beside the database keeps a second process
//! out (`lock.rs`), so that the catalogue can be kept in memory.
//!
//! # Layout
//!
//! Table `frames` has one row per metric and time, for all channels that have a sample then:
//!
//! | column | |
//! |---|---|
//! | `metric_id`, `time_us` | which metric, when: microseconds since 1970 in UTC |
//! | `arrival_us` | when the values came in; the newest such moment where they came at different times |
//! | `channels` | `NULL`: the values are those of channels 0, 1, 2, …; else one `u32` per value |
//! | `samples` | a byte 1 and one `f32` per value where that loses nothing, else a byte 2 and one `f64` per value |
//! | `arrivals` | `NULL`, or one `i64` per value where they came in at different times |
//!
//! Tables `tile_states` and `tiles` hold what is derived from the frames (`tiles.rs`) and may be emptied at any time.
//! Tables `records` and `events` hold what is kept [besides samples](crate::store::records).
//!
//! All numbers in blobs are little-endian. Null ("the sensor said: no value") is the NaN with the bits `7fc06e6c` among
//! `f32`, `7ff800006e756c6c` among `f64`; every other NaN is not-a-number. In Python:
//!
//! ```python
//! for time_us, channels, samples in db.execute(
//!         "SELECT time_us, channels, samples FROM frames JOIN metrics ON metrics.id = metric_id "
//!         "WHERE name = 'camera.high_voltage' ORDER BY time_us"):
//!     values = numpy.frombuffer(samples[1:], {1: "<f4", 2: "<f8"}[samples[0]])
//!     channels = range(len(values)) if channels is None else numpy.frombuffer(channels, "<u4")
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use shared::time::{TimeRange, Timestamp};
use sqlx::sqlite::SqlitePool;
use sqlx::{Row as _, SqliteConnection};

use super::records::RecordStore;
use super::retention::RetentionStore;
use super::row::{Row, check_frame};
use super::snapshot::SnapshotStore;
use super::tiles::{StoredSizes, Tile, TileKey, TileSpan, TileState, TileStore};
use super::{
    CatalogueStore, ChannelFilter, ChannelSample, Error, Frame, FrameRead, FrameStore, MetricId, MetricProperties,
    Result, Store, StoredMetric, kind_from_text,
};

mod writer;

mod batch;

mod read;

mod newest;

mod tiles;

mod keep;

mod records;

mod open;

mod lock;

use open::store_error;

/// How long reading may go on after the store was told to close.
const CLOSE_READERS: Duration = Duration::from_secs(5);

/// How many values are packed before other tasks get a turn.
const PACK_VALUES: usize = 65_536;

/// All metrics of a database.
type Catalogue = BTreeMap<MetricId, StoredMetric>;

/// Raw samples in a SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    writer: writer::Writer,
    readers: SqlitePool,
    catalogue: Arc<RwLock<Catalogue>>,
}

impl SqliteStore {
    /// Opens a database, or makes one. The folder must exist.
    ///
    /// Must be called inside a tokio runtime. Fails with [`Error::InUse`] where another process has it open, and with
    /// [`Error::TooNew`] where a newer version made it.
    pub async fn open(path: &Path) -> Result<Self> {
        let path = absolute(path)?;
        let lock = lock::LockFile::take(&path)?;
        let mut connection = open::open_writer(&path).await?;
        let catalogue = Arc::new(RwLock::new(load_catalogue(&mut connection).await?));
        let readers = open::open_readers(&path).await?;
        let writer = writer::Writer::start(connection, Arc::clone(&catalogue), lock);
        Ok(Self {
            writer,
            readers,
            catalogue,
        })
    }

    /// Opens a database that exists only to read it, whoever else has it open.
    ///
    /// Of the metrics those are known that there are now. Fails where another version made the database.
    pub async fn open_to_read(path: &Path) -> Result<Self> {
        let path = absolute(path)?;
        let readers = open::open_readers(&path).await?;
        open::check_schema(&readers, &path).await?;
        let mut connection = readers.acquire().await.map_err(store_error)?;
        let catalogue = Arc::new(RwLock::new(load_catalogue(&mut connection).await?));
        drop(connection);
        Ok(Self {
            writer: writer::Writer::none(),
            readers,
            catalogue,
        })
    }
}

/// A file that nobody can open as a store until this is dropped, so that it can be replaced.
#[derive(Debug)]
pub struct Claim {
    _lock: lock::LockFile,
}

impl Claim {
    /// Claims a file, which need not exist. Fails with [`Error::InUse`] where another process has it open.
    pub fn take(path: &Path) -> Result<Self> {
        let lock = lock::LockFile::take(&absolute(path)?)?;
        Ok(Self { _lock: lock })
    }
}

#[async_trait]
impl CatalogueStore for SqliteStore {
    async fn metrics(&self) -> Result<Vec<StoredMetric>> {
        self.check_open()?;
        Ok(catalogue(&self.catalogue).values().cloned().collect())
    }

    async fn ensure_metric(&self, name: &str, channel_labels: &[String]) -> Result<StoredMetric> {
        if let Some(mut metric) = self.metric_by_name(name).await?
            && metric.add_labels(channel_labels) == 0
        {
            return Ok(metric);
        }
        self.writer
            .ensure_metric(name.to_owned(), channel_labels.to_vec())
            .await
    }

    async fn set_properties(&self, metric_id: MetricId, properties: &MetricProperties) -> Result<()> {
        self.writer.set_properties(metric_id, properties.clone()).await
    }
}

#[async_trait]
impl FrameStore for SqliteStore {
    async fn write(&self, frames: &[Frame]) -> Result<()> {
        self.check_open()?;
        let batch = self.pack(frames).await?;
        if batch.rows.is_empty() {
            return Ok(());
        }
        self.writer.write(batch).await
    }

    fn scan(
        &self,
        metric_id: MetricId,
        range: TimeRange,
        channels: ChannelFilter,
    ) -> BoxStream<'_, Result<Vec<FrameRead>>> {
        read::scan(&self.readers, metric_id, range, channels)
    }

    async fn latest(&self, metric_id: MetricId) -> Result<Vec<(Timestamp, ChannelSample)>> {
        read::latest(&self.readers, metric_id).await
    }

    async fn span(&self, metric_id: MetricId) -> Result<Option<(Timestamp, Timestamp)>> {
        read::span(&self.readers, metric_id).await
    }

    async fn newest_before(&self, metric_id: MetricId, before: Timestamp) -> Result<Option<Timestamp>> {
        read::newest_before(&self.readers, metric_id, before).await
    }

    async fn count_frames(&self, metric_id: MetricId, ranges: &[TimeRange]) -> Result<Vec<u64>> {
        read::count_frames(&self.readers, metric_id, ranges).await
    }
}

#[async_trait]
impl TileStore for SqliteStore {
    async fn tile_state(&self, metric_id: MetricId) -> Result<Option<TileState>> {
        tiles::state(&self.readers, metric_id).await
    }

    async fn seal_tiles(&self, metric_id: MetricId, spans: &[TileSpan], until: Timestamp) -> Result<TileState> {
        if !catalogue(&self.catalogue).contains_key(&metric_id) {
            self.check_open()?;
            return Err(Error::Invalid(format!("there is no metric {}", metric_id.0)));
        }
        self.writer.seal_tiles(metric_id, spans.to_vec(), until).await
    }

    async fn read_tiles(
        &self,
        metric_id: MetricId,
        level: u8,
        block: u32,
        first_us: i64,
        last_us: i64,
    ) -> Result<Vec<Tile>> {
        tiles::read(&self.readers, metric_id, level, block, (first_us, last_us)).await
    }

    async fn put_tiles(&self, metric_id: MetricId, generation: u64, tiles: Vec<Tile>) -> Result<bool> {
        self.writer.put_tiles(metric_id, generation, tiles).await
    }

    async fn drop_tiles(&self, metric_id: MetricId) -> Result<()> {
        self.writer.drop_tiles(metric_id).await
    }

    async fn list_tiles(&self, metric_id: MetricId) -> Result<Vec<TileKey>> {
        tiles::list(&self.readers, metric_id).await
    }

    async fn stored_sizes(&self, metric_id: MetricId) -> Result<StoredSizes> {
        tiles::sizes(&self.readers, metric_id).await
    }
}

#[async_trait]
impl Store for SqliteStore {
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
        let one = sqlx::query("SELECT 1").execute(&self.readers).await;
        one.map(drop).map_err(store_error)
    }

    async fn close(&self) {
        // Readers first: the log can be emptied only when nobody reads from it. One that was left in the middle of a
        // scan must not keep the writer from finishing.
        let readers_gone = tokio::time::timeout(CLOSE_READERS, self.readers.close()).await;
        if readers_gone.is_err() {
            tracing::warn!("closing the database while something still reads from it");
        }
        self.writer.close().await;
    }
}

impl SqliteStore {
    fn check_open(&self) -> Result<()> {
        if self.readers.is_closed() {
            Err(Error::closed())
        } else {
            Ok(())
        }
    }

    /// Checks a batch, and makes one packed row per metric and time of it.
    async fn pack(&self, frames: &[Frame]) -> Result<batch::Batch> {
        let mut rows: BTreeMap<(MetricId, Timestamp), Row> = BTreeMap::new();
        let mut channel_count = None;
        for frame in frames {
            // Most batches are of one metric: look its channels up once.
            let count = match channel_count {
                Some((metric_id, count)) if metric_id == frame.metric_id => count,
                _ => catalogue(&self.catalogue)
                    .get(&frame.metric_id)
                    .map(|metric| metric.channel_labels.len()),
            };
            channel_count = Some((frame.metric_id, count));
            check_frame(frame, count)?;
            if let Some(newer) = Row::from_frame(frame) {
                let key = (frame.metric_id, frame.time);
                let merged = rows.get(&key).map(|older| older.merged_with(&newer));
                rows.insert(key, merged.unwrap_or(newer));
            }
        }
        let mut batch = batch::Batch::default();
        let mut n_values = 0;
        for ((metric_id, time), row) in rows {
            batch.newest.entry(metric_id).or_default().note(time, &row);
            batch.rows.push(batch::PackedRow {
                metric_id,
                time_us: time.as_micros(),
                packed: super::packed::Packed::from_row(&row),
            });
            n_values += row.len();
            if PACK_VALUES <= n_values {
                n_values = 0;
                tokio::task::yield_now().await;
            }
        }
        Ok(batch)
    }
}

fn catalogue(catalogue: &RwLock<Catalogue>) -> RwLockReadGuard<'_, Catalogue> {
    catalogue.read().unwrap_or_else(PoisonError::into_inner)
}

/// The path from the root, so that the lock and the database stay together whatever becomes of the working folder.
fn absolute(path: &Path) -> Result<PathBuf> {
    let failed = |error: std::io::Error| Error::Unavailable(format!("{}: {error}", path.display()));
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let name = path
        .file_name()
        .ok_or_else(|| Error::Unavailable(format!("{} is not the name of a file", path.display())))?;
    let folder = std::fs::canonicalize(folder).map_err(failed)?;
    Ok(folder.join(name))
}

async fn load_catalogue(connection: &mut SqliteConnection) -> Result<Catalogue> {
    let mut catalogue = Catalogue::new();
    let rows = sqlx::query("SELECT id, name, title, unit, kind, interval_us FROM metrics")
        .fetch_all(&mut *connection)
        .await
        .map_err(store_error)?;
    for row in rows {
        let metric = metric_from_row(&row)?;
        catalogue.insert(metric.id, metric);
    }
    let rows = sqlx::query("SELECT metric_id, channel, label FROM channels ORDER BY metric_id, channel")
        .fetch_all(connection)
        .await
        .map_err(store_error)?;
    for row in rows {
        let metric_id = MetricId(row.try_get(0).map_err(store_error)?);
        let channel: u32 = row.try_get(1).map_err(store_error)?;
        let metric = catalogue.get_mut(&metric_id);
        let labels = metric.map(|metric| &mut metric.channel_labels);
        match labels {
            Some(labels) if labels.len() == channel as usize => labels.push(row.try_get(2).map_err(store_error)?),
            _ => {
                return Err(Error::Corrupt(format!(
                    "channel {channel} of metric {} is out of order",
                    metric_id.0
                )));
            }
        }
    }
    Ok(catalogue)
}

fn metric_from_row(row: &sqlx::sqlite::SqliteRow) -> Result<StoredMetric> {
    let id = MetricId(row.try_get(0).map_err(store_error)?);
    let kind: String = row.try_get(4).map_err(store_error)?;
    Ok(StoredMetric {
        id,
        name: row.try_get(1).map_err(store_error)?,
        properties: MetricProperties {
            title: row.try_get(2).map_err(store_error)?,
            unit: row.try_get(3).map_err(store_error)?,
            kind: kind_from_text(&kind)
                .ok_or_else(|| Error::Corrupt(format!("metric {} is of the unknown kind {kind:?}", id.0)))?,
            interval_micros: row.try_get(5).map_err(store_error)?,
        },
        channel_labels: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
