//! One transaction: all frames of a group, or none of them.

use std::collections::BTreeMap;

use mongodb::bson::{Document, RawDocument, RawDocumentBuf, doc};
use mongodb::error::Error as DriverError;
use mongodb::options::ReadConcern;
use mongodb::{Client, ClientSession, Collection, Database};
use shared::time::Timestamp;

use super::super::Error;
use super::super::row::Row;
use super::document::{self, Moment};
use super::failure::{is_conflict, is_conflict_code, store_error};
use super::place::Place;
use super::writer::MetricRows;

/// How many documents one command asks for, inserts or changes.
const DOCUMENTS_PER_COMMAND: usize = 1000;

/// How many values one update command carries, so that it stays far below the 16 MB of a document.
const VALUES_PER_UPDATE: usize = 500_000;

/// Why nothing of a transaction was stored.
#[derive(Debug)]
pub(super) enum Failure {
    /// Another writer came between; the same may be tried again.
    Conflict(String),
    /// Anything else.
    Store(Error),
}

impl From<DriverError> for Failure {
    fn from(error: DriverError) -> Self {
        if is_conflict(&error) {
            Self::Conflict(error.to_string())
        } else {
            Self::Store(store_error(error))
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

/// A stored document, and what it holds.
#[derive(Debug)]
struct Stored {
    id: mongodb::bson::Bson,
    row: Option<Row>,
}

/// The statements of one update command.
#[derive(Debug, Default)]
struct Updates {
    statements: Vec<Document>,
    n_values: usize,
}

/// Writes the rows over what is there.
///
/// On an error nothing is stored; only where the answer to the commit was lost it may be, and even then all of it.
pub(super) async fn run(client: &Client, database: &Database, metrics: &[MetricRows]) -> Result<(), Failure> {
    let mut session = client.start_session().await?;
    // The write concern is the client's: majority and journaled.
    session
        .start_transaction()
        .read_concern(ReadConcern::snapshot())
        .await?;
    match fill(&mut session, database, metrics).await {
        Ok(()) => Ok(session.commit_transaction().await?),
        Err(error) => {
            // The server does it by itself when the session ends; this is only sooner.
            let _aborted = session.abort_transaction().await;
            Err(error)
        }
    }
}

async fn fill(session: &mut ClientSession, database: &Database, metrics: &[MetricRows]) -> Result<(), Failure> {
    let mut inserts: BTreeMap<&str, Vec<RawDocumentBuf>> = BTreeMap::new();
    for metric in metrics {
        let place = &metric.entry.place;
        let collection: Collection<RawDocumentBuf> = database.collection(&place.collection);
        let new = inserts.entry(&place.collection).or_default();
        let is_new = |time: &Timestamp| metric.last_stored.is_none_or(|last| last < *time);
        let rows: Vec<(&Timestamp, &Row)> = metric.rows.iter().collect();
        let n_old = rows.partition_point(|(time, _)| !is_new(time));
        for some in rows[..n_old].chunks(DOCUMENTS_PER_COMMAND) {
            let mut stored = find_stored(session, &collection, place, some).await?;
            let mut updates = Updates::default();
            for (time, row) in some {
                match stored.remove(*time) {
                    None => new.push(document::new_document(place, **time, row)),
                    Some(older) => {
                        let merged = older.row.map(|older| older.merged_with(row));
                        let merged = merged.as_ref().unwrap_or(row);
                        updates.n_values += merged.len();
                        let filter = doc! { "_id": older.id, "name": &place.name, "date": Moment::from(**time).date };
                        updates
                            .statements
                            .push(doc! { "q": filter, "u": document::update(place, merged) });
                    }
                }
                if VALUES_PER_UPDATE <= updates.n_values {
                    updates.send(session, database, place).await?;
                }
            }
            updates.send(session, database, place).await?;
        }
        new.extend(
            rows[n_old..]
                .iter()
                .map(|(time, row)| document::new_document(place, **time, row)),
        );
    }
    for (name, documents) in inserts {
        let collection: Collection<RawDocumentBuf> = database.collection(name);
        for documents in documents.chunks(DOCUMENTS_PER_COMMAND) {
            collection.insert_many(documents).session(&mut *session).await?;
        }
    }
    Ok(())
}

/// The stored documents at these times, which rise.
async fn find_stored(
    session: &mut ClientSession,
    collection: &Collection<RawDocumentBuf>,
    place: &Place,
    rows: &[(&Timestamp, &Row)],
) -> Result<BTreeMap<Timestamp, Stored>, Failure> {
    let mut dates: Vec<_> = rows.iter().map(|(time, _)| Moment::from(**time).date).collect();
    dates.dedup();
    let mut found = BTreeMap::new();
    let mut cursor = collection
        .find(doc! { "name": &place.name, "date": { "$in": dates } })
        .session(&mut *session)
        .await?;
    while cursor.advance(session).await? {
        let current: &RawDocument = cursor.current();
        let time = document::time_of(current)?;
        let row = document::row(current, place)?.map(|(_, row)| row);
        let id = current.get("_id").map_err(document::damaged)?;
        let id = id.ok_or_else(|| document::damaged("it has no _id"))?;
        let id = id.try_into().map_err(document::damaged)?;
        // Several documents of one time, in a collection of a site: the last one wins when they are read.
        let older: Option<Stored> = found.remove(&time);
        let row = match (older.and_then(|older| older.row), row) {
            (Some(older), Some(newer)) => Some(older.merged_with(&newer)),
            (older, newer) => newer.or(older),
        };
        found.insert(time, Stored { id, row });
    }
    Ok(found)
}

impl Updates {
    /// Sends the statements, if there are any, and forgets them.
    async fn send(&mut self, session: &mut ClientSession, database: &Database, place: &Place) -> Result<(), Failure> {
        let Self { statements, .. } = std::mem::take(self);
        if statements.is_empty() {
            return Ok(());
        }
        let expected = statements.len();
        let command = doc! { "update": &place.collection, "updates": statements, "ordered": true };
        let answer = database.run_command(command).session(session).await?;
        let matched = answer.get_i64("n").or_else(|_error| answer.get_i32("n").map(i64::from));
        if matched.is_ok_and(|matched| usize::try_from(matched) == Ok(expected)) {
            return Ok(());
        }
        Err(update_failure(&answer))
    }
}

/// What the answer to an update says that did not change all that it should.
fn update_failure(answer: &Document) -> Failure {
    let errors = answer.get_array("writeErrors").map(Vec::as_slice).unwrap_or_default();
    let Some(first) = errors.first().and_then(|error| error.as_document()) else {
        // A document was there a moment ago, in this very transaction.
        return Failure::Conflict(format!("an update missed a document: {answer}"));
    };
    let message = first.get_str("errmsg").unwrap_or("no message").to_owned();
    if first.get_i32("code").is_ok_and(is_conflict_code) {
        Failure::Conflict(message)
    } else {
        Failure::Store(Error::Unavailable(message))
    }
}
