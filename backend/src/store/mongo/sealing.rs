//! What keeps tiles no older than the samples under them, although several servers write and derive at once.
//!
//! A transaction of MongoDB sees a snapshot, and fails only where another one has changed a document that it changes too.
//! Reading the sealed moment would therefore not be enough: a write could commit below a moment that was sealed after
//! its snapshot, unseen by whoever derives tiles then. So writers and sealers meet in documents that both change:
//!
//! * `tile_states`, one document per metric: the sealed moment and the generation. Late writes raise the generation,
//!   and whoever stores tiles changes the document too, so that one of them comes first.
//! * `tile_writers`, one document per metric and writing server. Each transaction of frames changes that of its own server,
//!   each sealing those of all servers. Servers that write the same metric do not wait for each other.
//!
//! A server registers before its first transaction: it inserts its document, and then changes that of the metric. A
//! sealing whose snapshot does not have the first sees the second come in between, and starts again.

use std::collections::BTreeMap;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::{ClientSession, Collection, Database};
use serde::Deserialize;

use super::super::tiles::{TileSpan, TileState, starts_of_runs};
use super::super::{Error, Result};
use super::failure::{is_duplicate_key, store_error};
use super::moment::Moment;
use super::transaction::{Failure, Outcome, run_statements};

/// The collections of tiles, and of what is known of them.
pub(super) const TILES: &str = "tiles";
pub(super) const STATES: &str = "tile_states";
pub(super) const WRITERS: &str = "tile_writers";

/// How many documents or statements one command has.
const STATEMENTS_PER_COMMAND: usize = 1000;

/// After how long without a write a server's document is removed by the next sealing; should the server live, it registers
/// again. In milliseconds.
const FORGOTTEN_AFTER_MILLIS: i64 = 3_600_000;

/// How often a registration is tried again because another server came between.
const ATTEMPTS: u32 = 20;

/// One process that writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct WriterId(ObjectId);

impl WriterId {
    /// A number that no other process has.
    pub(super) fn new() -> Self {
        Self(ObjectId::new())
    }
}

/// The stored form of what is known of the tiles of a metric. Its `_id` is the metric's name, as the frames have it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct StateDocument {
    #[serde(rename = "_id")]
    name: String,
    pub(super) generation: i64,
    /// None while nothing is sealed.
    #[serde(default)]
    spans: Vec<StoredSpan>,
    date: Option<DateTime>,
    micros: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
struct StoredSpan {
    level: i64,
    span_us: i64,
}

impl StateDocument {
    /// Reads the stored form; `None` while nothing is sealed.
    pub(super) fn read(&self) -> Result<Option<TileState>> {
        if self.spans.is_empty() {
            return Ok(None);
        }
        let span = |stored: &StoredSpan| {
            let level = u8::try_from(stored.level).ok()?;
            let span_micros = stored.span_us;
            (0 < span_micros).then_some(TileSpan { level, span_micros })
        };
        let spans: Option<Vec<TileSpan>> = self.spans.iter().map(span).collect();
        let moment = self.date.zip(self.micros);
        let sealed = moment.and_then(|(date, micros)| Moment { date, micros }.time());
        let state = spans.zip(sealed).map(|(spans, sealed)| TileState {
            spans,
            sealed,
            generation: self.generation.cast_unsigned(),
            standing: None,
        });
        let damaged = || Error::Corrupt(format!("the state of the tiles of {:?} is damaged", self.name));
        state.map(Some).ok_or_else(damaged)
    }
}

/// What is stored of the tiles of a metric.
pub(super) async fn stored(database: &Database, name: &str) -> Result<Option<StateDocument>> {
    let states: Collection<StateDocument> = database.collection(STATES);
    states.find_one(doc! { "_id": name }).await.map_err(store_error)
}

