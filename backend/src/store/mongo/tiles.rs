//! Tiles as documents of a collection of their own. How they stay right is told in [`super::sealing`].

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Document, doc};
use mongodb::{ClientSession, Collection, Database};
use serde::Deserialize;
use shared::time::Timestamp;

use super::super::tiles::{StoredSizes, Tile, TileKey, TileSpan, TileState, TileStore};
use super::super::{Error, MetricId, Result};
use super::MongoStore;
use super::attempts::Attempts;
use super::failure::store_error;
use super::place::Place;
use super::sealing::{self, StateDocument, TILES};
use super::transaction::{self, Failure, Outcome, run_statements};

/// How many bytes of tiles one command carries; a command is a document, which MongoDB limits to 16 MB.
const BYTES_PER_COMMAND: usize = 8 << 20;

/// How many tiles one command carries.
const TILES_PER_COMMAND: usize = 1000;

/// Tiles above this do not fit a document with room to spare. They are not stored, and derived again when asked for.
const MAX_TILE_BYTES: usize = 15 << 20;

/// A tile as it is stored, beside the name of its metric.
#[derive(Debug, Deserialize)]
struct TileDocument {
    level: i64,
    start_us: i64,
    block: i64,
    /// Left out where keys alone are asked for.
    bytes: Option<Binary>,
}

impl TileDocument {
    fn key(&self) -> Result<TileKey> {
        let (level, block) = (u8::try_from(self.level), u32::try_from(self.block));
        let foreign = || {
            Error::Corrupt(format!(
                "a tile has the level {} and the block {}",
                self.level, self.block
            ))
        };
        let start_us = self.start_us;
        let key = level.ok().zip(block.ok());
        key.map(|(level, block)| TileKey { level, start_us, block })
            .ok_or_else(foreign)
    }
}

#[async_trait]
impl TileStore for MongoStore {
    async fn keeps_tiles(&self, metric_id: MetricId) -> Result<bool> {
        Ok(!self.read_only && self.own_place(metric_id).await?.is_some())
    }

    async fn tile_state(&self, metric_id: MetricId) -> Result<Option<TileState>> {
        let Some(place) = self.own_place(metric_id).await? else {
            return Ok(None);
        };
        match sealing::stored(&self.database, &place.name).await? {
            Some(stored) => stored.read(),
            None => Ok(None),
        }
    }

    async fn seal_tiles(&self, metric_id: MetricId, spans: &[TileSpan], until: Timestamp) -> Result<TileState> {
        self.check_writable()?;
        let Some(place) = self.own_place(metric_id).await? else {
            let message = format!(
                "metric {} does not exist, or lies in a collection of the site",
                metric_id.0
            );
            return Err(Error::Invalid(message));
        };
        let mut attempts = Attempts::new();
        loop {
            match self.try_to_seal(&place.name, spans, until).await {
                Ok(state) => return Ok(state),
                Err(Failure::Store(error)) => return Err(error),
                Err(failure) => attempts.wait(&failure.to_string()).await?,
            }
        }
    }

    async fn read_tiles(
        &self,
        metric_id: MetricId,
        level: u8,
        block: u32,
        first_us: i64,
        last_us: i64,
    ) -> Result<Vec<Tile>> {
        let Some(place) = self.own_place(metric_id).await? else {
            return Ok(Vec::new());
        };
        let filter = doc! {
            "name": &place.name,
            "level": i64::from(level),
            "start_us": { "$gte": first_us, "$lte": last_us },
            "block": i64::from(block),
        };
        let found = find(&self.database, filter, doc! { "_id": 0 }).await?;
        let tile = |stored: TileDocument| {
            let key = stored.key()?;
            let bytes = stored.bytes.map(|bytes| bytes.bytes).unwrap_or_default();
            Ok(Tile { key, bytes })
        };
        found.into_iter().map(tile).collect()
    }

    async fn put_tiles(&self, metric_id: MetricId, generation: u64, tiles: Vec<Tile>) -> Result<bool> {
        self.check_writable()?;
        let Some(place) = self.own_place(metric_id).await? else {
            return Ok(false);
        };
        // The last one of a key counts.
        let tiles: BTreeMap<TileKey, Vec<u8>> = tiles.into_iter().map(|tile| (tile.key, tile.bytes)).collect();
        let mut attempts = Attempts::new();
        loop {
            match self.try_to_put(&place.name, generation, &tiles).await {
                Ok(stored) => return Ok(stored),
                Err(Failure::Store(error)) => return Err(error),
                Err(failure) => attempts.wait(&failure.to_string()).await?,
            }
        }
    }

