//! Forgetting and snapshots in MongoDB.
//!
//! Both are weaker than in the other stores. Tiles cannot come to stand for samples, for a tile that is too large for a
//! document is not stored. And a snapshot is one moment only of the catalogue: frames are read metric by metric, so that
//! of a batch that is written while a backup is made a part may be in it; records and events are read last.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::Database;
use mongodb::bson::{Document, RawDocumentBuf, doc};
use shared::time::{TimeRange, Timestamp};

use super::super::records::{Event, Record};
use super::super::retention::{Horizon, RetentionStore};
use super::super::snapshot::{Snapshot, SnapshotStore, chunks_of_events};
use super::super::tiles::{Tile, TileState};
use super::super::{ChannelFilter, Error, FrameRead, FrameStore as _, MetricId, Result, StoredMetric};
use super::attempts::Attempts;
use super::catalogue::Entry;
use super::failure::store_error;
use super::moment::Moment;
use super::place::FRAMES;
use super::read::Reader;
use super::records::{self, EVENTS, RECORDS};
use super::sealing::{STATES, TILES};
use super::transaction::{self, Failure, Outcome, run_statements};
use super::{MongoStore, document};

#[async_trait]
impl RetentionStore for MongoStore {
    async fn drop_before(&self, metric_id: MetricId, horizon: &Horizon) -> Result<Option<u64>> {
        self.check_writable()?;
        if horizon.stand.is_some() {
            return Err(Error::Unavailable(
                "tiles cannot stand for samples in MongoDB; leave out keep_pyramid".to_owned(),
            ));
        }
        // What a site keeps by itself is the site's.
        let Some(place) = self.own_place(metric_id).await? else {
            return Ok(Some(0));
        };
        let mut attempts = Attempts::new();
        loop {
            let oldest = self.span(metric_id).await?.map(|(oldest, _)| oldest);
            if oldest.is_none_or(|oldest| horizon.frames <= oldest) {
                return Ok(Some(0));
            }
            match self.try_to_drop(&place.name, horizon.frames).await {
                Ok(n_frames) => return Ok(Some(n_frames)),
                Err(Failure::Store(error)) => return Err(error),
                Err(failure) => attempts.wait(&failure.to_string()).await?,
            }
        }
    }
}

impl MongoStore {
    /// Frames and the tiles over them go in one transaction, which also meets whoever derives tiles.
    async fn try_to_drop(&self, name: &str, before: Timestamp) -> Outcome<u64> {
        let Moment { date, micros } = before.into();
        let earlier = doc! { "name": name, "date": { "$lt": date } };
        let same_date = doc! { "name": name, "date": date, "micros": { "$lt": micros } };
        let tiles = doc! { "name": name, "start_us": { "$lt": before.as_micros() } };
        let mut session = transaction::begin(&self.client).await?;
        let done = async {
            let deleted = run_statements(&mut session, &self.database, delete(FRAMES, &[earlier, same_date])).await?;
            run_statements(&mut session, &self.database, delete(TILES, &[tiles])).await?;
            let change = doc! { "$inc": { "generation": 1_i64, "changes": 1_i64 } };
            let raise = doc! { "update": STATES, "updates": [{ "q": { "_id": name }, "u": change }] };
            run_statements(&mut session, &self.database, raise).await?;
            Ok(deleted as u64)
        }
        .await;
        match done {
            Ok(n_frames) => transaction::end(session, Ok(())).await.map(|()| n_frames),
            Err(failure) => {
                transaction::end(session, Err(failure)).await?;
                Ok(0)
            }
        }
    }
}

fn delete(collection: &str, filters: &[Document]) -> Document {
    let deletes: Vec<Document> = filters.iter().map(|filter| doc! { "q": filter, "limit": 0 }).collect();
    doc! { "delete": collection, "deletes": deletes }
}

#[async_trait]
impl SnapshotStore for MongoStore {
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        self.check_open()?;
        self.sites.look(&self.catalogue).await?;
        let entries = self.catalogue.all().await?;
        Ok(Box::new(MongoSnapshot {
            database: self.database.clone(),
            reader: self.reader.clone(),
            entries: entries.into_iter().map(|entry| (entry.metric.id, entry)).collect(),
        }))
    }
}

struct MongoSnapshot {
    database: Database,
    reader: Reader,
    entries: BTreeMap<MetricId, Arc<Entry>>,
}

#[async_trait]
impl Snapshot for MongoSnapshot {
    async fn metrics(&mut self) -> Result<Vec<StoredMetric>> {
        Ok(self.entries.values().map(|entry| entry.metric.clone()).collect())
    }

    async fn span(&mut self, metric_id: MetricId) -> Result<Option<(Timestamp, Timestamp)>> {
        match self.entries.get(&metric_id) {
            Some(entry) => self.reader.span(&entry.place).await,
            None => Ok(None),
        }
    }

    fn frames(&mut self, metric_id: MetricId) -> BoxStream<'_, Result<Vec<FrameRead>>> {
        match self.entries.get(&metric_id) {
            Some(entry) => self.reader.scan(Arc::clone(entry), TimeRange::ALL, ChannelFilter::All),
            None => stream::empty().boxed(),
        }
    }

    async fn standing(&mut self, _metric_id: MetricId) -> Result<Option<TileState>> {
        Ok(None)
    }

    async fn finest_tiles(&mut self, _id: MetricId, _level: u8, _first_us: i64, _last_us: i64) -> Result<Vec<Tile>> {
        Ok(Vec::new())
    }

    async fn records(&mut self) -> Result<Vec<(String, Record)>> {
        let found = self
            .database
            .collection::<RawDocumentBuf>(RECORDS)
            .find(doc! {})
            .sort(records::unique_order())
            .await
            .map_err(store_error)?;
        let found: Vec<RawDocumentBuf> = found.try_collect().await.map_err(store_error)?;
        let record = |found: &RawDocumentBuf| {
            let collection = found.get_str("collection").map_err(document::damaged)?;
            Ok((collection.to_owned(), records::record(found)?))
        };
        found.iter().map(record).collect()
    }

    fn events(&mut self) -> BoxStream<'_, Result<Vec<(String, Event)>>> {
        let [order, _of_keys] = records::event_orders();
        let collection = self.database.collection::<RawDocumentBuf>(EVENTS);
        let found = async move { collection.find(doc! {}).sort(order).await.map_err(store_error) };
        let events = stream::once(found)
            .map_ok(|found| found.map_err(store_error))
            .try_flatten();
        chunks_of_events(events.map(|found| {
            let found = found?;
            let log = found.get_str("log").map_err(document::damaged)?;
            Ok((log.to_owned(), records::event(&found)?))
        }))
    }
}
