//! Records and events in MongoDB: bodies are documents, arrays or values, so that every client reads them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, Document, RawDocument, RawDocumentBuf, doc};
use mongodb::{ClientSession, Collection};
use serde_json::Value as Json;

use super::super::Result;
use super::super::records::{
    Applied, Batch, Event, EventOrder, EventQuery, Place, Plan, Record, RecordChange, RecordStore, sql_version,
    stored_version,
};
use super::MongoStore;
use super::attempts::Attempts;
use super::document::damaged;
use super::failure::store_error;
use super::moment::Moment;
use super::transaction::{self, Failure, Outcome, run_statements};

/// The collections of records and events.
pub(super) const RECORDS: &str = "records";
pub(super) const EVENTS: &str = "record_events";

/// The order of records, each of which is there once.
pub(super) fn unique_order() -> Document {
    doc! { "collection": 1, "key": 1 }
}

/// The orders of events. Numbers that a driver gives rise, which keeps those of one time in order.
pub(super) fn event_orders() -> [Document; 2] {
    [
        doc! { "log": 1, "date": 1, "micros": 1, "_id": 1 },
        doc! { "log": 1, "key": 1, "date": 1, "micros": 1, "_id": 1 },
    ]
}

#[async_trait]
impl RecordStore for MongoStore {
    async fn apply(&self, changes: &[RecordChange]) -> Result<Applied> {
        self.check_writable()?;
        let batch = Batch::new(changes)?;
        let mut attempts = Attempts::new();
        loop {
            match self.try_to_apply(&batch).await {
                Ok(applied) => return Ok(applied),
                Err(Failure::Store(error)) => return Err(error),
                Err(failure) => attempts.wait(&failure.to_string()).await?,
            }
        }
    }

    async fn records(&self, collection: &str) -> Result<Vec<Record>> {
        self.check_open()?;
        let found = self
            .database
            .collection::<RawDocumentBuf>(RECORDS)
            .find(doc! { "collection": collection })
            .sort(unique_order())
            .await
            .map_err(store_error)?;
        let found: Vec<RawDocumentBuf> = found.try_collect().await.map_err(store_error)?;
        found.iter().map(|found| record(found)).collect()
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<Event>> {
        self.check_open()?;
        if query.limit == 0 {
            // MongoDB takes it for all.
            return Ok(Vec::new());
        }
        let direction = match query.order {
            EventOrder::OldestFirst => 1,
            EventOrder::NewestFirst => -1,
        };
        let (start, end) = (Moment::from(query.range.start()), Moment::from(query.range.end()));
        let mut filter = doc! {
            "log": &query.log,
            "date": { "$gte": start.date, "$lte": end.date },
            "$nor": [
                { "date": start.date, "micros": { "$lt": start.micros } },
                { "date": end.date, "micros": { "$gte": end.micros } },
            ],
        };
        let mut order = doc! { "log": direction };
        if let Some(key) = &query.key {
            filter.insert("key", key);
            order.insert("key", direction);
        }
        order.extend(doc! { "date": direction, "micros": direction, "_id": direction });
        let found = self
            .database
            .collection::<RawDocumentBuf>(EVENTS)
            .find(filter)
            .sort(order)
            .limit(i64::try_from(query.limit).unwrap_or(i64::MAX))
            .await
            .map_err(store_error)?;
        let found: Vec<RawDocumentBuf> = found.try_collect().await.map_err(store_error)?;
        found.iter().map(|found| event(found)).collect()
    }
}

/// A record as a document has it.
pub(super) fn record(document: &RawDocument) -> Result<Record> {
    let document = &whole(document)?;
    let version = document
        .get_i64("version")
        .or_else(|_error| document.get_i32("version").map(i64::from));
    Ok(Record {
        key: document.get_str("key").map_err(damaged)?.to_owned(),
        version: stored_version(version.map_err(damaged)?)?,
        body: body(document)?,
    })
}

/// An event as a document has it.
pub(super) fn event(document: &RawDocument) -> Result<Event> {
    let document = &whole(document)?;
    let date = *document.get_datetime("date").map_err(damaged)?;
    let micros = document
        .get_i64("micros")
        .or_else(|_error| document.get_i32("micros").map(i64::from))
        .map_err(damaged)?;
    Ok(Event {
        time: Moment { date, micros }
            .time()
            .ok_or_else(|| damaged("its time lies outside the calendar"))?,
        key: document.get_str("key").map_err(damaged)?.to_owned(),
        body: body(document)?,
    })
}

/// Not by serde, which would take some documents in a body for numbers or dates.
fn whole(document: &RawDocument) -> Result<Document> {
    document.try_into().map_err(damaged)
}

fn body(document: &Document) -> Result<String> {
    let body = document.get("body").ok_or_else(|| damaged("it has no body"))?;
    Ok(json(body)?.to_string())
}

/// Not by the driver, for which a document such as `{"$oid": …}` would be something else.
fn bson(json: &Json) -> Bson {
    match json {
        Json::Null => Bson::Null,
        Json::Bool(value) => Bson::Boolean(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Bson::Int64(whole),
            (None, Some(number)) => Bson::Double(number),
            (None, None) => Bson::Null,
        },
        Json::String(text) => Bson::String(text.clone()),
        Json::Array(items) => Bson::Array(items.iter().map(bson).collect()),
        Json::Object(fields) => Bson::Document(fields.iter().map(|(key, value)| (key.clone(), bson(value))).collect()),
    }
}

fn json(bson: &Bson) -> Result<Json> {
    Ok(match bson {
        Bson::Null => Json::Null,
        Bson::Boolean(value) => Json::Bool(*value),
        Bson::Int32(whole) => Json::from(*whole),
        Bson::Int64(whole) => Json::from(*whole),
        Bson::Double(number) => Json::from(*number),
        Bson::String(text) => Json::String(text.clone()),
        Bson::Array(items) => Json::Array(items.iter().map(json).collect::<Result<_>>()?),
        Bson::Document(fields) => Json::Object(
            fields
                .iter()
                .map(|(key, value)| Ok((key.clone(), json(value)?)))
                .collect::<Result<_>>()?,
        ),
        other => return Err(damaged(format!("a body holds {other}, which JSON does not know"))),
    })
}

impl MongoStore {
    async fn try_to_apply(&self, batch: &Batch) -> Outcome<Applied> {
        let mut session = transaction::begin(&self.client).await?;
        let planned = async {
            let present = self.versions(&mut session, batch).await?;
            match batch.plan(&present) {
                Ok(plan) => self.store(&mut session, plan).await.map(|()| Applied::All),
                Err(conflict) => Ok(conflict),
            }
        }
        .await;
        let done = match planned {
            Ok(Applied::All) => Ok(()),
            Ok(conflict) => {
                // Nothing was changed.
                let _aborted = session.abort_transaction().await;
                return Ok(conflict);
            }
            Err(failure) => Err(failure),
        };
        transaction::end(session, done).await.map(|()| Applied::All)
    }

