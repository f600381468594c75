//! MongoDB: for sites that have one, and, sharded, for archives that one machine cannot hold.
//!
//! `mongodb://user:password@host,host/DATABASE?replicaSet=rs0`. What is acknowledged is on the disks of a majority of the servers: write
//! concern majority and journaled, read concern majority, tried out at each start; a URL that asks for less is refused.
//!
//! # Layout
//!
//! One document per metric and time in the collection `frames`, in the shape that the camera of LST uses:
//!
//! | field | |
//! |---|---|
//! | `name` | the metric |
//! | `date`, `micros` | when: a date, which has milliseconds, and the microseconds beyond (0 to 999; before the year 1, which Python does not know, negative) |
//! | `values` | an array of doubles; `null` is null, NaN is NaN |
//! | `channels` | absent: the values are those of channels 0, 1, 2, …; else the channel of each value |
//! | `arrival`, `arrival_micros` | when the values came in; the newest such moment where they came at different times |
//! | `arrivals` | only where they came at different times: of each value, in microseconds since 1970 |
//!
//! In Python:
//!
//! ```python
//! for frame in db.frames.find({"name": "camera.high_voltage", "date": {"$gte": start, "$lt": end}}).sort(
//!         [("name", 1), ("date", 1), ("micros", 1)]):
//!     channels = frame.get("channels", range(len(frame["values"])))
//! ```
//!
//! `metrics` has one document per metric with its title, unit and the labels of its channels; `newest` the newest time of each channel;
//! `tiles` what the [pyramid](crate::pyramid) derives, one document `{name, level, start_us, block, bytes}` per tile; `tile_states` and
//! `tile_writers` what keeps that right while several servers write; `records` and `record_events` what is kept [besides
//! samples](crate::store::records); `schema` the version of all this. All three collections of
//! tiles may be dropped while no server runs; other programs that write into `frames` are to do so, or to run
//! `watchroom store rebuild` afterwards. The unique index `{name, date, micros}` of `frames` carries the identity of a frame, and
//! every query.
//!
//! It is a plain collection. A time-series collection of MongoDB has no unique index, no change of a single measurement
//! and no writes in transactions, so that it could neither replace a sample nor store a batch as a whole.
//!
//! # Servers
//!
//! A batch is stored whole or not at all by a transaction, which MongoDB has in replica sets (one member is enough) and in
//! sharded clusters; a single server outside a replica set is refused, unless it is only read. Two Watchroom servers may share
//! a database: the catalogue is compared with the stored one at each query, and a frame that another one changed in
//! between makes the transaction start again.
//!
//! Sharded, before or after the first start: `sh.shardCollection("DATABASE.frames", {name: 1, date: 1, micros: 1})`. All that belongs to one
//! metric at one time is one document on one shard. Tiles by `sh.shardCollection("DATABASE.tiles", {name: 1, level: 1, start_us: 1})`; the
//! other collections are small and stay on the primary shard.
//!
//! # Collections that a site has already
//!
//! With `collections=CLUSCO_min:avg,TIB_min:avg` documents `{name, date, avg: number or [numbers]}` are read and written where they are.
//! Each `name` becomes a metric `COLLECTION.NAME`, and `COLLECTION.NAME.FIELD` for every field of a collection after its first;
//! channels are numbered from 0. Documents of one name are expected to have the same fields, and the index `{name, date}`. Where
//! a document does not say when it came in, that is the time of its samples. Several documents of one time are
//! read as one. With `readOnly=true` nothing in the database is ever changed.
//!
//! No tiles are kept over them, nor over anything with `readOnly=true`: nobody would tell us of what other programs write, so
//! that no tile could be proved to be right. Each answer is computed from the samples of its range.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::bson::doc;
use mongodb::{Client, Database};
use shared::time::{TimeRange, Timestamp};

use super::changes::ChangeFeed;
use super::records::RecordStore;
use super::retention::RetentionStore;
use super::row::{Row, check_frame};
use super::snapshot::SnapshotStore;
use super::tiles::TileStore;
use super::{
    CatalogueStore, ChannelFilter, ChannelSample, Channels, Error, Frame, FrameRead, FrameStore, MetricId,
    MetricProperties, Result, Store, StoredMetric,
};

mod writer;

mod changes;

mod transaction;

mod tiles;

mod keep;

mod records;

mod sealing;

mod attempts;

mod read;

mod document;

mod moment;

mod newest;

mod catalogue;

mod site;

mod place;

mod open;

mod address;

mod failure;

use catalogue::{Catalogue, Entry};
use failure::store_error;

/// How many values are merged before other tasks get a turn.
const MERGE_VALUES: usize = 65_536;

/// Raw samples in a MongoDB database.
pub struct MongoStore {
    client: Client,
    database: Database,
    read_only: bool,
    closed: AtomicBool,
    catalogue: Arc<Catalogue>,
    sites: site::Sites,
    reader: read::Reader,
    writer: writer::Writer,
    changes: changes::Changes,
}

impl MongoStore {
    /// Connects to a database, and sets it up if it is new.
    ///
    /// Must be called inside a tokio runtime. Fails with [`Error::Unavailable`] where no server answers within 5 s or it
    /// cannot keep what it acknowledges, and with [`Error::TooNew`] where a newer version made the database.
    pub async fn open(url: &str) -> Result<Self> {
        let address = address::Address::parse(url)?;
        let (client, database) = open::open(&address).await?;
        let origin = mongodb::bson::oid::ObjectId::new();
        let catalogue = Arc::new(Catalogue::new(&database, address.sites.clone(), address.read_only));
        let store = Self {
            read_only: address.read_only,
            closed: AtomicBool::new(false),
            sites: site::Sites::new(&database, address.sites),
            reader: read::Reader::new(&database),
            writer: writer::Writer::start(&client, &database, origin),
            changes: changes::Changes {
                database: database.clone(),
                catalogue: Arc::clone(&catalogue),
                origin,
            },
            catalogue,
            client,
            database,
        };
        store.sites.look(&store.catalogue).await?;
        Ok(store)
    }
}

