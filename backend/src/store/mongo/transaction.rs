//! One transaction: all frames of a group, or none of them.

use std::collections::BTreeMap;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, RawDocument, RawDocumentBuf, doc};
use mongodb::error::Error as DriverError;
use mongodb::options::ReadConcern;
use mongodb::{Client, ClientSession, Collection, Database};
use shared::time::Timestamp;

use super::super::Error;
use super::super::row::Row;
use super::failure::{is_conflict, is_conflict_code, store_error, text};
use super::moment::Moment;
use super::place::Place;
use super::sealing::{self, WriterId};
use super::writer::MetricRows;
use super::{changes, document};

/// How many documents one command asks for, inserts or changes.
const DOCUMENTS_PER_COMMAND: usize = 1000;

/// How many values one update command carries, so that it stays far below the 16 MB of a document.
const VALUES_PER_UPDATE: usize = 500_000;

/// Why nothing of a transaction was stored.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Another writer came between; the same may be tried again.
    #[error("{0}")]
    Conflict(String),
    /// What it was begun with does not hold any more, as this says.
    #[error("{0}")]
    Outdated(String),
    /// Anything else.
    #[error("{0}")]
    Store(Error),
}

/// What a part of a transaction gives.
pub(super) type Outcome<T> = std::result::Result<T, Failure>;