    async fn drop_tiles(&self, metric_id: MetricId) -> Result<()> {
        self.check_writable()?;
        let Some(place) = self.own_place(metric_id).await? else {
            return Ok(());
        };
        let mut attempts = Attempts::new();
        while let Some(known) = sealing::stored(&self.database, &place.name).await? {
            if sealing::raise_generation(&self.database, &known, false).await? {
                // Not in a transaction, which might be too large: what is left after a failure is not wrong.
                return delete_all(&self.database, &place.name).await;
            }
            attempts.wait("the generation of tiles was raised").await?;
        }
        Ok(())
    }

    async fn list_tiles(&self, metric_id: MetricId) -> Result<Vec<TileKey>> {
        let Some(place) = self.own_place(metric_id).await? else {
            return Ok(Vec::new());
        };
        let keys = doc! { "_id": 0, "level": 1, "start_us": 1, "block": 1 };
        let found = find(&self.database, doc! { "name": &place.name }, keys).await?;
        found.iter().map(TileDocument::key).collect()
    }

    async fn stored_sizes(&self, metric_id: MetricId) -> Result<StoredSizes> {
        let Some(entry) = self.entry(metric_id).await? else {
            return Ok(StoredSizes::default());
        };
        let mut sizes = frame_sizes(&self.database, &entry.place).await?;
        if entry.place.is_own() {
            let bytes = doc! { "$sum": { "$binarySize": "$bytes" } };
            let sums = doc! { "_id": null, "tiles": { "$sum": 1 }, "bytes": bytes };
            if let Some(sums) = summed(&self.database, TILES, &entry.place.name, sums).await? {
                (sizes.tiles, sizes.tile_bytes) = (count(&sums, "tiles")?, count(&sums, "bytes")?);
            }
        }
        Ok(sizes)
    }
}

impl MongoStore {
    /// Where a metric's samples are, if that is our own layout: nobody tells us what others write into theirs.
    pub(super) async fn own_place(&self, metric_id: MetricId) -> Result<Option<Place>> {
        let entry = self.entry(metric_id).await?;
        Ok(entry.map(|entry| entry.place.clone()).filter(Place::is_own))
    }

    async fn try_to_seal(&self, name: &str, spans: &[TileSpan], until: Timestamp) -> Outcome<TileState> {
        let Some(known) = sealing::stored(&self.database, name).await? else {
            sealing::ensure_state(&self.database, name).await?;
            return Err(Failure::Conflict("nothing was known of the tiles".to_owned()));
        };
        let state = match known.read()? {
            Some(state) if state.spans == spans && until <= state.sealed => return Ok(state),
            Some(state) if state.spans == spans => TileState { sealed: until, ..state },
            Some(_) => {
                // Tiles of other spans must be gone before the new ones count, and may be too many for one transaction.
                sealing::raise_generation(&self.database, &known, true).await?;
                return Err(Failure::Conflict("the tiles had other spans".to_owned()));
            }
            None => {
                delete_all(&self.database, name).await?;
                TileState {
                    spans: spans.to_vec(),
                    sealed: until,
                    generation: known.generation.cast_unsigned() + 1,
                    standing: None,
                }
            }
        };
        let mut session = transaction::begin(&self.client).await?;
        let done = sealing::seal(&mut session, &self.database, &known, &state).await;
        transaction::end(session, done).await?;
        Ok(state)
    }

    async fn try_to_put(&self, name: &str, generation: u64, tiles: &BTreeMap<TileKey, Vec<u8>>) -> Outcome<bool> {
        let is_older = |known: StateDocument| known.generation.cast_unsigned() != generation;
        if sealing::stored(&self.database, name).await?.is_none_or(is_older) {
            return Ok(false);
        }
        let mut session = transaction::begin(&self.client).await?;
        let done = fill(&mut session, &self.database, name, generation, tiles).await;
        match transaction::end(session, done).await {
            Ok(()) => Ok(true),
            Err(Failure::Outdated(_)) => Ok(false),
            Err(failure) => Err(failure),
        }
    }
}

