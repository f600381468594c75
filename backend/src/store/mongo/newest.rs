//! The newest time of each channel of a metric, in one small document beside the frames.
//!
//! The document is raised before the frames are stored, so that no transaction has to span both. It is therefore a
//! bound: no frame of a channel is newer. Usually a frame is there; where writing it failed, or is under way,
//! the reader searches backwards from it.

use mongodb::bson::{Bson, doc};
use mongodb::{Collection, bson};
use serde::{Deserialize, Serialize};
use shared::time::Timestamp;

use super::super::newest::{Newest, Run};
use super::super::{Error, Result};
use super::failure::{is_duplicate_key, store_error};
use super::moment::Moment;

/// How often a document is read again because another server changed it in between.
const ATTEMPTS: u32 = 100;

/// The stored form. Its `_id` is the metric's name, as the frames have it, so that it may live on the same shard.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct NewestDocument {
    #[serde(rename = "_id")]
    name: String,
    /// Rises with each change.
    revision: i64,
    runs: Vec<StoredRun>,
}

/// Neighboring channels with the same time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct StoredRun {
    first: u32,
    channels: u32,
    date: bson::DateTime,
    micros: i64,
}

/// What this process knows of a stored document.
#[derive(Clone, Debug)]
pub(super) struct Known {
    revision: i64,
    newest: Newest,
}

impl From<Run> for StoredRun {
    fn from(run: Run) -> Self {
        let Moment { date, micros } = run.time.into();
        Self {
            first: run.first,
            channels: run.count,
            date,
            micros,
        }
    }
}

impl StoredRun {
    fn read(self) -> Option<Run> {
        let (date, micros) = (self.date, self.micros);
        Some(Run {
            time: Moment { date, micros }.time()?,
            first: self.first,
            count: self.channels,
        })
    }
}

impl NewestDocument {
    /// Reads the stored form.
    pub(super) fn read(&self) -> Result<Newest> {
        let mut newest = Newest::default();
        for run in &self.runs {
            let read = run.read().and_then(|run| newest.push_run(run));
            read.ok_or_else(|| Error::Corrupt(format!("the newest times of {:?} are damaged", self.name)))?;
        }
        Ok(newest)
    }
}

fn stored_runs(newest: &Newest) -> Vec<StoredRun> {
    newest.runs().into_iter().map(StoredRun::from).collect()
}

/// The newest time of all channels.
fn last(newest: &Newest) -> Option<Timestamp> {
    newest.iter().map(|(_, time)| time).max()
}

/// The stored newest times of a metric.
pub(super) async fn stored(collection: &Collection<NewestDocument>, name: &str) -> Result<Option<NewestDocument>> {
    collection.find_one(doc! { "_id": name }).await.map_err(store_error)
}

/// Makes sure that the stored times are not below these; durable when it returns.
///
/// `known` is what an earlier call gave. Gives the newest time of the metric as it was before, and what to pass next time.
pub(super) async fn raise(
    collection: &Collection<NewestDocument>,
    name: &str,
    mut known: Option<Known>,
    wanted: &Newest,
) -> Result<(Option<Timestamp>, Known)> {
    for _ in 0..ATTEMPTS {
        if known.is_none() {
            known = read_known(collection, name).await?;
        }
        let before = known.as_ref().and_then(|known| last(&known.newest));
        let mut newest = known.as_ref().map(|known| known.newest.clone()).unwrap_or_default();
        newest.merge(wanted);
        match known.take() {
            Some(stored) if stored.newest == newest => return Ok((before, stored)),
            Some(stored) => {
                let runs = runs_to_bson(&stored_runs(&newest))?;
                let update = doc! { "$set": { "runs": runs }, "$inc": { "revision": 1_i64 } };
                let filter = doc! { "_id": name, "revision": stored.revision };
                let updated = collection.update_one(filter, update).await.map_err(store_error)?;
                if updated.matched_count == 1 {
                    let revision = stored.revision + 1;
                    return Ok((before, Known { revision, newest }));
                }
            }
            None => {
                let document = NewestDocument {
                    name: name.to_owned(),
                    revision: 1,
                    runs: stored_runs(&newest),
                };
                match collection.insert_one(&document).await {
                    Ok(_inserted) => return Ok((before, Known { revision: 1, newest })),
                    Err(error) if is_duplicate_key(&error) => {}
                    Err(error) => return Err(store_error(error)),
                }
            }
        }
    }
    Err(Error::Unavailable(format!(
        "the newest times of {name:?} are changed by other servers all the time"
    )))
}

async fn read_known(collection: &Collection<NewestDocument>, name: &str) -> Result<Option<Known>> {
    let Some(document) = stored(collection, name).await? else {
        return Ok(None);
    };
    Ok(Some(Known {
        revision: document.revision,
        newest: document.read()?,
    }))
}

fn runs_to_bson(runs: &[StoredRun]) -> Result<Vec<Bson>> {
    let encode = |run| bson::serialize_to_bson(run).map_err(|error| Error::Invalid(error.to_string()));
    runs.iter().map(encode).collect()
}