impl From<DriverError> for Failure {
    fn from(error: DriverError) -> Self {
        if is_conflict(&error) {
            Self::Conflict(text(&error))
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

/// A row and its time.
type TimedRow<'a> = (&'a Timestamp, &'a Row);

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
///
/// Gives [`Failure::Outdated`] where the server is not registered as a writer of all the metrics.
pub(super) async fn run(
    client: &Client,
    database: &Database,
    metrics: &[MetricRows],
    writer: (WriterId, ObjectId),
) -> Result<(), Failure> {
    let mut session = begin(client).await?;
    let filled = fill(&mut session, database, metrics, writer).await;
    end(session, filled).await
}

/// Begins one. The write concern is the client's: majority and journaled.
pub(super) async fn begin(client: &Client) -> Result<ClientSession, Failure> {
    let mut session = client.start_session().await?;
    session
        .start_transaction()
        .read_concern(ReadConcern::snapshot())
        .await?;
    Ok(session)
}

/// Commits what was done, or leaves nothing of it.
pub(super) async fn end(mut session: ClientSession, done: Result<(), Failure>) -> Result<(), Failure> {
    match done {
        Ok(()) => Ok(session.commit_transaction().await?),
        Err(error) => {
            // The server does it by itself when the session ends; this is only sooner.
            let _aborted = session.abort_transaction().await;
            Err(error)
        }
    }
}

async fn fill(
    session: &mut ClientSession,
    database: &Database,
    metrics: &[MetricRows],
    writer: (WriterId, ObjectId),
) -> Result<(), Failure> {
    let mut new: BTreeMap<&str, Vec<RawDocumentBuf>> = BTreeMap::new();
    for metric in metrics {
        let place = &metric.entry.place;
        let new = new.entry(&place.collection).or_default();
        let is_new = |time: &Timestamp| metric.last_stored.is_none_or(|last| last < *time);
        let rows: Vec<TimedRow<'_>> = metric.rows.iter().collect();
        let (maybe_old, surely_new) = rows.split_at(rows.partition_point(|(time, _)| !is_new(time)));
        for rows in maybe_old.chunks(DOCUMENTS_PER_COMMAND) {
            new.extend(update_stored(session, database, place, rows).await?);
        }
        new.extend(
            surely_new
                .iter()
                .map(|(time, row)| document::new_document(place, **time, row)),
        );
    }
    for (collection, documents) in new {
        let collection: Collection<RawDocumentBuf> = database.collection(collection);
        for documents in documents.chunks(DOCUMENTS_PER_COMMAND) {
            collection.insert_many(documents).session(&mut *session).await?;
        }
    }
    // Nobody keeps tiles over collections of a site.
    let own = metrics.iter().filter(|metric| metric.entry.place.is_own());
    let written: Vec<(&str, Vec<i64>)> = own
        .map(|metric| {
            let times_us = metric.rows.keys().map(|time| time.as_micros());
            (metric.entry.place.name.as_str(), times_us.collect())
        })
        .collect();
    changes::tell(session, database, writer.1, metrics).await?;
    sealing::guard(session, database, writer.0, &written).await
}

/// Writes those rows over what is stored at their times, and gives documents for the others.
async fn update_stored(
    session: &mut ClientSession,
    database: &Database,
    place: &Place,
    rows: &[TimedRow<'_>],
) -> Result<Vec<RawDocumentBuf>, Failure> {
    let mut stored = find_stored(session, database, place, rows).await?;
    let mut new = Vec::new();
    let mut updates = Updates::default();
    for (time, row) in rows {
        match stored.remove(*time) {
            None => new.push(document::new_document(place, **time, row)),
            Some(older) => updates.push(place, **time, older, row),
        }
        if VALUES_PER_UPDATE <= updates.n_values {
            updates.send(session, database, place).await?;
        }
    }
    updates.send(session, database, place).await?;
    Ok(new)
}

/// The stored documents at these times, which rise.
async fn find_stored(
    session: &mut ClientSession,
    database: &Database,
    place: &Place,
    rows: &[TimedRow<'_>],
) -> Result<BTreeMap<Timestamp, Stored>, Failure> {
    let mut dates: Vec<_> = rows.iter().map(|(time, _)| Moment::from(**time).date).collect();
    dates.dedup();
    let collection: Collection<RawDocumentBuf> = database.collection(&place.collection);
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
    /// Adds the update of a stored document by a row.
    fn push(&mut self, place: &Place, time: Timestamp, older: Stored, row: &Row) {
        let merged = older.row.map(|older| older.merged_with(row));
        let merged = merged.as_ref().unwrap_or(row);
        let Moment { date, micros } = time.into();
        let mut filter = doc! { "_id": older.id, "name": &place.name, "date": date };
        if place.is_own() {
            // The whole shard key, so that one shard is asked.
            filter.insert("micros", micros);
        }
        self.n_values += merged.len();
        self.statements
            .push(doc! { "q": filter, "u": document::update(place, merged) });
    }

    /// Sends the statements, if there are any, and forgets them.
    async fn send(&mut self, session: &mut ClientSession, database: &Database, place: &Place) -> Result<(), Failure> {
        let Self { statements, .. } = std::mem::take(self);
        if statements.is_empty() {
            return Ok(());
        }
        let expected = statements.len();
        let command = doc! { "update": &place.collection, "updates": statements, "ordered": true };
        // A plain command: the driver's own update of several documents takes one round trip each.
        if run_statements(session, database, command).await? == expected {
            return Ok(());
        }
        // A document was there a moment ago, in this very transaction.
        Err(Failure::Conflict("an update missed a document".to_owned()))
    }
}

/// Runs a command of several updates or deletions, and gives how many documents it found or made.
pub(super) async fn run_statements(
    session: &mut ClientSession,
    database: &Database,
    command: Document,
) -> Result<usize, Failure> {
    let answer = database.run_command(command).session(session).await?;
    let errors = answer.get_array("writeErrors").map(Vec::as_slice).unwrap_or_default();
    if let Some(first) = errors.first().and_then(|error| error.as_document()) {
        return Err(statement_failure(first));
    }
    let n = answer.get_i64("n").or_else(|_error| answer.get_i32("n").map(i64::from));
    let n = n.ok().and_then(|n| usize::try_from(n).ok());
    n.ok_or_else(|| {
        Failure::Store(Error::Unavailable(format!(
            "the server answered without a count: {answer}"
        )))
    })
}

/// What it means that a statement failed.
fn statement_failure(error: &Document) -> Failure {
    let message = error.get_str("errmsg").unwrap_or("no message").to_owned();
    if error.get_i32("code").is_ok_and(is_conflict_code) {
        Failure::Conflict(message)
    } else {
        Failure::Store(Error::Unavailable(message))
    }
}
