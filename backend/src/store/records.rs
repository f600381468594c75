//! All that is kept besides samples: records, which are replaced, and events, which are only added. Small, and in the same database.
//!
//! A *record* is a JSON body under a key in a collection, with a version: 1 when it is put for the first time, one more with each
//! put. Whoever says which version they know learns when somebody else came between. After a deletion it begins at 1 again, so a key that
//! is deleted should not be made again by those who compare versions.
//!
//! An *event* is a JSON body in a log, with a time and a key. Events of one time stay in the order in which one server added them.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use serde_json::Value as Json;
use shared::time::{TimeRange, Timestamp};

use super::{Error, Result};

/// The longest name of a collection or log, and the longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 512;

/// The longest body, in bytes: far below what one document of MongoDB may have.
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// How deep a body may be nested; MongoDB knows 100 levels with its own.
const MAX_DEPTH: usize = 64;

/// What JSON may hold and PostgreSQL cannot keep, and what is read back in its place.
const NUL: char = '\0';
const NUL_READ_BACK: &str = "\u{fffd}";

/// What is kept besides samples.
#[async_trait]
pub trait RecordStore: fmt::Debug + Send + Sync + 'static {
    /// All changes or none, durable when it returns. A Put or Delete whose expectation fails makes the whole batch a
    /// [`Applied::Conflict`], which names it.
    ///
    /// Changes see those before them in the batch. Of two batches at once that expect the same, one is a conflict. After an
    /// [`Error::Unavailable`] the batch may be stored or not, but not a part of it.
    ///
    /// Bodies are read back with the same content; spaces, the order of keys and how a number is written may differ, and
    /// U+0000, which not every database keeps, comes back as U+FFFD. Fails with [`Error::Invalid`] where a body is no
    /// JSON, longer than [`MAX_BODY_BYTES`], nested deeper than 64 levels or has a whole number beyond 64 signed bits, and where
    /// a name or key is empty, holds U+0000 or is longer than [`MAX_KEY_BYTES`].
    async fn apply(&self, changes: &[RecordChange]) -> Result<Applied>;

    /// All records of a collection by rising key, byte by byte. An unknown collection has none.
    async fn records(&self, collection: &str) -> Result<Vec<Record>>;

    /// Events of a log in a range of time, of one key or of all; newest first or oldest first, at most `limit`.
    ///
    /// Newest first is exactly oldest first read from its end.
    async fn events(&self, query: &EventQuery) -> Result<Vec<Event>>;
}

/// Something that is kept, and replaced by newer ones.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its key, unique in its collection.
    pub key: String,
    /// How often it was put; from 1 on.
    pub version: u64,
    /// JSON.
    pub body: String,
}

/// What must hold for a change to be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// Nothing.
    Any,
    /// There is no such record.
    Absent,
    /// There is one of this version.
    Version(u64),
}

/// One change of a batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RecordChange {
    /// Makes a record, or replaces its body.
    Put {
        /// The collection.
        collection: String,
        /// The record's key.
        key: String,
        /// What must hold before.
        expected: Expected,
        /// JSON.
        body: String,
    },
    /// Removes a record. One that is not there is removed already.
    Delete {
        /// The collection.
        collection: String,
        /// The record's key.
        key: String,
        /// What must hold before.
        expected: Expected,
    },
    /// Adds an event.
    Append {
        /// The log.
        log: String,
        /// When it happened.
        time: Timestamp,
        /// What it is about.
        key: String,
        /// JSON.
        body: String,
    },
}

/// What became of a batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Applied {
    /// All is done, and durable.
    All,
    /// Nothing is done: this record is not as the batch expected.
    Conflict {
        /// Its collection.
        collection: String,
        /// Its key.
        key: String,
    },
}

/// Which events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventQuery {
    /// The log.
    pub log: String,
    /// Only of this key.
    pub key: Option<String>,
    /// When they happened.
    pub range: TimeRange,
    /// In which order, and so which ones where there are more than `limit`.
    pub order: EventOrder,
    /// The most events.
    pub limit: usize,
}

/// The order of events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventOrder {
    /// By falling time.
    NewestFirst,
    /// By rising time.
    OldestFirst,
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// When.
    pub time: Timestamp,
    /// What it is about.
    pub key: String,
    /// JSON.
    pub body: String,
}

/// A record by its collection and key.
pub(crate) type Place = (String, String);

/// What a batch does, checked and with bodies that every database keeps.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Step {
    Put(Place, Expected, Json),
    Delete(Place, Expected),
    Append(NewEvent),
}

/// An event to be added.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct NewEvent {
    pub(crate) log: String,
    pub(crate) event: (Timestamp, String, Json),
}

/// What is left to be done of a batch whose expectations hold.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Records as they will be, with their new version.
    pub(crate) put: BTreeMap<Place, (u64, Json)>,
    /// Records that are there and go.
    pub(crate) delete: Vec<Place>,
    /// Events in their order.
    pub(crate) append: Vec<NewEvent>,
}