/// Makes a server known as a writer of these metrics.
pub(super) async fn register(database: &Database, writer: WriterId, names: &[&str]) -> Result<()> {
    for names in names.chunks(STATEMENTS_PER_COMMAND) {
        let now = DateTime::now();
        let documents = names
            .iter()
            .map(|name| doc! { "name": name, "writer": writer.0, "seen": now });
        insert_missing(&database.collection(WRITERS), documents.collect()).await?;
        touch_states(database, names).await?;
    }
    Ok(())
}

/// Makes sure that a metric has a document for what is known of its tiles.
pub(super) async fn ensure_state(database: &Database, name: &str) -> Result<()> {
    insert_missing(&database.collection(STATES), vec![new_state(name)]).await
}

fn new_state(name: &str) -> Document {
    doc! { "_id": name, "generation": 0_i64, "changes": 0_i64 }
}

async fn touch_states(database: &Database, names: &[&str]) -> Result<()> {
    let states: Collection<Document> = database.collection(STATES);
    for _ in 0..ATTEMPTS {
        let filter = doc! { "_id": { "$in": names.to_vec() } };
        let change = doc! { "$inc": { "changes": 1_i64 } };
        let touched = states.update_many(filter, change).await.map_err(store_error)?;
        if touched.matched_count == names.len() as u64 {
            return Ok(());
        }
        let documents = names.iter().map(|name| new_state(name));
        insert_missing(&states, documents.collect()).await?;
    }
    Err(Error::Unavailable(
        "documents vanish from the collection tile_states".to_owned(),
    ))
}

/// Inserts those documents whose keys are not there yet.
async fn insert_missing(collection: &Collection<Document>, documents: Vec<Document>) -> Result<()> {
    match collection.insert_many(documents).ordered(false).await {
        Ok(_inserted) => Ok(()),
        Err(error) if is_duplicate_key(&error) => Ok(()),
        Err(error) => Err(store_error(error)),
    }
}

/// Removes, in a transaction that writes frames, the tiles over their times, which rise within each metric; and meets sealings.
///
/// To be called last, so that sealings wait no longer than the commit takes.
pub(super) async fn guard(
    session: &mut ClientSession,
    database: &Database,
    writer: WriterId,
    written: &[(&str, Vec<i64>)],
) -> Outcome<()> {
    for written in written.chunks(STATEMENTS_PER_COMMAND) {
        let names: Vec<&str> = written.iter().map(|(name, _)| *name).collect();
        let times_of_name = written.iter().map(|(name, times_us)| (*name, times_us.as_slice()));
        invalidate(session, database, &names, &times_of_name.collect()).await?;
        let mine = doc! { "name": { "$in": names }, "writer": writer.0 };
        let change = doc! { "$set": { "seen": DateTime::now() }, "$inc": { "writes": 1_i64 } };
        let command = update_many(WRITERS, mine, change);
        if run_statements(session, database, command).await? != written.len() {
            return Err(Failure::Outdated(
                "this server is not registered as a writer".to_owned(),
            ));
        }
    }
    Ok(())
}

async fn invalidate(
    session: &mut ClientSession,
    database: &Database,
    names: &[&str],
    times_of_name: &BTreeMap<&str, &[i64]>,
) -> Outcome<()> {
    let states: Collection<StateDocument> = database.collection(STATES);
    let mut found = states
        .find(doc! { "_id": { "$in": names.to_vec() } })
        .session(&mut *session)
        .await?;
    let (mut late, mut deletions) = (Vec::new(), Vec::new());
    while let Some(state) = found.next(session).await.transpose()? {
        let Some(TileState { spans, sealed, .. }) = state.read()? else {
            continue;
        };
        let times_us = times_of_name.get(state.name.as_str()).copied().unwrap_or_default();
        let late_us = &times_us[..times_us.partition_point(|time_us| *time_us < sealed.as_micros())];
        if late_us.is_empty() {
            continue;
        }
        for span in spans {
            for (first_us, last_us) in starts_of_runs(span, late_us) {
                let starts = doc! { "$gte": first_us, "$lt": last_us.saturating_add(span.span_micros) };
                let tiles = doc! { "name": &state.name, "level": i64::from(span.level), "start_us": starts };
                deletions.push(doc! { "q": tiles, "limit": 0 });
            }
        }
        late.push(state.name);
    }
    for deletions in deletions.chunks(STATEMENTS_PER_COMMAND) {
        let command = doc! { "delete": TILES, "deletes": deletions.to_vec(), "ordered": true };
        run_statements(session, database, command).await?;
    }
    if !late.is_empty() {
        let change = doc! { "$inc": { "generation": 1_i64, "changes": 1_i64 } };
        let command = update_many(STATES, doc! { "_id": { "$in": late } }, change);
        run_statements(session, database, command).await?;
    }
    Ok(())
}