/// Puts tiles in a transaction; [`Failure::Outdated`] where the generation is another one.
async fn fill(
    session: &mut ClientSession,
    database: &Database,
    name: &str,
    generation: u64,
    tiles: &BTreeMap<TileKey, Vec<u8>>,
) -> Outcome<()> {
    let mut statements = Vec::new();
    let mut n_bytes = 0;
    for (key, bytes) in tiles {
        if MAX_TILE_BYTES < bytes.len() {
            tracing::debug!(
                ?key,
                "a tile of {name:?} is too large for a document: {} bytes",
                bytes.len()
            );
            continue;
        }
        if TILES_PER_COMMAND <= statements.len() || BYTES_PER_COMMAND < n_bytes + bytes.len() {
            send(session, database, std::mem::take(&mut statements)).await?;
            n_bytes = 0;
        }
        n_bytes += bytes.len();
        let bytes = Binary {
            subtype: BinarySubtype::Generic,
            bytes: bytes.clone(),
        };
        let place = doc! {
            "name": name,
            "level": i64::from(key.level),
            "start_us": key.start_us,
            "block": i64::from(key.block),
        };
        statements.push(doc! { "q": place, "u": { "$set": { "bytes": bytes } }, "upsert": true });
    }
    send(session, database, statements).await?;
    if sealing::hold_generation(session, database, name, generation).await? {
        Ok(())
    } else {
        Err(Failure::Outdated("tiles were derived before a late write".to_owned()))
    }
}

async fn send(session: &mut ClientSession, database: &Database, statements: Vec<Document>) -> Outcome<()> {
    if statements.is_empty() {
        return Ok(());
    }
    let command = doc! { "update": TILES, "updates": statements, "ordered": true };
    run_statements(session, database, command).await.map(drop)
}

/// Tiles in the order of the index.
async fn find(database: &Database, filter: Document, fields: Document) -> Result<Vec<TileDocument>> {
    let tiles = tiles(database);
    let found = tiles.find(filter).projection(fields).sort(index_order()).await;
    found.map_err(store_error)?.try_collect().await.map_err(store_error)
}

async fn delete_all(database: &Database, name: &str) -> Result<()> {
    let deleted = tiles(database).delete_many(doc! { "name": name }).await;
    deleted.map(drop).map_err(store_error)
}

fn tiles(database: &Database) -> Collection<TileDocument> {
    database.collection(TILES)
}

/// The index of tiles; it begins with the metric, so that it can be the shard key.
pub(super) fn index_order() -> Document {
    doc! { "name": 1, "level": 1, "start_us": 1, "block": 1 }
}

/// How much is stored of the frames of a metric. Bytes are those of times, values, channels and arrivals.
async fn frame_sizes(database: &Database, place: &Place) -> Result<StoredSizes> {
    let length = |field: &str| {
        let path = format!("${field}");
        // In a collection of a site a number may stand alone, or the field may be missing.
        let is_number = doc! { "$isNumber": &path };
        let alone = doc! { "$cond": [is_number, 1, 0] };
        doc! { "$cond": [{ "$isArray": &path }, { "$size": { "$ifNull": [&path, []] } }, alone] }
    };
    let values = length(place.field.as_str());
    let numbers = doc! { "$add": [&values, length("channels"), length("arrivals")] };
    let bytes = doc! { "$add": [32, { "$multiply": [8, numbers] }] };
    let sums = doc! {
        "_id": null,
        "frames": { "$sum": 1 },
        "values": { "$sum": values },
        "bytes": { "$sum": bytes },
    };
    let Some(sums) = summed(database, &place.collection, &place.name, sums).await? else {
        return Ok(StoredSizes::default());
    };
    Ok(StoredSizes {
        frames: count(&sums, "frames")?,
        values: count(&sums, "values")?,
        raw_bytes: count(&sums, "bytes")?,
        ..StoredSizes::default()
    })
}

/// The sums over all documents of a name; `None` where there are none.
async fn summed(database: &Database, collection: &str, name: &str, sums: Document) -> Result<Option<Document>> {
    let collection: Collection<Document> = database.collection(collection);
    let pipeline = [doc! { "$match": { "name": name } }, doc! { "$group": sums }];
    let mut groups = collection.aggregate(pipeline).await.map_err(store_error)?;
    groups.try_next().await.map_err(store_error)
}

fn count(sums: &Document, field: &str) -> Result<u64> {
    let sum = sums
        .get_i64(field)
        .or_else(|_other| sums.get_i32(field).map(i64::from))
        .map_err(|error| Error::Corrupt(format!("the sum of {field}: {error}")))?;
    Ok(sum.cast_unsigned())
}