impl Batch {
    /// Checks changes against the contract.
    pub(crate) fn new(changes: &[RecordChange]) -> Result<Self> {
        let step = |change: &RecordChange| match change {
            RecordChange::Put {
                collection,
                key,
                expected,
                body,
            } => Ok(Step::Put(place(collection, key)?, *expected, checked(body)?)),
            RecordChange::Delete {
                collection,
                key,
                expected,
            } => Ok(Step::Delete(place(collection, key)?, *expected)),
            RecordChange::Append { log, time, key, body } => {
                let (log, key) = place(log, key)?;
                let event = (*time, key, checked(body)?);
                Ok(Step::Append(NewEvent { log, event }))
            }
        };
        let steps = changes.iter().map(step).collect::<Result<_>>()?;
        Ok(Self { steps })
    }

    /// The records whose present versions must be known.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        self.steps.iter().filter_map(|step| match step {
            Step::Put(place, ..) | Step::Delete(place, _) => Some(place),
            Step::Append(_) => None,
        })
    }

    /// What is to be done, given the present versions of the records of [`Batch::places`] that are there; or what does not fit.
    pub(crate) fn plan(&self, present: &BTreeMap<Place, u64>) -> std::result::Result<Plan, Applied> {
        let mut plan = Plan::default();
        // What the changes so far have made of each record: its version, `None` where it is gone.
        let mut versions: BTreeMap<Place, Option<u64>> = BTreeMap::new();
        let current = |versions: &BTreeMap<Place, Option<u64>>, place: &Place| match versions.get(place) {
            Some(version) => *version,
            None => present.get(place).copied(),
        };
        let fits = |expected: Expected, version: Option<u64>| match expected {
            Expected::Any => true,
            Expected::Absent => version.is_none(),
            Expected::Version(expected) => version == Some(expected),
        };
        for step in &self.steps {
            let (place, expected, body) = match step {
                Step::Put(place, expected, body) => (place, expected, Some(body)),
                Step::Delete(place, expected) => (place, expected, None),
                Step::Append(event) => {
                    plan.append.push(event.clone());
                    continue;
                }
            };
            let version = current(&versions, place);
            if !fits(*expected, version) {
                let (collection, key) = place.clone();
                return Err(Applied::Conflict { collection, key });
            }
            let next = body.map(|_| version.unwrap_or(0) + 1);
            versions.insert(place.clone(), next);
            match next.zip(body) {
                Some((next, body)) => drop(plan.put.insert(place.clone(), (next, body.clone()))),
                None => drop(plan.put.remove(place)),
            }
        }
        let gone = versions.iter().filter(|(_, version)| version.is_none());
        let gone = gone.map(|(place, _)| place.clone());
        plan.delete = gone.filter(|place| present.contains_key(place)).collect();
        Ok(plan)
    }
}

fn place(collection: &str, key: &str) -> Result<Place> {
    for text in [collection, key] {
        if text.is_empty() || MAX_KEY_BYTES < text.len() || text.contains(NUL) {
            return Err(Error::Invalid(format!(
                "{text:?} is no name or key: it has 1 to {MAX_KEY_BYTES} bytes, without U+0000"
            )));
        }
    }
    Ok((collection.to_owned(), key.to_owned()))
}

/// A body that every database keeps.
fn checked(body: &str) -> Result<Json> {
    if MAX_BODY_BYTES < body.len() {
        return Err(Error::Invalid(format!(
            "a body has {} bytes, at most {MAX_BODY_BYTES} are kept",
            body.len()
        )));
    }
    let json = serde_json::from_str(body).map_err(|error| Error::Invalid(format!("a body is no JSON: {error}")))?;
    keepable(json, MAX_DEPTH)
}

fn keepable(json: Json, depth: usize) -> Result<Json> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Error::Invalid(format!(
            "a body is nested deeper than {MAX_DEPTH} levels"
        )));
    };
    Ok(match json {
        Json::Number(number) if number.is_u64() && !number.is_i64() => {
            return Err(Error::Invalid(format!("{number} is beyond 64 signed bits")));
        }
        Json::String(text) => Json::String(without_nul(text)),
        Json::Array(items) => Json::Array(
            items
                .into_iter()
                .map(|item| keepable(item, depth))
                .collect::<Result<_>>()?,
        ),
        Json::Object(fields) => Json::Object(
            fields
                .into_iter()
                .map(|(key, value)| Ok((without_nul(key), keepable(value, depth)?)))
                .collect::<Result<_>>()?,
        ),
        other => other,
    })
}

fn without_nul(text: String) -> String {
    if text.contains(NUL) {
        text.replace(NUL, NUL_READ_BACK)
    } else {
        text
    }
}

/// A version as databases have it, where numbers are signed.
pub(crate) fn sql_version(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

/// A version as it was stored.
pub(crate) fn stored_version(version: i64) -> Result<u64> {
    u64::try_from(version).map_err(|_negative| Error::Corrupt(format!("a record has the version {version}")))
}
