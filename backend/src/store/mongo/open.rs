//! Opening a database: what the server must be able to do, and the set-up of the collections.

use std::time::Duration;

use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use mongodb::options::{
    Acknowledgment, ClientOptions, IndexOptions, ReadConcern, ReadPreference, ReturnDocument, SelectionCriteria,
    WriteConcern,
};
use mongodb::{Client, Collection, Database, IndexModel};

use super::super::{Error, Result};
use super::address::Address;
use super::changes::CHANGES;
use super::failure::{NAMESPACE_EXISTS, has_code, is_duplicate_key, store_error, text};
use super::place::{FRAMES, SiteCollection};
use super::records::{self, EVENTS, RECORDS};
use super::sealing::{STATES, TILES, WRITERS};
use super::tiles;

/// The layout that this program writes and reads.
///
/// 1 had no tiles; its writers do not know that they have to remove them.
const SCHEMA: i64 = 2;

/// How long to look for a server that can take a query before the store counts as unavailable.
const SERVER_SELECTION_TIMEOUT: Duration = Duration::from_secs(5);

/// How many queries can be under way at once, unless the URL says otherwise; more wait.
const MAX_CONNECTIONS: u32 = 32;

/// How long a majority of the servers may take to make a write durable.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a set-up may take before another server may think it dead, in milliseconds.
const SETUP_LOCK_MILLIS: i64 = 60_000;

/// How often to look whether another server has finished its set-up.
const SETUP_POLL: Duration = Duration::from_millis(200);

/// Connects, and makes sure that what is acknowledged will stay.
pub(super) async fn open(address: &Address) -> Result<(Client, Database)> {
    let options = options(address).await?;
    let Some(name) = options.default_database.clone() else {
        return Err(Error::Unavailable(
            "the store's URL names no database; write mongodb://HOST/DATABASE".to_owned(),
        ));
    };
    let client = Client::with_options(options).map_err(store_error)?;
    let database = client.database(&name);
    if address.read_only {
        check_version(&database).await?;
    } else {
        check_transactions(&database).await?;
        set_up(&database).await?;
    }
    for site in &address.sites {
        check_index(&database, site).await?;
    }
    Ok((client, database))
}

/// The driver's options of a URL, with the concerns that durability asks for.
async fn options(address: &Address) -> Result<ClientOptions> {
    let parsed = ClientOptions::parse(&address.url).await;
    let mut options = parsed.map_err(|error| {
        // The driver repeats what it stumbles over, which may be a part of a password.
        let message = if address.url.contains('@') {
            "it cannot be read; in a name or password the signs : / ? # [ ] @ % are written as %3A and so on".to_owned()
        } else {
            text(&error)
        };
        Error::Unavailable(format!("the store's URL: {message}"))
    })?;
    if let Some(concern) = &options.write_concern {
        let weaker =
            concern.w.as_ref().is_some_and(|w| *w != Acknowledgment::Majority) || concern.journal == Some(false);
        if weaker {
            return Err(weaker_than_promised("w or journal", "w=majority&journal=true"));
        }
    }
    if options
        .read_concern
        .as_ref()
        .is_some_and(|concern| *concern != ReadConcern::majority())
    {
        return Err(weaker_than_promised("readConcernLevel", "readConcernLevel=majority"));
    }
    let primary =
        |criteria: &SelectionCriteria| matches!(criteria, SelectionCriteria::ReadPreference(ReadPreference::Primary));
    if !address.read_only && !options.selection_criteria.as_ref().is_none_or(primary) {
        return Err(weaker_than_promised("readPreference", "readPreference=primary"));
    }
    let timeout = options.write_concern.as_ref().and_then(|concern| concern.w_timeout);
    options.write_concern = Some(
        WriteConcern::builder()
            .w(Acknowledgment::Majority)
            .journal(true)
            .w_timeout(timeout.unwrap_or(WRITE_TIMEOUT))
            .build(),
    );
    options.read_concern = Some(ReadConcern::majority());
    options.server_selection_timeout.get_or_insert(SERVER_SELECTION_TIMEOUT);
    options.connect_timeout.get_or_insert(SERVER_SELECTION_TIMEOUT);
    options.max_pool_size.get_or_insert(MAX_CONNECTIONS);
    options.app_name.get_or_insert_with(|| "watchroom".to_owned());
    Ok(options)
}

fn weaker_than_promised(option: &str, needed: &str) -> Error {
    Error::Unavailable(format!(
        "with its {option} the store's URL would let go of acknowledged samples; leave it out, or write {needed}"
    ))
}

/// Refuses a server without transactions: without them a batch could be stored in part.
async fn check_transactions(database: &Database) -> Result<()> {
    let hello = database.run_command(doc! { "hello": 1 }).await.map_err(store_error)?;
    if hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid") {
        return Ok(());
    }
    Err(Error::Unavailable(
        "this MongoDB is a single server outside a replica set, which has no transactions, so that a batch could be stored in part; \
         start it with --replSet rs0 and run rs.initiate() once, or add readOnly=true to the store's URL"
            .to_owned(),
    ))
}

/// Makes the collections and indexes, under a lock, and shows that writes and reads are as durable as promised.
async fn set_up(database: &Database) -> Result<()> {
    let schema: Collection<Document> = database.collection("schema");
    check_version(database).await?;
    let holder = Bson::ObjectId(mongodb::bson::oid::ObjectId::new());
    while !take_lock(&schema, &holder).await? {
        tracing::info!("another server is setting the database up");
        tokio::time::sleep(SETUP_POLL).await;
    }
    let done = set_up_locked(database, &schema).await;
    let freed = schema.delete_one(doc! { "_id": "setup", "holder": &holder }).await;
    done?;
    freed.map_err(store_error)?;
    Ok(())
}