    async fn versions(&self, session: &mut ClientSession, batch: &Batch) -> Outcome<BTreeMap<Place, u64>> {
        let mut present = BTreeMap::new();
        let mut asked: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (collection, key) in batch.places() {
            asked.entry(collection).or_default().push(key);
        }
        let records: Collection<RawDocumentBuf> = self.database.collection(RECORDS);
        for (collection, keys) in asked {
            let mut found = records
                .find(doc! { "collection": collection, "key": { "$in": keys } })
                .session(&mut *session)
                .await?;
            while found.advance(&mut *session).await? {
                let record = record(found.current())?;
                present.insert((collection.to_owned(), record.key), record.version);
            }
        }
        Ok(present)
    }

    async fn store(&self, session: &mut ClientSession, plan: Plan) -> Outcome<()> {
        let deletes: Vec<Document> = plan
            .delete
            .iter()
            .map(|(collection, key)| doc! { "q": { "collection": collection, "key": key }, "limit": 1 })
            .collect();
        if !deletes.is_empty() {
            let expected = deletes.len();
            let command = doc! { "delete": RECORDS, "deletes": deletes };
            if run_statements(session, &self.database, command).await? != expected {
                return Err(Failure::Conflict("a record went in between".to_owned()));
            }
        }
        let updates: Vec<Document> = plan
            .put
            .iter()
            .map(|((collection, key), (version, body))| {
                let put = doc! { "$set": { "version": sql_version(*version), "body": bson(body) } };
                doc! { "q": { "collection": collection, "key": key }, "u": put, "upsert": true }
            })
            .collect();
        if !updates.is_empty() {
            run_statements(session, &self.database, doc! { "update": RECORDS, "updates": updates }).await?;
        }
        let events: Vec<Document> = plan
            .append
            .iter()
            .map(|new| {
                let (time, key, body) = &new.event;
                let Moment { date, micros } = (*time).into();
                doc! { "log": &new.log, "key": key, "date": date, "micros": micros, "body": bson(body) }
            })
            .collect();
        if !events.is_empty() {
            let collection: Collection<Document> = self.database.collection(EVENTS);
            collection.insert_many(&events).session(&mut *session).await?;
        }
        Ok(())
    }
}