impl fmt::Debug for MongoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client would show how it logs in.
        f.debug_struct("MongoStore")
            .field("database", &self.database.name())
            .field("read_only", &self.read_only)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl CatalogueStore for MongoStore {
    async fn metrics(&self) -> Result<Vec<StoredMetric>> {
        self.check_open()?;
        self.sites.look(&self.catalogue).await?;
        let entries = self.catalogue.all().await?;
        Ok(entries.iter().map(|entry| entry.metric.clone()).collect())
    }

    async fn metric_by_name(&self, name: &str) -> Result<Option<StoredMetric>> {
        self.check_open()?;
        self.sites.look(&self.catalogue).await?;
        let entry = self.catalogue.by_name(name).await?;
        Ok(entry.map(|entry| entry.metric.clone()))
    }

    async fn ensure_metric(&self, name: &str, channel_labels: &[String]) -> Result<StoredMetric> {
        self.check_open()?;
        let entry = self.catalogue.ensure(name, channel_labels).await?;
        Ok(entry.metric.clone())
    }

    async fn set_properties(&self, metric_id: MetricId, properties: &MetricProperties) -> Result<()> {
        self.check_open()?;
        self.catalogue.set_properties(metric_id, properties).await
    }
}

#[async_trait]
impl FrameStore for MongoStore {
    async fn write(&self, frames: &[Frame]) -> Result<()> {
        self.check_writable()?;
        let batch = self.merge(frames).await?;
        if batch.is_empty() {
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
        let opened = async move {
            let entry = self.entry(metric_id).await?;
            Ok(entry.map_or_else(
                || stream::empty().boxed(),
                |entry| self.reader.scan(entry, range, channels),
            ))
        };
        stream::once(opened).try_flatten().boxed()
    }

    async fn latest(&self, metric_id: MetricId) -> Result<Vec<(Timestamp, ChannelSample)>> {
        match self.entry(metric_id).await? {
            None => Ok(Vec::new()),
            Some(entry) if entry.place.is_own() => self.reader.latest_own(&entry).await,
            Some(entry) => self.reader.latest_of_site(&entry).await,
        }
    }

    async fn span(&self, metric_id: MetricId) -> Result<Option<(Timestamp, Timestamp)>> {
        match self.entry(metric_id).await? {
            None => Ok(None),
            Some(entry) => self.reader.span(&entry.place).await,
        }
    }

    async fn newest_before(&self, metric_id: MetricId, before: Timestamp) -> Result<Option<Timestamp>> {
        match self.entry(metric_id).await? {
            None => Ok(None),
            Some(entry) => self.reader.newest_before(&entry.place, before).await,
        }
    }

    async fn count_frames(&self, metric_id: MetricId, ranges: &[TimeRange]) -> Result<Vec<u64>> {
        match self.entry(metric_id).await? {
            None => Ok(vec![0; ranges.len()]),
            Some(entry) => self.reader.count_frames(&entry.place, ranges).await,
        }
    }
}

#[async_trait]
impl Store for MongoStore {
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
        // Who may not write is told nothing either: an older server's database has no such collection.
        (!self.read_only).then_some(&self.changes)
    }

    async fn ping(&self) -> Result<()> {
        self.check_open()?;
        let pong = self.database.run_command(doc! { "ping": 1 }).await;
        pong.map(drop).map_err(store_error)
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.writer.close().await;
        // Without waiting for readers that somebody may hold for ever.
        self.client.clone().shutdown().immediate(true).await;
    }
}

impl MongoStore {
    fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::SeqCst) {
            Err(Error::closed())
        } else {
            Ok(())
        }
    }

    fn check_writable(&self) -> Result<()> {
        self.check_open()?;
        if self.read_only {
            return Err(Error::ReadOnly("the store's URL says readOnly=true".to_owned()));
        }
        Ok(())
    }

    /// A metric, to be read.
    async fn entry(&self, metric_id: MetricId) -> Result<Option<Arc<Entry>>> {
        self.check_open()?;
        self.catalogue.with_channels(metric_id, 0).await
    }

    /// Checks a batch, and makes one row per metric and time of it.
    async fn merge(&self, frames: &[Frame]) -> Result<writer::Batch> {
        let mut batch = writer::Batch::default();
        let mut entry: Option<Arc<Entry>> = None;
        let mut n_values = 0;
        for frame in frames {
            let n_needed = match &frame.channels {
                Channels::Dense => frame.values.len(),
                Channels::Sparse(channels) => channels.last().map_or(0, |last| *last as usize + 1),
            };
            // Most batches are of one metric: look it up once.
            let fits = |entry: &Arc<Entry>| {
                entry.metric.id == frame.metric_id && n_needed <= entry.metric.channel_labels.len()
            };
            if !entry.as_ref().is_some_and(fits) {
                entry = self.catalogue.with_channels(frame.metric_id, n_needed).await?;
            }
            check_frame(frame, entry.as_ref().map(|entry| entry.metric.channel_labels.len()))?;
            if let (Some(entry), Some(row)) = (&entry, Row::from_frame(frame)) {
                n_values += row.len();
                batch.push(entry, frame.time, row);
            }
            if MERGE_VALUES <= n_values {
                n_values = 0;
                tokio::task::yield_now().await;
            }
        }
        Ok(batch)
    }
}

#[cfg(test)]
pub(crate) mod tests;