/// Moves the sealed moment of a metric, in a transaction, if what is known of it is still this; and meets all writers.
pub(super) async fn seal(
    session: &mut ClientSession,
    database: &Database,
    known: &StateDocument,
    new: &TileState,
) -> Outcome<()> {
    let states: Collection<StateDocument> = database.collection(STATES);
    let current = states
        .find_one(doc! { "_id": &known.name })
        .session(&mut *session)
        .await?;
    if current.as_ref() != Some(known) {
        return Err(Failure::Conflict("the tiles were changed meanwhile".to_owned()));
    }
    // By this server's clock: a wrong one only makes others register again.
    let forgotten = DateTime::from_millis(DateTime::now().timestamp_millis() - FORGOTTEN_AFTER_MILLIS);
    let forgotten = doc! { "name": &known.name, "seen": { "$lt": forgotten } };
    let command = doc! { "delete": WRITERS, "deletes": [{ "q": forgotten, "limit": 0 }] };
    run_statements(session, database, command).await?;
    let change = doc! { "$inc": { "seals": 1_i64 } };
    let command = update_many(WRITERS, doc! { "name": &known.name }, change);
    run_statements(session, database, command).await?;
    let Moment { date, micros } = new.sealed.into();
    let spans: Vec<Document> = new.spans.iter().map(span_document).collect();
    let change = doc! {
        "$set": { "spans": spans, "date": date, "micros": micros, "generation": new.generation.cast_signed() },
        "$inc": { "changes": 1_i64 },
    };
    let command = update_many(STATES, doc! { "_id": &known.name }, change);
    run_statements(session, database, command).await.map(drop)
}

fn span_document(span: &TileSpan) -> Document {
    doc! { "level": i64::from(span.level), "span_us": span.span_micros }
}

/// Lets no tile of a metric be stored that was derived before, and gives whether it was as far as known.
///
/// With `unseal` no time counts as sealed any more.
pub(super) async fn raise_generation(database: &Database, known: &StateDocument, unseal: bool) -> Result<bool> {
    let states: Collection<Document> = database.collection(STATES);
    let mut change = doc! { "$inc": { "generation": 1_i64, "changes": 1_i64 } };
    if unseal {
        change.insert("$unset", doc! { "spans": "", "date": "", "micros": "" });
    }
    let filter = doc! { "_id": &known.name, "generation": known.generation };
    let raised = states.update_one(filter, change).await.map_err(store_error)?;
    Ok(raised.matched_count == 1)
}

/// Makes a transaction that stores tiles fail where another one changes what is known of them, and gives whether the
/// generation is still this one.
pub(super) async fn hold_generation(
    session: &mut ClientSession,
    database: &Database,
    name: &str,
    generation: u64,
) -> Outcome<bool> {
    let filter = doc! { "_id": name, "generation": generation.cast_signed(), "spans": { "$exists": true } };
    let command = update_many(STATES, filter, doc! { "$inc": { "changes": 1_i64 } });
    Ok(run_statements(session, database, command).await? == 1)
}

fn update_many(collection: &str, filter: Document, change: Document) -> Document {
    doc! { "update": collection, "updates": [{ "q": filter, "u": change, "multi": true }] }
}
