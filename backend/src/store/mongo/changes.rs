//! Telling other servers what was written: a small document in the transaction of the write, in a collection that every
//! server looks at a few times a second.
//!
//! Not by a change stream: this works with every server that has transactions, a look costs a millisecond, and what is
//! told is gone after a minute.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, DateTime, Document, doc};
use mongodb::{ClientSession, Collection, Database};

use super::super::Result;
use super::super::changes::{ChangeFeed, Heard};
use super::catalogue::Catalogue;
use super::failure::store_error;
use super::transaction::Failure;
use super::writer::MetricRows;
use crate::query::dirty::Dirty;

/// The collection.
pub(super) const CHANGES: &str = "changes";

/// How often it is looked at.
const PERIOD: Duration = Duration::from_millis(300);

/// How long a document stays, in milliseconds: much longer than a server may take to look.
const KEPT_MILLIS: i64 = 60_000;

/// After how many looks old documents are removed.
const LOOKS_PER_REMOVAL: u32 = 200;

/// How many ranges one document tells; where more is written, it says that anything may be.
const MAX_TOLD: usize = 1000;

/// Tells what is written in this transaction.
pub(super) async fn tell(
    session: &mut ClientSession,
    database: &Database,
    origin: ObjectId,
    metrics: &[MetricRows],
) -> std::result::Result<(), Failure> {
    let mut told: Vec<Bson> = Vec::new();
    for metric in metrics {
        let mut dirty = Dirty::default();
        for time in metric.rows.keys() {
            dirty.add(time.as_micros(), time.as_micros() + 1);
        }
        let name = &metric.entry.metric.name;
        let ranges = dirty.ranges().iter();
        told.extend(ranges.map(|(from_us, to_us)| doc! { "metric": name, "from": *from_us, "to": *to_us }.into()));
    }
    let mut change = doc! { "origin": origin, "at": DateTime::now() };
    if told.len() <= MAX_TOLD {
        change.insert("written", told);
    }
    let changes: Collection<Document> = database.collection(CHANGES);
    changes.insert_one(change).session(session).await?;
    Ok(())
}

/// What other servers write into a database.
#[derive(Clone)]
pub(super) struct Changes {
    pub(super) database: Database,
    pub(super) catalogue: Arc<Catalogue>,
    /// This process among those that write.
    pub(super) origin: ObjectId,
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The database would show how it logs in.
        f.debug_struct("Changes")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// How far a server has looked.
struct Looking {
    changes: Changes,
    seen: BTreeSet<ObjectId>,
    n_looks: u32,
}

#[async_trait]
impl ChangeFeed for Changes {
    async fn listen(&self) -> Result<BoxStream<'static, Result<Vec<Heard>>>> {
        let mut looking = Looking {
            changes: self.clone(),
            seen: BTreeSet::new(),
            n_looks: 0,
        };
        // What is there already was written before.
        looking.look().await?;
        let told = stream::unfold(Some(looking), |looking| async move {
            let mut looking = looking?;
            match looking.next().await {
                Ok(heard) => Some((Ok(heard), Some(looking))),
                Err(error) => Some((Err(error), None)),
            }
        });
        Ok(told.boxed())
    }
}

impl Looking {
    async fn next(&mut self) -> Result<Vec<Heard>> {
        loop {
            tokio::time::sleep(PERIOD).await;
            let mut heard = Vec::new();
            for change in self.look().await? {
                heard.extend(self.heard(&change).await?);
            }
            self.n_looks += 1;
            if self.n_looks.is_multiple_of(LOOKS_PER_REMOVAL) {
                let before = DateTime::from_millis(DateTime::now().timestamp_millis() - KEPT_MILLIS);
                let changes: Collection<Document> = self.changes.database.collection(CHANGES);
                let removed = changes.delete_many(doc! { "at": { "$lt": before } }).await;
                removed.map_err(store_error)?;
            }
            if !heard.is_empty() {
                return Ok(heard);
            }
        }
    }

    /// The documents of others that were not there before.
    async fn look(&mut self) -> Result<Vec<Document>> {
        let changes: Collection<Document> = self.changes.database.collection(CHANGES);
        let others = doc! { "origin": { "$ne": self.changes.origin } };
        let cursor = changes.find(others).await.map_err(store_error)?;
        let found: Vec<Document> = cursor.try_collect().await.map_err(store_error)?;
        let id = |change: &Document| change.get_object_id("_id").ok();
        let there: BTreeSet<ObjectId> = found.iter().filter_map(id).collect();
        let new = found
            .into_iter()
            .filter(|change| id(change).is_some_and(|id| !self.seen.contains(&id)));
        let new = new.collect();
        self.seen = there;
        Ok(new)
    }

    async fn heard(&self, change: &Document) -> Result<Vec<Heard>> {
        let Ok(written) = change.get_array("written") else {
            return Ok(vec![Heard::Anything]);
        };
        let mut heard = Vec::new();
        for written in written.iter().filter_map(Bson::as_document) {
            let told = (
                written.get_str("metric"),
                written.get_i64("from"),
                written.get_i64("to"),
            );
            let (Ok(metric), Ok(from_us), Ok(to_us)) = told else {
                heard.push(Heard::Anything);
                continue;
            };
            if let Some(entry) = self.changes.catalogue.by_name(metric).await? {
                heard.push(Heard::Written {
                    metric_id: entry.metric.id,
                    from_us,
                    to_us,
                });
            }
        }
        Ok(heard)
    }
}
