//! The newest time of each channel of a metric, in one small document beside the frames.
//!
//! The document is raised before the frames are stored, so that no transaction has to span both. It is therefore a
//! bound: no frame of a channel is newer. Usually a frame is there; where writing it failed, or is under way,
//! the reader searches backwards from it.

use mongodb::bson::{Bson, doc};
use mongodb::{Collection, bson};
use serde::{Deserialize, Serialize};
use shared::time::Timestamp;

use super::super::row::Row;
use super::super::{Error, Result};
use super::failure::{is_duplicate_key, store_error};
use super::moment::Moment;

/// More channels than any metric has; keeps a damaged document from asking for all of the memory.
const MAX_CHANNELS: usize = 1 << 24;

/// How often a document is read again because another server changed it in between.
const ATTEMPTS: u32 = 100;

/// No sample of a channel is newer than this; `None` for channels that have no sample yet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Newest(Vec<Option<Timestamp>>);

/// The stored form. Its `_id` is the metric's name, as the frames have it, so that it may live on the same shard.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct NewestDocument {
    #[serde(rename = "_id")]
    name: String,
    /// Rises with each change.
    revision: i64,
    runs: Vec<Run>,
}

/// Neighboring channels with the same time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Run {
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

impl Newest {
    /// Takes note of a row.
    pub(super) fn note(&mut self, time: Timestamp, row: &Row) {
        let Some(last) = row.len().checked_sub(1) else { return };
        let n_channels = row.channel(last) as usize + 1;
        if self.0.len() < n_channels {
            self.0.resize(n_channels, None);
        }
        for position in 0..row.len() {
            let newest = &mut self.0[row.channel(position) as usize];
            *newest = (*newest).max(Some(time));
        }
    }

    /// The channels that have a sample by rising index, with the time of their newest.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Timestamp)> + '_ {
        (0_u32..)
            .zip(&self.0)
            .filter_map(|(channel, time)| Some((channel, (*time)?)))
    }

    /// The newest time of all channels.
    pub(super) fn last(&self) -> Option<Timestamp> {
        self.0.iter().copied().max().flatten()
    }

    fn merge(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), None);
        }
        for (ours, theirs) in self.0.iter_mut().zip(&other.0) {
            *ours = (*ours).max(*theirs);
        }
    }

    fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (channel, time) in self.iter() {
            let Moment { date, micros } = time.into();
            match runs.last_mut() {
                Some(run) if run.first + run.channels == channel && (run.date, run.micros) == (date, micros) => {
                    run.channels += 1;
                }
                _ => runs.push(Run {
                    first: channel,
                    channels: 1,
                    date,
                    micros,
                }),
            }
        }
        runs
    }
}

impl NewestDocument {
    /// Reads the stored form.
    pub(super) fn read(&self) -> Result<Newest> {
        let corrupt = || Error::Corrupt(format!("the newest times of {:?} are damaged", self.name));
        let mut newest = Newest::default();
        for run in &self.runs {
            let (date, micros) = (run.date, run.micros);
            let time = Moment { date, micros }.time().ok_or_else(corrupt)?;
            let first = run.first as usize;
            let end = first.saturating_add(run.channels as usize);
            // Runs rise and do not overlap.
            if first < newest.0.len() || MAX_CHANNELS < end {
                return Err(corrupt());
            }
            newest.0.resize(first, None);
            newest.0.resize(end, Some(time));
        }
        Ok(newest)
    }
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
        let before = known.as_ref().and_then(|known| known.newest.last());
        let mut newest = known.as_ref().map(|known| known.newest.clone()).unwrap_or_default();
        newest.merge(wanted);
        match known.take() {
            Some(stored) if stored.newest == newest => return Ok((before, stored)),
            Some(stored) => {
                let runs = runs_to_bson(&newest.runs())?;
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
                    runs: newest.runs(),
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

fn runs_to_bson(runs: &[Run]) -> Result<Vec<Bson>> {
    let encode = |run| bson::serialize_to_bson(run).map_err(|error| Error::Invalid(error.to_string()));
    runs.iter().map(encode).collect()
}