async fn set_up_locked(database: &Database, schema: &Collection<Document>) -> Result<()> {
    // Again: another server may have brought it further before the lock was ours.
    check_version(database).await?;
    for name in [
        FRAMES, "metrics", "newest", TILES, STATES, WRITERS, RECORDS, EVENTS, CHANGES,
    ] {
        match database.create_collection(name).await {
            Ok(()) => {}
            Err(error) if has_code(&error, NAMESPACE_EXISTS) => {}
            Err(error) => return Err(store_error(error)),
        }
    }
    let frames: Collection<RawDocumentBuf> = database.collection(FRAMES);
    create_unique(&frames, doc! { "name": 1, "date": 1, "micros": 1 }).await?;
    let metrics: Collection<RawDocumentBuf> = database.collection("metrics");
    create_unique(&metrics, doc! { "name": 1 }).await?;
    create_unique(&database.collection(TILES), tiles::index_order()).await?;
    create_unique(&database.collection(WRITERS), doc! { "name": 1, "writer": 1 }).await?;
    create_unique(&database.collection(RECORDS), records::unique_order()).await?;
    for keys in records::event_orders() {
        let events: Collection<RawDocumentBuf> = database.collection(EVENTS);
        let index = IndexModel::builder().keys(keys).build();
        events.create_index(index).await.map_err(store_error)?;
    }
    // The first write with the concerns of all that follow: it fails where no majority answers, or nothing is journaled.
    let opened = vec![doc! { "$set": { "version": SCHEMA, "opened": "$$NOW" } }];
    schema
        .update_one(doc! { "_id": "watchroom" }, opened)
        .upsert(true)
        .await
        .map_err(store_error)?;
    if version(schema).await? == Some(SCHEMA) {
        return Ok(());
    }
    Err(Error::Unavailable(
        "the database does not show what it has just acknowledged".to_owned(),
    ))
}

async fn create_unique(collection: &Collection<RawDocumentBuf>, keys: Document) -> Result<()> {
    let unique = IndexOptions::builder().unique(true).build();
    let index = IndexModel::builder().keys(keys).options(unique).build();
    match collection.create_index(index).await {
        Ok(_created) => Ok(()),
        Err(error) if is_duplicate_key(&error) => Err(Error::Corrupt(format!(
            "the collection {} holds documents that are not from here; configure another database",
            collection.name()
        ))),
        Err(error) => Err(store_error(error)),
    }
}

/// Takes the lock on the set-up if it is free, or its holder has not come back. By the server's clock.
async fn take_lock(schema: &Collection<Document>, holder: &Bson) -> Result<bool> {
    // As numbers: not every server of this protocol compares a stored date with its clock.
    let free = doc! { "$lt": [{ "$toLong": "$until" }, { "$toLong": "$$NOW" }] };
    let change = vec![doc! { "$set": {
        "holder": { "$cond": [&free, holder, "$holder"] },
        "until": { "$cond": [&free, { "$add": ["$$NOW", SETUP_LOCK_MILLIS] }, "$until"] },
    } }];
    let taken = schema
        .find_one_and_update(doc! { "_id": "setup" }, change)
        .upsert(true)
        .return_document(ReturnDocument::After)
        .await;
    match taken {
        Ok(lock) => Ok(lock.is_some_and(|lock| lock.get("holder") == Some(holder))),
        // Two servers made it at once.
        Err(error) if is_duplicate_key(&error) => Ok(false),
        Err(error) => Err(store_error(error)),
    }
}

/// Refuses a database of a newer program.
async fn check_version(database: &Database) -> Result<()> {
    match version(&database.collection("schema")).await? {
        Some(found) if SCHEMA < found => Err(Error::TooNew(format!(
            "the database {} was made by a newer watchroom: it has schema {found}, this one knows {SCHEMA}; use the newer program",
            database.name()
        ))),
        _ => Ok(()),
    }
}

async fn version(schema: &Collection<Document>) -> Result<Option<i64>> {
    let Some(document) = schema
        .find_one(doc! { "_id": "watchroom" })
        .await
        .map_err(store_error)?
    else {
        return Ok(None);
    };
    let version = document
        .get_i64("version")
        .or_else(|_error| document.get_i32("version").map(i64::from));
    let unreadable = |error| Error::Corrupt(format!("the schema's version: {error}"));
    version.map(Some).map_err(unreadable)
}

/// Warns where a collection of a site has no index for its queries; making one is up to the site.
async fn check_index(database: &Database, site: &SiteCollection) -> Result<()> {
    let collection: Collection<RawDocumentBuf> = database.collection(&site.collection);
    let indexes = collection.list_indexes().await;
    let mut indexes = match indexes {
        Ok(indexes) => indexes,
        // The collection may come later.
        Err(error) => {
            let error = text(&error);
            tracing::warn!(
                collection = site.collection,
                "cannot list the indexes of {}: {error}",
                site.collection
            );
            return Ok(());
        }
    };
    while indexes.advance().await.map_err(store_error)? {
        let index = indexes.deserialize_current().map_err(store_error)?;
        let mut keys = index.keys.keys();
        if keys.next().is_some_and(|key| key == "name") && keys.next().is_some_and(|key| key == "date") {
            return Ok(());
        }
    }
    tracing::warn!(
        collection = site.collection,
        "the collection {0} has no index on name and date, so that every query reads all of it; \
         run db.{0}.createIndex({{name: 1, date: 1}})",
        site.collection
    );
    Ok(())
}
